from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.calendar import (
    acts_on,
    is_working_day,
    shanghai_day,
    start_of_day,
    window_instants,
    working_days_after,
)
from services.gatekeeper.domain.holidays import DAYS_OFF, SPANS_OFF, WORKED_WEEKENDS
from services.gatekeeper.domain.names import normalise_identifier, normalise_name
from services.gatekeeper.domain.rule_entities import Window

from .examples import at


def test_the_day_ends_at_midnight_in_shanghai() -> None:
    assert shanghai_day(at("2026-08-31T23:59:59.999+08:00")) == date(2026, 8, 31)
    assert shanghai_day(at("2026-09-01T00:00:00+08:00")) == date(2026, 9, 1)
    assert shanghai_day(at("2026-08-31T16:00:00+00:00")) == date(2026, 9, 1)
    assert start_of_day(date(2026, 9, 1)) == at("2026-08-31T16:00:00+00:00")


def test_a_time_without_an_offset_has_no_day() -> None:
    with pytest.raises(ValueError, match="offset"):
        shanghai_day(datetime(2026, 3, 1))  # noqa: DTZ001


def test_windows_include_both_their_ends() -> None:
    pause = Window(date(2026, 4, 1), date(2026, 6, 30))
    acting = [
        day
        for day in (
            date(2026, 3, 31),
            date(2026, 4, 1),
            date(2026, 6, 30),
            date(2026, 7, 1),
            date(2026, 12, 31),
            date(2027, 1, 1),
        )
        if acts_on(day, date(2026, 1, 1), date(2026, 12, 31), [pause])
    ]
    assert acting == [date(2026, 3, 31), date(2026, 7, 1), date(2026, 12, 31)]


def test_a_window_without_an_end_never_ends() -> None:
    assert not acts_on(date.max, date(2026, 1, 1), None, [Window(date(2026, 2, 1))])
    assert window_instants(date(2026, 1, 1), date.max, [Window(date(2026, 2, 1))]) == (
        start_of_day(date(2026, 1, 1)),
        start_of_day(date(2026, 2, 1)),
    )


def test_something_changes_at_the_midnights_at_which_windows_begin_and_end() -> None:
    pause = Window(date(2026, 4, 1), date(2026, 6, 30))
    assert window_instants(date(2026, 1, 1), date(2026, 12, 31), [pause]) == tuple(
        start_of_day(day) for day in (date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date(2027, 1, 1))
    )


@pytest.mark.parametrize(
    "written", ["ALPHA  G.m.b.H.", "alpha gmbh", "Ａｌｐｈａ ＧｍｂＨ", "Al-pha\u200b (GmbH)", "Alpha\u00a0GmbH"]
)
def test_names_are_equal_however_they_are_written(written: str) -> None:
    assert normalise_name(written) == normalise_name("Alpha GmbH")


def test_merely_alike_is_not_equal() -> None:
    assert normalise_name("Alfa GmbH") != normalise_name("Alpha GmbH")
    assert normalise_name("Straße 1") == normalise_name("STRASSE 1")


def test_a_name_of_punctuation_equals_none() -> None:
    assert normalise_name(" – ") == ""
    assert normalise_identifier("LEI", " - ") == ""


@given(st.text())
def test_normalising_twice_changes_nothing_more(name: str) -> None:
    once = normalise_name(name)
    assert normalise_name(once) == once


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_letters_are_normalised_as_all_others(name: str) -> None:
    assert normalise_name(name) == normalise_name(f"{name}名").removesuffix("名")


# Working days


@pytest.mark.parametrize(
    ("text", "worked"),
    [
        ("2026-02-14", True),  # a Saturday before the Spring Festival
        ("2026-02-15", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),
        ("2026-03-01", False),  # an ordinary Sunday
        ("2026-03-02", True),
        ("2026-03-07", False),  # an ordinary Saturday
        ("2026-09-24", True),
        ("2026-09-25", False),
        ("2025-10-08", False),
        ("2025-10-09", True),
        ("2024-05-11", True),
        ("2024-02-10", False),
        ("2027-10-01", True),  # nobody has announced that year here
        ("2027-10-02", False),
    ],
)
def test_public_holidays_are_off_and_some_weekends_are_worked(text: str, worked: bool) -> None:
    assert is_working_day(date.fromisoformat(text)) is worked


@pytest.mark.parametrize(
    ("text", "count", "last"),
    [
        ("2026-03-02", 0, "2026-03-02"),
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),  # Friday to Monday
        ("2026-03-02", 7, "2026-03-11"),
        ("2026-02-13", 7, "2026-03-02"),  # across the Spring Festival, both worked Saturdays counted
        ("2026-02-16", 1, "2026-02-24"),  # begun on a holiday
        ("2024-09-27", 7, "2024-10-12"),  # across the National Day, Sunday 29 September worked
        ("2027-01-01", 7, "2027-01-12"),
    ],
)
def test_the_last_day_is_so_many_working_days_after_the_first(text: str, count: int, last: str) -> None:
    assert working_days_after(date.fromisoformat(text), count) == date.fromisoformat(last)


def test_working_days_end_with_the_calendar() -> None:
    assert working_days_after(date(9999, 12, 30), 7) == date.max


def test_what_was_announced_is_consistent() -> None:
    assert all(first <= last and first.year == last.year for first, last in SPANS_OFF)
    assert not DAYS_OFF & WORKED_WEEKENDS
    assert all(day.weekday() >= 5 for day in WORKED_WEEKENDS)
    days_off_by_year = {year: sum(1 for day in DAYS_OFF if day.year == year) for year in (2024, 2025, 2026)}
    assert days_off_by_year == {2024: 28, 2025: 28, 2026: 33}
