"""Everything that the demo starts: both ladders, the schema, the topics, the API and a gatekeeper."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.pipeline.topics import create_topics, topic_names
from services.gatekeeper.store.keys import create_key
from services.kit.postgres import Database, connect
from services.local.demo.board import Board, Tone
from services.local.demo.gateway import SCOPES, Gateway, open_gateway
from services.local.demo.processes import Process, start_process
from services.local.kafka import KafkaPart, start_kafka
from services.local.postgres import PostgresPart, start_postgres

PARTITIONS = 4
NO_TRANSACTIONS = "this Kafka is a mock with one group member and without transactions; a successor needs both"
TIDY_SECONDS_MAX = 5.0


@dataclass(slots=True)
class Town:
    """What runs. `take_over` is False where the broker can't show one (NO_TRANSACTIONS says why)."""

    kafka: KafkaPart
    database: Database
    database_url: str
    topic_prefix: str
    gateway: Gateway
    board: Board
    stack: AsyncExitStack

    @property
    def take_over(self) -> bool:
        return self.kafka.transactions

    async def start_gatekeeper(self, name: str) -> Process:
        """One more gatekeeper; it ends with the town."""
        process = await start_process(
            name, "gatekeeper", self.environment(), "HOLDGATE_METRICS_PORT", ready_path="/metrics"
        )
        self.stack.push_async_callback(process.close)
        self.board.processes.append(process)
        return process

    def environment(self) -> dict[str, str]:
        return _environment(self.kafka, self.database_url, self.topic_prefix)


@asynccontextmanager
async def open_town(board: Board) -> AsyncIterator[Town]:
    """Start everything, say what was taken; end and remove everything when the block ends.

    Raises PartUnavailable when a part can't be had. Databases and topics have names of this run alone, so that
    several demos may share servers that were given.
    """
    prefix = f"demo-{secrets.token_hex(4)}."
    async with AsyncExitStack() as stack:
        board.say("starting PostgreSQL and Kafka (the first time, this may download Kafka's programs) ...", Tone.QUIET)
        postgres, kafka = await _both_parts(stack)
        board.say(f"{postgres.rung}")
        board.say(f"{kafka.rung}")
        url = await _own_database(stack, postgres)
        await migrate(url, partitions=PARTITIONS, environment=prefix.rstrip("."))
        await _own_topics(stack, kafka, prefix)
        board.say(f"database migrated; topics with {PARTITIONS} partitions each, named {prefix}*")
        database = await connect(url, name="holdgate-demo", size_max=4)
        stack.push_async_callback(database.close)
        _, token = await create_key(database, "demo", SCOPES, actor="demo")
        api = await start_process(
            "api", "api", _environment(kafka, url, prefix), "HOLDGATE_API_PORT", ready_path="/readyz"
        )
        stack.push_async_callback(api.close)
        board.processes.append(api)
        gateway = await stack.enter_async_context(open_gateway(api.url, token))
        board.by_hand = f'curl -H "Authorization: Bearer {token}" {api.url}/v1/shipments/S-WITHIN-LICENCE/status'
        yield Town(kafka, database, url, prefix, gateway, board, stack)


async def _both_parts(stack: AsyncExitStack) -> tuple[PostgresPart, KafkaPart]:
    """Side by side; when one can't be had, the other is stopped as well."""
    starting = [
        asyncio.create_task(stack.enter_async_context(start_postgres())),
        asyncio.create_task(stack.enter_async_context(start_kafka())),
    ]
    try:
        postgres, kafka = await asyncio.gather(*starting)
    except BaseException:
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)
        raise
    return postgres, kafka  # type: ignore[return-value]


async def _own_database(stack: AsyncExitStack, postgres: PostgresPart) -> str:
    url = await postgres.create_database()
    if not postgres.controllable:
        stack.push_async_callback(postgres.drop_database, url)
    return url


async def _own_topics(stack: AsyncExitStack, kafka: KafkaPart, prefix: str) -> None:
    """The mock has no admin and makes topics when they are first used."""
    if not kafka.transactions:
        return
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS, prefix=prefix)
    if not kafka.controllable:
        stack.push_async_callback(_remove_topics, kafka, prefix)


async def _remove_topics(kafka: KafkaPart, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    with contextlib.suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(TIDY_SECONDS_MAX):
            await admin.start()
            await admin.delete_topics(list(topic_names(prefix)))
    await admin.close()


def _environment(kafka: KafkaPart, database_url: str, prefix: str) -> dict[str, str]:
    return {
        "HOLDGATE_DATABASE_URL": database_url,
        "HOLDGATE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "HOLDGATE_TOPIC_PREFIX": prefix,
        "HOLDGATE_ENVIRONMENT": prefix.rstrip("."),
        "HOLDGATE_PARTITIONS": str(PARTITIONS),
        "HOLDGATE_TRANSACTIONS": "1" if kafka.transactions else "0",
        "HOLDGATE_API_HOST": "127.0.0.1",
        "HOLDGATE_METRICS_HOST": "127.0.0.1",
    }
