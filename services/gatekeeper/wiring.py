"""Everything that a process of the gatekeeper is built from: one frozen Settings in, one Gate out."""

from __future__ import annotations

import difflib
import math
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol

from services.gatekeeper.domain.references import References
from services.kit import failpoints
from services.kit.postgres import CONNECTION_ERRORS, Connection, Database, Unreachable, connect, retrying, server_of


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
    batch_records_max: int = 300
    transactions: bool = True
    transactions_per_second_max: int = 400
    sweep_chunk: int = 250
    unreadable_share_max: float = 0.5
    unreadable_window: int = 100
    api_host: str = "127.0.0.1"
    api_port: int = 8080
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9464
    log_level: str = "INFO"
    failpoints: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read HOLDGATE_*; DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS stand in. Raises BadSetting naming the variable.

        A value out of its range is refused, and so is a HOLDGATE_ variable that is no setting: it may be misspelt.
        """
        _refuse_unknown(environ, [f"HOLDGATE_{entry.name.upper()}" for entry in fields(cls)])
        values: dict[str, Any] = {}
        for entry in fields(cls):
            variable = f"HOLDGATE_{entry.name.upper()}"
            given = environ.get(variable, environ.get(entry.name.upper()) if entry.name in _SHORT else None)
            if given is not None:
                values[entry.name] = _parsed(variable, str(entry.type), given)
        return cls(**values)


_SHORT = ("database_url", "kafka_bootstrap_servers")
_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_KINDS: dict[str, Any] = {"int": int, "float": float, "str": str}


_BETWEEN: dict[str, tuple[float, float]] = {
    "partitions": (1, 1000),
    "session_timeout_ms": (1000, 3_600_000),
    "batch_records_max": (1, 10_000),
    "transactions_per_second_max": (1, 1_000_000),
    "sweep_chunk": (1, 10_000),
    "unreadable_share_max": (0, 1),
    "unreadable_window": (2, 1_000_000),
    "api_port": (0, 65_535),
    "metrics_port": (0, 65_535),
}
_LIKE = {
    "database_url": (r"(postgres(ql)?://([^/?#]*@)?(HOST(,HOST)*)?([/?].*)?)?", "a URL postgresql://…@host:port/name"),
    "kafka_bootstrap_servers": (r"(HOST(,HOST)*)?", "host:port, or several with commas between them"),
    "environment": (r"[A-Za-z0-9._-]+", "letters, digits, '.', '_' and '-'"),
    "topic_prefix": (r"[A-Za-z0-9._-]*", "letters, digits, '.', '_' and '-'"),
    "log_level": (r"DEBUG|INFO|WARNING|ERROR", "DEBUG, INFO, WARNING or ERROR"),
}
_HOST = r"\s*(\[[0-9A-Fa-f:.]+\]|[^:,/@?#\[\]\s]+)(:[0-9]{1,5})?\s*"
_READ_ELSEWHERE = frozenset({"HOLDGATE_CACHE_DIR", "HOLDGATE_REQUIRE_REAL", "HOLDGATE_REQUIRE_SHARED"})
_SERVICE_LINK = re.compile(r".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_.*)?)")
"""What an orchestrator puts into each container for a service that is called holdgate."""


def _refuse_unknown(environ: Mapping[str, str], known: list[str]) -> None:
    for variable, given in environ.items():
        ours = variable.startswith("HOLDGATE_") and variable not in _READ_ELSEWHERE and variable not in known
        if not ours or _SERVICE_LINK.fullmatch(variable) or given.startswith(("tcp://", "udp://", "sctp://")):
            continue
        near = difflib.get_close_matches(variable, known, n=1)
        raise BadSetting(f"{variable} is no setting" + (f"; did you mean {near[0]}?" if near else ""))


def _parsed(variable: str, kind: str, given: str) -> Any:
    """The value of a setting; a text that may hold a secret is never repeated in the message."""
    name = variable.removeprefix("HOLDGATE_").lower()
    try:
        value = _TRUTHS[given.strip().lower()] if kind == "bool" else _KINDS[kind](given)
    except (KeyError, ValueError):
        raise BadSetting(f"{variable} must be of type {kind}{_range_text(name)}, not {given!r}") from None
    low, high = _BETWEEN.get(name, (-math.inf, math.inf))
    if kind in ("int", "float") and not low <= value <= high:
        raise BadSetting(f"{variable} must be{_range_text(name)}, not {given}")
    pattern, meaning = _LIKE.get(name, (".*", ""))
    if kind == "str" and not re.fullmatch(pattern.replace("HOST", _HOST), given):
        raise BadSetting(f"{variable} must be {meaning}")
    if name == "failpoints":
        try:
            failpoints.parse(given)
        except ValueError as error:
            raise BadSetting(f"{variable}: {error}") from None
    return value


def _range_text(name: str) -> str:
    return " from {:g} to {:g}".format(*_BETWEEN[name]) if name in _BETWEEN else ""


class Clock(Protocol):
    """What time it is for decisions: the database's in service, a virtual one in scenarios."""

    async def now(self, connection: Connection) -> datetime: ...

    def told(self, at: datetime) -> datetime:
        """The time when the database's clock said `at`."""


class DatabaseClock:
    """`clock_timestamp()`, read after the rules lock: `now()` is from before the wait (design.md §2.1)."""

    async def now(self, connection: Connection) -> datetime:
        at: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return at

    def told(self, at: datetime) -> datetime:
        return at


class VirtualClock:
    """Stands still until it is told to move (scenarios.md)."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    async def now(self, connection: Connection) -> datetime:
        return self.at

    def told(self, at: datetime) -> datetime:
        return self.at


@dataclass(slots=True)
class Gate:
    """One process's connections, caches and identity.

    `owned_lanes` is kept by whoever follows the assignment, `published` (the last number of a lane that this process
    knows to be committed in the topic) by the lanes' publishers, `work_waited_seconds` (how long sweeps and the like
    have waited for lanes) by the work itself.
    """

    settings: Settings
    database: Database
    clock: Clock
    incarnation: uuid.UUID
    partitions: int
    references: References | None = None
    owned_lanes: frozenset[int] = frozenset()
    published: dict[int, int] = field(default_factory=dict)
    work_waited_seconds: float = 0.0


async def open_gate(
    settings: Settings, *, name: str, clock: Clock | None = None, patience_seconds: float | None = None
) -> Gate:
    """Connect and read the installation. Raises BadSetting when the database was set up otherwise.

    Unreachable when no connection comes about: at once where waiting is of no use, else after `patience_seconds`.
    """
    if not settings.database_url:
        raise BadSetting("HOLDGATE_DATABASE_URL (or DATABASE_URL) is not set")
    try:
        database = await connect(settings.database_url, name=name, patience_seconds=patience_seconds)
    except CONNECTION_ERRORS as error:
        raise Unreachable("PostgreSQL", server_of(settings.database_url), error) from None

    async def read() -> Any:
        async with database.reading() as connection:
            there = await connection.fetchval("SELECT to_regclass('installation')")
            return there and await connection.fetchrow("SELECT incarnation, partitions FROM installation")

    row = await retrying(read, what="read_installation", patience_seconds=patience_seconds)
    if row is None:
        raise BadSetting("this database is not set up yet: run `holdgate migrate`")
    if row["partitions"] != settings.partitions:
        raise BadSetting(f"HOLDGATE_PARTITIONS is {settings.partitions}, the database has {row['partitions']}")
    return Gate(settings, database, clock or DatabaseClock(), row["incarnation"], row["partitions"])
