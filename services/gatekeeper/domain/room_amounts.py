"""How much: a quantity with its value, and what a period limit leaves."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.periods import Span
from services.gatekeeper.domain.rule_entities import PeriodLimit

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Amounts:
    """A quantity in the licence line's unit and a value in its currency."""

    quantity: Fraction
    value: Fraction

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.quantity + other.quantity, self.value + other.value)

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(self.quantity - other.quantity, self.value - other.value)


NOTHING = Amounts(ZERO, ZERO)


def draw_amounts(draw: Draw) -> Amounts:
    return Amounts(Fraction(draw.quantity.value), Fraction(draw.value.amount))


@dataclass(frozen=True, slots=True)
class PeriodRoom:
    """What others use of a period limit, in the licence line's unit; `left` None: its unit can't be converted."""

    limit: PeriodLimit
    span: Span
    used: Fraction
    left: Fraction | None
