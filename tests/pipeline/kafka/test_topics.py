"""Topics have one number of partitions for all, and are never compacted."""

from __future__ import annotations

import asyncio

import pytest

from services.gatekeeper.pipeline.publisher_backlog import Backlog, HandOverLimit
from services.gatekeeper.pipeline.publisher_budget import TransactionBudget
from services.gatekeeper.pipeline.topics import TopicsDiffer, check_topics, create_topics, missing_topics, topic_names
from services.local.kafka import KafkaPart
from tests.pipeline.kafka.conftest import record


async def test_topics_are_made_once_and_another_number_of_partitions_is_refused(
    kafka: KafkaPart, topic_prefix: str
) -> None:
    servers = kafka.bootstrap_servers
    assert "does not exist" in " ".join(await check_topics(servers, partitions=3, prefix=topic_prefix))
    assert await create_topics(servers, partitions=3, prefix=topic_prefix) == topic_names(topic_prefix)
    assert await create_topics(servers, partitions=3, prefix=topic_prefix) == ()
    assert await check_topics(servers, partitions=3, prefix=topic_prefix) == []
    assert await missing_topics(servers, partitions=3, prefix=topic_prefix) == []
    with pytest.raises(TopicsDiffer, match="has 3 partitions, not 4"):
        await create_topics(servers, partitions=4, prefix=topic_prefix)
    assert len(await check_topics(servers, partitions=4, prefix=topic_prefix)) == 6


async def test_lanes_with_holds_take_their_turn_first() -> None:
    budget = TransactionBudget(20)
    await budget.take(urgent=False)
    order: list[str] = []

    async def ask(name: str, urgent: bool) -> None:
        await budget.take(urgent=urgent)
        order.append(name)

    started = asyncio.get_running_loop().time()
    await asyncio.gather(ask("release", False), ask("stop", True), ask("later release", False), ask("stop too", True))
    assert order == ["stop", "stop too", "release", "later release"]
    assert asyncio.get_running_loop().time() - started > 0.15


def test_handed_over_records_are_used_only_when_they_begin_exactly_where_the_lane_ends() -> None:
    backlog = Backlog(0, HandOverLimit(records_max=6))
    backlog.hand_over([record(0, seq) for seq in (4, 5)])
    assert backlog.take_handed(2) == []
    assert [one.seq for one in backlog.take_handed(4)] == [5]
    backlog.hand_over([record(0, seq) for seq in (6, 7)])
    backlog.hand_over([record(0, seq) for seq in (9, 10)])
    assert backlog.take_handed(5) == []
    assert [one.seq for one in backlog.take_handed(8)] == [9, 10]
    backlog.hand_over([record(0, seq) for seq in range(11, 16)])
    backlog.hand_over([record(0, seq) for seq in range(16, 19)])
    assert backlog.take_handed(10) == []
    backlog.hand_over([record(0, seq) for seq in range(19, 25)])
    assert len(backlog.take_handed(18)) == 6
