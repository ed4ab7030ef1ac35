"""Notices' dates and barriers: when they begin and end by themselves, and how far each lane has been told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.terms import Touches
from services.gatekeeper.domain.touches import touches_of

Connection = Any


def touches(references: References, notice: Notice) -> Touches:
    """Whom a notice touches that begins or ends."""
    return touches_of(None, notice, references)


async def replace_boundaries(connection: Connection, notices: Sequence[Notice], as_of: datetime) -> None:
    """Keep the future starts and ends of these notices' newest versions, and of no older ones."""
    if not notices:
        return
    newest = {notice.notice_id: notice for notice in notices}
    await connection.execute("DELETE FROM rule_boundary WHERE notice_id = ANY($1::text[])", list(newest))
    rows = [
        (notice.notice_id, notice.version, what, at)
        for notice in newest.values()
        if not notice.lifted
        for what, at in (("start", notice.starts_at), ("end", notice.ends_at))
        if at is not None and at > as_of
    ]
    await connection.executemany(
        "INSERT INTO rule_boundary (notice_id, version, what, due_at) VALUES ($1, $2, $3, $4)", rows
    )


async def any_due(connection: Connection, as_of: datetime) -> bool:
    return bool(await connection.fetchval("SELECT EXISTS (SELECT 1 FROM rule_boundary WHERE due_at <= $1)", as_of))


async def take_due(connection: Connection, as_of: datetime) -> list[tuple[str, int, str]]:
    """Remove and return what is due, by date; the caller holds the exclusive rules lock."""
    rows = await connection.fetch(
        "DELETE FROM rule_boundary WHERE due_at <= $1 RETURNING notice_id, version, what, due_at", as_of
    )
    ordered = sorted(rows, key=lambda row: (row["due_at"], row["notice_id"], row["what"]))
    return [(row["notice_id"], row["version"], row["what"]) for row in ordered]


async def add_barriers(
    connection: Connection,
    notice: Notice,
    what: str,
    barriers: Sequence[tuple[int, int]],
    rules_version: int,
    as_of: datetime,
) -> None:
    """Where in each lane (lane, seq) the notice's record stands; EFFECTIVE once all of them are published."""
    await connection.executemany(
        "INSERT INTO notice_barrier (notice_id, version, what, lane, seq, rules_version, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        [(notice.notice_id, notice.version, what, lane, seq, rules_version, as_of) for lane, seq in barriers],
    )
