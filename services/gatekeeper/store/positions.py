"""Input positions and events already seen: what makes a record count once (D8.1, D8.6, design.md §2.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

Connection = Any


@dataclass(frozen=True, slots=True)
class Position:
    """`recent_good` and `recent_bad` count the readable and unreadable records of the current window."""

    next_offset: int
    last_hash: bytes | None
    recent_good: int
    recent_bad: int
    stopped: str | None


async def lock_positions(
    connection: Connection, partitions: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], Position]:
    """Positions by (topic, partition), locked in that order. A missing row is left out: the consumer makes it."""
    keys = sorted(set(partitions))
    locked = await connection.fetch(
        "SELECT topic, partition, next_offset, last_hash, recent_good, recent_bad, stopped FROM input_position"
        " WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]))"
        " ORDER BY topic, partition FOR NO KEY UPDATE",
        [topic for topic, _ in keys],
        [partition for _, partition in keys],
    )
    return {(row["topic"], row["partition"]): Position(*row[2:]) for row in locked}


async def ensure_position(connection: Connection, topic: str, partition: int, log_start: int) -> Position:
    """The stored position of a partition, made at the log start when there is none."""
    await connection.execute(
        "INSERT INTO input_position (topic, partition, next_offset, recent_good, recent_bad) VALUES ($1, $2, $3, 0, 0)"
        " ON CONFLICT DO NOTHING",
        topic,
        partition,
        log_start,
    )
    row = await connection.fetchrow(
        "SELECT next_offset, last_hash, recent_good, recent_bad, stopped FROM input_position"
        " WHERE topic = $1 AND partition = $2",
        topic,
        partition,
    )
    return Position(*row)


async def write_positions(connection: Connection, positions: Mapping[tuple[str, int], Position]) -> None:
    """Move positions that the caller has locked."""
    if not positions:
        return
    values = list(positions.values())
    await connection.execute(
        "UPDATE input_position AS p SET next_offset = u.next_offset, last_hash = u.last_hash,"
        " recent_good = u.good, recent_bad = u.bad, stopped = u.stopped FROM unnest($1::text[], $2::int[],"
        " $3::bigint[], $4::bytea[], $5::int[], $6::int[], $7::text[])"
        " AS u(topic, partition, next_offset, last_hash, good, bad, stopped)"
        " WHERE p.topic = u.topic AND p.partition = u.partition",
        [topic for topic, _ in positions],
        [partition for _, partition in positions],
        [value.next_offset for value in values],
        [value.last_hash for value in values],
        [value.recent_good for value in values],
        [value.recent_bad for value in values],
        [value.stopped for value in values],
    )


async def seen(connection: Connection, event_keys: Collection[bytes]) -> dict[bytes, bytes]:
    """Content hashes of those of `event_keys` that were handled before."""
    rows = await connection.fetch(
        "SELECT event_key, content_hash FROM event_seen WHERE event_key = ANY($1::bytea[])", list(event_keys)
    )
    return {row["event_key"]: row["content_hash"] for row in rows}


async def remember(connection: Connection, events: Sequence[tuple[bytes, bytes]]) -> None:
    """Remember (event key, content hash) pairs, none of which `seen` knew.

    A sender may send one event to two partitions, which two processes handle at once. Who comes second waits here for
    the first; SerializationError has the transaction done again, and then `seen` knows.
    """
    if events:
        ordered = sorted(events)
        remembered = await connection.fetch(
            "INSERT INTO event_seen (event_key, content_hash) SELECT * FROM unnest($1::bytea[], $2::bytea[])"
            " ON CONFLICT DO NOTHING RETURNING 1",
            [key for key, _ in ordered],
            [content for _, content in ordered],
        )
        if len(remembered) < len(ordered):
            raise asyncpg.SerializationError("another transaction has just handled one of these events")
