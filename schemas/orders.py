"""Events about orders, `trade.orders.v1`."""

from __future__ import annotations

from typing import Annotated

from schemas.markers import NullIs
from schemas.parts import NUMBERED_ONCE, EndUse, OptionalMoney, OptionalQuantity, PartyRef
from schemas.values import BOUNDED, NULL_IS_EMPTY, Amount, Country, Day, Id, Ids, LineNo, Text, Version, Wire
from schemas.vocabulary import OrderStatus


class OrderParties(Wire):
    """Who takes part in an order; a role left out is not known yet."""

    importer: PartyRef | None = None
    consignee: PartyRef | None = None
    end_user: PartyRef | None = None
    intermediary: PartyRef | None = None


class OrderLine(Wire):
    """One line of an order."""

    line_no: LineNo
    item_no: Id
    quantity: OptionalQuantity = None
    value: OptionalMoney = None


OrderLines = Annotated[tuple[OrderLine, ...], BOUNDED, NUMBERED_ONCE, NULL_IS_EMPTY]


class OrderUpserted(Wire):
    """The full state of an order. What is absent is no reason to refuse it: the decision says MISSING_DATA."""

    order_id: Id
    version: Version
    status: OrderStatus | None = None
    exporter_id: Id | None = None
    parties: Annotated[OrderParties, NullIs(OrderParties())] = OrderParties()
    end_use: EndUse | None = None
    destination: Country | None = None
    """The final destination."""
    planned_export_date: Day | None = None
    delivery_tolerance_percent: Amount | None = None
    """How much a shipment may exceed its order line."""
    licences: Ids = ()
    """Named licences; none named: Holdgate selects."""
    end_user_statements: Ids = ()
    lines: OrderLines = ()


class OrderCancelled(Wire):
    """The order is off; its shipments are held with ORDER_CANCELLED (D4.10)."""

    order_id: Id
    version: Version
    reason: Text | None = None
