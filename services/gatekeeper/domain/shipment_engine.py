"""One shipment through one change: judged, drawn for, told, stored (domain.md §1, §4)."""

from __future__ import annotations

from datetime import datetime

from services.gatekeeper.domain.aggregates import LicenceCovered, Shipment
from services.gatekeeper.domain.corrected import after_void
from services.gatekeeper.domain.decide import Assessment
from services.gatekeeper.domain.departure import (
    is_new_departure,
    is_undone_departure,
    record_departure,
    record_impossible,
    with_ended,
    with_span,
)
from services.gatekeeper.domain.emission import emit_shipment
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts
from services.gatekeeper.domain.family_news import follow_families
from services.gatekeeper.domain.judging import judge_shipment, order_ids_of, soonest
from services.gatekeeper.domain.ledger import book
from services.gatekeeper.domain.reservations import retake
from services.gatekeeper.domain.splitting import counted_entries
from services.gatekeeper.domain.standing import without_key
from services.gatekeeper.domain.vocabulary import OrderState, OrderStatus, Place, ShipmentState
from services.gatekeeper.domain.workspace import Workspace


def settle_shipment(workspace: Workspace, shipment: Shipment) -> None:
    """Stores `shipment`, whose facts, progress or standing holds are new, with everything that follows from them.

    Needs the orders that it names or named, and the accounts of what it may draw on.
    """
    before = workspace.shipment(shipment.shipment_id)
    record_impossible(workspace, before, shipment)
    shipment = _follow_orders(workspace, before, shipment)
    shipment = _prepare_books(workspace, before, shipment)
    after = _judge(workspace, before, shipment)
    book(workspace, "shipment", after.shipment_id, shipment.draws, after.draws)
    workspace.put_shipment(emit_shipment(workspace, before, after))
    follow_families(workspace, before, after)
    retake(workspace, before, after, order_ids_of(before.facts) | order_ids_of(after.facts))


def waits_until(shipment: Shipment) -> tuple[datetime | None, ...]:
    """When what is dated ahead acts (D7.3)."""
    return shipment.progress.resumes_at, shipment.ahead[0] if shipment.ahead else None


def _judge(workspace: Workspace, before: Shipment, shipment: Shipment) -> Shipment:
    conclusion = judge_shipment(workspace, before, shipment)
    record_departure(workspace, before, shipment)
    assessment, state = conclusion.assessment, ShipmentState(conclusion.verdict.state)
    return evolve(
        shipment,
        holds=conclusion.holds,
        standing=conclusion.standing,
        state=state,
        states=with_span(before.states, state, workspace.as_of),
        past_holds=with_ended(before.past_holds, before.holds, conclusion.holds, workspace.as_of),
        draws=conclusion.verdict.draws,
        families=counted_entries(shipment, state, assessment.families),
        released_as=_released_as(shipment, state, assessment),
        candidates=assessment.candidates,
        terms=assessment.terms,
        recheck_at=soonest(workspace.as_of, assessment.recheck_at, *waits_until(shipment)),
        decided_at=workspace.as_of,
        rules_version=workspace.references.rules_version,
    )


def _released_as(shipment: Shipment, state: ShipmentState, assessment: Assessment) -> tuple[LicenceCovered, ...]:
    """What it was last released with, before departure (END_USER_CHANGED, END_USE_CHANGED)."""
    if state is ShipmentState.RELEASED and shipment.progress.place is Place.BEFORE_DEPARTURE:
        return assessment.covered
    return shipment.released_as


def _prepare_books(workspace: Workspace, before: Shipment, shipment: Shipment) -> Shipment:
    """Before anything is judged: an undone departure is reversed; an export that came back is set aside for good."""
    if is_undone_departure(before, shipment):
        book(workspace, "shipment", shipment.shipment_id, shipment.draws, ())
        departure = before.progress.departure_event or ""
        standing = without_key(shipment.standing, departure)
        return evolve(shipment, draws=(), standing=standing, corrections=after_void(shipment))
    if is_new_departure(before, shipment) and before.progress.returned_at is not None:
        return evolve(shipment, draws=(), past_draws=(*shipment.past_draws, *shipment.draws))
    return shipment


def _follow_orders(workspace: Workspace, before: Shipment, shipment: Shipment) -> Shipment:
    """Enters the shipment with the orders that it names, and keeps what it must know of their past.

    An order that was CLOSED when the shipment first named it holds it, as long as it is CLOSED (ORDER_CANCELLED). From
    DELIVERED on the orders' facts of then count (D1.7).
    """
    named, known = order_ids_of(shipment.facts), order_ids_of(before.facts)
    for order_id in sorted(named ^ known):
        order = workspace.order(order_id)
        others = tuple(other for other in order.shipments if other != shipment.shipment_id)
        shipments = (*others, shipment.shipment_id) if order_id in named else others
        workspace.put_order(evolve(order, shipments=shipments))
    candidates = {*shipment.closed_orders, *(named - known)} & named
    closed = tuple(sorted(order_id for order_id in candidates if _is_closed(workspace, order_id)))
    delivered_under = _delivered_under(workspace, shipment)
    if (closed, delivered_under) == (shipment.closed_orders, shipment.delivered_under):
        return shipment
    return evolve(shipment, closed_orders=closed, delivered_under=delivered_under)


def _is_closed(workspace: Workspace, order_id: str) -> bool:
    order = workspace.order(order_id)
    status = order.facts.status if order.facts else None
    return order.state is OrderState.CLOSED and status is OrderStatus.CLOSED and not order.cancelled


def _delivered_under(workspace: Workspace, shipment: Shipment) -> tuple[OrderFacts, ...]:
    """The facts of its orders when it was delivered; of one that was not known then, the first that came."""
    if shipment.progress.place is not Place.DELIVERED:
        return ()
    frozen = {facts.order_id: facts for facts in shipment.delivered_under}
    for order_id in sorted(order_ids_of(shipment.facts)):
        order = workspace.order(order_id)
        if order_id not in frozen and order.facts is not None:
            status = OrderStatus.CANCELLED if order.cancelled else order.facts.status
            frozen[order_id] = evolve(order.facts, status=status)
    return tuple(frozen[order_id] for order_id in sorted(order_ids_of(shipment.facts)) if order_id in frozen)
