"""Databases for scenarios: as the migration left them, each for one scenario at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from schemas.topics import READ_TOPICS
from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.store.positions import ensure_position
from services.kit.postgres import Connection
from services.local.postgres import PostgresPart

PARTITIONS = 4
_AT_START = "scenario_start"
"""The schema that keeps the rows with which a database begins."""


@dataclass(slots=True)
class Databases:
    """Databases that nobody uses at the moment; another is made when all are in use.

    Emptying one takes some milliseconds; making one by copying files some hundred times as long as deciding an event.
    """

    part: PostgresPart
    idle: list[str] = field(default_factory=list, repr=False)
    made: list[str] = field(default_factory=list, repr=False)
    making: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        """The URL of a database with the newest schema and without a trace of any earlier scenario."""
        if self.idle:
            url = self.idle.pop()
            await _empty(url)
        else:
            # Alembic knows one migration at a time in a process.
            async with self.making:
                url = await self._make()
        try:
            yield url
        finally:
            self.idle.append(url)

    async def _make(self) -> str:
        url = await self.part.create_database()
        self.made.append(url)
        await migrate(url, partitions=PARTITIONS, environment="scenarios")
        connection = await asyncpg.connect(url)
        try:
            for topic in READ_TOPICS:
                for partition in range(PARTITIONS):
                    await ensure_position(connection, topic.name, partition, 0)
            await _keep_start(connection)
        finally:
            await connection.close()
        return url

    async def close(self) -> None:
        for url in self.made:
            await self.part.drop_database(url)


@asynccontextmanager
async def scenario_databases(part: PostgresPart) -> AsyncIterator[Databases]:
    """Databases in `part`, dropped at the end of the block."""
    databases = Databases(part)
    try:
        yield databases
    finally:
        await databases.close()


async def _tables(connection: Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class AS c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relnamespace = 'public'::regnamespace ORDER BY name"
    )
    return [row["name"] for row in rows]


async def _keep_start(connection: Connection) -> None:
    """Copy the rows that the migration wrote."""
    await connection.execute(f"CREATE SCHEMA {_AT_START}")
    for table in await _tables(connection):
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table})"):
            await connection.execute(f"CREATE TABLE {_AT_START}.{table} AS TABLE {table}")


async def _empty(url: str) -> None:
    """Back to the start: every table, and every sequence."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            kept = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = $1", _AT_START)
            at_start = {row["name"] for row in kept}
            statements = [f"DELETE FROM {table}" for table in await _tables(connection)]
            statements += [f"INSERT INTO {table} SELECT * FROM {_AT_START}.{table}" for table in sorted(at_start)]
            statements.append(
                "SELECT setval(c.oid::regclass, s.seqstart, false) FROM pg_class AS c JOIN pg_sequence AS s"
                " ON s.seqrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace"
            )
            await connection.execute("; ".join(statements))
    finally:
        await connection.close()
