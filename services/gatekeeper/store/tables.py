"""The gatekeeper's tables: stream positions, lanes, outbox, and what is known about orders, shipments and licences.

No foreign keys on hot tables (design.md §2). Bodies are the domain's aggregates as JSON; the columns beside them are
what queries select by.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from services.gatekeeper.store.columns import big, exact, identifier, json, moment, raw, text, texts


class Installation(SQLModel, table=True):
    """One row: which database this is (part of every event id) and with how many partitions it was set up."""

    __tablename__ = "installation"
    singleton: int = Field(default=1, primary_key=True)
    incarnation: uuid.UUID = Field(sa_column=identifier())
    partitions: int
    environment: str = Field(sa_column=text())
    created_at: dt.datetime = Field(sa_column=moment())


class RulesState(SQLModel, table=True):
    """One row: the version of all rules together; it rises with every rule change."""

    __tablename__ = "rules_state"
    singleton: int = Field(default=1, primary_key=True)
    rules_version: int = Field(sa_column=big())
    min_engine: int


class RuleRow(SQLModel, table=True):
    """One version of one rule entity; never updated. The newest `seq` of a (kind, key) is what is so."""

    __tablename__ = "rule_row"
    __table_args__ = (Index("rule_row_rules_version", "rules_version"), Index("rule_row_key", "kind", "key", "seq"))
    seq: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    kind: str = Field(sa_column=text())
    key: str = Field(sa_column=text())
    version: int = Field(sa_column=big())
    rules_version: int = Field(sa_column=big())
    body: dict[str, Any] = Field(sa_column=json())
    event_id: str | None = Field(default=None, sa_column=text(nullable=True))
    recorded_at: dt.datetime = Field(sa_column=moment())


class RuleBoundary(SQLModel, table=True):
    """A future instant at which a notice begins or ends, or people are told of a licence's end (design.md §4)."""

    __tablename__ = "rule_boundary"
    __table_args__ = (PrimaryKeyConstraint("kind", "key", "version", "what"), Index("rule_boundary_due", "due_at"))
    kind: str = Field(sa_column=text())
    key: str = Field(sa_column=text())
    version: int = Field(sa_column=big())
    what: str = Field(sa_column=text())
    due_at: dt.datetime = Field(sa_column=moment())


class NoticeBarrier(SQLModel, table=True):
    """The record in each lane that says a notice version is in effect or ended; EFFECTIVE when all are published."""

    __tablename__ = "notice_barrier"
    __table_args__ = (PrimaryKeyConstraint("notice_id", "version", "what", "lane"),)
    notice_id: str = Field(sa_column=text())
    version: int = Field(sa_column=big())
    what: str = Field(sa_column=text())
    lane: int
    seq: int = Field(sa_column=big())
    rules_version: int = Field(sa_column=big())
    recorded_at: dt.datetime = Field(sa_column=moment())


class InputPosition(SQLModel, table=True):
    """How far one input partition is decided; `last_hash` notices a re-created topic, `stopped` says why it stands."""

    __tablename__ = "input_position"
    __table_args__ = (PrimaryKeyConstraint("topic", "partition"),)
    topic: str = Field(sa_column=text())
    partition: int
    next_offset: int = Field(sa_column=big())
    last_hash: bytes | None = Field(default=None, sa_column=raw(nullable=True))
    recent_good: int = 0
    recent_bad: int = 0
    stopped: str | None = Field(default=None, sa_column=text(nullable=True))


class EventSeen(SQLModel, table=True):
    """Every (source, id) that was handled, as a digest, with a digest of its content (D8.1)."""

    __tablename__ = "event_seen"
    event_key: bytes = Field(sa_column=raw(primary_key=True))
    content_hash: bytes = Field(sa_column=raw())


class Lane(SQLModel, table=True):
    """One output partition: the next dense sequence number to hand out. STOPPED: every writer refuses it."""

    __tablename__ = "lane"
    lane: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    next_seq: int = Field(sa_column=big())
    stopped: str | None = Field(default=None, sa_column=text(nullable=True))


class LaneProgress(SQLModel, table=True):
    """A hint of how far a lane is published; the topic itself is the truth (design.md §3)."""

    __tablename__ = "lane_progress"
    lane: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    published_seq: int = Field(sa_column=big())
    published_at: dt.datetime = Field(sa_column=moment())


