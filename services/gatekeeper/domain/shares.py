"""Splitting one line's quantity and value over several licence lines, so that the parts make up the whole (D3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from services.gatekeeper.domain.quantity import DECIMAL_PLACES_MAX, to_decimal

ZERO = Fraction(0)


def floored(value: Fraction) -> Fraction:
    """`value` as a decimal can hold it, rounded down at the 24th place: nobody gives more than it has."""
    scale = 10**DECIMAL_PLACES_MAX
    return Fraction(value.numerator * scale // value.denominator, scale)


def rounded(fractions: Sequence[Fraction], wholes: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """`fractions` of a line, together 1, such that all parts of `wholes` are decimals; the last one takes the rest."""
    several = [floored(part * whole) / whole for part, whole in zip(fractions[:-1], wholes[:-1], strict=True)]
    return (*several, 1 - sum(several, ZERO))


def split_values(fractions: Sequence[Fraction], wholes: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The value of each part, in proportion to its fraction of the line; the last one takes the rest.

    `fractions` add up to 1; `wholes`: the value of the whole line in the currency of each part.
    """
    values: list[Fraction] = []
    left = Fraction(1)
    for fraction, whole in zip(fractions[:-1], wholes[:-1], strict=True):
        value = Fraction(to_decimal(fraction * whole))
        values.append(value)
        left -= value / whole if whole else fraction
    return (*values, max(ZERO, left) * wholes[-1])
