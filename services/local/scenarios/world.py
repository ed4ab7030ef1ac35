"""One scenario's own gatekeeper: no Kafka, a clock that stands still, and everything published at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from schemas.topics import ID_FIELD, TOPICS_BY_NAME, TYPE_PREFIX, TopicKind, topic_of
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.pipeline.batch import decide_batch
from services.gatekeeper.pipeline.policies import record_policy
from services.gatekeeper.pipeline.records import Record, Run
from services.gatekeeper.pipeline.rules import apply_rule_batch
from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.store import work
from services.gatekeeper.wiring import Gate, Settings, VirtualClock, open_gate
from services.kit.partitioning import lane_of
from services.local.scenarios.databases import PARTITIONS
from services.local.scenarios.model import Event, Raw

SOURCE = "/holdgate/scenarios"
WORK_STEPS_MAX = 2_000
DUE_INSTANTS_MAX = 10_000


class ScenarioStuck(Exception):
    """Handling did not go on as it does in service: a partition stands still, or work never ends."""


@dataclass(slots=True)
class World:
    """A gatekeeper over a database of its own. Only `advance_to` moves its clock."""

    gate: Gate
    clock: VirtualClock
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    events: int = 0

    async def feed(self, several: Sequence[Event | Raw]) -> None:
        """Send events one after another, each in a batch of its own, and do all work that follows from each.

        Rule events that come first, when there is nothing yet that they could touch, share a batch.
        """
        ahead = 0
        if not self.offsets:
            ahead = next((n for n, one in enumerate(several) if _kind(one) is TopicKind.TRADE), len(several))
            await self._handle(several[:ahead])
        for one in several[ahead:]:
            await self._handle([one])

    async def advance_to(self, until: datetime) -> None:
        """Move the clock from due instant to due instant, and then to `until`."""
        for _ in range(DUE_INSTANTS_MAX):
            async with self.gate.database.reading() as connection:
                due = await work.next_due(connection)
            if due is None or due > until:
                self.clock.at = until
                await self.settle()
                return
            if due <= self.clock.at:
                raise ScenarioStuck(f"what was due at {due.isoformat()} is still due")
            self.clock.at = due
            await self.settle()
        raise ScenarioStuck(f"more than {DUE_INSTANTS_MAX} dates fall due until {until.isoformat()}")

    async def settle(self) -> None:
        """Do all work that is due now, then take everything as published."""
        for _ in range(WORK_STEPS_MAX):
            if not await work_once(self.gate):
                return await self.publish()
        raise ScenarioStuck(f"work does not end within {WORK_STEPS_MAX} steps")

    async def publish(self) -> None:
        """Take every lane as published to its end; nobody reads the topic."""
        async with self.gate.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO lane_progress (lane, published_seq, published_at)"
                " SELECT lane, next_seq - 1, clock_timestamp() FROM lane WHERE next_seq > 1 ORDER BY lane"
                " ON CONFLICT (lane) DO UPDATE SET published_seq = EXCLUDED.published_seq,"
                " published_at = EXCLUDED.published_at WHERE lane_progress.published_seq < EXCLUDED.published_seq"
            )

    async def _handle(self, several: Sequence[Event | Raw]) -> None:
        if not several:
            return
        records = [self._record(one, index) for index, one in enumerate(several)]
        handle = apply_rule_batch if _kind(several[0]) is TopicKind.RULE else decide_batch
        result = await handle(self.gate, list(self._runs(records)))
        for (topic, partition), reason in result.stopped.items():
            raise ScenarioStuck(f"{topic}/{partition} stands still: {reason}")
        await self.settle()

    def _runs(self, records: Iterable[Record]) -> Iterable[Run]:
        """One run for each partition; a partition's records are numbered without a gap."""
        by_partition: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            by_partition.setdefault((record.topic, record.partition), []).append(record)
        for (topic, partition), several in by_partition.items():
            yield Run(topic, partition, several[0].offset, tuple(several))

    def _record(self, one: Event | Raw, index: int) -> Record:
        """`one` as Kafka would hand it over; the broker's time keeps the records of a batch in order."""
        self.events += 1
        topic = _topic(one)
        key = one.key if isinstance(one, Raw) else _entity_id(one)
        partition = lane_of(key, self.gate.partitions) if key is not None else 0
        offset = self.offsets.get((topic, partition), 0)
        self.offsets[topic, partition] = offset + 1
        return Record(
            topic=topic,
            partition=partition,
            offset=offset,
            timestamp_ms=int(self.clock.at.timestamp() * 1000) + index,
            key=None if key is None else key.encode(),
            value=one.value if isinstance(one, Raw) else json.dumps(one.data, ensure_ascii=False).encode(),
            headers=tuple((name, text.encode()) for name, text in self._headers(one)),
        )

    def _headers(self, one: Event | Raw) -> Sequence[tuple[str, str]]:
        if isinstance(one, Raw):
            return one.headers
        return (
            ("ce_specversion", "1.0"),
            ("ce_id", one.id if one.id is not None else f"scenario-event-{self.events}"),
            ("ce_source", one.source if one.source is not None else SOURCE),
            ("ce_type", TYPE_PREFIX + one.type_suffix),
            ("ce_time", one.time if one.time is not None else self.clock.at.isoformat()),
            ("content-type", "application/json"),
        )


def _topic(one: Event | Raw) -> str:
    return one.topic if isinstance(one, Raw) else topic_of(one.type_suffix).name


def _kind(one: Event | Raw) -> TopicKind:
    return TOPICS_BY_NAME[_topic(one)].kind


def _entity_id(event: Event) -> str | None:
    """The record key: the id in the data, if there is any that can be one."""
    found = event.data.get(ID_FIELD[event.type_suffix])
    return found if isinstance(found, str) else None


@asynccontextmanager
async def open_world(url: str, clock: datetime, policy: Policy) -> AsyncIterator[World]:
    """A world over the fresh database `url`, closed afterwards."""
    virtual = VirtualClock(clock)
    gate = await open_gate(Settings(database_url=url, partitions=PARTITIONS), name="scenario", clock=virtual)
    try:
        gate.owned_lanes = frozenset(range(PARTITIONS))
        if policy.version:
            await record_policy(gate, policy)
        yield World(gate, virtual)
    finally:
        await gate.database.close()
