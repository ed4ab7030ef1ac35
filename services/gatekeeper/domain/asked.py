"""Whether a line still asks what it asked when its consumption was booked, which then stays as it is (D1.7)."""

from __future__ import annotations

from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import CaseLine
from services.gatekeeper.domain.values import Valued


def is_as_asked(line: CaseLine, drawn: Candidate, booked: Draw) -> bool:
    return keeps_quantity(line, drawn, booked) and keeps_value(line, drawn, booked)


def keeps_quantity(line: CaseLine, drawn: Candidate, booked: Draw) -> bool:
    """As much of the same item as when it was booked, on a licence line that counts in the same unit."""
    return booked.still_asks(line.item_no, line.quantity) and booked.quantity.unit == drawn.line.quantity.unit


def keeps_value(line: CaseLine, drawn: Candidate, booked: Draw) -> bool:
    return booked.still_asks_value(line.value) and booked.value.currency == drawn.line.value.currency


def booked_value(booked: Draw) -> Valued:
    return Valued(Fraction(booked.value.amount), booked.rate_id, booked.rate)
