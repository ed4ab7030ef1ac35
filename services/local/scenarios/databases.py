"""A database for each scenario: copies of one that is migrated once."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg

from schemas.topics import READ_TOPICS
from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.store.positions import ensure_position
from services.local.postgres import PostgresPart, database_url

PARTITIONS = 4


@dataclass(frozen=True, slots=True)
class Databases:
    """Fresh databases with the newest schema. Nobody is ever connected to the template, so copies may overlap."""

    part: PostgresPart
    template: str

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        """The URL of a database of one's own, dropped afterwards."""
        name = f"scenario_{secrets.token_hex(6)}"
        connection = await asyncpg.connect(self.part.url)
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        finally:
            await connection.close()
        url = database_url(self.part.url, name)
        try:
            yield url
        finally:
            await self.part.drop_database(url)


@asynccontextmanager
async def scenario_databases(part: PostgresPart) -> AsyncIterator[Databases]:
    """Migrate a template in `part`, for as long as the block lasts."""
    url = await part.create_database()
    try:
        await migrate(url, partitions=PARTITIONS, environment="scenarios")
        connection = await asyncpg.connect(url)
        try:
            for topic in READ_TOPICS:
                for partition in range(PARTITIONS):
                    await ensure_position(connection, topic.name, partition, 0)
        finally:
            await connection.close()
        yield Databases(part, urlsplit(url).path[1:])
    finally:
        await part.drop_database(url)
