"""CloudEvents 1.0 over Kafka: read in binary and structured mode, written in binary mode."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from schemas.repeated import repeated_name
from schemas.unreadable import Unreadable
from schemas.values import BIGINT_MAX, ID_CHARS_MAX, has_control_character, instant

VALUE_BYTES_MAX: Final = 1024 * 1024
SOURCE_CHARS_MAX: Final = 1_000
REGISTRY_PREFIX_BYTES: Final = 5
STRUCTURED: Final = "application/cloudevents"
CONTENT_TYPE: Final = "content-type"

Headers = Sequence[tuple[str, bytes | None]]

_CORE: Final = frozenset({"specversion", "id", "source", "type", "subject", "time"})
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an event says of itself; `data` is its JSON, without registry prefix.

    `subject` falls back on the record key. `extensions` are all further attributes, as text.
    """

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime
    traceparent: str | None
    extensions: Mapping[str, str]
    data: bytes

    @property
    def laneseq(self) -> int | None:
        """Position in the lane of an event that Holdgate wrote; None when there is none."""
        return _whole_number(self.extensions.get("laneseq"))

    @property
    def rulesversion(self) -> int | None:
        """Version of the rules that an event of Holdgate's was decided with; None when there is none."""
        return _whole_number(self.extensions.get("rulesversion"))

    @property
    def causationid(self) -> str | None:
        """Id of the event that caused one of Holdgate's; None when there is none."""
        given = self.extensions.get("causationid", "")
        return given if 1 <= len(given) <= ID_CHARS_MAX and "\x00" not in given else None


def read(headers: Headers, key: bytes | None, value: bytes | None) -> Envelope:
    """The envelope of a record, in the mode that its content type says. Raises Unreadable, without hints."""
    if value is None:
        raise Unreadable("value", "is null; entities end by a status of theirs, never by a tombstone")
    if len(value) > VALUE_BYTES_MAX:
        raise Unreadable("value", f"has more than {VALUE_BYTES_MAX} bytes")
    attributes, content_type = _header_attributes(headers)
    body = value[REGISTRY_PREFIX_BYTES:] if value[:1] == b"\x00" else value
    if content_type.startswith(STRUCTURED):
        attributes, body = _structured(content_type, body)
    return _envelope(attributes, key, body)


def _header_attributes(headers: Headers) -> tuple[dict[str, str], str]:
    """The `ce_*` headers without their prefix, and the content type in lower case. Other headers are none of ours."""
    attributes: dict[str, str] = {}
    content_type: str | None = None
    for header, raw in headers:
        name = header.lower()
        if name.startswith("ce_"):
            attribute = name[3:]
            if attribute in attributes:
                raise Unreadable(name, "is given twice")
            attributes[attribute] = _header_text(name, raw)
        elif name == CONTENT_TYPE:
            if content_type is not None:
                raise Unreadable(name, "is given twice")
            content_type = _header_text(name, raw).strip().lower()
    return attributes, content_type or ""


def _header_text(name: str, raw: bytes | None) -> str:
    if raw is None:
        raise Unreadable(name, "is null")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(name, "is not UTF-8") from error


