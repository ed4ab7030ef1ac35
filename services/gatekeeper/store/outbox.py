"""The outbox: what was said, by (lane, seq), in partitions by day of the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

OUTBOX_DAYS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """One record of a lane as it is published: `headers` (a JSON list of [name, text] pairs) and `value` bytes."""

    lane: int
    seq: int
    key: str
    type: str
    headers: str
    value: bytes


async def ensure_partitions(connection: Any) -> None:
    """Make the day partitions from yesterday to two days ahead, by the database's clock. Idempotent."""
    today: date = await connection.fetchval("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
    for offset in range(-1, OUTBOX_DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS outbox_{day:%Y%m%d} PARTITION OF outbox"
            f" FOR VALUES FROM ('{day:%Y-%m-%d} 00:00+00') TO ('{day + timedelta(days=1):%Y-%m-%d} 00:00+00')"
        )


async def append(connection: Any, records: Sequence[OutboxRecord]) -> None:
    """Append records whose lanes the caller has locked and numbered; they lie in the day of the database's clock."""
    if records:
        await connection.copy_records_to_table(
            "outbox",
            columns=["lane", "seq", "key", "type", "headers", "value"],
            records=[(r.lane, r.seq, r.key, r.type, r.headers, r.value) for r in records],
        )


_READ = "SELECT lane, seq, key, type, headers, value FROM outbox WHERE lane = $1 AND seq > $2{} ORDER BY seq LIMIT $3"
READ_RECENT = _READ.format(" AND recorded_at >= now() - interval '1 day'")
READ_ANY = _READ.format("")


async def read_after(connection: Any, lane: int, seq: int, *, records_max: int) -> list[OutboxRecord]:
    """Up to `records_max` records of `lane` above `seq`, in order.

    The last day's partitions are looked at first: what is to be published is nearly always there. Unless that is an
    unbroken run from `seq` + 1, the others are, too.
    """
    rows = await connection.fetch(READ_RECENT, lane, seq, records_max)
    if not rows or rows[0]["seq"] != seq + 1 or rows[-1]["seq"] != seq + len(rows):
        rows = await connection.fetch(READ_ANY, lane, seq, records_max)
    return [OutboxRecord(*row) for row in rows]


async def read_one(connection: Any, lane: int, seq: int) -> OutboxRecord | None:
    rows = await read_after(connection, lane, seq - 1, records_max=1)
    return rows[0] if rows and rows[0].seq == seq else None


async def drop_published(connection: Any, kept: timedelta) -> None:
    """Drop day partitions older than `kept` all of whose records every lane has published.

    The last record of a lane is kept, as today's: the publisher compares it with the topic (design.md §3.3). Waits only
    briefly for the lock: readers and writers of today come first.
    """
    await connection.execute("SET LOCAL lock_timeout = '200ms'")
    oldest: date = await connection.fetchval("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
    names = await connection.fetch(
        "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'outbox'::regclass ORDER BY c.relname"
    )
    for row in names:
        if partition_day(row["relname"]) >= oldest - kept:
            return
        unpublished = await connection.fetchval(
            f"SELECT EXISTS (SELECT 1 FROM {row['relname']} AS o LEFT JOIN lane_progress AS p USING (lane)"
            " WHERE o.seq > COALESCE(p.published_seq, 0))"
        )
        if unpublished:
            return
        await connection.execute(
            "INSERT INTO outbox (lane, seq, recorded_at, key, type, headers, value)"
            " SELECT o.lane, o.seq, clock_timestamp(), o.key, o.type, o.headers, o.value"
            f" FROM {row['relname']} AS o JOIN lane AS l ON l.lane = o.lane AND l.next_seq = o.seq + 1"
        )
        await connection.execute(f"DROP TABLE {row['relname']}")


def partition_day(name: str) -> date:
    """The day of a partition by its name, `outbox_20260302`."""
    return datetime.strptime(name.removeprefix("outbox_"), "%Y%m%d").replace(tzinfo=UTC).date()
