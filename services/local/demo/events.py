"""Events of the simulated trade as Kafka records: CloudEvents in binary mode, keyed by what they are about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.topics import ID_FIELD, TYPE_PREFIX, topic_of


@dataclass(frozen=True, slots=True)
class TradeEvent:
    """What a system of the trade reports: `kind` is the type without prefix and version, such as `order.upserted`."""

    kind: str
    data: dict[str, Any]

    @property
    def type_suffix(self) -> str:
        return f"{self.kind}.v1"

    @property
    def topic(self) -> str:
        """The plain name of the topic, without a prefix."""
        return topic_of(self.type_suffix).name

    @property
    def key(self) -> str:
        return str(self.data[ID_FIELD[self.type_suffix]])


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """A record ready to send."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def record_of(event: TradeEvent, *, event_id: str, source: str, at: datetime) -> TradeRecord:
    """`event` as it goes over the wire; `at` carries an offset and is when it became true."""
    attributes = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": TYPE_PREFIX + event.type_suffix,
        "subject": event.key,
        "time": at.isoformat(),
    }
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    headers.append(("content-type", b"application/json"))
    return TradeRecord(event.key.encode(), json.dumps(event.data, ensure_ascii=False).encode(), tuple(headers))
