"""A confirmation of the assignment counts only if it was asked for after the error (design.md §3.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition

from services.gatekeeper.pipeline.assignment import GroupMembership


class SlowGroup:
    """A group that takes its time to accept a commit; `asked` counts the commits."""

    def __init__(self) -> None:
        self.asked = 0
        self.first_asked = asyncio.Event()
        self.answer = asyncio.Event()

    async def commit(self, positions: Mapping[TopicPartition, Any]) -> None:
        self.asked += 1
        self.first_asked.set()
        await self.answer.wait()


async def test_what_the_group_was_asked_before_the_error_confirms_nothing_after_it() -> None:
    membership, group = GroupMembership(), SlowGroup()
    running = asyncio.create_task(membership.run(group, lambda: {TopicPartition("trade.shipments.v1", 0): 7}))
    await group.first_asked.wait()
    waiting = asyncio.create_task(membership.confirmed_after(asyncio.get_running_loop().time()))
    group.answer.set()
    await asyncio.wait_for(waiting, 10)
    running.cancel()
    assert group.asked == 2
