"""The ways in which a record can be unreadable, each with the field that the reason must name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.plant import Plant
from tests.pipeline.trade import Event

SentRecord = dict[str, Any]
NESTED = 600
OTHER_TYPES: Mapping[str, tuple[str, Any]] = {
    "shipment.milestone": ("occurred_at", "2026-03-02T09:00:00"),
    "shipment.corrected": ("reason", 7),
}
"""A field and what it can't be; of the other types it is the version."""


@dataclass(frozen=True, slots=True)
class Breakage:
    """`spoil` makes of a good record, and its data, a broken one; `field`: what is wrong, told by the type."""

    name: str
    field: Callable[[str], str]
    spoil: Callable[[SentRecord, str, Mapping[str, Any]], SentRecord]


def _body(name: str, value: Callable[[bytes], bytes | None]) -> Breakage:
    return Breakage(name, lambda kind: "value", lambda record, kind, data: {**record, "value": value(record["value"])})


def _header(attribute: str, raw: bytes | None, *, name: str) -> Breakage:
    """The attribute with other bytes; with None it is left out."""

    def spoil(record: SentRecord, kind: str, data: Mapping[str, Any]) -> SentRecord:
        others = [header for header in record["headers"] if header[0] != attribute]
        return {**record, "headers": others if raw is None else [*others, (attribute, raw)]}

    return Breakage(name, lambda kind: attribute, spoil)


def _field(name: str, wrong: Any) -> Breakage:
    """A field with a value of another type than it has, or a value without bounds."""

    def spoil(record: SentRecord, kind: str, data: Mapping[str, Any]) -> SentRecord:
        field, other = OTHER_TYPES.get(kind, ("version", wrong))
        return {**record, "value": json.dumps({**data, field: other}).encode()}

    return Breakage(name, lambda kind: OTHER_TYPES.get(kind, ("version", None))[0], spoil)


def _structured(record: SentRecord, kind: str, data: Mapping[str, Any]) -> SentRecord:
    """An event in structured mode that has no time."""
    attributes = {name.removeprefix("ce_"): raw.decode() for name, raw in record["headers"] if name != "ce_time"}
    attributes.pop("content-type")
    headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    return {**record, "value": json.dumps({**attributes, "data": data}).encode(), "headers": headers}


def _without_its_end(value: bytes) -> bytes:
    return value[:-2]


def _of_no_encoding(value: bytes) -> bytes:
    """UTF-8 breaks off in the middle of a text."""
    return value.replace(b'": "', b'": "\xe5\x8c', 1)


def _nested(value: bytes) -> bytes:
    return value[:-1] + b', "more": ' + b"[" * NESTED + b"]" * NESTED + b"}"


BREAKAGES = (
    _body("cut off", _without_its_end),
    _body("empty", lambda value: b""),
    _body("null", lambda value: None),
    _body("a list", lambda value: b"[" + value + b"]"),
    _body("no encoding", _of_no_encoding),
    _body("nested", _nested),
    _field("another type", "one"),
    _field("a huge number", 10**40),
    _header("ce_time", b"2026-03-02T09:00:00", name="a naive time"),
    _header("ce_id", None, name="no id"),
    _header("ce_source", b"\xff\xfe", name="a source of no encoding"),
    _header("ce_specversion", b"0.3", name="another version of the envelope"),
    Breakage("structured, no time", lambda kind: "ce_time", _structured),
)
NO_TYPE = _header("ce_type", b"io.holdgate.nothing.v1", name="a type that nobody knows")


def broken(plant: Plant, event: Event, breakage: Breakage) -> SentRecord:
    """The event as a record, and spoiled."""
    kind, data = event
    return breakage.spoil(plant.record(event), kind, data)
