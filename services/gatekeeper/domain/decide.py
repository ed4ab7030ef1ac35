"""The decision (D1.1): every reason why an order or shipment may not go, and what it draws if it may. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Draw, Finding, LicenceCovered, Order, Shipment
from services.gatekeeper.domain.candidates import named_licences
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.casework import order_case, shipment_case
from services.gatekeeper.domain.changed import covered_lines
from services.gatekeeper.domain.departed import plan_departed
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.families import NOBODY_ELSE, Families, FamilyEntry
from services.gatekeeper.domain.findings import each_once
from services.gatekeeper.domain.holds import severity
from services.gatekeeper.domain.leaving import has_left
from services.gatekeeper.domain.plan import NoticesByLine, Plan, plan_draws, release_notices
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.read import references_read
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rules import CASE_DATES, CASE_RULES, SCENE_DATES, SCENE_RULES
from services.gatekeeper.domain.shelf import covering_terms
from services.gatekeeper.domain.splitting import entries_of
from services.gatekeeper.domain.terms import case_terms
from services.gatekeeper.domain.vocabulary import Place, RuleKind


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was decided about one order or shipment.

    `findings`: every reason, most severe first, each (reason, subject) once. `draws`: before departure RESERVED, what
    it stands with if it may go, () when any finding is there; after departure CONSUMED, the lines that fit the day of
    departure, whatever else was found. `booking`: after departure what the ledger should say of each line that has or
    needs a consumption (D4.7), fit or not. `planned`: what the lines would draw by their licences alone, also when
    something else holds; a case whose findings are all exempted (D1.4) stands with these. `covered`: per line who and
    what for it would be released (END_*_CHANGED). `candidates`: licence numbers considered. `recheck_at`: the earliest
    later instant at which the answer may differ by itself (D7.1). `read`: (kind, key, version) of what was looked at.
    `families`: what the lines count for in sums of their families, or would if they may go (SPLIT_SUSPECTED).
    """

    findings: tuple[Finding, ...]
    draws: tuple[Draw, ...]
    booking: tuple[Draw, ...]
    covered: tuple[LicenceCovered, ...]
    candidates: tuple[str, ...]
    terms: frozenset[str]
    recheck_at: datetime | None
    read: tuple[tuple[RuleKind, str, int], ...]
    planned: tuple[Draw, ...] = ()
    families: tuple[FamilyEntry, ...] = ()


def decide_shipment(
    shipment: Shipment,
    orders: Mapping[str, Order],
    references: References,
    accounts: Mapping[str, LicenceAccount],
    policy: Policy,
    as_of: datetime,
    families: Families = NOBODY_ELSE,
) -> Assessment:
    """`shipment.facts` as corrections left them; `orders` that its lines name, from DELIVERED on as they were then.

    `accounts` count the shipment's own draws in, `families` leave out what it counts for itself. When one of them
    raises NotGathered, that is let through.
    """
    return decide_case(shipment_case(shipment, orders, references, accounts, policy, as_of, families))


def decide_order(
    order: Order,
    references: References,
    accounts: Mapping[str, LicenceAccount],
    policy: Policy,
    as_of: datetime,
) -> Assessment:
    """The pre-check of an OPEN order, for what its shipments have not taken yet."""
    return decide_case(order_case(order, references, accounts, policy, as_of))


def licence_terms_of(facts: ShipmentFacts | OrderFacts, references: References) -> frozenset[str]:
    """The terms under which licences may concern `facts` that names none of them (shelf.py)."""
    if facts.exporter_id is None:
        return frozenset()
    terms: set[str] = set()
    for line in facts.lines:
        item = references.item(line.item_no)
        codes = item.control_codes if item is not None else ()
        terms.update(covering_terms(facts.exporter_id, codes, line.item_no))
    return frozenset(terms)


def licence_keys(
    facts: ShipmentFacts | OrderFacts | None, orders: Iterable[Order], references: References
) -> frozenset[str]:
    """Every licence that `decide` may look at for `facts`: a superset, to lock; draws that stand are the caller's."""
    if facts is None:
        return frozenset()
    known = [order.facts for order in orders if order.facts is not None]
    numbers = {number for each in (facts, *known) for number in each.licences}
    numbers.update(licence.licence_no for licence in references.licences.having(licence_terms_of(facts, references)))
    return frozenset(named_licences(references, numbers))


def decide_case(bare: Case) -> Assessment:
    """`bare` has no plan yet."""
    case, plan = _planned(bare)
    findings = tuple(sorted(each_once(_found(case)), key=severity))
    candidates = tuple(sorted({candidate.licence.licence_no for candidate in plan.candidates}))
    departed = has_left(case)
    return Assessment(
        findings=findings,
        draws=plan.draws if departed or not findings else (),
        booking=plan.booking,
        covered=covered_lines(case),
        candidates=candidates,
        terms=case_terms(case, {draw.licence_no for draw in case.planned}, candidates),
        recheck_at=None if case.place is Place.CLOSED else _next_date(case),
        read=references_read(case, plan.candidates, findings),
        planned=plan.draws,
        families=entries_of(case),
    )


def _found(case: Case) -> Iterator[Finding]:
    yield from case.scene.findings if case.scene is not None else (one for rule in SCENE_RULES for one in rule(case))
    for rule in CASE_RULES:
        yield from rule(case)


def _next_date(case: Case) -> datetime | None:
    """The earliest instant after now at which an answer may change by itself (D7.1)."""
    shared = case.scene.dates if case.scene is not None else sorted(at for dates in SCENE_DATES for at in dates(case))
    later = bisect_right(shared, case.as_of)
    own = (at for dates in CASE_DATES for at in dates(case) if at > case.as_of)
    return min((*shared[later : later + 1], *own), default=None)


def _planned(bare: Case) -> tuple[Case, Plan]:
    """The case with its plan. What it draws may bring notices about licences into play (D6.2): then it plans again."""
    if not bare.references.has_notices():
        return _with_plan(bare, {})
    notices = release_notices(bare)
    case, plan = _with_plan(bare, notices)
    again = release_notices(case)
    return (case, plan) if again == notices else _with_plan(bare, again)


def _with_plan(bare: Case, notices: NoticesByLine) -> tuple[Case, Plan]:
    departed = has_left(bare)
    plan = plan_departed(bare, notices) if departed else plan_draws(bare, notices)
    planned = plan.booking if departed else plan.draws
    return evolve(bare, planned=planned, fitting=plan.draws, licence_findings=plan.findings, nearest=plan.nearest), plan
