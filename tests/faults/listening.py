"""A consumer of the holds topic that reads all along and judges what it sees by the consumer contract."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from aiokafka import TopicPartition

from schemas.topics import HOLDS
from services.kit.kafka import DOUBTS, log_bounds, new_consumer, start_client, stop_client
from tests.faults.plant import Plant
from tests.pipeline.feeding import PARTITIONS
from tests.waiting import eventually

RETRY_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Heard:
    """One directive; `at` is when it was read (monotonic seconds)."""

    lane: int
    offset: int
    seq: int
    type: str
    key: str
    at: float
    data: dict[str, Any]


@dataclass(slots=True)
class Listener:
    """`heard` in the order of reading; `alarms`: every gap and double, in words, as they were seen."""

    heard: list[Heard] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    _last: dict[int, int] = field(default_factory=dict)

    def hear(self, lane: int, record: Any) -> None:
        headers = {name: value.decode() for name, value in record.headers}
        seq, last = int(headers["ce_laneseq"]), self._last.get(lane, 0)
        if seq != last + 1:
            self.alarms.append(f"lane {lane}: {seq} after {last}")
        self._last[lane] = seq
        kind = headers["ce_type"].removeprefix("io.holdgate.").removesuffix(".v1")
        data = json.loads(record.value)
        self.heard.append(Heard(lane, record.offset, seq, kind, record.key.decode(), time.monotonic(), data))

    def told(self, kind: str) -> set[str]:
        """The ids about which this was said."""
        return {one.key for one in self.heard if one.type == kind}

    def after(self, kind: str, key: str) -> list[Heard]:
        """In each lane what follows the first record of this type and key; every lane must have it."""
        starts: dict[int, int] = {}
        for one in self.heard:
            if one.type == kind and one.key == key:
                starts.setdefault(one.lane, one.seq)
        assert len(starts) == PARTITIONS, f"{kind} of {key} is in lanes {sorted(starts)}"
        return [one for one in self.heard if one.seq > starts[one.lane]]

    def silence_seconds_max(self, since: float, until: float) -> float:
        """The longest time in which some lane said nothing, between two instants."""
        longest = 0.0
        for lane in range(PARTITIONS):
            said = (one.at for one in self.heard if one.lane == lane and since < one.at < until)
            longest = max(longest, *(later - earlier for earlier, later in pairwise((since, *said, until))))
        return longest


@asynccontextmanager
async def listening(plant: Plant) -> AsyncIterator[Listener]:
    """A listener for the length of a block; a broker that is away for a while is no fault of the lanes."""
    listener = Listener()
    reading = asyncio.create_task(_read(plant, listener))
    try:
        yield listener
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


async def _read(plant: Plant, listener: Listener) -> None:
    partitions = [TopicPartition(plant.prefix + HOLDS.name, lane) for lane in range(PARTITIONS)]
    goes_on = dict.fromkeys(partitions, 0)
    while True:
        consumer = new_consumer(plant.servers, client_id="test-listener")
        try:
            await start_client(consumer)
            consumer.assign(partitions)
            await log_bounds(consumer, partitions)
            for partition, offset in goes_on.items():
                consumer.seek(partition, offset)
            while True:
                for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                    for record in records:
                        listener.hear(partition.partition, record)
                        goes_on[partition] = record.offset + 1
        except DOUBTS:
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            await stop_client(consumer)


async def heard_everything(plant: Plant, listener: Listener) -> None:
    """Wait until the listener has read as much as every lane has, then judge what it saw."""
    written = sum(row["next_seq"] - 1 for row in await plant.rows("SELECT next_seq FROM lane"))
    await eventually(lambda: len(listener.heard) >= written, seconds=20)
    assert not listener.alarms, listener.alarms[:10]
