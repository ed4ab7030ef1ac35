"""From a Kafka record to an event: one function, one exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from schemas import envelope as envelopes
from schemas.envelope import Envelope, Headers
from schemas.events import READ_MODELS, ReadModel
from schemas.produced import WRITTEN_MODELS, WrittenModel
from schemas.repeated import repeated_name
from schemas.shipments import ShipmentCorrected
from schemas.topics import HOLDS, ID_FIELD, READ_TOPICS, TYPE_PREFIX, Topic
from schemas.unreadable import Unreadable
from schemas.values import ID_CHARS_MAX, has_control_character

# How much of a broken body is searched for the id of what it is about.
SALVAGE_BYTES_MAX: Final = 64 * 1024
# The only patterns of plain strings are those of characters; pydantic would show the pattern.
_FORBIDDEN: Final = "has a character that is not allowed there, such as U+0000"

Model = TypeVar("Model", bound=BaseModel)

_TOPICS: Final = {topic.name: topic for topic in READ_TOPICS}


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """A record that could be read: its envelope, its type without `io.holdgate.`, and its data."""

    envelope: Envelope
    type_suffix: str
    model: ReadModel

    @property
    def entity_key(self) -> str:
        """The id in the data: what the lane is computed from, whatever the record key says."""
        return str(getattr(self.model, ID_FIELD[self.type_suffix]))


@dataclass(frozen=True, slots=True)
class WrittenEvent:
    """A record of `holdgate.holds.v1`: its envelope, its type without `io.holdgate.`, and its data."""

    envelope: Envelope
    type_suffix: str
    model: WrittenModel


def read_event(topic: str, headers: Headers, key: bytes | None, value: bytes | None) -> ReadEvent:
    """The event of a record of `topic`. Raises Unreadable, with hints, and nothing else, whatever the bytes are."""
    try:
        envelope = envelopes.read(headers, key, value)
        suffix = _suffix(_TOPICS.get(topic), envelope.type)
        event = ReadEvent(envelope, suffix, _validated(READ_MODELS[suffix], envelope.data))
        if isinstance(event.model, ShipmentCorrected) and event.model.corrects_event_id == envelope.id:
            raise Unreadable("corrects_event_id", "is the id of this event itself")
        return event
    except Unreadable as refused:
        hint = _type_hint(headers, value)
        entity_key = _entity_key(topic, hint, headers, key, value)
        raise Unreadable(refused.field, refused.message, type_hint=hint, entity_key=entity_key) from refused


def read_written(headers: Headers, key: bytes | None, value: bytes | None) -> WrittenEvent:
    """The event of a record of `holdgate.holds.v1`. Raises Unreadable, without hints, and nothing else."""
    envelope = envelopes.read(headers, key, value)
    suffix = _suffix(HOLDS, envelope.type)
    return WrittenEvent(envelope, suffix, _validated(WRITTEN_MODELS[suffix], envelope.data))


def _suffix(topic: Topic | None, type_: str) -> str:
    if topic is None:
        raise Unreadable("topic", "is none that Holdgate reads")
    suffix = type_.removeprefix(TYPE_PREFIX)
    if suffix == type_ or suffix not in topic.types:
        raise Unreadable("ce_type", f"is not a type of {topic.name}")
    return suffix


def _validated(model: type[Model], data: bytes) -> Model:
    try:
        read = model.model_validate_json(data)
    except ValidationError as error:
        field, message = fault_of(error)
        raise Unreadable(field, message) from error
    twice = repeated_name(data)
    if twice is not None:
        raise Unreadable(twice, "is given twice in one object")
    return read


def fault_of(error: ValidationError) -> tuple[str, str]:
    """Path and message of the first thing that `error` finds wrong, without the value that was given."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    more = error.error_count() - 1
    path = ".".join(str(part) for part in fault["loc"]) or "value"
    message = _FORBIDDEN if fault["type"] == "string_pattern_mismatch" else fault["msg"]
    return path, message + (f" (and {more} more)" if more else "")


def _type_hint(headers: Headers, value: bytes | None) -> str | None:
    """The type that the header names, else a structured body does; None unless Holdgate reads such a type."""
    named = _header(headers, "ce_type")
    if named is None:
        given = _salvaged(value).get("type")
        named = given if isinstance(given, str) else None
    suffix = None if named is None else named.removeprefix(TYPE_PREFIX)
    return suffix if suffix in READ_MODELS and suffix != named else None


def _entity_key(topic: str, hint: str | None, headers: Headers, key: bytes | None, value: bytes | None) -> str | None:
    """What a broken event is about: the id in its data, else its subject, else the record key, else None.

    The id comes first since a readable event would have counted for it too; senders may key by something else.
    """
    body = _salvaged(value)
    data = body["data"] if isinstance(body.get("data"), dict) else body
    fields = (ID_FIELD[hint],) if hint else _TOPICS[topic].id_fields if topic in _TOPICS else ()
    ids = [data.get(field) for field in fields]
    candidates = [*ids, _header(headers, "ce_subject"), body.get("subject"), _text(key)]
    return next((given for given in candidates if _is_key(given)), None)


def _salvaged(value: bytes | None) -> dict[str, Any]:
    """What can still be parsed of the beginning of a body; empty when that isn't an object."""
    if value is None:
        return {}
    prefix = envelopes.REGISTRY_PREFIX_BYTES if value[:1] == b"\x00" else 0
    try:
        body = from_json(value[prefix : prefix + SALVAGE_BYTES_MAX], allow_partial=True)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _header(headers: Headers, name: str) -> str | None:
    return next((_text(raw) for header, raw in headers if header.lower() == name), None)


def _text(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return None


def _is_key(given: Any) -> bool:
    return isinstance(given, str) and 1 <= len(given) <= ID_CHARS_MAX and not has_control_character(given)
