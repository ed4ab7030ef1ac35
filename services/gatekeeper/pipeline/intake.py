"""From records to what a transaction handles: parsed once, admitted by position, each event once (D8.1, D8.4)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.reading import ReadEvent, read_event
from schemas.topics import TOPICS_BY_NAME, TopicKind
from schemas.unreadable import Unreadable
from services.gatekeeper.domain.events import TradeEvent
from services.gatekeeper.pipeline.records import BatchResult, Record, Run, record_hash
from services.gatekeeper.pipeline.translate import trade_event
from services.gatekeeper.store.positions import Position, seen
from services.gatekeeper.store.quarantine import Quarantined
from services.gatekeeper.wiring import Settings

QUARANTINE_NAMESPACE = uuid.UUID("0c5c6bb4-7c53-5d0e-8a55-4f2b5a0f3d27")
ORDERS_TOPIC = "trade.orders.v1"
RULE_FAILED = "rule"
"""In place of the field that can't be read: the record was read and handled, and a rule raised."""
ERROR_CHARACTERS_MAX = 2_000


Coordinates = tuple[str, int, int]


def coordinates(record: Record) -> Coordinates:
    return record.topic, record.partition, record.offset


@dataclass(frozen=True, slots=True)
class Parsed:
    """A record with its event, or with why it can't be read. `event_key` and `content` are digests (D8.1).

    `event`: what the domain is told, of a readable record of a trade topic. `entity_key`: the id of what it is about,
    where anything told. `owner`: what that is: order, shipment or rule; none when nothing told.
    """

    record: Record
    read: ReadEvent | None
    error: Unreadable | None
    event_key: bytes
    content: bytes
    event: TradeEvent | None
    entity_key: str | None
    owner: str


def _owner(topic: str, entity_key: str | None) -> str:
    if TOPICS_BY_NAME[topic].kind is TopicKind.RULE:
        return "rule"
    if entity_key is None:
        return "none"
    return "order" if topic == ORDERS_TOPIC else "shipment"


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.digest()[:16]


def parse(record: Record) -> Parsed:
    """Read a record's event; never raises. A notice with an empty scope can't be read either (D6.7)."""
    try:
        read = read_event(record.topic, record.headers, record.key, record.value)
    except Unreadable as error:
        return unreadable(record, error)
    envelope, entity_key = read.envelope, read.entity_key
    owner = _owner(record.topic, entity_key)
    return Parsed(
        record,
        read,
        None,
        _digest(b"event", envelope.source.encode(), envelope.id.encode()),
        _digest(read.type_suffix.encode(), envelope.time.isoformat().encode(), read.model.model_dump_json().encode()),
        None if owner == "rule" else trade_event(read),
        entity_key,
        owner,
    )


def unreadable(record: Record, error: Unreadable) -> Parsed:
    """The same bytes under the same key are one broken record, however often they come."""
    headers = b"".join(name.encode() + b"\x00" + (raw or b"") + b"\x00" for name, raw in record.headers)
    content = _digest(record.topic.encode(), record.key or b"", record.value or b"", headers)
    key = error.entity_key
    return Parsed(record, None, error, _digest(b"raw", content), content, None, key, _owner(record.topic, key))


def conflicting(parsed: Parsed) -> Parsed:
    """The same (source, id) with other content is treated as unreadable (D8.1)."""
    read = parsed.read
    if read is None:
        return parsed
    error = Unreadable(
        "ce_id",
        f"source {read.envelope.source} already sent another event with id {read.envelope.id}",
        type_hint=read.type_suffix,
        entity_key=read.entity_key,
    )
    return unreadable(parsed.record, error)


def quarantined(parsed: Parsed, at: datetime) -> Quarantined:
    """The row that keeps an unreadable record byte for byte."""
    error = parsed.error
    if error is None:
        raise ValueError("the record is readable")
    was_upsert = error.type_hint is None or ".upserted." in error.type_hint or error.type_hint.startswith("feed.")
    return _row(parsed, at, error, was_upsert=was_upsert)


def failed(parsed: Parsed, at: datetime, said: str) -> Quarantined:
    """The row that keeps a record at which a rule raised, until a replay judges what it is about without that.

    ENGINE_ERROR holds it already; a newer upsert doesn't settle it.
    """
    type_hint = parsed.read.type_suffix if parsed.read is not None else None
    error = Unreadable(RULE_FAILED, said[:ERROR_CHARACTERS_MAX], type_hint=type_hint, entity_key=parsed.entity_key)
    return _row(parsed, at, error, was_upsert=False)


