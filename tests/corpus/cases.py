"""What a case of the corpus is: one record that must not be read, the field to blame, and what it is about."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.topics import ID_FIELD, TYPE_PREFIX, topic_of
from tests.schemas.goldens import VALID

SHIPMENT: Final = "shipment.upserted.v1"
MILESTONE: Final = "shipment.milestone.v1"
ORDER: Final = "order.upserted.v1"
LICENCE: Final = "licence.upserted.v1"
NOTICE: Final = "notice.upserted.v1"
ENTRY: Final = "list-entry.upserted.v1"
CONTROL: Final = "control.upserted.v1"
ITEM: Final = "item.upserted.v1"
RATE: Final = "fx-rate.upserted.v1"

Headers = tuple[tuple[str, bytes | None], ...]

TIME: Final = "2026-03-02T09:00:00+08:00"
FEED: Final = "INTERNAL"
"""The only id that can't be of a case's own: feeds have names out of a closed list."""

_FULLEST: Final = {
    "order.upserted.v1": "valid-full",
    "order.cancelled.v1": "valid-with-reason",
    "shipment.upserted.v1": "valid-full",
    "shipment.milestone.v1": "valid-departed",
    "shipment.corrected.v1": "valid-quantity",
    "licence.upserted.v1": "valid-individual",
    "party.upserted.v1": "valid-full",
    "list-entry.upserted.v1": "valid-suspended",
    "item.upserted.v1": "valid-controlled",
    "control.upserted.v1": "valid-listed",
    "end-user-statement.upserted.v1": "valid-valid",
    "fx-rate.upserted.v1": "valid-euro",
    "feed.refreshed.v1": "valid-control-list",
    "notice.upserted.v1": "valid-scoped",
    "notice.lifted.v1": "valid-lifted",
}
TYPES: Final = tuple(_FULLEST)
_EXAMPLES: Final = {
    suffix: next(golden for golden in VALID if (golden.type_suffix, golden.path.stem) == (suffix, stem))
    for suffix, stem in _FULLEST.items()
}

_LITERAL: Final = "literal:"


def literal(text: str) -> str:
    """In place of a value: `text` as it is, unquoted, where JSON has no other way to say it (1e999)."""
    return _LITERAL + text


def to_bytes(document: Any) -> bytes:
    """`document` as JSON, its literals unquoted."""
    text = json.dumps(document)
    while _LITERAL in text:
        before, _, rest = text.partition(f'"{_LITERAL}')
        unquoted, _, after = rest.partition('"')
        text = before + unquoted + after
    return text.encode()


def set_at(document: Any, path: str, value: Any) -> None:
    """Replace what stands at `lines.0.item_no`; the last part may be new."""
    *way, last = path.split(".")
    for part in way:
        document = document[int(part) if isinstance(document, list) else part]
    document[int(last) if isinstance(document, list) else last] = value


def drop_at(document: Any, path: str) -> None:
    *way, last = path.split(".")
    for part in way:
        document = document[int(part) if isinstance(document, list) else part]
    del document[last]


@dataclass(frozen=True, slots=True)
class Case:
    """A record, the `field` that is to blame, and the id of what must be held for it (None: nothing tells).

    `kind`: what sort of fault it is, for counting. `name` is the id of its event, and of its entity where it can be.
    """

    name: str
    kind: str
    suffix: str
    topic: str
    headers: Headers
    key: bytes | None
    value: bytes | None
    field: str
    owner_id: str | None

    def __str__(self) -> str:
        return self.name


def name_of(suffix: str, what: str) -> str:
    """What a case is called: what was meant, and what is wrong with it."""
    return f"{suffix.removesuffix('.v1')}, {what}"


def entity_id(suffix: str, name: str) -> str:
    return FEED if suffix == "feed.refreshed.v1" else name


def sound(suffix: str, name: str) -> dict[str, Any]:
    """The data of a sound event, as full as it can be, about an entity of that name."""
    document: dict[str, Any] = copy.deepcopy(_EXAMPLES[suffix].document["value"])
    return {**document, ID_FIELD[suffix]: entity_id(suffix, name)}


def sound_headers(suffix: str, name: str) -> dict[str, bytes | None]:
    return {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": name.encode(),
        "ce_source": b"/corpus",
        "ce_type": f"{TYPE_PREFIX}{suffix}".encode(),
        "ce_time": TIME.encode(),
    }


_OWN: Final = object()


def case(
    kind: str,
    suffix: str,
    what: str,
    field: str,
    *,
    data: Mapping[str, Any] | None = None,
    value: Any = _OWN,
    headers: Headers | None = None,
    key: Any = _OWN,
    topic: str | None = None,
    owner_id: Any = _OWN,
) -> Case:
    """A case about `suffix`. `data`: what differs at which path, None: the field is absent; or the whole `value`."""
    name = name_of(suffix, what)
    document = sound(suffix, name)
    for path, given in (data or {}).items():
        if given is ABSENT:
            drop_at(document, path)
        else:
            set_at(document, path, given)
    known = entity_id(suffix, name)
    return Case(
        name=name,
        kind=kind,
        suffix=suffix,
        topic=topic_of(suffix).name if topic is None else topic,
        headers=tuple(sound_headers(suffix, name).items()) if headers is None else headers,
        key=known.encode() if key is _OWN else key,
        value=to_bytes(document) if value is _OWN else value,
        field=field,
        owner_id=known if owner_id is _OWN else owner_id,
    )


ABSENT: Final = object()
