"""What an unreadable event about an order or a shipment holds, and what its repair or drop lifts (D8.4, D8.5)."""

from __future__ import annotations

from services.gatekeeper.domain.events import QuarantineSettled, TradeUnreadable
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.order_engine import settle_order
from services.gatekeeper.domain.shipment_engine import settle_shipment
from services.gatekeeper.domain.standing import unreadable as unreadable_hold
from services.gatekeeper.domain.standing import with_standing, without_key
from services.gatekeeper.domain.vocabulary import Place
from services.gatekeeper.domain.workspace import Outcome, TimelineEntry, Workspace


def unreadable(workspace: Workspace, event: TradeUnreadable) -> Outcome:
    """Its order or shipment is held. About goods that have departed it is a line in the timeline, no hold (D1.7), until
    it turns out that they have not.
    """
    detail = {"event": event.event_key, "quarantine_id": event.quarantine_id, "error": event.detail}
    workspace.effects.timeline.append(
        TimelineEntry(event.owner, event.owner_id, workspace.as_of, "EVENT_UNREADABLE", detail)
    )
    if event.owner == "order":
        return _order_unreadable(workspace, event)
    shipment = workspace.shipment(event.owner_id)
    version = shipment.facts.version if shipment.facts else None
    standing = with_standing(shipment.standing, unreadable_hold(event, version, workspace.as_of))
    if standing == shipment.standing:
        return Outcome.STALE
    if shipment.progress.place is not Place.BEFORE_DEPARTURE:
        workspace.put_shipment(evolve(shipment, standing=standing))
        return Outcome.TIMELINE_ONLY
    settle_shipment(workspace, evolve(shipment, standing=standing))
    return Outcome.APPLIED


def _order_unreadable(workspace: Workspace, event: TradeUnreadable) -> Outcome:
    """A CLOSED order has no holds, but the shipments that go on under it are held (D8.4, D4.10)."""
    order = workspace.order(event.owner_id)
    version = order.facts.version if order.facts else None
    standing = with_standing(order.standing, unreadable_hold(event, version, workspace.as_of))
    if standing == order.standing:
        return Outcome.STALE
    settle_order(workspace, evolve(order, standing=standing))
    return Outcome.APPLIED


def settled(workspace: Workspace, event: QuarantineSettled) -> Outcome:
    """The hold of that event goes, wherever the goods are; it may have gone before."""
    if event.owner == "order":
        order = workspace.order(event.owner_id)
        standing = without_key(order.standing, event.quarantine_id)
        if standing == order.standing:
            return Outcome.STALE
        settle_order(workspace, evolve(order, standing=standing))
        return Outcome.APPLIED
    shipment = workspace.shipment(event.owner_id)
    standing = without_key(shipment.standing, event.quarantine_id)
    if standing == shipment.standing:
        return Outcome.STALE
    settle_shipment(workspace, evolve(shipment, standing=standing))
    return Outcome.APPLIED
