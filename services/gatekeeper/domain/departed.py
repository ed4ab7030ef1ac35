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

A licence line that the newest version of its licence has dropped is asked the same; for what left RELEASED it stands
as far as the release drew on it, and no further, and for what left while held it fits nothing (dropped.py).

What several licences gave together (D3.7) is consumed on each, and each is asked for its own part; a correction is
spread in proportion, and where one of them has too little for that, the others give more.

A line that was released without a licence, because none was needed, isn't asked for one because its item is judged
otherwise after it left; only another item is a changed fact. One that has become of concern by changed facts is
asked for one (CATCH_ALL).

An unlisted item of concern (CATCH_ALL) is judged alike by the licences that name it: whether one fits the line is all
that is asked, and none that misses is told. It is booked on one all the same when it left while held, and one that left
lawfully without a licence is booked once its facts changed and a licence covers the new ones.

A suspension, return, change or conflict that the authority dated after the departure is no reason for that day (D7.2).
"""

from __future__ import annotations

from collections.abc import Sequence

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.booked import Outcome, fractions_of, judge_booked, on_the_day
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.catch_all import concern_of, left_without
from services.gatekeeper.domain.combining import fitting, parts
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.holds import finding_of
from services.gatekeeper.domain.leaving import BOOKABLE, contesting, left_unlicensed, released_at_departure
from services.gatekeeper.domain.matching import Judgement
from services.gatekeeper.domain.plan import (
    NoticesByLine,
    Plan,
    asks,
    current_draws,
    nearest_told,
    possible_for,
    reasons_of,
    taken_by,
)
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import Room, order_draws, place_of
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.selection import answers, nearest
from services.gatekeeper.domain.vocabulary import Balance


def plan_departed(case: Case, notices: NoticesByLine) -> Plan:
    """CONSUMED draws of the lines that fit the day of departure; `booking` for every line that has or needs one."""
    outcome = Outcome(Room(case))
    for line in case.lines:
        against = notices.get(line.line_no, ())
        current = current_draws(case, line)
        booked = tuple(draw for draw in current if draw.balance is Balance.CONSUMED)
        possible = possible_for(case, line, against) if asks(case, line, against) else ()
        outcome.candidates += possible
        if stays := _stay_as_they_were(case, line, booked, against):
            outcome.findings += stays
            outcome.booking += booked
        elif booked:
            judge_booked(case, outcome, line, booked, possible, against)
        elif not left_unlicensed(case, line) or (concern_of(case, line) and not left_without(case, line)):
            _judge_unbooked(case, outcome, line, current, possible, against)
        elif answering := tuple(found for found in possible if answers(found.licence, against)):
            # It left lawfully without a licence; one that answers a notice may lift that (D6.6), none is asked for.
            _judge_unbooked(case, outcome, evolve(line, needs_licence=False), current, answering, against)
    return Plan(
        tuple(outcome.draws),
        tuple(outcome.findings),
        tuple(outcome.candidates),
        tuple(outcome.booking),
        outcome.nearest,
    )


def _stay_as_they_were(
    case: Case, line: CaseLine, booked: tuple[Draw, ...], against: tuple[Notice, ...]
) -> tuple[Finding, ...]:
    """What stays open about a line for which no licence is asked any more, though its goods left on one (D1.6).

    Another item, another movement or another classification after the departure is no licence that fits that day; what
    was of concern and isn't any more (CATCH_ALL) is.
    """
    if not booked or asks(case, line, against):
        return ()
    return tuple(finding_of(hold) for hold in contesting(case, line, booked) if hold.reason is not Reason.CATCH_ALL)


def _judge_unbooked(
    case: Case,
    outcome: Outcome,
    line: CaseLine,
    current: tuple[Draw, ...],
    possible: tuple[Candidate, ...],
    against: tuple[Notice, ...],
) -> None:
    judgements = [on_the_day(case, line, candidate, outcome.room, current) for candidate in possible]
    best = fitting(case, line, judgements, current, outcome.room, against, order_draws(case, line))
    if best:
        outcome.stands(case, best)
        return
    outcome.nearest[line.line_no] = nearest_told(judgements)
    if line.needs_licence:
        outcome.findings += reasons_of(case, line, judgements)
    if line.needs_licence or (concern_of(case, line) and not released_at_departure(case)):
        anyway = _booked_anyway(judgements, current)
        if anyway:
            outcome.booking += taken_by(case, outcome.room, anyway, Balance.CONSUMED)


def _booked_anyway(judgements: Sequence[Judgement], current: tuple[Draw, ...]) -> tuple[Judgement, ...]:
    """What takes the consumption although it doesn't fit: the nearest, or what had reserved together (D4.7)."""
    bookable = [judgement for judgement in judgements if _bookable(judgement)]
    reserved = [one for one in bookable if any(place_of(draw) == one.candidate.key for draw in current)]
    if len(current) > 1 and len(reserved) == len(current):
        return parts(reserved, fractions_of(reserved, current))
    closest = nearest(bookable)
    return () if closest is None else (closest,)


def _bookable(judgement: Judgement) -> bool:
    """What it would draw is known; then UNIT_NOT_CONVERTIBLE is about a period limit, part of the balance."""
    but_for = BOOKABLE | {Reason.UNIT_NOT_CONVERTIBLE}
    return judgement.amounts is not None and all(found.reason in but_for for found in judgement.findings)
