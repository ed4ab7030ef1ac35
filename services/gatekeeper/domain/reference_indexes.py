"""The indexes behind References: from what a decision knows to the keys of the entities that may concern it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.gatekeeper.domain.buckets import Buckets, Edit
from services.gatekeeper.domain.names import normalise_identifier, normalise_name
from services.gatekeeper.domain.policy import Policy
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
from services.gatekeeper.domain.scope import selector
from services.gatekeeper.domain.vocabulary import RuleKind

Rates = Buckets[tuple[str, str], tuple[FxRate, ...]]

_KINDS: dict[type, tuple[RuleKind, str]] = {
    Licence: (RuleKind.LICENCE, "licence_no"),
    Party: (RuleKind.PARTY, "party_id"),
    ListEntry: (RuleKind.LIST_ENTRY, "entry_id"),
    Item: (RuleKind.ITEM, "item_no"),
    Control: (RuleKind.CONTROL, "control_code"),
    Statement: (RuleKind.STATEMENT, "statement_no"),
    FxRate: (RuleKind.FX_RATE, "rate_id"),
    Feed: (RuleKind.FEED, "feed"),
    Notice: (RuleKind.NOTICE, "notice_id"),
    Policy: (RuleKind.POLICY, "key"),
    MistakenIdentity: (RuleKind.MISTAKEN_IDENTITY, "key"),
}


def kind_of(entity: RuleEntity) -> RuleKind:
    return _KINDS[type(entity)][0]


def entity_key(entity: RuleEntity) -> str:
    """The key under which the entity is upserted: licence number, party id, notice id …"""
    return str(getattr(entity, _KINDS[type(entity)][1]))


def licence_terms(licence: Licence) -> Iterator[str]:
    for line in licence.lines:
        yield from (f"code:{licence.exporter_id}\n{code}" for code in line.control_codes)
        yield from (f"item:{licence.exporter_id}\n{item_no}" for item_no in line.item_nos)
    yield from (f"supersedes:{number}" for number in licence.supersedes)


def party_terms(party: Party) -> Iterator[str]:
    yield from _named((*party.names, *party.aliases))
    for identifier in party.identifiers:
        if written := normalise_identifier(identifier.scheme, identifier.value):
            yield f"identifier:{written}"
    yield from (f"owner:{owner.party_id}" for owner in party.owners)


def entry_terms(entry: ListEntry) -> Iterator[str]:
    yield from _named((*entry.names, *entry.aliases))
    for identifier in entry.identifiers:
        if written := normalise_identifier(identifier.scheme, identifier.value):
            yield f"identifier:{written}"


def notice_terms(notice: Notice) -> Iterable[str]:
    """One scope field's terms suffice to find it; "" for a notice that any case may meet."""
    if notice.lifted:
        return ()
    return selector(notice) or ("",)


def _named(names: Iterable[str]) -> Iterator[str]:
    yield from (f"name:{written}" for name in names if (written := normalise_name(name)))


class Index:
    """From a term to the keys of what has it."""

    __slots__ = ("_terms",)

    def __init__(self, terms: Buckets[str, frozenset[str] | set[str]] | None = None) -> None:
        self._terms: Buckets[str, frozenset[str] | set[str]] = terms or Buckets()

    def union(self, terms: Iterable[str]) -> set[str]:
        """The keys that have at least one of `terms`."""
        found: set[str] = set()
        for term in terms:
            keys = self._terms.get(term)
            if keys:
                found |= keys
        return found

    def sets(self) -> Iterator[frozenset[str] | set[str]]:
        return self._terms.values()

    def __bool__(self) -> bool:
        return bool(self._terms)

    def edit(self) -> IndexEdit:
        return IndexEdit(self._terms.edit())


class IndexEdit:
    """Copies the set of a term at its first change, so that the older index keeps its own."""

    __slots__ = ("_edit", "_own")

    def __init__(self, edit: Edit[str, frozenset[str] | set[str]]) -> None:
        self._edit = edit
        self._own: dict[str, set[str]] = {}

    def _members(self, term: str) -> set[str]:
        if term not in self._own:
            self._own[term] = set(self._edit.get(term) or ())
            self._edit.put(term, self._own[term])
        return self._own[term]

    def replace(self, key: str, before: Iterable[str], after: Iterable[str]) -> None:
        """`key` has the terms `after` instead of `before`."""
        old, new = set(before), set(after)
        for term in new - old:
            self._members(term).add(key)
        for term in old - new:
            members = self._members(term)
            members.discard(key)
            if not members:
                self._edit.drop(term)
                del self._own[term]

    def done(self) -> Index:
        return Index(self._edit.done())


@dataclass(frozen=True, slots=True)
class Indexes:
    licences: Index
    parties: Index
    entries: Index
    notices: Index
    rates: Rates

    @classmethod
    def empty(cls) -> Indexes:
        return cls(Index(), Index(), Index(), Index(), Buckets())

    def edit(self) -> IndexesEdit:
        return IndexesEdit(
            self.licences.edit(), self.parties.edit(), self.entries.edit(), self.notices.edit(), self.rates.edit()
        )


@dataclass(frozen=True, slots=True)
class IndexesEdit:
    licences: IndexEdit
    parties: IndexEdit
    entries: IndexEdit
    notices: IndexEdit
    rates: Edit[tuple[str, str], tuple[FxRate, ...]]

    def replace(self, before: RuleEntity | None, after: RuleEntity) -> None:
        """`after` stands where `before`, of the same kind and key, stood."""
        key = entity_key(after)
        match after:
            case Licence():
                self.licences.replace(key, licence_terms(before) if isinstance(before, Licence) else (),
                                      licence_terms(after))  # fmt: skip
            case Party():
                self.parties.replace(key, party_terms(before) if isinstance(before, Party) else (), party_terms(after))
            case ListEntry():
                self.entries.replace(key, entry_terms(before) if isinstance(before, ListEntry) else (),
                                     entry_terms(after))  # fmt: skip
            case Notice():
                self.notices.replace(key, notice_terms(before) if isinstance(before, Notice) else (),
                                     notice_terms(after))  # fmt: skip
            case FxRate():
                self._replace_rate(before if isinstance(before, FxRate) else None, after)
            case _:
                pass

    def _replace_rate(self, before: FxRate | None, after: FxRate) -> None:
        if before is not None:
            pair = (before.base, before.quote)
            self.rates.put(pair, tuple(rate for rate in self.rates.get(pair) or () if rate.rate_id != before.rate_id))
        pair = (after.base, after.quote)
        rates = (*(self.rates.get(pair) or ()), after)
        self.rates.put(pair, tuple(sorted(rates, key=lambda rate: (rate.as_of, rate.rate_id), reverse=True)))

    def done(self) -> Indexes:
        return Indexes(
            self.licences.done(), self.parties.done(), self.entries.done(), self.notices.done(), self.rates.done()
        )
