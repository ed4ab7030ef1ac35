"""Input: every record below a position was decided or quarantined, once, and nothing else was (D8.1, D8.4)."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.licences import LicenceUpserted
from schemas.reading import ReadEvent
from schemas.unreadable import Unreadable
from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.events import MilestoneReported, ShipmentCorrected
from services.gatekeeper.domain.journey import REPORTS_MAX
from services.gatekeeper.domain.vocabulary import Classifier
from services.gatekeeper.pipeline.intake import RULE_FAILED, Parsed, parse, unreadable
from services.gatekeeper.pipeline.records import Record
from tests.checking.stored import Stored

HANDLED_TOO = (RULE_FAILED, "notice_id")
"""What is kept although it was handled: a rule raised at it (design.md §2), or it is a notice of the API's (D6.8)."""


@dataclass(frozen=True, slots=True)
class Input:
    """The input topics under read_committed; what a transaction aborted is not among `records`.

    `complete`: nothing was deleted from their beginning, so that whatever was decided must still be there.
    """

    records: Sequence[Record]
    complete: bool = True


def told_twice(stored: Stored) -> Iterator[str]:
    """No record is kept twice, or judges one owner twice, or has done either ahead of its partition's position."""
    positions = {(row["topic"], row["partition"]): row["next_offset"] for row in stored.rows["positions"]}
    places = Counter((row["topic"], row["partition"], row["record_offset"]) for row in stored.rows["quarantine"])
    for (topic, partition, offset), count in sorted(places.items()):
        where = f"input {topic}/{partition}/{offset}"
        if count > 1:
            yield f"{where}: {count} times in quarantine"
        if offset >= positions.get((topic, partition), 0):
            yield f"{where}: in quarantine above the position {positions.get((topic, partition))}"
    for row in stored.rows["causes"]:
        topic, partition, offset = row["cause"].rsplit("/", 2)
        if row["decisions"] > 1:
            yield f"input {row['cause']}: decided {row['decisions']} times for {row['owner']} {row['owner_id']}"
        if int(offset) >= positions.get((topic, int(partition)), 0):
            yield f"input {row['cause']}: decided above the position {positions.get((topic, int(partition)))}"


def decided_or_kept(stored: Stored, given: Input, *, idle: bool) -> Iterator[str]:
    """Every record that came has one trace: its event is remembered with its content, or its bytes are kept.

    Duplicates share the trace of the first. Not `idle`: what lies above a position may still wait.
    """
    below: list[Record] = []
    positions = {(row["topic"], row["partition"]): row for row in stored.rows["positions"]}
    waiting: Counter[tuple[str, int]] = Counter()
    for record in given.records:
        row = positions.get((record.topic, record.partition))
        if row is not None and record.offset < row["next_offset"]:
            below.append(record)
        elif row is None or row["stopped"] is None:
            waiting[record.topic, record.partition] += 1
    if idle:
        yield from (
            f"input {topic}/{partition}: {count} records lie above its position"
            for (topic, partition), count in sorted(waiting.items())
        )
    yield from _traces(stored, [parse(record) for record in below], given)


def _traces(stored: Stored, several: Sequence[Parsed], given: Input) -> Iterator[str]:
    seen = {row["event_key"]: row["content_hash"] for row in stored.rows["seen"]}
    kept: dict[bytes, list[Any]] = {}
    for row in stored.rows["quarantine"]:
        kept.setdefault(_raw_key(_record(row)), []).append(row)
    explained: set[bytes] = set()
    raw_keys = {id(one): _raw_key(one.record) for one in several}
    for one in several:
        decided = one.read is not None and seen.get(one.event_key) == one.content
        raw = raw_keys[id(one)]
        explained |= {one.event_key} if decided else {raw}
        yield from _trace(one, decided, raw in seen, kept.get(raw, []))
    handled = [one for one in several if seen.get(one.event_key) == one.content and raw_keys[id(one)] not in kept]
    yield from _versions(stored, handled)
    yield from _told(stored, handled)
    came = {*raw_keys.values()}
    for raw, rows in kept.items():
        if given.complete and raw not in came:
            yield f"input {_where(_record(rows[0]))}: what is in quarantine never came so"
    replayed = sum(row["status"] == "REPLAYED" for row in stored.rows["quarantine"])
    unexplained = len(seen.keys() - explained)
    if given.complete and unexplained > replayed:
        yield f"input: {unexplained} events are remembered that never came, {replayed} were replayed by people"


def _trace(one: Parsed, decided: bool, remembered: bool, rows: Sequence[Any]) -> Iterator[str]:
    where = f"input {_where(one.record)}"
    first = [row for row in rows if row["error_field"] not in HANDLED_TOO]
    if decided:
        if first:
            yield f"{where}: decided, and in quarantine too"
    elif not rows or not remembered:
        yield f"{where}: neither decided nor in quarantine"
    elif len(first) > 1:
        yield f"{where}: kept {len(first)} times"


def _versions(stored: Stored, decided: Iterable[Parsed]) -> Iterator[str]:
    """Of each entity the newest version that was decided is stored, or a newer one."""
    newest: dict[tuple[str, str], int] = {}
    for read in (one.read for one in decided):
        version = getattr(read.model, "version", None) if read is not None else None
        if read is None or version is None or _is_overtaken(stored, read):
            continue
        entity = (read.type_suffix.split(".")[0], read.entity_key)
        newest[entity] = max(version, newest.get(entity, 0))
    for (kind, key), version in sorted(newest.items()):
        found = stored.versions.get((kind, key), 0)
        if found < version:
            yield f"input: {kind} {key} was decided in version {version}, and {found} is stored"


def _told(stored: Stored, decided: Iterable[Parsed]) -> Iterator[str]:
    """What has no version has left its trace, too: in the shipment's timeline, and a milestone among its reports."""
    noted = {(row["owner_id"], row["event_id"]) for row in stored.rows["noted"]}
    for one in decided:
        event = one.event
        if not isinstance(event, MilestoneReported | ShipmentCorrected):
            continue
        if (event.shipment_id, event.meta.event_id) not in noted:
            yield f"input {_where(one.record)}: decided, and not in the timeline of {event.shipment_id}"
        body = stored.bodies.get(("shipment", event.shipment_id))
        reports = body.progress.reports if isinstance(body, Shipment) else ()
        is_report = isinstance(event, MilestoneReported) and event.classifier is Classifier.ACTUAL
        known = any((r.source, r.event_id) == (event.meta.source, event.meta.event_id) for r in reports)
        if is_report and not known and len(reports) < REPORTS_MAX:
            yield f"input {_where(one.record)}: decided, and not among the reports of {event.shipment_id}"


def _is_overtaken(stored: Stored, read: ReadEvent) -> bool:
    """A licence version with an older authority time than the stored one is ignored (D4.6)."""
    stored_licence = stored.licences.get(read.entity_key)
    return (
        isinstance(read.model, LicenceUpserted)
        and stored_licence is not None
        and read.model.authority_time < stored_licence.authority_time
    )


def _raw_key(record: Record) -> bytes:
    return unreadable(record, Unreadable("", "")).event_key


def _record(row: Any) -> Record:
    headers = tuple(
        (name, b"" if packed is None else base64.b64decode(packed)) for name, packed in json.loads(row["headers"])
    )
    return Record(row["topic"], row["partition"], row["record_offset"], 0, row["key"], row["value"], headers)


def _where(record: Record) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"
