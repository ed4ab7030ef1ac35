"""What one line stands with on one licence line, before and after a change, and what the change is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.vocabulary import Balance

ZERO = Decimal(0)
Place = tuple[str, int, int]
"""(licence number, licence line, line of the owner)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one line stands with on one licence line."""

    reserved: Decimal = ZERO
    consumed: Decimal = ZERO
    value_reserved: Decimal = ZERO
    value_consumed: Decimal = ZERO
    rate_id: str | None = None

    def with_draw(self, draw: Draw) -> Standing:
        if draw.balance is Balance.RESERVED:
            return evolve(
                self,
                reserved=EXACT.add(self.reserved, draw.quantity.value),
                value_reserved=EXACT.add(self.value_reserved, draw.value.amount),
                rate_id=draw.rate_id,
            )
        return evolve(
            self,
            consumed=EXACT.add(self.consumed, draw.quantity.value),
            value_consumed=EXACT.add(self.value_consumed, draw.value.amount),
            rate_id=draw.rate_id,
        )


def by_place(draws: Iterable[Draw]) -> dict[Place, tuple[Draw, ...]]:
    by_place: dict[Place, tuple[Draw, ...]] = {}
    for draw in draws:
        place = (draw.licence_no, draw.licence_line, draw.line_no)
        by_place[place] = (*by_place.get(place, ()), draw)
    return by_place


def standing_of(draws: Iterable[Draw]) -> Standing:
    standing = Standing()
    for draw in draws:
        standing = standing.with_draw(draw)
    return standing


def is_as_big(old: Standing, new: Standing) -> bool:
    """Only the day is another one."""
    return evolve(old, rate_id=None) == evolve(new, rate_id=None)


def kind_of(old: Standing, new: Standing) -> str:
    """RESERVE, RETURN, CONSUME, REVERSE, or ADJUST when the same standing only changed its size."""
    if old.consumed != new.consumed or old.value_consumed != new.value_consumed:
        if not old.consumed and not old.value_consumed:
            return "CONSUME"
        return "ADJUST" if new.consumed or new.value_consumed else "REVERSE"
    if not old.reserved and not old.value_reserved:
        return "RESERVE"
    return "ADJUST" if new.reserved or new.value_reserved else "RETURN"
