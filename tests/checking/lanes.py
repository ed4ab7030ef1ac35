"""Lanes: dense numbers, a topic that says what the outbox says, and every notice where its barrier is."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from services.kit.partitioning import lane_of
from tests.checking.stored import Stored

TopicRecord = tuple[int, int, bytes | None, Sequence[tuple[str, bytes]], bytes | None]
"""(lane, offset, key, headers, value) as it was read back from `holdgate.holds.v1` under read_committed."""


def lanes(stored: Stored) -> Iterator[str]:
    """Numbers are dense, the lane row knows the last, and each record carries its own number and id."""
    by_lane: dict[int, list[Any]] = {lane: [] for lane in range(stored.partitions)}
    for row in stored.outbox:
        by_lane.setdefault(row["lane"], []).append(row)
    for lane, rows in sorted(by_lane.items()):
        seqs = [row["seq"] for row in rows]
        if seqs != list(range(1, len(seqs) + 1)):
            yield f"lane {lane}: its numbers are not 1 to {len(seqs)}: {_odd_numbers(seqs)}"
        last = max(seqs, default=0)
        if stored.next_seqs.get(lane) != last + 1:
            yield f"lane {lane}: next_seq is {stored.next_seqs.get(lane)}, the last record is {last}"
        for row in rows:
            yield from _headers(stored, row)


def _odd_numbers(seqs: Sequence[int]) -> str:
    counts = Counter(seqs)
    doubled = sorted(seq for seq, count in counts.items() if count > 1)
    missing = sorted(set(range(1, max(seqs) + 1)) - counts.keys())
    return f"double {doubled[:10]}, missing {missing[:10]}"


def _headers(stored: Stored, row: Any) -> Iterator[str]:
    headers = dict(json.loads(row["headers"]))
    where = f"lane {row['lane']}, record {row['seq']}"
    if headers.get("ce_laneseq") != str(row["seq"]):
        yield f"{where}: its header says {headers.get('ce_laneseq')}"
    if headers.get("ce_id") != str(uuid.uuid5(stored.incarnation, f"{row['lane']}:{row['seq']}")):
        yield f"{where}: its id is not that of its place"
    if not row["type"].startswith("notice.") and lane_of(row["key"], stored.partitions) != row["lane"]:
        yield f"{where}: {row['type']} about {row['key']} does not belong to this lane"


def barriers(stored: Stored) -> Iterator[str]:
    """Every notice's record stands in the lanes where its barrier says so."""
    told = {(row["lane"], row["seq"]): (row["type"], row["key"]) for row in stored.outbox}
    kept = {(row["lane"], row["seq"]): row for row in stored.rows["barriers"]}
    for place, row in kept.items():
        if told.get(place) != (f"notice.{row['what']}.v1", row["notice_id"]):
            yield f"notice {row['notice_id']}: its barrier {place} is {told.get(place)}"
    for place, (kind, key) in told.items():
        if kind.startswith("notice.") and place not in kept:
            yield f"notice {key}: {kind} at {place} has no barrier"


def published(stored: Stored, records: Iterable[TopicRecord], *, idle: bool) -> Iterator[str]:
    """The topic holds what the outbox holds, once each, in its order, byte for byte: key, headers and value.

    Not `idle`: each lane's topic may end early, but nowhere else.
    """
    topic: dict[int, list[TopicRecord]] = {lane: [] for lane in range(stored.partitions)}
    for record in sorted(records, key=lambda one: one[:2]):
        topic.setdefault(record[0], []).append(record)
    outbox: dict[int, list[Any]] = {}
    for row in stored.outbox:
        outbox.setdefault(row["lane"], []).append(row)
    for lane, several in sorted(topic.items()):
        rows = outbox.get(lane, [])
        seqs = [_laneseq(record) for record in several]
        due = len(rows) if idle else min(len(seqs), len(rows))
        if seqs != list(range(1, due + 1)):
            odd = _odd_numbers(seqs) if seqs else "nothing was published"
            yield f"topic, lane {lane}: {len(seqs)} records for {len(rows)}: {odd}"
            continue
        for row, record in zip(rows, several, strict=False):
            differs = [what for what, same in _compared(row, record) if not same]
            if differs:
                said = ", ".join(differs)
                yield f"topic, lane {lane}, offset {record[1]}: not record {row['seq']} of the outbox: {said}"


def _laneseq(record: TopicRecord) -> int:
    text = dict(record[3]).get("ce_laneseq", b"0")
    return int(text) if text.isdigit() else 0


def _compared(row: Any, record: TopicRecord) -> Iterator[tuple[str, bool]]:
    _, _, key, headers, value = record
    yield "key", key == row["key"].encode()
    yield "headers", [[name, raw.decode(errors="replace")] for name, raw in headers] == json.loads(row["headers"])
    yield "value", value == row["value"]
