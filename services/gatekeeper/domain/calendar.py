"""Days of the trade: Asia/Shanghai days, both ends inclusive (contracts.md §1, D3.8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone

from services.gatekeeper.domain.holidays import DAYS_OFF, WORKED_WEEKENDS
from services.gatekeeper.domain.rule_entities import Window

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept +08:00 without daylight saving since 1991, so no time zone database is needed."""

SATURDAY = 5


def shanghai_day(at: datetime) -> date:
    """The day on which `at` falls in Shanghai; a naive time is an error."""
    if at.tzinfo is None:
        raise ValueError("a time without an offset falls on no known day")
    return at.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """00:00 +08:00 of `day`."""
    return datetime.combine(day, time.min, SHANGHAI)


def end_of_day(day: date) -> datetime | None:
    """The first instant after `day`; None when the calendar ends with it."""
    return None if day == date.max else start_of_day(day + timedelta(days=1))


def within(day: date, first: date, last: date | None) -> bool:
    """Whether `day` lies in `first` … `last`, both inclusive; no `last`: open-ended."""
    return first <= day and (last is None or day <= last)


def acts_on(day: date, first: date, last: date | None, suspensions: Iterable[Window]) -> bool:
    """Whether something effective `first` … `last` acts on `day`: inside, and in no suspension window (D3.2, D5.2)."""
    return within(day, first, last) and not any(within(day, window.start, window.until) for window in suspensions)


def window_instants(first: date, last: date | None, suspensions: Iterable[Window] = ()) -> tuple[datetime, ...]:
    """Every instant at which `acts_on` for today may change its answer, ascending."""
    windows = (Window(first, last), *suspensions)
    ends = (end_of_day(window.until) for window in windows if window.until is not None)
    instants = {start_of_day(window.start) for window in windows} | {end for end in ends if end is not None}
    return tuple(sorted(instants))


def is_working_day(day: date) -> bool:
    """Monday to Friday but for public holidays, and the weekend days that are worked instead (holidays.py)."""
    return day in WORKED_WEEKENDS or (day.weekday() < SATURDAY and day not in DAYS_OFF)


def working_days_after(day: date, count: int) -> date:
    """The `count`th working day after `day`, which itself doesn't count; `day` itself for 0. Never past `date.max`."""
    while count > 0 and day < date.max:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
