"""What a trade event does (domain.md §1, §4, §7, §8), and looking again at what is open. Pure over a Workspace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.gatekeeper.domain.aggregates import Draw, Order, Shipment
from services.gatekeeper.domain.alerts import watch_balances
from services.gatekeeper.domain.decide import licence_keys
from services.gatekeeper.domain.deciding import RETRY_AFTER_ERROR
from services.gatekeeper.domain.events import (
    ManualHoldPlaced,
    MilestoneReported,
    OrderCancelled,
    OrderUpserted,
    ShipmentCorrected,
    ShipmentUpserted,
    TradeEvent,
    TradeUnreadable,
)
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.families import FamilyKey
from services.gatekeeper.domain.family_news import family_keys
from services.gatekeeper.domain.judging import order_ids_of, soonest
from services.gatekeeper.domain.ledger import close_books
from services.gatekeeper.domain.manual_holds import manual_hold_placed
from services.gatekeeper.domain.order_engine import apply_facts as apply_order_facts
from services.gatekeeper.domain.order_engine import order_cancelled, order_upserted, settle_order
from services.gatekeeper.domain.quarantine_engine import settled, unreadable
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.shipment_engine import settle_shipment, waits_until
from services.gatekeeper.domain.shipment_events import (
    apply_facts,
    milestone_reported,
    shipment_corrected,
    shipment_upserted,
    told_at,
)
from services.gatekeeper.domain.turns import leaves_to_waiters
from services.gatekeeper.domain.vocabulary import OrderState, Place
from services.gatekeeper.domain.workspace import FollowUpKind, Outcome, Workspace

DATE = "date"
"""The cause of what is looked at again because its own date came (D7.1)."""
_PERIOD = Reason.PERIOD_LIMIT_EXCEEDED

__all__ = [
    "DATE",
    "Needs",
    "drawn_licences",
    "families_for_shipment",
    "handle",
    "licences_for_order",
    "licences_for_shipment",
    "needs_of",
    "order_ids_of",
    "order_ids_of_shipment",
    "rejudge",
]


@dataclass(frozen=True, slots=True)
class Needs:
    """The rows that must be locked before anything else is known; a shipment's own orders and draws come on top."""

    shipment_ids: frozenset[str] = frozenset()
    order_ids: frozenset[str] = frozenset()


def needs_of(event: TradeEvent) -> Needs:
    """The shipment that `event` is about, with the orders that its facts name; or the order."""
    match event:
        case ShipmentUpserted():
            return Needs(frozenset({event.facts.shipment_id}), order_ids_of(event.facts))
        case MilestoneReported() | ShipmentCorrected() | ManualHoldPlaced():
            return Needs(frozenset({event.shipment_id}))
        case OrderUpserted():
            return Needs(order_ids=frozenset({event.facts.order_id}))
        case OrderCancelled():
            return Needs(order_ids=frozenset({event.order_id}))
        case _:
            ids = frozenset({event.owner_id})
            return Needs(shipment_ids=ids) if event.owner == "shipment" else Needs(order_ids=ids)


def order_ids_of_shipment(shipment: Shipment) -> frozenset[str]:
    """The orders whose rows a change of the stored `shipment` may write."""
    return order_ids_of(shipment.facts) | order_ids_of(shipment.ahead[1] if shipment.ahead else None)


def drawn_licences(draws: Iterable[Draw]) -> frozenset[str]:
    return frozenset(draw.licence_no for draw in draws)


def licences_for_shipment(
    shipment: Shipment, facts: ShipmentFacts | None, orders: Iterable[Order], references: References
) -> frozenset[str]:
    """The accounts that settling `shipment` with `facts` (the newest that are known) may read or write.

    `orders`: those that the stored or the new facts name.
    """
    known = tuple(orders)
    reserved = frozenset(draw.licence_no for order in known for draw in order.draws)
    every = (facts, shipment.facts, shipment.ahead[1] if shipment.ahead else None)
    keys = frozenset[str]().union(*(licence_keys(each, known, references) for each in every if each))
    return keys | drawn_licences(shipment.draws) | reserved


def licences_for_order(order: Order, facts: OrderFacts | None, references: References) -> frozenset[str]:
    """The accounts that settling `order` with `facts` (the newest that are known) may read or write."""
    every = (facts, order.facts, order.ahead[1] if order.ahead else None)
    keys = frozenset[str]().union(*(licence_keys(each, (order,), references) for each in every if each))
    return keys | drawn_licences(order.draws)


