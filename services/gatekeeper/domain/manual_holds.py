"""A person holds a shipment (D1.3, domain.md §2 MANUAL_HOLD)."""

from __future__ import annotations

from services.gatekeeper.domain.events import ManualHoldPlaced
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.shipment_engine import settle_shipment
from services.gatekeeper.domain.shipment_events import told_at
from services.gatekeeper.domain.standing import manual, with_standing
from services.gatekeeper.domain.vocabulary import Place
from services.gatekeeper.domain.workspace import Outcome, TimelineEntry, Workspace


def manual_hold_placed(workspace: Workspace, event: ManualHoldPlaced) -> Outcome:
    """Its shipment is held wherever the goods are; one that nobody has heard of is created by it, and held.

    STALE, and nothing is changed: the shipment is CLOSED and has no holds (D1.5), or this hold stands already.
    """
    shipment = told_at(workspace, workspace.shipment(event.shipment_id))
    standing = with_standing(shipment.standing, manual(event, workspace.as_of))
    if shipment.progress.place is Place.CLOSED or standing == shipment.standing:
        return Outcome.STALE
    detail = {"hold_id": event.hold_id, "placed_by": event.placed_by, "text": event.text}
    workspace.effects.timeline.append(
        TimelineEntry("shipment", shipment.shipment_id, workspace.as_of, "MANUAL_HOLD", detail)
    )
    settle_shipment(workspace, evolve(shipment, standing=standing))
    return Outcome.APPLIED
