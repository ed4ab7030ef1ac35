"""Events about shipments, `trade.shipments.v1`."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from schemas.mappings.source_codes import ReadCode, read_source_code
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


_ONE_OF_THE_TWO: Final[dict[str, Any]] = {"anyOf": [{"required": ["milestone"]}, {"required": ["source_code"]}]}


def _unusable(field: str, code: str, message: str) -> ValidationError:
    error = PydanticCustomError("milestone_" + code, message)
    return ValidationError.from_exception_data("milestone", [InitErrorDetails(type=error, loc=(field,), input=None)])


class ShipmentMilestone(Wire):
    """Something happened to a shipment, or is planned or expected to: a milestone, or a code that stands for one."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF_THE_TWO)

    shipment_id: Id
    milestone: Milestone | None = None
    """May be left out when `source_code` is a code that reports a milestone (docs/mappings.md)."""
    classifier: Classifier
    occurred_at: Instant
    """When it happened, or is to happen; its Asia/Shanghai day is the day that counts (D3.8)."""
    source_code: Code | None = None
    """The sender's own code, such as `dcsa:DEPA`. It must not contradict `milestone`."""

    @property
    def code_read(self) -> ReadCode | None:
        """What `source_code` says; None when there is none, or its prefix is unknown."""
        return None if self.source_code is None else read_source_code(self.source_code)

    @property
    def reported(self) -> Milestone:
        """The milestone: as given, else the one that `source_code` stands for; what was read has one of them."""
        row = self.code_read.row if self.code_read else None
        told = self.milestone or (row.milestone if row else None)
        assert told is not None
        return told

    @model_validator(mode="after")
    def _is_told(self) -> Self:
        read = self.code_read
        row = None if read is None else read.row
        if self.milestone is not None:
            if row and row.milestone and self.milestone not in (row.milestone, *row.beside):
                raise _unusable("source_code", "contradicted", f"reports {row.milestone}, which contradicts milestone")
            return self
        if read is None:
            raise _unusable("milestone", "missing", "must be given, or a source_code that reports one")
        if row is None:
            raise _unusable("source_code", "unknown_code", "is no known code, so milestone must be given")
        if row.milestone is None:
            raise _unusable("source_code", "silent_code", "reports no milestone by itself, so milestone must be given")
        return self


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
