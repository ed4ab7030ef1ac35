"""Reading and writing topics in tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError

from services.kit.kafka import log_bounds, new_consumer, new_producer, start_client, stop_client
from tests.waiting import eventually


async def read_to_end(servers: str, topic: str, partitions: Iterable[int]) -> dict[int, list[Any]]:
    """Every committed record of `topic` by partition, as a consumer under read_committed sees them now."""
    wanted = [TopicPartition(topic, partition) for partition in partitions]
    consumer = new_consumer(servers, client_id="test-reader")
    await start_client(consumer)
    found: dict[int, list[Any]] = {partition.partition: [] for partition in wanted}
    try:
        consumer.assign(wanted)
        bounds = await log_bounds(consumer, wanted)
        for partition in wanted:
            consumer.seek(partition, bounds[partition][0])
        async with asyncio.timeout(30):
            remaining = {partition for partition in wanted if bounds[partition][0] < bounds[partition][1]}
            while remaining:
                for partition, records in (await consumer.getmany(*remaining, timeout_ms=50)).items():
                    found[partition.partition] += records
                remaining = {one for one in remaining if await consumer.position(one) < bounds[one][1]}
    finally:
        await stop_client(consumer)
    return found


@asynccontextmanager
async def sending(servers: str, *, transactional_id: str | None = None) -> AsyncIterator[Any]:
    """A producer for the length of a block."""
    producer = new_producer(servers, client_id="test-sender", transactional_id=transactional_id)
    await start_client(producer)
    try:
        yield producer
    finally:
        await stop_client(producer)


async def send(servers: str, topic: str, partition: int, values: Iterable[str], *, key: str = "S1") -> None:
    """Write `values` to one partition, each acknowledged."""
    async with sending(servers) as producer:
        for value in values:
            await producer.send_and_wait(topic, value.encode(), key=key.encode(), partition=partition)


async def take_at_most(servers: str, topic: str, message_bytes: int, *, probed: int) -> None:
    """From now on the broker refuses a larger batch for `topic`.

    It answers before the partitions go by the new limit, so `probed`, a partition that nobody reads, is asked until one
    batch that is just too large is refused, and one that fits is taken.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        wanted = {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": str(message_bytes)}
        [answer] = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=wanted)])
        assert [code for code, *_ in answer.resources] == [0]
    finally:
        await admin.close()

    async def takes(size: int) -> bool:
        async with sending(servers) as producer:
            try:
                await producer.send_and_wait(topic, b"x" * size, partition=probed)
            except MessageSizeTooLargeError:
                return False
        return True

    async def in_force() -> bool:
        return not await takes(message_bytes) and await takes(message_bytes - 1_000)

    await eventually(in_force)
