"""A batch that the broker refuses is not published, although the transaction's commit succeeds (design.md §3.5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.pipeline.kafka.conftest import AlwaysMember, Running, Site
from tests.pipeline.kafka.topics import take_at_most
from tests.waiting import eventually


@pytest.mark.parametrize("transactions", [True, False])
async def test_a_batch_that_the_broker_refuses_is_not_published_and_sent_again(site: Site, transactions: bool) -> None:
    """Small, large, small: of their batches the broker takes the first, and refuses the large ones."""
    site.gate.settings = replace(site.gate.settings, transactions=transactions)
    member = AlwaysMember()
    async with Running(site.gate, member) as publishers:
        publishers.assign((0,))
        await eventually(lambda: site.gate.owned_lanes)
        await take_at_most(site.servers, site.holds, 100_000, probed=3)
        large = "y" * 899_990
        # In one transaction: who looks by chance must not find the small ones alone, and publish them.
        publishers.hand_over({0: await site.write_each(0, ["x", "x", "x", large, large, "x", "x", "x"])})
        await eventually(lambda: member.asked >= 2)
        assert publishers.published()[0] in ({0} if transactions else {0, 3})
        await take_at_most(site.servers, site.holds, 1_000_000, probed=3)
        await eventually(lambda: publishers.published() == {0: 8})
    assert (await site.published((0,)))[0] == list(range(1, 9))
