"""Licences by number and by what they cover; all of them, or as many as were asked for so far.

A gatekeeper serves more licences than it can hold in memory (a million are some two gigabytes). It keeps those that
its orders and shipments ask for: a number or term that nobody has asked for yet raises NotGathered, the transaction
loads it and goes on. What is known stays complete by deltas: a term that is known names every licence that has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from services.gatekeeper.domain.buckets import Buckets
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.term_index import Index

NUMBER = "licence-number"
TERM = "licence-term"
"""Kinds of NotGathered: a licence by its number, and all licences that have a term."""


def covering_terms(exporter_id: str, codes: Iterable[str], item_no: str) -> list[str]:
    """The terms of an exporter's licences that name one of `codes` or the item."""
    return [f"code:{exporter_id}\n{code}" for code in codes] + [f"item:{exporter_id}\n{item_no}"]


def superseding_term(licence_no: str) -> str:
    """The term of licences that replace `licence_no`."""
    return f"supersedes:{licence_no}"


def licence_terms(licence: Licence) -> Iterator[str]:
    """Every term by which a decision may look for `licence`."""
    for line in licence.lines:
        yield from (f"code:{licence.exporter_id}\n{code}" for code in line.control_codes)
        yield from (f"item:{licence.exporter_id}\n{item_no}" for item_no in line.item_nos)
    yield from map(superseding_term, licence.supersedes)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Immutable. `whole`: there are no licences but these, so nothing is ever missing.

    `numbers` and `terms` are those that are known, whether a licence has them or not.
    """

    whole: bool = True
    count: int = 0
    _licences: Buckets[str, Licence] = field(default_factory=Buckets)
    _index: Index = field(default_factory=Index)
    _numbers: Buckets[str, bool] = field(default_factory=Buckets)
    _terms: Buckets[str, bool] = field(default_factory=Buckets)

    def licence(self, licence_no: str) -> Licence | None:
        """None when there is none. Raises NotGathered when nobody has looked yet."""
        licence = self._licences.get(licence_no)
        if licence is None and not self.whole and not self._numbers.get(licence_no):
            raise NotGathered(NUMBER, licence_no)
        return licence

    def having(self, terms: Iterable[str]) -> tuple[Licence, ...]:
        """The licences that have at least one of `terms`, by number, in any status. Raises NotGathered."""
        several = list(terms)
        if not self.whole:
            for term in several:
                if not self._terms.get(term):
                    raise NotGathered(TERM, term)
        found = (self._licences.get(number) for number in sorted(self._index.union(several)))
        return tuple(licence for licence in found if licence is not None)

    def missing(self, numbers: Iterable[str], terms: Iterable[str]) -> tuple[list[str], list[str]]:
        """Those of `numbers` and of `terms` that nobody has looked for yet, sorted."""
        if self.whole:
            return [], []
        return (
            sorted({number for number in numbers if not self._numbers.get(number)}),
            sorted({term for term in terms if not self._terms.get(term)}),
        )

    def with_changes(self, licences: Iterable[Licence]) -> Shelf:
        """With newer versions; those that nobody has asked for, by number or by a term, are left out."""
        return self._with([licence for licence in licences if self.whole or self._is_asked_for(licence)])

    def with_loaded(self, licences: Collection[Licence], numbers: Iterable[str], terms: Iterable[str]) -> Shelf:
        """With all that there is under `numbers` and `terms`. A licence that is here already stays as it is."""
        fresh = [licence for licence in licences if self._licences.get(licence.licence_no) is None]
        return self._with(fresh, numbers, terms)

    def _is_asked_for(self, licence: Licence) -> bool:
        known = self._numbers.get(licence.licence_no)
        return bool(known) or any(self._terms.get(term) for term in licence_terms(licence))

    def _with(self, licences: Collection[Licence], numbers: Iterable[str] = (), terms: Iterable[str] = ()) -> Shelf:
        table, index, known, asked = (
            self._licences.edit(),
            self._index.edit(),
            self._numbers.edit(),
            self._terms.edit(),
        )
        count = self.count
        for licence in licences:
            before = table.get(licence.licence_no)
            count += before is None
            index.replace(licence.licence_no, () if before is None else licence_terms(before), licence_terms(licence))
            table.put(licence.licence_no, licence)
        if not self.whole:
            for number in (*numbers, *(licence.licence_no for licence in licences)):
                known.put(number, True)
            for term in terms:
                asked.put(term, True)
        return Shelf(self.whole, count, table.done(), index.done(), known.done(), asked.done())
