"""Whom a change of a rule entity touches: a superset is fine, a miss would be a lost hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.gatekeeper.domain.names import normalise_name
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import (
    Control,
    Feed,
    FxRate,
    Item,
    Licence,
    ListEntry,
    MistakenIdentity,
    Notice,
    Party,
    RuleEntity,
    Statement,
)
from services.gatekeeper.domain.scope import field_terms
from services.gatekeeper.domain.terms import EVERYTHING, FAMILY, NAMED, NOBODY, Touches
from services.gatekeeper.domain.vocabulary import RuleKind


def touches_of(before: RuleEntity | None, after: RuleEntity, references: References) -> Touches:
    """Those whom the former version touches and those whom the new one touches, each alternative once.

    So the end of an effect and a narrower scope reach what they free (D6.4), and who moves from one list to the other
    is judged again wherever it is open (D5.4). A feed that turns out older than it was said to be becomes too old
    sooner, for everybody whose date it was (REFERENCE_UNAVAILABLE).
    """
    if isinstance(before, Feed) and isinstance(after, Feed) and after.as_of < before.as_of:
        return EVERYTHING
    versions = (after,) if before is None else (before, after)
    alternatives = [alternative for version in versions for alternative in _touches(version, references)]
    alternatives += _family_touches(before, after)
    return ((),) if () in alternatives else tuple(dict.fromkeys(alternatives))


def _family_touches(before: RuleEntity | None, after: RuleEntity) -> Touches:
    """Everybody in whose sums goods of an item count that is measured otherwise now (SPLIT_SUSPECTED)."""
    if not isinstance(before, Item) or not isinstance(after, Item) or before.unit_factors == after.unit_factors:
        return NOBODY
    return _one(f"{FAMILY}:{item.family}" for item in (before, after) if item.family)


def entity_touches(kind: RuleKind, key: str, references: References) -> Touches:
    """Those who use the entity with this key, whether anybody described it or not."""
    entity = references.entity(kind, key)
    if entity is not None:
        return _touches(entity, references)
    if kind is RuleKind.PARTY:
        return _one(_with_owned({key}, references))
    prefix = _PREFIXES.get(kind)
    return ((frozenset({f"{prefix}:{key}"}),),) if prefix is not None else NOBODY


_PREFIXES = {
    RuleKind.LICENCE: "licence",
    RuleKind.ITEM: "item",
    RuleKind.CONTROL: "code",
    RuleKind.STATEMENT: "statement",
    RuleKind.FEED: "feed",
}


def _touches(entity: RuleEntity, references: References) -> Touches:
    match entity:
        case Licence():
            return _licence_touches(entity, references)
        case Notice():
            return _notice_touches(entity, references)
        case Party():
            return _one(_party_terms(entity, references))
        case ListEntry():
            return _one(_entry_terms(entity, references))
        case Item():
            return _one((f"item:{entity.item_no}",))
        case Control():
            return _one((f"code:{entity.control_code}",))
        case Statement():
            return _one((f"statement:{entity.statement_no}",))
        case FxRate():
            return _one((f"fx:{entity.base}",))
        case Policy():
            return EVERYTHING
        case MistakenIdentity():
            return _one(_with_owned({entity.party_id}, references))
        case _:
            return _one((f"feed:{entity.feed}",))


def _one(terms: Iterable[str]) -> Touches:
    """Whoever has one of `terms`."""
    every = frozenset(terms)
    return ((every,),) if every else NOBODY


def _licence_touches(licence: Licence, references: References) -> Touches:
    """Who names, draws on or considers it or what it replaces; and the exporter's lines that it could cover (D3.3)."""
    numbers = frozenset(f"licence:{number}" for number in _lineage(licence, references))
    covered = frozenset(
        term
        for line in licence.lines
        for term in (*(f"code:{code}" for code in line.control_codes), *(f"item:{item}" for item in line.item_nos))
    )
    exporter = frozenset({f"exporter:{licence.exporter_id}"})
    return ((numbers,), (exporter, covered)) if covered else ((numbers,),)


def _lineage(licence: Licence, references: References) -> set[str]:
    """Its number and every one that it replaces, directly or by way of another."""
    found, waiting = {licence.licence_no}, list(licence.supersedes)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            older = references.licence(number)
            waiting.extend(older.supersedes if older is not None else ())
    return found


def _notice_touches(notice: Notice, references: References) -> Touches:
    """Everybody in scope. A party named by its registered name is found by its id too."""
    if notice.everything:
        return ((),)
    fields = field_terms(notice.scope)
    if not fields:
        # A scope that nothing selects by (a lift of an unknown notice, an HS prefix of one digit).
        return ((),) if notice.scope.hs_prefixes else NOBODY
    named = {party_id for value in notice.scope.parties for party_id in references.parties_named(value)}
    ids = frozenset(f"party:{party_id}" for party_id in named)
    parties = {f"name:{normalise_name(value)}" for value in notice.scope.parties}
    return (tuple(field | ids if not parties.isdisjoint(field) else field for field in fields),)


def _party_terms(party: Party, references: References) -> Iterator[str]:
    """It itself, under its id and its names, and whom it owns (D5.3)."""
    yield from _named((*party.names, *party.aliases))
    yield from _with_owned({party.party_id}, references)


def _entry_terms(entry: ListEntry, references: References) -> Iterator[str]:
    """Whom it names, whom these own, and with `name_match_threshold` everybody who may be alike (D5.1).

    Registered names are compared; of a name that only an event gives nothing is known here, so that all who give one
    are touched.
    """
    names = (*entry.names, *entry.aliases)
    yield from _named(names)
    threshold = references.policy.name_match_threshold
    if threshold is not None:
        yield NAMED
        yield from (f"party:{one.key}" for name in names for one in references.alike_parties(name, threshold))
    ids = {party_id for name in names for party_id in references.parties_named(name)}
    for identifier in entry.identifiers:
        ids |= references.parties_identified(identifier.scheme, identifier.value)
    yield from _with_owned(ids, references)


def _with_owned(ids: set[str], references: References) -> Iterator[str]:
    """The parties and all that they own, through any number of hands."""
    found, waiting = set(ids), list(ids)
    while waiting:
        for owned in references.owned_by(waiting.pop()) - found:
            found.add(owned)
            waiting.append(owned)
    yield from (f"party:{party_id}" for party_id in found)


def _named(names: Iterable[str]) -> Iterator[str]:
    yield from (f"name:{written}" for name in names if (written := normalise_name(name)))
