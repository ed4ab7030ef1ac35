"""Tables of the installation and of the rules: versions, dates, and how far each lane was told."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, PrimaryKeyConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from services.gatekeeper.store.columns import big, identifier, json, moment, text


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


class LicenceTerm(SQLModel, table=True):
    """By what a decision may ask for a licence: codes and items of its exporter, and what it supersedes."""

    __tablename__ = "licence_term"
    __table_args__ = (PrimaryKeyConstraint("term", "licence_no"),)
    term: str = Field(sa_column=text())
    licence_no: str = Field(sa_column=text())


class RuleBoundary(SQLModel, table=True):
    """A future instant at which a notice begins or ends, or people are told of a licence's end or a feed's age."""

    __tablename__ = "rule_boundary"
    __table_args__ = (PrimaryKeyConstraint("kind", "key", "version", "what"), Index("rule_boundary_due", "due_at"))
    kind: str = Field(sa_column=text())
    key: str = Field(sa_column=text())
    version: int = Field(sa_column=big())
    what: str = Field(sa_column=text())
    due_at: dt.datetime = Field(sa_column=moment())


class CustomsChallenge(SQLModel, table=True):
    """A challenge of customs, to be answered by `due_on` (ECR 22), a day in Shanghai; closed when its notice ends."""

    __tablename__ = "customs_challenge"
    __table_args__ = (Index("customs_challenge_open", "due_on", postgresql_where=sql("closed_at IS NULL")),)
    notice_id: str = Field(sa_column=text(primary_key=True))
    version: int = Field(sa_column=big())
    due_on: dt.date
    opened_at: dt.datetime = Field(sa_column=moment())
    closed_at: dt.datetime | None = Field(default=None, sa_column=moment(nullable=True))


class RuleAhead(SQLModel, table=True):
    """A rule event dated ahead that may free goods: it counts when its time comes (D7.3)."""

    __tablename__ = "rule_ahead"
    __table_args__ = (Index("rule_ahead_due", "due_at"),)
    seq: int | None = Field(default=None, sa_column=big(primary_key=True, autoincrement=True))
    kind: str = Field(sa_column=text())
    key: str = Field(sa_column=text())
    body: dict[str, Any] = Field(sa_column=json())
    event_id: str | None = Field(default=None, sa_column=text(nullable=True))
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
