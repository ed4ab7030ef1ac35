"""Producers of the benchmark's input: as fast as it goes, at a fixed rate, or just ahead of what is decided."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.kit.kafka import bounded, new_producer, start_client, stop_client
from tests.bench.trade import Sendable, sendable, shipment, shipments

CHUNK = 500
SEND_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.005


@dataclass(slots=True)
class Sender:
    """An idempotent producer to the topics under `prefix`."""

    producer: Any
    prefix: str

    async def send_all(self, records: Iterable[Sendable]) -> int:
        """Send everything in batches, all acknowledged; how many."""
        count, everything = 0, iter(records)
        while chunk := list(itertools.islice(everything, CHUNK)):
            places: dict[tuple[str, int], Any] = {}
            for one in chunk:
                place = one.topic, one.lane
                batch = places.get(place) or places.setdefault(place, self.producer.create_batch())
                if batch.append(key=one.key, value=one.value, timestamp=None, headers=one.headers) is None:
                    raise ValueError(f"a chunk of {CHUNK} records does not fit into one batch")
            await bounded(self._deliver(places), SEND_SECONDS_MAX)
            count += len(chunk)
        return count

    async def _deliver(self, places: dict[tuple[str, int], Any]) -> None:
        deliveries = []
        for (topic, lane), batch in places.items():
            batch.close()
            deliveries.append(await self.producer.send_batch(batch, self.prefix + topic, partition=lane))
        await asyncio.gather(*deliveries)

    async def send_paced(self, group: str, *, per_second: float, seconds: float) -> dict[str, float]:
        """One record at a time at this rate; for each shipment when it was handed to the producer (monotonic)."""
        sent: dict[str, float] = {}
        deliveries = []
        start = time.monotonic()
        for number in range(int(per_second * seconds)):
            await asyncio.sleep(max(0.0, start + number / per_second - time.monotonic()))
            one = sendable(shipment(group, number))
            sent[one.key.decode()] = time.monotonic()
            deliveries.append(
                await self.producer.send(
                    self.prefix + one.topic, one.value, key=one.key, partition=one.lane, headers=one.headers
                )
            )
        await bounded(asyncio.gather(*deliveries), SEND_SECONDS_MAX)
        return sent

    async def flood(self, group: str, *, decided: Callable[[], int], ahead: int, enough: asyncio.Event) -> int:
        """Stay up to `ahead` records ahead of what is decided until `enough`, so that work never runs out; how many."""
        sent = 0
        while not enough.is_set():
            if sent - decided() < ahead:
                sent += await self.send_all(shipments(group, sent, CHUNK))
            else:
                await asyncio.sleep(LOOK_SECONDS)
        return sent


@asynccontextmanager
async def sending(servers: str, prefix: str) -> AsyncIterator[Sender]:
    producer = new_producer(servers, client_id="bench-sender", transactional_id=None)
    await start_client(producer)
    try:
        yield Sender(producer, prefix)
    finally:
        await stop_client(producer)
