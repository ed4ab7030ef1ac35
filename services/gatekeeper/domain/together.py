"""The greatest sum of a family's goods for one end user over days in a row (SPLIT_SUSPECTED)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.gatekeeper.domain.families import Families, FamilyKey
from services.gatekeeper.domain.order_rest import in_unit
from services.gatekeeper.domain.quantity import Quantity, show
from services.gatekeeper.domain.references import References

NOTHING = Fraction(0)
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Together:
    """`total`: own goods and the `others` of the fullest days, in the limit's unit. `uncounted`: what others export on
    days that may be counted together, and nobody can convert; "?" where nobody said how much that is."""

    total: Fraction
    others: Fraction
    uncounted: tuple[str, ...] = ()

    def exceeds(self, limit: Quantity) -> bool:
        """What can't be converted is not known to stay within the limit."""
        return bool(self.uncounted) or self.total > Fraction(limit.value)


def shifted(day: date, days: int) -> date:
    """So many days later (earlier where negative), never outside of the calendar."""
    return date.fromordinal(min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal()))


def together(
    families: Families,
    key: FamilyKey,
    references: References,
    unit: str,
    own: Fraction,
    day: date,
    window_days: int,
    *,
    earlier: bool = False,
) -> Together:
    """`own` goods on `day` with what others export in any `window_days` days in a row that contain it.

    Each by its own item's factors in `unit` (D3.9). `earlier`: only those that arrived before who asks.
    """
    reach = window_days - 1
    amounts: dict[int, Fraction] = {}
    uncounted: list[str] = []
    for one in families.sums(key, shifted(day, -reach), shifted(day, reach)):
        if earlier and one.later:
            continue
        amount = None if one.quantity is None else in_unit(references, one.item_no, one.quantity, unit)
        if amount is None:
            uncounted.append(UNKNOWN if one.quantity is None else show(one.quantity))
        else:
            place = (one.day - day).days
            amounts[place] = amounts.get(place, NOTHING) + amount
    others = _fullest(amounts, reach)
    return Together(own + others, others, tuple(sorted(uncounted)))


def _fullest(amounts: Mapping[int, Fraction], reach: int) -> Fraction:
    """The greatest sum of places from some first one to `reach` places later, with place 0 among them."""
    total = sum((amount for place, amount in amounts.items() if -reach <= place <= 0), NOTHING)
    greatest = total
    for last in range(1, reach + 1) if amounts else ():
        total += amounts.get(last, NOTHING) - amounts.get(last - reach - 1, NOTHING)
        greatest = max(greatest, total)
    return greatest
