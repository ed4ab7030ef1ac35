"""Which day's rate counts, and how old a rate or a feed may be (D3.10, D7.1; REFERENCE_UNAVAILABLE)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Feed, FxRate
from tests.domain.boundaries.steps import DAY, MICROSECOND, TODAY, closes, opens
from tests.domain.builders import NOW, general, licence, licence_line, line, rate, references, shipment
from tests.domain.matching.judged import judged, reasons
from tests.domain.story import Story

YEAR_2031 = date(2031, 12, 31)
IN_EURO = line(value="9000 EUR")
AGES = st.integers(0, 400)
EURO_LINE = licence_line(codes=("1C904.a",), value="1000000 USD")


def dollars(as_of: date, value: str = "1.1") -> FxRate:
    return rate("EUR", "USD", value, as_of.isoformat())


def trade(*rates: FxRate) -> References:
    return references(licence(valid_until=YEAR_2031), *rates)


@given(fixed=st.dates(TODAY + DAY, date(2028, 12, 31)))
def test_a_rate_counts_from_the_midnight_that_opens_its_day(fixed: date) -> None:
    """Before departure: the later of today and the planned day."""
    refs = trade(dollars(fixed))

    def asked(planned: datetime, now: datetime = NOW) -> list[str]:
        return reasons(judged(shipment(IN_EURO, planned_departure=planned), refs, as_of=now))

    assert asked(closes(fixed - DAY)) == ["FX_UNAVAILABLE"]
    assert asked(opens(fixed)) == []
    assert asked(NOW, closes(fixed - DAY)) == ["FX_UNAVAILABLE"]
    assert asked(NOW, opens(fixed)) == []


@given(first=st.dates(date(2025, 5, 1), TODAY - DAY), gap=st.integers(1, 400))
def test_the_latest_rate_not_after_the_day_counts(first: date, gap: int) -> None:
    """The later of two rates makes it dearer than the licence allows: on its own day, and not on the day before."""
    second = first + timedelta(days=gap)
    now = opens(date(2025, 5, 1))
    granting = licence("L1", licence_line(value="9000 USD"), valid_from=now.date(), valid_until=YEAR_2031)
    refs = references(granting, dollars(first, "1"), dollars(second, "1.000001"))

    def asked(planned: datetime) -> list[str]:
        return reasons(judged(shipment(IN_EURO, planned_departure=planned), refs, as_of=now))

    assert asked(closes(second - DAY)) == []
    assert asked(opens(second)) == ["VALUE_EXCEEDED"]


@given(limit=AGES, planned=st.integers(0, 400))
def test_a_rate_may_be_as_old_today_as_policy_allows_and_not_a_day_older(limit: int, planned: int) -> None:
    """D3.10: the age counts to today, however far ahead the departure is planned."""
    policy = Policy(fx_max_age_days=limit)
    shipped = shipment(IN_EURO, planned_departure=NOW + timedelta(days=planned))

    def asked(as_of: date) -> list[str]:
        return reasons(judged(shipped, trade(dollars(as_of)), policy=policy))

    assert asked(TODAY - timedelta(days=limit)) == []
    assert asked(TODAY - timedelta(days=limit + 1)) == ["FX_UNAVAILABLE"]


@given(limit=AGES)
def test_a_rate_grows_a_day_older_at_midnight(limit: int) -> None:
    policy, refs = Policy(fx_max_age_days=limit), trade(dollars(TODAY))
    last = TODAY + timedelta(days=limit)
    shipped = shipment(IN_EURO, planned_departure=NOW)
    assert reasons(judged(shipped, refs, policy=policy, as_of=closes(last))) == []
    assert reasons(judged(shipped, refs, policy=policy, as_of=opens(last + DAY))) == ["FX_UNAVAILABLE"]


@given(limit=st.integers(0, 60))
def test_a_reserved_rate_does_not_age(limit: int) -> None:
    """D3.10: what was released stays so; what comes after the rate's last day finds none."""
    story = Story(general("M1", EURO_LINE, version=2), dollars(TODAY))
    story.with_policy(version=1, fx_max_age_days=limit)
    story.ship("S1", value="9000 EUR")
    story.advance_to(opens(TODAY + timedelta(days=limit + 1)))
    story.ship("S2", value="9000 EUR")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD FX_UNAVAILABLE")


