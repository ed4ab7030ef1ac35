"""PostgreSQL: a pool, the one place that commits, and what to do about each error (design.md §2)."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import structlog

log = structlog.get_logger()
Result = TypeVar("Result")
Connection = Any
"""An asyncpg connection, or one acquired from the pool."""

CONNECTION_ERRORS = (
    TimeoutError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Whatever a lost connection, or the server itself, may raise."""

RETRYABLE_CLASSES = ("40", "57", "08", "53")
RETRYABLE_STATES = ("55P03", "25006", "0A000", "25P03", "22P03")
DATA_CLASSES = ("22", "23", "54")
STALE_LAYOUT = (asyncpg.ProtocolViolationError, asyncpg.InvalidBinaryRepresentationError)
"""What a COPY meets whose columns have another type since the driver looked: too few bytes, or too many."""
RETRY_SECONDS_MAX = 5.0
BLOCKED_SECONDS_MAX = 2.5
"""A little below lock_timeout: who waits so long looks at who blocks it."""
BLOCKER_SILENCE_MIN = timedelta(seconds=5)


class Unreachable(Exception):
    """A server that a command needs does not answer, or refuses this client; the message names it, and no secret."""

    def __init__(self, what: str, where: str, error: BaseException) -> None:
        super().__init__(f"{what} at {where} cannot be reached: {str(error) or type(error).__name__}")


def server_of(database_url: str) -> str:
    """host:port of a URL, without user, password and database."""
    parts = urlsplit(database_url)
    query = dict(parse_qsl(parts.query))
    hosts = parts.netloc.rpartition("@")[2] or query.get("host", "") or "localhost"
    port = query.get("port", "5432")
    return ",".join(host if re.search(r":[0-9]+$", host) else f"{host}:{port}" for host in hosts.split(","))


def is_retryable(error: BaseException) -> bool:
    """Whether the same transaction on a new connection may succeed."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state.startswith(RETRYABLE_CLASSES) or state in RETRYABLE_STATES
    if isinstance(error, (asyncpg.InternalClientError, asyncpg.InterfaceError)):
        return "closed" in str(error) or "released" in str(error) or _lost_count(error)
    return isinstance(error, (OSError, asyncio.TimeoutError))


def _lost_count(error: BaseException | None) -> bool:
    """Whether the driver lost count of a connection's messages, as it does when the server ends it between two.

    Rolling back or giving the connection back then fails, too, and its error hides the first.
    """
    while error is not None:
        if isinstance(error, asyncpg.InternalClientError):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_data_error(error: BaseException) -> bool:
    """Whether the data is at fault: bisect the batch, quarantine the record. 54 is a limit of PostgreSQL's that a
    value exceeds; 23514 is a missing outbox partition."""
    if isinstance(error, STALE_LAYOUT):
        return False
    if isinstance(error, asyncpg.exceptions.DataError):
        return True
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state.startswith(DATA_CLASSES) and state != "23514"
    return isinstance(error, (UnicodeEncodeError, OverflowError))


@dataclass(frozen=True, slots=True)
class Database:
    """A pool. `transaction()` is the only way to write; `reading()` for single statements that write nothing."""

    pool: Any

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One READ COMMITTED transaction; commits at the end, rolls back on any exception.

        When it waits for a lock of a frozen process, that one's connection is ended (see `_unblock`).
        """
        async with self.pool.acquire() as connection:
            watch = asyncio.create_task(self._unblock(connection.get_server_pid()))
            try:
                async with connection.transaction(isolation="read_committed"):
                    yield connection
            except STALE_LAYOUT:
                # The driver forgets what it knows of tables by itself when a query no longer fits, but not for COPY.
                await connection.reload_schema_state()
                raise
            finally:
                watch.cancel()

    async def _unblock(self, waiting_pid: int) -> None:
        """End Holdgate connections that block `waiting_pid` and whose client has neither sent nor read for 5 s.

        One that works for so long on a busy machine is left alone: two that end each other would never get on.

        A client that was frozen inside COPY or an unread result is cut by no time-out of PostgreSQL's.
        """
        await asyncio.sleep(BLOCKED_SECONDS_MAX)
        try:
            rows = await self._end_blockers(waiting_pid)
        except CONNECTION_ERRORS as error:
            log.warning("blockers_not_seen", error=repr(error))
            return
        for row in rows:
            log.warning("blocking_connection_ended", pid=row["pid"], waiting_pid=waiting_pid)

    async def _end_blockers(self, waiting_pid: int) -> list[Any]:
        async with self.reading() as connection:
            rows: list[Any] = await connection.fetch(
                "SELECT a.pid, pg_terminate_backend(a.pid) FROM unnest(pg_blocking_pids($1)) AS b(pid)"
                " JOIN pg_stat_activity AS a ON a.pid = b.pid WHERE a.usename = current_user"
                " AND a.application_name LIKE 'holdgate%' AND a.wait_event_type = 'Client'"
                " AND a.state_change < clock_timestamp() - $2::interval",
                waiting_pid,
                BLOCKER_SILENCE_MIN,
            )
        return rows

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        async with self.pool.acquire() as connection:
            yield connection

    async def close(self) -> None:
        await asyncio.wait_for(self.pool.close(), timeout=5)


async def connect(
    database_url: str, *, name: str, size_max: int = 10, patience_seconds: float | None = None
) -> Database:
    """Open a pool, waiting for the database with bounded back-off; `patience_seconds` None: as long as it takes."""

    async def open_pool() -> Any:
        return await asyncpg.create_pool(
            database_url,
            min_size=1,
            max_size=size_max,
            command_timeout=60,
            timeout=10,
            server_settings={
                "application_name": name,
                "idle_in_transaction_session_timeout": "5000",
                "lock_timeout": "3000",
                "timezone": "UTC",
                "jit": "off",
                # A plan is kept from when a table was small, and read whole, until the next ANALYZE: minutes later.
                "enable_seqscan": "off",
            },
        )

    return Database(await retrying(open_pool, what="connect", patience_seconds=patience_seconds))


async def retrying(
    work: Callable[[], Awaitable[Result]], *, what: str, patience_seconds: float | None = None
) -> Result:
    """Run `work` until it succeeds, with bounded back-off and jitter, as long as its errors are retryable.

    `work` must begin by locking and reading its witness: after a commit of unknown outcome the next try waits for the
    ghost there and sees what it did. Errors that are not retryable pass through; so does any after `patience_seconds`.
    """
    loop = asyncio.get_running_loop()
    started, delay = loop.time(), 0.05
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_retryable(error) or (patience_seconds is not None and loop.time() - started > patience_seconds):
                raise
            log.warning("postgres_unavailable", what=what, error=repr(error), retry_seconds=round(delay, 2))
        await asyncio.sleep(delay * random.uniform(0.5, 1.0))
        delay = min(delay * 2, RETRY_SECONDS_MAX)
