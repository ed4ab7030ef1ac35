"""Tables of work and of people: tasks and sweeps, deferred records, quarantine, keys, idempotency, audit."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from services.gatekeeper.store.columns import big, identifier, json, moment, raw, text, texts


class Task(SQLModel, table=True):
    """Work that a change caused elsewhere: a sweep over what it touches, or waiters for a licence.

    `touches` (sweeps): OR of ANDs of ORs of scope terms. `items_stored`: the ids are in `sweep_item`. `cursor`: the
    last (arrival, owner) that was judged; it is the witness of a chunk's transaction.
    """

    __tablename__ = "task"
    __table_args__ = (Index("task_open", "task_id", postgresql_where=sql("done_at IS NULL")),)
    task_id: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    kind: str = Field(sa_column=text())
    key: str = Field(sa_column=text())
    touches: list[Any] = Field(sa_column=json())
    rules_version: int = Field(sa_column=big())
    can_add_hold: bool
    items_stored: bool
    cursor: int = Field(sa_column=big())
    created_at: dt.datetime = Field(sa_column=moment())
    done_at: dt.datetime | None = Field(default=None, sa_column=moment(nullable=True))


class SweepItem(SQLModel, table=True):
    """One order or shipment that a task has still to judge, in order of arrival."""

    __tablename__ = "sweep_item"
    __table_args__ = (
        PrimaryKeyConstraint("task_id", "position"),
        Index("sweep_item_owner", "owner", "owner_id"),
    )
    task_id: int = Field(sa_column=big())
    position: int = Field(sa_column=big())
    owner: str = Field(sa_column=text())
    owner_id: str = Field(sa_column=text())
    lane: int


class DeferredRecord(SQLModel, table=True):
    """A record for a lane that the transaction which found it had not locked (design.md §2.3)."""

    __tablename__ = "deferred_record"
    deferred_id: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    lane: int
    key: str = Field(sa_column=text())
    type: str = Field(sa_column=text())
    data: str = Field(sa_column=text())
    as_of: dt.datetime = Field(sa_column=moment())


class Quarantine(SQLModel, table=True):
    """An unreadable record, byte for byte (D8.4). `status`: OPEN, REPLAYED, DROPPED or SUPERSEDED (D8.5)."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("quarantine_record", "topic", "partition", "record_offset"),
        Index("quarantine_owner", "owner", "owner_id"),
    )
    quarantine_id: uuid.UUID = Field(sa_column=identifier(primary_key=True))
    topic: str = Field(sa_column=text())
    partition: int
    record_offset: int = Field(sa_column=big())
    key: bytes | None = Field(default=None, sa_column=raw(nullable=True))
    value: bytes | None = Field(default=None, sa_column=raw(nullable=True))
    headers: list[Any] = Field(sa_column=json())
    error_field: str = Field(sa_column=text())
    error: str = Field(sa_column=text())
    event_type: str | None = Field(default=None, sa_column=text(nullable=True))
    event_key: str = Field(sa_column=text())
    owner: str = Field(sa_column=text())
    owner_id: str | None = Field(default=None, sa_column=text(nullable=True))
    was_upsert: bool
    status: str = Field(sa_column=text())
    rules_version: int | None = Field(default=None, sa_column=big(nullable=True))
    settled_rules_version: int | None = Field(default=None, sa_column=big(nullable=True))
    recorded_at: dt.datetime = Field(sa_column=moment())
    settled_at: dt.datetime | None = Field(default=None, sa_column=moment(nullable=True))
    settled_by: str | None = Field(default=None, sa_column=text(nullable=True))


class ApiKey(SQLModel, table=True):
    """An API key: only its SHA-256 is kept. Empty `forwarder_ids` and `exporter_ids`: sees everything."""

    __tablename__ = "api_key"
    key_id: str = Field(sa_column=text(primary_key=True))
    secret_hash: bytes = Field(sa_column=raw())
    principal: str = Field(sa_column=text())
    scopes: list[str] = Field(sa_column=texts())
    forwarder_ids: list[str] = Field(sa_column=texts())
    exporter_ids: list[str] = Field(sa_column=texts())
    created_at: dt.datetime = Field(sa_column=moment())
    expires_at: dt.datetime | None = Field(default=None, sa_column=moment(nullable=True))
    revoked_at: dt.datetime | None = Field(default=None, sa_column=moment(nullable=True))
    last_used_at: dt.datetime | None = Field(default=None, sa_column=moment(nullable=True))


class Idempotency(SQLModel, table=True):
    """The answer to a request with an Idempotency-Key, stored with its effect in one transaction."""

    __tablename__ = "idempotency"
    __table_args__ = (PrimaryKeyConstraint("principal", "idempotency_key"),)
    principal: str = Field(sa_column=text())
    idempotency_key: str = Field(sa_column=text())
    request_hash: bytes = Field(sa_column=raw())
    status: int
    answer: str = Field(sa_column=text())
    created_at: dt.datetime = Field(sa_column=moment())


class AuditRow(SQLModel, table=True):
    """Who did what: append-only."""

    __tablename__ = "audit"
    seq: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    at: dt.datetime = Field(sa_column=moment())
    actor: str = Field(sa_column=text())
    action: str = Field(sa_column=text())
    subject: str = Field(sa_column=text())
    detail: dict[str, Any] = Field(sa_column=json())
