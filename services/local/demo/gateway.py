"""The demo as a client of the HTTP API: it asks what anybody may ask, with a key of its own."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2

WAIT_SECONDS_MAX = 45.0
ASK_SECONDS_MAX = 10.0
IDS_MAX = 500
SCOPES = ("shipments:read", "notices:read", "notices:write", "licences:read")


class Refused(RuntimeError):
    """The API answered with an error; the message has its words."""


class Gateway:
    """Calls of the API. All raise Refused for an error answer and httpx2.HTTPError when nothing answers."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def record_notice(self, body: dict[str, Any]) -> dict[str, Any]:
        """Record a stop notice and wait until it is EFFECTIVE, or what is so after 30 s."""
        answer = await self._client.post(
            "/v1/notices",
            params={"wait": "effective"},
            json=body,
            headers={"Idempotency-Key": str(uuid.uuid4())},
            timeout=WAIT_SECONDS_MAX,
        )
        return _accepted(answer)

    async def status(self, shipment_id: str) -> dict[str, Any]:
        return _accepted(await self._client.get(f"/v1/shipments/{shipment_id}/status"))

    async def statuses(self, shipment_ids: Sequence[str]) -> list[dict[str, Any]]:
        """One status for each id, in order."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(shipment_ids), IDS_MAX):
            asked = list(shipment_ids[start : start + IDS_MAX])
            found += _accepted(await self._client.post("/v1/shipments/statuses", json={"shipment_ids": asked}))[
                "statuses"
            ]
        return found

    async def balance(self, licence_no: str) -> dict[str, Any]:
        return _accepted(await self._client.get(f"/v1/licences/{licence_no}/balance"))


@asynccontextmanager
async def open_gateway(url: str, token: str) -> AsyncIterator[Gateway]:
    """A client with a key; proxies of the surroundings don't count for an address of this machine."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=ASK_SECONDS_MAX, trust_env=False) as client:
        yield Gateway(client)


def _accepted(answer: Any) -> dict[str, Any]:
    if answer.status_code >= 400:
        raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
    document: dict[str, Any] = answer.json()
    return document
