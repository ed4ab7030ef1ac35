"""Goods that left while held: what held them then, and whether it is gone when the report comes (D1.6, D4.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.gatekeeper.domain.departure import with_ended
from services.gatekeeper.domain.reasons import Reason
from tests.domain.builders import M1, NOW, at, day, hold
from tests.domain.story import Story

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_a_hold_that_only_the_report_of_the_departure_ends_leaves_a_case_for_a_person() -> None:
    """Held for its planned day, it left on a valid one; a notice came between the departure and its report."""
    story = Story()
    story.ship("S1", planned_departure=at("2026-09-02 10:00"))
    left = story.clock + HOUR
    story.advance_to(story.clock + DAY)
    story.notice("N1", shipments=["S1"])
    assert story.state("S1") == "HELD STOP_NOTICE LICENCE_EXPIRED"
    story.milestone("S1", "DEPARTED", left)
    assert story.state("S1") == "INTERCEPT STOP_NOTICE MOVED_UNRELEASED"
    story.lift("N1")
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT MOVED_UNRELEASED", ["MOVED_WHILE_HELD"])


def _too_much_until_the_licence_ended() -> Story:
    """Two lines that are too much together; from the end of the licence on, nothing but that is told of them."""
    story = Story(replace(M1, version=2, valid_until=day("2026-03-08")))
    whole = {"item_no": "MAG-ROD", "value": {"amount": "9000", "currency": "USD"}}
    nets = [{"value": value, "unit": "KGM"} for value in ("700", "400")]
    story.ship("S1", lines=[{"line_no": no, "net_quantity": net, **whole} for no, net in enumerate(nets, 1)])
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    story.advance_to(at("2026-03-09 01:00"))
    assert story.state("S1") == "HELD LICENCE_EXPIRED"
    return story


def test_a_hold_that_ended_and_holds_by_the_day_of_departure_again_is_not_gone() -> None:
    """D4.7: only what held at that time and holds no more leaves a case for a person."""
    story = _too_much_until_the_licence_ended()
    story.milestone("S1", "DEPARTED", at("2026-03-08 23:00"))
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT QTY_EXCEEDED", ["MOVED_WHILE_HELD"])


def test_a_notice_that_came_since_leaves_no_case_for_a_person_beside_a_hold_that_is_there_again() -> None:
    """D4.7: what held the goods then holds them by the day of departure; the notice is one reason more."""
    story = _too_much_until_the_licence_ended()
    story.notice("N1", shipments=["S1"])
    story.milestone("S1", "DEPARTED", at("2026-03-08 23:00"))
    assert story.state("S1") == "INTERCEPT STOP_NOTICE QTY_EXCEEDED"


def test_a_hold_that_began_at_the_very_moment_of_the_departure_held_then() -> None:
    story = _too_much_until_the_licence_ended()
    story.milestone("S1", "DEPARTED", NOW)
    assert story.state("S1") == "INTERCEPT QTY_EXCEEDED"


def test_a_hold_that_ended_at_the_very_moment_of_the_departure_held_no_more() -> None:
    """D4.7: it left while a notice held it, which is gone; that it is too much again is newer."""
    story = Story()
    story.notice("N1", shipments=["S1"])
    story.ship("S1", "1200 KGM")
    story.advance_to(NOW + HOUR)
    story.ship("S1", "900 KGM")
    story.advance_to(NOW + 2 * HOUR)
    story.lift("N1")
    story.ship("S1", "1200 KGM")
    story.milestone("S1", "DEPARTED", NOW + HOUR)
    assert story.state("S1") == "INTERCEPT MOVED_UNRELEASED QTY_EXCEEDED"


def test_a_hold_that_is_still_there_leaves_no_case_for_a_person_beside_a_newer_one() -> None:
    story = Story()
    story.ship("S1", "1200 KGM")
    story.advance_to(NOW + 2 * HOUR)
    story.notice("N1", shipments=["S1"])
    story.milestone("S1", "DEPARTED", NOW + HOUR)
    assert story.state("S1") == "INTERCEPT STOP_NOTICE QTY_EXCEEDED"


def test_a_hold_that_came_and_went_after_the_departure_did_not_hold_then() -> None:
    story = _too_much_until_the_licence_ended()
    story.ship("S1", "700 KGM")
    story.rule(replace(M1, version=3))
    story.ship("S1", "1100 KGM")
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    story.notice("N1", shipments=["S1"])
    story.ship("S1", "1000 KGM")
    story.milestone("S1", "DEPARTED", at("2026-03-08 23:00"))
    assert story.state("S1") == "INTERCEPT STOP_NOTICE MOVED_UNRELEASED"


def test_goods_gone_to_where_no_licence_lets_them_go_are_booked_on_none_even_if_they_were_too_many_too() -> None:
    """D4.7: the nearest takes the consumption if it fits but for status, balance, uses and dates."""
    story = Story()
    story.ship("S1", "1200 KGM", destination="JP")
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.balance()) == ("INTERCEPT DESTINATION_MISMATCH QTY_EXCEEDED", "0/0 0/0")


def test_the_newest_of_the_holds_that_ended_are_kept_without_their_details() -> None:
    ended = [replace(hold(Reason.ORDER_UNKNOWN, line_no=number), detail={"a": "b"}) for number in range(22)]
    past = with_ended((), tuple(ended[:1]), (), NOW)
    past = with_ended(past, tuple(ended), tuple(ended[:2]), NOW + HOUR)
    assert [one for _, one in past] == [replace(one, detail={}) for one in ended[2:]]
    assert {until for until, _ in past} == {NOW + HOUR}
    assert with_ended(past, tuple(ended), tuple(ended), NOW + DAY) == past
