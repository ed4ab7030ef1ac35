"""`lifts_on` of PERIOD_LIMIT_EXCEEDED: only a day on which time alone lifts the hold (D3.8, D3.11)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.gatekeeper.domain.vocabulary import Period
from tests.domain.builders import at, day
from tests.domain.engine.limits import DAY, MONTH, YEAR, planned, story_with, told
from tests.domain.story import Story

HELD = "HELD PERIOD_LIMIT_EXCEEDED"


def lifts_on(story: Story, name: str) -> str | None:
    """What the hold says; it is true: the evening before it still holds, on that day it doesn't."""
    said = told(story, name).detail.get("lifts_on")
    if said is not None:
        midnight = at(f"{said} 00:00")
        story.advance_to(midnight - timedelta(minutes=1))
        assert HELD in story.state(name)
        story.advance_to(midnight)
        assert HELD not in story.state(name)
    return said


def spent(story: Story, net: str, *, name: str = "GONE") -> Story:
    """`net` left today, 2 March."""
    story.ship(name, net)
    story.milestone(name, "DEPARTED")
    return story


@pytest.mark.parametrize(
    ("period", "says"), [(DAY, "2026-03-03"), (MONTH, "2026-04-01"), (YEAR, "2027-01-01")]
)  # fmt: skip
def test_what_others_used_up_lifts_when_the_next_period_begins(period: Period, says: str) -> None:
    story = spent(story_with(("400 KGM", period), valid_until=day("2027-06-30")), "300 KGM")
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-02 18:00"))
    assert lifts_on(story, "S1") == says


def test_the_whole_limit_fits_into_an_empty_period_and_a_gram_more_into_none() -> None:
    story = spent(story_with(("400 KGM", MONTH)), "1 KGM")
    story.ship("S1", "400 KGM")
    story.ship("S2", "400.001 KGM")
    assert told(story, "S2").detail["period_end"] == "2026-03-31"
    assert lifts_on(story, "S2") is None
    assert lifts_on(story, "S1") == "2026-04-01"
    assert story.state("S2") == HELD


@pytest.mark.parametrize(("until", "says"), [("2026-04-01", "2026-04-01"), ("2026-03-31", None)])
def test_a_licence_that_ends_with_the_period_lets_nothing_go_in_the_next(until: str, says: str | None) -> None:
    story = spent(story_with(("400 KGM", MONTH), valid_until=day(until)), "300 KGM")
    story.ship("S1", "300 KGM")
    assert lifts_on(story, "S1") == says
    story.advance_to(at("2026-04-01 00:00"))
    assert story.state("S1") == ("RELEASED" if says else "HELD LICENCE_EXPIRED")


def test_the_last_day_that_there_is_has_no_next() -> None:
    story = story_with(("400 KGM", YEAR), valid_until=date.max)
    for name in ("S1", "S2"):
        story.ship(name, "300 KGM", planned_departure=planned("9999-12-30 12:00"))
    assert (story.state("S2"), told(story, "S2").detail.get("lifts_on")) == (HELD, None)


def _two_in_april(story: Story) -> None:
    story.ship("S2", "300 KGM", planned_departure=planned("2026-04-10 12:00"))
    story.ship("S3", "300 KGM", planned_departure=planned("2026-04-20 12:00"))


def test_what_is_reserved_in_the_planned_period_may_not_have_left_by_its_end() -> None:
    """D3.8: a planned day that has passed counts as today, in whatever period that is."""
    story = story_with(("400 KGM", MONTH))
    _two_in_april(story)
    assert (story.state("S2"), lifts_on(story, "S3")) == ("RELEASED", None)
    story.advance_to(at("2026-05-01 00:00"))
    assert story.state("S3") == HELD


