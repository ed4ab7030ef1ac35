"""What stands in for deciding: real transactions that keep positions and say each input's value on its lane."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from services.gatekeeper.pipeline.consume import ConsumeLoop
from services.gatekeeper.pipeline.records import BatchResult, Run, record_hash
from services.gatekeeper.store.lanes import advance, lock_lanes
from services.gatekeeper.store.outbox import OutboxRecord, append
from services.gatekeeper.store.positions import Position, lock_positions, write_positions
from services.gatekeeper.wiring import Gate
from tests.pipeline.kafka.conftest import record


class Deciding:
    """Each record of a run once, as its position says; remembers the runs. `says`: a directive for each record."""

    def __init__(self, *, says: bool = True) -> None:
        self.runs: list[Run] = []
        self.proceed = asyncio.Event()
        self.proceed.set()
        self._says = says

    async def __call__(self, gate: Gate, runs: Sequence[Run]) -> BatchResult:
        self.runs += runs
        await self.proceed.wait()
        result = BatchResult()
        async with gate.database.transaction() as connection:
            positions = await lock_positions(connection, [(run.topic, run.partition) for run in runs])
            next_seqs, _ = await lock_lanes(connection, {run.partition for run in runs})
            appended: dict[int, list[OutboxRecord]] = {}
            for run in runs:
                key = run.topic, run.partition
                position = positions[key]
                if run.begins_at > position.next_offset:
                    result.seeks[key] = position.next_offset
                    continue
                new = [one for one in run.records if one.offset >= position.next_offset]
                for one in new if self._says else ():
                    seq = next_seqs[run.partition]
                    text = (one.value or b"").decode()
                    appended.setdefault(run.partition, []).append(record(run.partition, seq, f"{text} "))
                    next_seqs[run.partition] = seq + 1
                if new:
                    positions[key] = Position(new[-1].offset + 1, record_hash(new[-1]), 0, 0, None)
                result.next_offsets[key] = positions[key].next_offset
            await append(connection, [one for several in appended.values() for one in several])
            await advance(connection, next_seqs)
            await write_positions(connection, positions)
        result.appended = appended
        return result


@asynccontextmanager
async def consuming(*loops: ConsumeLoop, watches: Iterable[Any] = ()) -> AsyncIterator[None]:
    """Loops and the watches of their publishers, for the length of a block; ends them as SIGTERM does."""
    running = [asyncio.create_task(one.run()) for one in (*loops, *watches)]
    try:
        yield
    finally:
        for one in (*loops, *watches):
            one.stop()
        done, _ = await asyncio.wait(running, timeout=30)
        for task in running:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*running)
        assert len(done) == len(running), "a loop did not end"
