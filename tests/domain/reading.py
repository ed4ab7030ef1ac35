"""Reads the wire's data into domain facts for tests that run without the product's own translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.events import (
    Meta,
    MilestoneReported,
    OrderCancelled,
    OrderUpserted,
    ShipmentCorrected,
    ShipmentUpserted,
    TradeEvent,
)
from services.gatekeeper.domain.facts import (
    EndUse,
    OrderFacts,
    OrderLine,
    PartyRef,
    Reference,
    ShipmentFacts,
    ShipmentLine,
)
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.vocabulary import (
    Classifier,
    CorrectionReason,
    Milestone,
    Movement,
    OrderStatus,
)

Data = Mapping[str, Any]


def quantity(data: Data | None) -> Quantity | None:
    return None if data is None else Quantity(Decimal(data["value"]), data["unit"])


def money(data: Data | None) -> Money | None:
    return None if data is None else Money(Decimal(data["amount"]), data["currency"])


def day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def instant(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def texts(values: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())


def parties(data: Data) -> dict[str, PartyRef]:
    return {role: PartyRef(ref.get("party_id"), ref.get("name"), ref.get("country")) for role, ref in data.items()}


def end_use(data: Data | None) -> EndUse | None:
    return None if data is None else EndUse(data.get("code"), data.get("text"))


def order_facts(data: Data) -> OrderFacts:
    return OrderFacts(
        order_id=data["order_id"],
        version=data["version"],
        status=OrderStatus(data.get("status", "OPEN")),
        exporter_id=data.get("exporter_id"),
        parties=parties(data.get("parties", {})),
        end_use=end_use(data.get("end_use")),
        destination=data.get("destination"),
        planned_export_date=day(data.get("planned_export_date")),
        delivery_tolerance_percent=Decimal(data.get("delivery_tolerance_percent", "0")),
        licences=texts(data.get("licences")),
        end_user_statements=texts(data.get("end_user_statements")),
        lines=tuple(
            OrderLine(line["line_no"], line["item_no"], quantity(line.get("quantity")), money(line.get("value")))
            for line in data.get("lines", ())
        ),
    )


def shipment_facts(data: Data) -> ShipmentFacts:
    return ShipmentFacts(
        shipment_id=data["shipment_id"],
        version=data["version"],
        exporter_id=data.get("exporter_id"),
        movement=Movement(data["movement"]) if data.get("movement") else None,
        forwarder_id=data.get("forwarder_id"),
        parties=parties(data.get("parties", {})),
        end_use=end_use(data.get("end_use")),
        destination=data.get("destination"),
        transit=texts(data.get("transit")),
        planned_departure=instant(data.get("planned_departure")),
        licences=texts(data.get("licences")),
        end_user_statements=texts(data.get("end_user_statements")),
        references=tuple(Reference(ref["scheme"], ref["value"]) for ref in data.get("references", ())),
        lines=tuple(_shipment_line(line) for line in data.get("lines", ())),
    )


def _shipment_line(line: Data) -> ShipmentLine:
    return ShipmentLine(
        line["line_no"],
        line["item_no"],
        line.get("order_id"),
        line.get("order_line"),
        quantity(line.get("net_quantity")),
        quantity(line.get("gross_quantity")),
        money(line.get("value")),
    )


def trade_event(kind: str, data: Data, meta: Meta) -> TradeEvent:
    match kind:
        case "order.upserted":
            return OrderUpserted(meta, order_facts(data))
        case "order.cancelled":
            return OrderCancelled(meta, data["order_id"], data["version"], data.get("reason"))
        case "shipment.upserted":
            return ShipmentUpserted(meta, shipment_facts(data))
        case "shipment.milestone":
            occurred_at = instant(data["occurred_at"])
            assert occurred_at is not None
            return MilestoneReported(
                meta,
                data["shipment_id"],
                Milestone(data["milestone"]),
                Classifier(data["classifier"]),
                occurred_at,
                data.get("source_code"),
                code_unknown=data.get("code_unknown", False),
            )
        case _:
            lines = tuple((line["line_no"], quantity(line["net_quantity"])) for line in data["lines"])
            return ShipmentCorrected(
                meta,
                data["shipment_id"],
                data["corrects_event_id"],
                CorrectionReason(data["reason"]),
                tuple((line_no, net) for line_no, net in lines if net is not None),
            )
