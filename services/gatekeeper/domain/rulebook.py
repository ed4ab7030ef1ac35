"""What a rule event does to the references: versions, conflicts, lifts, and whom it touches. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.gatekeeper.domain import notices
from services.gatekeeper.domain.ahead import worse_at_once
from services.gatekeeper.domain.broken_rules import STOPPING_KINDS, UnreadableRule
from services.gatekeeper.domain.calendar import window_instants
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.reference_indexes import entity_key, kind_of
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import (
    Control,
    Licence,
    LicenceLine,
    ListEntry,
    Notice,
    RuleEntity,
    Statement,
)
from services.gatekeeper.domain.terms import EVERYTHING, NOBODY, Touches
from services.gatekeeper.domain.touches import entity_touches, touches_of
from services.gatekeeper.domain.vocabulary import AlertKind, RuleKind
from services.gatekeeper.domain.workspace import Alert


class RuleOutcome(StrEnum):
    """What a rule event did. Only APPLIED and CONFLICT leave a row to store."""

    APPLIED = "APPLIED"
    STALE = "STALE"
    CONFLICT = "CONFLICT"
    OLDER_AUTHORITY = "OLDER_AUTHORITY"


class NoticeEvent(StrEnum):
    """What every lane is told about a notice (contracts.md §3)."""

    IN_EFFECT = "in-effect"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """`entity`: the row to store; where nothing changed, the stored one, and `touches` is nobody.

    `settles`: quarantine ids of broken events that this upsert replaces (D8.5).
    """

    outcome: RuleOutcome
    entity: RuleEntity
    before: RuleEntity | None = None
    touches: Touches = NOBODY
    alerts: tuple[Alert, ...] = ()
    notice_event: NoticeEvent | None = None
    settles: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return self.outcome in (RuleOutcome.APPLIED, RuleOutcome.CONFLICT)


def apply_rule(references: References, entity: RuleEntity, as_of: datetime) -> RuleChange:
    """`entity` against the stored version of the same kind and key (D4.6, D6.4, D8.1).

    Not above the stored version: STALE; but a licence with the same version and other content is a CONFLICT, stored as
    its own row with `conflict` set. A licence with an older `authority_time`: OLDER_AUTHORITY. `as_of` only tells
    whether a notice is in effect by now, and whether a lift is dated further ahead than policy tolerates (D7.3): then
    the notice ends at that time.
    """
    stored = references.entity(kind_of(entity), entity_key(entity))
    if isinstance(entity, Licence) and isinstance(stored, Licence):
        return _licence_change(references, entity, stored)
    if stored is not None and entity.version <= stored.version:
        return RuleChange(RuleOutcome.STALE, stored, stored)
    if isinstance(entity, Notice):
        return _notice_change(references, entity, stored if isinstance(stored, Notice) else None, as_of)
    return _applied(references, entity, stored)


def narrow_rule(references: References, waiting: RuleEntity, as_of: datetime) -> RuleChange:
    """What `waiting`, which acts later, makes worse at once (D7.3): the stored version, narrowed, as its own row.

    STALE where that is nothing. A broken event of the same key stays broken until `waiting` itself is applied.
    """
    stored = references.entity(kind_of(waiting), entity_key(waiting))
    row = worse_at_once(waiting, stored)
    if row is None:
        return RuleChange(RuleOutcome.STALE, stored or waiting, stored)
    was = isinstance(stored, Notice) and notices.in_effect(stored, as_of)
    now = isinstance(row, Notice) and notices.in_effect(row, as_of)
    # Every lane has been told of a version that was in effect before.
    told = NoticeEvent.IN_EFFECT if now and not was else None
    return RuleChange(RuleOutcome.APPLIED, row, stored, touches_of(stored, row, references), notice_event=told)


def contradicted(
    references: References, stored: Licence, new: Licence, restated: tuple[LicenceLine, ...] = ()
) -> RuleChange:
    """CONFLICT: `new` can't replace `stored`, which stays until a version newer than both that can (LICENCE_CONFLICT).

    `restated`: the drawn lines because of which it can't (restated.py); one that `stored` had dropped stands beside it
    as given there, so that whoever waits for it is told of the conflict. STALE where all that is known already.
    """
    # Only what is newer than both contents ends the conflict, so the row keeps the later of their times.
    latest = max(stored.authority_time, new.authority_time)
    numbers, known = tuple(line.line_no for line in restated), {line.line_no for line in stored.lines}
    dropped = (line for line in restated if line.line_no not in known)
    lines = (*stored.lines, *dropped)
    row = evolve(stored, conflict=True, authority_time=latest, restated=numbers, lines=lines)
    if row == stored:
        return RuleChange(RuleOutcome.STALE, stored, stored)
    return RuleChange(RuleOutcome.CONFLICT, row, stored, touches_of(stored, row, references))


def _applied(references: References, entity: RuleEntity, stored: RuleEntity | None) -> RuleChange:
    touches = touches_of(stored, entity, references)
    return RuleChange(RuleOutcome.APPLIED, entity, stored, touches, settles=_settles(references, entity))


def _licence_change(references: References, licence: Licence, stored: Licence) -> RuleChange:
    if licence.version == stored.version:
        if stored.conflict or evolve(licence, conflict=False) == (stored.as_issued or stored):
            return RuleChange(RuleOutcome.STALE, stored, stored)
        return contradicted(references, stored, licence)
    if licence.version < stored.version:
        return RuleChange(RuleOutcome.STALE, stored, stored)
    if licence.authority_time < stored.authority_time:
        return RuleChange(RuleOutcome.OLDER_AUTHORITY, stored, stored)
    conflict = stored.conflict and licence.authority_time <= stored.authority_time
    restated = stored.restated if conflict else ()
    return _applied(references, evolve(licence, conflict=conflict, restated=restated), stored)


def _notice_change(references: References, notice: Notice, stored: Notice | None, as_of: datetime) -> RuleChange:
    row, tolerance = notice, timedelta(minutes=references.policy.future_event_tolerance_minutes)
    if notice.lifted and stored is not None and not stored.lifted and notice.recorded_at > as_of + tolerance:
        ends_at = min(stored.ends_at or notice.recorded_at, notice.recorded_at)
        row = evolve(stored, version=notice.version, ends_at=ends_at, lift_reason=notice.lift_reason)
    elif notice.lifted and stored is not None:
        row = evolve(stored, version=notice.version, lifted=True, lift_reason=notice.lift_reason)
    elif stored is not None and not stored.lifted and notice.starts_at is None and stored.starts_at is None:
        # A revision goes on with the same notice: what was granted since its start still answers it (D6.6).
        row = evolve(notice, recorded_at=min(stored.recorded_at, notice.recorded_at))
    was, now = stored is not None and notices.in_effect(stored, as_of), notices.in_effect(row, as_of)
    event = NoticeEvent.IN_EFFECT if now else NoticeEvent.ENDED if was else None
    settles = () if notice.lifted else _settles(references, notice)
    touches = NOBODY if row.lifted and (stored is None or stored.lifted) else touches_of(stored, row, references)
    return RuleChange(RuleOutcome.APPLIED, row, stored, touches, notice_event=event, settles=settles)


def _settles(references: References, entity: RuleEntity) -> tuple[str, ...]:
    """D8.5: broken upserts of the same key, and broken events of an unknown type where such a kind travels."""
    kind = kind_of(entity)
    of_reference_topic = kind not in (RuleKind.LICENCE, RuleKind.NOTICE)
    broken = references.unreadable_for(kind, entity_key(entity))
    return tuple(
        rule.quarantine_id for rule in broken if (rule.was_upsert if rule.kind is not None else of_reference_topic)
    )


def unreadable_touches(rule: UnreadableRule, references: References) -> Touches:
    """Whom a broken rule event touches when it comes and again when it is settled (D8.4)."""
    if rule.kind in STOPPING_KINDS:
        return EVERYTHING
    if rule.kind is None or rule.key is None:
        return NOBODY
    if rule.kind is RuleKind.FEED:
        # By its feeds only what is held for their age can be found; this is rare, so everybody is looked at.
        return EVERYTHING if rule.key in references.policy.feed_max_age_hours else NOBODY
    return entity_touches(rule.kind, rule.key, references)


def unreadable_alerts(rule: UnreadableRule) -> tuple[Alert, ...]:
    """NOTICE_UNREADABLE for a broken notice, list entry or control, and for what may be one (D8.4, D4.9)."""
    if rule.kind not in STOPPING_KINDS:
        return ()
    about = rule.kind.value if rule.kind is not None else "unknown"
    detail = {"event": rule.event_key, "kind": about, "quarantine_id": rule.quarantine_id}
    return (Alert(AlertKind.NOTICE_UNREADABLE, detail, subject=rule.key or rule.event_key),)


def boundaries(entity: RuleEntity) -> tuple[datetime, ...]:
    """Instants at which `entity` begins or ceases to act by its own dates, ascending (D7.1, design.md §4).

    At each of them it is a due rule change for those that `touches_of(entity, entity, references)` gives.
    """
    return tuple(sorted(set(_boundaries(entity))))


def _boundaries(entity: RuleEntity) -> Iterator[datetime]:
    match entity:
        case Notice():
            if not entity.lifted:
                yield from (at for at in (entity.starts_at, entity.ends_at) if at is not None)
        case ListEntry() | Control():
            yield from window_instants(entity.effective_from, entity.effective_until, entity.suspensions)
        case Licence():
            yield from window_instants(entity.valid_from, entity.valid_until)
        case Statement():
            yield from window_instants(entity.valid_until, entity.valid_until)[1:]
        case _:
            return
