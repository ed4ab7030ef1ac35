"""Stop notices over HTTP (domain.md §6)."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.gatekeeper.api import recording
from services.gatekeeper.api.body import parse, read_body
from services.gatekeeper.api.describing import NOTICE_EXAMPLE, header, operation, problems, with_parameters
from services.gatekeeper.api.limits import PAGE_ROWS, PAGE_ROWS_MAX, WAIT_SECONDS_MAX, reading
from services.gatekeeper.api.notice_views import etag_of, is_settled, notice_view, recorded_view
from services.gatekeeper.api.once import KEY_HEADER, Answer, claim, once
from services.gatekeeper.api.paths import Key
from services.gatekeeper.api.principal import Principal, ReadsNotices, WritesNotices
from services.gatekeeper.api.views import Lift, NoticeData, NoticePage, NoticeRecorded, NoticeView
from services.gatekeeper.store.keys import NAME_CHARS_MAX, Visibility
from services.gatekeeper.store.notices_read import list_notices, read_notice
from services.gatekeeper.wiring import Gate
from services.kit.problems import Problem, invalid

router = APIRouter(tags=["notices"])
POLL_SECONDS = 0.1
_NO_STORE = {"Cache-Control": "no-store"}
Wait = Annotated[
    Literal["effective"] | None,
    Query(description="Answer once every lane has published it, 30 s at most, with what is so by then."),
]
_KEY = header(KEY_HEADER, "New for each new request; asked again, it gives the same answer.", required=True)
_OPTIONAL_KEY = header(KEY_HEADER, "Asked again, it gives the same answer.", required=False)
_IF_MATCH = header("If-Match", "The ETag of the notice that is to be changed.", required=True)
_CHANGE_PROBLEMS = problems(400, 404, 408, 409, 412, 413, 415, 422, 428)


@router.post(
    "/v1/notices",
    status_code=202,
    response_model=NoticeRecorded,
    responses=problems(400, 408, 409, 413, 415, 422),
    openapi_extra=with_parameters(
        operation("notices:write", body=NoticeData, example=NOTICE_EXAMPLE, etag=202), [_KEY]
    ),
    summary="Stop at once",
)
async def post_notice(request: Request, principal: WritesNotices, wait: Wait = None) -> JSONResponse:
    """Record a stop notice. From the answer on no decision is made without it."""
    gate: Gate = request.app.state.gate
    body = await read_body(request)
    claimed = claim(request, principal, body, required=True)
    given = parse(NoticeData, body)
    recording.refuse_unless_own(principal, given)
    await recording.catch_up(gate)
    answer = await once(gate, claimed, lambda tx: recording.record(gate, tx, principal, given))
    return await _answered(request, answer, wait)


@router.put(
    "/v1/notices/{notice_id}",
    status_code=202,
    response_model=NoticeRecorded,
    responses=_CHANGE_PROBLEMS,
    openapi_extra=with_parameters(
        operation("notices:write", body=NoticeData, example=NOTICE_EXAMPLE, etag=202), [_IF_MATCH, _OPTIONAL_KEY]
    ),
    summary="Revise a notice",
)
async def put_notice(request: Request, notice_id: Key, principal: WritesNotices, wait: Wait = None) -> JSONResponse:
    """Replace a notice's data. What leaves its scope is looked at again; above a lift it is in effect again."""
    gate: Gate = request.app.state.gate
    body = await read_body(request)
    await _refuse_early(gate, notice_id, principal)
    claimed = claim(request, principal, body, required=False)
    if_match = _if_match(request)
    given = parse(NoticeData, body)
    if given.notice_id != notice_id:
        raise invalid("notice_id", "must be the id in the path")
    recording.refuse_unless_own(principal, given)
    await recording.catch_up(gate)
    answer = await once(gate, claimed, lambda tx: recording.revise(gate, tx, principal, given, if_match))
    return await _answered(request, answer, wait)


@router.post(
    "/v1/notices/{notice_id}/lift",
    status_code=202,
    response_model=NoticeRecorded,
    responses=_CHANGE_PROBLEMS,
    openapi_extra=with_parameters(
        operation("notices:write", body=Lift, example={"reason": "Withdrawn by the authority"}, etag=202),
        [_IF_MATCH, _KEY],
    ),
    summary="Lift a notice",
)
async def post_lift(request: Request, notice_id: Key, principal: WritesNotices, wait: Wait = None) -> JSONResponse:
    """End a notice; what nothing else holds is released."""
    gate: Gate = request.app.state.gate
    body = await read_body(request)
    await _refuse_early(gate, notice_id, principal)
    claimed = claim(request, principal, body, required=True)
    if_match = _if_match(request)
    reason = parse(Lift, body).reason
    await recording.catch_up(gate)
    answer = await once(gate, claimed, lambda tx: recording.lift(gate, tx, principal, notice_id, reason, if_match))
    return await _answered(request, answer, wait)


