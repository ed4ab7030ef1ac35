"""Lanes: locked in order, numbered densely, refused when stopped (design.md §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Connection = Any


class LaneStopped(Exception):
    """The database fell behind what was published on `lane`; nobody writes to it until it is repaired."""

    def __init__(self, lane: int, reason: str) -> None:
        super().__init__(f"lane {lane} is stopped: {reason}")
        self.lane = lane
        self.reason = reason


async def lock_lanes(connection: Connection, lanes: Iterable[int]) -> tuple[dict[int, int], dict[int, str]]:
    """Lock `lanes` in order; their next sequence numbers, and the reasons of those that are stopped."""
    rows = await connection.fetch(
        "SELECT lane, next_seq, stopped FROM lane WHERE lane = ANY($1::int[]) ORDER BY lane FOR NO KEY UPDATE",
        sorted(set(lanes)),
    )
    running = {row["lane"]: row["next_seq"] for row in rows if row["stopped"] is None}
    return running, {row["lane"]: row["stopped"] for row in rows if row["stopped"] is not None}


async def advance(connection: Connection, next_seqs: Mapping[int, int]) -> None:
    """Store the next sequence numbers of lanes that the caller has locked."""
    if next_seqs:
        await connection.execute(
            "UPDATE lane AS l SET next_seq = u.next_seq FROM unnest($1::int[], $2::bigint[]) AS u(lane, next_seq)"
            " WHERE l.lane = u.lane",
            list(next_seqs),
            list(next_seqs.values()),
        )


async def notify(connection: Connection, lanes: Iterable[int]) -> None:
    """Wake the owners of `lanes` in other processes once this transaction commits."""
    for lane in sorted(lanes):
        await connection.execute("SELECT pg_notify('holdgate_lane', $1)", str(lane))


async def stop_lane(connection: Connection, lane: int, reason: str) -> None:
    await connection.execute("UPDATE lane SET stopped = $2 WHERE lane = $1 AND stopped IS NULL", lane, reason)


async def lanes_overview(connection: Connection) -> list[dict[str, Any]]:
    """Every lane with its next number, what is published, and why it is stopped: for `holdgate lanes`."""
    rows = await connection.fetch(
        "SELECT l.lane, l.next_seq, COALESCE(p.published_seq, 0) AS published_seq, p.published_at, l.stopped"
        " FROM lane AS l LEFT JOIN lane_progress AS p USING (lane) ORDER BY l.lane"
    )
    return [dict(row) for row in rows]
