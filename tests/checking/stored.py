"""Everything that `checker.check` compares, read from one snapshot of the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.pipeline.replay import Replayed, replayed
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.decisions import Selection
from services.gatekeeper.store.keys import Visibility
from services.gatekeeper.store.status import Statuses, read_statuses

Owner = tuple[str, str]
REPLAYED_MAX = 500


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that is compared, from one snapshot.

    `versions`: by (kind, key), the newest that is stored, waiting for its time included. `statuses`: of every shipment,
    as the API reads them, at the time of the last decision, `decided_last`. `replays`: of the newest REPLAYED_MAX
    decisions.
    """

    partitions: int
    incarnation: uuid.UUID
    next_seqs: dict[int, int]
    outbox: list[Any]
    shipments: dict[str, Any]
    orders: dict[str, Any]
    bodies: dict[Owner, Shipment | Order]
    rows: dict[str, list[Any]]
    licences: dict[str, Licence]
    versions: dict[tuple[str, str], int]
    statuses: Statuses
    replays: list[Replayed]
    decided_last: datetime | None


_TABLES = {
    "ledger": "SELECT licence_no, licence_line, owner, owner_id, line_no, day, unit, currency,"
    " sum(reserved) AS reserved, sum(consumed) AS consumed, sum(value_reserved) AS value_reserved,"
    " sum(value_consumed) AS value_consumed, sum(uses) AS uses, sum(uses_reserved) AS uses_reserved FROM ledger"
    " GROUP BY licence_no, licence_line, owner, owner_id, line_no, day, unit, currency",
    "balances": "SELECT licence_no, line_no, reserved, consumed, value_reserved, value_consumed, days, unit, currency"
    " FROM licence_line_balance",
    "accounts": "SELECT licence_no, uses, uses_reserved FROM licence_account",
    "holds": "SELECT owner, owner_id, hold_id, reason FROM open_hold",
    "split": "SELECT shipment_id, line_no, family, end_user, arrival, day, departed, item_no, quantity, unit"
    " FROM split_entry",
    "timers": "SELECT owner, owner_id, lane, due_at FROM timer",
    "terms": "SELECT owner, owner_id, lane, arrival, terms FROM scope_terms",
    "barriers": "SELECT notice_id, version, what, lane, seq FROM notice_barrier",
    "quarantine": "SELECT quarantine_id, status, topic, partition, record_offset, key, value, headers, error_field"
    " FROM quarantine",
    "positions": "SELECT topic, partition, next_offset, stopped FROM input_position",
    "seen": "SELECT event_key, content_hash FROM event_seen",
    "causes": "SELECT cause, owner, owner_id, count(*) AS decisions FROM decision"
    " WHERE cause ~ '^trade[.].*/[0-9]+/[0-9]+$' GROUP BY cause, owner, owner_id",
    "noted": "SELECT owner_id, detail::jsonb ->> 'event_id' AS event_id FROM timeline WHERE owner = 'shipment'",
    "violations": "SELECT kind, shipment_id, licence_no, detail FROM violation",
    "rules": "SELECT DISTINCT ON (kind, key) kind, key, version, body FROM rule_row ORDER BY kind, key, seq DESC",
    "ahead": "SELECT kind, key, (body ->> 'version')::bigint AS version FROM rule_ahead",
    "tasks": "SELECT task_id, kind, key FROM task WHERE done_at IS NULL",
    "items": "SELECT task_id, count(*) AS items FROM sweep_item GROUP BY task_id",
    "deferred": "SELECT lane, count(*) AS records FROM deferred_record GROUP BY lane",
}


async def snapshot(database_url: str) -> Stored:
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await read(connection)
    finally:
        await connection.close()


async def read(connection: Any) -> Stored:
    installation = await connection.fetchrow("SELECT incarnation, partitions FROM installation")
    shipments = await connection.fetch("SELECT * FROM shipment")
    orders = await connection.fetch("SELECT * FROM trade_order")
    bodies: dict[Owner, Shipment | Order] = {
        ("shipment", row["shipment_id"]): load(Shipment, row["body"]) for row in shipments
    }
    bodies |= {("order", row["order_id"]): load(Order, row["body"]) for row in orders}
    rows = {name: await connection.fetch(query) for name, query in _TABLES.items()}
    decided_last = await connection.fetchval("SELECT max(as_of) FROM decision")
    known = [row["shipment_id"] for row in shipments]
    return Stored(
        partitions=installation["partitions"],
        incarnation=installation["incarnation"],
        next_seqs={row["lane"]: row["next_seq"] for row in await connection.fetch("SELECT lane, next_seq FROM lane")},
        outbox=await connection.fetch("SELECT lane, seq, key, type, headers, value FROM outbox ORDER BY lane, seq"),
        shipments={row["shipment_id"]: row for row in shipments},
        orders={row["order_id"]: row for row in orders},
        bodies=bodies,
        rows=rows,
        licences={row["key"]: load(Licence, row["body"]) for row in rows["rules"] if row["kind"] == "licence"},
        versions=_versions(bodies, (*rows["rules"], *rows["ahead"])),
        statuses=await read_statuses(connection, known, Visibility.everything(), decided_last),
        replays=await _replays(connection),
        decided_last=decided_last,
    )


async def _replays(connection: Any) -> list[Replayed]:
    newest = await connection.fetch("SELECT seq FROM decision ORDER BY seq DESC LIMIT $1", REPLAYED_MAX)
    above = min((row["seq"] for row in newest), default=1) - 1
    return [one async for one in replayed(connection, Selection(above=above))]


def _versions(bodies: dict[Owner, Shipment | Order], rules: Iterable[Any]) -> dict[Owner, int]:
    found: dict[Owner, int] = {}
    for owner, body in bodies.items():
        facts = (body.facts, body.ahead[1] if body.ahead else None)
        told = [each.version for each in facts if each is not None]
        if isinstance(body, Order) and body.cancelled_version is not None:
            told.append(body.cancelled_version)
        found[owner] = max(told, default=0)
    for row in rules:
        owner = (row["kind"], row["key"])
        found[owner] = max(row["version"], found.get(owner, 0))
    return found