@router.get(
    "/v1/notices",
    response_model=NoticePage,
    responses=problems(422),
    openapi_extra=operation("notices:read"),
    summary="Notices by id",
)
async def get_notices(
    request: Request,
    principal: ReadsNotices,
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX)] = PAGE_ROWS,
    cursor: Annotated[str | None, Query(max_length=1200, description="`next_cursor` of the page before.")] = None,
) -> JSONResponse:
    """Every notice at its newest version, lifted and ended ones too, page by page."""
    gate: Gate = request.app.state.gate
    after = "" if cursor is None else _after(cursor)
    async with reading(gate) as connection:
        at = await gate.clock.now(connection)
        rows = await list_notices(connection, principal.visibility, after=after, rows_max=limit + 1)
    page = rows[:limit]
    more = _cursor(page[-1].notice.notice_id) if len(rows) > limit else None
    views = [notice_view(stored, at, gate.partitions) for stored in page]
    return JSONResponse({"notices": views, "next_cursor": more}, headers=_NO_STORE)


@router.get(
    "/v1/notices/{notice_id}",
    response_model=NoticeView,
    responses=problems(404),
    openapi_extra=operation("notices:read", etag=200),
    summary="One notice",
)
async def get_notice(request: Request, notice_id: Key, principal: ReadsNotices) -> JSONResponse:
    """A notice at its newest version, its status, and how far the lanes have published it."""
    gate: Gate = request.app.state.gate
    async with reading(gate) as connection:
        at = await gate.clock.now(connection)
        stored = await read_notice(connection, _possible(notice_id), principal.visibility)
    if stored is None:
        raise _no_such(notice_id)
    return JSONResponse(notice_view(stored, at, gate.partitions), headers=_NO_STORE | {"ETag": etag_of(stored)})


async def _answered(request: Request, answer: Answer, wait: str | None) -> JSONResponse:
    """The answer as it is stored, or, after waiting, with what is so by then."""
    body = answer.body if wait is None else await _waited(request, answer.body)
    return JSONResponse(body, answer.status, headers=_NO_STORE | {"ETag": answer.etag})


async def _waited(request: Request, recorded: dict[str, Any]) -> dict[str, Any]:
    """Ask every 100 ms until all lanes have published it; ends early when it only begins later or the service stops.

    No connection is held meanwhile. A newer version ends the wait as well: the older one is never published then.
    """
    gate: Gate = request.app.state.gate
    stopping: asyncio.Event = request.app.state.stopping
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS_MAX
    while True:
        async with reading(gate) as connection:
            at = await gate.clock.now(connection)
            stored = await read_notice(connection, recorded["notice_id"], Visibility.everything())
        if stored is None or stored.notice.version != recorded["version"]:
            return recorded
        view = recorded_view(stored, at, gate.partitions)
        left = deadline - loop.time()
        starts_in = (stored.notice.starts_at - at).total_seconds() if stored.notice.starts_at else 0.0
        if is_settled(stored, at, gate.partitions) or left <= 0 or starts_in > left or stopping.is_set():
            return view
        try:
            await asyncio.wait_for(stopping.wait(), min(POLL_SECONDS, left))
        except TimeoutError:
            continue


async def _refuse_early(gate: Gate, notice_id: str, principal: Principal) -> None:
    """A refusal by rule comes before the validation of the body (contracts.md §4)."""
    async with reading(gate) as connection:
        await recording.changeable(connection, _possible(notice_id), principal, None)


def _if_match(request: Request) -> str:
    given = request.headers.get("if-match")
    if not given:
        raise Problem("precondition-required", "Send If-Match with the notice's ETag.")
    return given


def _possible(notice_id: str) -> str:
    """`notice_id`, if any notice can have it."""
    if not 1 <= len(notice_id) <= NAME_CHARS_MAX or "\x00" in notice_id:
        raise _no_such(notice_id[:NAME_CHARS_MAX])
    return notice_id


def _no_such(notice_id: str) -> Problem:
    return Problem("not-found", f"There is no notice {notice_id}.")


def _cursor(notice_id: str) -> str:
    return base64.urlsafe_b64encode(notice_id.encode()).decode()


def _after(cursor: str) -> str:
    try:
        after = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        after = "\x00"
    if "\x00" in after:
        raise invalid("cursor", "is none that was given out")
    return after
