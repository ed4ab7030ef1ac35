"""Tables of the stream: positions, lanes, outbox, and what is known about orders, shipments and licences.

No foreign keys on hot tables (design.md §2). Bodies are the domain's aggregates as JSON; the columns beside them are
what queries select by.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from services.gatekeeper.store.columns import big, exact, json, moment, raw, text, texts
from services.gatekeeper.store.columns import day as on


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
    recorded_at: dt.datetime = Field(sa_column=moment(server_default=sql("clock_timestamp()")))
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
    """Balances of one licence line, in the unit and currency of its draws: always the sum of its ledger rows (D4.1).

    `days`: the quantities by day, {"2026-03-05": {"reserved": "…", "consumed": "…"}}; null where no licence with a
    period limit has needed them yet (D3.11).
    """

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
    days: dict[str, Any] | None = Field(default=None, sa_column=json(nullable=True))
    unit: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())


class SplitCounter(SQLModel, table=True):
    """Its row lock guards the sums of one family's goods for one end user (SPLIT_SUSPECTED)."""

    __tablename__ = "split_counter"
    __table_args__ = (PrimaryKeyConstraint("family", "end_user"),)
    family: str = Field(sa_column=text())
    end_user: str = Field(sa_column=text())


class SplitEntry(SQLModel, table=True):
    """What a shipment's line counts for in such a sum: what the shipment's body says (SPLIT_SUSPECTED).

    `departed`: on `day`; else it is planned for it. `quantity` and `unit` null: nobody said how much it is. A family or
    end user that is too long for an index is here by its digest.
    """

    __tablename__ = "split_entry"
    __table_args__ = (
        PrimaryKeyConstraint("shipment_id", "line_no", "end_user"),
        Index("split_entry_day", "family", "end_user", "day"),
        Index("split_entry_waiting", "family", "end_user", postgresql_where=sql("NOT departed")),
    )
    shipment_id: str = Field(sa_column=text())
    line_no: int
    family: str = Field(sa_column=text())
    end_user: str = Field(sa_column=text())
    arrival: int = Field(sa_column=big())
    day: dt.date = Field(sa_column=on())
    departed: bool
    item_no: str = Field(sa_column=text())
    quantity: Decimal | None = Field(default=None, sa_column=exact(nullable=True))
    unit: str | None = Field(default=None, sa_column=text(nullable=True))
