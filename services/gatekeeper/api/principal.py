"""Who is asking: a principal from an API key, and the scope that a route needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from services.gatekeeper.api.limits import bounded
from services.gatekeeper.store.keys import Visibility, key_of_token
from services.kit.postgres import Database
from services.kit.problems import Problem

REALM = 'Bearer realm="holdgate"'
CREDENTIAL_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Principal:
    """A name for the audit, what it may do, and what it sees."""

    name: str
    scopes: frozenset[str]
    visibility: Visibility


Authenticate = Callable[[Request], Awaitable[Principal]]
"""Raises Problem("unauthenticated") when nobody is to be let in."""


def by_api_key(database: Database) -> Authenticate:
    """Principals from `Authorization: Bearer hg_…`, else `X-API-Key: hg_…`."""

    async def authenticate(request: Request) -> Principal:
        token = _credential(request)
        if token is None:
            raise unauthenticated(REALM)
        async with bounded():
            key = await key_of_token(database, token)
        if key is None:
            raise unauthenticated(f'{REALM}, error="invalid_token"')
        return Principal(key.principal, frozenset(key.scopes), key.visibility)

    return authenticate


def _credential(request: Request) -> str | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    token = given.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key")
    return token[:CREDENTIAL_CHARS_MAX] if token else None


def unauthenticated(challenge: str = REALM) -> Problem:
    """The same words whether the key is unknown, wrong, expired or revoked."""
    return Problem(
        "unauthenticated",
        "Send a valid key as `Authorization: Bearer hg_…` or as `X-API-Key`.",
        headers={"WWW-Authenticate": challenge},
    )


def needs(scope: str) -> Any:
    """A dependency that gives the request's principal, or refuses it with 401 or 403."""

    async def principal(request: Request) -> Principal:
        authenticate: Authenticate = request.app.state.authenticate
        asking = await authenticate(request)
        request.state.principal = asking.name
        if scope not in asking.scopes:
            challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
            raise Problem("forbidden", f"This needs the scope {scope}.", headers={"WWW-Authenticate": challenge})
        return asking

    return Depends(principal)


ReadsShipments = Annotated[Principal, needs("shipments:read")]
ReadsNotices = Annotated[Principal, needs("notices:read")]
WritesNotices = Annotated[Principal, needs("notices:write")]
WritesHolds = Annotated[Principal, needs("holds:write")]
ReadsLicences = Annotated[Principal, needs("licences:read")]
