"""From which offset an input partition is read: the stored position, if the topic still is the one it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from services.gatekeeper.pipeline.records import Record, record_hash
from services.gatekeeper.pipeline.tail import read_single
from services.gatekeeper.store.positions import Position, ensure_position
from services.kit.postgres import Database, retrying

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin, or why the partition stands still."""

    offset: int
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where topics and positions are; topics are stored by their plain name."""

    database: Database
    bootstrap_servers: str
    topic_prefix: str

    def key(self, partition: TopicPartition) -> Key:
        return partition.topic.removeprefix(self.topic_prefix), partition.partition


def record_of(raw: Any, inputs: Inputs) -> Record:
    """A record as the consumer gave it (aiokafka's ConsumerRecord), under the plain name of its topic."""
    topic, partition = inputs.key(raw)
    return Record(topic, partition, raw.offset, raw.timestamp, raw.key, raw.value, tuple(raw.headers))


async def starting_points(
    inputs: Inputs, bounds: Mapping[TopicPartition, tuple[int, int]]
) -> dict[TopicPartition, Start]:
    """Where each partition begins; `bounds` are the start and end of its log.

    A partition that wasn't known begins at the log start. One whose records are gone before they were read, whose
    topic is shorter than what was read from it, or whose last record read is another one now, is stopped, with the
    reason stored. May raise KafkaError or TimeoutError.
    """

    async def read() -> dict[TopicPartition, Position]:
        async with inputs.database.transaction() as connection:
            return {
                partition: await ensure_position(connection, *inputs.key(partition), start)
                for partition, (start, _) in sorted(bounds.items())
            }

    stored = await retrying(read, what="read_positions")
    lasts = {
        partition: position.next_offset - 1
        for partition, position in stored.items()
        if position.last_hash is not None and bounds[partition][0] < position.next_offset <= bounds[partition][1]
    }
    found = await read_single(inputs.bootstrap_servers, lasts)
    starts = {}
    for partition, position in stored.items():
        raw = found.get(partition)
        last = record_hash(record_of(raw, inputs)) if raw is not None else None
        starts[partition] = Start(position.next_offset, judge_position(position, bounds[partition], last))
    new = {p: s.stopped for p, s in starts.items() if s.stopped is not None and stored[p].stopped is None}
    if new:
        await retrying(lambda: _store_stopped(inputs, new, starts), what="stop_partitions")
    return starts


def judge_position(position: Position, bounds: tuple[int, int], last_hash: bytes | None) -> str | None:
    """Why a partition can't be read on, or None. `last_hash` is that of the last record read, if it is there."""
    start, end = bounds
    if position.stopped is not None:
        return position.stopped
    if position.next_offset < start:
        return f"records {position.next_offset} to {start - 1} were deleted before they were read"
    if position.next_offset > end:
        return f"{position.next_offset} is next, but the topic ends at {end}: it was made anew, or its end is lost"
    if last_hash is not None and position.last_hash is not None and last_hash != position.last_hash:
        return f"record {position.next_offset - 1} is not the one that was read: the topic was made anew"
    return None


async def _store_stopped(
    inputs: Inputs, reasons: Mapping[TopicPartition, str | None], starts: Mapping[TopicPartition, Start]
) -> None:
    async with inputs.database.transaction() as connection:
        for partition, reason in sorted(reasons.items()):
            await connection.execute(
                "UPDATE input_position SET stopped = $3"
                " WHERE topic = $1 AND partition = $2 AND stopped IS NULL AND next_offset = $4",
                *inputs.key(partition),
                reason,
                starts[partition].offset,
            )


async def store_passed(inputs: Inputs, passed: Mapping[TopicPartition, tuple[int, int]]) -> list[TopicPartition]:
    """Move positions (from, to) over what holds no record, where they still stand at `from`; those that moved.

    The hash stays that of the last record: nothing is found in front of the new position until the topic is made anew.
    """

    async def write() -> list[TopicPartition]:
        async with inputs.database.transaction() as connection:
            return [
                partition
                for partition, (known, to) in sorted(passed.items())
                if await connection.fetchval(
                    "UPDATE input_position SET next_offset = $4 WHERE topic = $1 AND partition = $2"
                    " AND next_offset = $3 AND stopped IS NULL RETURNING true",
                    *inputs.key(partition),
                    known,
                    to,
                )
            ]

    return await retrying(write, what="store_passed")


async def read_stopped(inputs: Inputs, partitions: Iterable[TopicPartition]) -> set[TopicPartition]:
    """Those of `partitions` that are stored as stopped."""

    async def read() -> set[Key]:
        async with inputs.database.reading() as connection:
            rows = await connection.fetch("SELECT topic, partition FROM input_position WHERE stopped IS NOT NULL")
        return {(row["topic"], row["partition"]) for row in rows}

    stopped = await retrying(read, what="read_stopped")
    return {partition for partition in partitions if inputs.key(partition) in stopped}
