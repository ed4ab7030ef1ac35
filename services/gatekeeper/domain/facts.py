"""What the senders say about orders and shipments, translated from the wire and not yet judged.

Absent fields are None (or an empty tuple): that is no error, the decision names them (MISSING_DATA, D3.12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.vocabulary import Movement, OrderStatus


@dataclass(frozen=True, slots=True)
class PartyRef:
    """A party as an event names it; `party_id` wins over `name` (contracts.md §2)."""

    party_id: str | None = None
    name: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class EndUse:
    """Only `code` is ever compared with a licence (D3.4); `text` is for people and catch-all terms."""

    code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A number under which others know the shipment: BOOKING, CONTAINER, BILL_OF_LADING …"""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    line_no: int
    item_no: str
    quantity: Quantity | None = None
    value: Money | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The full state of an order at one version. `parties` by role: importer, consignee, end_user, intermediary."""

    order_id: str
    version: int
    status: OrderStatus = OrderStatus.OPEN
    exporter_id: str | None = None
    parties: Mapping[str, PartyRef] = field(default_factory=dict)
    end_use: EndUse | None = None
    destination: str | None = None
    planned_export_date: date | None = None
    delivery_tolerance_percent: Decimal = Decimal(0)
    licences: tuple[str, ...] = ()
    end_user_statements: tuple[str, ...] = ()
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    line_no: int
    item_no: str
    order_id: str | None = None
    order_line: int | None = None
    net_quantity: Quantity | None = None
    gross_quantity: Quantity | None = None
    value: Money | None = None


@dataclass(frozen=True, slots=True)
class ShipmentFacts:
    """The full state of a shipment at one version; what it leaves out comes from each line's own order (D3.0).

    `parties` by role: importer, consignee, end_user, intermediary, carrier, broker, bank.
    """

    shipment_id: str
    version: int
    exporter_id: str | None = None
    movement: Movement | None = None
    forwarder_id: str | None = None
    parties: Mapping[str, PartyRef] = field(default_factory=dict)
    end_use: EndUse | None = None
    destination: str | None = None
    transit: tuple[str, ...] = ()
    planned_departure: datetime | None = None
    licences: tuple[str, ...] = ()
    end_user_statements: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    lines: tuple[ShipmentLine, ...] = ()
