"""Which licence lines may cover a line at all (D3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine
from services.gatekeeper.domain.vocabulary import DEPARTED_PLACES, LicenceStatus


@dataclass(frozen=True, slots=True)
class Candidate:
    """One licence line; `covers_all`: every code in force of the line (of an unlisted item: the item) is on it."""

    licence: Licence
    line: LicenceLine
    covers_all: bool

    @property
    def key(self) -> tuple[str, int]:
        return self.licence.licence_no, self.line.line_no


def judged_day(case: Case) -> date:
    """The day on which a successor must have begun: today, after departure its day."""
    return case.days[0] if case.place in DEPARTED_PLACES else case.today


def candidates_of(case: Case, line: CaseLine) -> tuple[Candidate, ...]:
    """The licence lines that `line` is matched against, by licence number and line; () when there is none.

    Named licences are the only candidates as far as they exist, with all their lines; else the exporter's licences with
    a line that names one of the codes in force or, without codes, the item. DRAFT is not there; a superseded licence
    isn't either, once its successor has begun.
    """
    day = judged_day(case)
    if line.licences:
        licences = _named(case.references, line.licences, day)
        return tuple(_pair(licence, granted, line) for licence in licences for granted in _lines(licence))
    if case.exporter_id is None:
        return ()
    found = case.references.licences_covering(case.exporter_id, line.codes_in_force, line.item_no)
    return tuple(
        _pair(licence, granted, line)
        for licence in found
        if licence.exporter_id == case.exporter_id and _is_there(case.references, licence, day)
        for granted in _lines(licence)
        if _names(granted, line)
    )


def named_licences(references: References, numbers: Iterable[str]) -> frozenset[str]:
    """`numbers` and every licence that may stand for one of them through `supersedes`, however long the chain."""
    seen: set[str] = set()
    waiting = list(numbers)
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            waiting.extend(licence.licence_no for licence in references.successors(number))
    return frozenset(seen)


def supersedes_now(licence: Licence, day: date) -> bool:
    """Whether `licence` has taken the place of what it supersedes on `day` (D3.3).

    Once begun it keeps that place: a successor that is revoked or suspended later doesn't bring its predecessor back.
    """
    return licence.status is not LicenceStatus.DRAFT and licence.valid_from <= day


def covers(granted: LicenceLine, line: CaseLine) -> bool:
    """Whether one licence line covers every code in force of `line`, or its item when it has none (D3.2, D3.4)."""
    if granted.item_nos and line.item_no not in granted.item_nos:
        return False
    if not granted.control_codes:
        return bool(granted.item_nos)
    if not line.codes_in_force:
        return bool(granted.item_nos)
    return set(line.codes_in_force) <= set(granted.control_codes)


def _pair(licence: Licence, granted: LicenceLine, line: CaseLine) -> Candidate:
    return Candidate(licence, granted, covers(granted, line))


def _lines(licence: Licence) -> Iterator[LicenceLine]:
    yield from sorted(licence.lines, key=lambda granted: granted.line_no)


def _names(granted: LicenceLine, line: CaseLine) -> bool:
    if granted.control_codes and line.codes_in_force:
        return not set(granted.control_codes).isdisjoint(line.codes_in_force)
    return line.item_no in granted.item_nos


def _is_there(references: References, licence: Licence, day: date) -> bool:
    if licence.status is LicenceStatus.DRAFT:
        return False
    return not any(supersedes_now(successor, day) for successor in references.successors(licence.licence_no))


def _named(references: References, numbers: Iterable[str], day: date) -> tuple[Licence, ...]:
    """What is named, with its successors; without what a successor has taken the place of."""
    there = (references.licence(number) for number in sorted(_followed(references, numbers, day)))
    return tuple(licence for licence in there if licence is not None and licence.status is not LicenceStatus.DRAFT)


def _followed(references: References, numbers: Iterable[str], day: date) -> set[str]:
    standing: set[str] = set()
    seen: set[str] = set()
    waiting = list(numbers)
    while waiting:
        number = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        successors = tuple(references.successors(number))
        waiting.extend(found.licence_no for found in successors)
        if not any(supersedes_now(found, day) for found in successors):
            standing.add(number)
    return standing
