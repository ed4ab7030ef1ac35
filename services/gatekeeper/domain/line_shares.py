"""What a shipment line consumed of several licences, when its quantity turns out to be another one (D3.7, D4.1)."""

from __future__ import annotations

from fractions import Fraction
from typing import TypedDict

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import ShipmentLine
from services.gatekeeper.domain.quantity import Money, Quantity, convert, to_decimal
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.shares import ZERO, rounded, split_values


def net_in(line: ShipmentLine, unit: str, references: References) -> Fraction | None:
    """The line's net quantity in `unit`; None: there is none, or it can't be converted."""
    item = references.item(line.item_no)
    factors = item.unit_factors if item else ()
    return convert(line.net_quantity, unit, factors) if line.net_quantity else None


class Asked(TypedDict):
    """The fields of a draw that say what the line asked when it was measured."""

    asked: Quantity | None
    asked_value: Money | None
    asked_item: str | None


def asked_of(line: ShipmentLine, draw: Draw) -> Asked:
    """Of a draw that is resized by `line`; a value in another currency doesn't follow from what the line says."""
    same = line.value is not None and line.value.currency == draw.value.currency
    value = line.value if same else None
    return {"asked": line.net_quantity, "asked_value": value, "asked_item": line.item_no}


def resized_together(draws: tuple[Draw, ...], line: ShipmentLine, references: References) -> tuple[Draw, ...]:
    """The draws of one line in proportion to what each stood with; as they were where that can't be told.

    As they were, too, where the line still asks what it asked when they were measured (D1.7).
    """
    if all(draw.still_asks(line.item_no, line.net_quantity) and draw.still_asks_value(line.value) for draw in draws):
        return draws
    nets = [net or ZERO for net in (net_in(line, draw.quantity.unit, references) for draw in draws)]
    if not all(nets):
        return draws
    stood = [Fraction(draw.quantity.value) / net for draw, net in zip(draws, nets, strict=True)]
    fractions = rounded([each / sum(stood) for each in stood], nets)
    values = split_values(fractions, [_whole_value(draw, line, one) for draw, one in zip(draws, stood, strict=True)])
    return tuple(
        evolve(
            draw,
            quantity=Quantity(to_decimal(net * fraction), draw.quantity.unit),
            value=Money(to_decimal(value), draw.value.currency),
            **asked_of(line, draw),
        )
        for draw, net, fraction, value in zip(draws, nets, fractions, values, strict=True)
    )


def _whole_value(draw: Draw, line: ShipmentLine, stood: Fraction) -> Fraction:
    """What the whole line is worth in the draw's currency: as it says itself, else at what the draw was valued."""
    if line.value is not None and line.value.currency == draw.value.currency:
        return Fraction(line.value.amount)
    return Fraction(draw.value.amount) / stood
