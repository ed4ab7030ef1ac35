"""Append-only tables: what was booked, decided, happened, went wrong and was told."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from services.gatekeeper.store.columns import big, day, exact, identifier, json, moment, raw, text


class LedgerRow(SQLModel, table=True):
    """One change of a balance, never updated (D4.1). `licence_line` 0: uses only.

    `day`: the one that the changed draw is for (D3.11), `unit` and `currency` what it is counted in; null for uses.
    """

    __tablename__ = "ledger"
    __table_args__ = (Index("ledger_licence", "licence_no", "seq"), Index("ledger_owner", "owner", "owner_id"))
    seq: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    licence_no: str = Field(sa_column=text())
    licence_line: int
    owner: str = Field(sa_column=text())
    owner_id: str = Field(sa_column=text())
    line_no: int
    kind: str = Field(sa_column=text())
    reserved: Decimal = Field(sa_column=exact())
    consumed: Decimal = Field(sa_column=exact())
    value_reserved: Decimal = Field(sa_column=exact())
    value_consumed: Decimal = Field(sa_column=exact())
    uses: int
    uses_reserved: int
    rate_id: str | None = Field(default=None, sa_column=text(nullable=True))
    day: dt.date | None = Field(default=None, sa_column=day(nullable=True))
    unit: str | None = Field(default=None, sa_column=text(nullable=True))
    currency: str | None = Field(default=None, sa_column=text(nullable=True))
    as_of: dt.datetime = Field(sa_column=moment())


class DecisionRow(SQLModel, table=True):
    """One decision with everything that it was decided on, and what came of it (design.md §4).

    `output_hash`: of the verdict; `record_hash`: of all that the row says. Rows are written in the order of time, but
    for moments, so that a few bytes for each stretch of the table tell where a day's are.
    """

    __tablename__ = "decision"
    __table_args__ = (
        Index("decision_owner", "owner", "owner_id", "seq"),
        Index("decision_as_of", "as_of", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
        {"postgresql_with": {"toast_tuple_target": "8160"}},
    )
    seq: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    owner: str = Field(sa_column=text())
    owner_id: str = Field(sa_column=text())
    as_of: dt.datetime = Field(sa_column=moment())
    engine_version: int
    rules_version: int = Field(sa_column=big())
    policy_version: int = Field(sa_column=big())
    cause: str = Field(sa_column=text())
    state: str = Field(sa_column=text())
    body: str = Field(sa_column=text())
    output_hash: bytes = Field(sa_column=raw())
    record_hash: bytes = Field(sa_column=raw())
    event_hash: bytes | None = Field(default=None, sa_column=raw(nullable=True))


class TimelineRow(SQLModel, table=True):
    """What happened to an order or shipment, for people; never read by a rule."""

    __tablename__ = "timeline"
    __table_args__ = (Index("timeline_owner", "owner", "owner_id", "seq"),)
    seq: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    owner: str = Field(sa_column=text())
    owner_id: str = Field(sa_column=text())
    at: dt.datetime = Field(sa_column=moment())
    what: str = Field(sa_column=text())
    detail: str = Field(sa_column=text())


class ViolationRow(SQLModel, table=True):
    """A violation, once (D4.8)."""

    __tablename__ = "violation"
    __table_args__ = (Index("violation_shipment", "shipment_id"), Index("violation_licence", "licence_no"))
    violation_id: uuid.UUID = Field(sa_column=identifier(primary_key=True))
    kind: str = Field(sa_column=text())
    shipment_id: str | None = Field(default=None, sa_column=text(nullable=True))
    licence_no: str | None = Field(default=None, sa_column=text(nullable=True))
    detail: dict[str, Any] = Field(sa_column=json())
    occurred_at: dt.datetime = Field(sa_column=moment())


class AlertRow(SQLModel, table=True):
    """An alert about a licence, a notice or a feed (D4.9)."""

    __tablename__ = "alert"
    __table_args__ = (Index("alert_subject", "subject_kind", "subject"),)
    seq: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    kind: str = Field(sa_column=text())
    subject_kind: str = Field(sa_column=text())
    subject: str = Field(sa_column=text())
    licence_line: int | None = None
    detail: dict[str, Any] = Field(sa_column=json())
    recorded_at: dt.datetime = Field(sa_column=moment())
