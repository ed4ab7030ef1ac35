"""What an order line still has to ship (D4.1, D4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Order, Take
from services.gatekeeper.domain.case import CaseLine
from services.gatekeeper.domain.facts import OrderLine
from services.gatekeeper.domain.quantity import Quantity, convert, known_unit
from services.gatekeeper.domain.references import References


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of an order line, in its own unit and currency; None where the order doesn't say."""

    quantity: Fraction | None
    value: Fraction | None

    @property
    def is_nothing(self) -> bool:
        """All of it has been taken: nothing to reserve any more."""
        return self.quantity is not None and self.quantity == 0


def in_unit(references: References, item_no: str, quantity: Quantity, unit: str) -> Fraction | None:
    """`quantity` of an item in `unit`, by the item's own factors where needed; None: not convertible (D3.9)."""
    if quantity.unit == unit and known_unit(unit):
        return Fraction(quantity.value)
    item = references.item(item_no)
    return convert(quantity, unit, item.unit_factors if item is not None else ())


def order_line(order: Order, line_no: int | None) -> OrderLine | None:
    lines = order.facts.lines if order.facts is not None else ()
    return next((line for line in lines if line.line_no == line_no), None)


def taken(references: References, unit: str, takes: Iterable[Take]) -> Fraction | None:
    """The takes' quantity in `unit`; None: one of them is not convertible."""
    total = Fraction(0)
    for take in takes:
        amount = None if take.quantity is None else in_unit(references, take.item_no, take.quantity, unit)
        if amount is None:
            return None
        total += amount
    return total


def rest_of(references: References, order: Order, line: CaseLine | OrderLine) -> Rest:
    """What an order's own line has left after its shipments' takes, never below zero.

    A take that can't be converted takes all; one whose value is in another currency takes its share of the value. A
    move inside the country or into a bonded zone draws nothing (D3.1), so it takes nothing of what is still to leave.
    """
    if line.quantity is None:
        return Rest(None, None if line.value is None else Fraction(line.value.amount))
    takes = tuple(take for take in order.takes if take.order_line == line.line_no and take.leaves)
    ordered = Fraction(line.quantity.value)
    gone = taken(references, line.quantity.unit, takes)
    quantity = Fraction(0) if gone is None else max(Fraction(0), ordered - gone)
    return Rest(quantity, _rest_value(references, line, takes, ordered))


def _rest_value(
    references: References, line: CaseLine | OrderLine, takes: tuple[Take, ...], ordered: Fraction
) -> Fraction | None:
    if line.value is None or line.quantity is None:
        return None
    value = Fraction(line.value.amount)
    left = value
    for take in takes:
        if take.value is not None and take.value.currency == line.value.currency:
            left -= Fraction(take.value.amount)
        else:
            left -= value * (taken(references, line.quantity.unit, (take,)) or Fraction(0)) / ordered
    return max(Fraction(0), left)
