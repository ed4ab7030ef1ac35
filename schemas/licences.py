"""Events about licences, `trade.licences.v1`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from schemas.parts import NUMBERED_ONCE, ends_in_order
from schemas.values import (
    BOUNDED,
    NULL_IS_EMPTY,
    Amount,
    Codes,
    Count,
    Countries,
    Day,
    Flag,
    Id,
    Ids,
    Instant,
    LineNo,
    Money,
    Quantity,
    Version,
    Wire,
)
from schemas.vocabulary import LicenceStatus, LicenceType, Period


class LicenceLine(Wire):
    """What one line of a licence grants. Without codes it covers only its `item_nos`; with neither, nothing (D3.4)."""

    line_no: LineNo
    control_codes: Codes = ()
    item_nos: Ids = ()
    quantity: Quantity
    value: Money
    tolerance_percent: Amount


class PeriodLimit(Wire):
    """How much of a line may be used in one Asia/Shanghai period (D3.11)."""

    line_no: LineNo
    quantity: Quantity
    period: Period


LicenceLines = Annotated[tuple[LicenceLine, ...], BOUNDED, NUMBERED_ONCE, NULL_IS_EMPTY]
PeriodLimits = Annotated[tuple[PeriodLimit, ...], BOUNDED, NULL_IS_EMPTY]


def _lapses_unless_general(validated: dict[str, Any]) -> bool:
    return validated["type"] is not LicenceType.GENERAL


class LicenceUpserted(Wire):
    """The full state of a licence at one `authority_time`.

    An empty list doesn't limit, except end users, end uses and destinations: empty there fits nothing (D3.4).
    """

    licence_no: Id
    version: Version
    authority_time: Instant
    """The issuing system's own time of this version."""
    type: LicenceType
    status: LicenceStatus
    exporter_id: Id
    end_users: Ids = ()
    end_uses: Codes = ()
    destinations: Countries = ()
    importers: Ids = ()
    consignees: Ids = ()
    prohibited_transit: Countries = ()
    valid_from: Day
    valid_until: Day
    max_uses: Count | None
    """Null: not limited. Leaving it out is no way to say so."""
    lapses_on_completion: Annotated[Flag, Field(default_factory=_lapses_unless_general)]
    """One completed export ends it, whatever is left (D4.2). Absent: true unless GENERAL."""
    answers_notices: Ids = ()
    """Ids of the notices that this licence was granted for (D6.6)."""
    supersedes: Ids = ()
    """Numbers of the licences that this one replaces (D3.3)."""
    risk_report_on_file: Flag
    undertaking_on_file: Flag
    lines: LicenceLines = ()
    period_limits: PeriodLimits = ()

    @field_validator("valid_until")
    @classmethod
    def _is_a_period(cls, until: date | None, info: ValidationInfo) -> date | None:
        return ends_in_order(until, info, "valid_from")

    @field_validator("supersedes")
    @classmethod
    def _not_itself(cls, numbers: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("licence_no") in numbers:
            raise PydanticCustomError("supersedes_itself", "names the licence itself")
        return numbers

    @field_validator("period_limits")
    @classmethod
    def _concern_its_lines(cls, limits: tuple[PeriodLimit, ...], info: ValidationInfo) -> tuple[PeriodLimit, ...]:
        """A limit of a line that isn't there would limit nothing, and nobody would notice."""
        lines = info.data.get("lines")
        if lines is not None and not {limit.line_no for limit in limits} <= {line.line_no for line in lines}:
            raise PydanticCustomError("limit_of_no_line", "has a limit of a line that the licence doesn't have")
        return limits
