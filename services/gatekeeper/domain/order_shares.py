"""What an order line keeps reserved where it reserves on several licences (D3.7, D4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, Order
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderLine
from services.gatekeeper.domain.order_rest import Rest, in_unit, rest_of
from services.gatekeeper.domain.quantity import Money, Quantity, to_decimal
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.shares import ZERO, split_values
from services.gatekeeper.domain.values import fixed_rate
from services.gatekeeper.domain.vocabulary import Balance

Moved = Mapping[tuple[int, str, int], Fraction]
"""By (order line, licence number, licence line): how much more a shipment draws there than before, in its unit."""


def wanted_of_several(
    order: Order, line: OrderLine, draws: tuple[Draw, ...], references: References, moved: Moved
) -> tuple[Draw, ...]:
    """`draws` of one line, together as big as what is still to ship, value in proportion.

    Each gives up what a shipment draws more on its licence line, and gets back what it draws less. What is then still
    too much goes from the last one on; what is too little is asked of the last. What can't be converted stays as it is.
    """
    rest = rest_of(references, order, line)
    if rest.is_nothing:
        return tuple(_resized(draw, ZERO, ZERO) for draw in draws)
    scales = _scales(references, line, draws)
    if rest.quantity is None or scales is None:
        return draws
    sizes = _sizes(draws, scales, rest.quantity, moved)
    fractions = [size * scale / rest.quantity for size, scale in zip(sizes, scales, strict=True)]
    values = _values(references, line, draws, fractions, rest)
    return tuple(_resized(draw, size, value) for draw, size, value in zip(draws, sizes, values, strict=True))


def _scales(references: References, line: OrderLine, draws: Sequence[Draw]) -> list[Fraction] | None:
    """How much of the order line's unit one of each draw's unit is."""
    if line.quantity is None:
        return None
    unit, scales = line.quantity.unit, []
    for draw in draws:
        scale = in_unit(references, line.item_no, Quantity(Decimal(1), draw.quantity.unit), unit)
        if scale is None:
            return None
        scales.append(scale)
    return scales


def _sizes(draws: Sequence[Draw], scales: Sequence[Fraction], rest: Fraction, moved: Moved) -> list[Fraction]:
    sizes = []
    for draw in draws:
        more = moved.get((draw.line_no, draw.licence_no, draw.licence_line), ZERO)
        sizes.append(max(ZERO, Fraction(draw.quantity.value) - more))
    short = rest - sum((size * scale for size, scale in zip(sizes, scales, strict=True)), ZERO)
    for index in reversed(range(len(sizes))):
        change = max(-sizes[index], short / scales[index])
        sizes[index] += change
        short -= change * scales[index]
    return sizes


def _values(
    references: References, line: OrderLine, draws: Sequence[Draw], fractions: Sequence[Fraction], rest: Rest
) -> Sequence[Fraction]:
    """As reserved where the rest's value or a rate can't be told."""
    wholes = []
    for draw in draws:
        whole = _worth(references, line, draw, rest.value)
        if whole is None:
            return [Fraction(each.value.amount) for each in draws]
        wholes.append(whole)
    return split_values(fractions, wholes)


def _worth(references: References, line: OrderLine, draw: Draw, value: Fraction | None) -> Fraction | None:
    if line.value is None or value is None or line.value.currency == draw.value.currency:
        return value
    rate = fixed_rate(references, line.value.currency, draw.value.currency, draw)
    return None if rate is None else value * Fraction(rate.rate)


def _resized(draw: Draw, quantity: Fraction, value: Fraction) -> Draw:
    return evolve(
        draw,
        quantity=Quantity(to_decimal(quantity), draw.quantity.unit),
        value=Money(to_decimal(value), draw.value.currency),
        balance=Balance.RESERVED,
    )
