"""Nothing is written to a lane before it was compared with its topic, by trade or by rules (design.md §3.3)."""

from __future__ import annotations

from aiokafka import TopicPartition

from schemas.topics import NOTICES, SHIPMENTS
from services.gatekeeper.pipeline.rule_loop import RuleLoop
from services.gatekeeper.pipeline.trade_loop import TradeLoop
from tests.pipeline.kafka.conftest import Site
from tests.pipeline.kafka.standins import Deciding


async def test_trade_is_decided_only_in_partitions_whose_lane_was_checked(site: Site) -> None:
    loop = TradeLoop(site.gate, Deciding())
    sought = [TopicPartition(site.settings.topic_prefix + SHIPMENTS.name, partition) for partition in range(4)]
    assert await loop.choose(sought) == []
    site.gate.owned_lanes = frozenset({1, 2})
    assert await loop.choose(sought) == sought[1:3]


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
