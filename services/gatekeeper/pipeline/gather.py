"""Gather: lock what a transaction decides about, in the one order that every writer follows (design.md §2.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.decide import licence_keys, licence_terms_of
from services.gatekeeper.domain.engine import (
    drawn_licences,
    families_for_shipment,
    licences_for_order,
    licences_for_shipment,
    order_ids_of,
    order_ids_of_shipment,
)
from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.families import SPLIT, FamilyBook, FamilyKey, asked_for
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.periods import has_limits
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.shelf import NUMBER, TERM
from services.gatekeeper.domain.together import shifted
from services.gatekeeper.domain.workspace import Workspace
from services.gatekeeper.pipeline.lane_guard import lock_lanes
from services.gatekeeper.store import rules, splitting
from services.gatekeeper.store.aggregates import arrivals, load_shipments, lock_accounts, lock_orders
from services.gatekeeper.store.licence_shelf import load_licences
from services.gatekeeper.wiring import Gate
from services.kit.partitioning import lane_of
from services.kit.postgres import Connection

LICENCES_KEPT_MAX = 20_000
"""Of more than these all are forgotten, and loaded anew as they are asked for: some 50 MB."""


@dataclass(slots=True)
class Wanted:
    """What a transaction will look at. `shipments` in order of arrival; `facts` what new versions name."""

    shipments: dict[str, None] = field(default_factory=dict)
    orders: set[str] = field(default_factory=set)
    facts: list[ShipmentFacts | OrderFacts] = field(default_factory=list)
    licences: set[str] = field(default_factory=set)
    rules: set[tuple[str, str]] = field(default_factory=set)
    families: dict[FamilyKey, date] = field(default_factory=dict)

    def besides(self) -> Wanted:
        """A copy, to widen by what else is known to be wanted."""
        return Wanted(
            dict(self.shipments), set(self.orders), [], set(self.licences), set(self.rules), dict(self.families)
        )

    def add_missing(self, missing: NotGathered) -> None:
        """Widen by a row that the engine asked for and that was not locked."""
        if missing.kind == "shipment":
            self.shipments[missing.key] = None
        elif missing.kind == "order":
            self.orders.add(missing.key)
        elif missing.kind in (NUMBER, TERM):
            self.rules.add((missing.kind, missing.key))
        elif missing.kind == SPLIT:
            key, since = asked_for(missing.key)
            self.families[key] = min(since, self.families.get(key, since))
        else:
            self.licences.add(missing.key)


async def lock_rules(gate: Gate, connection: Connection) -> tuple[References, datetime]:
    """The rules lock, shared, as a statement of its own; then the newest rules and the time (design.md §2.1)."""
    await rules.lock_shared(connection)
    references, at = await rules.refresh(connection, gate.references)
    keep_newest(gate, references)
    return references, gate.clock.told(at)


def keep_newest(gate: Gate, references: References) -> None:
    """Cache references unless another transaction of this process has cached newer ones; of licences not too many.

    A transaction under way that had loaded some of them asks for them again.
    """
    if references.licences.count > LICENCES_KEPT_MAX:
        references.forget_licences()
    if gate.references is None or gate.references.rules_version <= references.rules_version:
        gate.references = references


async def lock_owners(
    gate: Gate, connection: Connection, owner_ids: Iterable[str]
) -> tuple[dict[int, int], dict[int, str]]:
    """Lock the lanes of these ids: the next numbers of the running ones, the reasons of the stopped."""
    return await lock_lanes(gate, connection, {lane_of(owner_id, gate.partitions) for owner_id in owner_ids})


async def gather(
    gate: Gate, connection: Connection, wanted: Wanted, references: References, as_of: datetime
) -> Workspace:
    """The workspace for `wanted`. The caller holds the rules lock and the lanes of its shipments and orders."""
    stored = await load_shipments(connection, wanted.shipments)
    named = {order_id for facts in wanted.facts if isinstance(facts, ShipmentFacts) for order_id in order_ids_of(facts)}
    kept = {order_id for shipment in stored.values() for order_id in order_ids_of_shipment(shipment)}
    order_ids = wanted.orders | named | kept
    lanes = {order_id: lane_of(order_id, gate.partitions) for order_id in order_ids}
    orders = await lock_orders(connection, order_ids, lanes)
    await _load_licences(connection, wanted, stored.values(), orders.values(), references)
    numbers = _licences(wanted, stored, orders, references)
    await load_licences(connection, references, numbers, ())
    limited = {licence_no for licence_no in numbers if has_limits(references, licence_no)}
    accounts = await lock_accounts(connection, numbers, limited)
    shipments = await _with_stubs(connection, wanted, stored)
    return Workspace(
        as_of=as_of,
        references=references,
        policy=references.policy,
        shipments=shipments,
        orders=orders,
        accounts=accounts,
        families=await _families(connection, wanted, shipments, orders, references, shanghai_day(as_of)),
    )


async def _families(
    connection: Connection,
    wanted: Wanted,
    shipments: Mapping[str, Shipment],
    orders: Mapping[str, Order],
    references: References,
    today: date,
) -> FamilyBook:
    """What counts for the sums of families that a decision here may look at or change; nothing while the rule is off.

    From the first day of a window that ends today: what left before is in no sum with what may still go. A decision
    about what left earlier asks for more.
    """
    policy = references.policy
    if policy.split_limit is None:
        return FamilyBook(today)
    changed = [facts for facts in wanted.facts if isinstance(facts, OrderFacts)]
    known = [*changed, *(order.facts for order in orders.values() if order.facts is not None)]
    newest = {facts.shipment_id: facts for facts in wanted.facts if isinstance(facts, ShipmentFacts)}
    keys = {
        key
        for shipment_id, shipment in shipments.items()
        for key in families_for_shipment(shipment, newest.get(shipment_id), known, references)
    }
    first = shifted(today, 1 - policy.split_window_days)
    since = {key: min(first, wanted.families.get(key, first)) for key in {*keys, *wanted.families}}
    book = FamilyBook(today, since, await splitting.lock_sums(connection, since, shipments.values(), today))
    for shipment in shipments.values():
        book.add(shipment.shipment_id, shipment.arrival, shipment.families)
    return book


async def _load_licences(
    connection: Connection,
    wanted: Wanted,
    shipments: Collection[Shipment],
    orders: Collection[Order],
    references: References,
) -> None:
    """Have References know every licence that may be looked at here."""
    aggregates: tuple[Shipment | Order, ...] = (*shipments, *orders)
    ahead = (one.ahead[1] for one in aggregates if one.ahead is not None)
    several: tuple[ShipmentFacts | OrderFacts | None, ...] = (*wanted.facts, *(one.facts for one in aggregates), *ahead)
    numbers, terms = set(wanted.licences), set[str]()
    for facts in several:
        if facts is not None:
            numbers.update(facts.licences)
            terms |= licence_terms_of(facts, references)
    numbers |= {draw.licence_no for one in aggregates for draw in one.draws}
    numbers |= {key for kind, key in wanted.rules if kind == NUMBER}
    terms |= {key for kind, key in wanted.rules if kind == TERM}
    await load_licences(connection, references, numbers, terms)


async def _with_stubs(connection: Connection, wanted: Wanted, stored: Mapping[str, Shipment]) -> dict[str, Shipment]:
    """Every wanted shipment; one that nobody has heard of gets the next arrival number."""
    missing = [shipment_id for shipment_id in wanted.shipments if shipment_id not in stored]
    fresh = await arrivals(connection, len(missing)) if missing else []
    stubs = {shipment_id: Shipment(shipment_id, arrival) for shipment_id, arrival in zip(missing, fresh, strict=True)}
    return {**stored, **stubs}


def _licences(
    wanted: Wanted, stored: Mapping[str, Shipment], orders: Mapping[str, Order], references: References
) -> set[str]:
    """Every licence that a decision here may look at or change: candidates and what is drawn on now."""
    numbers = set(wanted.licences)
    for facts in wanted.facts:
        own = [orders[order_id] for order_id in order_ids_of(facts)] if isinstance(facts, ShipmentFacts) else []
        numbers |= licence_keys(facts, own, references)
    for order in orders.values():
        numbers |= licences_for_order(order, None, references)
        numbers |= {licence_no for take in order.takes for licence_no in take.licences}
    for shipment in stored.values():
        named = [orders[order_id] for order_id in order_ids_of_shipment(shipment)]
        numbers |= licences_for_shipment(shipment, None, named, references) | drawn_licences(shipment.past_draws)
    return numbers
