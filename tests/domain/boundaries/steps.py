"""What the boundary tests draw from: exact amounts with their smallest step, days, and the instants around them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from services.gatekeeper.domain.calendar import SHANGHAI

DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
MICROSECOND = timedelta(microseconds=1)
TODAY = date(2026, 3, 2)
PLACES_MAX = 6
UNITS_MAX = 10**9


class Amount(NamedTuple):
    """`value` with one `step` of its last decimal place, the smallest by which it can be passed."""

    value: Decimal
    step: Decimal


def amounts(most: int = UNITS_MAX) -> st.SearchStrategy[Amount]:
    """Positive, of 0 to PLACES_MAX decimal places: what one more or less of the last place makes of it is the test."""
    return st.builds(amount, st.integers(2, most), st.integers(0, PLACES_MAX))


def amount(units: int, places: int) -> Amount:
    return Amount(Decimal(units).scaleb(-places), Decimal(1).scaleb(-places))


def last_place(value: Decimal) -> Decimal:
    """One step of the last decimal place of `value`."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(min(exponent, 0))


percents = st.integers(0, 2_500).map(lambda hundredths: Decimal(hundredths).scaleb(-2))

days_ahead = st.dates(TODAY + DAY, date(2028, 12, 31))
"""Days after the today of the tests."""

offsets = st.sampled_from((SHANGHAI, UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))))
"""Who writes a time writes it in an offset of his own; the day is Shanghai's all the same."""

within_a_day = st.timedeltas(timedelta(), DAY - MICROSECOND)


def opens(day: date) -> datetime:
    """00:00+08 of `day`."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def closes(day: date) -> datetime:
    """23:59:59.999+08 of `day`."""
    return opens(day) + DAY - MILLISECOND


def text(value: Decimal) -> str:
    """Plain notation, as the wire has it."""
    return f"{value:f}"
