"""One installation under test: a database, topics, gatekeeper processes, and what must hold after every fault."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import TopicPartition

from schemas.topics import HOLDS, READ_TOPICS, topic_of
from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.pipeline.records import Record
from services.gatekeeper.pipeline.tail import read_tails
from services.gatekeeper.pipeline.topics import create_topics
from services.kit.kafka import discard_producer, new_producer, start_client, stop_client
from services.kit.partitioning import lane_of
from tests.checker import Input, TopicRecord, check
from tests.faults.processes import Process, Processes
from tests.pipeline.feeding import PARTITIONS, full_type, key_in
from tests.pipeline.kafka.topics import read_to_end
from tests.pipeline.trade import Event
from tests.waiting import eventually

IDLE_SECONDS_MAX = 60.0
SESSION_TIMEOUT_MS = 2_500
IDLE_TIMES = 2
"""Looks, one after the other, at which there must be nothing to do: work may lie between two tables for a moment."""

_TO_DO = """
    SELECT (SELECT count(*) FROM task WHERE done_at IS NULL) AS tasks,
           (SELECT count(*) FROM deferred_record) AS deferred,
           (SELECT count(*) FROM timer WHERE due_at <= clock_timestamp()) AS timers,
           (SELECT count(*) FROM rule_boundary WHERE due_at <= clock_timestamp()) AS boundaries,
           (SELECT count(*) FROM lane LEFT JOIN lane_progress USING (lane)
            WHERE coalesce(published_seq, 0) < next_seq - 1) AS unpublished_lanes
