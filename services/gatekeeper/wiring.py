"""Everything that a process of the gatekeeper is built from: one frozen Settings in, one Gate out."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.kit.postgres import Connection, Database, connect


class BadSetting(Exception):
    """A setting that cannot be used; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, each from the environment variable HOLDGATE_<NAME> (deploy/env.example lists them)."""

    database_url: str = ""
    kafka_bootstrap_servers: str = ""
    environment: str = "local"
    topic_prefix: str = ""
    partitions: int = 4
    session_timeout_ms: int = 10_000
    batch_records_max: int = 1000
    transactions: bool = True
    transactions_per_second_max: int = 400
    sweep_chunk: int = 250
    unreadable_share_max: float = 0.5
    unreadable_window: int = 100
    api_host: str = "127.0.0.1"
    api_port: int = 8080
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    log_level: str = "INFO"
    failpoints: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read HOLDGATE_*; DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS stand in. Raises BadSetting naming the variable."""
        values: dict[str, Any] = {}
        for entry in fields(cls):
            variable = f"HOLDGATE_{entry.name.upper()}"
            given = environ.get(variable, environ.get(entry.name.upper()) if entry.name in _SHORT else None)
            if given is not None:
                values[entry.name] = _parsed(variable, str(entry.type), given)
        return cls(**values)


_SHORT = ("database_url", "kafka_bootstrap_servers")
_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _parsed(variable: str, kind: str, given: str) -> Any:
    try:
        if kind == "bool":
            return _TRUTHS[given.strip().lower()]
        return {"int": int, "float": float, "str": str}[kind](given)
    except (KeyError, ValueError):
        raise BadSetting(f"{variable} must be of type {kind}, not {given!r}") from None


class Clock(Protocol):
    """What time it is for decisions: the database's in service, a virtual one in scenarios."""

    async def now(self, connection: Connection) -> datetime: ...


class DatabaseClock:
    """`clock_timestamp()`, read after the rules lock: `now()` is from before the wait (design.md §2.1)."""

    async def now(self, connection: Connection) -> datetime:
        at: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return at


class VirtualClock:
    """Stands still until it is told to move (scenarios.md)."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    async def now(self, connection: Connection) -> datetime:
        return self.at


@dataclass(slots=True)
class Gate:
    """One process's connections, caches and identity.

    `owned_lanes` is kept by whoever follows the assignment, `published` (the last number of a lane that this process
    knows to be committed in the topic) by the lanes' publishers.
    """

    settings: Settings
    database: Database
    clock: Clock
    incarnation: uuid.UUID
    partitions: int
    policy: Policy = field(default_factory=Policy)
    references: References | None = None
    owned_lanes: frozenset[int] = frozenset()
    published: dict[int, int] = field(default_factory=dict)


async def open_gate(
    settings: Settings, *, name: str, clock: Clock | None = None, patience_seconds: float | None = None
) -> Gate:
    """Connect and read the installation. Raises BadSetting when the database was set up otherwise."""
    if not settings.database_url:
        raise BadSetting("HOLDGATE_DATABASE_URL (or DATABASE_URL) is not set")
    database = await connect(settings.database_url, name=name, patience_seconds=patience_seconds)
    async with database.reading() as connection:
        there = await connection.fetchval("SELECT to_regclass('installation')")
        row = there and await connection.fetchrow("SELECT incarnation, partitions FROM installation")
    if row is None:
        raise BadSetting("this database is not set up yet: run `holdgate migrate`")
    if row["partitions"] != settings.partitions:
        raise BadSetting(f"HOLDGATE_PARTITIONS is {settings.partitions}, the database has {row['partitions']}")
    return Gate(settings, database, clock or DatabaseClock(), row["incarnation"], row["partitions"])
