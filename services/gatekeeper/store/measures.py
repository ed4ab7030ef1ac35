"""What operators measure and the database alone can tell: holds, quarantine, positions, lanes, notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Connection = Any
NOTICE_MEMORY = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Counts:
    """Open holds by reason, quarantined records by status, and how many lanes and input partitions stand still.

    `challenges_overdue`: challenges of customs that nobody answered within their working days (ECR 22).
    """

    holds: dict[str, int]
    quarantined: dict[str, int]
    lanes_stopped: int
    partitions_stopped: int
    challenges_overdue: int


@dataclass(frozen=True, slots=True)
class LaneBacklog:
    """Records of a lane that are not published yet, as far as stored progress tells, and the oldest one's age (s)."""

    lane: int
    records: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class ToldNotice:
    """A notice version's word (`what`), when it was recorded, and whether every lane has published it.

    `last_progress_at`: the latest progress of any of its lanes; that is when it became effective, or somewhat later.
    """

    notice_id: str
    version: int
    what: str
    recorded_at: dt.datetime
    effective: bool
    last_progress_at: dt.datetime | None


async def read_counts(connection: Connection) -> Counts:
    """As of now; each is one short query."""
    holds = await connection.fetch("SELECT reason, count(*) FROM open_hold GROUP BY reason")
    quarantined = await connection.fetch("SELECT status, count(*) FROM quarantine GROUP BY status")
    stopped = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM lane WHERE stopped IS NOT NULL) AS lanes,"
        " (SELECT count(*) FROM input_position WHERE stopped IS NOT NULL) AS partitions,"
        " (SELECT count(*) FROM customs_challenge WHERE closed_at IS NULL"
        " AND due_on < (clock_timestamp() AT TIME ZONE INTERVAL '+08:00')::date) AS overdue"
    )
    return Counts(
        {row[0]: row[1] for row in holds},
        {row[0]: row[1] for row in quarantined},
        stopped["lanes"],
        stopped["partitions"],
        stopped["overdue"],
    )


async def read_positions(connection: Connection) -> dict[tuple[str, int], int]:
    """The next offset to decide of each input partition (topic, partition) that was ever read."""
    rows = await connection.fetch("SELECT topic, partition, next_offset FROM input_position")
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def read_backlogs(connection: Connection, lanes: Iterable[int] | None = None) -> list[LaneBacklog]:
    """Of `lanes`, or of all."""
    rows = await connection.fetch(
        "SELECT l.lane, GREATEST(l.next_seq - 1 - COALESCE(p.published_seq, 0), 0) AS records,"
        " CASE WHEN l.next_seq - 1 > COALESCE(p.published_seq, 0) THEN (SELECT"
        " extract(epoch FROM clock_timestamp() - o.recorded_at)::float8 FROM outbox AS o"
        " WHERE o.lane = l.lane AND o.seq > COALESCE(p.published_seq, 0) ORDER BY o.seq LIMIT 1) END AS age"
        " FROM lane AS l LEFT JOIN lane_progress AS p USING (lane)"
        " WHERE $1::int[] IS NULL OR l.lane = ANY($1) ORDER BY l.lane",
        None if lanes is None else sorted(lanes),
    )
    return [LaneBacklog(row["lane"], row["records"], max(0.0, row["age"] or 0.0)) for row in rows]


async def read_told_notices(connection: Connection, since: dt.datetime) -> list[ToldNotice]:
    """What notices recorded after `since` told the lanes."""
    rows = await connection.fetch(
        "SELECT b.notice_id, b.version, b.what, max(b.recorded_at) AS recorded_at,"
        " bool_and(COALESCE(p.published_seq, 0) >= b.seq) AS effective, max(p.published_at) AS last_progress_at"
        " FROM notice_barrier AS b LEFT JOIN lane_progress AS p USING (lane) WHERE b.recorded_at > $1"
        " GROUP BY b.notice_id, b.version, b.what",
        since,
    )
    return [ToldNotice(*row) for row in rows]
