"""A licence's first and last day count to their last moment in Shanghai, and no further (D3.8, D7.1, D7.2, D4.9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.expiry import expiry_alerts
from tests.domain.boundaries.steps import (
    DAY,
    MICROSECOND,
    MILLISECOND,
    TODAY,
    closes,
    days_ahead,
    offsets,
    opens,
    within_a_day,
)
from tests.domain.builders import NOW, general, licence, licence_line, order, references, shipment
from tests.domain.matching.judged import judged, prechecked, reasons
from tests.domain.story import Story

MAGNETS = licence_line(codes=("1C904.a",))
ANOTHER_YEAR = timedelta(days=400)


@given(last=days_ahead, offset=offsets)
def test_a_departure_may_be_planned_for_the_last_millisecond_of_the_last_day(last: date, offset: tzinfo) -> None:
    refs = references(licence(valid_until=last))

    def planned(departure: datetime) -> list[str]:
        return reasons(judged(shipment(planned_departure=departure.astimezone(offset)), refs))

    assert planned(closes(last)) == []
    assert planned(opens(last + DAY)) == ["LICENCE_EXPIRED"]


@given(last=days_ahead, offset=offsets)
def test_today_is_the_last_day_until_its_last_millisecond(last: date, offset: tzinfo) -> None:
    """A planned day that has passed counts as today, so both days of the shipment are this one."""
    refs = references(licence(valid_until=last))

    def asked(now: datetime) -> list[str]:
        return reasons(judged(shipment(planned_departure=NOW), refs, as_of=now.astimezone(offset)))

    assert asked(closes(last)) == []
    assert asked(opens(last + DAY)) == ["LICENCE_EXPIRED"]


@given(first=days_ahead, later=within_a_day, offset=offsets)
def test_a_licence_covers_nothing_until_midnight_opens_its_first_day(
    first: date, later: timedelta, offset: tzinfo
) -> None:
    """The planned day alone is not enough: today must lie inside as well."""
    refs = references(licence(valid_from=first, valid_until=first + DAY))
    planned = shipment(planned_departure=opens(first) + later)

    def asked(now: datetime) -> list[str]:
        return reasons(judged(planned, refs, as_of=now.astimezone(offset)))

    assert asked(closes(first - DAY)) == ["LICENCE_NOT_YET_VALID"]
    assert asked(opens(first)) == []


@given(only=days_ahead)
def test_a_licence_of_one_day_covers_that_day_alone(only: date) -> None:
    refs = references(licence(valid_from=only, valid_until=only))

    def asked(now: datetime) -> list[str]:
        return reasons(judged(shipment(planned_departure=now), refs, as_of=now))

    assert [asked(now) for now in (closes(only - DAY), opens(only), closes(only), opens(only + DAY))] == [
        ["LICENCE_NOT_YET_VALID"],
        [],
        [],
        ["LICENCE_EXPIRED"],
    ]


@given(first=days_ahead, length=st.integers(0, 400))
def test_an_order_asks_for_its_planned_export_date_only(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    refs = references(licence(valid_from=first, valid_until=last))

    def planned(day: date) -> list[str]:
        return reasons(prechecked(order(planned_export_date=day), refs))

    assert [planned(day) for day in (first - DAY, first, last, last + DAY)] == [
        ["LICENCE_NOT_YET_VALID"],
        [],
        [],
        ["LICENCE_EXPIRED"],
    ]


@given(ago=st.integers(0, 400))
def test_an_order_planned_for_the_past_is_planned_for_today(ago: int) -> None:
    planned = order(planned_export_date=TODAY - timedelta(days=ago))
    assert reasons(prechecked(planned, references(licence(valid_from=TODAY, valid_until=TODAY)))) == []
    tomorrow = references(licence(valid_from=TODAY + DAY, valid_until=TODAY + DAY))
    assert reasons(prechecked(planned, tomorrow)) == ["LICENCE_NOT_YET_VALID"]


@given(last=st.dates(date(2026, 3, 5), date(2027, 12, 31)))
def test_what_was_released_and_has_not_gone_is_held_at_the_midnight_that_ends_its_licence(last: date) -> None:
    """D7.1: at that instant, not at the next event."""
    story = Story(general("M1", MAGNETS, valid_until=last, version=2))
    story.ship("S1")
    story.advance_to(opens(last + DAY) - MICROSECOND)
    assert story.state("S1") == "RELEASED"
    story.advance_to(opens(last + DAY))
    assert story.state("S1") == "HELD LICENCE_EXPIRED"


@given(first=days_ahead)
def test_what_waits_for_a_licence_to_begin_is_released_at_the_midnight_that_opens_it(first: date) -> None:
    story = Story(general("M1", MAGNETS, valid_from=first, valid_until=first + ANOTHER_YEAR, version=2))
    story.ship("S1")
    story.advance_to(opens(first) - MICROSECOND)
    assert story.state("S1") == "HELD LICENCE_NOT_YET_VALID"
    story.advance_to(opens(first))
    assert story.state("S1") == "RELEASED"


@given(last=st.dates(date(2026, 3, 5), date(2027, 12, 31)), late=st.integers(0, 90), offset=offsets)
def test_a_departure_counts_by_when_it_happened_however_late_it_is_reported(
    last: date, late: int, offset: tzinfo
) -> None:
    """D7.2: left in the last millisecond of the licence is lawful; left at the midnight after it is not."""

    def left(occurred: datetime) -> tuple[str, list[str], str]:
        story = Story(general("M1", MAGNETS, valid_until=last, version=2))
        story.ship("S1")
        story.advance_to(opens(last + DAY) + timedelta(days=late))
        story.milestone("S1", "DEPARTED", occurred.astimezone(offset))
        return story.state("S1"), story.kinds("S1"), story.balance()

    assert left(closes(last)) == ("RELEASED", [], "0/300 0/1")
    assert left(opens(last + DAY)) == ("INTERCEPT LICENCE_EXPIRED", ["MOVED_WHILE_HELD"], "0/300 0/1")


@given(first=st.dates(date(2026, 3, 6), date(2027, 12, 31)), late=st.integers(0, 90))
def test_a_departure_before_the_licence_began_stays_one_after_it_has_begun(first: date, late: int) -> None:
    """D1.6: what was open at departure is judged by the day of departure.

    A late report says what one in time would have said (D7.2): the hold ended meanwhile, but isn't gone by that day, so
    that it alone holds the goods, and MOVED_UNRELEASED is no reason beside it (D4.7).
    """

    def left(occurred: datetime) -> str:
        story = Story(general("M1", MAGNETS, valid_from=first, valid_until=first + ANOTHER_YEAR, version=2))
        story.ship("S1")
        story.advance_to(opens(first) + timedelta(days=late, minutes=1))
        story.milestone("S1", "DEPARTED", occurred)
        return story.state("S1")

    assert left(closes(first - DAY)) == "INTERCEPT LICENCE_NOT_YET_VALID"
    assert left(opens(first)) == "RELEASED"


@given(last=st.dates(date(2026, 3, 5), date(2027, 12, 31)))
def test_a_licence_that_ends_at_sea_is_no_reason(last: date) -> None:
    """D1.7."""
    story = Story(general("M1", MAGNETS, valid_until=last, version=2))
    story.ship("S1")
    story.milestone("S1", "DEPARTED", story.clock)
    story.advance_to(opens(last + DAY))
    assert story.state("S1") == "RELEASED"


@given(last=st.dates(date(2026, 5, 1), date(2030, 12, 31)))
def test_the_end_is_told_whole_days_before_the_midnight_that_brings_it(last: date) -> None:
    """D4.9: so that the alert of one day comes with the first moment of the last day."""
    told = {kind.value: instant for kind, instant in expiry_alerts(licence(valid_until=last))}
    midnight = opens(last + DAY)
    assert told == {f"EXPIRES_{days}D": midnight - timedelta(days=days) for days in (30, 7, 1)}
    assert told["EXPIRES_1D"] == opens(last)
    assert told["EXPIRES_1D"] - MILLISECOND == closes(last - DAY)
