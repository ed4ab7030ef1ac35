"""Notices outside the stream: recorded by the API, and begun or ended by their own dates (domain.md §6)."""

from __future__ import annotations

from dataclasses import dataclass

from services.gatekeeper.domain.feeds import is_stale, staleness
from services.gatekeeper.domain.rule_entities import Licence, Notice
from services.gatekeeper.domain.rulebook import NoticeEvent, RuleOutcome
from services.gatekeeper.domain.vocabulary import AlertKind, RuleKind
from services.gatekeeper.domain.workspace import Alert
from services.gatekeeper.pipeline.rule_change import Change, begin_change
from services.gatekeeper.store import notices, rules
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection, retrying


async def lock_rules_exclusively(connection: Connection) -> None:
    """For callers that read what stands before they record, such as the API."""
    await rules.lock_exclusive(connection)


@dataclass(frozen=True, slots=True)
class RecordedNotice:
    """What recording a notice or a lift came to."""

    notice: Notice
    outcome: RuleOutcome
    rules_version: int


async def record_notice(gate: Gate, connection: Connection, notice: Notice) -> RecordedNotice:
    """Record a notice, revision or lift in the caller's transaction; it is in effect from its commit on.

    `notice.version` must be above the stored one, else the outcome is STALE and nothing is written.
    """
    change = await begin_change(gate, connection)
    applied = await change.add(notice, None)
    await change.store(connection)
    version = change.rules_version if applied.changed else change.rules_version - 1
    row = applied.entity if isinstance(applied.entity, Notice) else notice
    return RecordedNotice(row, applied.outcome, version)


async def _come(change: Change, due: notices.Due) -> None:
    """A date has come; one of an entity that has changed since is none."""
    if due.kind is RuleKind.FEED:
        _grown_old(change, due.key)
        return
    entity = await change.entity(due.kind, due.key)
    if entity is None or entity.version != due.version:
        return
    if isinstance(entity, Licence):
        detail = {"valid_until": entity.valid_until.isoformat()}
        change.alert(Alert(AlertKind(due.what), detail, entity.licence_no))
    elif isinstance(entity, Notice) and not entity.lifted:
        event = NoticeEvent.IN_EFFECT if due.what == notices.START else NoticeEvent.ENDED
        change.tell(entity, event, notices.touches(change.references, entity))


def _grown_old(change: Change, feed: str) -> None:
    """FEED_STALE, also when nothing is open, and for a feed that was never refreshed (D4.9)."""
    references = change.references
    if is_stale(references, references.policy, feed, change.as_of):
        told = {key: said for key, said in staleness(references, references.policy, feed).items() if said is not None}
        change.alert(Alert(AlertKind.FEED_STALE, told, subject=feed))


async def run_due_boundaries(gate: Gate) -> bool:
    """Make notices begin and end, and rules count, whose time has come: one exclusive transaction (design.md §4)."""

    async def attempt() -> bool:
        async with gate.database.transaction() as tx:
            change = await begin_change(gate, tx)
            due = await notices.take_due(tx, change.as_of)
            for one in due:
                await _come(change, one)
            waited = await rules.take_ahead(tx, change.as_of)
            for rule in waited:
                await change.add(rule.entity, rule.event_id)
            await change.store(tx)
            return bool(due or waited)

    return await retrying(attempt, what="boundaries")
