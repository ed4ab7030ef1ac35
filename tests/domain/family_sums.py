"""What a transaction knows of families' sums, and whom a task about one of them looks at.

The store keeps it in rows of its own; here it is read from the shipments, all days of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Protocol

from services.gatekeeper.domain import engine
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.families import Counted, FamilyBook, FamilyKey, counted_on, counting
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.terms import FAMILY
from services.gatekeeper.domain.vocabulary import ShipmentState
from services.gatekeeper.domain.workspace import FollowUp, FollowUpKind


class Known(Protocol):
    clock: datetime
    policy: Policy
    references: References
    shipments: dict[str, Shipment]


def families_known(
    world: Known,
    shipments: Mapping[str, Shipment],
    facts: ShipmentFacts | OrderFacts | None,
    orders: Iterable[Order],
) -> FamilyBook:
    """For a transaction about `shipments`, of which one may have newer `facts`, and about `orders`."""
    today = shanghai_day(world.clock)
    if world.policy.split_limit is None:
        return FamilyBook(today)
    newest = facts if isinstance(facts, ShipmentFacts) else None
    known = [order.facts for order in orders if order.facts is not None]
    keys = {
        key
        for shipment in shipments.values()
        for key in engine.families_for_shipment(shipment, newest, known, world.references)
    }
    others = {key: tuple(_others(world, shipments, key, today)) for key in keys}
    book = FamilyBook(today, dict.fromkeys(keys, date.min), others)
    for shipment in shipments.values():
        book.add(shipment.shipment_id, shipment.arrival, shipment.families)
    return book


def _others(world: Known, but: Iterable[str], key: FamilyKey, today: date) -> Iterable[Counted]:
    for shipment in world.shipments.values():
        for entry in counting(shipment.families) if shipment.shipment_id not in but else ():
            if entry.key == key:
                yield Counted(shipment.arrival, counted_on(entry, today), entry.item_no, entry.quantity)


def counting_for(world: Known, task: FollowUp) -> list[str]:
    """Whom a task about a sum looks at, by arrival: all that count for it, or those that are held."""
    waiting = task.kind is FollowUpKind.SPLIT_WAITERS
    found = [
        (shipment.arrival, shipment.shipment_id)
        for shipment in world.shipments.values()
        if f"{FAMILY}:{task.key}" in shipment.terms
        and shipment.state is not ShipmentState.CLOSED
        and (shipment.holds or not waiting)
    ]
    return [shipment_id for _, shipment_id in sorted(found)]
