"""Cases for every field of every event that Holdgate reads: absent, null, of another type, and outside its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from schemas.export import json_schema
from schemas.topics import ID_FIELD
from tests.corpus.cases import ABSENT, TYPES, Case, case, literal, sound

Faults = Mapping[str, Any]

_NUMBERS: Final[Faults] = {
    "a number": 5,
    "a number with a point": 5.5,
    "a number too big for a float": literal("1e999"),
    "NaN that is no text": literal("NaN"),
    "below zero": "-1",
    "with an exponent": "1e3",
    "with a huge exponent": "1e999999999",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "of 10,000 digits": "9" * 10_000,
    "of 25 digits": "1" + "0" * 24,
    "of 13 decimal places": "1.0000000000001",
    "with a comma": "1,5",
    "in Arabic digits": "٣",
    "with a blank": " 1",
    "empty": "",
    "true": True,
}
_TIMES: Final[Faults] = {
    "without an offset": "2026-03-12T18:05:00",
    "a day": "2026-03-12",
    "seconds since 1970": 1773309900,
    "on a day that there isn't": "2026-02-30T09:00:00+08:00",
    "with an offset of 99 hours": "2026-03-12T18:05:00+99:00",
    "with an offset of 99 minutes": "2026-03-12T18:05:00+08:99",
    "with a leap second": "2026-06-30T23:59:60Z",
    "at 24 o'clock": "2026-03-12T24:00:00+08:00",
    "in the year 0": "0000-01-01T00:00:00Z",
    "in the year 9999": "9999-12-31T23:59:59Z",
    "in the year 10000": "10000-01-01T00:00:00Z",
    "with a blank for T": "2026-03-12 18:05:00+08:00",
    "empty": "",
}
_DAYS: Final[Faults] = {
    "that there isn't": "2026-02-30",
    "with a time": "2026-03-12T00:00:00+08:00",
    "in the year 0": "0000-01-01",
    "in the year 9999": "9999-12-31",
    "in the year 10000": "10000-01-01",
    "without dashes": "20260312",
    "of a week": "2026-W11-4",
    "a number": 20260312,
    "empty": "",
}
_COUNTRIES: Final[Faults] = {
    "nobody assigned": "XX", "in small letters": "cn", "of three letters": "CHN", "by name": "China", "a number": 156,
    "empty": "",
}  # fmt: skip
_CURRENCIES: Final[Faults] = {
    "nobody knows": "ZZZ", "in small letters": "usd", "a number": 840, "a sign": "$", "empty": "",
}  # fmt: skip
_CODES: Final[Faults] = {"nobody knows": "UNHEARD_OF", "in small letters": "active", "a number": 1, "empty": ""}
_IDS: Final[Faults] = {
    "empty": "",
    "of 201 characters": "x" * 201,
    "with U+0000": "a\x00b",
    "with a newline": "a\nb",
    "with an escape": "a\x1b[2Jb",
    "a number": 7,
    "a list": ["x"],
}
_TEXTS: Final[Faults] = {"with U+0000": "a\x00b", "of 4,001 characters": "x" * 4_001, "a number": 7, "an object": {}}
_VERSIONS: Final[Faults] = {
    "0": 0, "below zero": -1, "2^63": 2**63, "2^64": 2**64, "of 5,000 digits": literal("1" * 5_000), "a text": "1",
    "1.0": literal("1.0"), "1e2": literal("1e2"), "true": True,
}  # fmt: skip
_LINES: Final[Faults] = {"0": 0, "below zero": -1, "2^31": 2**31, "a text": "1", "1.5": 1.5, "true": True}
_COUNTS: Final[Faults] = {"below zero": -1, "2^63": 2**63, "a text": "1", "1.5": 1.5, "true": True}
_FLAGS: Final[Faults] = {"a text": "true", "a number": 1}
_OBJECTS: Final[Faults] = {"a list": [], "a text": "x", "a number": 5}
_ARRAYS: Final[Faults] = {"an object": {}, "a text": "x", "a number": 5}

_WHOLE_BODY: Final = frozenset({"of 5,000 digits"})
"""What JSON itself refuses: then the record's value is to blame."""
_HALVES: Final = ("net_quantity", "gross_quantity", "quantity", "value", "references")
"""In orders and shipments half of one of these counts as none given (schemas/README.md)."""


def generated() -> Iterator[Case]:
    """Every case, always in the same order."""
    for suffix in TYPES:
        schema = json_schema(suffix)
        yield from _object(suffix, schema, schema, sound(suffix, "x"), "")


def _object(suffix: str, schema: Any, node: Any, document: Any, path: str) -> Iterator[Case]:
    for name, given in node["properties"].items():
        where = f"{path}{name}"
        if name in node.get("required", ()) and not _may_be_half(suffix, path):
            yield case("a field is absent", suffix, f"{where} is absent", where, data={where: ABSENT})
            if not _nullable(given):
                yield case("a field is null", suffix, f"{where} is null", where, data={where: None})
        if name in document and document[name] is not None:
            yield from _value(suffix, schema, given, document[name], where)


def _value(suffix: str, schema: Any, node: Any, document: Any, path: str) -> Iterator[Case]:
    node = _resolved(schema, node)
    kind, faults = _faults(node)
    for label, value in faults.items():
        field = "value" if label in _WHOLE_BODY else path
        made = case(kind, suffix, f"{path} {label}", field, data={path: value})
        # An id that is well formed, though it is none of the list: that is what the event is about.
        named = path == ID_FIELD[suffix] and kind == "a code" and isinstance(value, str) and value
        yield replace(made, owner_id=value) if named else made
    if node.get("type") == "object":
        yield from _object(suffix, schema, node, document, f"{path}.")
    elif node.get("type") == "array" and document:
        yield from _value(suffix, schema, node["items"], document[0], f"{path}.0")


def _may_be_half(suffix: str, path: str) -> bool:
    return suffix in ("order.upserted.v1", "shipment.upserted.v1") and any(part in _HALVES for part in path.split("."))


def _nullable(node: Any) -> bool:
    return any(one.get("type") == "null" for one in node.get("anyOf", ()))


def _resolved(schema: Any, node: Any) -> Any:
    """`node` without null and without a reference."""
    if "anyOf" in node:
        node = next(one for one in node["anyOf"] if one.get("type") != "null")
    return schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _faults(node: Any) -> tuple[str, Faults]:
    """What sort of value it is, and what is wrong for it."""
    match node.get("type"):
        case "object":
            return "another type", _OBJECTS
        case "array":
            return "another type", _ARRAYS
        case "boolean":
            return "another type", _FLAGS
        case "integer":
            return "a whole number", _integers(node)
    return _strings(node)


def _integers(node: Any) -> Faults:
    if node["minimum"] == 0:
        return _COUNTS
    return _VERSIONS if node["maximum"] > 2**31 else _LINES


def _strings(node: Any) -> tuple[str, Faults]:
    pattern = node.get("pattern", "")
    if "enum" in node or "const" in node:
        return "a code", _CODES
    if node.get("format") == "date":
        return "a day", _DAYS
    if node.get("format") == "date-time":
        return "a time", _TIMES
    if pattern == "^[A-Z]{2}$":
        return "a code", _COUNTRIES
    if pattern == "^[A-Z]{3}$":
        return "a code", _CURRENCIES
    if pattern.startswith("^(?!0"):
        return "a number", {**_NUMBERS, "zero": "0", "zero with places": "0.000"}
    if pattern.startswith("^[0-9]"):
        return "a number", _NUMBERS
    return ("an id", _IDS) if "1f" in pattern else ("a text", _TEXTS)
