"""What each line would draw, and why it can't: the lines in order, each finding what those before it left (D3.5, D3.6).

Before departure, and for orders. Departed goods: departed.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.candidates import Candidate, candidates_of
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.catch_all import concern_of
from services.gatekeeper.domain.ceasing import uncontrolled_from
from services.gatekeeper.domain.combining import fitting
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.findings import Detail
from services.gatekeeper.domain.lacking import lacking
from services.gatekeeper.domain.matching import Judgement, judge
from services.gatekeeper.domain.nearness import UNLICENSED, nearest_findings, told_of
from services.gatekeeper.domain.notices import lines_matched, matching_notices
from services.gatekeeper.domain.order_rest import rest_of
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import Room, order_draws, own_draws
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.selection import answers, nearest
from services.gatekeeper.domain.subjects import about_line, listed, missing
from services.gatekeeper.domain.vocabulary import Balance

NoticesByLine = Mapping[int, tuple[Notice, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """`draws`: of each line that fits one, or several (D3.7).

    `booking`: what the ledger of departed goods should say, fit or not. `nearest`: see `Case`.
    """

    draws: tuple[Draw, ...] = ()
    findings: tuple[Finding, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    booking: tuple[Draw, ...] = ()
    nearest: Mapping[int, Detail] = field(default_factory=dict)


def release_notices(case: Case) -> NoticesByLine:
    """By line, the matching notices that a licence granted for them lifts (D6.6)."""
    by_line: dict[int, tuple[Notice, ...]] = {}
    for notice in matching_notices(case):
        if notice.release_by_licence:
            for line_no in lines_matched(notice, case):
                by_line[line_no] = (*by_line.get(line_no, ()), notice)
    return by_line


def plan_draws(case: Case, notices: NoticesByLine) -> Plan:
    """RESERVED draws for each line that fits licences; the nearest's reasons where one is needed and none fits."""
    room = Room(case)
    draws: list[Draw] = []
    findings: list[Finding] = []
    candidates: list[Candidate] = []
    closest: dict[int, Detail] = {}
    for line in case.lines:
        against = notices.get(line.line_no, ())
        if not asks(case, line, against):
            continue
        possible = possible_for(case, line, against)
        candidates += possible
        current = current_draws(case, line)
        judgements = [judge(case, line, candidate, room, current) for candidate in possible]
        best = fitting(case, line, judgements, current, room, against, order_draws(case, line))
        if best:
            draws += taken_by(case, room, best, Balance.RESERVED)
            continue
        closest[line.line_no] = nearest_told(judgements)
        if line.needs_licence:
            findings += reasons_of(case, line, judgements)
    return Plan(tuple(draws), tuple(findings), tuple(candidates), nearest=closest)


def asks(case: Case, line: CaseLine, against: tuple[Notice, ...]) -> bool:
    """Whether a licence is looked for: the line needs one, or a notice or CATCH_ALL against it is lifted by one.

    An order line of which shipments have taken everything has nothing to reserve any more (D4.1).
    """
    if case.order is not None and rest_of(case.references, case.order, line).is_nothing:
        return False
    return line.needs_licence or bool(against and case.leaves_territory) or bool(concern_of(case, line))


def possible_for(case: Case, line: CaseLine, against: tuple[Notice, ...]) -> tuple[Candidate, ...]:
    """The candidates; of a line that needs none those that name its item, for CATCH_ALL or a notice (D6.6)."""
    possible = candidates_of(case, line) if case.scene is None else case.scene.candidates[line.line_no]
    if line.needs_licence:
        return possible
    concern = concern_of(case, line)
    return tuple(
        candidate
        for candidate in possible
        if line.item_no in candidate.line.item_nos and (concern or answers(candidate.licence, against))
    )


def current_draws(case: Case, line: CaseLine) -> tuple[Draw, ...]:
    """What the line stands with now."""
    return tuple(draw for draw in own_draws(case) if draw.line_no == line.line_no)


def taken_by(case: Case, room: Room, taken: Sequence[Judgement], balance: Balance) -> tuple[Draw, ...]:
    """The draws of judgements that are taken for one line, with the room that they take away from the next line.

    (): the amounts of one of them can't be told.
    """
    draws = [one.draw(case, balance) for one in taken]
    amounts = {one.candidate.key: one.amounts for one in taken}
    known = {key: each for key, each in amounts.items() if each is not None}
    if len(known) < len(amounts):
        return ()
    if len(case.lines) > 1:
        room.take(taken[0].line, known)
    return tuple(draw for draw in draws if draw is not None)


def nearest_told(judgements: Sequence[Judgement]) -> Detail:
    """Which licence was nearest, why, and what it lacks: for a hold that isn't one of its reasons."""
    closest = nearest(judgements)
    if closest is None:
        return {"candidates": "0"}
    return {**told_of(closest, judgements), **lacking(closest.findings)}


def reasons_of(case: Case, line: CaseLine, judgements: list[Judgement]) -> tuple[Finding, ...]:
    """The nearest's reasons, or NO_LICENCE (D3.6)."""
    closest = nearest(judgements)
    if closest is not None:
        return until_uncontrolled(case, line, nearest_findings(closest, judgements))
    unknown = case.exporter_id is None and not line.licences
    return (missing("exporter_id"),) if unknown else until_uncontrolled(case, line, (no_licence(case, line),))


def until_uncontrolled(case: Case, line: CaseLine, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """`findings` of `line`; where its codes cease to be in force on a known day, they say so (D3.2).

    Detail: `uncontrolled_from`; it is `lifts_on` too where nothing else lifts the hold by time.
    """
    free = uncontrolled_from(case, line)
    if free is None:
        return tuple(findings)
    told = {"uncontrolled_from": free.isoformat()}
    return tuple(
        finding
        if finding.reason in UNLICENSED
        else evolve(finding, detail={"lifts_on": free.isoformat(), **finding.detail, **told})
        for finding in findings
    )


def no_licence(case: Case, line: CaseLine) -> Finding:
    """No licence of this exporter covers the code; of named ones: none exists."""
    detail = {
        "item_no": line.item_no,
        "control_codes": listed(line.codes_in_force),
        "exporter_id": case.exporter_id,
        "named": listed(line.licences) if line.licences else None,
    }
    return about_line(Reason.NO_LICENCE, line, detail)
