"""What counts in sums of a family's goods for one end user (SPLIT_SUSPECTED): locked, summed and written as sets."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.families import Counted, FamilyEntry, FamilyKey, counting
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.vocabulary import Balance

Connection = Any
DAYS_KEPT = 400
"""What left longer ago than that is in no window with what may still leave: `split_window_days` is 366 at most."""
KEY_BYTES_MAX = 1_000
"""An entry of an index takes 2,704 bytes, and the name of an end user may have 4,000 characters."""


def stored_key(key: FamilyKey) -> tuple[str, str]:
    """Family and end user as the tables have them."""
    return _short(key.family), _short(key.end_user)


def _short(text: str) -> str:
    written = text.encode()
    return text if len(written) <= KEY_BYTES_MAX else f"sha256:{hashlib.sha256(written).hexdigest()}"


async def lock_sums(
    connection: Connection, since: Mapping[FamilyKey, date], but: Collection[Shipment], today: date
) -> dict[FamilyKey, tuple[Counted, ...]]:
    """What counts for each key from its day on, of all shipments but these: locked in the order of keys, then summed.

    Unknown keys are inserted first, as orders are. Each sum is of entries of one item and day (a planned day that has
    passed is today, D3.8) which arrived between the same two of `but`.
    """
    if not since:
        return {}
    keys = {stored_key(key): key for key in since}
    columns = [[family for family, _ in keys], [end_user for _, end_user in keys]]
    await _lock(connection, columns)
    rows = await connection.fetch(
        "SELECT k.family, k.end_user, e.counted, e.item_no, e.unit, sum(e.quantity) AS quantity,"
        " min(e.arrival) AS arrival FROM unnest($1::text[], $2::text[], $3::date[]) AS k(family, end_user, since)"
        " CROSS JOIN LATERAL (SELECT s.*, CASE WHEN departed THEN day ELSE greatest(day, $4::date) END AS counted"
        " FROM split_entry AS s WHERE s.family = k.family AND s.end_user = k.end_user"
        " AND (s.day >= k.since OR NOT s.departed)) AS e"
        " WHERE NOT EXISTS (SELECT 1 FROM unnest($5::text[]) AS own(shipment_id) WHERE own.shipment_id = e.shipment_id)"
        " GROUP BY k.family, k.end_user, e.counted, e.item_no, e.unit, width_bucket(e.arrival, $6::bigint[])",
        *columns,
        list(since.values()),
        today,
        [shipment.shipment_id for shipment in but],
        sorted(shipment.arrival for shipment in but),
    )
    found: dict[FamilyKey, list[Counted]] = {}
    for row in rows:
        quantity = None if row["unit"] is None else Quantity(row["quantity"], row["unit"])
        counted = Counted(row["arrival"], row["counted"], row["item_no"], quantity)
        found.setdefault(keys[row["family"], row["end_user"]], []).append(counted)
    return {key: tuple(several) for key, several in found.items()}


async def _lock(connection: Connection, columns: Sequence[Sequence[str]]) -> None:
    known = await connection.fetch(
        "SELECT family, end_user FROM split_counter JOIN unnest($1::text[], $2::text[]) AS k(family, end_user)"
        " USING (family, end_user)",
        *columns,
    )
    if len(known) < len(columns[0]):
        await connection.execute(
            "INSERT INTO split_counter (family, end_user) SELECT family, end_user"
            " FROM unnest($1::text[], $2::text[]) AS k(family, end_user) ORDER BY 1, 2 ON CONFLICT DO NOTHING",
            *columns,
        )
    await connection.execute(
        "SELECT 1 FROM split_counter AS c JOIN unnest($1::text[], $2::text[]) AS k(family, end_user)"
        " USING (family, end_user) ORDER BY c.family, c.end_user FOR NO KEY UPDATE OF c",
        *columns,
    )


async def write_entries(connection: Connection, shipments: Iterable[Shipment], changed: Collection[str]) -> None:
    """What each of `shipments` that is among the `changed` counts for now, in place of what it did."""
    if not changed:
        return
    await connection.execute("DELETE FROM split_entry WHERE shipment_id = ANY($1::text[])", sorted(changed))
    rows = [
        _row(shipment, entry)
        for shipment in shipments
        if shipment.shipment_id in changed
        for entry in counting(shipment.families)
    ]
    if rows:
        await connection.execute(
            "INSERT INTO split_entry"
            " (shipment_id, line_no, family, end_user, arrival, day, departed, item_no, quantity, unit)"
            " SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::date[], $7::bool[],"
            " $8::text[], $9::numeric[], $10::text[])",
            *(list(column) for column in zip(*rows, strict=True)),
        )


def _row(shipment: Shipment, entry: FamilyEntry) -> tuple[Any, ...]:
    amount, unit = (None, None) if entry.quantity is None else (entry.quantity.value, entry.quantity.unit)
    departed = entry.balance is Balance.CONSUMED
    owner = (shipment.shipment_id, entry.line_no, *stored_key(entry.key))
    return *owner, shipment.arrival, entry.day, departed, entry.item_no, amount, unit


async def forget(connection: Connection, rows_max: int) -> None:
    """Remove up to `rows_max` entries of what left more than DAYS_KEPT days ago, by the database's clock."""
    await connection.execute(
        "DELETE FROM split_entry WHERE (shipment_id, line_no, end_user) IN (SELECT shipment_id, line_no, end_user"
        " FROM split_entry WHERE departed AND day < CAST(clock_timestamp() AS date) - $1::int LIMIT $2)",
        DAYS_KEPT,
        rows_max,
    )
