"""Events about shipments, `trade.shipments.v1`."""

from __future__ import annotations

from typing import Annotated

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from schemas.markers import NullIs
from schemas.orders import OrderParties
from schemas.parts import NUMBERED_ONCE, EndUse, OptionalMoney, OptionalQuantity, PartyRef, References
from schemas.values import (
    BOUNDED,
    NULL_IS_EMPTY,
    Code,
    Countries,
    Country,
    Id,
    Ids,
    Instant,
    LineNo,
    Quantity,
    Version,
    Wire,
)
from schemas.vocabulary import Classifier, CorrectionReason, Milestone, Movement


class ShipmentParties(OrderParties):
    """Who takes part in a shipment, service parties included; a role left out comes from the order."""

    carrier: PartyRef | None = None
    broker: PartyRef | None = None
    bank: PartyRef | None = None


class ShipmentLine(Wire):
    """One line of a shipment. Without `order_id` it stands alone (D3.0)."""

    line_no: LineNo
    order_id: Id | None = None
    order_line: LineNo | None = None
    item_no: Id
    net_quantity: OptionalQuantity = None
    """What counts; without it MISSING_NET (D3.9)."""
    gross_quantity: OptionalQuantity = None
    value: OptionalMoney = None


ShipmentLines = Annotated[tuple[ShipmentLine, ...], BOUNDED, NUMBERED_ONCE, NULL_IS_EMPTY]


class ShipmentUpserted(Wire):
    """The full state of a shipment. What is absent comes from the order, and where that has none it is MISSING_DATA."""

    shipment_id: Id
    version: Version
    exporter_id: Id | None = None
    movement: Movement | None = None
    forwarder_id: Id | None = None
    """Who may see it."""
    parties: Annotated[ShipmentParties, NullIs(ShipmentParties())] = ShipmentParties()
    end_use: EndUse | None = None
    destination: Country | None = None
    transit: Countries = ()
    planned_departure: Instant | None = None
    licences: Ids = ()
    """Empty: from the order, else selected."""
    end_user_statements: Ids = ()
    """Empty: from the order."""
    references: References = ()
    lines: ShipmentLines = ()


class ShipmentMilestone(Wire):
    """Something happened to a shipment, or is planned or expected to."""

    shipment_id: Id
    milestone: Milestone
    classifier: Classifier
    occurred_at: Instant
    """When it happened, or is to happen; its Asia/Shanghai day is the day that counts (D3.8)."""
    source_code: Code | None = None
    """The sender's own code, such as `dcsa:DEPA`."""


class CorrectedLine(Wire):
    """What was really so of one line."""

    line_no: LineNo
    net_quantity: Quantity


CorrectedLines = Annotated[tuple[CorrectedLine, ...], BOUNDED, NUMBERED_ONCE, NULL_IS_EMPTY]


class ShipmentCorrected(Wire):
    """An earlier milestone or upsert was wrong (EPCIS error declaration)."""

    shipment_id: Id
    corrects_event_id: Id
    """The CloudEvents id of that milestone or upsert."""
    reason: CorrectionReason
    lines: CorrectedLines = ()
    """Empty with DID_NOT_OCCUR."""

    @field_validator("lines")
    @classmethod
    def _of_what_occurred(cls, lines: tuple[CorrectedLine, ...], info: ValidationInfo) -> tuple[CorrectedLine, ...]:
        if lines and info.data.get("reason") is CorrectionReason.DID_NOT_OCCUR:
            raise PydanticCustomError("lines_of_nothing", "must be empty with DID_NOT_OCCUR")
        return lines
