"""Goods that left while held, and are said to be something else afterwards (D1.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.gatekeeper.domain.vocabulary import Classification
from tests.domain.builders import M1, at, licence_line
from tests.domain.story import Story

TOO_MUCH = "1500 KGM"
HELD = "INTERCEPT QTY_EXCEEDED"


def left_while_held() -> Story:
    story = Story()
    story.ship("S1", TOO_MUCH)
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.balance()) == (HELD, "0/1500 0/1")
    return story


@pytest.mark.parametrize("told", [{"item": "STEEL-BOLT"}, {"movement": "DOMESTIC"}, {"movement": "INTO_BONDED"}])
def test_another_item_or_movement_lifts_nothing_that_was_open_at_departure(told: dict[str, Any]) -> None:
    """It lifts only when the line fits that day; saying it was nothing, and then that it was, washes nothing clean."""
    story = left_while_held()
    story.ship("S1", TOO_MUCH, **told)
    assert (story.state("S1"), story.balance()) == (HELD, "0/1500 0/1")
    story.milestone("S1", "DELIVERED")
    assert (story.state("S1"), story.balance()) == ("INCIDENT QTY_EXCEEDED", "0/1500 0/1")
    story.ship("S1", TOO_MUCH)
    assert (story.state("S1"), story.balance()) == ("INCIDENT QTY_EXCEEDED", "0/1500 0/1")
    more = replace(M1.lines[0], quantity=licence_line(granted=TOO_MUCH).quantity)
    story.rule(replace(M1, version=2, authority_time=at("2026-03-02 09:00"), lines=(more,)))
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/1500 0/1")


def test_an_item_that_is_judged_otherwise_since_lifts_nothing_either() -> None:
    story = left_while_held()
    known = story.references.item("MAG-ROD")
    assert known is not None
    story.rule(replace(known, version=9, classification=Classification.NOT_CONTROLLED, control_codes=()))
    assert (story.state("S1"), story.balance()) == (HELD, "0/1500 0/1")


def test_what_left_released_and_is_another_item_now_holds_nothing() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.ship("S1", item="STEEL-BOLT")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")
