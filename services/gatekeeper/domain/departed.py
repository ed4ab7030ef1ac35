"""Goods that are gone, judged by the day of departure (D1.6, D1.7, D4.7).

A line whose consumption is not booked yet (it has no CONSUMED draw) is judged in full, as of that day: what fits is
what it draws on, else the nearest's reasons stand and the consumption is booked on the nearest licence line that fits
but for status, balance, uses or dates.

A line whose consumption is booked is asked again only what D1.7 names: the fields that its licence line fixes, whether
that licence was revoked, and the balance where a correction made the quantity or value larger. That it expires, is
suspended, or is used up by others is no reason any more. Unless it is *contested*: it left with a hold open that is
none of these (or with LICENCE_REVOKED), so that it is judged in full until it fits the day of departure (D1.6).

Another licence takes over the consumption when it fits in full on that day and the booked one doesn't fit what changed,
when the line is contested, or when it answers a notice against the line (D6.6). Nobody takes over because of a
revocation after departure. What stands or is booked counts against the next line as everywhere.

A line that was released without a licence, because none was needed, isn't asked for one because its item is judged
otherwise after it left; only another item is a changed fact.

A suspension, return, change or conflict that the authority dated after the departure is no reason for that day (D7.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.candidates import Candidate, covers
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.fit import field_findings, status_findings
from services.gatekeeper.domain.leaving import (
    BOOKABLE,
    STATUS,
    is_contested,
    left_unlicensed,
    was_open_when_leaving,
)
from services.gatekeeper.domain.matching import Judgement, balance_findings, judge, measured
from services.gatekeeper.domain.plan import (
    NoticesByLine,
    Plan,
    asks,
    current_draw,
    possible_for,
    reasons_of,
    taken_by,
)
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import Room, draw_amounts, order_draw
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.selection import answers, chosen, nearest
from services.gatekeeper.domain.vocabulary import Balance


@dataclass(slots=True)
class _Outcome:
    room: Room
    draws: list[Draw] = field(default_factory=list)
    booking: list[Draw] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)

    def stands(self, case: Case, best: Judgement) -> None:
        taken = taken_by(case, self.room, best, Balance.CONSUMED)
        self.draws += taken
        self.booking += taken


def plan_departed(case: Case, notices: NoticesByLine) -> Plan:
    """CONSUMED draws of the lines that fit the day of departure; `booking` for every line that has or needs one."""
    outcome = _Outcome(Room(case))
    for line in case.lines:
        against = notices.get(line.line_no, ())
        current = current_draw(case, line)
        booked = current if current is not None and current.balance is Balance.CONSUMED else None
        possible = possible_for(case, line, against) if asks(case, line, against) else ()
        outcome.candidates += possible
        if booked is not None:
            _judge_booked(case, outcome, line, booked, possible, against)
        elif not left_unlicensed(case, line):
            _judge_unbooked(case, outcome, line, current, possible, against)
        elif answering := tuple(found for found in possible if answers(found.licence, against)):
            # It left lawfully without a licence; one that answers a notice may lift that (D6.6), none is asked for.
            _judge_unbooked(case, outcome, evolve(line, needs_licence=False), current, answering, against)
    return Plan(tuple(outcome.draws), tuple(outcome.findings), tuple(outcome.candidates), tuple(outcome.booking))


def _judge_unbooked(
    case: Case,
    outcome: _Outcome,
    line: CaseLine,
    current: Draw | None,
    possible: tuple[Candidate, ...],
    against: tuple[Notice, ...],
) -> None:
    judgements = [_on_the_day(case, line, candidate, outcome.room, current) for candidate in possible]
    best = chosen(judgements, current, order_draw(case, line), against)
    if best is not None:
        outcome.stands(case, best)
    elif line.needs_licence:
        outcome.findings += reasons_of(case, line, judgements)
        closest = nearest(judgement for judgement in judgements if _bookable(judgement))
        if closest is not None:
            outcome.booking += taken_by(case, outcome.room, closest, Balance.CONSUMED)


def _judge_booked(
    case: Case,
    outcome: _Outcome,
    line: CaseLine,
    booked: Draw,
    possible: tuple[Candidate, ...],
    against: tuple[Notice, ...],
) -> None:
    drawn = _drawn_candidate(case, line, booked)
    if drawn is None or not line.needs_licence:
        outcome.draws.append(booked)
        outcome.booking.append(booked)
        return
    room = outcome.room
    others = [candidate for candidate in possible if candidate.key != drawn.key]
    contested = is_contested(case, line, booked)
    standing = (_on_the_day if contested else _stands_still)(case, line, drawn, room, booked)
    judgements = [standing, *(_on_the_day(case, line, candidate, room, booked) for candidate in others)]
    best = chosen(judgements, booked, None, against)
    changed = any(finding.reason is not Reason.LICENCE_REVOKED for finding in standing.findings)
    if best is not None and (best is standing or contested or changed or answers(best.candidate.licence, against)):
        outcome.stands(case, best)
        return
    outcome.findings += reasons_of(case, line, judgements) if contested else standing.findings
    outcome.booking += taken_by(case, room, standing, Balance.CONSUMED) or _kept(case, room, standing, booked)


def _kept(case: Case, room: Room, standing: Judgement, booked: Draw) -> tuple[Draw, ...]:
    """What is booked stays booked although nobody can tell any more how much it should be."""
    room.take(standing.line, standing.candidate, draw_amounts(booked))
    return (booked,)


def _drawn_candidate(case: Case, line: CaseLine, booked: Draw) -> Candidate | None:
    """None: the licence line on which it is booked is gone from the licence's newest version."""
    licence = case.references.licence(booked.licence_no)
    lines = licence.lines if licence is not None else ()
    granted = next((granted for granted in lines if granted.line_no == booked.licence_line), None)
    return None if licence is None or granted is None else Candidate(licence, granted, covers(granted, line))


def _stands_still(case: Case, line: CaseLine, drawn: Candidate, room: Room, booked: Draw) -> Judgement:
    """The booked licence line asked only what D1.7 asks again."""
    revoked = (found for found in status_findings(line, drawn) if found.reason is Reason.LICENCE_REVOKED)
    quantity, value, unknown = measured(case, line, drawn, booked)
    findings = [*revoked, *field_findings(case, line, drawn), *unknown]
    amounts = draw_amounts(booked)
    larger = quantity if quantity is not None and quantity > amounts.quantity else None
    dearer = value if value is not None and value.amount > amounts.value else None
    if larger is not None or dearer is not None:
        balance = balance_findings(line, drawn, room, larger, dearer)
        findings += [found for found in balance if found.reason is not Reason.PERIOD_LIMIT_EXCEEDED]
    return Judgement(line, drawn, tuple(findings), quantity, value)


def _on_the_day(case: Case, line: CaseLine, candidate: Candidate, room: Room, current: Draw | None) -> Judgement:
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


def _bookable(judgement: Judgement) -> bool:
    return judgement.amounts is not None and all(found.reason in BOOKABLE for found in judgement.findings)
