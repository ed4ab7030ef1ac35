"""What is decided about one order or shipment, as a function of what was seen and of the rules at one version.

Live and in a replay the same: whatever a decision depends on stands in `Seen`, in the rules or in the code (D1.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Draw, Finding, Hold, Order, Shipment, StandingHold
from services.gatekeeper.domain.corrected import corrected_facts
from services.gatekeeper.domain.decide import Assessment, decide_order, decide_shipment
from services.gatekeeper.domain.departure import standing_after
from services.gatekeeper.domain.drawing import draws_after, draws_when_closed
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.families import Families
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.holds import finding_of, place_holds
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.reservations import emptied_draws
from services.gatekeeper.domain.rules import RULES
from services.gatekeeper.domain.standing import standing_findings
from services.gatekeeper.domain.terms import OPEN
from services.gatekeeper.domain.vocabulary import OrderState, OrderStatus, Place, ShipmentState
from services.gatekeeper.domain.workspace import Failure, Seen, Verdict

RETRY_AFTER_ERROR = timedelta(minutes=5)
RULE_NAMES = frozenset(rule.__name__ for rule in RULES)
STATES = {
    Place.BEFORE_DEPARTURE: ShipmentState.HELD,
    Place.UNDER_WAY: ShipmentState.INTERCEPT,
    Place.DELIVERED: ShipmentState.INCIDENT,
}
"""D1.5: the state while a hold is open."""
NOTHING_JUDGED = Assessment((), (), (), (), (), frozenset(), None, ())
"""Of what is CLOSED."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`verdict` is what is recorded and replayed. `standing`: with the hold of goods that left unreleased (D4.7)."""

    verdict: Verdict
    assessment: Assessment
    holds: tuple[Hold, ...]
    standing: tuple[StandingHold, ...]
    failure: Failure | None = None


def conclude(
    seen: Seen,
    references: References,
    policy: Policy,
    accounts: Mapping[str, LicenceAccount],
    families: Families,
    failure: Failure | None = None,
) -> Conclusion:
    """What follows from `seen`; a rule that raises gives ENGINE_ERROR and leaves open what was open.

    `failure`: take it that this rule raised, and ask none. What raises NotGathered is let through.
    """
    if isinstance(seen.subject, Shipment):
        return _of_shipment(seen.subject, seen, references, policy, accounts, families, failure)
    return _of_order(seen.subject, seen, references, policy, accounts, failure)


def is_closed(order: Order) -> bool:
    """Cancelled, or nothing more will ship (D4.10): not judged."""
    return order.cancelled or (order.facts is not None and order.facts.status is not OrderStatus.OPEN)


def _of_shipment(
    shipment: Shipment,
    seen: Seen,
    references: References,
    policy: Policy,
    accounts: Mapping[str, LicenceAccount],
    families: Families,
    failure: Failure | None,
) -> Conclusion:
    if shipment.progress.place is Place.CLOSED:
        # Not judged: no holds; a reservation goes back, a consumption doesn't (D1.5).
        draws = draws_when_closed(shipment, references)
        return Conclusion(Verdict(ShipmentState.CLOSED.value, (), draws), NOTHING_JUDGED, (), shipment.standing)
    assessment, failed = _shipment_assessed(shipment, seen, references, policy, accounts, families, failure)
    found = (*assessment.findings, *standing_findings(shipment))
    standing = standing_after(shipment, found, seen.as_of, departs=seen.departs)
    if standing is not shipment.standing:
        found = (*assessment.findings, *standing_findings(evolve(shipment, standing=standing)))
    holds = place_holds("shipment", shipment.shipment_id, found, shipment.holds, seen.as_of)
    state = STATES[shipment.progress.place] if holds else ShipmentState.RELEASED
    draws = draws_after(shipment, state, assessment, references)
    return Conclusion(_verdict(state.value, holds, draws), assessment, holds, standing, failed)