class Outbox(SQLModel, table=True):
    """The truth of what was said: append-only, range-partitioned by the database's clock."""

    __tablename__ = "outbox"
    __table_args__ = (
        PrimaryKeyConstraint("lane", "seq", "recorded_at"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )
    lane: int
    seq: int = Field(sa_column=big())
    recorded_at: dt.datetime = Field(sa_column=moment())
    key: str = Field(sa_column=text())
    type: str = Field(sa_column=text())
    headers: str = Field(sa_column=text())
    value: bytes = Field(sa_column=raw())


class Shipment(SQLModel, table=True):
    """A shipment: the aggregate as `body`, and the columns that queries use."""

    __tablename__ = "shipment"
    __table_args__ = ({"postgresql_with": {"fillfactor": "80"}},)
    shipment_id: str = Field(sa_column=text(primary_key=True))
    lane: int
    arrival: int = Field(sa_column=big())
    state: str = Field(sa_column=text())
    sequence: int = Field(sa_column=big())
    exporter_id: str | None = Field(default=None, sa_column=text(nullable=True))
    forwarder_id: str | None = Field(default=None, sa_column=text(nullable=True))
    rules_version: int = Field(sa_column=big())
    recheck_at: dt.datetime | None = Field(default=None, sa_column=moment(nullable=True))
    body: dict[str, Any] = Field(sa_column=json())


class TradeOrder(SQLModel, table=True):
    """An order: likewise."""

    __tablename__ = "trade_order"
    __table_args__ = ({"postgresql_with": {"fillfactor": "80"}},)
    order_id: str = Field(sa_column=text(primary_key=True))
    lane: int
    arrival: int = Field(sa_column=big())
    state: str = Field(sa_column=text())
    sequence: int = Field(sa_column=big())
    exporter_id: str | None = Field(default=None, sa_column=text(nullable=True))
    rules_version: int = Field(sa_column=big())
    body: dict[str, Any] = Field(sa_column=json())


class Timer(SQLModel, table=True):
    """An order's or shipment's own next date (D7.1); run by the owner of its lane."""

    __tablename__ = "timer"
    __table_args__ = (
        PrimaryKeyConstraint("owner", "owner_id"),
        Index("timer_due", "lane", "due_at"),
        {"postgresql_with": {"fillfactor": "80"}},
    )
    owner: str = Field(sa_column=text())
    owner_id: str = Field(sa_column=text())
    lane: int
    due_at: dt.datetime = Field(sa_column=moment())


class ScopeTerms(SQLModel, table=True):
    """What an open order or shipment can be selected by: one prefixed array, one GIN (design.md §2)."""

    __tablename__ = "scope_terms"
    __table_args__ = (
        PrimaryKeyConstraint("owner", "owner_id"),
        Index("scope_terms_terms", "terms", postgresql_using="gin"),
    )
    owner: str = Field(sa_column=text())
    owner_id: str = Field(sa_column=text())
    lane: int
    arrival: int = Field(sa_column=big())
    terms: list[str] = Field(sa_column=texts())


class OpenHold(SQLModel, table=True):
    """Every open hold, for queues and metrics; the aggregate's body is what rules read."""

    __tablename__ = "open_hold"
    __table_args__ = (PrimaryKeyConstraint("owner", "owner_id", "hold_id"), Index("open_hold_reason", "reason"))
    owner: str = Field(sa_column=text())
    owner_id: str = Field(sa_column=text())
    hold_id: str = Field(sa_column=text())
    reason: str = Field(sa_column=text())
    placed_at: dt.datetime = Field(sa_column=moment())


class LicenceAccountRow(SQLModel, table=True):
    """Uses of a licence; its row lock guards the balances of all its lines."""

    __tablename__ = "licence_account"
    __table_args__ = ({"postgresql_with": {"fillfactor": "80"}},)
    licence_no: str = Field(sa_column=text(primary_key=True))
    uses: int
    uses_reserved: int
    completed: bool
    alerts: list[str] = Field(sa_column=texts())


class LicenceLineBalance(SQLModel, table=True):
    """Balances of one licence line in its own unit and currency: always the sum of its ledger rows (D4.1)."""

    __tablename__ = "licence_line_balance"
    __table_args__ = (
        PrimaryKeyConstraint("licence_no", "line_no"),
        {"postgresql_with": {"fillfactor": "80"}},
    )
    licence_no: str = Field(sa_column=text())
    line_no: int
    reserved: Decimal = Field(sa_column=exact())
    consumed: Decimal = Field(sa_column=exact())
    value_reserved: Decimal = Field(sa_column=exact())
    value_consumed: Decimal = Field(sa_column=exact())


class LedgerRow(SQLModel, table=True):
    """One change of a balance, never updated (D4.1). `licence_line` 0: uses only."""

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
    as_of: dt.datetime = Field(sa_column=moment())


class DecisionRow(SQLModel, table=True):
    """One decision with what its replay needs (design.md §4): versions read, balances seen, output, hash."""

    __tablename__ = "decision"
    __table_args__ = (Index("decision_owner", "owner", "owner_id", "seq"),)
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


UNFINISHED = sql("done_at IS NULL")
