"""`call` steps: the real API in this process, asked by a principal who has every scope."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any

import httpx2
from starlette.requests import Request

from services.gatekeeper.api.app import create_app
from services.gatekeeper.api.principal import Principal
from services.gatekeeper.store.keys import SCOPES, Visibility
from services.kit.postgres import Connection
from services.local.scenarios.actual import holds_of, read_owner
from services.local.scenarios.model import Call
from services.local.scenarios.world import World

PUBLISH_SECONDS = 0.05
CALL_SECONDS_MAX = 60.0
NOBODY = str(uuid.UUID(int=0))
"""Stands for the id of a hold or release request that there isn't; the API answers that it knows none."""

_PLACEHOLDER = re.compile(r"\{(hold|release):(.+?):([A-Z0-9_]+)\}")
_CHANGES = re.compile(r"(?P<thing>.+)/(?:lift|approve|reject|withdraw)")
"""Requests that change the thing that the rest of their path names."""


class Caller:
    """Asks the API of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._principal = ""
        self._app = create_app(world.gate, authenticate=self._authenticate)

    async def _authenticate(self, _request: Request) -> Principal:
        return Principal(self._principal, frozenset(SCOPES), Visibility.everything())

    async def ask(self, call: Call) -> tuple[int, Any]:
        """Status and body of the answer; everything that was written meanwhile is published at once."""
        self._principal = call.principal
        async with self._world.gate.database.reading() as connection:
            path = await _resolved(connection, call.path)
        transport = httpx2.ASGITransport(app=self._app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://scenario", timeout=CALL_SECONDS_MAX
        ) as client:
            headers = await _headers(client, call, path)
            arguments = {"json": call.body} if call.has_body else {}
            asking = asyncio.create_task(client.request(call.method, path, headers=headers, **arguments))
            while not (await asyncio.wait({asking}, timeout=PUBLISH_SECONDS))[0]:
                await self._world.publish()
            answer = await asking
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text or None


async def _resolved(connection: Connection, path: str) -> str:
    """`path` with the ids of the holds and release requests that it names by shipment and reason."""
    for placeholder in _PLACEHOLDER.finditer(path):
        kind, owner_id, reason = placeholder.groups()
        holds = []
        if kind == "hold":
            for owner in ("shipment", "order"):
                holds += holds_of(await read_owner(connection, owner, owner_id), reason)
        path = path.replace(placeholder.group(), holds[0].hold_id if holds else NOBODY)
    return path


async def _headers(client: httpx2.AsyncClient, call: Call, path: str) -> dict[str, str]:
    """What the call gives, with a fresh Idempotency-Key and the current ETag where they are needed and not given."""
    headers = dict(call.headers)
    given = {name.lower() for name in headers}
    if call.method == "POST" and "idempotency-key" not in given:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    changed = _thing(call.method, path)
    if changed is not None and "if-match" not in given:
        etag = (await client.get(changed)).headers.get("etag")
        if etag is not None:
            headers["If-Match"] = etag
    return headers


def _thing(method: str, path: str) -> str | None:
    """The path of the existing thing that a request changes, if any."""
    plain = path.partition("?")[0]
    if method in ("PUT", "PATCH", "DELETE"):
        return plain
    action = _CHANGES.fullmatch(plain)
    return action["thing"] if action and method == "POST" else None