def _structured(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Attributes and data out of a structured event. Headers don't count then, as the binding has it."""
    if content_type.startswith(f"{STRUCTURED}-batch"):
        raise Unreadable(CONTENT_TYPE, "is a batch; a record carries one event")
    try:
        event = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Unreadable("value", f"is not JSON: {error}") from error
    if not isinstance(event, dict):
        raise Unreadable("value", "is not a JSON object")
    twice = repeated_name(body)
    if twice is not None:
        raise Unreadable(twice, "is given twice in one object")
    data = _structured_data(event)
    attributes = {
        name: _attribute_text(name, given)
        for name, given in event.items()
        if name not in ("data", "data_base64") and given is not None
    }
    return attributes, data


def _structured_data(event: dict[str, Any]) -> bytes:
    if event.get("data") is not None:
        if event.get("data_base64") is not None:
            raise Unreadable("data_base64", "is given beside data")
        # A number too big for a float becomes Infinity here, which no field takes; null would pass for absent.
        return to_json(event["data"], inf_nan_mode="constants")
    packed = event.get("data_base64")
    if not isinstance(packed, str):
        raise Unreadable("data", "is absent")
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("data_base64", "is not base64") from error


def _attribute_text(name: str, given: Any) -> str:
    """A JSON attribute in its canonical text: the spec allows strings, integers and booleans."""
    if isinstance(given, str):
        return given
    if name in _CORE or not isinstance(given, bool | int):
        raise Unreadable(f"ce_{name}", "is not a string")
    return str(given).lower()


def _envelope(attributes: dict[str, str], key: bytes | None, data: bytes) -> Envelope:
    specversion = attributes.pop("specversion", None)
    if specversion != "1.0":
        raise Unreadable("ce_specversion", "must be 1.0")
    subject = attributes.pop("subject", None)
    return Envelope(
        id=_bounded(attributes, "id", ID_CHARS_MAX),
        source=_bounded(attributes, "source", SOURCE_CHARS_MAX),
        type=_bounded(attributes, "type", ID_CHARS_MAX),
        subject=_key_text(key) if subject is None else _checked("ce_subject", subject, ID_CHARS_MAX),
        time=_time(attributes.pop("time", None)),
        traceparent=_trace(attributes.pop("traceparent", None)),
        extensions=attributes,
        data=data,
    )


def _bounded(attributes: dict[str, str], name: str, chars_max: int) -> str:
    given = attributes.pop(name, None)
    if given is None:
        raise Unreadable(f"ce_{name}", "is absent")
    return _checked(f"ce_{name}", given, chars_max)


def _checked(field: str, given: str, chars_max: int) -> str:
    if not 1 <= len(given) <= chars_max:
        raise Unreadable(field, f"must have 1 to {chars_max} characters")
    if has_control_character(given):
        raise Unreadable(field, "contains a control character")
    return given


def _key_text(key: bytes | None) -> str | None:
    if key is None:
        return None
    try:
        return _checked("key", key.decode(), ID_CHARS_MAX)
    except UnicodeDecodeError as error:
        raise Unreadable("key", "is not UTF-8") from error


def _time(given: str | None) -> datetime:
    if given is None:
        raise Unreadable("ce_time", "is absent")
    try:
        return instant(given)
    except ValueError as error:
        raise Unreadable("ce_time", str(error)) from error


def _trace(given: str | None) -> str | None:
    """`given` when it is a W3C trace parent. A broken one is dropped, as W3C has it: tracing never holds goods."""
    return given if given is not None and _TRACEPARENT.fullmatch(given) else None


def _whole_number(given: str | None) -> int | None:
    if given is None or _WHOLE_NUMBER.fullmatch(given) is None or int(given) > BIGINT_MAX:
        return None
    return int(given)


def write_binary(
    data: BaseModel,
    *,
    id: str,
    source: str,
    type: str,
    subject: str,
    time: datetime,
    laneseq: int,
    rulesversion: int,
    causationid: str | None = None,
    traceparent: str | None = None,
) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value of an event of ours in binary mode; the record key is `subject`, UTF-8.

    The same arguments give the same bytes: headers in a fixed order, JSON fields in the order of the model, without
    blanks. Raises ValueError for a time without an offset.
    """
    if time.utcoffset() is None:
        raise ValueError("the time of an event carries an offset")
    attributes = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type,
        "subject": subject,
        "time": time.isoformat(),
        "laneseq": str(laneseq),
        "rulesversion": str(rulesversion),
        "causationid": causationid,
        "traceparent": traceparent,
    }
    headers = [(f"ce_{name}", given.encode()) for name, given in attributes.items() if given is not None]
    headers.append((CONTENT_TYPE, b"application/json"))
    return headers, data.model_dump_json().encode()
