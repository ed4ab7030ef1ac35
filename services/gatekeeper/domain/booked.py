"""Consumption that is booked: what is asked of it again, and who takes it over (D1.6, D1.7; departed.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.asked import booked_value, is_as_asked, keeps_quantity, keeps_value
from services.gatekeeper.domain.balance_reasons import balance_findings
from services.gatekeeper.domain.candidates import Candidate, covers
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.catch_all import left_as
from services.gatekeeper.domain.combining import SIZE, fitting, parts, spread
from services.gatekeeper.domain.dropped import dropped_line
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.findings import Detail
from services.gatekeeper.domain.fit import field_findings, status_findings
from services.gatekeeper.domain.lacking import booked_on, lacking
from services.gatekeeper.domain.leaving import BALANCE, STATUS, is_contested, was_open_when_leaving
from services.gatekeeper.domain.matching import Judgement, judge, measured
from services.gatekeeper.domain.plan import asks, nearest_told, reasons_of, taken_by
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import LineKey, Room, place_of
from services.gatekeeper.domain.room_amounts import draw_amounts
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.selection import answers
from services.gatekeeper.domain.shares import rounded
from services.gatekeeper.domain.vocabulary import Balance


@dataclass(slots=True)
class Outcome:
    """What judging departed goods has come to, line by line."""

    room: Room
    draws: list[Draw] = field(default_factory=list)
    booking: list[Draw] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    nearest: dict[int, Detail] = field(default_factory=dict)

    def stands(self, case: Case, best: Sequence[Judgement]) -> None:
        taken = taken_by(case, self.room, best, Balance.CONSUMED)
        self.draws += taken
        self.booking += taken


def judge_booked(
    case: Case,
    outcome: Outcome,
    line: CaseLine,
    booked: tuple[Draw, ...],
    possible: tuple[Candidate, ...],
    against: tuple[Notice, ...],
) -> None:
    drawn = [found for draw in booked if (found := _drawn_candidate(case, line, draw)) is not None]
    if len(drawn) < len(booked) or not asks(case, line, against):
        outcome.draws += booked
        outcome.booking += booked
        return
    room = outcome.room
    contested = is_contested(case, line, booked)
    standing = _standing(case, line, drawn, room, booked, contested=contested)
    places = {candidate.key for candidate in drawn}
    others = [on_the_day(case, line, one, room, booked) for one in possible if one.key not in places]
    whole = standing if len(drawn) == 1 else [on_the_day(case, line, one, room, booked) for one in drawn]
    best = fitting(case, line, [*whole, *others], booked, room, against)
    changed = _is_changed({found.reason for one in standing for found in one.findings})
    answering = bool(best) and all(answers(one.candidate.licence, against) for one in best)
    if all(one.fits for one in standing) and not (answering and _answer_less(standing, against)):
        outcome.stands(case, standing)
    elif best and (contested or changed or answering):
        outcome.stands(case, best)
    else:
        told = [found for one in standing for found in one.findings]
        # Of several licences each must give its part: the one that fits is not the nearest of them.
        alone = contested and len(standing) == 1
        if line.needs_licence:
            outcome.findings += reasons_of(case, line, [*standing, *others]) if alone else told
        else:
            at = standing[0].candidate
            on = {**booked_on(at.licence.licence_no, at.line.line_no), **lacking(told)}
            outcome.nearest[line.line_no] = nearest_told([*standing, *others]) if alone else on
        outcome.booking += taken_by(case, room, standing, Balance.CONSUMED) or _kept(case, room, standing, booked)


def _is_changed(reasons: AbstractSet[Reason]) -> bool:
    """Whether facts did, so that another licence may take over; of a revoked one not because a quantity grew too."""
    revoked = Reason.LICENCE_REVOKED in reasons
    return bool(reasons - BALANCE - {Reason.LICENCE_REVOKED} if revoked else reasons)


def _answer_less(standing: Iterable[Judgement], against: tuple[Notice, ...]) -> bool:
    return not all(answers(one.candidate.licence, against) for one in standing)


def _standing(
    case: Case,
    line: CaseLine,
    drawn: Sequence[Candidate],
    room: Room,
    booked: tuple[Draw, ...],
    *,
    contested: bool,
) -> tuple[Judgement, ...]:
    """What is booked, judged in full when it is contested; of several licences each for its own part of the line.

    In proportion to what is booked (D4.1); where one of them has too little for that, the others give more. Where the
    parts can't be told, neither can it be told whether one is too much: what is unknown holds.
    """
    if not contested and all(is_as_asked(line, one, draw) for one, draw in zip(drawn, booked, strict=True)):
        return tuple(_unchanged(case, line, one, draw) for one, draw in zip(drawn, booked, strict=True))
    judge_whole = _measured_on_the_day if contested else _stands_still
    judgements = tuple(judge_whole(case, line, candidate, room, booked) for candidate in drawn)
    if len(judgements) == 1:
        return judgements if contested else (_without_size(judgements[0], judgements[0], line, room, booked[0]),)
    if any(one.amounts is None for one in judgements):
        return tuple(evolve(one, findings=_but_for_size(one)) for one in judgements)
    stood = {place_of(draw): None if contested else draw for draw in booked}
    wholes = sorted(judgements, key=lambda one: one.candidate.key)
    sized = parts(wholes, fractions_of(wholes, booked))
    judged = tuple(
        _without_size(whole, part, line, room, stood[part.candidate.key])
        for whole, part in zip(wholes, sized, strict=True)
    )
    told = [found for one in judged for found in one.findings]
    too_little = bool(told) and all(found.reason in SIZE for found in told)
    return (spread(line, wholes, booked, room) if too_little else ()) or judged


def _without_size(whole: Judgement, part: Judgement, line: CaseLine, room: Room, booked: Draw | None) -> Judgement:
    """`part` with the reasons of the whole, but for its size, which is its own."""
    return evolve(part, findings=(*_but_for_size(whole), *_size_findings(part, line, room, booked)))


def _but_for_size(whole: Judgement) -> tuple[Finding, ...]:
    return tuple(found for found in whole.findings if found.reason not in SIZE)


def _size_findings(part: Judgement, line: CaseLine, room: Room, booked: Draw | None) -> Iterator[Finding]:
    """Whether it is too much; where something is `booked`, only as far as it grew (D1.7).

    A period limit is part of the balance (§2): what a correction adds must fit into the period of the departure, too.
    """
    quantity, value = part.quantity, part.value
    if booked is not None:
        amounts = draw_amounts(booked)
        quantity = quantity if quantity is not None and quantity > amounts.quantity else None
        value = value if value is not None and value.amount > amounts.value else None
    yield from balance_findings(line, part.candidate, room, quantity, value)


def _kept(case: Case, room: Room, standing: Sequence[Judgement], booked: tuple[Draw, ...]) -> tuple[Draw, ...]:
    """What is booked stays booked although nobody can tell any more how much it should be."""
    room.take(standing[0].line, {place_of(draw): draw_amounts(draw) for draw in booked})
    return booked


def _drawn_candidate(case: Case, line: CaseLine, booked: Draw) -> Candidate | None:
    """The licence line on which it is booked, or what stands of it where the licence dropped it; None: no licence."""
    licence = case.references.licence(booked.licence_no)
    if licence is None:
        return None
    granted = next((granted for granted in licence.lines if granted.line_no == booked.licence_line), None)
    if granted is None:
        return dropped_line(case, line, licence, booked)
    return Candidate(licence, granted, covers(granted, line) or _is_unlisted_since(case, line))


def _is_unlisted_since(case: Case, line: CaseLine) -> bool:
    """Whether it is the item that was released, judged otherwise since; only another item is a changed fact (D1.7)."""
    left = left_as(case, line)
    return not line.needs_licence and left is not None and left.item_no == line.item_no


def _stands_still(case: Case, line: CaseLine, drawn: Candidate, room: Room, booked: tuple[Draw, ...]) -> Judgement:
    """The booked licence line asked only what D1.7 asks again, but for the balance (`_size_findings`).

    Of a single draw the quantity or the value that the line still asks stays as it is booked.
    """
    quantity, value, unknown = measured(case, line, drawn, booked)
    known = set()
    if len(booked) == 1 and keeps_quantity(line, drawn, booked[0]):
        quantity = Fraction(booked[0].quantity.value)
        known.add(Reason.UNIT_NOT_CONVERTIBLE)
    if len(booked) == 1 and keeps_value(line, drawn, booked[0]):
        value = booked_value(booked[0])
        known.add(Reason.FX_UNAVAILABLE)
    open_still = (found for found in unknown if found.reason not in known)
    return Judgement(line, drawn, (*_asked_again(case, line, drawn), *open_still), quantity, value)


def _unchanged(case: Case, line: CaseLine, drawn: Candidate, booked: Draw) -> Judgement:
    """What is booked, as large as it is, whatever the item's factors say by now: no question of the balance (D1.7)."""
    findings = _asked_again(case, line, drawn)
    return Judgement(line, drawn, findings, Fraction(booked.quantity.value), booked_value(booked))


