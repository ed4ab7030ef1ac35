"""Changes that happen once: an Idempotency-Key is stored with the effect, and asked again it gives the same answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from services.gatekeeper.api.limits import CHANGE_SECONDS_MAX, bounded
from services.gatekeeper.api.principal import Principal
from services.gatekeeper.store import idempotency
from services.gatekeeper.store.idempotency import Claim
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection, retrying
from services.kit.problems import Problem

KEY_HEADER = "Idempotency-Key"
RETRY_SECONDS = 10.0
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a change is answered with; stored as it is."""

    status: int
    body: dict[str, Any]
    etag: str


def claim(request: Request, principal: Principal, body: bytes, *, required: bool) -> Claim | None:
    """The request's Idempotency-Key with a digest of method, path and body. 400 when it is needed and absent."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        if required:
            raise Problem("idempotency-key-required", f"Send {KEY_HEADER}, a new one for each new request.")
        return None
    if _KEY.fullmatch(key) is None:
        raise Problem("malformed-request", f"{KEY_HEADER} is 1 to 200 visible ASCII characters.")
    asked = (request.method.encode(), request.scope["path"].encode(), _canonical(body))
    return Claim(principal.name, key, hashlib.sha256(b"\x00".join(asked)).digest())


def _canonical(body: bytes) -> bytes:
    """The same for the same JSON, however it is spaced; bytes that are no JSON stand for themselves."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body


async def once(gate: Gate, claimed: Claim | None, change: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Run `change` in a transaction with its claim; or give the answer that the same request got before.

    The claim is the transaction's witness: after a commit of unknown outcome the next try finds its answer.
    """

    async def attempt() -> Answer:
        async with gate.database.transaction() as tx:
            if claimed is not None and (before := await _before(tx, claimed)) is not None:
                return before
            answer = await change(tx)
            if claimed is not None:
                stored = json.dumps({"body": answer.body, "etag": answer.etag}, ensure_ascii=False)
                await idempotency.remember(tx, claimed, answer.status, stored)
            return answer

    async with bounded(CHANGE_SECONDS_MAX):
        return await retrying(attempt, what="http change", patience_seconds=RETRY_SECONDS)


async def _before(tx: Connection, claimed: Claim) -> Answer | None:
    if not await idempotency.try_lock(tx, claimed):
        raise Problem("request-in-progress", f"A request with this {KEY_HEADER} is being handled.")
    stored = await idempotency.find(tx, claimed)
    if stored is None:
        return None
    if stored.request_hash != claimed.request_hash:
        raise Problem("idempotency-key-reused", f"This {KEY_HEADER} was sent with another request.")
    kept = json.loads(stored.answer)
    return Answer(stored.status, kept["body"], kept["etag"])
