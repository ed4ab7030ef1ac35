"""Events of the trade as records, and a `Feeder` that hands them to the pipeline as a consumer would.

An event is (type, data) with the type as in contracts.md, without `io.holdgate.` and `.v1`. Everything goes from E1 to
ALPHA in Germany unless a test says otherwise: item MAG-ROD, which needs licence M1 (1,000 KGM, any number of exports).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from schemas.topics import ID_FIELD, READ_TOPICS, TOPICS_BY_NAME, TYPE_PREFIX, TopicKind, topic_of
from services.gatekeeper.domain.aggregates import LicenceAccount, Order, Shipment
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

SHANGHAI = timezone(timedelta(hours=8))
NOW = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
PARTITIONS = 4
STEPS_MAX = 2_000
Event = tuple[str, dict[str, Any]]


def at(text: str) -> datetime:
    """A time in Shanghai: `at("2026-03-05 18:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def quantity(text: str) -> dict[str, str]:
    value, unit = text.split()
    return {"value": value, "unit": unit}


def money(text: str) -> dict[str, str]:
    amount, currency = text.split()
    return {"amount": amount, "currency": currency}


TO_ALPHA: Mapping[str, Any] = {
    "parties": {role: {"party_id": "ALPHA"} for role in ("importer", "consignee", "end_user")},
    "end_use": {"code": "CIVIL_MRI", "text": "civil MRI magnets"},
    "destination": "DE",
}


def shipment(
    shipment_id: str, net: str = "300 KGM", *, version: int = 1, order: str | None = None, item: str = "MAG-ROD",
    value: str = "9000 USD", **changes: Any,
) -> Event:  # fmt: skip
    """A shipment of one line; with an `order` its parties, end use and destination are the order's."""
    line = {"line_no": 1, "item_no": item, "net_quantity": quantity(net), "value": money(value)}
    if order is not None:
        line |= {"order_id": order, "order_line": 1}
    return "shipment.upserted", {
        "shipment_id": shipment_id,
        "version": version,
        "exporter_id": "E1",
        "movement": "EXPORT",
        "forwarder_id": "FWD-1",
        "transit": [],
        "planned_departure": "2026-03-05T18:00:00+08:00",
        **({} if order else TO_ALPHA),
        "lines": [line],
        **changes,
    }


def order(
    order_id: str, ordered: str = "500 KGM", *, version: int = 1, item: str = "MAG-ROD", value: str = "15000 USD",
    **changes: Any,
) -> Event:  # fmt: skip
    """An order of one line."""
    line = {"line_no": 1, "item_no": item, "quantity": quantity(ordered), "value": money(value)}
    return "order.upserted", {
        "order_id": order_id,
        "version": version,
        "status": "OPEN",
        "exporter_id": "E1",
        **TO_ALPHA,
        "planned_export_date": "2026-03-05",
        "lines": [line],
        **changes,
    }


def cancelled(order_id: str, version: int = 2) -> Event:
    return "order.cancelled", {"order_id": order_id, "version": version, "reason": "not needed"}


def milestone(shipment_id: str, what: str, occurred: datetime | str = NOW, *, classifier: str = "ACTUAL") -> Event:
    when = occurred if isinstance(occurred, str) else occurred.isoformat()
    return "shipment.milestone", {
        "shipment_id": shipment_id,
        "milestone": what,
        "classifier": classifier,
        "occurred_at": when,
    }


def corrected(shipment_id: str, event_id: str, net: str | None = None) -> Event:
    """INCORRECT_DATA with what was really so; without a quantity DID_NOT_OCCUR."""
    lines = [{"line_no": 1, "net_quantity": quantity(net)}] if net else []
    reason = "INCORRECT_DATA" if net else "DID_NOT_OCCUR"
    data = {"shipment_id": shipment_id, "corrects_event_id": event_id, "reason": reason, "lines": lines}
    return "shipment.corrected", data


def licence(
    licence_no: str, granted: str = "1000 KGM", *, version: int = 1, code: str = "1C904.a", **changes: Any
) -> Event:
    """A general licence of E1 for ALPHA, one line, any number of exports."""
    line = {
        "line_no": 1,
        "control_codes": [code],
        "item_nos": [],
        "quantity": quantity(granted),
        "value": money("2000000.00 USD"),
        "tolerance_percent": "0",
    }
    return "licence.upserted", {
        "licence_no": licence_no,
        "version": version,
        "authority_time": f"2026-02-20T10:00:{version % 60:02d}+08:00",
        "type": "GENERAL",
        "status": "ACTIVE",
        "exporter_id": "E1",
        "end_users": ["ALPHA"],
        "end_uses": ["CIVIL_MRI"],
        "destinations": ["DE"],
        "importers": [],
        "consignees": [],
        "prohibited_transit": [],
        "valid_from": "2026-03-01",
        "valid_until": "2026-08-31",
        "max_uses": None,
        "lapses_on_completion": False,
        "answers_notices": [],
        "risk_report_on_file": False,
        "undertaking_on_file": False,
        "period_limits": [],
        "lines": [line],
        **changes,
    }


def party(party_id: str, name: str, country: str = "DE", *, version: int = 1, **changes: Any) -> Event:
    return "party.upserted", {
        "party_id": party_id,
        "version": version,
        "names": [name],
        "aliases": [],
        "country": country,
        "identifiers": [],
        "owners": [],
        **changes,
    }


def item(item_no: str, *codes: str, version: int = 1, **changes: Any) -> Event:
    return "item.upserted", {
        "item_no": item_no,
        "version": version,
        "classification": "CONTROLLED" if codes else "NOT_CONTROLLED",
        "control_codes": list(codes),
        "unit_factors": [],
        "hs_code": "8505119000",
        **changes,
    }


def control(code: str, *, version: int = 1, **changes: Any) -> Event:
    return "control.upserted", {
        "control_code": code,
        "version": version,
        "kind": "LISTED",
        "effective_from": "2025-04-04",
        "effective_until": None,
        "suspensions": [],
        "prohibited_destinations": [],
        "prohibited_end_uses": [],
        "prohibited_end_user_types": [],
        **changes,
    }


def list_entry(entry_id: str, name: str, *, version: int = 1, **changes: Any) -> Event:
    return "list-entry.upserted", {
        "entry_id": entry_id,
        "version": version,
        "list": "CONTROL_LIST",
        "names": [name],
        "aliases": [],
        "identifiers": [],
        "country": "DE",
        "effective_from": "2026-01-02",
        "effective_until": None,
        "suspensions": [],
        "effect": "PROHIBIT",
        "authority_ref": "A 1",
        **changes,
    }


def statement(statement_no: str, *, version: int = 1) -> Event:
    return "end-user-statement.upserted", {
        "statement_no": statement_no,
        "version": version,
        "end_user": "ALPHA",
        "end_uses": ["CIVIL_MRI"],
        "valid_until": "2026-12-31",
        "status": "VALID",
    }


def fx_rate(rate_id: str, *, version: int = 1) -> Event:
    data = {"rate_id": rate_id, "version": version, "base": "EUR", "quote": "USD", "rate": "1.1", "as_of": "2026-03-01"}
    return "fx-rate.upserted", data


def feed_refreshed(feed: str, *, version: int = 1) -> Event:
    data = {"feed": feed, "version": version, "as_of": "2026-03-01T00:00:00+08:00", "entries": 153}
    return "feed.refreshed", data


def notice(notice_id: str, *, version: int = 1, **changes: Any) -> Event:
    """A stop notice of the authority; fields of the scope and of the notice by name. No scope: everything."""
    own: dict[str, Any] = {key: changes.pop(key) for key in ("effective_from", "effective_until") if key in changes}
    return "notice.upserted", {
        "notice_id": notice_id,
        "version": version,
        "origin": "AUTHORITY",
        "authority_ref": f"notice {notice_id}",
        "text": {"zh": "停止出口", "en": "stop this export"},
        "effective_until": None,
        "everything": not changes,
        "release_by_licence": True,
        "release_by_review": False,
        "scope": changes,
        **own,
    }


def lifted(notice_id: str, *, version: int = 2) -> Event:
    return "notice.lifted", {"notice_id": notice_id, "version": version, "reason": "over"}


RULES: Sequence[Event] = (
    party("E1", "Hexin Magnetics", "CN"),
    party("ALPHA", "Alpha GmbH"),
    party("FWD-1", "Sinoway Forwarding", "CN"),
    item("MAG-ROD", "1C904.a"),
    item("STEEL-BOLT"),
    control("1C904.a"),
    licence("M1"),
)


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
