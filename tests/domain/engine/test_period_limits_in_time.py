"""Period limits as days go by: overdue goods, new periods, late and corrected words, orders, later limits (D3.11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.gatekeeper.domain.accounts import LineBalance
from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.periods import Span, next_periods, span_of, used_in
from services.gatekeeper.domain.quantity import Quantity
from tests.domain.builders import M1, at, day, item, licence_line, quantity
from tests.domain.engine.limits import DAY, MONTH, YEAR, by_day, limited, planned, story_with, told
from tests.domain.story import Story


def test_what_should_have_left_counts_as_today_and_is_looked_at_when_a_period_begins() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "200 KGM", planned_departure=planned("2026-03-30 12:00"))
    story.ship("S2", "150 KGM", planned_departure=planned("2026-04-10 12:00"))
    story.advance_to(at("2026-03-31 23:59"))
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "RELEASED")
    story.advance_to(at("2026-04-01 00:00"))
    assert (story.state("S1"), story.state("S2")) == ("HELD PERIOD_LIMIT_EXCEEDED", "RELEASED")
    story.ship("S3", "150 KGM", planned_departure=planned("2026-04-20 12:00"))
    assert story.state("S3") == "RELEASED"
    story.advance_to(at("2026-05-01 00:00"))
    assert story.state("S1") == "HELD PERIOD_LIMIT_EXCEEDED"
    assert told(story, "S1").detail["period_start"] == "2026-05-01"


def test_what_should_have_left_stays_in_the_ledger_where_it_is_however_often_it_is_looked_at() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "200 KGM", planned_departure=planned("2026-03-30 12:00"))
    story.advance_to(at("2026-04-03 00:00"))
    written = len(story.ledger)
    story.rejudge("shipment", "S1", "sweep")
    assert (story.state("S1"), len(story.ledger), by_day(story)) == ("RELEASED", written, {"2026-03-30": "200/0"})
    story.ship("S2", "100.001 KGM", planned_departure=planned("2026-04-20 12:00"))
    assert story.state("S2") == "HELD PERIOD_LIMIT_EXCEEDED"
    story.milestone("S1", "DEPARTED")
    assert by_day(story) == {"2026-04-03": "0/200"}


def test_who_waits_for_a_new_period_goes_by_order_of_arrival() -> None:
    story = story_with(
        ("300 KGM", DAY), lines=(licence_line(granted="9000 KGM", value="2000000 USD", codes=("1C904.a",)),)
    )
    story.ship("S9", "300 KGM", planned_departure=planned("2026-03-02 12:00"))
    story.milestone("S9", "DEPARTED")
    story.ship("S3", "300 KGM", planned_departure=planned("2026-03-02 12:00"))
    story.order("O1", "300 KGM", planned_export_date="2026-03-02")
    story.ship("S2", "300 KGM", planned_departure=planned("2026-03-02 12:00"))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-02 12:00"))
    arrived = [story.state(name) for name in ("S3", "O1", "S2", "S1")]
    assert arrived == ["HELD PERIOD_LIMIT_EXCEEDED"] * 4
    # Looked at first is who is last in line: the dates of all are the same.
    story.shipments = dict(sorted(story.shipments.items()))
    story.advance_to(at("2026-03-03 00:00"))
    assert story.state("S3") == "RELEASED"
    story.milestone("S3", "DEPARTED")
    story.advance_to(at("2026-03-04 00:00"))
    held = [name for name in ("O1", "S2", "S1") if story.state(name) == "HELD PERIOD_LIMIT_EXCEEDED"]
    assert (story.state("O1"), held) == ("CLEARED", ["S2", "S1"])


def test_an_order_waits_for_the_next_period_too() -> None:
    story = story_with(("300 KGM", DAY))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-02 12:00"))
    story.order("O1", "300 KGM", planned_export_date="2026-03-02")
    assert story.state("O1") == "HELD PERIOD_LIMIT_EXCEEDED"
    story.milestone("S1", "DEPARTED")
    assert story.state("O1") == "HELD PERIOD_LIMIT_EXCEEDED"
    story.advance_to(at("2026-03-03 00:00"))
    assert (story.state("O1"), by_day(story)) == ("CLEARED", {"2026-03-02": "0/300", "2026-03-03": "300/0"})


def test_a_day_limit_by_which_nothing_may_ever_go_is_asked_every_day() -> None:
    story = story_with(("100 KGM", DAY))
    story.ship("S1", "300 KGM")
    story.advance_to(at("2026-03-08 09:00"))
    assert story.shipments["S1"].recheck_at == at("2026-03-09 00:00")
    assert story.state("S1") == "HELD PERIOD_LIMIT_EXCEEDED"


def test_goods_that_left_in_a_full_period_are_booked_above_the_limit() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.ship("S2", "100 KGM")
    story.milestone("S2", "DEPARTED")
    assert story.state("S2") == "INTERCEPT PERIOD_LIMIT_EXCEEDED"
    assert (story.kinds("S2"), by_day(story)) == (["MOVED_WHILE_HELD"], {"2026-03-02": "0/400"})
    story.correct("S1", "left", "200 KGM")
    assert story.state("S2") == "RELEASED"


def test_who_reserves_in_a_period_gives_way_to_what_left_in_it_while_held() -> None:
    """What may still be kept back is, latest first: as when a cap is lowered (D4.5, D3.11)."""
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "100 KGM")
    story.ship("S2", "200 KGM")
    story.ship("S3", "200 KGM")
    story.milestone("S3", "DEPARTED")
    assert [story.state(name) for name in ("S1", "S2", "S3")] == ["RELEASED", "HELD PERIOD_LIMIT_EXCEEDED", "RELEASED"]
    assert (story.kinds("S3"), by_day(story)) == (["MOVED_WHILE_HELD"], {"2026-03-02": "0/200", "2026-03-05": "100/0"})


def test_of_a_limit_by_the_items_own_factors_too_who_reserves_gives_way() -> None:
    story = story_with(("10 C62", MONTH))
    story.rule(item("MAG-ROD", "1C904.a", factors={"C62": "30 KGM"}, version=2))
    story.ship("S1", "300 KGM")
    story.ship("S2", "1 KGM")
    story.milestone("S2", "DEPARTED")
    assert [story.state(name) for name in ("S1", "S2")] == ["HELD PERIOD_LIMIT_EXCEEDED", "RELEASED"]


def test_a_departure_reported_late_counts_in_the_period_in_which_it_was() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-31 12:00"))
    story.advance_to(at("2026-04-02 09:00"))
    story.ship("S2", "1 KGM", planned_departure=planned("2026-04-10 12:00"))
    assert story.state("S2") == "HELD PERIOD_LIMIT_EXCEEDED"
    story.milestone("S1", "DEPARTED", at("2026-03-31 13:00"))
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "RELEASED")
    assert by_day(story) == {"2026-03-31": "0/300", "2026-04-10": "1/0"}


def test_a_later_word_of_the_day_of_departure_moves_what_was_consumed() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-04-10 12:00"))
    story.advance_to(at("2026-04-11 09:00"))
    story.milestone("S1", "ARRIVED", at("2026-04-11 08:00"))
    story.ship("S2", "300 KGM", planned_departure=planned("2026-04-20 12:00"))
    assert (story.state("S2"), by_day(story)) == ("HELD PERIOD_LIMIT_EXCEEDED", {"2026-04-11": "0/300"})
    story.milestone("S1", "DEPARTED", at("2026-03-31 23:59"))
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "RELEASED")
    assert by_day(story) == {"2026-03-31": "0/300", "2026-04-20": "300/0"}


def test_a_correction_must_fit_the_period_of_the_departure_as_far_as_it_adds() -> None:
    """D1.7: after departure the balance is asked again where a correction made the quantity larger."""
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "200 KGM")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.ship("S2", "50 KGM")
    story.milestone("S2", "DEPARTED")
    story.correct("S1", "left", "250 KGM")
    assert story.state("S1") == "RELEASED"
    story.correct("S1", "left", "250.001 KGM")
    assert story.state("S1") == "INTERCEPT PERIOD_LIMIT_EXCEEDED"
    assert by_day(story) == {"2026-03-02": "0/300.001"}
    story.milestone("S2", "SHIPPING_VOIDED")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD PERIOD_LIMIT_EXCEEDED")
    story.rule(limited(("10 KGM", MONTH), version=3))
    assert story.state("S1") == "RELEASED"
    story.correct("S1", "left", "240 KGM")
    assert story.state("S1") == "RELEASED"


def test_a_void_departure_and_a_return_leave_the_sums_right() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "SHIPPING_VOIDED")
    assert by_day(story) == {"2026-03-05": "300/0"}
    story.milestone("S1", "RETURNED")
    assert (story.state("S1"), by_day(story)) == ("CLOSED", {"2026-03-02": "0/300"})
    story.ship("S2", "1 KGM")
    assert story.state("S2") == "HELD PERIOD_LIMIT_EXCEEDED"


def test_an_order_reserves_for_its_planned_day_and_its_shipments_for_theirs() -> None:
    story = story_with(("300 KGM", MONTH))
    story.order("O1", "300 KGM", planned_export_date="2026-04-05")
    story.ship("S1", "200 KGM", order="O1")
    assert (story.state("S1"), by_day(story)) == ("RELEASED", {"2026-03-05": "200/0", "2026-04-05": "100/0"})
    story.ship("S2", "200.001 KGM", planned_departure=planned("2026-04-06 12:00"))
    assert story.state("S2") == "HELD PERIOD_LIMIT_EXCEEDED"
    story.ship("S2", "200 KGM", planned_departure=planned("2026-04-06 12:00"))
    assert story.state("S2") == "RELEASED"
    # Cancelled, S1 gives back to its order what April has no room for: it keeps what there is, and is judged anew.
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), by_day(story)) == ("HELD PERIOD_LIMIT_EXCEEDED", {"2026-04-06": "200/0"})


def test_a_shipment_takes_the_place_of_its_order_in_the_same_period() -> None:
    story = story_with(("300 KGM", MONTH))
    story.order("O1", "300 KGM")
    story.ship("S1", "300 KGM", order="O1")
    assert (story.state("O1"), story.state("S1"), by_day(story)) == ("CLEARED", "RELEASED", {"2026-03-05": "300/0"})
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), by_day(story)) == ("CLEARED", {"2026-03-05": "300/0"})


def test_two_lines_that_take_from_one_order_leave_no_more_than_the_limit() -> None:
    story = story_with(("300 KGM", MONTH))
    story.order("O1", "300 KGM")
    lines = [
        {"line_no": no, "item_no": "MAG-ROD", "net_quantity": {"value": net, "unit": "KGM"}, "order_id": "O1",
         "order_line": 1, "value": {"amount": "100", "currency": "USD"}}
        for no, net in ((1, "200"), (2, "100"))
    ]  # fmt: skip
    story.ship("S1", order="O1", lines=lines)
    assert (story.state("S1"), by_day(story)) == ("RELEASED", {"2026-03-05": "300/0"})


def test_another_planned_export_date_moves_what_an_order_reserves() -> None:
    story = story_with(("300 KGM", MONTH))
    story.order("O1", "300 KGM")
    story.order("O1", "300 KGM", planned_export_date="2026-04-05")
    assert (story.state("O1"), by_day(story)) == ("CLEARED", {"2026-04-05": "300/0"})


def test_a_limit_that_comes_later_counts_what_was_drawn_before_and_holds_the_latest_first() -> None:
    story = Story(replace(M1, version=2, max_uses=None))
    story.ship("S1", "100 KGM")
    story.milestone("S1", "DEPARTED")
    for name in ("S2", "S3", "S4"):
        story.ship(name, "100 KGM")
    story.rule(limited(("300 KGM", MONTH), version=3))
    states = [story.state(name) for name in ("S1", "S2", "S3", "S4")]
    assert states == ["RELEASED", "RELEASED", "RELEASED", "HELD PERIOD_LIMIT_EXCEEDED"]
    assert by_day(story) == {"2026-03-02": "0/100", "2026-03-05": "200/0"}
    story.rule(limited(("400 KGM", MONTH), version=4))
    assert story.state("S4") == "RELEASED"
    story.rule(limited(version=5))
    story.ship("S5", "100 KGM")
    story.rule(limited(("400 KGM", MONTH), version=6))
    assert story.state("S5") == "HELD PERIOD_LIMIT_EXCEEDED"


def test_a_limit_in_another_unit_counts_by_its_factor_or_not_at_all() -> None:
    story = story_with(("0.3 TNE", MONTH))
    story.ship("S1", "300 KGM")
    story.ship("S2", "0.001 KGM")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD PERIOD_LIMIT_EXCEEDED")
    pieces = story_with(("10 C62", MONTH))
    pieces.ship("S1", "1 KGM")
    assert pieces.state("S1") == "HELD UNIT_NOT_CONVERTIBLE"
    detail = told(pieces, "S1").detail
    assert (detail["unit"], detail["licence_unit"], detail["item_no"]) == ("C62", "KGM", "MAG-ROD")
    pieces.milestone("S1", "DEPARTED")
    assert (pieces.state("S1"), pieces.balance()) == ("INTERCEPT UNIT_NOT_CONVERTIBLE", "0/1 0/1")


def test_an_order_gets_nothing_back_under_a_limit_that_can_not_be_counted_for_it() -> None:
    story = Story(replace(M1, version=2, max_uses=None))
    story.order("O1", "300 KGM")
    story.ship("S1", "200 KGM", order="O1")
    waiting = limited(("10 C62", MONTH), version=3)
    story.references = story.references.with_changes(story.references.rules_version + 1, [waiting], [], [])
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), story.balance()) == ("HELD UNIT_NOT_CONVERTIBLE", "0/0 0/0")


def test_a_period_holds_its_first_and_its_last_day() -> None:
    assert span_of(MONTH, day("2028-02-29")) == Span(day("2028-02-01"), day("2028-02-29"))
    assert span_of(MONTH, day("2026-12-05")) == Span(day("2026-12-01"), day("2026-12-31"))
    assert span_of(YEAR, day("2026-12-05")) == Span(day("2026-01-01"), day("2026-12-31"))
    assert span_of(DAY, day("2026-12-05")) == Span(day("2026-12-05"), day("2026-12-05"))
    many = limited(("1 KGM", DAY), ("1 KGM", MONTH), ("2 KGM", MONTH), ("1 KGM", YEAR))
    assert next_periods(many, day("2026-12-05")) == (at("2026-12-06 00:00"), at("2027-01-01 00:00"))
    assert next_periods(many, day("9999-12-31")) == ()


def test_where_no_days_are_known_everything_counts() -> None:
    known = LineBalance(1, Quantity(quantity("3 KGM").value, "KGM").value, quantity("4 KGM").value)
    assert used_in(known, Span(day("2026-03-01"), day("2026-03-31")), day("2026-03-02")) == 7


def test_the_day_of_a_draw_is_the_day_that_counts() -> None:
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-05 12:00") + timedelta(days=1))
    (draw,) = story.shipments["S1"].draws
    assert isinstance(draw, Draw)
    assert draw.day == day("2026-03-06")


def test_what_came_back_counts_in_the_period_of_the_departure_that_is_left_when_another_did_not_occur() -> None:
    """A period limit counts what was consumed on the ACTUAL day, of goods that were returned too (D3.11)."""
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-31 12:00"))
    story.advance_to(at("2026-04-03 09:00"))
    for milestone, occurred in (("DEPARTED", "03-31 23:59"), ("ARRIVED", "04-01 12:00"), ("RETURNED", "04-02 12:00")):
        story.milestone("S1", milestone, at(f"2026-{occurred}"), event_id=milestone)
    story.ship("S2", "300 KGM", planned_departure=planned("2026-04-20 12:00"))
    assert (story.state("S2"), by_day(story)) == ("RELEASED", {"2026-03-31": "0/300", "2026-04-20": "300/0"})
    story.correct("S1", "DEPARTED")
    assert (story.state("S1"), story.balance()) == ("CLOSED", "0/300 0/1")
    assert (story.state("S2"), by_day(story)) == ("HELD PERIOD_LIMIT_EXCEEDED", {"2026-04-01": "0/300"})
