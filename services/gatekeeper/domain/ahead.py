"""Rule events that are dated ahead: whether they act at once or when their time comes (D7.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.narrowing import narrowed_item, narrowed_licence, narrowed_statement
from services.gatekeeper.domain.rule_entities import (
    Control,
    Feed,
    Item,
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

    What can only add a hold acts at once: a notice, a new list entry or control, a licence that is not ACTIVE or that
    contradicts the stored one of its version, a statement that is not VALID. Of what waits, `worse_at_once` says what
    acts meanwhile. A notice's own `effective_from`, and a lift dated ahead, are the rulebook's.
    """
    if said_at <= as_of + tolerance:
        return False
    match entity:
        case Notice() | Feed():
            return False
        case ListEntry() | Control():
            return stored is not None
        case Licence():
            same_version = stored is not None and stored.version == entity.version
            return entity.status is LicenceStatus.ACTIVE and not same_version
        case Statement():
            return entity.status is StatementStatus.VALID
        case _:
            return True


def worse_at_once(entity: RuleEntity, stored: RuleEntity | None) -> RuleEntity | None:
    """`stored` with what `entity`, which waits for its time, makes worse; None when that is nothing (D7.3).

    It keeps the stored version and times, so that `entity` replaces it whole when its time comes. A version that will
    be ignored then makes nothing worse now (D4.6, D8.1).
    """
    if stored is None or entity.version <= stored.version:
        return None
    narrowed: RuleEntity = stored
    match entity, stored:
        case Licence(), Licence():
            if entity.authority_time >= stored.authority_time:
                narrowed = narrowed_licence(stored, entity)
        case Item(), Item():
            narrowed = narrowed_item(stored, entity)
        case Statement(), Statement():
            narrowed = narrowed_statement(stored, entity)
    if narrowed == stored:
        return None
    if isinstance(narrowed, Licence) and isinstance(stored, Licence):
        return evolve(narrowed, as_issued=stored.as_issued or stored)
    return narrowed
