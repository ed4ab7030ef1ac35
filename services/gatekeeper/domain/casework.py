"""Builds the Case that the rules see: facts merged with orders (D3.0), needs (D3.1, D3.2) and days (D3.8) fixed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from services.gatekeeper.domain.aggregates import LicenceAccount, Order, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts, OrderLine, ShipmentFacts, ShipmentLine
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.prohibitions import codes_in_force
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Item
from services.gatekeeper.domain.vocabulary import Classification, Movement, Place

LICENSED_MOVEMENTS = frozenset(
    {
        Movement.EXPORT,
        Movement.TECHNOLOGY_TRANSFER,
        Movement.OUT_OF_BONDED,
        Movement.TRANSIT,
        Movement.REPAIR_RETURN,
    }
)
DEPARTED_PLACES = frozenset({Place.UNDER_WAY, Place.DELIVERED})


def shipment_case(
    shipment: Shipment,
    orders: Mapping[str, Order],
    references: References,
    accounts: Mapping[str, LicenceAccount],
    policy: Policy,
    as_of: datetime,
) -> Case:
    """`shipment`, its facts as corrected, merged with `orders` (every order that its lines name)."""
    facts = shipment.facts or ShipmentFacts(shipment.shipment_id, 0)
    days = shipment_days(shipment, as_of)
    leaves = facts.movement in LICENSED_MOVEMENTS
    own = _frozen_at_delivery(shipment, orders)
    return Case(
        owner="shipment",
        owner_id=shipment.shipment_id,
        shipment=shipment,
        order=None,
        orders=own,
        exporter_id=facts.exporter_id,
        movement=facts.movement,
        forwarder_id=facts.forwarder_id,
        transit=facts.transit,
        place=shipment.progress.place,
        leaves_territory=leaves,
        lines=tuple(
            _shipment_line(facts, line, own, references, days, leaves)
            for line in sorted(facts.lines, key=lambda line: line.line_no)
        ),
        days=days,
        today=shanghai_day(as_of),
        as_of=as_of,
        references=references,
        accounts=accounts,
        policy=policy,
    )


def order_case(
    order: Order,
    references: References,
    accounts: Mapping[str, LicenceAccount],
    policy: Policy,
    as_of: datetime,
) -> Case:
    """`order` for its pre-check: no forwarder, transit or movement; judged as leaving the territory."""
    facts = order.facts or OrderFacts(order.order_id, 0)
    today = shanghai_day(as_of)
    planned = facts.planned_export_date
    day = today if planned is None or planned < today else planned
    return Case(
        owner="order",
        owner_id=order.order_id,
        shipment=None,
        order=order,
        orders={order.order_id: order},
        exporter_id=facts.exporter_id,
        movement=None,
        forwarder_id=None,
        transit=(),
        place=Place.BEFORE_DEPARTURE,
        leaves_territory=True,
        lines=tuple(
            _order_line(facts, line, references, (today, day))
            for line in sorted(facts.lines, key=lambda line: line.line_no)
        ),
        days=(day,),
        today=today,
        as_of=as_of,
        references=references,
        accounts=accounts,
        policy=policy,
    )


def shipment_days(shipment: Shipment, as_of: datetime) -> tuple[date, ...]:
    """Every day on which the shipment's licence must be valid (D3.8), ascending."""
    today = shanghai_day(as_of)
    progress = shipment.progress
    if progress.place in DEPARTED_PLACES and progress.departed_at is not None:
        return (shanghai_day(progress.departed_at),)
    if progress.planned_departure is None:
        return (today,)
    planned = shanghai_day(progress.planned_departure)
    return (today, planned) if planned > today else (today,)


def _frozen_at_delivery(shipment: Shipment, orders: Mapping[str, Order]) -> Mapping[str, Order]:
    """From DELIVERED on a shipment follows its orders no longer (D1.7): their facts are those of that moment."""
    if shipment.progress.place is not Place.DELIVERED or not shipment.delivered_under:
        return orders
    kept = {facts.order_id: facts for facts in shipment.delivered_under}
    return {key: evolve(order, facts=kept.get(key, order.facts)) for key, order in orders.items()}


def _needs_licence(item: Item | None, codes: tuple[str, ...], leaves: bool) -> bool:
    return leaves and item is not None and item.classification is Classification.CONTROLLED and bool(codes)


def _shipment_line(
    facts: ShipmentFacts,
    line: ShipmentLine,
    orders: Mapping[str, Order],
    references: References,
    days: tuple[date, ...],
    leaves: bool,
) -> CaseLine:
    order = orders.get(line.order_id) if line.order_id is not None else None
    ordered = order.facts if order is not None and order.facts is not None else OrderFacts("", 0)
    item = references.item(line.item_no)
    codes = () if item is None else codes_in_force(item, days, references)
    return CaseLine(
        line_no=line.line_no,
        item_no=line.item_no,
        item=item,
        codes_in_force=codes,
        needs_licence=_needs_licence(item, codes, leaves),
        quantity=line.net_quantity,
        value=line.value,
        order_id=line.order_id,
        order_line=line.order_line if line.order_id is not None else None,
        parties={**ordered.parties, **facts.parties},
        end_use=facts.end_use or ordered.end_use,
        destination=facts.destination or ordered.destination,
        licences=facts.licences or ordered.licences,
        end_user_statements=facts.end_user_statements or ordered.end_user_statements,
    )


def _order_line(facts: OrderFacts, line: OrderLine, references: References, days: tuple[date, ...]) -> CaseLine:
    item = references.item(line.item_no)
    codes = () if item is None else codes_in_force(item, days, references)
    return CaseLine(
        line_no=line.line_no,
        item_no=line.item_no,
        item=item,
        codes_in_force=codes,
        needs_licence=_needs_licence(item, codes, True),
        quantity=line.quantity,
        value=line.value,
        order_id=facts.order_id,
        order_line=line.line_no,
        parties=facts.parties,
        end_use=facts.end_use,
        destination=facts.destination,
        licences=facts.licences,
        end_user_statements=facts.end_user_statements,
    )
