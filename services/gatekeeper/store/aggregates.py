"""Orders, shipments and licence accounts: loaded, locked and written as sets, one statement for each set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.store.codec import dump, load
from services.gatekeeper.store.day_sums import Days, with_days
from services.gatekeeper.store.term_keys import SEPARATOR, term_keys

Connection = Any
Aggregate = TypeVar("Aggregate", Shipment, Order)


async def arrivals(connection: Connection, count: int) -> list[int]:
    """`count` new arrival numbers, rising: the order in which things were first seen (D4.4)."""
    rows = await connection.fetch("SELECT nextval('arrival_seq') FROM generate_series(1, $1)", count)
    return sorted(row[0] for row in rows)


async def load_shipments(connection: Connection, shipment_ids: Iterable[str]) -> dict[str, Shipment]:
    """Shipments by id. The caller holds their lanes: who writes a shipment holds its lane, so no row lock is needed."""
    rows = await connection.fetch(
        f"SELECT s.shipment_id, s.body, {_TERMS.format('shipment', 's.shipment_id')} FROM shipment AS s"
        " WHERE s.shipment_id = ANY($1::text[])",
        sorted(set(shipment_ids)),
    )
    return {row["shipment_id"]: _loaded(Shipment, row) for row in rows}


_TERMS = "(SELECT t.terms FROM scope_terms AS t WHERE t.owner = '{}' AND t.owner_id = {}) AS terms"


def _loaded(kind: type[Aggregate], row: Any) -> Aggregate:
    """An aggregate with its scope terms, which are stored once, in a table of their own."""
    stored = load(kind, row["body"])
    return evolve(stored, terms=frozenset(row["terms"])) if row["terms"] else stored


def _body(aggregate: Shipment | Order) -> str:
    return dump(evolve(aggregate, terms=frozenset()))


async def lock_orders(connection: Connection, order_ids: Iterable[str], lanes: Mapping[str, int]) -> dict[str, Order]:
    """Orders by id, locked in the order of their ids; unknown ones are inserted as stubs first, in that order, too.

    Without the stub an order and a shipment that names it could miss each other for ever (design.md §2.3). Which are
    unknown is read without a lock: a lock that is held while others are inserted could close a circle.
    """
    ids = sorted(set(order_ids))
    if not ids:
        return {}
    known = await connection.fetch("SELECT order_id FROM trade_order WHERE order_id = ANY($1::text[])", ids)
    missing = sorted(set(ids).difference(row["order_id"] for row in known))
    if missing:
        fresh = await arrivals(connection, len(missing))
        stubs = [Order(order_id, arrival) for order_id, arrival in zip(missing, fresh, strict=True)]
        await connection.execute(
            "INSERT INTO trade_order (order_id, lane, arrival, state, sequence, rules_version, body)"
            " SELECT i, l, a, 'HELD', 0, 0, b FROM unnest($1::text[], $2::int[], $3::bigint[], $4::jsonb[])"
            " AS u(i, l, a, b) ORDER BY i ON CONFLICT DO NOTHING",
            missing,
            [lanes[order_id] for order_id in missing],
            fresh,
            [dump(stub) for stub in stubs],
        )
    rows = await _lock_order_rows(connection, ids)
    return {order_id: _loaded(Order, rows[order_id]) for order_id in ids}


async def _lock_order_rows(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    rows = await connection.fetch(
        f"SELECT o.order_id, o.body, {_TERMS.format('order', 'o.order_id')} FROM trade_order AS o"
        " WHERE o.order_id = ANY($1::text[]) ORDER BY o.order_id FOR NO KEY UPDATE OF o",
        ids,
    )
    return {row["order_id"]: row for row in rows}


async def lock_accounts(
    connection: Connection, licence_nos: Iterable[str], limited: Collection[str] = ()
) -> dict[str, LicenceAccount]:
    """Licence accounts by number, locked in that order, unknown ones inserted first, as orders are.

    Every candidate is locked, even for a refusal. `limited`: those of which the sums by day are needed (D3.11).
    """
    numbers = sorted(set(licence_nos))
    if not numbers:
        return {}
    known = await connection.fetch("SELECT licence_no FROM licence_account WHERE licence_no = ANY($1::text[])", numbers)
    missing = sorted(set(numbers).difference(row["licence_no"] for row in known))
    if missing:
        await connection.execute(
            "INSERT INTO licence_account (licence_no, uses, uses_reserved, completed, alerts)"
            " SELECT n, 0, 0, false, '{}' FROM unnest($1::text[]) AS u(n) ORDER BY n ON CONFLICT DO NOTHING",
            missing,
        )
    rows = await connection.fetch(
        "SELECT licence_no, uses, uses_reserved, completed, alerts FROM licence_account"
        " WHERE licence_no = ANY($1::text[]) ORDER BY licence_no FOR NO KEY UPDATE",
        numbers,
    )
    return await with_days(connection, await _with_balances(connection, rows), limited)


async def read_accounts(connection: Connection, licence_nos: Iterable[str]) -> dict[str, LicenceAccount]:
    """Licence accounts as they are, without a lock; those that nothing was drawn from are left out."""
    rows = await connection.fetch(
        "SELECT licence_no, uses, uses_reserved, completed, alerts FROM licence_account"
        " WHERE licence_no = ANY($1::text[])",
        sorted(set(licence_nos)),
    )
    return await _with_balances(connection, rows)


async def _with_balances(connection: Connection, rows: Sequence[Any]) -> dict[str, LicenceAccount]:
    balances = await connection.fetch(
        "SELECT licence_no, line_no, reserved, consumed, value_reserved, value_consumed, days, unit, currency"
        " FROM licence_line_balance WHERE licence_no = ANY($1::text[])",
        [row["licence_no"] for row in rows],
    )
    lines: dict[str, dict[int, LineBalance]] = {}
    for row in balances:
        days = None if row["days"] is None else load(Days, row["days"])
        lines.setdefault(row["licence_no"], {})[row["line_no"]] = evolve(LineBalance(*row[1:]), days=days)
    return {
        row["licence_no"]: LicenceAccount(
            row["licence_no"],
            lines.get(row["licence_no"], {}),
            row["uses"],
            row["uses_reserved"],
            row["completed"],
            tuple(row["alerts"]),
        )
        for row in rows
    }


async def count_drawers(connection: Connection, licence_nos: Iterable[str]) -> dict[str, int]:
    """How many orders and shipments that are not CLOSED draw on each of these licences."""
    rows = await connection.fetch(
        "SELECT n.licence_no, count(*) AS drawers FROM unnest($1::text[]) AS n(licence_no) JOIN ("
        " SELECT body FROM shipment WHERE state <> 'CLOSED' AND shipment_id IN (SELECT owner_id FROM scope_terms"
        " WHERE owner = 'shipment' AND terms && $2::text[])"
        " UNION ALL SELECT body FROM trade_order WHERE state <> 'CLOSED' AND order_id IN (SELECT owner_id"
        " FROM scope_terms WHERE owner = 'order' AND terms && $2::text[])) AS d"
        " ON d.body -> 'draws' @> jsonb_build_array(jsonb_build_object('licence_no', n.licence_no))"
        " GROUP BY n.licence_no",
        sorted(set(licence_nos)),
        term_keys(f"licence:{licence_no}" for licence_no in set(licence_nos)),
    )
    return {row["licence_no"]: row["drawers"] for row in rows}


async def write_shipments(connection: Connection, shipments: Sequence[Shipment], lanes: Mapping[str, int]) -> None:
    if not shipments:
        return
    facts = [shipment.facts for shipment in shipments]
    await connection.execute(
        "INSERT INTO shipment (shipment_id, lane, arrival, state, sequence, exporter_id, forwarder_id, rules_version,"
        " recheck_at, body) SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::bigint[],"
        " $6::text[], $7::text[], $8::bigint[], $9::timestamptz[], $10::jsonb[])"
        " ON CONFLICT (shipment_id) DO UPDATE SET state = EXCLUDED.state, sequence = EXCLUDED.sequence,"
        " exporter_id = EXCLUDED.exporter_id, forwarder_id = EXCLUDED.forwarder_id,"
        " rules_version = EXCLUDED.rules_version, recheck_at = EXCLUDED.recheck_at, body = EXCLUDED.body",
        [shipment.shipment_id for shipment in shipments],
        [lanes[shipment.shipment_id] for shipment in shipments],
        [shipment.arrival for shipment in shipments],
        [shipment.state.value for shipment in shipments],
        [shipment.sequence for shipment in shipments],
        [known.exporter_id if known else None for known in facts],
        [known.forwarder_id if known else None for known in facts],
        [shipment.rules_version for shipment in shipments],
        [shipment.recheck_at for shipment in shipments],
        [_body(shipment) for shipment in shipments],
    )


async def write_orders(connection: Connection, orders: Sequence[Order]) -> None:
    """Update orders; each was locked, and inserted as a stub, before."""
    if not orders:
        return
    await connection.execute(
        "UPDATE trade_order AS o SET state = u.state, sequence = u.sequence, exporter_id = u.exporter_id,"
        " rules_version = u.rules_version, body = u.body FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[],"
        " $5::bigint[], $6::jsonb[]) AS u(order_id, state, sequence, exporter_id, rules_version, body)"
        " WHERE o.order_id = u.order_id",
        [order.order_id for order in orders],
        [order.state.value for order in orders],
        [order.sequence for order in orders],
        [order.facts.exporter_id if order.facts else None for order in orders],
        [order.rules_version for order in orders],
        [_body(order) for order in orders],
    )


async def write_accounts(connection: Connection, accounts: Sequence[LicenceAccount]) -> None:
    if not accounts:
        return
    await connection.execute(
        "UPDATE licence_account AS a SET uses = u.uses, uses_reserved = u.reserved, completed = u.completed,"
        " alerts = string_to_array(u.alerts, ',') FROM unnest($1::text[], $2::int[], $3::int[], $4::bool[],"
        " $5::text[]) AS u(licence_no, uses, reserved, completed, alerts) WHERE a.licence_no = u.licence_no",
        [account.licence_no for account in accounts],
        [account.uses for account in accounts],
        [account.uses_reserved for account in accounts],
        [account.completed for account in accounts],
        [",".join(account.alerts) for account in accounts],
    )
    balances = [(account.licence_no, line) for account in accounts for line in account.lines.values()]
    await connection.execute(
        "INSERT INTO licence_line_balance"
        " (licence_no, line_no, reserved, consumed, value_reserved, value_consumed, days, unit, currency)"
        " SELECT * FROM unnest($1::text[], $2::int[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[],"
        " $7::jsonb[], $8::text[], $9::text[])"
        " ON CONFLICT (licence_no, line_no) DO UPDATE SET reserved = EXCLUDED.reserved, consumed = EXCLUDED.consumed,"
        " value_reserved = EXCLUDED.value_reserved, value_consumed = EXCLUDED.value_consumed, days = EXCLUDED.days,"
        " unit = EXCLUDED.unit, currency = EXCLUDED.currency",
        [licence_no for licence_no, _ in balances],
        [line.line_no for _, line in balances],
        *_columns(balances),
        [None if line.days is None else dump(line.days, Days) for _, line in balances],
        [line.unit for _, line in balances],
        [line.currency for _, line in balances],
    )


def _columns(balances: Sequence[tuple[str, LineBalance]]) -> tuple[list[Decimal], ...]:
    lines = [line for _, line in balances]
    return (
        [line.reserved for line in lines],
        [line.consumed for line in lines],
        [line.value_reserved for line in lines],
        [line.value_consumed for line in lines],
    )


async def write_timers(
    connection: Connection, due: Sequence[tuple[str, str, int, datetime]], gone: Sequence[tuple[str, str]]
) -> None:
    """Set the next date of each (owner, owner_id, lane, due_at), and drop those of `gone`."""
    if due:
        await connection.execute(
            "INSERT INTO timer (owner, owner_id, lane, due_at) SELECT * FROM unnest($1::text[], $2::text[], $3::int[],"
            " $4::timestamptz[]) ON CONFLICT (owner, owner_id) DO UPDATE SET due_at = EXCLUDED.due_at"
            " WHERE timer.due_at IS DISTINCT FROM EXCLUDED.due_at",
            *(list(column) for column in zip(*due, strict=True)),
        )
    if gone:
        await connection.execute(
            "DELETE FROM timer AS t USING unnest($1::text[], $2::text[]) AS u(owner, owner_id)"
            " WHERE t.owner = u.owner AND t.owner_id = u.owner_id",
            *(list(column) for column in zip(*gone, strict=True)),
        )


async def write_terms(
    connection: Connection,
    terms: Sequence[tuple[str, str, int, int, Iterable[str]]],
    gone: Sequence[tuple[str, str]],
) -> None:
    """Set the scope terms of each (owner, owner_id, lane, arrival, terms); written only when they change.

    An array of arrays can't be unnested row by row, so terms travel as one text with a separator that none has.
    """
    if terms:
        await connection.execute(
            "INSERT INTO scope_terms (owner, owner_id, lane, arrival, terms)"
            " SELECT o, i, l, a, string_to_array(t, E'\\x1f') FROM unnest($1::text[], $2::text[], $3::int[],"
            " $4::bigint[], $5::text[]) AS u(o, i, l, a, t) ON CONFLICT (owner, owner_id) DO UPDATE"
            " SET terms = EXCLUDED.terms WHERE scope_terms.terms IS DISTINCT FROM EXCLUDED.terms",
            [row[0] for row in terms],
            [row[1] for row in terms],
            [row[2] for row in terms],
            [row[3] for row in terms],
            [SEPARATOR.join(term_keys(row[4])) for row in terms],
        )
    if gone:
        await connection.execute(
            "DELETE FROM scope_terms AS t USING unnest($1::text[], $2::text[]) AS u(owner, owner_id)"
            " WHERE t.owner = u.owner AND t.owner_id = u.owner_id",
            *(list(column) for column in zip(*gone, strict=True)),
        )
