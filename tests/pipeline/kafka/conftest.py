"""A database and topics of its own for each test, on real parts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from schemas.topics import HOLDS
from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.pipeline.publish import Publishers
from services.gatekeeper.pipeline.topics import create_topics
from services.gatekeeper.store.lanes import advance, lock_lanes
from services.gatekeeper.store.outbox import OutboxRecord, append
from services.gatekeeper.wiring import Gate, Settings, open_gate
from services.kit import failpoints
from services.local.kafka import KafkaPart
from tests.pipeline.kafka.topics import read_to_end

PARTITIONS = 4


class AlwaysMember:
    """An assignment that nobody ever contests; `asked` counts the confirmations asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def confirmed_after(self, at: float) -> None:
        self.asked += 1


class NeverMember:
    """An assignment that nobody ever confirms."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def confirmed_after(self, at: float) -> None:
        self.asked.set()
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Site:
    """One installation: its settings, and short ways to write to its lanes and to read what was published."""

    settings: Settings
    gate: Gate

    @property
    def servers(self) -> str:
        return self.settings.kafka_bootstrap_servers

    @property
    def holds(self) -> str:
        return self.settings.topic_prefix + HOLDS.name

    async def write(self, lane: int, count: int, *, text: str = "x") -> list[OutboxRecord]:
        """Append `count` records to `lane` as a transaction does."""
        return await self.write_each(lane, [text] * count)

    async def write_each(self, lane: int, texts: Sequence[str]) -> list[OutboxRecord]:
        """Append a record for each of `texts` to `lane`, all in one transaction."""
        async with self.gate.database.transaction() as connection:
            next_seqs, _ = await lock_lanes(connection, (lane,))
            first = next_seqs[lane]
            records = [record(lane, seq, text) for seq, text in enumerate(texts, first)]
            await append(connection, records)
            await advance(connection, {lane: first + len(texts)})
        return records

    async def published(self, lanes: Iterable[int] = range(PARTITIONS)) -> dict[int, list[int]]:
        """The numbers in each lane, as a consumer sees them."""
        found = await read_to_end(self.servers, self.holds, lanes)
        return {lane: [int(dict(one.headers)["ce_laneseq"]) for one in several] for lane, several in found.items()}

    async def execute(self, statement: str, *values: Any) -> None:
        async with self.gate.database.transaction() as connection:
            await connection.execute(statement, *values)

    async def value(self, statement: str, *values: Any) -> Any:
        async with self.gate.database.reading() as connection:
            return await connection.fetchval(statement, *values)


def record(lane: int, seq: int, text: str = "x") -> OutboxRecord:
    headers: Sequence[tuple[str, str]] = (("ce_id", f"{lane}-{seq}"), ("ce_laneseq", str(seq)), ("ce_subject", "S-甲"))
    return OutboxRecord(lane, seq, f"S-甲{seq}", "shipment.held.v1", json.dumps(headers), f"{text}{seq}".encode())


@pytest.fixture
async def site(database_url: str, kafka: KafkaPart, topic_prefix: str) -> AsyncIterator[Site]:
    await migrate(database_url, partitions=PARTITIONS)
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS, prefix=topic_prefix)
    settings = Settings(
        database_url=database_url,
        kafka_bootstrap_servers=kafka.bootstrap_servers,
        topic_prefix=topic_prefix,
        partitions=PARTITIONS,
    )
    gate = await open_gate(settings, name="test", patience_seconds=5)
    site = Site(settings, gate)
    # As if each lane had been owned before: see the tests of an empty topic for what it is like otherwise.
    await site.execute("INSERT INTO lane_progress SELECT lane, 0, now() FROM lane ON CONFLICT DO NOTHING")
    yield site
    await gate.database.close()


@pytest.fixture(autouse=True)
def no_failpoints() -> Iterable[None]:
    yield
    failpoints.configure("")


class Running:
    """Publishers with their watch, as long as a test needs them."""

    def __init__(self, gate: Gate, membership: Any = None) -> None:
        self.gate = gate
        self.membership = membership or AlwaysMember()
        self.publishers = Publishers(gate, self.membership)
        self._watch = asyncio.create_task(self.publishers.run())

    async def __aenter__(self) -> Publishers:
        return self.publishers

    async def __aexit__(self, *_: object) -> None:
        self.publishers.stop()
        await self.publishers.release(seconds_max=5)
        await self._watch

    async def crash(self) -> None:
        """End as a killed process does: nothing is finished, nothing handed to the broker any more."""
        tasks = list(self.publishers._tasks.values())
        for task in (self._watch, *tasks):
            task.cancel()
        await asyncio.gather(*tasks, self._watch, self.publishers._failed, return_exceptions=True)
