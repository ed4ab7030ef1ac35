"""Bring a database to the newest schema, and fix its number of partitions (design.md §3)."""

from __future__ import annotations

import uuid
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from services.gatekeeper.store.outbox import ensure_partitions

MIGRATION_LOCK = 0x484F4C44
"""Advisory lock (session) that keeps two migrations apart."""


class PartitionsDiffer(Exception):
    """The database was set up with another number of partitions; it is never changed afterwards."""


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _async_url(database_url: str) -> str:
    return "postgresql+asyncpg://" + database_url.split("://", 1)[1]


async def migrate(database_url: str, *, partitions: int, environment: str = "local") -> None:
    """Upgrade to the newest schema and record the installation. Idempotent; raises PartitionsDiffer."""
    engine = create_async_engine(_async_url(database_url))
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
            await connection.commit()
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
            await connection.commit()
            await connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
            await connection.commit()
    finally:
        await engine.dispose()
    await _install(database_url, partitions, environment)


async def _install(database_url: str, partitions: int, environment: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO installation (singleton, incarnation, partitions, environment, created_at)"
                " VALUES (1, $1, $2, $3, clock_timestamp()) ON CONFLICT DO NOTHING",
                uuid.uuid4(),
                partitions,
                environment,
            )
            stored = await connection.fetchval("SELECT partitions FROM installation")
            if stored != partitions:
                raise PartitionsDiffer(f"this database was set up with {stored} partitions, not {partitions}")
            await connection.execute(
                "INSERT INTO lane (lane, next_seq) SELECT l, 1 FROM generate_series(0, $1 - 1) AS l"
                " ON CONFLICT DO NOTHING",
                partitions,
            )
            await connection.execute(
                "INSERT INTO lane_progress (lane, published_seq, published_at)"
                " SELECT lane, 0, clock_timestamp() FROM lane ON CONFLICT DO NOTHING"
            )
            await ensure_partitions(connection)
    finally:
        await connection.close()