def families_for_shipment(
    shipment: Shipment | None, facts: ShipmentFacts | None, orders: Iterable[OrderFacts], references: References
) -> frozenset[FamilyKey]:
    """For whose sums the stored `shipment` may count now, or with `facts` (newer ones).

    `orders`: every version of the facts of its orders that it may take its end user from.
    """
    ahead = shipment.ahead[1] if shipment is not None and shipment.ahead else None
    every = (facts, shipment.facts if shipment is not None else None, ahead)
    known = tuple(orders)
    keys = {key for each in every if each for key in family_keys(each, known, references)}
    return frozenset(keys.union(entry.key for entry in (shipment.families if shipment is not None else ())))


def handle(workspace: Workspace, event: TradeEvent) -> Outcome:
    """Everything that follows from `event` for the rows of `workspace`; the rest stands in its effects.

    Raises NotGathered when a row is needed that was not loaded; the workspace is then of no more use.
    """
    begun = len(workspace.effects.ledger)
    outcome = _handle(workspace, event)
    watch_balances(workspace, close_books(workspace, begun))
    return outcome


def _handle(workspace: Workspace, event: TradeEvent) -> Outcome:
    match event:
        case OrderUpserted():
            return order_upserted(workspace, event)
        case OrderCancelled():
            return order_cancelled(workspace, event)
        case ShipmentUpserted():
            return shipment_upserted(workspace, event)
        case MilestoneReported():
            return milestone_reported(workspace, event)
        case ShipmentCorrected():
            return shipment_corrected(workspace, event)
        case TradeUnreadable():
            return unreadable(workspace, event)
        case ManualHoldPlaced():
            return manual_hold_placed(workspace, event)
        case _:
            return settled(workspace, event)


def rejudge(workspace: Workspace, owner: str, owner_id: str, cause: str) -> None:
    """Looks again at one order or shipment that is open, for a timer, a sweep or a task; `cause` is for the record.

    What is CLOSED, or known by name only, stays as it is. Those that wait for a period limit go by order of arrival
    when a new period begins (D4.4), which no date of one of them does: it has the licence's waiters looked at. The
    same needs and errors as `handle`.
    """
    workspace.cause = cause
    begun = len(workspace.effects.ledger)
    if owner == "order":
        _rejudge_order(workspace, workspace.order(owner_id))
    else:
        _rejudge_shipment(workspace, workspace.shipment(owner_id))
    watch_balances(workspace, close_books(workspace, begun))


def _rejudge_order(workspace: Workspace, order: Order) -> None:
    if order.ahead is not None and order.ahead[0] <= workspace.as_of:
        apply_order_facts(workspace, order, order.ahead[1])
    elif order.facts is not None and order.state is not OrderState.CLOSED and not _has_its_turn_later(workspace, order):
        settle_order(workspace, order)


def _rejudge_shipment(workspace: Workspace, shipment: Shipment) -> None:
    if shipment.ahead is not None and shipment.ahead[0] <= workspace.as_of:
        apply_facts(workspace, shipment, shipment.ahead[1], shipment.ahead_by)
        return
    told = told_at(workspace, shipment)
    if not shipment.sequence:
        return
    if shipment.progress.place is told.progress.place is Place.CLOSED:
        workspace.put_shipment(evolve(told, recheck_at=soonest(workspace.as_of, *waits_until(told))))
        return
    still_here = told is shipment and told.progress.place is Place.BEFORE_DEPARTURE
    if not (still_here and _has_its_turn_later(workspace, shipment)):
        settle_shipment(workspace, told)


def _has_its_turn_later(workspace: Workspace, waiting: Shipment | Order) -> bool:
    """Whether it is now among those who are judged by arrival, so that it isn't judged here (D4.4)."""
    return _wait_in_line(workspace, waiting) or leaves_to_waiters(workspace, waiting)


def _wait_in_line(workspace: Workspace, waiting: Shipment | Order) -> bool:
    """Whether the date that came may open a new period for `waiting`, which then is judged with the licence's waiters.

    Likewise for what is suspected to be split: it is judged with those who wait for the same sums.

    Until they have been looked at the date stays, a little later.
    """
    limited = {dict(hold.subject).get("licence_no") for hold in waiting.holds if hold.reason is _PERIOD}
    suspected = any(hold.reason is Reason.SPLIT_SUSPECTED for hold in waiting.holds)
    families = {entry.key for entry in waiting.families} if suspected and isinstance(waiting, Shipment) else ()
    if workspace.cause != DATE or not (limited or families):
        return False
    for licence_no in sorted(str(licence_no) for licence_no in limited):
        workspace.follow_up(FollowUpKind.WAITERS, licence_no)
    for key in sorted(families):
        workspace.follow_up(FollowUpKind.SPLIT_WAITERS, key.text)
    recheck_at = workspace.as_of + RETRY_AFTER_ERROR
    if isinstance(waiting, Shipment):
        workspace.put_shipment(evolve(waiting, recheck_at=recheck_at))
    else:
        workspace.put_order(evolve(waiting, recheck_at=recheck_at))
    return True
