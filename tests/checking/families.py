"""Sums of families (SPLIT_SUSPECTED): the rows that are summed say what the shipments say, no more and no less."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.families import FamilyEntry, counting
from services.gatekeeper.domain.vocabulary import Balance, Place, ShipmentState
from services.gatekeeper.store.splitting import DAYS_KEPT, stored_key
from tests.checking.stored import Stored

Row = tuple[Any, ...]


def families(stored: Stored) -> Iterator[str]:
    """A row for each line that counts; none is missing but those that were forgotten for their age."""
    known = {_row(row): row for row in stored.rows["split"]}
    due: dict[Row, FamilyEntry] = {}
    for (owner, owner_id), body in stored.bodies.items():
        if isinstance(body, Shipment):
            due |= {_said(body, entry): entry for entry in counting(body.families)}
            yield from (f"{owner} {owner_id}: {wrong}" for wrong in _balances(body))
    yield from (f"shipment {row[0]}: {row[2:4]} counts {row[4:]}, which it doesn't say" for row in known.keys() - due)
    today = None if stored.decided_last is None else shanghai_day(stored.decided_last)
    for row in due.keys() - known.keys():
        if not _forgotten(due[row], today):
            yield f"shipment {row[0]}: {row[2:4]} doesn't count {row[4:]}, which it says"


def _row(row: Any) -> Row:
    return tuple(row)


def _said(body: Shipment, entry: FamilyEntry) -> Row:
    amount = (None, None) if entry.quantity is None else (entry.quantity.value, entry.quantity.unit)
    departed = entry.balance is Balance.CONSUMED
    owner = (body.shipment_id, entry.line_no, *stored_key(entry.key))
    return *owner, body.arrival, entry.day, departed, entry.item_no, *amount


def _balances(body: Shipment) -> Iterator[str]:
    """What stands counts as reserved, what left as consumed, and nothing else at all."""
    if body.progress.place is Place.BEFORE_DEPARTURE:
        due = {Balance.RESERVED} if body.state is ShipmentState.RELEASED else {None}
    else:
        due = {Balance.CONSUMED}
    found = {entry.balance for entry in body.families}
    if not found <= due:
        yield f"{body.state}, {body.progress.place}, and its families count as {sorted(map(str, found))}"


def _forgotten(entry: FamilyEntry, today: date | None) -> bool:
    return entry.balance is Balance.CONSUMED and today is not None and (today - entry.day).days > DAYS_KEPT
