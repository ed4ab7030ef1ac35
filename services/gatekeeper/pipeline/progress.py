"""How far a lane is published, and whether its database still is the one that published it (design.md §3.2, §3.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gatekeeper.pipeline.tail import Tail
from services.gatekeeper.store.lanes import LaneStopped
from services.gatekeeper.store.outbox import OutboxRecord, read_one

LANESEQ_HEADER = "ce_laneseq"


@dataclass(frozen=True, slots=True)
class LaneState:
    """A lane's row and hint, its outbox row at the published number, and without that the smallest number it has."""

    next_seq: int
    stopped: str | None
    hint: int | None
    published: OutboxRecord | None
    oldest_seq: int | None


def laneseq(record: Any) -> int | None:
    """The number in a record of a lane, None in one that isn't ours."""
    for name, raw in record.headers:
        if name == LANESEQ_HEADER:
            try:
                return int(raw)
            except (TypeError, ValueError):
                return None
    return None


def wire_headers(record: OutboxRecord) -> list[tuple[str, bytes]]:
    """An outbox row's headers as they are sent."""
    return [(name, text.encode()) for name, text in json.loads(record.headers)]


def same(record: Any, row: OutboxRecord) -> bool:
    """Whether a published record equals its outbox row byte for byte."""
    return (
        record.key == row.key.encode()
        and record.value == row.value
        and [(name, raw) for name, raw in record.headers] == wire_headers(row)
    )


async def read_lane(connection: Any, lane: int, published: int) -> LaneState:
    """What the database says about `lane`; `published` is the last number found in the topic, 0 for none.

    The topic has been read before: what is published was committed here earlier.
    """
    row = await connection.fetchrow(
        "SELECT l.next_seq, l.stopped, p.published_seq FROM lane AS l LEFT JOIN lane_progress AS p USING (lane)"
        " WHERE l.lane = $1",
        lane,
    )
    if row is None:
        raise LaneStopped(lane, "the database has no such lane")
    record = await read_one(connection, lane, published) if published else None
    oldest_seq = None
    if published and record is None:
        oldest_seq = await connection.fetchval("SELECT min(seq) FROM outbox WHERE lane = $1", lane)
    return LaneState(row["next_seq"], row["stopped"], row["published_seq"], record, oldest_seq)


def judge(lane: int, tail: Tail, state: LaneState) -> tuple[int, str | None]:
    """How far `lane` is published, and what to alarm about; raises LaneStopped when the database is not its own.

    A database that was restored behind Kafka, or is another one, would give numbers a second time; one batch would
    close the gap in numbers and nobody would ever see it.
    """
    if state.stopped is not None:
        raise LaneStopped(lane, state.stopped)
    written = state.next_seq - 1
    if tail.record is None:
        return _judge_empty(lane, tail, state, written), None
    published = laneseq(tail.record) or 0
    if published > written:
        raise LaneStopped(lane, f"the topic is at {published}, the database only at {written}: it was restored")
    if state.published is None:
        if state.oldest_seq is not None and state.oldest_seq <= published:
            raise LaneStopped(lane, f"the outbox lacks number {published}, which is published")
    elif not same(tail.record, state.published):
        raise LaneStopped(lane, f"number {published} in the topic is not what the database says: it was restored")
    if state.hint is not None and published < state.hint:
        return published, f"the topic ends at {published}, but {state.hint} were published: its end is lost"
    return published, None


def _judge_empty(lane: int, tail: Tail, state: LaneState, written: int) -> int:
    if state.hint is None and written > 0:
        raise LaneStopped(lane, f"the topic is empty and nothing says how much of {written} was published")
    published = state.hint or 0
    if published > written:
        raise LaneStopped(lane, f"{published} were published, the database is only at {written}: it was restored")
    return published


async def write_hints(connection: Any, published: Mapping[int, int]) -> None:
    """Store how far lanes are published; an owner that was overtaken doesn't set it back."""
    await connection.execute(
        "INSERT INTO lane_progress (lane, published_seq, published_at)"
        " SELECT lane, seq, clock_timestamp() FROM unnest($1::int[], $2::bigint[]) AS u(lane, seq) ORDER BY lane"
        " ON CONFLICT (lane) DO UPDATE SET published_seq = EXCLUDED.published_seq,"
        " published_at = EXCLUDED.published_at WHERE lane_progress.published_seq < EXCLUDED.published_seq",
        list(published),
        list(published.values()),
    )


async def reset_hint(connection: Any, lane: int, published: int) -> None:
    """Store what the topic itself said, also when that is less."""
    await connection.execute(
        "INSERT INTO lane_progress (lane, published_seq, published_at) VALUES ($1, $2, clock_timestamp())"
        " ON CONFLICT (lane) DO UPDATE SET published_seq = EXCLUDED.published_seq,"
        " published_at = EXCLUDED.published_at WHERE lane_progress.published_seq <> EXCLUDED.published_seq",
        lane,
        published,
    )
