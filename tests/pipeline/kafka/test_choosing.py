"""What may be polled: trade after the rules that lie in Kafka, both only for lanes that were checked (§2, §3.3)."""

from __future__ import annotations

from aiokafka import TopicPartition

from schemas.topics import NOTICES, SHIPMENTS
from services.gatekeeper.pipeline.rule_loop import RuleLoop
from services.gatekeeper.pipeline.trade_loop import TradeLoop
from tests.pipeline.kafka.conftest import Site
from tests.pipeline.kafka.standins import Deciding
from tests.pipeline.kafka.topics import send


async def test_trade_is_decided_only_in_partitions_whose_lane_was_checked(site: Site) -> None:
    loop = TradeLoop(site.gate, Deciding())
    sought = [TopicPartition(site.settings.topic_prefix + SHIPMENTS.name, partition) for partition in range(4)]
    assert await loop.choose(sought) == []
    site.gate.owned_lanes = frozenset({1, 2})
    assert await loop.choose(sought) == sought[1:3]


async def test_no_partition_of_trade_is_chosen_before_the_rules_that_lie_in_the_topics_are_applied(site: Site) -> None:
    await send(site.servers, site.settings.topic_prefix + NOTICES.name, 2, ["stop", "stop more"])
    site.gate.owned_lanes = frozenset(range(4))
    loop = TradeLoop(site.gate, Deciding())
    sought = [TopicPartition(site.settings.topic_prefix + SHIPMENTS.name, partition) for partition in range(4)]
    assert await loop.choose(sought) == []
    await site.execute("INSERT INTO input_position VALUES ($1, 2, 1, NULL, 0, 0, NULL)", NOTICES.name)
    assert await loop.choose(sought) == []
    await site.execute("UPDATE input_position SET next_offset = 2")
    assert await loop.choose(sought) == sought


async def test_rules_wait_until_each_lane_was_checked_here_and_by_some_owner_everywhere(site: Site) -> None:
    settled = False
    loop = RuleLoop(site.gate, Deciding(), lanes_settled=lambda: settled)
    sought = [TopicPartition(site.settings.topic_prefix + NOTICES.name, partition) for partition in range(4)]
    await site.execute("DELETE FROM lane_progress WHERE lane = 2")
    assert await loop.choose(sought) == []
    settled = True
    assert await loop.choose(sought) == []
    await site.execute("INSERT INTO lane_progress VALUES (2, 0, now())")
    settled = False
    assert await loop.choose(sought) == []
    settled = True
    assert await loop.choose(sought) == sought
