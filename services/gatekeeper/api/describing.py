"""How operations are described in openapi.json: security, request bodies, problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from services.gatekeeper.api.views import HoldRequest, Lift, NoticeData, ProblemView, ShipmentIds
from services.kit.problems import KINDS, MEDIA_TYPE

BODIES: tuple[type[BaseModel], ...] = (HoldRequest, Lift, NoticeData, ShipmentIds)
"""Models that are read from bytes by `body.parse`; the framework doesn't know of them."""

SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "hg_<key id>_<secret>",
        "description": "An API key, made with `holdgate keys create`.",
    },
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key, where a bearer token can't be sent.",
    },
}

_TITLES = dict(reversed(list(KINDS.values())))
"""Of several kinds with one status, the title of the first."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Responses of an operation: its own refusals, and those that every one has."""
    return {status: _problem(status) for status in sorted({*statuses, 401, 403, 500, 503})}


def answer(status: int, example: Any) -> dict[int | str, dict[str, Any]]:
    """The example of an operation's own answer."""
    return {status: {"content": {"application/json": {"example": example}}}}


def _problem(status: int) -> dict[str, Any]:
    kind = next(name for name, (number, _) in KINDS.items() if number == status)
    example = {
        "type": f"urn:holdgate:problem:{kind}",
        "title": KINDS[kind][1],
        "status": status,
        "detail": "What is wrong, in a sentence.",
    }
    if status == 422:
        example["errors"] = [{"field": "scope", "message": "is empty without everything: true"}]
    schema = {"$ref": f"#/components/schemas/{ProblemView.__name__}"}
    return {
        "description": _TITLES[status],
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
        **({"headers": _CHALLENGE} if status in (401, 403) else {}),
        **({"headers": _RETRY_AFTER} if status == 503 else {}),
    }


_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Strong; for If-Match."}}


def operation(
    scope: str, *, body: type[BaseModel] | None = None, example: Any = None, etag: int | None = None
) -> dict[str, Any]:
    """What FastAPI's own description leaves out: scope, body, and the status whose answer carries an ETag."""
    described: dict[str, Any] = {"security": [{"bearer": [scope]}, {"api_key": [scope]}]}
    if body is not None:
        schema = {"$ref": f"#/components/schemas/{body.__name__}Input"}
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": example}},
        }
    if etag is not None:
        described["responses"] = {str(etag): {"headers": _ETAG}}
    return described


def header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    """A header parameter that is checked by hand, because its refusal has a status of its own."""
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    }


def with_parameters(described: dict[str, Any], parameters: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {**described, "parameters": list(parameters)}


STATUS_EXAMPLE = {
    "shipment_id": "S1",
    "state": "RELEASED",
    "may_move": True,
    "milestone": "PACKED",
    "directives": dict.fromkeys(("logistics", "freight", "customs", "delivery", "platform", "payment"), "PROCEED"),
    "holds": [],
    "sequence": 3,
    "as_of": "2026-03-02T01:00:00.000000Z",
    "rules_version": 41,
    "pending": False,
    "pending_because": None,
    "decided_state": None,
    "decided_at": "2026-03-02T00:59:58.120000Z",
}
HOLD_EXAMPLE = {
    "hold_id": "0e9f3b8a-53a7-5d0a-9a55-6f9bb1a2c3d4",
    "reason": "MANUAL_HOLD",
    "subject": {"hold_id": "0e9f3b8a-53a7-5d0a-9a55-6f9bb1a2c3d4"},
    "detail": {"placed_by": "officer-1", "text": "The end user's address does not exist"},
    "text": {"en": "…", "zh": "…"},
    "legal_basis": [],
    "lifts_when": "PERSON",
    "review_allowed": True,
    "placed_at": "2026-03-02T01:00:00.000000Z",
    "lifted_by_whom": ["REVIEWERS"],
    "lifts_on": None,
}
NOTICE_EXAMPLE = {
    "notice_id": "N1",
    "origin": "AUTHORITY",
    "authority_ref": "MOFCOM 2026-17",
    "text": {"zh": "停止向该用户出口", "en": "Stop all exports to this end user"},
    "effective_from": None,
    "effective_until": None,
    "everything": False,
    "release_by_licence": True,
    "release_by_review": False,
    "scope": {"parties": ["ALPHA"], "destinations": ["DE"]},
}