"""


@dataclass(slots=True)
class Plant:
    """`tell` sends, `start` begins a gatekeeper, `wait_until_idle` waits for all that follows, `verify` judges."""

    database_url: str
    servers: str
    prefix: str
    processes: Processes
    producer: Any
    shipments: set[str] = field(default_factory=set)
    _ends: dict[tuple[str, int], int] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    # Saying

    async def tell(self, *events: Event) -> None:
        """Send events, in their order within a partition; returns when the broker has them all."""
        await self.send([self.record(event) for event in events])

    def record(self, event: Event, **changes: Any) -> dict[str, Any]:
        """An event as a record to send. `event_id`, `time`, `source`; `value`: other bytes in place of the data."""
        kind, data = event
        key = key_in(kind, data)
        headers = {
            "ce_specversion": "1.0",
            "ce_id": changes.get("event_id") or f"e{next(self._numbers)}",
            "ce_source": changes.get("source", "//test"),
            "ce_type": full_type(kind),
            "ce_subject": key,
            "ce_time": changes.get("time") or datetime.now(UTC).isoformat(),
            "content-type": "application/json",
        }
        return {
            "topic": topic_of(f"{kind}.v1").name,
            "key": key.encode(),
            "partition": lane_of(key, PARTITIONS),
            "value": changes.get("value", json.dumps(data, ensure_ascii=False).encode()),
            "headers": [(name, text.encode()) for name, text in headers.items()],
        }

    async def send(self, records: Iterable[dict[str, Any]]) -> None:
        """Send records made by `record`, all acknowledged."""
        deliveries: list[tuple[str, int, Any]] = []
        try:
            for record in records:
                topic = record["topic"]
                if topic == "trade.shipments.v1":
                    self.shipments.add(record["key"].decode())
                sent = await self.producer.send(**{**record, "topic": self.prefix + topic})
                deliveries.append((topic, record["partition"], sent))
        finally:
            answers = await asyncio.gather(*(sent for _, _, sent in deliveries), return_exceptions=True)
        for (topic, partition, _), answer in zip(deliveries, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            self._ends[topic, partition] = max(self._ends.get((topic, partition), 0), answer.offset + 1)

    async def renew_producer(self) -> None:
        """Throw the producer away after a doubt: what it sent may be sent again, under the same event ids."""
        await discard_producer(self.producer)
        self.producer = await _new_sender(self.servers)

    async def start(self, name: str, *, failpoints: str = "", **settings: str) -> Process:
        """A gatekeeper; other settings than the plant's by name."""
        return await self.processes.start(name, **{"failpoints": failpoints, **settings})

    # Waiting

    async def wait_until_idle(self, *, seconds: float = IDLE_SECONDS_MAX) -> None:
        """All input is decided, nothing is left to do, and every record of every lane is published."""
        calm = 0

        async def probe() -> bool:
            nonlocal calm
            self.processes.assert_alive()
            left = await self._left_to_do()
            calm = 0 if left else calm + 1
            assert not left, f"{left}\n{self._last_words()}"
            return calm >= IDLE_TIMES

        await eventually(probe, seconds=seconds, every=0.1)

    async def _left_to_do(self) -> dict[str, Any]:
        positions = {
            (row["topic"], row["partition"]): (row["next_offset"], row["stopped"])
            for row in await self.rows("SELECT topic, partition, next_offset, stopped FROM input_position")
        }
        left: dict[str, Any] = {
            f"{topic}/{partition}": f"{positions.get((topic, partition))} of {end}"
            for (topic, partition), end in self._ends.items()
            if positions.get((topic, partition), (0, None))[0] < end
        }
        (row,) = await self.rows(_TO_DO)
        return left | {name: count for name, count in row.items() if count}

    def _last_words(self) -> str:
        return "\n".join(f"--- {one.name}: {one.end_of_log()}" for one in self.processes.running.values())

    async def look_at_ends(self) -> None:
        """Wait from now on for what others than this plant have sent as well, such as a producer of its own."""
        partitions = [
            TopicPartition(self.prefix + topic.name, partition)
            for topic in READ_TOPICS
            for partition in range(PARTITIONS)
        ]
        for partition, tail in (await read_tails(self.servers, partitions)).items():
            if tail.record is not None:
                self._ends[partition.topic.removeprefix(self.prefix), partition.partition] = tail.record.offset + 1

    async def close(self) -> None:
        await stop_client(self.producer)

    # Looking

    async def rows(self, sql: str, *arguments: Any) -> list[Any]:
        connection = await asyncpg.connect(self.database_url, timeout=10)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    async def states(self, *prefixes: str) -> dict[str, str]:
        """`RELEASED`, `HELD STOP_NOTICE` of each shipment, or of those whose id begins so."""
        found = {}
        for row in await self.rows("SELECT shipment_id, body FROM shipment"):
            if not prefixes or row["shipment_id"].startswith(prefixes):
                body = json.loads(row["body"])
                reasons = dict.fromkeys(hold["reason"] for hold in body["holds"])
                found[row["shipment_id"]] = " ".join((body["state"], *reasons))
        return found

    async def holds(self) -> list[tuple[int, int, tuple[tuple[str, bytes], ...], bytes]]:
        """(lane, offset, headers, value) of the whole holds topic under read_committed."""
        return [(lane, offset, tuple(headers), value or b"") for lane, offset, _, headers, value in await self._told()]

    async def _told(self) -> list[TopicRecord]:
        found = await read_to_end(self.servers, self.prefix + HOLDS.name, range(PARTITIONS))
        return [(lane, one.offset, one.key, tuple(one.headers), one.value) for lane in found for one in found[lane]]

    async def input(self) -> Input:
        """All that senders committed, as far as it is still there."""
        records: list[Record] = []
        complete = True
        for topic in READ_TOPICS:
            found = await read_to_end(self.servers, self.prefix + topic.name, range(PARTITIONS))
            for partition, several in found.items():
                complete = complete and (not several or several[0].offset == 0)
                records += [
                    Record(topic.name, partition, one.offset, one.timestamp, one.key, one.value, tuple(one.headers))
                    for one in several
                ]
        return Input(records, complete)

    async def verify(self, *, idle: bool = True) -> list[str]:
        """What does not hold, in words: invariants, input, outbox against topic, and a state for every shipment sent.

        Not `idle`: while a gatekeeper works. The input is read before the database, the topic after it.
        """
        given = await self.input()
        found = await check(self.database_url, topic_records=await self._told(), input_records=given, idle=idle)
        missing = self.shipments - (await self.states()).keys()
        return [*found, *(f"shipment {one} was sent and has no state" for one in sorted(missing))]

    async def assert_sound(self) -> None:
        """Idle, and nothing is wrong."""
        await self.wait_until_idle()
        found = await self.verify()
        assert not found, "\n".join(found[:30])


@asynccontextmanager
async def new_plant(database_url: str, servers: str, prefix: str, folder: Path) -> AsyncIterator[Plant]:
    """Migrate, create topics, and end every process afterwards, also when the test fails."""
    await migrate(database_url, partitions=PARTITIONS)
    await create_topics(servers, partitions=PARTITIONS, prefix=prefix)
    environment = {
        "HOLDGATE_DATABASE_URL": database_url,
        "HOLDGATE_KAFKA_BOOTSTRAP_SERVERS": servers,
        "HOLDGATE_TOPIC_PREFIX": prefix,
        "HOLDGATE_PARTITIONS": str(PARTITIONS),
        "HOLDGATE_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
        "HOLDGATE_BATCH_RECORDS_MAX": "100",
        "HOLDGATE_SWEEP_CHUNK": "50",
    }
    async with AsyncExitStack() as ending:
        processes = Processes(folder, environment)
        ending.push_async_callback(processes.close)
        plant = Plant(database_url, servers, prefix, processes, await _new_sender(servers))
        ending.push_async_callback(plant.close)
        yield plant


async def _new_sender(servers: str) -> Any:
    producer = new_producer(servers, client_id="test-trade", transactional_id=None)
    await start_client(producer)
    return producer
