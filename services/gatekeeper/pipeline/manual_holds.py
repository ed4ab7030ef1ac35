"""A hold that a person places: outside the stream, in the lane of its shipment (D1.3)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from services.gatekeeper.domain import engine
from services.gatekeeper.domain.aggregates import Hold, Shipment
from services.gatekeeper.domain.events import ManualHoldPlaced
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import Place
from services.gatekeeper.domain.workspace import Outcome
from services.gatekeeper.pipeline.apply import Writer, store
from services.gatekeeper.pipeline.gather import Wanted, gather, lock_owners, lock_rules
from services.gatekeeper.store.aggregates import load_shipments
from services.gatekeeper.store.audit import write_audit
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection

MANUAL_HOLDS_MAX = 100
"""Open at once on one shipment: its row and its events carry them all."""
MaySee = Callable[[Shipment], bool]
"""Whether whoever asks sees a shipment; one that nobody has heard of has neither facts nor a sequence."""


class Refusal(StrEnum):
    """Why a hold was not placed; nothing was written then."""

    NOT_SEEN = "NOT_SEEN"
    CLOSED = "CLOSED"
    TOO_MANY = "TOO_MANY"
    LANE_STOPPED = "LANE_STOPPED"


async def refused(connection: Connection, shipment_id: str, may_see: MaySee) -> Refusal | None:
    """What `place_manual_hold` would be refused for as things stand, read without a lock."""
    stored = await load_shipments(connection, [shipment_id])
    return _refusal(stored.get(shipment_id) or Shipment(shipment_id, 0), may_see)


async def place_manual_hold(
    gate: Gate, connection: Connection, event: ManualHoldPlaced, may_see: MaySee, extra: Wanted
) -> Hold | Refusal:
    """The hold, stored with everything that follows from it and an audit row, in the caller's transaction.

    Raises NotGathered: the caller rolls back, widens `extra` by it and tries again.
    """
    references, as_of = await lock_rules(gate, connection)
    next_seqs, stopped = await lock_owners(gate, connection, [event.shipment_id, *extra.shipments])
    if stopped:
        return Refusal.LANE_STOPPED
    wanted = Wanted(dict(extra.shipments), set(extra.orders), [], set(extra.licences), set(extra.rules))
    wanted.shipments[event.shipment_id] = None
    workspace = await gather(gate, connection, wanted, references, as_of)
    refusal = _refusal(workspace.shipment(event.shipment_id), may_see)
    if refusal is not None:
        return refusal
    workspace.cause = f"manual hold {event.hold_id}"
    if engine.handle(workspace, event) is Outcome.STALE:
        return Refusal.CLOSED
    await store(connection, workspace, Writer(gate, references.rules_version, next_seqs))
    detail = {"hold_id": event.hold_id, "text": event.text}
    await write_audit(connection, event.placed_by, "hold_placed", event.shipment_id, detail)
    holds = workspace.shipment(event.shipment_id).holds
    return next(hold for hold in holds if hold.hold_id == event.hold_id)


def _refusal(known: Shipment, may_see: MaySee) -> Refusal | None:
    if not may_see(known):
        return Refusal.NOT_SEEN
    if known.progress.place is Place.CLOSED:
        return Refusal.CLOSED
    manual = sum(standing.finding.reason is Reason.MANUAL_HOLD for standing in known.standing)
    return Refusal.TOO_MANY if manual >= MANUAL_HOLDS_MAX else None
