"""Which corrections still count: those of what still stands (D4.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.domain.builders import at
from tests.domain.story import Story

TOO_MUCH = "HELD QTY_EXCEEDED"
HOUR = timedelta(hours=1)


def test_a_correction_of_a_departure_that_did_not_happen_says_nothing_of_what_was_stated_since() -> None:
    story = Story()
    story.ship("S1", "300 KGM")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.milestone("S1", "SHIPPING_VOIDED")
    story.ship("S1", "1500 KGM")
    for net in ("200 KGM", "2000 KGM"):
        story.correct("S1", "left", net)
        assert (story.state("S1"), story.shipments["S1"].holds[0].detail["requested"]) == (TOO_MUCH, "1500 KGM")
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT QTY_EXCEEDED", ["MOVED_WHILE_HELD"])


def test_a_correction_of_a_full_state_counts_until_another_states_the_quantity_anew() -> None:
    story = Story()
    story.ship("S1", "1500 KGM", event_id="first")
    story.ship("S1", "1500 KGM", event_id="second", planned_departure=at("2026-03-06 18:00"))
    story.correct("S1", "first", "250 KGM")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "250/0 1/0")
    story.ship("S1", "1500 KGM", event_id="third", planned_departure=at("2026-03-07 18:00"))
    assert (story.state("S1"), story.balance()) == ("RELEASED", "250/0 1/0")
    story.ship("S1", "1600 KGM", event_id="fourth")
    for event_id in ("first", "second", "third"):
        story.correct("S1", event_id, "250 KGM")
        assert story.state("S1") == TOO_MUCH
    story.correct("S1", "fourth", "260 KGM")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "260/0 1/0")


def test_a_correction_of_the_preparations_counts_until_the_quantity_is_stated_anew() -> None:
    story = Story()
    story.ship("S1", "1500 KGM")
    story.milestone("S1", "PACKED", event_id="packed")
    story.correct("S1", "packed", "200 KGM")
    assert story.state("S1") == "RELEASED"
    story.advance_to(story.clock + HOUR)
    story.ship("S1", "1600 KGM")
    story.correct("S1", "packed", "210 KGM")
    assert story.state("S1") == TOO_MUCH
    story.milestone("S1", "PACKED", event_id="packed again")
    story.correct("S1", "packed again", "220 KGM")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "220/0 1/0")
    story.correct("S1", "packed again")
    assert story.state("S1") == TOO_MUCH


def test_what_corrects_an_event_that_nobody_has_heard_of_only_holds() -> None:
    story = Story()
    story.ship("S1", "1500 KGM")
    story.correct("S1", "unheard of", "200 KGM")
    assert story.state("S1") == TOO_MUCH
    story.ship("S2", "100 KGM")
    story.correct("S2", "unheard of", "1000.001 KGM")
    assert story.state("S2") == TOO_MUCH
    story.correct("S2", "unheard of", "1 C62")
    assert story.state("S2") == "RELEASED"
    story.ship("S3", lines=[{"line_no": 1, "item_no": "MAG-ROD", "value": {"amount": "9000", "currency": "USD"}}])
    story.correct("S3", "unheard of", "1 KGM")
    assert story.state("S3") == "HELD MISSING_NET"


def test_a_correction_that_came_before_what_it_corrects_counts_once_that_comes() -> None:
    story = Story()
    story.ship("S1", "1500 KGM")
    story.correct("S1", "to come", "200 KGM")
    story.ship("S1", "1600 KGM", event_id="to come")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "200/0 1/0")


def test_a_correction_that_came_before_the_milestone_that_it_corrects_counts_once_that_is_told() -> None:
    story = Story()
    story.ship("S1", "1500 KGM")
    story.correct("S1", "packed", "200 KGM")
    assert story.state("S1") == TOO_MUCH
    story.milestone("S1", "PACKED", event_id="packed")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "200/0 1/0")


def test_a_correction_of_a_full_state_that_was_dated_ahead_counts_once_that_acts() -> None:
    story = Story()
    story.ship("S1", "100 KGM")
    story.ship("S1", "1600 KGM", event_id="ahead", time=story.clock + HOUR)
    story.correct("S1", "ahead", "200 KGM")
    story.advance_to(story.clock + HOUR)
    assert (story.state("S1"), story.balance()) == ("RELEASED", "200/0 1/0")


@pytest.mark.parametrize("net", ["100 KGM", "700 KGM"])
def test_a_correction_of_an_export_that_came_back_says_nothing_of_the_next(net: str) -> None:
    story = Story()
    story.ship("S1", "300 KGM")
    story.milestone("S1", "DEPARTED", event_id="first")
    story.milestone("S1", "RETURNED")
    story.ship("S1", "600 KGM")
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED", event_id="second")
    assert story.balance() == "0/1200 0/2"
    story.correct("S1", "first", net)
    assert story.balance() == "0/1200 0/2"
    story.correct("S1", "second", "350 KGM")
    assert story.balance() == "0/950 0/2"
