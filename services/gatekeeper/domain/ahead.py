"""Rule events that are dated ahead: whether they act at once or when their time comes (D7.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.gatekeeper.domain.rule_entities import (
    Control,
    Feed,
    Licence,
    ListEntry,
    Notice,
    RuleEntity,
    Statement,
)
from services.gatekeeper.domain.vocabulary import LicenceStatus, StatementStatus


def waits_for_its_time(
    entity: RuleEntity, stored: RuleEntity | None, said_at: datetime, as_of: datetime, tolerance: timedelta
) -> bool:
    """Whether `entity`, dated `said_at`, acts only then; `stored` is the version that stands.

    What can only add a hold acts at once: a notice, a new list entry or control, a licence that is not ACTIVE, a
    statement that is not VALID. A notice's own `effective_from`, and a lift dated ahead, are the rulebook's.
    """
    if said_at <= as_of + tolerance:
        return False
    match entity:
        case Notice() | Feed():
            return False
        case ListEntry() | Control():
            return stored is not None
        case Licence():
            return entity.status is LicenceStatus.ACTIVE
        case Statement():
            return entity.status is StatementStatus.VALID
        case _:
            return True
