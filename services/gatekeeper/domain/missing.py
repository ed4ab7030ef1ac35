"""MISSING_DATA: what the decision needs and nobody gave (D3.12); ITEM_UNCLASSIFIED: what nobody has judged yet."""

from __future__ import annotations

from collections.abc import Iterator

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.leaving import has_left, left_unlicensed, stays_open
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.subjects import about_line, listed, missing
from services.gatekeeper.domain.vocabulary import Balance, Classification, Movement, Place

NEEDED_PARTIES = ("importer", "end_user")
NEEDS_LITTLE = ", ".join((Movement.DOMESTIC, Movement.INTO_BONDED))
UNJUDGED = frozenset({Classification.UNCLASSIFIED, Classification.CONSULTATION_PENDING})


def missing_data(case: Case) -> Iterator[Finding]:
    """Exporter, movement and lines always; what leaves the territory also needs a destination, a day and parties.

    A party id that says nothing to anybody: lists.undescribed_parties. The consignee, net quantity and value are asked
    for by the licence that needs them (matching.py). The planned day is of no use any more once the goods are gone.

    While nobody has told the movement, everything is named that one which needs a licence would need: detail `unless`
    says with which movements the field is not needed.
    """
    if case.exporter_id is None:
        yield missing("exporter_id")
    if case.shipment is not None and case.movement is None:
        yield missing("movement")
    if not case.lines:
        yield missing("lines")
    if case.leaves_territory:
        yield from _missing_abroad(case)
    elif case.movement is None:
        for finding in _missing_abroad(case):
            yield evolve(finding, detail={**finding.detail, "unless": NEEDS_LITTLE})


def item_unclassified(case: Case) -> Iterator[Finding]:
    """Item unknown, unclassified, in consultation, or CONTROLLED without a code (ECR 14(4)).

    After departure only for a line on which nothing is booked, or while the hold that it left with is open (D1.6).
    """
    if not case.leaves_territory:
        return
    booked = {draw.line_no for draw in _draws(case) if draw.balance is Balance.CONSUMED}
    for line in case.lines:
        if _is_classified(line):
            continue
        detail = {
            "item_no": line.item_no,
            "classification": line.item.classification.value if line.item is not None else "unknown",
            "control_codes": listed(line.item.control_codes) if line.item is not None else None,
        }
        finding = about_line(Reason.ITEM_UNCLASSIFIED, line, detail)
        settled = has_left(case) and (line.line_no in booked or left_unlicensed(case, line))
        if not settled or stays_open(case, finding):
            yield finding


def _missing_abroad(case: Case) -> Iterator[Finding]:
    """What a movement that needs a licence needs besides (D3.1, D3.12)."""
    yield from _missing_day(case)
    for line in case.lines:
        yield from _missing_in(case, line)


def _missing_day(case: Case) -> Iterator[Finding]:
    if case.shipment is not None:
        if case.place is Place.BEFORE_DEPARTURE and case.shipment.progress.planned_departure is None:
            yield missing("planned_departure")
    elif case.order is not None and (case.order.facts is None or case.order.facts.planned_export_date is None):
        yield missing("planned_export_date")


def _missing_in(case: Case, line: CaseLine) -> Iterator[Finding]:
    """While the movement isn't known, neither is it whether a controlled item's line needs a licence."""
    needs_use = line.needs_licence if case.leaves_territory else _is_controlled(line)
    if line.destination is None:
        yield missing("destination", line)
    for role in NEEDED_PARTIES:
        if role not in line.parties:
            yield missing(f"parties.{role}", line)
    if needs_use and (line.end_use is None or line.end_use.code is None):
        yield missing("end_use", line)


def _is_controlled(line: CaseLine) -> bool:
    return line.item is not None and line.item.classification is Classification.CONTROLLED


def _is_classified(line: CaseLine) -> bool:
    if line.item is None or line.item.classification in UNJUDGED:
        return False
    return line.item.classification is not Classification.CONTROLLED or bool(line.item.control_codes)


def _draws(case: Case) -> tuple[Draw, ...]:
    return case.shipment.draws if case.shipment is not None else ()
