"""Licences, references, notices: in batches, at most five times a second, a notice at once (design.md §4)."""

from __future__ import annotations

import time
from collections.abc import Callable

from aiokafka import TopicPartition

from schemas.topics import NOTICES, RULE_TOPICS
from services.gatekeeper.pipeline.consume import Apply, ConsumeLoop
from services.gatekeeper.pipeline.records import BatchResult
from services.gatekeeper.wiring import Gate
from services.kit.kafka import SESSION_TIMEOUT_MS
from services.kit.postgres import retrying

PACE_SECONDS = 0.2


class RuleLoop(ConsumeLoop):
    """Consumes the rule topics. A rule change may append to every lane, so each must have been checked once."""

    def __init__(
        self,
        gate: Gate,
        apply: Apply,
        *,
        lanes_settled: Callable[[], bool],
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
    ) -> None:
        super().__init__(
            gate,
            apply,
            name="rules",
            group="gatekeeper-rules",
            topics=[topic.name for topic in RULE_TOPICS],
            session_timeout_ms=session_timeout_ms,
        )
        self._lanes_settled = lanes_settled
        self._every_lane_known = False
        self._applied_at = 0.0
        self._notices = gate.settings.topic_prefix + NOTICES.name

    async def choose(self, sought: list[TopicPartition]) -> list[TopicPartition]:
        if not self._lanes_settled() or not await self._are_lanes_known():
            return []
        if time.monotonic() - self._applied_at < PACE_SECONDS:
            return [partition for partition in sought if partition.topic == self._notices]
        return sought

    def applied(self, result: BatchResult) -> None:
        self._applied_at = time.monotonic()

    async def _are_lanes_known(self) -> bool:
        """Whether some owner has compared each lane with its topic since this database was made."""

        async def read() -> bool:
            async with self.gate.database.reading() as connection:
                known: bool = await connection.fetchval(
                    "SELECT NOT EXISTS (SELECT FROM lane WHERE stopped IS NULL"
                    " AND lane NOT IN (SELECT lane FROM lane_progress))"
                )
            return known

        if not self._every_lane_known:
            self._every_lane_known = await retrying(read, what="read_lanes")
        return self._every_lane_known
