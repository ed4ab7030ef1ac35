"""Exact quantities and money (D3.9, D3.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

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


_MASS_IN_KGM = {
    "KGM": "1", "GRM": "0.001", "MGM": "0.000001", "MC": "0.000000001", "DG": "0.0001", "CGM": "0.00001",
    "DJ": "0.01", "HGM": "0.1", "DTN": "100", "TNE": "1000", "2U": "1000", "KTN": "1000000", "CTM": "0.0002",
    "LBR": "0.45359237", "ONZ": "0.028349523125", "APZ": "0.0311034768", "GRN": "0.00006479891",
    "STI": "6.35029318", "CWA": "45.359237", "CWI": "50.80234544", "STN": "907.18474", "LTN": "1016.0469088",
}  # fmt: skip
_VOLUME_IN_MTQ = {
    "MTQ": "1", "DMQ": "0.001", "CMQ": "0.000001", "MMQ": "0.000000001", "LTR": "0.001", "MLT": "0.000001",
    "CLT": "0.00001", "DLT": "0.0001", "HLT": "0.1", "K6": "1", "4G": "0.000000001", "MAL": "1000",
    "GLL": "0.003785411784", "GLI": "0.00454609", "PTL": "0.000473176473", "QTL": "0.000946352946",
    "PTI": "0.00056826125", "QTI": "0.0011365225", "OZA": "0.0000295735295625", "OZI": "0.0000284130625",
    "BLL": "0.158987294928", "INQ": "0.000016387064", "FTQ": "0.028316846592", "YDQ": "0.764554857984",
}  # fmt: skip
_COUNT_IN_C62 = {
    "C62": "1", "H87": "1", "EA": "1", "NMB": "1", "PR": "2", "NPR": "2", "DZN": "12", "SCO": "20", "TPR": "20",
    "DPR": "24", "CEN": "100", "GRO": "144", "MIL": "1000", "MIO": "1000000",
}  # fmt: skip
_LENGTH_IN_MTR = {
    "MTR": "1", "DMT": "0.1", "CMT": "0.01", "MMT": "0.001", "4H": "0.000001", "KMT": "1000",
    "INH": "0.0254", "FOT": "0.3048", "YRD": "0.9144", "SMI": "1609.344",
}  # fmt: skip
_AREA_IN_MTK = {
    "MTK": "1", "DMK": "0.01", "CMK": "0.0001", "MMK": "0.000001",
    "INK": "0.00064516", "FTK": "0.09290304", "YDK": "0.83612736",
}  # fmt: skip


def _known(*tables: tuple[str, Mapping[str, str]]) -> dict[str, tuple[str, Fraction]]:
    return {unit: (base, Fraction(factor)) for base, table in tables for unit, factor in table.items()}


_UNITS = _known(
    ("KGM", _MASS_IN_KGM), ("MTQ", _VOLUME_IN_MTQ), ("C62", _COUNT_IN_C62),
    ("MTR", _LENGTH_IN_MTR), ("MTK", _AREA_IN_MTK),
)  # fmt: skip
"""Unit code -> (base unit of its dimension, how much of the base one of it is)."""


def known_unit(unit: str) -> bool:
    """Whether `unit` is a Recommendation 20 code that can be converted within its dimension."""
    return unit in _UNITS


def _in_base(unit: str) -> tuple[str, Fraction]:
    return _UNITS.get(unit, (unit, Fraction(1)))


def convert(quantity: Quantity, unit: str, factors: Sequence[UnitFactor] = ()) -> Fraction | None:
    """`quantity` in `unit`, exactly; None when no table and none of the item's `factors` leads there (D3.9).

    Factors join two dimensions in both directions, several of them in a chain if need be. A unit that no table knows
    converts only where a factor gives it.
    """
    named = {side for factor in factors for side in (factor.unit, factor.equals.unit)}
    if any(code not in _UNITS and code not in named for code in (quantity.unit, unit)):
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
