"""What is written about an order or a shipment: exactly when what others obey has changed (contracts.md §3)."""

from __future__ import annotations

from services.gatekeeper.domain.aggregates import Hold, Order, Shipment
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.holds import lifted_between, placed_between
from services.gatekeeper.domain.vocabulary import ShipmentState
from services.gatekeeper.domain.workspace import OrderChanged, ShipmentChanged, Workspace


def emit_shipment(workspace: Workspace, before: Shipment, after: Shipment) -> Shipment:
    """`after`, with the next sequence if an event is due, which then stands in the effects.

    Due when state, set of holds or forwarder changed (the directives follow the state), and for the first decision. A
    shipment that is and stays CLOSED has had its last event.
    """
    forwarder = after.facts.forwarder_id if after.facts else None
    if after.state is before.state is ShipmentState.CLOSED:
        return after
    same = after.state is before.state and _same_holds(before.holds, after.holds)
    if before.sequence and same and forwarder == before.forwarder_emitted:
        return after
    after = evolve(after, sequence=before.sequence + 1, forwarder_emitted=forwarder)
    changed = forwarder != before.forwarder_emitted
    workspace.effects.changes.append(
        ShipmentChanged(
            shipment=after,
            placed=placed_between(before.holds, after.holds),
            lifted=lifted_between(before.holds, after.holds, workspace.references, workspace.as_of),
            previous_forwarder_id=before.forwarder_emitted if changed else None,
            causation_id=workspace.causation_id,
            traceparent=workspace.traceparent,
        )
    )
    return after


def emit_order(workspace: Workspace, before: Order, after: Order) -> Order:
    """As `emit_shipment`, for an order's pre-check. Nothing is said of an order whose facts are not known."""
    if after.facts is None:
        return after
    if before.sequence and after.state is before.state and _same_holds(before.holds, after.holds):
        return after
    after = evolve(after, sequence=before.sequence + 1)
    workspace.effects.changes.append(
        OrderChanged(
            order=after,
            placed=placed_between(before.holds, after.holds),
            lifted=lifted_between(before.holds, after.holds, workspace.references, workspace.as_of),
            causation_id=workspace.causation_id,
            traceparent=workspace.traceparent,
        )
    )
    return after


def _same_holds(before: tuple[Hold, ...], after: tuple[Hold, ...]) -> bool:
    return {hold.hold_id for hold in before} == {hold.hold_id for hold in after}
