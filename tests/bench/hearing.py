"""A read_committed consumer of the output: when each directive was seen, and that each lane counts 1, 2, 3 …"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from schemas.topics import HOLDS
from services.kit.kafka import log_bounds, new_consumer, start_client, stop_client
from tests.bench.trade import PARTITIONS

LOOK_SECONDS = 0.02
_TYPE = slice(len("io.holdgate."), -len(".v1"))


class BenchFailed(Exception):
    """The run gave no figure, or one that means nothing; the message says why."""


@dataclass(slots=True)
class Ear:
    """`heard[type, first letter of the key]` lists (monotonic seconds, key) in order of reading."""

    heard: dict[tuple[str, str], list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    total: int = 0
    _last: dict[int, int] = field(default_factory=dict)
    _reading: asyncio.Task[None] | None = None

    def hear(self, lane: int, records: Sequence[Any], at: float) -> None:
        for record in records:
            headers = dict(record.headers)
            seq, last = int(headers["ce_laneseq"]), self._last.get(lane, 0)
            if seq != last + 1:
                raise BenchFailed(f"lane {lane}: {seq} after {last}")
            self._last[lane] = seq
            key = record.key.decode()
            self.heard[headers["ce_type"].decode()[_TYPE], key[0]].append((at, key))
        self.total += len(records)

    def count(self, kind: str, group: str) -> int:
        return len(self.heard[kind, group])

    async def until(
        self, reached: Callable[[], bool], *, seconds: float, what: str | Callable[[], str], alive: Callable[[], None]
    ) -> None:
        """Return once `reached`; BenchFailed after so many seconds, or as soon as `alive` raises it."""
        deadline = time.monotonic() + seconds
        while not reached():
            if self._reading is not None and self._reading.done():
                self._reading.result()
            alive()
            if time.monotonic() > deadline:
                name = what if isinstance(what, str) else what()
                raise BenchFailed(f"{name}: not within {seconds:.0f} s; {self.total} records were seen")
            await asyncio.sleep(LOOK_SECONDS)

    async def read(self, servers: str, prefix: str) -> None:
        """Read all lanes from their first record, until cancelled."""
        lanes = [TopicPartition(prefix + HOLDS.name, lane) for lane in range(PARTITIONS)]
        consumer = new_consumer(servers, client_id="bench-ear")
        await start_client(consumer)
        try:
            consumer.assign(lanes)
            bounds = await log_bounds(consumer, lanes)
            for partition, (start, _) in bounds.items():
                consumer.seek(partition, start)
            while True:
                fetched = await consumer.getmany(timeout_ms=200)
                at = time.monotonic()
                for partition, records in fetched.items():
                    self.hear(partition.partition, records, at)
        finally:
            await stop_client(consumer)


@asynccontextmanager
async def listening(servers: str, prefix: str) -> AsyncIterator[Ear]:
    """An ear for the length of a block."""
    ear = Ear()
    ear._reading = asyncio.create_task(ear.read(servers, prefix))
    try:
        yield ear
    finally:
        ear._reading.cancel()
        await asyncio.wait((ear._reading,))


def per_second(times: Sequence[float]) -> float:
    """Records per second from the first to the last seen. Those that the first look brought began before it."""
    first, last = min(times), max(times)
    later = sum(1 for at in times if at > first)
    return later / (last - first) if later else len(times) / LOOK_SECONDS


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def percentiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    return {name: round(percentile(seconds, percent) * 1000, 2) for name, percent in (("p50", 50), ("p99", 99))}
