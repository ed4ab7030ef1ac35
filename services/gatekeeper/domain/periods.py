"""Period limits of licences (D3.11): which days a limit counts together, and what counts on which day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.accounts import DaySum, LedgerEntry, LineBalance
from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.calendar import start_of_day
from services.gatekeeper.domain.order_rest import in_unit
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine, PeriodLimit
from services.gatekeeper.domain.vocabulary import Balance, Period

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Span:
    """A day, month or year of the Asia/Shanghai calendar, both ends inclusive."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def span_of(period: Period, day: date) -> Span:
    """The period in which `day` lies."""
    if period is Period.DAY:
        return Span(day, day)
    if period is Period.CALENDAR_YEAR:
        return Span(date(day.year, 1, 1), date(day.year, 12, 31))
    last_month = day.month == 12
    last = date(day.year, 12, 31) if last_month else date(day.year, day.month + 1, 1) - timedelta(days=1)
    return Span(day.replace(day=1), last)


def limits_on(licence: Licence, line_no: int) -> tuple[PeriodLimit, ...]:
    return tuple(limit for limit in licence.period_limits if limit.line_no == line_no)


def has_limits(references: References, licence_no: str) -> bool:
    """Whether the licence's sums by day are counted."""
    licence = references.licence(licence_no)
    return licence is not None and bool(licence.period_limits)


def next_periods(licence: Licence, today: date) -> tuple[datetime, ...]:
    """When the next period of each of its limits begins."""
    lasts = {span_of(limit.period, today).last for limit in licence.period_limits}
    return tuple(start_of_day(last + timedelta(days=1)) for last in sorted(lasts) if last < date.max)


def counted_day(day: date, balance: Balance, today: date) -> date:
    """The day on which a draw counts: what is reserved for a planned day that has passed counts as today (D3.8)."""
    return max(day, today) if balance is Balance.RESERVED else day


def counted_in(draw: Draw, span: Span, today: date) -> bool:
    return draw.day is not None and counted_day(draw.day, draw.balance, today) in span


def used_in(balance: LineBalance, span: Span, today: date) -> Decimal:
    """What was consumed in `span` and is reserved for it; where no sums by day are kept, all that was ever drawn."""
    if balance.days is None:
        return EXACT.add(balance.reserved, balance.consumed)
    used = ZERO
    for day, total in balance.days.items():
        if day in span:
            used = EXACT.add(used, total.consumed)
        if counted_day(day, Balance.RESERVED, today) in span:
            used = EXACT.add(used, total.reserved)
    return used


def limit_in(references: References, item_no: str, limit: PeriodLimit, granted: LicenceLine) -> Fraction | None:
    """What `limit` allows, in the licence line's unit; None: it can't be told for this item (D3.9)."""
    return in_unit(references, item_no, limit.quantity, granted.quantity.unit)


def takes_too_much(references: References, licence: Licence, balance: LineBalance, today: date) -> bool:
    """Whether some period for which something of the line is reserved has more on balance than a limit allows.

    Where that can't be told without knowing whose items they are, it may be so.
    """
    granted = next((line for line in licence.lines if line.line_no == balance.line_no), None)
    if granted is None or not balance.days:
        return False
    reserved = [counted_day(day, Balance.RESERVED, today) for day, total in balance.days.items() if total.reserved]
    for limit in limits_on(licence, balance.line_no):
        allowed = limit_in(references, "", limit, granted)
        spans = {span_of(limit.period, day) for day in reserved}
        if any(allowed is None or Fraction(used_in(balance, span, today)) > allowed for span in spans):
            return True
    return False


def with_entry(days: Mapping[date, DaySum], entry: LedgerEntry) -> Mapping[date, DaySum]:
    """`days` after one more ledger entry; a day on which nothing is left is left out."""
    if entry.day is None or not (entry.reserved or entry.consumed):
        return days
    known = days.get(entry.day, DaySum())
    total = DaySum(EXACT.add(known.reserved, entry.reserved), EXACT.add(known.consumed, entry.consumed))
    others = {day: one for day, one in days.items() if day != entry.day}
    return {**others, entry.day: total} if total.reserved or total.consumed else others


def period_came_back(limits: Iterable[PeriodLimit], entries: Iterable[LedgerEntry], today: date) -> bool:
    """Whether some period of one of `limits` has room on balance after `entries` that it had not before."""
    changes: dict[tuple[int, date, date], Decimal] = {}
    several = tuple(entries)
    for limit in limits:
        for entry in several:
            if entry.licence_line != limit.line_no or entry.day is None:
                continue
            reserved_for = counted_day(entry.day, Balance.RESERVED, today)
            for day, amount in ((reserved_for, entry.reserved), (entry.day, entry.consumed)):
                span = span_of(limit.period, day)
                key = (limit.line_no, span.first, span.last)
                changes[key] = EXACT.add(changes.get(key, ZERO), amount)
    return any(change < 0 for change in changes.values())
