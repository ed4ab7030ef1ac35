"""PostgreSQL with fsync and Kafka with transactions, and for each measured program a database and topics of its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.pipeline.topics import create_topics, topic_names
from services.local.kafka import KafkaPart, start_kafka
from services.local.ladder import PartUnavailable, Rung
from services.local.postgres import PostgresPart, start_postgres
from tests.bench.trade import PARTITIONS

TIDY_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The servers of this run; `durability` is PostgreSQL's own word."""

    postgres: PostgresPart
    kafka: KafkaPart
    durability: dict[str, str]

    def rungs(self) -> dict[str, Any]:
        return {"postgres": _described(self.postgres.rung) | self.durability, "kafka": _described(self.kafka.rung)}


@dataclass(frozen=True, slots=True)
class Site:
    """A database and topics under `prefix`."""

    database_url: str
    servers: str
    prefix: str

    def environment(self) -> dict[str, str]:
        return {
            "HOLDGATE_DATABASE_URL": self.database_url,
            "HOLDGATE_KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "HOLDGATE_TOPIC_PREFIX": self.prefix,
            "HOLDGATE_ENVIRONMENT": self.prefix.rstrip("."),
            "HOLDGATE_PARTITIONS": str(PARTITIONS),
            "HOLDGATE_METRICS_PORT": "0",
        }


@asynccontextmanager
async def open_parts() -> AsyncIterator[Parts]:
    """The best rung of each. PartUnavailable when it is missing, forgets what it has committed, or is a mock."""
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(start_postgres(fsync=True))
        kafka = await stack.enter_async_context(start_kafka())
        if not kafka.transactions:
            raise PartUnavailable(f"the benchmark needs a real Kafka; here is {kafka.rung}")
        durability = await _durability(postgres.url)
        if "off" in durability.values():
            raise PartUnavailable(f"the benchmark needs a durable PostgreSQL; here is {durability}")
        yield Parts(postgres, kafka, durability)


async def _durability(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    finally:
        await connection.close()


def _described(rung: Rung) -> dict[str, Any]:
    return {"number": rung.number, "name": rung.name, "why": rung.why}


@asynccontextmanager
async def open_site(parts: Parts, name: str, *, migrated: bool) -> AsyncIterator[Site]:
    """A fresh database and topics, removed afterwards."""
    prefix = f"bench-{name}-{secrets.token_hex(4)}."
    servers = parts.kafka.bootstrap_servers
    url = await parts.postgres.create_database()
    try:
        if migrated:
            await migrate(url, partitions=PARTITIONS, environment=prefix.rstrip("."))
        await create_topics(servers, partitions=PARTITIONS, prefix=prefix)
        yield Site(url, servers, prefix)
    finally:
        await parts.postgres.drop_database(url)
        await _remove_topics(servers, prefix)


async def _remove_topics(servers: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        async with asyncio.timeout(TIDY_SECONDS_MAX):
            await admin.start()
            await admin.delete_topics(topic_names(prefix))
    finally:
        await admin.close()
