"""Events of the trade as records, and a `Feeder` that hands them to the pipeline as a consumer would."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.topics import ID_FIELD, READ_TOPICS, TOPICS_BY_NAME, TYPE_PREFIX, TopicKind, topic_of
from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.pipeline.batch import decide_batch
from services.gatekeeper.pipeline.outcomes import merged
from services.gatekeeper.pipeline.records import BatchResult, Record, Run
from services.gatekeeper.pipeline.rules import apply_rule_batch
from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.store.aggregates import read_accounts
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.positions import ensure_position
from services.gatekeeper.wiring import Clock, Gate, Settings, VirtualClock, open_gate
from services.kit.partitioning import lane_of
from tests.checker import check
from tests.pipeline.trade import NOW, Event

PARTITIONS = 4
STEPS_MAX = 2_000


def full_type(kind: str) -> str:
    """The type on the wire."""
    return f"{TYPE_PREFIX}{kind}.v1"


def key_in(kind: str, data: Mapping[str, Any]) -> str:
    return str(data[ID_FIELD[f"{kind}.v1"]])


def keys_in_lane(lane: int, prefix: str = "S") -> Iterable[str]:
    """S1, S2 …, as far as they belong to `lane`."""
    return (key for key in (f"{prefix}{n}" for n in itertools.count(1)) if lane_of(key, PARTITIONS) == lane)


@dataclass(frozen=True, slots=True)
class Sent:
    """An event with how it is sent: options of `Feeder.record`. Its offset is the next one when it is fed."""

    event: Event
    options: Mapping[str, Any]


def sent(event: Event, **options: Any) -> Sent:
    """`sent(shipment("S1"), value=b"{", event_id="e-1")`."""
    return Sent(event, options)


class Feeder:
    """One gatekeeper without Kafka: keeps offsets by partition and calls the pipeline until nothing is left to do."""

    def __init__(self, gate: Gate, name: str, offsets: dict[tuple[str, int], int]) -> None:
        self.gate = gate
        self.name = name
        self.offsets = offsets
        self.events = itertools.count(1)

    @classmethod
    async def open(
        cls, database_url: str, *, clock: Clock | None = None, name: str = "gate", beside: Feeder | None = None,
        **settings: Any,
    ) -> Feeder:  # fmt: skip
        """A gate of its own pool and caches on `database_url`, which owns every lane. Default: a clock that stands.

        `beside`: a feeder of the same topics, with which it shares their offsets.
        """
        chosen = Settings(database_url=database_url, partitions=PARTITIONS, **settings)
        gate = await open_gate(chosen, name=name, clock=clock or VirtualClock(NOW), patience_seconds=10)
        gate.owned_lanes = frozenset(range(PARTITIONS))
        return cls(gate, name, beside.offsets if beside else await _stored_offsets(gate))

    async def resume(self) -> None:
        """Go on from the stored positions, as a consumer does after a failure."""
        self.offsets.update(await _stored_offsets(self.gate))

    async def close(self) -> None:
        await self.gate.database.close()

    # Records

    def record(
        self, event: Event, *, event_id: str | None = None, time: datetime = NOW, source: str = "test",
        value: bytes | None = None, kind_header: str | None = None, partition: int | None = None, skip: int = 0,
    ) -> Record:  # fmt: skip
        """The next record of the event's partition. `value`: other bytes in place of the data; `skip`: a gap before."""
        kind, data = event
        topic, key = topic_of(f"{kind}.v1").name, key_in(kind, data)
        place = (topic, lane_of(key, PARTITIONS) if partition is None else partition)
        offset = self.offsets[place] + skip
        self.offsets[place] = offset + 1
        number = next(self.events)
        headers = {
            "ce_specversion": "1.0",
            "ce_id": event_id or f"{self.name}-{number}",
            "ce_source": source,
            "ce_type": kind_header or full_type(kind),
            "ce_time": time.isoformat(),
            "content-type": "application/json",
        }
        return Record(
            topic,
            place[1],
            offset,
            int(time.timestamp() * 1000) + number,
            key.encode(),
            json.dumps(data, ensure_ascii=False).encode() if value is None else value,
            tuple((name, text.encode()) for name, text in headers.items()),
        )

    def records(self, *events: Event) -> list[Record]:
        return [self.record(event) for event in events]

    def _record(self, event: Event | Sent | Record) -> Record:
        if isinstance(event, Record):
            return event
        return self.record(event.event, **event.options) if isinstance(event, Sent) else self.record(event)

    # Handing over

    async def feed(self, *events: Event | Sent | Record) -> BatchResult:
        """One batch for each stretch of trade or rule events, in their order; what follows is left to `until_idle`."""
        records = [self._record(event) for event in events]
        result = BatchResult()
        for kind, stretch in itertools.groupby(records, key=lambda one: TOPICS_BY_NAME[one.topic].kind):
            handle = apply_rule_batch if kind is TopicKind.RULE else decide_batch
            result = merged(result, await handle(self.gate, runs_of(list(stretch))))
        return result

    async def until_idle(self) -> int:
        """Do what is due until nothing is; the number of steps."""
        for steps in range(STEPS_MAX):
            if not await work_once(self.gate):
                return steps
        raise AssertionError("work without an end")

    async def tell(self, *events: Event | Sent | Record) -> BatchResult:
        """Feed and do all that follows."""
        result = await self.feed(*events)
        await self.until_idle()
        return result

    async def advance(self, until: datetime) -> None:
        """Move the virtual clock on and do what is due then."""
        assert isinstance(self.gate.clock, VirtualClock)
        self.gate.clock.at = until
        await self.until_idle()

    async def assert_sound(self) -> None:
        """Nothing is left to do and every invariant holds."""
        await self.until_idle()
        found = await check(self.gate.settings.database_url)
        assert not found, "\n".join(found)

    # Looking

    async def query(self, sql: str, *arguments: Any) -> list[Any]:
        async with self.gate.database.reading() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def value(self, sql: str, *arguments: Any) -> Any:
        async with self.gate.database.reading() as connection:
            return await connection.fetchval(sql, *arguments)

    async def shipment(self, shipment_id: str) -> Shipment:
        return load(Shipment, await self.value("SELECT body FROM shipment WHERE shipment_id = $1", shipment_id))

    async def order(self, order_id: str) -> Order:
        return load(Order, await self.value("SELECT body FROM trade_order WHERE order_id = $1", order_id))

    async def state(self, owner_id: str) -> str:
        """`HELD QTY_EXCEEDED`, of a shipment or an order; "" when there is none."""
        row = await self.value(
            "SELECT body FROM (SELECT shipment_id AS id, body FROM shipment UNION ALL SELECT order_id, body"
            " FROM trade_order) AS every WHERE id = $1",
            owner_id,
        )
        if row is None:
            return ""
        body = json.loads(row)
        return " ".join((body["state"], *dict.fromkeys(hold["reason"] for hold in body["holds"])))

    async def states(self, *owner_ids: str) -> list[str]:
        return [await self.state(owner_id) for owner_id in owner_ids]

    async def account(self, licence_no: str = "M1") -> LicenceAccount:
        async with self.gate.database.reading() as connection:
            return (await read_accounts(connection, [licence_no])).get(licence_no, LicenceAccount(licence_no))

    async def balance(self, licence_no: str = "M1") -> str:
        """`reserved/consumed` of line 1."""
        line = (await self.account(licence_no)).lines.get(1)
        return "0/0" if line is None else f"{line.reserved.normalize():f}/{line.consumed.normalize():f}"

    async def said(self, key: str | None = None) -> list[tuple[int, int, str, dict[str, Any]]]:
        """(lane, seq, type, data) of the outbox, in the order of its lanes."""
        rows = await self.query(
            "SELECT lane, seq, type, value FROM outbox WHERE $1::text IS NULL OR key = $1 ORDER BY lane, seq", key
        )
        return [(row["lane"], row["seq"], row["type"], json.loads(row["value"])) for row in rows]

    async def told(self, key: str) -> list[str]:
        """The types of what was said about `key`, shortened: `shipment.held`."""
        return [kind.removesuffix(".v1") for _, _, kind, _ in await self.said(key)]

    async def written(self) -> dict[str, Any]:
        """How much every table has, and every position: equal before and after means that nothing was written."""
        tables = await self.query(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        counts: dict[str, Any] = {}
        for row in tables:
            name = row["relname"]
            counts[name] = await self.value(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} AS t")
        return counts

    async def quarantine(self, status: str = "OPEN") -> list[UUID]:
        rows = await self.query(
            "SELECT quarantine_id FROM quarantine WHERE status = $1 ORDER BY recorded_at, record_offset", status
        )
        return [row["quarantine_id"] for row in rows]


async def _stored_offsets(gate: Gate) -> dict[tuple[str, int], int]:
    """Where each input partition goes on; a position that is not there yet is made at 0."""
    offsets = {}
    async with gate.database.transaction() as tx:
        for topic, partition in itertools.product(READ_TOPICS, range(PARTITIONS)):
            position = await ensure_position(tx, topic.name, partition, 0)
            offsets[topic.name, partition] = position.next_offset
    return offsets


def runs_of(records: Sequence[Record], *, begins_at: Mapping[tuple[str, int], int] | None = None) -> list[Run]:
    """One run for each partition; it begins at its first record unless a test says otherwise."""
    parts: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        parts.setdefault((record.topic, record.partition), []).append(record)
    return [
        Run(topic, partition, (begins_at or {}).get((topic, partition), several[0].offset), tuple(several))
        for (topic, partition), several in parts.items()
    ]