def _asked_again(case: Case, line: CaseLine, drawn: Candidate) -> tuple[Finding, ...]:
    """Whether it was revoked, and the fields that the licence line fixes (D1.7)."""
    revoked = (found for found in status_findings(line, drawn) if found.reason is Reason.LICENCE_REVOKED)
    return (*revoked, *field_findings(case, line, drawn))


def on_the_day(case: Case, line: CaseLine, candidate: Candidate, room: Room, current: tuple[Draw, ...]) -> Judgement:
    """The full judgement, without what the authority did to the licence only after the departure."""
    judgement = judge(case, line, candidate, room, current)
    departed_at = case.shipment.progress.departed_at if case.shipment is not None else None
    if departed_at is None or candidate.licence.authority_time <= departed_at:
        return judgement
    findings = tuple(
        finding
        for finding in judgement.findings
        if finding.reason not in STATUS or was_open_when_leaving(case, finding)
    )
    return evolve(judgement, findings=findings)


def _measured_on_the_day(
    case: Case, line: CaseLine, drawn: Candidate, room: Room, booked: tuple[Draw, ...]
) -> Judgement:
    """Of a licence line that doesn't cover the item, too, how much is booked there: corrections count on (D4.1)."""
    judgement = on_the_day(case, line, drawn, room, booked)
    if drawn.covers_all:
        return judgement
    quantity, value, _ = measured(case, line, drawn, booked)
    return evolve(judgement, quantity=quantity, value=value)


def fractions_of(judgements: Iterable[Judgement], draws: tuple[Draw, ...]) -> dict[LineKey, Fraction]:
    """In which proportion `draws` cover a line, of which the judgements know what it is in the unit of each."""
    drawn = {place_of(draw): Fraction(draw.quantity.value) for draw in draws}
    wholes = {one.candidate.key: one.quantity for one in judgements if one.quantity is not None}
    covered = {key: drawn[key] / wholes[key] for key in sorted(wholes)}
    whole = sum(covered.values(), Fraction(0))
    return dict(
        zip(covered, rounded([one / whole for one in covered.values()], [wholes[key] for key in covered]), strict=True)
    )
