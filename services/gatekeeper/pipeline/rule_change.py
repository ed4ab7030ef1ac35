"""A rule change under way, under the exclusive rules lock: what it records, touches and tells (design.md §4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog

from schemas.unreadable import Unreadable
from services.gatekeeper.domain.ahead import waits_for_its_time
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.notices import in_effect
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References, UnreadableRule
from services.gatekeeper.domain.rule_entities import Feed, Licence, Notice, RuleEntity
from services.gatekeeper.domain.rulebook import (
    NoticeEvent,
    RuleChange,
    RuleOutcome,
    apply_rule,
    narrow_rule,
    unreadable_alerts,
    unreadable_touches,
)
from services.gatekeeper.domain.shelf import NUMBER
from services.gatekeeper.domain.terms import Touches, merged
from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.domain.workspace import Alert
from services.gatekeeper.pipeline import wire_out
from services.gatekeeper.pipeline.apply import Writer
from services.gatekeeper.pipeline.gather import keep_newest
from services.gatekeeper.pipeline.intake import (
    Parsed,
    quarantined,
    unreadable,
)
from services.gatekeeper.pipeline.lane_guard import lock_lanes
from services.gatekeeper.pipeline.licence_watch import watch_licences
from services.gatekeeper.pipeline.restated import unless_restated
from services.gatekeeper.pipeline.translate_rules import rule_entity
from services.gatekeeper.store import journal, notices, quarantine, rules, work
from services.gatekeeper.store.challenges import keep_challenges
from services.gatekeeper.store.feed_dates import replace_feed_dates
from services.gatekeeper.store.licence_shelf import load_licences
from services.gatekeeper.store.rules_ahead import waiting_for
from services.gatekeeper.wiring import Gate
from services.kit.partitioning import lane_of
from services.kit.postgres import Connection

log = structlog.get_logger()
Looked = TypeVar("Looked")


async def begin_change(gate: Gate, connection: Connection) -> Change:
    """Take the exclusive rules lock, then read the newest rules and the time. Never called by who holds it shared."""
    await rules.lock_exclusive(connection)
    references, at = await rules.refresh(connection, gate.references)
    keep_newest(gate, references)
    return Change(gate, connection, references, gate.clock.told(at), references.rules_version + 1)


@dataclass(slots=True)
class Change:
    """A rule change under way: what it records, whom it touches, and what every lane will be told.

    Once committed it counts at once for new decisions, and by its tasks for everything open, in every lane (D6.3).
    """

    gate: Gate
    connection: Connection
    references: References
    as_of: datetime
    rules_version: int
    rows: list[rules.NewRule] = field(default_factory=list)
    touches: dict[tuple[frozenset[str], ...], None] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    told: list[tuple[Notice, NoticeEvent]] = field(default_factory=list)
    broken: list[Parsed] = field(default_factory=list)
    settled: list[UUID] = field(default_factory=list)
    boundaries: list[Notice | Licence] = field(default_factory=list)
    licences: dict[str, Touches] = field(default_factory=dict)
    relicensed: list[tuple[Licence | None, Licence]] = field(default_factory=list)
    ahead: list[tuple[rules.NewRule, datetime]] = field(default_factory=list)
    stale: int = 0
    feeds: set[str] = field(default_factory=set)
    began_with: References = field(init=False)

    def __post_init__(self) -> None:
        self.began_with = self.references

    async def add_records(self, several: Sequence[Parsed]) -> None:
        """Records of rule topics, in their order."""
        licences = [entity for one in several if one.read and isinstance(entity := rule_entity(one.read), Licence)]
        await load_licences(self.connection, self.references, {licence.licence_no for licence in licences}, ())
        for one in several:
            await self._add_record(one)

    async def _loaded(self, look: Callable[[], Looked]) -> Looked:
        """What `look` finds, once the licences that it asks for are there."""
        while True:
            try:
                return look()
            except NotGathered as missing:
                numbers, terms = ((missing.key,), ()) if missing.kind == NUMBER else ((), (missing.key,))
                await load_licences(self.connection, self.references, numbers, terms)

    async def entity(self, kind: RuleKind, key: str) -> RuleEntity | None:
        """What stands under `key` within this change."""
        return await self._loaded(lambda: self.references.entity(kind, key))

    async def _add_record(self, one: Parsed) -> None:
        """One that would change a notice of the API's is kept as unreadable (D6.8)."""
        if one.read is None:
            await self.add_unreadable(one)
            return
        entity = rule_entity(one.read)
        stored = self.references.notice(entity.notice_id) if isinstance(entity, Notice) else None
        if stored is not None and stored.by_http:
            error = Unreadable(
                "notice_id",
                "names a notice that was recorded over HTTP, and is changed there",
                type_hint=one.read.type_suffix,
                entity_key=one.read.entity_key,
            )
            await self.add_unreadable(unreadable(one.record, error))
        elif await self._waits(entity, one.read.envelope.time):
            self.ahead.append((rules.NewRule(entity, one.read.envelope.id), one.read.envelope.time))
        else:
            await self.add(entity, one.read.envelope.id)

    async def _waits(self, entity: RuleEntity, said_at: datetime) -> bool:
        stored = await self.entity(*rules.key_of(entity))
        tolerance = timedelta(minutes=self.references.policy.future_event_tolerance_minutes)
        return waits_for_its_time(entity, stored, said_at, self.as_of, tolerance)

    async def add(self, entity: RuleEntity, event_id: str | None) -> RuleChange:
        """Apply one entity to the rules as they are within this change."""
        applied = await self._loaded(lambda: apply_rule(self.references, entity, self.as_of))
        applied = await unless_restated(self.connection, self.references, applied)
        if not applied.changed:
            self.stale += 1
            log.info("rule_ignored", outcome=applied.outcome.value, key=rules.key_of(entity)[1], version=entity.version)
            return applied
        if applied.outcome is RuleOutcome.CONFLICT:
            log.warning("licence_conflict", key=rules.key_of(entity)[1], version=entity.version)
        self._keep(applied, event_id)
        self.alerts += applied.alerts
        self.settled += [UUID(quarantine_id) for quarantine_id in applied.settles]
        for quarantine_id in applied.settles:
            await self._touch_broken(quarantine_id)
        self.references = self.references.with_changes(self.rules_version, [applied.entity], [], list(applied.settles))
        return applied

    def _keep(self, applied: RuleChange, event_id: str | None) -> None:
        """The row, its dates, whom it touches, and what every lane is told."""
        self.rows.append(rules.NewRule(applied.entity, event_id))
        if isinstance(applied.entity, Notice) and applied.notice_event is not None:
            self.told.append((applied.entity, applied.notice_event))
        if isinstance(applied.entity, Licence) and (applied.before is not None or applied.entity.supersedes):
            # Of one that takes another's place those move first who may go already.
            number = applied.entity.licence_no
            self.licences[number] = merged((*self.licences.get(number, ()), *applied.touches))
        else:
            self._touch(applied.touches)
        if isinstance(applied.entity, Licence) and isinstance(applied.before, Licence):
            self.relicensed.append((applied.before, applied.entity))
        if isinstance(applied.entity, (Notice, Licence)):
            self.boundaries.append(applied.entity)
        elif isinstance(applied.entity, Feed):
            self.feeds.add(applied.entity.feed)
        elif isinstance(applied.entity, Policy):
            self.feeds.update(self.began_with.policy.feed_max_age_hours, applied.entity.feed_max_age_hours)

    async def _make_worse(self, connection: Connection) -> None:
        """What waits for its time acts at once as far as it makes what stands now worse, whichever came first."""
        await rules.keep_ahead(connection, self.ahead)
        changed = [*self.rows, *(rule for rule, _ in self.ahead)]
        for waiting in await waiting_for(connection, (rules.key_of(rule.entity) for rule in changed)):
            narrowed = await self._loaded(partial(narrow_rule, self.references, waiting.entity, self.as_of))
            if narrowed.changed:
                self._keep(narrowed, waiting.event_id)
                self.references = self.references.with_changes(self.rules_version, [narrowed.entity])

    async def add_unreadable(self, one: Parsed) -> None:
        """Keep a broken rule event and hold what it may be about (D8.4)."""
        row = quarantined(one, self.as_of)
        broken = UnreadableRule(
            str(row.quarantine_id),
            row.event_key,
            rules.kind_of_record(row.topic, row.event_type),
            row.owner_id,
            row.was_upsert,
            row.told,
        )
        self.broken.append(one)
        self.alerts += unreadable_alerts(broken)
        self._touch(await self._loaded(lambda: unreadable_touches(broken, self.references)))
        self.references = self.references.with_changes(self.rules_version, [], [broken], [])

    async def settle(self, quarantine_id: UUID) -> None:
        """A broken rule event was repaired or dropped by a person: look again at what it held."""
        await self._touch_broken(str(quarantine_id))
        self.settled.append(quarantine_id)
        self.references = self.references.with_changes(self.rules_version, [], [], [str(quarantine_id)])

    def alert(self, alert: Alert) -> None:
        """Tell people of something that no rule changes by."""
        self.alerts.append(alert)

    def tell(self, notice: Notice, event: NoticeEvent, touches: Touches) -> None:
        """A notice begins or ends by its date."""
        self.told.append((notice, event))
        self._touch(touches)

    def _touch(self, touches: Touches) -> None:
        self.touches.update(dict.fromkeys(touches))

    async def _touch_broken(self, quarantine_id: str) -> None:
        for broken in self.references.unreadable_rules():
            if broken.quarantine_id == quarantine_id:
                self._touch(await self._loaded(partial(unreadable_touches, broken, self.references)))

    async def store(
        self, connection: Connection, *, by: str = "a newer readable event", status: str = "SUPERSEDED"
    ) -> Writer:
        """Write everything that was recorded; the caller commits. Nothing recorded: nothing is written."""
        writer = Writer(self.gate, self.rules_version, {})
        await self._make_worse(connection)
        if self.alerts and not (self.rows or self.broken or self.settled or self.told):
            await self._tell_people(connection)
            return writer
        if not (self.rows or self.broken or self.settled or self.told):
            return writer
        raised = await rules.raise_version(connection)
        if raised != self.rules_version:
            raise RuntimeError("the rules version moved under the exclusive lock")
        await rules.insert_rules(connection, self.rows, self.rules_version, self.as_of)
        await quarantine.add(connection, [quarantined(one, self.as_of) for one in self.broken], self.rules_version)
        await quarantine.settle(connection, self.settled, status, by, self.as_of, self.rules_version)
        await self._store_work(connection)
        await self._store_challenges(connection)
        await watch_licences(connection, writer, self.relicensed, self.references, self.as_of)
        await self._tell_lanes(connection, writer)
        await writer.store(connection)
        await self._tell_people(connection)
        return writer

    async def _store_work(self, connection: Connection) -> None:
        """A task for each changed licence, which goes by order of arrival (D4.5); one sweep for the rest."""
        tasks = [work.NewTask("LICENCE", licence_no, touches) for licence_no, touches in self.licences.items()]
        if self.touches:
            tasks.append(work.NewTask("SWEEP", f"rules {self.rules_version}", merged(self.touches)))
        await work.add_tasks(connection, tasks, self.rules_version, self.as_of)
        await notices.replace_boundaries(connection, self.boundaries, self.as_of)
        await replace_feed_dates(connection, self.feeds, self.began_with, self.references, self.as_of)

    async def _store_challenges(self, connection: Connection) -> None:
        """Policy says how long an answer may take: another policy is another day for all that are open (ECR 22)."""
        told = [(notice, event is NoticeEvent.IN_EFFECT) for notice, event in self.told]
        policy = self.references.policy
        if policy.customs_challenge_days != self.began_with.policy.customs_challenge_days:
            standing = (notice for notice in self.references.notices() if in_effect(notice, self.as_of))
            told += [(notice, True) for notice in standing]
        await keep_challenges(connection, told, policy, self.as_of)

    async def _tell_lanes(self, connection: Connection, writer: Writer) -> None:
        """notice.in-effect or notice.ended in every lane, before the shipments that it touches."""
        if not self.told:
            return
        running, stopped = await lock_lanes(self.gate, connection, range(self.gate.partitions))
        if stopped:
            log.warning("lanes_not_told", lanes=sorted(stopped), notices=[notice.notice_id for notice, _ in self.told])
        writer.next_seqs = running
        for notice, event in self.told:
            in_effect = event is NoticeEvent.IN_EFFECT
            say = wire_out.notice_in_effect if in_effect else wire_out.notice_ended
            type_suffix, data = say(notice, self.rules_version)
            barriers = [
                (lane, writer.say(lane, notice.notice_id, type_suffix, data, self.as_of)) for lane in sorted(running)
            ]
            await notices.add_barriers(connection, notice, event.value, barriers, self.rules_version, self.as_of)

    async def _tell_people(self, connection: Connection) -> None:
        await journal.append_alerts(connection, self.alerts, self.as_of)
        said = [(journal.alert_subject(alert)[1], *wire_out.licence_alert(alert)) for alert in self.alerts]
        await work.add_deferred(
            connection,
            [
                (lane_of(key, self.gate.partitions), key, type_suffix, data.model_dump_json())
                for key, type_suffix, data in said
            ],
            self.as_of,
        )
