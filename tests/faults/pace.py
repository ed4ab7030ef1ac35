"""Traffic that goes on beside a test, so that faults fall into the middle of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from services.kit.kafka import DOUBTS
from tests.faults.plant import Plant
from tests.faults.trade import expected, matching, stream
from tests.waiting import eventually

CHUNK = 10


@dataclass(slots=True)
class Traffic:
    """How many shipments of `trade.stream` were `sent`, and what must become of them."""

    plant: Plant
    sent: int = 0
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        self._enough.set()

    async def grows(self, by: int, *, seconds: float = 60) -> None:
        """Return once so many more shipments were sent."""
        until = self.sent + by
        await eventually(lambda: self.sent >= until, seconds=seconds)

    def expected(self, *, noticed: bool) -> dict[str, str]:
        return expected(0, self.sent, noticed=noticed)

    def matching(self) -> set[str]:
        return matching(0, self.sent)

    async def _taken(self, records: Sequence[dict[str, Any]]) -> bool:
        try:
            await self.plant.send(records)
        except DOUBTS:
            with contextlib.suppress(*DOUBTS):
                await self.plant.renew_producer()
            return False
        return True

    async def flow(self, per_second: float) -> None:
        """Send until `end`. A chunk in doubt is sent again, under the same event ids: the gatekeeper takes it once."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._enough.is_set():
            records = [self.plant.record(event) for event in stream(self.sent, CHUNK)]
            await eventually(partial(self._taken, records), seconds=90, every=0.2)
            self.sent += CHUNK
            due = max(due + CHUNK / per_second, loop.time() - 1)
            await asyncio.sleep(max(0.0, due - loop.time()))


@asynccontextmanager
async def traffic(plant: Plant, *, per_second: float = 200) -> AsyncIterator[Traffic]:
    """Shipments at this rate for the length of the block."""
    flowing = Traffic(plant)
    task = asyncio.create_task(flowing.flow(per_second))
    try:
        yield flowing
        flowing.end()
        await asyncio.wait_for(task, 60)
    finally:
        task.cancel()
        await asyncio.wait((task,))
