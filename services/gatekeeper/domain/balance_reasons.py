"""Why a licence line has too little for a line: quantity, value, period limits (D3.9-D3.11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import CaseLine
from services.gatekeeper.domain.findings import Detail
from services.gatekeeper.domain.quantity import Money, Quantity, show, show_money, to_decimal
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import Room
from services.gatekeeper.domain.subjects import about_licence, about_line
from services.gatekeeper.domain.values import Valued
from services.gatekeeper.domain.vocabulary import Place

ZERO = Fraction(0)


def balance_findings(
    line: CaseLine, candidate: Candidate, room: Room, quantity: Fraction | None, value: Valued | None
) -> Iterator[Finding]:
    """What is asked may equal the balance, exactly; likewise what a period limit leaves (D3.11)."""
    licence, granted = candidate.licence, candidate.line
    available = room.available(line, candidate)
    if quantity is not None and quantity > available.quantity:
        unit, has = granted.quantity.unit, max(ZERO, available.quantity)
        detail = {
            "requested": _shown(quantity, unit),
            "available": _shown(has, unit),
            "excess": _shown(quantity - has, unit),
            "licence_line": str(granted.line_no),
        }
        yield about_licence(Reason.QTY_EXCEEDED, line, licence.licence_no, detail)
    if value is not None and value.amount > available.value:
        currency, worth = granted.value.currency, max(ZERO, available.value)
        detail = {
            "requested": _worth(value.amount, currency),
            "available": _worth(worth, currency),
            "excess": _worth(value.amount - worth, currency),
            "licence_line": str(granted.line_no),
        }
        if value.rate_id is not None:
            detail["rate_id"] = value.rate_id
        yield about_licence(Reason.VALUE_EXCEEDED, line, licence.licence_no, detail)
    if quantity is not None and licence.period_limits:
        yield from _period_findings(line, candidate, room, quantity)


def _period_findings(line: CaseLine, candidate: Candidate, room: Room, quantity: Fraction) -> Iterator[Finding]:
    """One reason: of several limits that are exceeded the one that leaves least is told.

    Detail `lifts_on`: the day on which time alone makes it fit, by what is known now (`_lifts_on`).

    A limit in a unit that can't be converted for this item can't be counted: UNIT_NOT_CONVERTIBLE.
    """
    unit, periods = candidate.line.quantity.unit, room.periods(line, candidate)
    for found in periods:
        if found.left is None:
            units = {"unit": found.limit.quantity.unit, "licence_unit": unit, "item_no": line.item_no}
            yield about_line(Reason.UNIT_NOT_CONVERTIBLE, line, units)
            return
    others = room.asks(line, candidate.key, quantity)
    exceeded = [(found.left, found) for found in periods if found.left is not None and quantity > found.left]
    if not exceeded:
        return
    left, found = min(exceeded, key=lambda pair: pair[0])
    has = max(ZERO, left)
    lifts_on = _lifts_on(line, candidate, room, quantity + others, [found.span.last for _, found in exceeded])
    detail: Detail = {
        "requested": _shown(quantity, unit),
        "available": _shown(has, unit),
        "excess": _shown(quantity - has, unit),
        "licence_line": str(candidate.line.line_no),
        "limit": show(found.limit.quantity),
        "period": found.limit.period.value,
        "period_start": found.span.first.isoformat(),
        "period_end": found.span.last.isoformat(),
        "lifts_on": None if lifts_on is None else lifts_on.isoformat(),
        "used": _shown(found.used, unit),
    }
    yield about_licence(Reason.PERIOD_LIMIT_EXCEEDED, line, candidate.licence.licence_no, detail)


def _lifts_on(
    line: CaseLine, candidate: Candidate, room: Room, quantity: Fraction, lasts: Sequence[date]
) -> date | None:
    """The first day after every period that is exceeded (`lasts`: their last days), if it fits every limit then.

    `quantity`: with what lines before this one wait for, too.

    None: the licence has ended by then, the goods are gone, or it doesn't fit: then it fits on no later day either, as
    what is reserved for a day that has passed goes on counting (D3.8), and nothing is known to give it back.
    """
    last = max(lasts)
    if room.case.place is not Place.BEFORE_DEPARTURE or last >= candidate.licence.valid_until:
        return None
    first = last + timedelta(days=1)
    then = room.periods(line, candidate, on=first)
    return first if all(found.left is not None and quantity <= found.left for found in then) else None


def _shown(amount: Fraction, unit: str) -> str:
    return show(Quantity(to_decimal(amount), unit))


def _worth(amount: Fraction, currency: str) -> str:
    return show_money(Money(to_decimal(amount), currency))
