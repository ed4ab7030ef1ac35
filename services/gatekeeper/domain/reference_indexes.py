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
from services.gatekeeper.domain.term_index import Index, IndexEdit
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


@dataclass(frozen=True, slots=True)
class Indexes:
    parties: Index
    entries: Index
    notices: Index
    rates: Rates

    @classmethod
    def empty(cls) -> Indexes:
        return cls(Index(), Index(), Index(), Buckets())

    def edit(self) -> IndexesEdit:
        return IndexesEdit(self.parties.edit(), self.entries.edit(), self.notices.edit(), self.rates.edit())


@dataclass(frozen=True, slots=True)
class IndexesEdit:
    parties: IndexEdit
    entries: IndexEdit
    notices: IndexEdit
    rates: Edit[tuple[str, str], tuple[FxRate, ...]]

    def replace(self, before: RuleEntity | None, after: RuleEntity) -> None:
        """`after` stands where `before`, of the same kind and key, stood."""
        key = entity_key(after)
        match after:
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
        return Indexes(self.parties.done(), self.entries.done(), self.notices.done(), self.rates.done())
