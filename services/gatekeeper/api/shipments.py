"""Status of shipments: what a forwarder asks before it moves anything."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.gatekeeper.api.body import parse, read_body
from services.gatekeeper.api.describing import STATUS_EXAMPLE, answer, operation, problems
from services.gatekeeper.api.limits import reading
from services.gatekeeper.api.paths import Key
from services.gatekeeper.api.principal import Principal, ReadsShipments
from services.gatekeeper.api.views import ShipmentIds, ShipmentStatusView, StatusesView
from services.gatekeeper.domain.vocabulary import ShipmentState
from services.gatekeeper.pipeline.wire_out import directives, hold_view
from services.gatekeeper.store.keys import NAME_CHARS_MAX
from services.gatekeeper.store.status import ShipmentStatus, Statuses, read_statuses
from services.gatekeeper.wiring import DatabaseClock, Gate

UNKNOWN = "UNKNOWN"
router = APIRouter(tags=["shipments"])
_NO_STORE = {"Cache-Control": "no-store"}


@router.get(
    "/v1/shipments/{shipment_id}/status",
    response_model=ShipmentStatusView,
    responses=problems() | answer(200, STATUS_EXAMPLE),
    openapi_extra=operation("shipments:read"),
    summary="May this shipment move?",
)
async def shipment_status(request: Request, shipment_id: Key, principal: ReadsShipments) -> JSONResponse:
    """Always 200: what is unknown, or not yours to see, is UNKNOWN and must not move."""
    statuses = await _statuses(request.app.state.gate, [shipment_id], principal)
    return JSONResponse(statuses[0], headers=_NO_STORE)


@router.post(
    "/v1/shipments/statuses",
    response_model=StatusesView,
    responses=problems(400, 408, 413, 415, 422) | answer(200, {"statuses": [STATUS_EXAMPLE]}),
    openapi_extra=operation("shipments:read", body=ShipmentIds, example={"shipment_ids": ["S1", "S2"]}),
    summary="Which of these shipments may move?",
)
async def shipment_statuses(request: Request, principal: ReadsShipments) -> JSONResponse:
    """Up to 500 at once, answered in order."""
    asked = parse(ShipmentIds, await read_body(request))
    statuses = await _statuses(request.app.state.gate, asked.shipment_ids, principal)
    return JSONResponse({"statuses": statuses}, headers=_NO_STORE)


async def _statuses(gate: Gate, shipment_ids: tuple[str, ...] | list[str], principal: Principal) -> list[Any]:
    """One view for each id. What can't be an id is asked for all the same, under an id that nobody has."""
    possible = [one if one and len(one) <= NAME_CHARS_MAX and "\x00" not in one else "" for one in shipment_ids]
    async with reading(gate) as connection:
        at = None if isinstance(gate.clock, DatabaseClock) else await gate.clock.now(connection)
        statuses = await read_statuses(connection, possible, principal.visibility, at)
    return [
        status_view(shipment_id, statuses.found.get(key), statuses)
        for shipment_id, key in zip(shipment_ids, possible, strict=True)
    ]


def status_view(shipment_id: str, status: ShipmentStatus | None, statuses: Statuses) -> dict[str, Any]:
    """The answer about one shipment. A released one with something pending is answered as HELD: never a go in doubt.

    The stronger directives of INTERCEPT and INCIDENT stand whatever is pending.
    """
    released = status is not None and status.state == ShipmentState.RELEASED
    stopped = status is None or (released and status.pending is not None)
    state = UNKNOWN if status is None else ShipmentState.HELD.value if stopped else status.state
    return {
        "shipment_id": shipment_id,
        "state": state,
        "may_move": released and not stopped,
        "milestone": status.milestone if status else None,
        "directives": directives(state),
        "holds": [hold_view(hold) for hold in status.holds] if status else [],
        "sequence": status.sequence if status else 0,
        "as_of": statuses.as_of.isoformat(),
        "rules_version": status.rules_version if status else statuses.rules_version,
        "pending": status is not None and status.pending is not None,
        "pending_because": status.pending if status else None,
        "decided_state": status.state if status and status.pending else None,
        "decided_at": status.decided_at if status else None,
    }
