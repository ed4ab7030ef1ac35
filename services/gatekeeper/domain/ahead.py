"""Rule events that are dated ahead: whether they act at once or when their time comes (D7.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.narrowing import narrowed_item, narrowed_licence, narrowed_statement
from services.gatekeeper.domain.notices import ended
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
from services.gatekeeper.domain.widening import bans_at_once, widened_control, widened_entry, widened_notice


def waits_for_its_time(
    entity: RuleEntity, stored: RuleEntity | None, said_at: datetime, as_of: datetime, tolerance: timedelta
) -> bool:
    """Whether `entity`, dated `said_at`, acts only then; `stored` is the version that stands.

    What can only add a hold acts at once: a notice, unless it revises one that is in effect or is to be, a new list
    entry, a licence that is not ACTIVE or that contradicts the stored one of its version, a statement that is not
    VALID. A code counts as in force until somebody describes it (D3.2), so that its first version may free goods, and
    a refresh of a feed can do nothing else. Of what waits, `worse_at_once` says what acts meanwhile. A notice's own
    `effective_from`, and a lift dated ahead, are the rulebook's.
    """
    if said_at <= as_of + tolerance:
        return False
    match entity:
        case Notice():
            return isinstance(stored, Notice) and not stored.lifted and not entity.lifted and not ended(stored, as_of)
        case ListEntry():
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
    be ignored then makes nothing worse now (D4.6, D8.1). Of a code that nobody has described the bans alone act.
    """
    if stored is None:
        return bans_at_once(entity) if isinstance(entity, Control) else None
    if entity.version <= stored.version:
        return None
    narrowed = _narrowed(entity, stored)
    if narrowed == stored:
        return None
    if isinstance(narrowed, Licence) and isinstance(stored, Licence):
        return evolve(narrowed, as_issued=stored.as_issued or stored)
    return narrowed


def _narrowed(entity: RuleEntity, stored: RuleEntity) -> RuleEntity:
    match entity, stored:
        case Licence(), Licence():
            return narrowed_licence(stored, entity) if entity.authority_time >= stored.authority_time else stored
        case Item(), Item():
            return narrowed_item(stored, entity)
        case Statement(), Statement():
            return narrowed_statement(stored, entity)
        case Notice(), Notice():
            return widened_notice(stored, entity)
        case ListEntry(), ListEntry():
            return widened_entry(stored, entity)
        case Control(), Control():
            return widened_control(stored, entity)
        case Feed(), Feed():
            # A feed that turns out older than it was said to be becomes too old sooner.
            return evolve(stored, as_of=min(stored.as_of, entity.as_of))
        case _:
            return stored
