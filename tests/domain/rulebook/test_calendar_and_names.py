from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.calendar import acts_on, shanghai_day, start_of_day, window_instants
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
