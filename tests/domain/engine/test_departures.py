"""Departures, what they consume, and what undoes them (D4.1, D4.7, §1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.gatekeeper.domain.workspace import Outcome
from tests.domain.builders import NOW, day, general, licence_line
from tests.domain.story import TO_ALPHA, Story

HOUR = timedelta(hours=1)


def departed(story: Story, name: str = "S1", net: str = "300 KGM") -> Story:
    story.ship(name, net)
    story.advance_to(story.clock + HOUR)
    story.milestone(name, "DEPARTED", event_id=f"{name}-left")
    return story


def test_a_departure_consumes_and_counts_one_use_whatever_its_synonyms() -> None:
    story = departed(Story())
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "ARRIVED")
    assert (story.state("S1"), story.balance(), story.kinds("S1")) == ("RELEASED", "0/300 0/1", [])


def test_a_voided_departure_is_reversed_once_and_judged_anew() -> None:
    story = departed(Story())
    story.milestone("S1", "SHIPPING_VOIDED")
    story.milestone("S1", "SHIPPING_VOIDED")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "300/0 1/0")
    story.milestone("S1", "DEPARTED")
    assert story.balance() == "0/300 0/1"
    assert story.told("S1") == ["RELEASED"]


def test_a_departure_that_did_not_occur_ends_consumed_for_those_that_wait() -> None:
    story = Story()
    story.ship("S1", item="SM-OXIDE")
    story.order("O2", item="SM-OXIDE")
    story.milestone("S1", "DEPARTED", event_id="left")
    assert (story.state("O2"), story.accounts["L1"].completed) == ("HELD LICENCE_CONSUMED", True)
    assert [alert.kind.value for alert in story.alerts if alert.kind == "CONSUMED"] == ["CONSUMED"]
    story.correct("S1", "left")
    assert (story.state("S1"), story.state("O2")) == ("RELEASED", "HELD USES_EXCEEDED")
    assert (story.accounts["L1"].completed, story.balance("L1")) == (False, "300/0 1/0")
    story.milestone("S1", "CANCELLED")
    assert (story.state("O2"), story.balance("L1")) == ("CLEARED", "500/0 0/0")


def test_a_licence_that_is_used_up_again_is_told_again_and_what_was_drawn_all_the_time_is_not() -> None:
    """D4.9: once per crossing; a departure that is void takes back CONSUMED and leaves 90 % drawn."""
    story = Story()
    story.ship("S1", "900 KGM", item="SM-OXIDE")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "SHIPPING_VOIDED")
    story.milestone("S1", "DEPARTED")
    told = [alert.kind.value for alert in story.alerts]
    assert told == ["DRAWN_90", "CONSUMED", "CONSUMED"]


def test_a_correction_changes_the_consumption_by_the_difference_and_a_second_replaces_it() -> None:
    story = departed(Story())
    story.correct("S1", "S1-left", "280 KGM")
    assert story.balance() == "0/280 0/1"
    story.correct("S1", "S1-left", "310 KGM")
    assert story.balance() == "0/310 0/1"
    assert story.correct("S1", "S1-left", "310 KGM") is Outcome.TIMELINE_ONLY
    story.ship("S1", "300 KGM")
    assert story.balance() == "0/310 0/1"
    story.ship("S1", "305 KGM")
    assert story.balance() == "0/305 0/1"


def test_an_upsert_after_departure_with_another_quantity_changes_the_consumption_once() -> None:
    story = departed(Story())
    story.ship("S1", "250 KGM")
    story.ship("S1", "250 KGM", forwarder_id="FWD-2")
    assert story.balance() == "0/250 0/1"


def test_a_correction_of_an_event_nobody_knows_is_a_line_in_the_timeline() -> None:
    story = departed(Story())
    assert story.correct("S1", "unknown") is Outcome.TIMELINE_ONLY
    assert story.balance() == "0/300 0/1"


def test_cancelled_after_departure_is_a_line_in_the_timeline() -> None:
    story = departed(Story())
    assert story.milestone("S1", "CANCELLED") is Outcome.TIMELINE_ONLY
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")


def test_returned_goods_give_nothing_back_and_leave_again_as_a_new_export() -> None:
    story = departed(Story())
    story.milestone("S1", "RETURNED")
    assert (story.state("S1"), story.balance()) == ("CLOSED", "0/300 0/1")
    story.correct("S1", "S1-left", "290 KGM")
    assert story.balance() == "0/290 0/1"
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT MOVED_UNRELEASED", ["MOVED_WHILE_HELD"])
    assert story.balance() == "0/590 0/2", "what was corrected of the first export is not said of the second"


def test_returned_without_a_departure_cannot_have_been_and_nothing_comes_back() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "RETURNED")
    assert (story.state("S1"), story.kinds("S1")) == ("CLOSED", ["IMPOSSIBLE_MILESTONE"])
    assert story.balance() == "0/300 0/1"


def test_left_while_held_by_a_hold_that_is_gone_when_the_report_comes() -> None:
    story = Story()
    story.ship("S1")
    story.advance_to(NOW + HOUR)
    story.notice("N1", shipments=["S1"])
    story.advance_to(NOW + 3 * HOUR)
    story.lift("N1")
    assert story.state("S1") == "RELEASED"
    story.milestone("S1", "DEPARTED", NOW + 2 * HOUR)
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT MOVED_UNRELEASED", ["MOVED_WHILE_HELD"])
    assert story.balance() == "0/300 0/1"
    story.milestone("S1", "SHIPPING_VOIDED")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "300/0 1/0")


def test_a_newer_hold_does_not_hide_that_the_goods_left_unreleased() -> None:
    story = Story()
    story.notice("N1", shipments=["S1"])
    story.ship("S1")
    story.advance_to(NOW + 2 * HOUR)
    story.lift("N1")
    story.notice("N2", shipments=["S1"])
    story.milestone("S1", "DEPARTED", NOW + HOUR)
    assert story.state("S1") == "INTERCEPT STOP_NOTICE MOVED_UNRELEASED"


def test_a_newer_hold_beside_the_one_that_it_left_under_leaves_nothing_for_a_person() -> None:
    """D1.6, D4.7: what held then holds still."""
    story = Story()
    story.notice("N1", shipments=["S1"])
    story.ship("S1")
    story.advance_to(NOW + 2 * HOUR)
    story.notice("N2", shipments=["S1"])
    story.milestone("S1", "DEPARTED", NOW + HOUR)
    assert (story.state("S1"), len(story.shipments["S1"].holds)) == ("INTERCEPT STOP_NOTICE", 2)


def test_a_departure_reported_late_is_judged_by_its_own_time() -> None:
    story = Story()
    story.ship("S1")
    story.advance_to(NOW + 2 * HOUR)
    story.notice("N1", shipments=["S1"])
    story.milestone("S1", "DEPARTED", NOW + HOUR)
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT STOP_NOTICE", [])
    assert story.timeline[-1].detail["late"] == "true"


@pytest.mark.parametrize("classifier", ["ACTUAL", "ESTIMATED"])
def test_the_senders_own_code_is_noted_in_the_timeline_and_that_its_list_doesnt_have_it(classifier: str) -> None:
    story = Story()
    story.ship("S1")
    told = {"shipment_id": "S1", "milestone": "PACKED", "classifier": classifier, "occurred_at": NOW}
    story.feed("shipment.milestone", told)
    assert "source_code" not in story.timeline[-1].detail
    story.feed("shipment.milestone", {**told, "source_code": "dcsa:STUF"})
    assert story.timeline[-1].detail["source_code"] == "dcsa:STUF"
    assert "source_code_unknown" not in story.timeline[-1].detail
    story.feed("shipment.milestone", {**told, "source_code": "dcsa:WXYZ", "code_unknown": True})
    noted = story.timeline[-1].detail
    assert (noted["source_code"], noted["source_code_unknown"]) == ("dcsa:WXYZ", "true")


def test_left_before_anything_was_known_of_it() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED", NOW - HOUR)
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT MOVED_UNRELEASED", ["MOVED_WHILE_HELD"])


def test_a_milestone_about_a_shipment_never_heard_of_creates_it() -> None:
    story = Story()
    story.milestone("S1", "PACKED")
    assert (story.state("S1"), story.told("S1")) == ("HELD MISSING_DATA", ["HELD"])
    story.milestone("S2", "DEPARTED")
    assert (story.state("S2"), story.kinds("S2")) == ("INTERCEPT MISSING_DATA", ["MOVED_WHILE_HELD"])
    story.milestone("S3", "PACKED", classifier="PLANNED")
    assert story.state("S3") == "HELD MISSING_DATA"
    story.correct("S4", "what")
    assert story.state("S4") == "HELD MISSING_DATA"


def test_departed_after_cancelled_opens_it_again() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "CANCELLED")
    story.advance_to(NOW + HOUR)
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT MOVED_UNRELEASED", ["MOVED_WHILE_HELD"])
    assert story.balance() == "0/300 0/1"
    assert story.told("S1") == ["RELEASED", "CLOSED", "INTERCEPT"]


def test_goods_that_left_beyond_the_grant_are_booked_all_the_same_and_take_the_room_of_others() -> None:
    story = Story()
    story.ship("S1", "800 KGM")
    story.ship("S2", "300 KGM")
    assert story.state("S2") == "HELD QTY_EXCEEDED"
    story.milestone("S2", "DEPARTED")
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    assert (story.state("S2"), story.kinds("S2")) == ("RELEASED", ["MOVED_WHILE_HELD"])
    assert (story.balance(), story.kinds("M1")) == ("0/300 0/1", [])
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.balance()) == ("INTERCEPT QTY_EXCEEDED", "0/1100 0/2")
    assert story.kinds("M1") == ["CAP_BELOW_USED"]


def test_a_use_taken_by_goods_that_left_while_held_is_no_use_for_the_one_that_was_released() -> None:
    story = Story(general("T1", licence_line(codes=("6A911.a",)), max_uses=1))
    story.ship("S1", "10 KGM", item="LASER-HEAD")
    story.ship("S2", "10 KGM", item="LASER-HEAD")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD USES_EXCEEDED")
    story.milestone("S2", "DEPARTED")
    assert (story.state("S1"), story.state("S2")) == ("HELD USES_EXCEEDED", "RELEASED")
    assert story.balance("T1") == "0/10 0/1"


def test_an_order_is_held_once_the_last_use_is_gone() -> None:
    story = Story(general("T1", licence_line(codes=("6A911.a",)), max_uses=1))
    story.order("O1", "10 KGM", item="LASER-HEAD")
    assert story.state("O1") == "CLEARED"
    story.ship("S1", "10 KGM", item="LASER-HEAD")
    assert (story.state("S1"), story.state("O1")) == ("RELEASED", "HELD USES_EXCEEDED")
    story.milestone("S1", "CANCELLED")
    assert story.state("O1") == "CLEARED"


def test_what_left_while_closed_is_asked_for_its_order_at_once() -> None:
    story = Story()
    story.ship("S1", order="O1", **TO_ALPHA)
    story.milestone("S1", "CANCELLED")
    story.advance_to(NOW + HOUR)
    story.milestone("S1", "DEPARTED")
    assert story.state("S1") == "INTERCEPT MOVED_UNRELEASED ORDER_UNKNOWN"
    story.rejudge("shipment", "S1", "sweep")
    assert story.state("S1") == "INTERCEPT MOVED_UNRELEASED ORDER_UNKNOWN"


def test_another_licence_takes_over_at_once_what_was_corrected_beyond_the_first() -> None:
    story = Story(general("M2", licence_line(granted="2000 KGM", codes=("1C904.a",)), valid_until=day("2027-12-31")))
    departed(story, net="1000 KGM")
    assert story.balance("M1") == "0/1000 0/1"
    story.correct("S1", "S1-left", "1000.001 KGM")
    assert (story.state("S1"), story.balance("M1")) == ("RELEASED", "0/0 0/0")
    assert story.balance("M2") == "0/1000.001 0/1"


def test_a_departure_dated_ahead_acts_when_its_time_comes() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED", NOW + 2 * HOUR)
    assert story.balance() == "300/0 1/0"
    story.advance_to(NOW + 2 * HOUR)
    assert (story.balance(), story.state("S1")) == ("0/300 0/1", "RELEASED")


def test_one_dated_ahead_that_says_nothing_new_about_closed_goods_ends_its_timer() -> None:
    story = departed(Story())
    story.milestone("S1", "RETURNED")
    story.milestone("S1", "ARRIVED", story.clock + HOUR)
    story.advance_to(story.clock + 3 * HOUR)
    assert (story.state("S1"), story.shipments["S1"].recheck_at) == ("CLOSED", None)


def test_a_licence_with_a_lowered_cap_holds_the_latest_first() -> None:
    story = Story()
    for name in ("S1", "S2", "S3"):
        story.ship(name)
    lowered = story.references.licence("M1")
    assert lowered is not None
    line = licence_line(granted="650 KGM", value="2000000 USD", codes=("1C904.a",))
    story.rule(replace(lowered, version=2, lines=(line,)))
    assert [story.state(name) for name in ("S1", "S2", "S3")] == ["RELEASED", "RELEASED", "HELD QTY_EXCEEDED"]


def test_a_cap_below_what_is_consumed_is_recorded() -> None:
    story = departed(Story())
    lowered = story.references.licence("M1")
    assert lowered is not None
    line = licence_line(granted="200 KGM", value="1 USD", codes=("1C904.a",))
    story.rule(replace(lowered, version=2, lines=(line,), max_uses=0))
    assert story.kinds("M1") == ["CAP_BELOW_USED", "CAP_BELOW_USED"]
    story.rule(replace(lowered, version=3, lines=(replace(line, line_no=2),)))
    assert story.kinds("M1") == ["CAP_BELOW_USED"] * 3