@given(ahead=st.integers(4, 60))
def test_a_rate_that_comes_into_its_day_is_a_timer(ahead: int) -> None:
    """D7.1."""
    fixed = TODAY + timedelta(days=ahead)
    story = Story(general("M1", EURO_LINE, version=2), dollars(fixed))
    story.ship("S1", value="9000 EUR")
    story.advance_to(opens(fixed) - MICROSECOND)
    assert story.state("S1") == "HELD FX_UNAVAILABLE"
    story.advance_to(opens(fixed))
    assert story.state("S1") == "RELEASED"


@given(gap=st.integers(1, 30))
def test_at_departure_the_rate_of_that_day_counts(gap: int) -> None:
    """Left in the last millisecond before the new rate's day: at the old one."""
    fixed = TODAY + timedelta(days=gap)

    def booked(left: datetime) -> str:
        story = Story(general("M1", EURO_LINE, version=2), dollars(TODAY, "1.1"), dollars(fixed, "1.2"))
        story.ship("S1", value="9000 EUR")
        story.advance_to(opens(fixed + DAY))
        story.milestone("S1", "DEPARTED", left)
        assert story.state("S1") == "RELEASED"
        return f"{story.accounts['M1'].lines[1].value_consumed.normalize():f}"

    assert booked(closes(fixed - DAY)) == "9900"
    assert booked(opens(fixed)) == "10800"


# Feeds

FEEDS = ("CONTROL_LIST", "WATCH_LIST", "INTERNAL", "CONTROLS", "FX_RATES")


@pytest.mark.parametrize("name", FEEDS)
@given(hours=st.integers(0, 400), before=st.timedeltas(timedelta(), timedelta(days=9)))
def test_a_feed_may_be_exactly_as_old_as_policy_allows_and_not_a_microsecond_older(
    name: str, hours: int, before: timedelta
) -> None:
    refreshed, policy = NOW - before, Policy(feed_max_age_hours={name: hours})
    refs = trade(dollars(TODAY)).with_changes(2, [Feed(name, 1, refreshed, 1)])
    oldest = refreshed + timedelta(hours=hours)

    def asked(now: datetime) -> list[str]:
        refs_of_then = refs.with_changes(3, [dollars(now.date() - DAY)])
        always = licence("L1", licence_line(), valid_from=date(2025, 1, 1), valid_until=YEAR_2031)
        shipped = shipment(IN_EURO, planned_departure=now)
        return reasons(judged(shipped, refs_of_then.with_changes(4, [always]), policy=policy, as_of=now))

    assert asked(oldest) == []
    assert asked(oldest + MICROSECOND) == ["REFERENCE_UNAVAILABLE"]


@given(hours=st.integers(1, 100), name=st.sampled_from(FEEDS[:4]))
def test_what_is_open_is_held_the_microsecond_its_feed_is_too_old(hours: int, name: str) -> None:
    """D7.1; and released as soon as the feed is fresh enough, for as long as it is."""
    story = Story(Feed(name, 1, NOW, 1))
    story.with_policy(version=1, feed_max_age_hours={name: hours})
    story.ship("S1")
    oldest = NOW + timedelta(hours=hours)
    story.advance_to(oldest)
    assert story.state("S1") == "RELEASED"
    story.advance_to(oldest + MICROSECOND)
    assert story.state("S1") == "HELD REFERENCE_UNAVAILABLE"
    story.rule(Feed(name, 2, NOW, 1))
    assert story.state("S1") == "HELD REFERENCE_UNAVAILABLE"
    story.rule(Feed(name, 3, NOW + MICROSECOND, 1))
    assert story.state("S1") == "RELEASED"
    story.advance_to(oldest + 2 * MICROSECOND)
    assert story.state("S1") == "HELD REFERENCE_UNAVAILABLE"


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_that_was_never_refreshed_is_too_old_whatever_the_limit(name: str) -> None:
    named = Policy(feed_max_age_hours={name: 10**6})
    refs = trade(dollars(TODAY))
    assert reasons(judged(shipment(IN_EURO), refs, policy=named)) == ["REFERENCE_UNAVAILABLE"]
    assert reasons(judged(shipment(IN_EURO), refs)) == []
