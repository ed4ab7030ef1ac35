"""Builds the Case that the rules see: facts merged with orders (D3.0), needs (D3.1, D3.2) and days (D3.8) fixed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts, OrderLine, ShipmentFacts, ShipmentLine
from services.gatekeeper.domain.families import NOBODY_ELSE, Families
from services.gatekeeper.domain.leaving import left_released
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.scene import LineShape, Shape, case_in, scene_of
from services.gatekeeper.domain.vocabulary import DEPARTED_PLACES, Movement, Place

LICENSED_MOVEMENTS = frozenset(
    {
        Movement.EXPORT,
        Movement.TECHNOLOGY_TRANSFER,
        Movement.OUT_OF_BONDED,
        Movement.TRANSIT,
        Movement.REPAIR_RETURN,
    }
)
NO_ORDER = OrderFacts("", 0)


def shipment_case(
    shipment: Shipment,
    orders: Mapping[str, Order],
    references: References,
    accounts: Mapping[str, LicenceAccount],
    policy: Policy,
    as_of: datetime,
    families: Families = NOBODY_ELSE,
) -> Case:
    """`shipment`, its facts as corrected, merged with `orders` (every order that its lines name)."""
    facts = shipment.facts or ShipmentFacts(shipment.shipment_id, 0)
    planned = shipment.progress.planned_departure
    own = _frozen_at_delivery(shipment, orders)
    lines = sorted(facts.lines, key=lambda line: line.line_no)
    shape = Shape(
        policy_version=policy.version,
        owner="shipment",
        exporter_id=facts.exporter_id,
        movement=facts.movement,
        forwarder_id=facts.forwarder_id,
        transit=facts.transit,
        place=shipment.progress.place,
        leaves_territory=facts.movement in LICENSED_MOVEMENTS,
        days=shipment_days(shipment, as_of),
        today=shanghai_day(as_of),
        planned_day=None if planned is None else shanghai_day(planned),
        left_released=left_released(shipment, policy),
        lines=tuple(_line_shape(facts, _ordered(line, own), line) for line in lines),
    )
    asked = [_asked(line) for line in lines]
    return _case(shape, shipment, own, asked, references, accounts, policy, as_of, families)


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
    lines = sorted(facts.lines, key=lambda line: line.line_no)
    shape = Shape(
        policy_version=policy.version,
        owner="order",
        exporter_id=facts.exporter_id,
        movement=None,
        forwarder_id=None,
        transit=(),
        place=Place.BEFORE_DEPARTURE,
        leaves_territory=True,
        days=(today if planned is None or planned < today else planned,),
        today=today,
        planned_day=planned,
        left_released=False,
        lines=tuple(_line_shape(facts, NO_ORDER, line) for line in lines),
    )
    asked: list[Asked] = [(line.quantity, line.value, facts.order_id, line.line_no) for line in lines]
    return _case(shape, order, {order.order_id: order}, asked, references, accounts, policy, as_of)


Asked = tuple[Quantity | None, Money | None, str | None, int | None]
"""Of one line: its quantity (net, or ordered), its value, its order and the line of that."""


def _case(
    shape: Shape,
    subject: Shipment | Order,
    orders: Mapping[str, Order],
    asked: list[Asked],
    references: References,
    accounts: Mapping[str, LicenceAccount],
    policy: Policy,
    as_of: datetime,
    families: Families = NOBODY_ELSE,
) -> Case:
    scene = scene_of(shape, references, policy, as_of)
    lines = tuple(_line(line, *amounts) for line, amounts in zip(scene.lines, asked, strict=True))
    return case_in(shape, lines, references, policy, as_of, subject, orders, accounts, scene, families)


def _line(
    bare: CaseLine, quantity: Quantity | None, value: Money | None, order_id: str | None, order_line: int | None
) -> CaseLine:
    return evolve(bare, quantity=quantity, value=value, order_id=order_id, order_line=order_line)


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


def _ordered(line: ShipmentLine, orders: Mapping[str, Order]) -> OrderFacts:
    """The facts of the line's own order, from which it takes what the shipment leaves out."""
    order = orders.get(line.order_id) if line.order_id is not None else None
    return order.facts if order is not None and order.facts is not None else NO_ORDER


def _asked(line: ShipmentLine) -> Asked:
    return line.net_quantity, line.value, line.order_id, line.order_line if line.order_id is not None else None


def _line_shape(facts: ShipmentFacts | OrderFacts, ordered: OrderFacts, line: ShipmentLine | OrderLine) -> LineShape:
    parties = {**ordered.parties, **facts.parties} if ordered.parties else facts.parties
    return LineShape(
        line_no=line.line_no,
        item_no=line.item_no,
        parties=tuple(parties.items()),
        end_use=facts.end_use or ordered.end_use,
        destination=facts.destination or ordered.destination,
        licences=facts.licences or ordered.licences,
        end_user_statements=facts.end_user_statements or ordered.end_user_statements,
        currency=None if line.value is None else line.value.currency,
    )
