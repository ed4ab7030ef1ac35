"""Everything that `checker.check` compares, read from one snapshot of the database."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.store.codec import load

Owner = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that is compared, from one snapshot."""

    partitions: int
    incarnation: uuid.UUID
    next_seqs: dict[int, int]
    outbox: list[Any]
    shipments: dict[str, Any]
    orders: dict[str, Any]
    bodies: dict[Owner, Shipment | Order]
    rows: dict[str, list[Any]]


_TABLES = {
    "ledger": "SELECT licence_no, licence_line, sum(reserved) AS reserved, sum(consumed) AS consumed,"
    " sum(value_reserved) AS value_reserved, sum(value_consumed) AS value_consumed, sum(uses) AS uses,"
    " sum(uses_reserved) AS uses_reserved FROM ledger GROUP BY licence_no, licence_line",
    "balances": "SELECT licence_no, line_no, reserved, consumed, value_reserved, value_consumed"
    " FROM licence_line_balance",
    "accounts": "SELECT licence_no, uses, uses_reserved FROM licence_account",
    "holds": "SELECT owner, owner_id, hold_id, reason FROM open_hold",
    "timers": "SELECT owner, owner_id, lane, due_at FROM timer",
    "terms": "SELECT owner, owner_id, lane, arrival, terms FROM scope_terms",
    "barriers": "SELECT notice_id, version, what, lane, seq FROM notice_barrier",
    "quarantine": "SELECT quarantine_id, status FROM quarantine",
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
    return Stored(
        partitions=installation["partitions"],
        incarnation=installation["incarnation"],
        next_seqs={row["lane"]: row["next_seq"] for row in await connection.fetch("SELECT lane, next_seq FROM lane")},
        outbox=await connection.fetch("SELECT lane, seq, key, type, headers, value FROM outbox ORDER BY lane, seq"),
        shipments={row["shipment_id"]: row for row in shipments},
        orders={row["order_id"]: row for row in orders},
        bodies=bodies,
        rows={name: await connection.fetch(query) for name, query in _TABLES.items()},
    )
