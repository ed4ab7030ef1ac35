"""The subscribers' side of Kafka: committed records of `holdgate.holds.v1`, from the first one on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from schemas.reading import WrittenEvent, read_written
from schemas.topics import HOLDS
from services.kit.kafka import log_bounds, new_consumer, start_client, stop_client

POLL_MS = 200
RECORDS_MAX = 500

Hear = Callable[[int, WrittenEvent], None]


@asynccontextmanager
async def _from_the_beginning(
    bootstrap_servers: str, topic_prefix: str, partitions: int, client_id: str
) -> AsyncIterator[Any]:
    """A consumer without a group: every subscriber reads every partition, and remembers itself how far it is."""
    consumer = new_consumer(bootstrap_servers, client_id=f"{topic_prefix}{client_id}")
    await start_client(consumer)
    try:
        places = [TopicPartition(topic_prefix + HOLDS.name, number) for number in range(partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        yield consumer
    finally:
        await stop_client(consumer)


async def listen(bootstrap_servers: str, topic_prefix: str, partitions: int, name: str, hear: Hear) -> None:
    """Give every record to `hear`, partition by partition in order, until cancelled. Unreadable ones raise."""
    async with _from_the_beginning(bootstrap_servers, topic_prefix, partitions, name) as consumer:
        while True:
            for place, records in (await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)).items():
                for record in records:
                    hear(place.partition, read_written(record.headers, record.key, record.value))


@dataclass(slots=True)
class WholeTopic:
    """What stands in the topic, whoever read it: laneseq by partition in the order of offsets, and event ids."""

    numbers: dict[int, list[int]] = field(default_factory=dict)
    ids: Counter[str] = field(default_factory=Counter)

    @property
    def records(self) -> int:
        return sum(len(numbers) for numbers in self.numbers.values())

    @property
    def gaps(self) -> int:
        """Numbers that are missing below the highest of their partition."""
        return sum(max(numbers, default=0) - len(set(numbers)) for numbers in self.numbers.values())

    @property
    def duplicates(self) -> int:
        """Records whose number or event id was there before."""
        numbers = sum(len(numbers) - len(set(numbers)) for numbers in self.numbers.values())
        return max(numbers, self.ids.total() - len(self.ids))

    @property
    def is_dense(self) -> bool:
        """Whether every partition reads 1, 2, 3 … N."""
        return all(numbers == list(range(1, len(numbers) + 1)) for numbers in self.numbers.values())


async def read_whole_topic(bootstrap_servers: str, topic_prefix: str, partitions: int) -> WholeTopic:
    """Every committed record up to the end as it is now."""
    whole = WholeTopic({number: [] for number in range(partitions)})
    async with _from_the_beginning(bootstrap_servers, topic_prefix, partitions, "audit") as consumer:
        ends = {place: end for place, (_, end) in (await log_bounds(consumer, consumer.assignment())).items()}
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)).items():
                for record in records:
                    if record.offset < ends[place]:
                        event = read_written(record.headers, record.key, record.value)
                        whole.numbers[place.partition].append(event.envelope.laneseq or 0)
                        whole.ids[event.envelope.id] += 1
    return whole
