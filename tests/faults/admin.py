"""What an administrator of Kafka does beside the gatekeepers: deletes records, and moves or deletes group offsets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from confluent_kafka.admin import AdminClient

from schemas.topics import READ_TOPICS
from services.kit.kafka import log_bounds, new_consumer, start_client, stop_client
from tests.faults.plant import Plant
from tests.pipeline.feeding import PARTITIONS

Place = tuple[str, int]
"""A topic by its plain name, and a partition."""

GROUPS = ("gatekeeper", "gatekeeper-rules")
EVERYWHERE = tuple((topic.name, partition) for topic in READ_TOPICS for partition in range(PARTITIONS))


@asynccontextmanager
async def _consumer(plant: Plant, group: str | None = None) -> AsyncIterator[Any]:
    consumer = new_consumer(plant.servers, client_id="test-admin", group_id=group)
    consumer.assign([_at(plant, place) for place in EVERYWHERE])
    await start_client(consumer)
    try:
        yield consumer
    finally:
        await stop_client(consumer)


def _at(plant: Plant, place: Place) -> TopicPartition:
    topic, partition = place
    return TopicPartition(plant.prefix + topic, partition)


async def ends(plant: Plant) -> dict[Place, int]:
    """Where the committed part of each input partition ends, with markers."""
    async with _consumer(plant) as consumer:
        bounds = await log_bounds(consumer, [_at(plant, place) for place in EVERYWHERE])
    return {place: bounds[_at(plant, place)][1] for place in EVERYWHERE}


async def delete_before(plant: Plant, offsets: Mapping[Place, int]) -> None:
    """Records below these offsets are gone, as they are when their time is over."""
    admin = AIOKafkaAdminClient(bootstrap_servers=plant.servers)
    await admin.start()
    try:
        await admin.delete_records({_at(plant, p): RecordsToDelete(before_offset=o) for p, o in offsets.items()})
    finally:
        await admin.close()


async def positions(plant: Plant) -> dict[Place, int]:
    """The stored positions."""
    rows = await plant.rows("SELECT topic, partition, next_offset FROM input_position")
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def stopped(plant: Plant) -> dict[Place, str]:
    """The partitions that stand still, with the reason."""
    rows = await plant.rows("SELECT topic, partition, stopped FROM input_position WHERE stopped IS NOT NULL")
    return {(row["topic"], row["partition"]): row["stopped"] for row in rows}


def _group(plant: Plant, name: str) -> str:
    return f"local.{name}{plant.prefix}"


async def commit_for_groups(plant: Plant, offsets: Mapping[Place, int]) -> None:
    """Commit these offsets in the gatekeepers' names; none of them may run."""
    for name in GROUPS:
        async with _consumer(plant, _group(plant, name)) as consumer:
            await consumer.commit({_at(plant, place): offset for place, offset in offsets.items()})


async def committed_by_groups(plant: Plant, places: Iterable[Place]) -> list[int | None]:
    """What the group of the trade loop has committed."""
    async with _consumer(plant, _group(plant, GROUPS[0])) as consumer:
        return [await consumer.committed(_at(plant, place)) for place in places]


async def delete_groups(plant: Plant) -> None:
    """The groups with all that they committed are gone; no gatekeeper may run."""
    admin = AdminClient({"bootstrap.servers": plant.servers})
    answers = admin.delete_consumer_groups([_group(plant, name) for name in GROUPS])
    await asyncio.gather(*(asyncio.wrap_future(answer) for answer in answers.values()))
