"""Holds that people place (D1.3)."""

from __future__ import annotations

import uuid

from fastapi import APIRouter
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from schemas.produced import Hold as HoldView
from schemas.values import Id
from services.gatekeeper.api.body import parse, read_body
from services.gatekeeper.api.describing import HOLD_EXAMPLE, answer, header, operation, problems, with_parameters
from services.gatekeeper.api.limits import CHANGE_SECONDS_MAX, bounded, reading
from services.gatekeeper.api.once import KEY_HEADER, Answer, claim, once
from services.gatekeeper.api.paths import Key
from services.gatekeeper.api.principal import Principal, WritesHolds
from services.gatekeeper.api.views import HoldRequest
from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.events import ManualHoldPlaced
from services.gatekeeper.domain.facts import ShipmentFacts
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.holds import manual_hold_id
from services.gatekeeper.pipeline.gather import Wanted
from services.gatekeeper.pipeline.manual_holds import (
    MANUAL_HOLDS_MAX,
    MaySee,
    Refusal,
    place_manual_hold,
    refused,
)
from services.gatekeeper.pipeline.wire_out import hold_view
from services.gatekeeper.store.idempotency import Claim
from services.gatekeeper.store.keys import NAME_CHARS_MAX
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection
from services.kit.problems import Problem, unavailable

router = APIRouter(tags=["holds"])
GATHER_TRIES_MAX = 50
CREATED = 201
_KEY = header(KEY_HEADER, "New for each new request; asked again, it gives the same answer.", required=True)


@router.post(
    "/v1/shipments/{shipment_id}/holds",
    status_code=CREATED,
    response_model=HoldView,
    responses=problems(400, 404, 408, 409, 413, 415, 422) | answer(CREATED, HOLD_EXAMPLE),
    openapi_extra=with_parameters(
        operation("holds:write", body=HoldRequest, example={"text": "The end user's address does not exist"}), [_KEY]
    ),
    summary="Hold a shipment",
)
async def post_hold(request: Request, shipment_id: Key, principal: WritesHolds) -> JSONResponse:
    """Hold a shipment until people release it. An id that nobody knows is held too, and so is what comes under it.

    A key that is bound to forwarders or exporters holds their shipments only: another id, known or not, is 404. A
    shipment that is CLOSED has no holds: 409.
    """
    gate: Gate = request.app.state.gate
    body = await read_body(request)
    may_see = _may_see(principal)
    if not _is_id(shipment_id):
        raise _problem(Refusal.NOT_SEEN, shipment_id)
    claimed = claim(request, principal, body, required=True)
    try:
        text = parse(HoldRequest, body).text
    except Problem:
        await _refuse_first(gate, shipment_id, may_see)
        raise
    event = ManualHoldPlaced(shipment_id, manual_hold_id(shipment_id, str(uuid.uuid4())), principal.name, text)
    placed = await _placed(gate, claimed, event, may_see)
    return JSONResponse(placed.body, placed.status, headers={"Cache-Control": "no-store"})


async def _placed(gate: Gate, claimed: Claim | None, event: ManualHoldPlaced, may_see: MaySee) -> Answer:
    extra = Wanted()

    async def place(tx: Connection) -> Answer:
        hold = await place_manual_hold(gate, tx, event, may_see, extra)
        if isinstance(hold, Refusal):
            raise _problem(hold, event.shipment_id)
        return Answer(CREATED, hold_view(hold), "")

    async with bounded(CHANGE_SECONDS_MAX):
        for _ in range(GATHER_TRIES_MAX):
            try:
                return await once(gate, claimed, place)
            except NotGathered as missing:
                extra.add_missing(missing)
    raise RuntimeError("the engine keeps asking for rows that were not gathered")


async def _refuse_first(gate: Gate, shipment_id: str, may_see: MaySee) -> None:
    """A refusal by rule comes before that of the body (contracts.md §4)."""
    async with reading(gate) as connection:
        refusal = await refused(connection, shipment_id, may_see)
    if refusal is not None:
        raise _problem(refusal, shipment_id)


def _is_id(text: str) -> bool:
    """Whether any shipment can have this id: nothing else may wait for one."""
    try:
        TypeAdapter(Id).validate_python(text)
    except ValidationError:
        return False
    return True


def _may_see(principal: Principal) -> MaySee:
    """As the status answer: what nobody knows only a key that sees everything sees."""

    def shown(shipment: Shipment) -> bool:
        facts = shipment.facts or ShipmentFacts(shipment.shipment_id, 0)
        return principal.visibility.shows(facts.forwarder_id, facts.exporter_id)

    return shown


def _problem(refusal: Refusal, shipment_id: str) -> Problem:
    match refusal:
        case Refusal.NOT_SEEN:
            return Problem("not-found", f"There is no shipment {shipment_id[:NAME_CHARS_MAX]}.")
        case Refusal.CLOSED:
            return Problem("closed", f"Shipment {shipment_id} is CLOSED: it has no holds.")
        case Refusal.TOO_MANY:
            return Problem("too-many", f"People hold shipment {shipment_id} {MANUAL_HOLDS_MAX} times already.")
        case Refusal.LANE_STOPPED:
            return unavailable("The shipment's lane is stopped: nothing about it is decided until it is mended.")
