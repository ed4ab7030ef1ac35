"""What a partition holds at its end, read back in doubling windows and never below the log start (design.md §3.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from services.kit.kafka import log_bounds, new_consumer, start_client, stop_client

FIRST_WINDOW = 16
POLL_MS = 50
SILENT_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Tail:
    """Bounds of a partition's log, and its last committed record that was looked for (aiokafka's ConsumerRecord)."""

    start: int
    end: int
    record: Any | None


@asynccontextmanager
async def reader(bootstrap_servers: str, partitions: Iterable[TopicPartition]) -> AsyncIterator[Any]:
    """A consumer of `partitions` that belongs to no group."""
    consumer = new_consumer(bootstrap_servers, client_id="holdgate-tail")
    await start_client(consumer)
    try:
        consumer.assign(list(partitions))
        yield consumer
    finally:
        await stop_client(consumer)


async def read_tails(
    bootstrap_servers: str, partitions: Iterable[TopicPartition], accepts: Callable[[Any], bool] = lambda record: True
) -> dict[TopicPartition, Tail]:
    """The last committed record of each partition that `accepts` says yes to; markers and aborted ones don't count."""
    wanted = list(partitions)
    async with reader(bootstrap_servers, wanted) as consumer:
        bounds = await log_bounds(consumer, wanted)
        found: dict[TopicPartition, Any] = {}
        lower = {partition: end for partition, (start, end) in bounds.items() if start < end}
        width = FIRST_WINDOW
        while lower:
            windows = {p: (max(bounds[p][0], upper - width), upper) for p, upper in lower.items()}
            found |= await _scan(consumer, windows, accepts)
            lower = {p: low for p, (low, _) in windows.items() if p not in found and low > bounds[p][0]}
            width *= 2
    return {partition: Tail(*bounds[partition], found.get(partition)) for partition in wanted}


async def read_single(bootstrap_servers: str, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
    """The committed records at exactly these offsets, as far as they exist; the offsets lie inside the log."""
    if not offsets:
        return {}
    async with reader(bootstrap_servers, offsets) as consumer:
        return await _scan(consumer, {p: (offset, offset + 1) for p, offset in offsets.items()}, lambda record: True)


async def _scan(
    consumer: Any, windows: Mapping[TopicPartition, tuple[int, int]], accepts: Callable[[Any], bool]
) -> dict[TopicPartition, Any]:
    """The last accepted record in each window [low, high). TimeoutError when the broker stays silent."""
    found: dict[TopicPartition, Any] = {}
    remaining = dict(windows)
    for partition, (low, _) in windows.items():
        consumer.resume(partition)
        consumer.seek(partition, low)
    loop = asyncio.get_running_loop()
    heard = loop.time()
    while remaining:
        fetched = await consumer.getmany(*remaining, timeout_ms=POLL_MS)
        for partition, records in fetched.items():
            inside = [r for r in records if r.offset < remaining[partition][1] and accepts(r)]
            if inside:
                found[partition] = inside[-1]
        for partition, (_, high) in list(remaining.items()):
            if await consumer.position(partition) >= high:
                del remaining[partition]
                consumer.pause(partition)
                heard = loop.time()
        if fetched:
            heard = loop.time()
        if loop.time() - heard > SILENT_SECONDS_MAX:
            raise TimeoutError(f"the broker says nothing about {sorted(remaining)}")
    return found
