"""Records that are broken on the outside: their bytes, their envelope, and what wants to stall who reads them."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from schemas.envelope import VALUE_BYTES_MAX
from schemas.topics import ID_FIELD, TYPE_PREFIX
from tests.corpus.cases import (
    ABSENT,
    ENTRY,
    LICENCE,
    MILESTONE,
    NOTICE,
    ORDER,
    SHIPMENT,
    TYPES,
    Case,
    Headers,
    case,
    entity_id,
    literal,
    name_of,
    sound,
    sound_headers,
    to_bytes,
)  # fmt: skip

STRUCTURED: Final = b"application/cloudevents+json; charset=utf-8"


def broken() -> Iterator[Case]:
    """Every case, always in the same order."""
    for suffix in TYPES:
        yield from _bytes(suffix)
    for suffix in (SHIPMENT, MILESTONE, ORDER, LICENCE, NOTICE):
        yield from _headers(suffix)
        yield from _structured(suffix)
    yield from _hostile()


def _bytes(suffix: str) -> Iterator[Case]:
    """The body is no JSON object in UTF-8."""
    for what, broken in _BROKEN.items():
        value = broken(to_bytes(sound(suffix, name_of(suffix, what))))
        yield case("the bytes", suffix, what, "value", value=value)


_BROKEN: Final[Mapping[str, Callable[[bytes], bytes | None]]] = {
    "a tombstone": lambda whole: None,
    "an empty body": lambda whole: b"",
    "blanks": lambda whole: b" \n\t ",
    "no JSON": lambda whole: b"{not json",
    "a list": lambda whole: b"[" + whole + b"]",
    "a number": lambda whole: b"42",
    "null": lambda whole: b"null",
    "a text": lambda whole: b'"shipment"',
    "two documents": lambda whole: whole + b"\n" + whole,
    "cut off": lambda whole: whole[: len(whole) // 2],
    "a byte order mark": lambda whole: b"\xef\xbb\xbf" + whole,
    "UTF-16": lambda whole: whole.decode().encode("utf-16"),
    "Latin-1": lambda whole: whole[:-1] + b', "note": "\xe9"}',
    "compressed": lambda whole: gzip.compress(whole, mtime=0),
    "single quotes": lambda whole: whole.replace(b'"', b"'"),
    "a comment": lambda whole: b"/* ours */ " + whole,
    "a comma at the end": lambda whole: whole[:-1] + b",}",
    "a registry prefix alone": lambda whole: b"\x00\x00\x00\x00\x2a",
    "a cut registry prefix": lambda whole: b"\x00\x00\x01",
    "a registry prefix before half a body": lambda whole: b"\x00\x00\x00\x00\x2a" + whole[: len(whole) // 3],
    "a registry prefix before Avro": lambda whole: b"\x00\x00\x00\x00\x2a\x06foo\x02\x80\x01",
    "XML": lambda whole: b"<event/>",
}
"""What became of a sound body."""


def _headers(suffix: str) -> Iterator[Case]:
    """The envelope in headers."""
    changed: Mapping[str, tuple[str, object, str]] = {
        "no id": ("ce_id", ABSENT, "ce_id"),
        "an empty id": ("ce_id", b"", "ce_id"),
        "a long id": ("ce_id", b"e" * 201, "ce_id"),
        "an id with a newline": ("ce_id", b"e\n1", "ce_id"),
        "an id with U+0000": ("ce_id", b"e\x001", "ce_id"),
        "an id that is not UTF-8": ("ce_id", b"\xff\xfe", "ce_id"),
        "a null id": ("ce_id", None, "ce_id"),
        "no source": ("ce_source", ABSENT, "ce_source"),
        "a long source": ("ce_source", b"/" * 1_001, "ce_source"),
        "an empty source": ("ce_source", b"", "ce_source"),
        "no time": ("ce_time", ABSENT, "ce_time"),
        "a naive time": ("ce_time", b"2026-03-02T09:00:00", "ce_time"),
        "a time in the year 9999": ("ce_time", b"9999-12-31T23:59:59Z", "ce_time"),
        "a time in seconds": ("ce_time", b"1772413200", "ce_time"),
        "a time on 30 February": ("ce_time", b"2026-02-30T09:00:00Z", "ce_time"),
        "a time 99 hours off": ("ce_time", b"2026-03-02T09:00:00+99:00", "ce_time"),
        "no specversion": ("ce_specversion", ABSENT, "ce_specversion"),
        "specversion 0.3": ("ce_specversion", b"0.3", "ce_specversion"),
        "specversion 1": ("ce_specversion", b"1", "ce_specversion"),
        "no type": ("ce_type", ABSENT, "ce_type"),
        "a type without prefix": ("ce_type", suffix.encode(), "ce_type"),
        "a type nobody knows": ("ce_type", b"io.holdgate.shipment.exploded.v1", "ce_type"),
        "version 2 of its type": ("ce_type", TYPE_PREFIX.encode() + suffix[:-1].encode() + b"2", "ce_type"),
        "a type that Holdgate writes": ("ce_type", b"io.holdgate.shipment.released.v1", "ce_type"),
        "an empty subject": ("ce_subject", b"", "ce_subject"),
        "a subject with U+0000": ("ce_subject", b"S\x001", "ce_subject"),
        "a subject that is not UTF-8": ("ce_subject", b"\xc3\x28", "ce_subject"),
        "a long subject": ("ce_subject", b"s" * 201, "ce_subject"),
        "batch mode": ("content-type", b"application/cloudevents-batch+json", "content-type"),
        "a content type that is not UTF-8": ("content-type", b"\xff", "content-type"),
    }
    for what, (header, given, field) in changed.items():
        headers = sound_headers(suffix, name_of(suffix, what))
        if given is ABSENT:
            del headers[header]
        elif given is None or isinstance(given, bytes):
            headers[header] = given
        yield case("the envelope", suffix, what, field, headers=tuple(headers.items()))
    twice = sound_headers(suffix, name_of(suffix, "two ids"))
    yield case("the envelope", suffix, "two ids", "ce_id", headers=(*twice.items(), ("CE_ID", b"e-2")))
    yield case("the envelope", suffix, "no headers at all", "ce_specversion", headers=())
    yield case(
        "the envelope",
        suffix,
        "a key that is not UTF-8",
        "key",
        key=b"\xff\xfe",
        headers=_of(suffix, "a key that is not UTF-8"),
    )
    yield case(
        "the envelope", suffix, "a key with U+0000", "key", key=b"S\x00", headers=_of(suffix, "a key with U+0000")
    )


def _of(suffix: str, what: str) -> Headers:
    return tuple(sound_headers(suffix, name_of(suffix, what)).items())


def _structured(suffix: str) -> Iterator[Case]:
    """The envelope in the body."""
    changed: Mapping[str, tuple[Mapping[str, Any], str]] = {
        "data absent": ({"data": ABSENT}, "data"),
        "data null": ({"data": None}, "data"),
        "data a text": ({"data": "<order/>", "datacontenttype": "application/xml"}, "value"),
        "data a list": ({"data": []}, "value"),
        "data_base64 that is none": ({"data": ABSENT, "data_base64": "!!!"}, "data_base64"),
        "data_base64 a number": ({"data": ABSENT, "data_base64": 5}, "data"),
        "data_base64 of no JSON": ({"data": ABSENT, "data_base64": base64.b64encode(b"\x00\x01").decode()}, "value"),
        "data and data_base64": ({"data_base64": "e30="}, "data_base64"),
        "id absent": ({"id": ABSENT}, "ce_id"),
        "id a number": ({"id": 7}, "ce_id"),
        "id with a newline": ({"id": "e\n1"}, "ce_id"),
        "source absent": ({"source": ABSENT}, "ce_source"),
        "time absent": ({"time": ABSENT}, "ce_time"),
        "time a number": ({"time": 1772413200}, "ce_time"),
        "type absent": ({"type": ABSENT}, "ce_type"),
        "specversion absent": ({"specversion": ABSENT}, "ce_specversion"),
        "specversion a number": ({"specversion": literal("1.0")}, "ce_specversion"),
        "an attribute that is an object": ({"weight": {"kg": 1}}, "ce_weight"),
        "an attribute with a point": ({"weight": 1.5}, "ce_weight"),
    }
    for what, (changes, field) in changed.items():
        document = _enveloped(suffix, what)
        document.update({name: given for name, given in changes.items() if given is not ABSENT})
        for name in (name for name, given in changes.items() if given is ABSENT):
            del document[name]
        yield _in_body(suffix, what, field, to_bytes(document))
    whole = to_bytes(_enveloped(suffix, "id given twice"))
    yield _in_body(suffix, "id given twice", "id", whole[:-1] + b', "id": "e-2"}')
    for what, body in {"broken": b'{"specversion": "1.0", ', "a list": b"[]", "no UTF-8": b'{"id": "\xff"}'}.items():
        yield _in_body(suffix, f"body {what}", "value", body)


def _enveloped(suffix: str, what: str) -> dict[str, Any]:
    name = name_of(suffix, f"structured, {what}")
    attributes = {
        header.removeprefix("ce_"): raw.decode()
        for header, raw in sound_headers(suffix, name).items()
        if header.startswith("ce_") and raw is not None
    }
    return {**attributes, "subject": entity_id(suffix, name), "data": sound(suffix, name)}


def _in_body(suffix: str, what: str, field: str, value: bytes) -> Case:
    headers = (("content-type", STRUCTURED),)
    return case("structured mode", suffix, f"structured, {what}", field, value=value, headers=headers)


def _hostile() -> Iterator[Case]:
    """Bytes that want to stall or to exhaust who reads them."""
    deep, wide = 10_000, 100_000
    for suffix in (SHIPMENT, ORDER, LICENCE, NOTICE, ENTRY):
        first = f'{{"{ID_FIELD[suffix]}": "%s", "version": 1, "extra": '
        bodies = {
            "10,000 lists in each other": "[" * deep + "]" * deep + "}",
            "10,000 objects in each other": '{"a":' * deep + "1" + "}" * (deep + 1),
            "lists without an end": "[" * wide,
            "a number of 100,000 digits": "9" * wide + "}",
            "a lone surrogate": '"\\ud800"}',
            "half a surrogate pair": '"\\udc00\\ud800"}',
            "an escape that there isn't": '"\\x41"}',
        }
        for what, rest in bodies.items():
            body = (first % name_of(suffix, what) + rest).encode()
            yield case("hostile", suffix, what, "value", value=body)
        what = "more than a mebibyte"
        large = (first % name_of(suffix, what) + '"' + "x" * VALUE_BYTES_MAX + '"}').encode()
        yield case("hostile", suffix, what, "value", value=large)
        what = "a name given 10,000 times"
        often = to_bytes(sound(suffix, name_of(suffix, what)))[:-1] + b', "extra": 1' * 10_000 + b"}"
        yield case("hostile", suffix, what, "extra", value=often)
    for suffix, path in ((SHIPMENT, "licences"), (NOTICE, "scope.parties"), (LICENCE, "end_users")):
        yield case("hostile", suffix, f"100,000 {path}", path, data={path: ["x"] * wide})
        yield case("hostile", suffix, f"100,000 faults in {path}", f"{path}.0", data={path: [1] * wide})
    lines = [{"line_no": n, "item_no": "x"} for n in range(1, 1_002)]
    yield case("hostile", SHIPMENT, "1,001 lines", "lines", data={"lines": lines})
    yield case("hostile", ORDER, "1,001 lines", "lines", data={"lines": lines})
    yield case("hostile", SHIPMENT, "100,000 empty lines", "lines.0.line_no", data={"lines": [{}] * wide})
    scope = {"shipments": [f"{n:06d}" + "x" * 94 for n in range(9_000)]}
    yield case("hostile", NOTICE, "a scope too large to be told", "scope", data={"scope": scope})
