"""A poll takes its share from every partition, and loses nothing when one of them fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from schemas.topics import topic_of
from services.gatekeeper.pipeline.polling import FairPoll
from services.kit.kafka import new_consumer, start_client, stop_client
from tests.pipeline.kafka.conftest import Site
from tests.pipeline.kafka.topics import sending

BACKLOG, FEW = 60, 6


def _partitions(site: Site) -> list[TopicPartition]:
    topic = site.settings.topic_prefix + topic_of("shipment.upserted.v1").name
    return [TopicPartition(topic, partition) for partition in range(4)]


@asynccontextmanager
async def _reading(site: Site, *, beyond: TopicPartition | None = None) -> AsyncIterator[Any]:
    """A consumer at the beginning of each partition, but one that stands where nothing is."""
    consumer = new_consumer(site.servers, client_id="test-poll")
    await start_client(consumer)
    consumer.assign(_partitions(site))
    for partition in _partitions(site):
        consumer.seek(partition, 1_000_000 if partition == beyond else 0)
    try:
        yield consumer
    finally:
        await stop_client(consumer)


async def _fill(site: Site) -> None:
    """A long backlog in partition 0, a few records in each other one."""
    async with sending(site.servers) as producer:
        for partition in _partitions(site):
            for number in range(FEW if partition.partition else BACKLOG):
                await producer.send_and_wait(partition.topic, str(number).encode(), partition=partition.partition)


@pytest.mark.parametrize("records_max", [1, 3, 8, 300])
async def test_a_long_backlog_does_not_keep_the_other_partitions_waiting(site: Site, records_max: int) -> None:
    await _fill(site)
    poll, read = FairPoll(), dict.fromkeys(range(4), 0)
    ahead = BACKLOG
    async with _reading(site) as consumer:
        while sum(read.values()) < BACKLOG + 3 * FEW:
            polled = await poll(consumer, _partitions(site), timeout_ms=2_000, records_max=records_max)
            assert 0 < sum(map(len, polled.values())) <= records_max
            for partition, records in polled.items():
                assert [int(record.value) for record in records] == list(
                    range(read[partition.partition], read[partition.partition] + len(records))
                )
                read[partition.partition] += len(records)
            if min(read[partition] for partition in (1, 2, 3)) >= FEW:
                ahead = min(ahead, read[0])
    assert read == {0: BACKLOG, 1: FEW, 2: FEW, 3: FEW}
    assert records_max == 300 or ahead < BACKLOG, "the others were done while the backlog was not"


async def test_what_was_polled_beside_a_partition_that_fails_is_not_lost(site: Site) -> None:
    await _fill(site)
    wrong = _partitions(site)[2]
    poll, read, errors = FairPoll(), 0, 0
    async with _reading(site, beyond=wrong) as consumer:
        while read < BACKLOG + 2 * FEW or not errors:
            try:
                polled = await poll(consumer, _partitions(site), timeout_ms=2_000, records_max=7)
            except OffsetOutOfRangeError:
                errors += 1
                continue
            assert wrong not in polled
            read += sum(map(len, polled.values()))
    assert read == BACKLOG + 2 * FEW
