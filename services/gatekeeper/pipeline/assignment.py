"""What a consumer is assigned, from which offset on, and whether the group still says so."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from services.kit.kafka import DOUBTS, bounded, pause

log = structlog.get_logger()

COMMIT_SECONDS = 5.0
COMMIT_SECONDS_MAX = 10.0
RETRY_SECONDS = 0.5
SILENT_SECONDS_MAX = 45.0
REJOIN_SECONDS_MAX = 90.0


@dataclass(slots=True)
class Assigned:
    """One assignment; a new one, even of the same partitions, begins with nothing sought.

    `begins_at`: the offset that was sought in this assignment, then last + 1. What isn't in it is not polled, and if
    it came all the same, dropped: records of a new assignment can arrive before the seek. `stopped`: partitions that
    stand still, with the reason.
    """

    partitions: frozenset[TopicPartition] = frozenset()
    begins_at: dict[TopicPartition, int] = field(default_factory=dict)
    stopped: dict[TopicPartition, str] = field(default_factory=dict)

    def unsought(self) -> frozenset[TopicPartition]:
        return self.partitions - self.begins_at.keys() - self.stopped.keys()


class GroupMembership:
    """When the group last confirmed the assignment: at a rejoin, or by taking a commit of its generation.

    The committed offsets serve dashboards; nothing ever starts from them.
    """

    def __init__(self) -> None:
        self._confirmed_at = -math.inf
        self._revoked_at = math.inf
        self._confirmed = asyncio.Event()
        self._asked = asyncio.Event()

    def assigned(self) -> None:
        """The group has just given an assignment."""
        self._revoked_at = math.inf
        self._confirm(asyncio.get_running_loop().time())

    def revoked(self) -> None:
        """The group has taken the assignment back, to give another."""
        self._revoked_at = asyncio.get_running_loop().time()

    async def confirmed_after(self, at: float) -> None:
        """Return once the group confirmed the assignment later than `at` (loop time); asks it to."""
        while self._confirmed_at <= at:
            self._confirmed.clear()
            self._asked.set()
            await self._confirmed.wait()

    async def run(self, consumer: Any, offsets: Callable[[], Mapping[TopicPartition, int]]) -> None:
        """Commit `offsets` every few seconds, at once when somebody waits for a confirmation.

        Ends when the group has been silent for so long that the consumer must be taken for dead: a lost cancellation
        inside the client stops its heartbeats or its rejoining for ever, and nothing else would tell.
        """
        heard_at = asyncio.get_running_loop().time()
        while True:
            now = asyncio.get_running_loop().time()
            positions = {partition: OffsetAndMetadata(offset, "") for partition, offset in offsets().items()}
            done = not positions or await self._commit(consumer, positions)
            if done:
                heard_at = max(heard_at, now)
            if now - heard_at > SILENT_SECONDS_MAX or now - self._revoked_at > REJOIN_SECONDS_MAX:
                return
            if done and positions:
                self._asked.clear()
                await pause(COMMIT_SECONDS, self._asked)
            else:
                await asyncio.sleep(RETRY_SECONDS)

    async def _commit(self, consumer: Any, positions: Mapping[TopicPartition, OffsetAndMetadata]) -> bool:
        asked_at = asyncio.get_running_loop().time()
        try:
            await bounded(consumer.commit(positions), COMMIT_SECONDS_MAX)
        except DOUBTS as error:
            log.info("assignment_not_confirmed", error=repr(error))
            return False
        self._confirm(asked_at)
        return True

    def _confirm(self, at: float) -> None:
        self._confirmed_at = max(self._confirmed_at, at)
        self._confirmed.set()
