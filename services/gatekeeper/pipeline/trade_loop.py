"""Orders and shipments: decided once the rules that lie in Kafka are applied, and only where the lane is checked.

A rule partition that is stopped keeps trade waiting, too: what it holds back may be a stop notice, and a shipment that
nobody has decided must be treated as held (default deny). It is said loudly; somebody has to look at the partition.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import structlog
from aiokafka import TopicPartition

from schemas.topics import RULE_TOPICS, SHIPMENTS, TRADE_TOPICS
from services.gatekeeper.pipeline import metrics
from services.gatekeeper.pipeline.consume import Apply, ConsumeLoop
from services.gatekeeper.pipeline.publish import Publishers
from services.gatekeeper.pipeline.records import BatchResult
from services.gatekeeper.pipeline.starting import Inputs, Key
from services.gatekeeper.pipeline.tail import read_tails
from services.gatekeeper.wiring import Gate
from services.kit.kafka import DOUBTS, SESSION_TIMEOUT_MS
from services.kit.postgres import retrying

log = structlog.get_logger()

DRAIN_SECONDS_MAX = 4.0
SAY_SECONDS = 10.0
LOOK_SECONDS = 1.0


class RulesInStep:
    """Whether the stored positions of all rule partitions have reached what the topics held when it was last armed.

    Any gatekeeper may be the one who gets them there.
    """

    def __init__(self, inputs: Inputs, partitions: int) -> None:
        self._inputs = inputs
        self._partitions = [
            TopicPartition(inputs.topic_prefix + topic.name, partition)
            for topic in RULE_TOPICS
            for partition in range(partitions)
        ]
        self._targets: dict[Key, int] | None = None
        self._armed = 0
        self._reached = False
        self._said_at = 0.0
        self._looked_at = 0.0
        self._stopped = False

    def arm(self) -> None:
        """From now on trade waits for all that the rule topics hold now."""
        self._armed += 1
        self._targets = None
        self._reached = False

    async def reached(self) -> bool:
        """Whether trade may be decided."""
        if self._reached:
            return not await self._stopped_now()
        armed = self._armed
        if self._targets is None:
            targets = await self._read_targets()
            if targets is None or armed != self._armed:
                return False
            self._targets = targets
        behind = await self._behind(self._targets)
        metrics.RULES_BEHIND.set(len(behind))
        if behind:
            self._say(behind)
        self._reached = not behind and armed == self._armed
        return self._reached and not await self._stopped_now()

    async def _read_targets(self) -> dict[Key, int] | None:
        """For each partition the offset behind its last committed record: markers at its end are never reached."""
        try:
            tails = await read_tails(self._inputs.bootstrap_servers, self._partitions)
        except DOUBTS as error:
            log.warning("rule_ends_not_found", error=repr(error))
            return None
        return {self._inputs.key(p): tail.record.offset + 1 for p, tail in tails.items() if tail.record is not None}

    async def _behind(self, targets: dict[Key, int]) -> dict[Key, str | None]:
        """Partitions that haven't reached their target, with what stopped them, if so."""
        stored = await self._stored()
        return {
            key: stored.get(key, (0, None))[1] for key, target in targets.items() if stored.get(key, (0,))[0] < target
        }

    async def _stopped_now(self) -> bool:
        """Whether a rule partition stands still, as of the last second."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return self._stopped
        self._looked_at = time.monotonic()
        rule_partitions = {self._inputs.key(partition) for partition in self._partitions}
        stopped = {k: reason for k, (_, reason) in (await self._stored()).items() if reason and k in rule_partitions}
        if stopped:
            metrics.RULES_BEHIND.set(len(stopped))
            self._say(stopped)
        self._stopped = bool(stopped)
        return self._stopped

    async def _stored(self) -> dict[Key, tuple[int, str | None]]:
        async def read() -> dict[Key, tuple[int, str | None]]:
            async with self._inputs.database.reading() as connection:
                rows = await connection.fetch("SELECT topic, partition, next_offset, stopped FROM input_position")
            return {(row["topic"], row["partition"]): (row["next_offset"], row["stopped"]) for row in rows}

        return await retrying(read, what="read_rule_positions")

    def _say(self, behind: Mapping[Key, str | None]) -> None:
        if time.monotonic() - self._said_at < SAY_SECONDS:
            return
        self._said_at = time.monotonic()
        log.info("trade_waits_for_rules", partitions=sorted(behind))
        for (topic, partition), reason in behind.items():
            if reason is not None:
                log.error("trade_waits_for_stopped_rules", topic=topic, partition=partition, reason=reason)


class TradeLoop(ConsumeLoop):
    """Consumes `trade.orders.v1` and `trade.shipments.v1`; who has partition p of the latter owns lane p.

    `busy_at`: when the last batch ended (monotonic).
    """

    def __init__(self, gate: Gate, decide: Apply, *, session_timeout_ms: int = SESSION_TIMEOUT_MS) -> None:
        super().__init__(
            gate,
            decide,
            name="trade",
            group="gatekeeper",
            topics=[topic.name for topic in TRADE_TOPICS],
            session_timeout_ms=session_timeout_ms,
        )
        self.publishers = Publishers(gate, self.membership)
        self.busy_at = 0.0
        self._rules = RulesInStep(self.inputs, gate.partitions)
        self._shipments = gate.settings.topic_prefix + SHIPMENTS.name

    async def choose(self, sought: list[TopicPartition]) -> list[TopicPartition]:
        if not await self._rules.reached():
            return []
        return [partition for partition in sought if self.publishers.is_ready(partition.partition)]

    def applied(self, result: BatchResult) -> None:
        self.busy_at = time.monotonic()
        self.publishers.hand_over(result.appended)

    async def new_assignment(self, partitions: frozenset[TopicPartition]) -> None:
        self._rules.arm()
        self.publishers.assign(sorted(one.partition for one in partitions if one.topic == self._shipments))

    async def released(self, *, at_end: bool) -> None:
        if at_end:
            try:
                await asyncio.wait_for(self.publishers.drained(), DRAIN_SECONDS_MAX)
            except TimeoutError:
                log.warning("left_to_the_successor", lanes=sorted(self.gate.owned_lanes))
        await self.publishers.release()