def _row(parsed: Parsed, at: datetime, error: Unreadable, *, was_upsert: bool) -> Quarantined:
    record = parsed.record
    where = f"{record.topic}/{record.partition}/{record.offset}"
    return Quarantined(
        quarantine_id=uuid.uuid5(QUARANTINE_NAMESPACE, f"{where}/{parsed.content.hex()}"),
        topic=record.topic,
        partition=record.partition,
        record_offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        error_field=error.field,
        error=error.message,
        event_type=error.type_hint,
        event_key=parsed.entity_key or where,
        owner=parsed.owner,
        owner_id=parsed.entity_key,
        was_upsert=was_upsert,
        status="OPEN",
        recorded_at=at,
    )


@dataclass(slots=True)
class Admission:
    """What of a batch counts, by partition, and where the positions move to.

    `waiting`: partitions whose later records wait, because their lane is stopped. `stopped`: partitions that stop for
    good, because too many of their recent records are unreadable; somebody has to look.
    """

    before: Mapping[tuple[str, int], Position]
    lists: dict[tuple[str, int], list[Parsed]] = field(default_factory=dict)
    waiting: dict[tuple[str, int], str] = field(default_factory=dict)
    stopped: dict[tuple[str, int], str] = field(default_factory=dict)

    def wait_from(self, partition: tuple[str, int], index: int, reason: str) -> None:
        """Leave the records of `partition` from `index` on for later."""
        del self.lists[partition][index:]
        self.waiting[partition] = reason

    def positions(self, settings: Settings) -> dict[tuple[str, int], Position]:
        """Where the positions stand once all is handled; before that, cuts what an unreadable flood forbids."""
        moved = {}
        for partition, several in self.lists.items():
            old = self.before[partition]
            good, bad, count, tipped = _window(old, several, settings)
            if tipped:
                del several[count:]
                self.stopped[partition] = f"{bad} of the last {good + bad} records are unreadable"
            last = several[-1].record if several else None
            moved[partition] = Position(
                last.offset + 1 if last else old.next_offset,
                record_hash(last) if last else old.last_hash,
                good,
                bad,
                self.stopped.get(partition),
            )
        return moved

    def in_order(self) -> list[Parsed]:
        """All admitted records: each partition in its own order, across partitions by the broker's time."""
        timed = []
        for (topic, partition), several in self.lists.items():
            latest = 0
            for index, parsed in enumerate(several):
                latest = max(latest, parsed.record.timestamp_ms)
                timed.append((latest, topic, partition, index, parsed))
        timed.sort(key=lambda one: one[:4])
        return [one[4] for one in timed]


def _window(old: Position, several: Sequence[Parsed], settings: Settings) -> tuple[int, int, int, bool]:
    """Good and bad records of the window, how many records are handled, and whether the partition stops then.

    The record that tips the scale is still kept; what follows it is not diverted.
    """
    good, bad, size = old.recent_good, old.recent_bad, settings.unreadable_window
    for index, parsed in enumerate(several):
        good, bad = (good, bad + 1) if parsed.error is not None else (good + 1, bad)
        if good + bad > size:
            good, bad = good // 2, bad // 2
        if bad > settings.unreadable_share_max * max(good + bad, size // 2):
            return good, bad, index + 1, True
    return good, bad, len(several), False


def admit(
    runs: Sequence[Run],
    parsed: Mapping[Coordinates, Parsed],
    positions: Mapping[tuple[str, int], Position],
    result: BatchResult,
) -> Admission:
    """Keep what is not decided yet (design.md §2.2).

    A run that begins above the stored position is dropped and sought again; of another what lies below is dropped.
    """
    admission = Admission(positions)
    for run in runs:
        partition = (run.topic, run.partition)
        position = positions.get(partition)
        if position is None:
            continue
        if position.stopped is not None:
            result.stopped[partition] = position.stopped
        elif run.begins_at > position.next_offset:
            result.seeks[partition] = position.next_offset
        else:
            admission.lists[partition] = [
                parsed[coordinates(record)] for record in run.records if record.offset >= position.next_offset
            ]
    return admission


async def once_only(connection: Any, several: Sequence[Parsed]) -> tuple[list[Parsed], int]:
    """Drop events that were handled before; turn those that came with other content into unreadable ones.

    So the topics may be replayed in full (D8.6). Also of two in the same batch the first counts. Returns what is left
    and how many were duplicates.
    """
    known = await seen(connection, {parsed.event_key for parsed in several})
    left: list[Parsed] = []
    duplicates = 0
    for original in several:
        parsed = original
        if parsed.read is not None and known.get(parsed.event_key, parsed.content) != parsed.content:
            parsed = conflicting(parsed)
            known |= await seen(connection, {parsed.event_key})
        if parsed.event_key in known:
            duplicates += 1
            continue
        known[parsed.event_key] = parsed.content
        left.append(parsed)
    return left, duplicates
