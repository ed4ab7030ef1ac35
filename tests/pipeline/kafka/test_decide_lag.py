"""Lag and age are seen when they matter: while nothing is decided, whatever the reason."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import TopicPartition

from schemas.topics import LICENCES, SHIPMENTS
from services.gatekeeper.pipeline import metrics
from services.gatekeeper.pipeline.decide_lag import DecideLag, forget
from services.gatekeeper.pipeline.starting import Inputs
from services.gatekeeper.pipeline.trade_loop import TradeLoop
from services.kit.kafka import new_consumer, start_client, stop_client
from tests.pipeline.kafka.conftest import Running, Site
from tests.pipeline.kafka.standins import Deciding, consuming
from tests.pipeline.kafka.topics import send, sending
from tests.waiting import eventually


def lag(partition: int) -> float | None:
    labels = {"topic": SHIPMENTS.name, "partition": str(partition)}
    return metrics.REGISTRY.get_sample_value("holdgate_decide_lag_records", labels)


def age(partition: int) -> float | None:
    labels = {"topic": SHIPMENTS.name, "partition": str(partition)}
    return metrics.REGISTRY.get_sample_value("holdgate_decide_age_seconds", labels)


def where(site: Site, partition: int) -> TopicPartition:
    return TopicPartition(site.settings.topic_prefix + SHIPMENTS.name, partition)


async def decided(site: Site, partition: int, offset: int) -> None:
    await site.execute(
        "INSERT INTO input_position VALUES ($1, $2, $3, NULL, 0, 0, NULL)"
        " ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset",
        SHIPMENTS.name,
        partition,
        offset,
    )


class Looking:
    """One measurement at a time; `assigned` may change between them."""

    def __init__(self, site: Site, consumer: object, assigned: set[TopicPartition]) -> None:
        self.assigned = assigned
        self._consumer = consumer
        self._lag = DecideLag(site.gate, lambda: frozenset(self.assigned))

    async def look(self) -> None:
        await self._lag.look(self._consumer)


@asynccontextmanager
async def looking(site: Site, *partitions: int) -> AsyncIterator[Looking]:
    consumer = new_consumer(site.servers, client_id="test-lag")
    await start_client(consumer)
    assigned = {where(site, one) for one in partitions}
    try:
        yield Looking(site, consumer, assigned)
    finally:
        await stop_client(consumer)
        forget(Inputs(site.gate.database, site.servers, site.settings.topic_prefix), assigned)


async def test_what_waits_is_counted_from_the_stored_position_and_aged_by_its_oldest_record(site: Site) -> None:
    before = time.time()
    await send(site.servers, where(site, 1).topic, 1, [f"n{number}" for number in range(300)])
    async with looking(site, 0, 1) as now:
        await now.look()
        assert (lag(0), age(0)) == (0, 0)
        assert lag(1) == 300
        first = age(1)
        assert first is not None
        assert 0 < first <= time.time() - before + 1
        await now.look()
        assert (age(1) or 0) > first
        await decided(site, 1, 290)
        await now.look()
        assert lag(1) == 10
        assert (age(1) or 0) < time.time() - before
        await decided(site, 1, 300)
        await now.look()
        assert (lag(1), age(1)) == (0, 0)


async def test_markers_of_transactions_are_nothing_that_waits(site: Site) -> None:
    async with sending(site.servers, transactional_id=f"{site.settings.topic_prefix}lag") as producer:
        for commits in (True, False):
            await producer.begin_transaction()
            await producer.send_and_wait(where(site, 2).topic, b"n", key=b"S1", partition=2)
            await (producer.commit_transaction() if commits else producer.abort_transaction())
    async with looking(site, 2) as now:
        await now.look()
        assert (lag(2) or 0) > 0
        await decided(site, 2, 1)
        await now.look()
        assert (lag(2), age(2)) == (0, 0)


async def test_a_partition_that_was_taken_back_is_no_longer_reported(site: Site) -> None:
    await send(site.servers, where(site, 1).topic, 1, ["n"])
    async with looking(site, 0, 1) as now:
        await now.look()
        assert lag(1) == 1
        taken = where(site, 1)
        forget(Inputs(site.gate.database, site.servers, site.settings.topic_prefix), (taken,))
        now.assigned.discard(taken)
        await now.look()
        assert (lag(1), age(1)) == (None, None)
        assert lag(0) == 0


async def test_shipments_that_wait_for_a_stopped_rule_partition_are_counted(site: Site) -> None:
    await site.execute("INSERT INTO input_position VALUES ($1, 0, 0, NULL, 0, 0, 'too many unreadable')", LICENCES.name)
    await send(site.servers, where(site, 3).topic, 3, [f"n{number}" for number in range(300)])
    loop = TradeLoop(site.gate, Deciding(), session_timeout_ms=6000)
    measuring = DecideLag(site.gate, lambda: loop.assigned.partitions)
    task = asyncio.create_task(measuring.run())
    async with consuming(loop, watches=[loop.publishers]):
        await eventually(lambda: lag(3) == 300 and (age(3) or 0) > 0, seconds=30)
    assert lag(3) is None
    measuring.stop()
    await asyncio.wait_for(task, 10)


async def test_lanes_that_were_given_back_are_no_longer_reported(site: Site) -> None:
    def reported() -> set[str]:
        return {sample.labels["lane"] for family in metrics.PUBLISH_LAG.collect() for sample in family.samples}

    async with Running(site.gate) as publishers:
        publishers.assign((0, 2))
        await eventually(lambda: reported() >= {"0", "2"})
    assert not reported() & {"0", "2"}
