"""Exact quantities and money (D3.9, D3.10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from services.gatekeeper.domain.units import UNITS

if TYPE_CHECKING:
    from services.gatekeeper.domain.rule_entities import UnitFactor

EXACT = Context(prec=400)
"""For sums, differences and products of amounts: wide enough that none of them is ever rounded."""

DECIMAL_PLACES_MAX = 24


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` is exact; `unit` is a UN/ECE Recommendation 20 code (or one nobody knows: UNIT_NOT_CONVERTIBLE)."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` is exact; `currency` is an ISO 4217 code."""

    amount: Decimal
    currency: str


def known_unit(unit: str) -> bool:
    """Whether `unit` is a Recommendation 20 code that can be converted within its dimension."""
    return unit in UNITS


def _in_base(unit: str) -> tuple[str, Fraction]:
    return UNITS.get(unit, (unit, Fraction(1)))


def convert(quantity: Quantity, unit: str, factors: Sequence[UnitFactor] = ()) -> Fraction | None:
    """`quantity` in `unit`, exactly; None when no table and none of the item's `factors` leads there (D3.9).

    Factors join two dimensions in both directions, several of them in a chain if need be. A unit that no table knows
    converts only where a factor gives it.
    """
    named = {side for factor in factors for side in (factor.unit, factor.equals.unit)}
    if any(code not in UNITS and code not in named for code in (quantity.unit, unit)):
        return None
    start, scale = _in_base(quantity.unit)
    goal, goal_scale = _in_base(unit)
    rate = _rate(start, goal, sorted(factors, key=lambda factor: factor.unit not in (quantity.unit, unit)))
    return None if rate is None else Fraction(quantity.value) * scale * rate / goal_scale


def _rate(start: str, goal: str, factors: Sequence[UnitFactor]) -> Fraction | None:
    """How many `goal` one `start` is, over the fewest factors; the first in order where several lead there."""
    reached, frontier = {start: Fraction(1)}, [start]
    while frontier and goal not in reached:
        here = frontier.pop(0)
        for factor in factors:
            if factor.equals.value <= 0:
                continue
            left, left_scale = _in_base(factor.unit)
            right, right_scale = _in_base(factor.equals.unit)
            right_for_left = Fraction(factor.equals.value) * right_scale / left_scale
            for source, target, step in ((left, right, right_for_left), (right, left, 1 / right_for_left)):
                if source == here and target not in reached:
                    reached[target] = reached[here] * step
                    frontier.append(target)
    return reached.get(goal)


def to_decimal(value: Fraction) -> Decimal:
    """Exact when `value` ends within 24 decimal places, else rounded up at the 24th: a draw is never too small."""
    if value.denominator == 1:
        return Decimal(value.numerator)
    whole = -(-value.numerator * 10**DECIMAL_PLACES_MAX // value.denominator)
    return _plain(Decimal(whole).scaleb(-DECIMAL_PLACES_MAX, EXACT))


def _plain(value: Decimal) -> Decimal:
    shortest = value.normalize(EXACT)
    exponent = shortest.as_tuple().exponent
    return shortest.quantize(Decimal(1), context=EXACT) if isinstance(exponent, int) and exponent > 0 else shortest


def show(quantity: Quantity) -> str:
    """ "1000.001 KGM": plain notation, no exponent, no trailing zeros after the point."""
    return f"{_plain(quantity.value):f} {quantity.unit}"


def show_money(money: Money) -> str:
    """ "180000.01 USD": plain notation; the digits that were given stay."""
    return f"{money.amount:f} {money.currency}"