def test_of_a_plan_in_a_later_period_that_one_counts_and_not_the_present() -> None:
    story = spent(story_with(("400 KGM", MONTH), ("600 KGM", YEAR), valid_until=day("2027-12-31")), "100 KGM")
    _two_in_april(story)
    assert (told(story, "S3").detail["period_start"], lifts_on(story, "S3")) == ("2026-04-01", None)
    story.advance_to(at("2026-04-10 12:00"))
    story.milestone("S2", "DEPARTED")
    assert told(story, "S3").detail["period_end"] == "2026-04-30"


@pytest.mark.parametrize(("reserved", "says"), [("100 KGM", "2026-04-01"), ("100.001 KGM", None)])
def test_a_next_period_that_is_taken_already_lifts_nothing(reserved: str, says: str | None) -> None:
    story = spent(story_with(("400 KGM", MONTH)), "300 KGM")
    story.ship("APRIL", reserved, planned_departure=planned("2026-04-20 12:00"))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-20 12:00"))
    assert story.state("APRIL") == "RELEASED"
    assert lifts_on(story, "S1") == says


@pytest.mark.parametrize(("net", "says"), [("200 KGM", "2026-03-03"), ("200.001 KGM", "2026-04-01")])
def test_of_several_limits_all_must_fit_on_the_day(net: str, says: str) -> None:
    story = spent(story_with(("400 KGM", DAY), ("500 KGM", MONTH)), "300 KGM")
    story.ship("S1", net, planned_departure=planned("2026-03-02 18:00"))
    assert lifts_on(story, "S1") == says


def test_a_limit_that_fits_in_march_may_not_in_april() -> None:
    story = spent(story_with(("300 KGM", DAY), ("500 KGM", MONTH)), "200 KGM")
    story.advance_to(at("2026-03-31 08:00"))
    spent(story, "200 KGM", name="LAST")
    story.ship("APRIL", "250 KGM", planned_departure=planned("2026-04-20 12:00"))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-31 18:00"))
    assert (story.state("APRIL"), lifts_on(story, "S1")) == ("RELEASED", None)


def test_the_other_lines_of_the_shipment_wait_for_the_same_period() -> None:
    story = spent(story_with(("300 KGM", MONTH)), "300 KGM")
    both = [
        {"line_no": no, "item_no": "MAG-ROD", "net_quantity": {"value": "151", "unit": "KGM"},
         "value": {"amount": "100", "currency": "USD"}}
        for no in (1, 2)
    ]  # fmt: skip
    story.ship("S1", lines=both)
    assert [hold.detail.get("lifts_on") for hold in story.shipments["S1"].holds] == ["2026-04-01", None]
    story.advance_to(at("2026-04-01 00:00"))
    assert [dict(hold.subject)["line_no"] for hold in story.shipments["S1"].holds] == [2]


def test_an_order_is_told_a_day_too_and_its_reservation_counts_for_its_shipment() -> None:
    story = spent(story_with(("300 KGM", MONTH)), "300 KGM")
    story.order("O1", "200 KGM", planned_export_date="2026-04-20")
    story.order("O2", "200 KGM", planned_export_date="2026-03-20")
    story.order("O3", "100 KGM", planned_export_date="2026-03-20")
    assert (story.state("O1"), story.state("O2"), told(story, "O2").detail.get("lifts_on")) == ("CLEARED", HELD, None)
    assert told(story, "O3").detail["lifts_on"] == "2026-04-01"
    story.ship("S1", "200 KGM", order="O1", planned_departure=planned("2026-03-20 12:00"))
    assert (story.state("S1"), lifts_on(story, "S1")) == (HELD, "2026-04-01")


def test_time_lifts_nothing_of_goods_that_are_gone() -> None:
    """D1.6: they are judged by the day on which they left."""
    story = spent(story_with(("400 KGM", MONTH)), "300 KGM")
    story.ship("S1", "300 KGM")
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), told(story, "S1").detail.get("lifts_on")) == ("INTERCEPT PERIOD_LIMIT_EXCEEDED", None)
