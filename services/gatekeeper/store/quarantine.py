"""Unreadable records, byte for byte (D8.4, D8.5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Connection = Any
_COLUMNS = (
    "quarantine_id, topic, partition, record_offset, key, value, headers, error_field, error, event_type, event_key,"
    " owner, owner_id, was_upsert, status, recorded_at, settled_at, settled_by"
)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """`owner` is shipment, order, rule, or none (nothing told what it is about). `status` OPEN until it is settled."""

    quarantine_id: UUID
    topic: str
    partition: int
    record_offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    error_field: str
    error: str
    event_type: str | None
    event_key: str
    owner: str
    owner_id: str | None
    was_upsert: bool
    status: str
    recorded_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = None

    @property
    def told(self) -> str:
        """What is wrong with which field, for people; the same before it is stored and after."""
        return told(self.error_field, self.error)


def told(error_field: str, error: str) -> str:
    return storable(f"{error_field}: {error}")


def storable(text: str) -> str:
    """PostgreSQL keeps no NUL in text."""
    return text.replace("\x00", "\ufffd")


def _packed(headers: Sequence[tuple[str, bytes | None]]) -> str:
    return json.dumps([[name, None if raw is None else base64.b64encode(raw).decode()] for name, raw in headers])


def _row(row: Any) -> Quarantined:
    values = dict(row)
    values["headers"] = tuple(
        (name, None if packed is None else base64.b64decode(packed)) for name, packed in json.loads(values["headers"])
    )
    return Quarantined(**values)


async def add(connection: Connection, records: Sequence[Quarantined], rules_version: int | None = None) -> None:
    """Keep records; `rules_version` for those of rule topics, so that caches learn of them by delta."""
    if records:
        await connection.execute(
            f"INSERT INTO quarantine ({_COLUMNS}, rules_version) SELECT *, $19::bigint FROM unnest($1::uuid[],"
            " $2::text[], $3::int[], $4::bigint[], $5::bytea[], $6::bytea[], $7::jsonb[], $8::text[], $9::text[],"
            " $10::text[], $11::text[], $12::text[], $13::text[], $14::bool[], $15::text[], $16::timestamptz[],"
            " $17::timestamptz[], $18::text[])",
            *(list(column) for column in zip(*map(_values, records), strict=True)),
            rules_version,
        )


def _values(one: Quarantined) -> tuple[Any, ...]:
    """In the order of _COLUMNS."""
    return (
        one.quarantine_id,
        one.topic,
        one.partition,
        one.record_offset,
        one.key,
        one.value,
        _packed(one.headers),
        storable(one.error_field),
        storable(one.error),
        one.event_type,
        one.event_key,
        one.owner,
        one.owner_id,
        one.was_upsert,
        one.status,
        one.recorded_at,
        one.settled_at,
        one.settled_by,
    )


async def get(connection: Connection, quarantine_id: UUID, *, lock: bool = False) -> Quarantined | None:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM quarantine WHERE quarantine_id = $1{' FOR UPDATE' if lock else ''}", quarantine_id
    )
    return _row(row) if row else None


async def listing(connection: Connection, *, status: str | None, records_max: int) -> list[Quarantined]:
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM quarantine WHERE $1::text IS NULL OR status = $1 ORDER BY recorded_at LIMIT $2",
        status,
        records_max,
    )
    return [_row(row) for row in rows]


async def settle(
    connection: Connection,
    quarantine_ids: Sequence[UUID],
    status: str,
    by: str,
    at: datetime,
    rules_version: int | None = None,
) -> None:
    if not quarantine_ids:
        return
    await connection.execute(
        "UPDATE quarantine SET status = $2, settled_by = $3, settled_at = $4, settled_rules_version = $5"
        " WHERE quarantine_id = ANY($1::uuid[]) AND status = 'OPEN'",
        list(quarantine_ids),
        status,
        by,
        at,
        rules_version,
    )