def _of_order(
    order: Order,
    seen: Seen,
    references: References,
    policy: Policy,
    accounts: Mapping[str, LicenceAccount],
    failure: Failure | None,
) -> Conclusion:
    if is_closed(order):
        return Conclusion(Verdict(OrderState.CLOSED.value), NOTHING_JUDGED, (), order.standing)
    assessment, failed = _order_assessed(order, seen, references, policy, accounts, failure)
    found = (*assessment.findings, *(known.finding for known in order.standing))
    holds = place_holds("order", order.order_id, found, order.holds, seen.as_of)
    emptied = () if holds else emptied_draws(order, assessment.draws, references)
    draws = () if holds else (*assessment.draws, *emptied)
    state = OrderState.HELD if holds else OrderState.CLEARED
    in_order = tuple(sorted(draws, key=lambda draw: (draw.line_no, draw.licence_no)))
    return Conclusion(_verdict(state.value, holds, in_order), assessment, holds, order.standing, failed)


def _verdict(state: str, holds: tuple[Hold, ...], draws: tuple[Draw, ...]) -> Verdict:
    return Verdict(state, tuple(finding_of(hold) for hold in holds), draws)


def _shipment_assessed(
    shipment: Shipment,
    seen: Seen,
    references: References,
    policy: Policy,
    accounts: Mapping[str, LicenceAccount],
    families: Families,
    failure: Failure | None,
) -> tuple[Assessment, Failure | None]:
    """`decide` with the corrected facts."""
    facts = corrected_facts(shipment)
    subject = shipment if facts is shipment.facts else evolve(shipment, facts=facts)
    orders = {order.order_id: order for order in seen.orders}
    if failure is None:
        try:
            return decide_shipment(subject, orders, references, accounts, policy, seen.as_of, families), None
        except NotGathered:
            raise
        except Exception as error:  # noqa: BLE001 - a rule that raises holds its shipment and no other (design.md §2)
            failure = _failure(error)
    departed = shipment.progress.place is not Place.BEFORE_DEPARTURE
    return _failed(shipment, f"shipment:{shipment.shipment_id}", failure, seen.as_of, departed=departed), failure


def _order_assessed(
    order: Order,
    seen: Seen,
    references: References,
    policy: Policy,
    accounts: Mapping[str, LicenceAccount],
    failure: Failure | None,
) -> tuple[Assessment, Failure | None]:
    """`decide` for an order's pre-check."""
    if failure is None:
        try:
            return decide_order(order, references, accounts, policy, seen.as_of), None
        except NotGathered:
            raise
        except Exception as error:  # noqa: BLE001 - a rule that raises holds its order and no other (design.md §2)
            failure = _failure(error)
    return _failed(order, f"order:{order.order_id}", failure, seen.as_of, departed=False), failure


def _failed(known: Shipment | Order, term: str, failure: Failure, as_of: datetime, *, departed: bool) -> Assessment:
    """What stands when nothing could be judged: every open hold, and ENGINE_ERROR, about departed goods no new one."""
    error = Finding(Reason.ENGINE_ERROR, (("rule", failure.rule),), {"error": failure.error})
    findings = _open_findings(known.holds)
    if not departed:
        findings = (*_open_findings(known.holds, but=error.reason), error)
    return Assessment(
        findings=findings,
        draws=(),
        booking=(),
        covered=(),
        candidates=known.candidates,
        terms=known.terms | {term, OPEN},
        recheck_at=as_of + RETRY_AFTER_ERROR,
        read=(),
        families=known.families if isinstance(known, Shipment) else (),
    )


def _open_findings(holds: tuple[Hold, ...], but: Reason | None = None) -> tuple[Finding, ...]:
    return tuple(finding_of(hold) for hold in holds if hold.reason is not but)


def _failure(error: Exception) -> Failure:
    """The rule of RULES under which `error` was raised, else the innermost function."""
    names: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frame: FrameType = trace.tb_frame
        names.append(frame.f_code.co_name)
        trace = trace.tb_next
    rule = next((name for name in names if name in RULE_NAMES), names[-1] if names else "decide")
    return Failure(rule, type(error).__name__, str(error))
