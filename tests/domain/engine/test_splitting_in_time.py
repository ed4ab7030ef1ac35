"""SPLIT_SUSPECTED as shipments leave, come back, are late or corrected: on which day what counts, and who follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from services.gatekeeper.domain.vocabulary import Balance
from tests.domain.builders import at, day, quantity
from tests.domain.engine.splits import HELD, begun, departs, send
from tests.domain.story import Story

TEN = {"value": "10", "unit": "KGM"}


def test_what_departed_counts_on_the_day_on_which_it_did() -> None:
    story = begun()
    send(story, "S1", "60 KGM", "2026-04-05")
    story.advance_to(at("2026-03-10 09:00"))
    departs(story, "S1", at("2026-03-09 23:59"))
    entry = story.shipments["S1"].families[0]
    assert (entry.day, entry.balance) == (day("2026-03-09"), Balance.CONSUMED)
    assert send(story, "S2", "60 KGM", "2026-04-07") == HELD
    assert send(story, "S2", "60 KGM", "2026-04-08") == "RELEASED"
    story.milestone("S1", "DELIVERED")
    assert send(story, "S3", "60 KGM", "2026-03-20") == HELD


def test_who_waited_follows_when_the_goods_before_it_left_on_another_day() -> None:
    story = begun()
    send(story, "S1", "60 KGM", "2026-05-05")
    assert send(story, "S2", "60 KGM", "2026-04-06") == HELD
    departs(story, "S1")
    assert story.state("S2") == "RELEASED"


def test_those_behind_are_held_when_goods_leave_nearer_to_them_than_was_planned() -> None:
    story = begun()
    send(story, "S1", "60 KGM", "2026-05-05")
    send(story, "S2", "60 KGM", "2026-03-06")
    assert story.state("S2") == "RELEASED"
    departs(story, "S1")
    assert story.state("S2") == HELD
    assert story.state("S1") == "RELEASED"


def test_earlier_ones_stay_when_a_later_one_leaves_while_held() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    send(story, "S2", "60 KGM")
    send(story, "S3", "30 KGM")
    departs(story, "S2")
    assert story.state("S2") == "INTERCEPT SPLIT_SUSPECTED"
    assert (story.state("S1"), story.state("S3")) == ("RELEASED", HELD)


def test_what_left_while_held_stays_so_until_the_sum_fits_its_day() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    send(story, "S2", "60 KGM")
    departs(story, "S2")
    departs(story, "S1")
    story.advance_to(at("2026-05-20 09:00"))
    story.rejudge("shipment", "S2", "sweep")
    assert story.state("S2") == "INTERCEPT SPLIT_SUSPECTED"
    story.milestone("S1", "SHIPPING_VOIDED")
    assert story.state("S1") == "RELEASED"
    assert story.state("S2") == "RELEASED"


def test_what_left_released_is_not_judged_anew() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    assert "family:valves/ALPHA" in story.shipments["S1"].terms
    departs(story, "S1")
    assert "family:valves/ALPHA" not in story.shipments["S1"].terms
    story.with_policy(split_limit=quantity("10 KGM"))
    story.sweep(((),))
    assert story.state("S1") == "RELEASED"
    story.unreadable("shipment", "S1")
    story.rejudge("shipment", "S1", "sweep")
    assert "SPLIT_SUSPECTED" not in story.state("S1")


def test_what_was_corrected_after_departure_counts_as_it_was() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    send(story, "S2", "40 KGM")
    departs(story, "S1", event_id="left")
    story.correct("S1", "left", "60.001 KGM")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", HELD)
    story.correct("S1", "left", "60 KGM")
    assert story.state("S2") == "RELEASED"


def test_a_departure_that_did_not_occur_gives_nothing_away() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    departs(story, "S1")
    story.milestone("S1", "SHIPPING_VOIDED")
    assert story.state("S1") == "RELEASED"
    assert story.shipments["S1"].families[0].balance is Balance.RESERVED
    assert send(story, "S2", "60 KGM") == HELD


def test_what_came_back_was_exported_all_the_same() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    departs(story, "S1")
    story.advance_to(at("2026-03-08 09:00"))
    story.milestone("S1", "RETURNED")
    assert story.state("S1") == "CLOSED"
    assert story.shipments["S1"].families[0].day == day("2026-03-02")
    assert send(story, "S2", "60 KGM", "2026-03-31") == HELD
    assert send(story, "S2", "60 KGM", "2026-04-01") == "RELEASED"


def test_what_came_back_without_a_departure_counts_on_the_day_of_its_return() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    story.milestone("S1", "RETURNED")
    entry = story.shipments["S1"].families[0]
    assert (entry.day, entry.balance) == (day("2026-03-02"), Balance.CONSUMED)


def test_overdue_goods_count_as_today_and_are_asked_every_day() -> None:
    story = begun()
    send(story, "S1", "60 KGM", "2026-03-05")
    assert send(story, "S2", "60 KGM", "2026-04-10") == "RELEASED"
    story.advance_to(at("2026-03-11 23:59"))
    assert story.shipments["S1"].families[0].day == day("2026-03-11")
    assert story.state("S1") == "RELEASED"
    story.advance_to(at("2026-03-12 00:00"))
    assert (story.state("S1"), story.state("S2")) == (HELD, "RELEASED")
    departs(story, "S2")
    story.advance_to(at("2026-04-10 23:59"))
    assert story.state("S1") == HELD
    story.advance_to(at("2026-04-11 00:00"))
    assert story.state("S1") == "RELEASED"


def test_goods_that_are_not_overdue_or_are_gone_are_not_asked_every_day() -> None:
    """D7.1: the day after the planned one is the next date; at sea there is none."""
    story = begun()
    send(story, "S1", "60 KGM", "2026-03-05")
    assert story.shipments["S1"].recheck_at == at("2026-03-06 00:00")
    story.advance_to(at("2026-03-08 12:00"))
    departs(story, "S1")
    assert story.shipments["S1"].recheck_at is None


def test_who_waits_for_a_window_to_pass_goes_by_order_of_arrival() -> None:
    story = begun()
    send(story, "S9", "100 KGM", "2026-03-02")
    departs(story, "S9")
    for name in ("S3", "S2", "S1"):
        assert send(story, name, "60 KGM") == HELD
    # Looked at first is who is last in line: the dates of all are the same.
    story.shipments = dict(sorted(story.shipments.items()))
    story.advance_to(at("2026-04-01 00:00"))
    assert [story.state(name) for name in ("S3", "S2", "S1")] == ["RELEASED", HELD, HELD]


def test_what_left_long_ago_and_is_reported_now_holds_nobody() -> None:
    story = begun()
    send(story, "S1", "60 KGM")
    send(story, "S2", "60 KGM", "2026-04-10")
    departs(story, "S1", at("2026-01-31 23:59"))
    assert story.state("S2") == "RELEASED"
    story.correct("S1", "event-7", "200 KGM")
    assert story.shipments["S1"].families[0].day == day("2026-01-31")
    assert story.state("S2") == "RELEASED"


def test_what_left_in_a_unit_that_nobody_can_convert_is_suspected_for_those_behind() -> None:
    story = begun()
    send(story, "S1", "1 C62")
    send(story, "S2", "60 KGM")
    departs(story, "S1")
    assert story.state("S1") == "INTERCEPT UNIT_NOT_CONVERTIBLE"
    assert story.state("S2") == HELD
    story.ship("S1", "1 KGM", item="VALVE", planned_departure=at("2026-03-05 18:00"))
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "RELEASED")


def test_goods_that_leave_on_another_day_concern_others_only_when_they_make_too_much_of_it() -> None:
    """Exactly the limit is fine, and what left longer ago than a window adds to no sum of what may still leave."""
    story = begun()
    send(story, "S1", "60 KGM")
    send(story, "S2", "40 KGM", "2026-03-06")
    assert looked_at(story, lambda: departs(story, "S1", at("2026-03-01 12:00"))) == {"S1"}
    for left, concerned in (("2026-02-01", {"S2", "S3"}), ("2026-01-31", {"S2"})):
        story = begun()
        send(story, "S1", "90 KGM")
        departs(story, "S1", at(f"{left} 12:00"))
        send(story, "S2", "20 KGM")
        send(story, "S3", "10 KGM", "2026-03-06")
        assert looked_at(story, partial(departs, story, "S2", at("2026-02-25 12:00"))) == concerned


def test_a_line_to_nobody_does_not_hide_that_another_is_overdue_and_counts_as_today_every_day() -> None:
    """D3.8."""
    story = begun()
    story.order("O1", "10 KGM", item="VALVE")
    lines = [
        {"line_no": 1, "item_no": "VALVE", "net_quantity": TEN, "order_id": "O1", "order_line": 1},
        {"line_no": 2, "item_no": "VALVE", "net_quantity": TEN},
    ]
    send(story, "S1", "1 KGM", "2026-03-01", order="O1", lines=lines)
    assert story.shipments["S1"].recheck_at == at("2026-03-03 00:00")


def looked_at(story: Story, happens: Callable[[], None]) -> set[str]:
    before = len(story.decisions)
    happens()
    return {decision.owner_id for decision in story.decisions[before:]}
