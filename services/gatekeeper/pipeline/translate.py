"""Wire events of the trade topics to domain events (style.md rule 7: three shapes, three places)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from schemas import orders, parts, shipments, values
from schemas.envelope import Envelope
from schemas.reading import ReadEvent
from services.gatekeeper.domain import events, facts
from services.gatekeeper.domain import vocabulary as words
from services.gatekeeper.domain.quantity import Money, Quantity


def _quantity(given: values.Quantity | None) -> Quantity | None:
    return None if given is None else Quantity(given.value, given.unit)


def _money(given: values.Money | None) -> Money | None:
    return None if given is None else Money(given.amount, given.currency)


def _party(given: parts.PartyRef) -> facts.PartyRef:
    return facts.PartyRef(given.party_id, given.name, given.country)


def _parties(given: orders.OrderParties) -> dict[str, facts.PartyRef]:
    return {role: _party(ref) for role, ref in given if ref is not None}


def _end_use(given: parts.EndUse | None) -> facts.EndUse | None:
    return None if given is None else facts.EndUse(given.code, given.text)


def meta_of(envelope: Envelope) -> events.Meta:
    return events.Meta(envelope.id, envelope.source, envelope.time, envelope.traceparent)


def order_facts(given: orders.OrderUpserted) -> facts.OrderFacts:
    return facts.OrderFacts(
        order_id=given.order_id,
        version=given.version,
        status=words.OrderStatus(given.status or words.OrderStatus.OPEN),
        exporter_id=given.exporter_id,
        parties=_parties(given.parties),
        end_use=_end_use(given.end_use),
        destination=given.destination,
        planned_export_date=given.planned_export_date,
        delivery_tolerance_percent=given.delivery_tolerance_percent or Decimal(0),
        licences=given.licences,
        end_user_statements=given.end_user_statements,
        lines=tuple(
            facts.OrderLine(line.line_no, line.item_no, _quantity(line.quantity), _money(line.value))
            for line in given.lines
        ),
    )


def shipment_facts(given: shipments.ShipmentUpserted) -> facts.ShipmentFacts:
    return facts.ShipmentFacts(
        shipment_id=given.shipment_id,
        version=given.version,
        exporter_id=given.exporter_id,
        movement=None if given.movement is None else words.Movement(given.movement),
        forwarder_id=given.forwarder_id,
        parties=_parties(given.parties),
        end_use=_end_use(given.end_use),
        destination=given.destination,
        transit=given.transit,
        planned_departure=given.planned_departure,
        licences=given.licences,
        end_user_statements=given.end_user_statements,
        references=tuple(facts.Reference(ref.scheme, ref.value) for ref in given.references),
        lines=tuple(
            facts.ShipmentLine(
                line_no=line.line_no,
                item_no=line.item_no,
                order_id=line.order_id,
                order_line=line.order_line,
                net_quantity=_quantity(line.net_quantity),
                gross_quantity=_quantity(line.gross_quantity),
                value=_money(line.value),
            )
            for line in given.lines
        ),
    )


def trade_event(read: ReadEvent) -> events.TradeEvent:
    """The domain's event for a readable event of a trade topic. Raises KeyError for another."""
    return _TRADE[type(read.model)](meta_of(read.envelope), read.model)


def _milestone(meta: events.Meta, given: shipments.ShipmentMilestone) -> events.TradeEvent:
    read = given.code_read
    return events.MilestoneReported(
        meta,
        given.shipment_id,
        words.Milestone(given.reported),
        words.Classifier(given.classifier),
        given.occurred_at,
        given.source_code,
        code_unknown=read is not None and read.row is None,
    )


def _corrected(meta: events.Meta, given: shipments.ShipmentCorrected) -> events.TradeEvent:
    return events.ShipmentCorrected(
        meta,
        given.shipment_id,
        given.corrects_event_id,
        words.CorrectionReason(given.reason),
        tuple((line.line_no, Quantity(line.net_quantity.value, line.net_quantity.unit)) for line in given.lines),
    )


_TRADE: dict[type[Any], Callable[[events.Meta, Any], events.TradeEvent]] = {
    orders.OrderUpserted: lambda meta, given: events.OrderUpserted(meta, order_facts(given)),
    orders.OrderCancelled: lambda meta, given: events.OrderCancelled(meta, given.order_id, given.version, given.reason),
    shipments.ShipmentUpserted: lambda meta, given: events.ShipmentUpserted(meta, shipment_facts(given)),
    shipments.ShipmentMilestone: _milestone,
    shipments.ShipmentCorrected: _corrected,
}
