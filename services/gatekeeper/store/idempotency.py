"""Requests with an Idempotency-Key: the answer is stored with the effect, in one transaction, under the key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

Connection = Any
KEPT_DAYS = 7
"""How long the same key gives the same answer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks under which key, and a digest of what is asked: the same key with another digest is another request."""

    principal: str
    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """`answer` is the text that was stored, whatever the caller put there."""

    request_hash: bytes
    status: int
    answer: str


async def try_lock(connection: Connection, claim: Claim) -> bool:
    """Take the key until the transaction ends; False while another transaction has it. Never waits."""
    digest = hashlib.sha256(f"idempotency\x00{claim.principal}\x00{claim.key}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", number)
    return taken


async def find(connection: Connection, claim: Claim) -> StoredAnswer | None:
    """The answer that was stored under the key, if any; the caller holds the key, so the answer stands."""
    row = await connection.fetchrow(
        "SELECT request_hash, status, answer FROM idempotency WHERE principal = $1 AND idempotency_key = $2",
        claim.principal,
        claim.key,
    )
    return row and StoredAnswer(row["request_hash"], row["status"], row["answer"])


async def remember(connection: Connection, claim: Claim, status: int, answer: str) -> None:
    """Store the answer; commits with the effect or not at all."""
    await connection.execute(
        "INSERT INTO idempotency (principal, idempotency_key, request_hash, status, answer, created_at)"
        " VALUES ($1, $2, $3, $4, $5, clock_timestamp())",
        claim.principal,
        claim.key,
        claim.request_hash,
        status,
        answer,
    )


async def forget(connection: Connection, *, rows_max: int = 10_000) -> int:
    """Remove up to `rows_max` answers older than KEPT_DAYS, by the database's clock; how many there were."""
    done: str = await connection.execute(
        "DELETE FROM idempotency WHERE (principal, idempotency_key) IN (SELECT principal, idempotency_key"
        " FROM idempotency WHERE created_at < clock_timestamp() - make_interval(days => $1) LIMIT $2)",
        KEPT_DAYS,
        rows_max,
    )
    return int(done.rpartition(" ")[2])
