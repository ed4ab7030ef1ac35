"""Period limits (D3.11): what was consumed in the period of the actual day and is reserved for planned days in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.gatekeeper.domain.rule_entities import PeriodLimit
from services.gatekeeper.domain.vocabulary import Period
from tests.domain.builders import M1, at, day, licence_line, quantity
from tests.domain.engine.limits import DAY, MONTH, YEAR, by_day, planned, story_with, told
from tests.domain.story import Story


def test_exactly_the_limit_goes_and_a_gram_more_does_not() -> None:
    story = story_with(("200 KGM", MONTH))
    story.ship("S1", "200 KGM")
    assert story.state("S1") == "RELEASED"
    story.ship("S1", "200.001 KGM")
    assert story.state("S1") == "HELD PERIOD_LIMIT_EXCEEDED"
    assert told(story, "S1").subject == (("licence_no", "M1"), ("line_no", 1))
    assert dict(told(story, "S1").detail).items() >= (
        {
            "requested": "200.001 KGM", "available": "200 KGM", "excess": "0.001 KGM", "licence_line": "1",
            "limit": "200 KGM", "period": "CALENDAR_MONTH", "period_start": "2026-03-01", "period_end": "2026-03-31",
            "used": "0 KGM",
        }.items()
    )  # fmt: skip


def test_what_others_reserve_and_consumed_in_the_period_counts_in() -> None:
    story = story_with(("500 KGM", MONTH))
    story.ship("S1", "300 KGM")
    story.milestone("S1", "DEPARTED", at("2026-03-02 08:00"))
    story.ship("S2", "100 KGM")
    story.ship("S3", "100.001 KGM")
    assert story.state("S3") == "HELD PERIOD_LIMIT_EXCEEDED"
    assert (told(story, "S3").detail["used"], told(story, "S3").detail["available"]) == ("400 KGM", "100 KGM")
    assert by_day(story) == {"2026-03-02": "0/300", "2026-03-05": "100/0"}
    story.ship("S3", "100 KGM")
    assert story.state("S3") == "RELEASED"


@pytest.mark.parametrize(
    ("period", "last", "first"),
    [
        (DAY, "2026-03-05 23:59:59.999", "2026-03-06 00:00"),
        (MONTH, "2026-03-31 23:59:59.999", "2026-04-01 00:00"),
        (MONTH, "2026-06-30 23:59:59.999", "2026-07-01 00:00"),
    ],
)
def test_a_period_ends_with_its_last_day_in_shanghai(period: Period, last: str, first: str) -> None:
    story = story_with(("300 KGM", period))
    story.ship("S1", "300 KGM", planned_departure=planned(last))
    story.ship("S2", "300 KGM", planned_departure=planned(last))
    story.ship("S3", "300 KGM", planned_departure=planned(first))
    assert (story.state("S1"), story.state("S2"), story.state("S3")) == (
        "RELEASED", "HELD PERIOD_LIMIT_EXCEEDED", "RELEASED",
    )  # fmt: skip


def test_a_year_is_a_calendar_year() -> None:
    story = story_with(("300 KGM", YEAR), valid_until=day("2027-12-31"))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-12-31 23:59"))
    story.ship("S2", "1 KGM", planned_departure=planned("2026-03-05 12:00"))
    story.ship("S3", "300 KGM", planned_departure=planned("2027-01-01 00:00"))
    assert (story.state("S1"), story.state("S3")) == ("RELEASED", "RELEASED")
    detail = told(story, "S2").detail
    assert (detail["period"], detail["period_start"], detail["period_end"]) == (
        "CALENDAR_YEAR", "2026-01-01", "2026-12-31",
    )  # fmt: skip


def test_of_several_limits_every_one_counts_and_the_tightest_is_told() -> None:
    story = story_with(("500 KGM", MONTH), ("200 KGM", DAY), ("900 KGM", YEAR))
    story.ship("S1", "200 KGM")
    story.ship("S2", "200 KGM", planned_departure=planned("2026-03-06 12:00"))
    story.ship("S3", "200 KGM", planned_departure=planned("2026-03-07 12:00"))
    assert (story.state("S1"), story.state("S2"), story.state("S3")) == (
        "RELEASED", "RELEASED", "HELD PERIOD_LIMIT_EXCEEDED",
    )  # fmt: skip
    assert told(story, "S3").detail["limit"] == "500 KGM"
    story.ship("S3", "100.5 KGM")
    assert (told(story, "S3").detail["limit"], told(story, "S3").detail["available"]) == ("200 KGM", "0 KGM")


def test_lines_of_one_shipment_count_together() -> None:
    story = story_with(("300 KGM", MONTH))
    lines = [
        {"line_no": no, "item_no": "MAG-ROD", "net_quantity": {"value": net, "unit": "KGM"},
         "value": {"amount": "100", "currency": "USD"}}
        for no, net in ((1, "200"), (2, "100"), (3, "0.001"))
    ]  # fmt: skip
    story.ship("S1", lines=lines)
    assert (story.state("S1"), dict(told(story, "S1").subject)["line_no"]) == ("HELD PERIOD_LIMIT_EXCEEDED", 3)
    story.ship("S1", lines=lines[:2])
    assert (story.state("S1"), by_day(story)) == ("RELEASED", {"2026-03-05": "300/0"})


def test_the_limit_of_another_line_limits_nothing_here() -> None:
    two = (
        licence_line(1, value="2000000 USD", codes=("1C904.a",)),
        licence_line(2, value="2000000 USD", codes=("1C902.b",)),
    )
    limit = PeriodLimit(2, quantity("1 KGM"), MONTH)
    story = Story(replace(M1, version=2, max_uses=None, period_limits=(limit,), lines=two))
    story.ship("S1", "300 KGM")
    assert story.state("S1") == "RELEASED"


def test_a_cancelled_one_makes_room_for_who_waits() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM")
    story.ship("S2", "300 KGM")
    story.milestone("S1", "CANCELLED")
    assert (story.state("S2"), by_day(story)) == ("RELEASED", {"2026-03-05": "300/0"})


def test_a_departure_in_another_period_counts_there_and_makes_room_in_the_planned_one() -> None:
    story = story_with(("300 KGM", DAY))
    story.ship("S1", "300 KGM")
    story.ship("S2", "300 KGM")
    assert story.state("S2") == "HELD PERIOD_LIMIT_EXCEEDED"
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "RELEASED")
    assert by_day(story) == {"2026-03-02": "0/300", "2026-03-05": "300/0"}
    assert [entry.kind for entry in story.ledger if entry.owner_id == "S1" and entry.licence_line] == [
        "RESERVE", "CONSUME", "CONSUME",
    ]  # fmt: skip


def test_another_planned_day_moves_what_is_reserved() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM")
    story.ship("S2", "300 KGM")
    story.milestone("S1", "DEPARTED", at("2026-04-02 08:00"), classifier="PLANNED")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "RELEASED")
    assert by_day(story) == {"2026-03-05": "300/0", "2026-04-02": "300/0"}
    entries = [entry for entry in story.ledger if entry.owner_id == "S1" and entry.licence_line]
    assert [(entry.kind, str(entry.day), int(entry.reserved)) for entry in entries] == [
        ("RESERVE", "2026-03-05", 300), ("MOVE", "2026-03-05", -300), ("MOVE", "2026-04-02", 300),
    ]  # fmt: skip
    story.ship("S3", "300 KGM")
    story.milestone("S3", "DEPARTED", at("2026-05-02 08:00"), classifier="PLANNED")
    assert story.state("S3") == "RELEASED"


@pytest.mark.parametrize("order", [None, "O1"], ids=["by the shipment", "by its order"])
def test_what_is_reserved_for_another_month_makes_no_room_in_this_one(order: str | None) -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S2", "200 KGM", planned_departure=planned("2026-04-06 12:00"))
    if order is None:
        story.ship("S1", "200 KGM")
    else:
        story.order("O1", "200 KGM")
    story.ship("S1", "200 KGM", order=order, planned_departure=planned("2026-04-15 12:00"))
    assert story.state("S1") == "HELD PERIOD_LIMIT_EXCEEDED"


def test_without_a_limit_days_are_in_the_ledger_and_nobody_waits_for_them() -> None:
    story = Story()
    story.ship("S1", "300 KGM")
    story.milestone("S1", "DEPARTED", at("2026-04-02 08:00"), classifier="PLANNED")
    assert story.accounts["M1"].lines[1].days is None
    assert {str(entry.day) for entry in story.ledger if entry.licence_line} == {"2026-03-05", "2026-04-02"}
    assert story.balance() == "300/0 1/0"
