"""Goods that somebody wants to ship: what the order and the shipment say of them, and how they would travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from services.gatekeeper.domain.calendar import shanghai_day
from services.local.demo.events import TradeEvent
from services.local.demo.world import COUNTRY, Permit

LEAVES_AFTER = timedelta(hours=6)


class Pace(Enum):
    """How fast the logistics system moves goods: the pause before each milestone, as a share of the day."""

    AIR = (0.010, 0.008, 0.008, 0.008, 0.004, 0.040, 0.020)
    SEA = (0.015, 0.015, 0.015, 0.015, 0.010, 0.800, 0.050)
    WAREHOUSE = (0.020, 0.900, 0.030, 0.030, 0.010, 0.100, 0.100)


JOURNEY = ("PACKED", "HANDED_OVER", "DECLARED", "CUSTOMS_RELEASED", "DEPARTED", "ARRIVED", "DELIVERED")


@dataclass(frozen=True, slots=True)
class Consignment:
    """One shipment with one line on one order line. `licences` empty: Holdgate selects; `end_use` None: left out."""

    shipment_id: str
    order_id: str
    exporter: str
    item: str
    quantity: Decimal
    unit: str
    amount: Decimal
    end_user: str
    end_use: str | None
    destination: str
    forwarder: str
    pace: Pace
    licences: tuple[str, ...] = ()
    version: int = 1


def under(
    permit: Permit,
    shipment_id: str,
    quantity: Decimal,
    *,
    forwarder: str,
    pace: Pace,
    order_id: str = "",
    end_user: str = "",
    destination: str = "",
    named: bool = False,
) -> Consignment:
    """Goods meant for `permit`: its exporter, item, first end user and end use, unless said otherwise."""
    receiver = end_user or permit.end_users[0]
    return Consignment(
        shipment_id=shipment_id,
        order_id=order_id or shipment_id.replace("S-", "O-", 1),
        exporter=permit.exporter,
        item=permit.item,
        quantity=quantity,
        unit=permit.unit,
        amount=(int(quantity) * Decimal(permit.price)).quantize(Decimal("0.01")),
        end_user=receiver,
        end_use=permit.end_use,
        destination=destination or COUNTRY[receiver],
        forwarder=forwarder,
        pace=pace,
        licences=(permit.licence_no,) if named else (),
    )


def order_event(consignments: Sequence[Consignment], now: datetime) -> TradeEvent:
    """The order that all `consignments` belong to: one line, the sum of what they ship."""
    first = consignments[0]
    receiver = {"party_id": first.end_user}
    line = {
        "line_no": 1,
        "item_no": first.item,
        "quantity": _quantity(sum((one.quantity for one in consignments), Decimal()), first.unit),
        "value": _money(sum((one.amount for one in consignments), Decimal())),
    }
    return TradeEvent(
        "order.upserted",
        {
            "order_id": first.order_id,
            "version": first.version,
            "status": "OPEN",
            "exporter_id": first.exporter,
            "parties": {"importer": receiver, "consignee": receiver, "end_user": receiver},
            "end_use": _end_use(first),
            "destination": first.destination,
            "planned_export_date": shanghai_day(now + LEAVES_AFTER).isoformat(),
            "delivery_tolerance_percent": "0",
            "licences": list(first.licences),
            "lines": [line],
        },
    )


def shipment_event(consignment: Consignment, now: datetime) -> TradeEvent:
    """The shipment; parties and end use come from its order (D3.0)."""
    line = {
        "line_no": 1,
        "order_id": consignment.order_id,
        "order_line": 1,
        "item_no": consignment.item,
        "net_quantity": _quantity(consignment.quantity, consignment.unit),
        "value": _money(consignment.amount),
    }
    return TradeEvent(
        "shipment.upserted",
        {
            "shipment_id": consignment.shipment_id,
            "version": consignment.version,
            "exporter_id": consignment.exporter,
            "movement": "EXPORT",
            "forwarder_id": consignment.forwarder,
            "destination": consignment.destination,
            "planned_departure": (now + LEAVES_AFTER).isoformat(),
            "licences": list(consignment.licences),
            "references": [{"scheme": "BOOKING", "value": f"BK-{consignment.shipment_id}"}],
            "lines": [line],
        },
    )


def milestone_event(shipment_id: str, milestone: str, at: datetime) -> TradeEvent:
    """Something that really happened to a shipment."""
    data = {"shipment_id": shipment_id, "milestone": milestone, "classifier": "ACTUAL", "occurred_at": at.isoformat()}
    return TradeEvent("shipment.milestone", data)


def _end_use(consignment: Consignment) -> dict[str, Any] | None:
    return None if consignment.end_use is None else {"code": consignment.end_use}


def _quantity(value: Decimal, unit: str) -> dict[str, str]:
    return {"value": f"{value:f}", "unit": unit}


def _money(amount: Decimal) -> dict[str, str]:
    return {"amount": f"{amount:.2f}", "currency": "USD"}
