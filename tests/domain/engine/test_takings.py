"""Who is looked at again, and where an order shrinks, when its shipments take and give back (D3.7, D4.1, D4.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.vocabulary import Classification
from tests.domain.builders import at, general, item, licence_line, rate
from tests.domain.engine.lots import drawn, lot, sound, story_with
from tests.domain.story import Story


def of(order_id: str, line_no: int, net: str) -> dict[str, Any]:
    """A shipment line of the first line of that order, worth ten dollars a kilogram."""
    return {
        "line_no": line_no, "item_no": "MAG-ROD", "order_id": order_id, "order_line": 1,
        "net_quantity": {"value": net, "unit": "KGM"}, "value": {"amount": f"{net}0", "currency": "USD"},
    }  # fmt: skip


def decided(story: Story, since: int) -> list[str]:
    return [decision.owner_id for decision in story.decisions[since:]]


def test_a_departure_with_what_was_released_concerns_no_other_shipment_of_the_order() -> None:
    story = Story()
    story.order("O1", "800 KGM")
    story.ship("S1", order="O1")
    story.ship("S2", order="O1")
    before = len(story.decisions)
    story.milestone("S1", "DEPARTED")
    assert decided(story, before) == ["S1"]


def test_an_order_that_is_only_looked_at_again_concerns_none_of_its_shipments() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    before = len(story.decisions)
    story.rejudge("order", "O1", "timer")
    story.settle()
    assert decided(story, before) == ["O1"]


def test_a_departure_with_more_than_was_released_is_a_question_for_the_other_shipments_of_the_order() -> None:
    story = Story()
    story.order("O1", "800 KGM")
    story.ship("S1", order="O1")
    story.ship("S2", order="O1")
    story.milestone("S1", "DEPARTED")
    before = len(story.decisions)
    story.ship("S1", "600 KGM", order="O1")
    assert "S2" in decided(story, before)


def test_what_a_shipment_draws_for_another_order_moves_nothing_in_the_first() -> None:
    """D3.7: each order gives up where its own lines draw."""
    story = story_with(lot("G1", "600 KGM"), lot("G2", "500 KGM"))
    story.order("O2", "300 KGM", value="3000 USD")
    story.order("O1", "800 KGM", value="8000 USD")
    assert (drawn(story, "O2"), drawn(story, "O1")) == (
        [("G1", "300", "3000")],
        [("G1", "300", "3000"), ("G2", "500", "5000")],
    )
    story.ship("S1", order="O1", lines=[of("O1", 1, "400"), of("O2", 2, "200")])
    assert drawn(story, "S1") == [("G2", "400", "4000"), ("G1", "200", "2000")]
    assert (drawn(story, "O2"), drawn(story, "O1")) == (
        [("G1", "100", "1000")],
        [("G1", "300", "3000"), ("G2", "100", "1000")],
    )
    sound(story)


def test_an_order_keeps_on_each_licence_what_its_shipment_left_there() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "800 KGM", value="8000 USD")
    before = len(story.decisions)
    story.ship("S1", "100 KGM", order="O1", value="1000 USD")
    assert (drawn(story, "S1"), drawn(story, "O1")) == (
        [("G1", "100", "1000")],
        [("G1", "200", "2000"), ("G2", "500", "5000")],
    )
    assert decided(story, before) == ["S1"]
    sound(story)


def test_an_order_taken_whole_knows_where_it_reserved_when_it_is_looked_at_again() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", "500 KGM", order="O1", value="15000 USD")
    story.rejudge("order", "O1", "sweep")
    assert (story.state("O1"), drawn(story, "O1")) == ("CLEARED", [("M1", "0", "0")])


def test_a_shipment_amended_for_one_of_its_orders_takes_more_of_that_one_alone() -> None:
    story = Story()
    story.order("O1", "300 KGM")
    story.order("O2", "300 KGM")
    story.ship("S1", order="O1", lines=[of("O1", 1, "100"), of("O2", 2, "100")])
    story.ship("S1", order="O1", lines=[of("O1", 1, "100"), of("O2", 2, "200")])
    left = [drawn(story, order_id)[0][1] for order_id in ("O1", "O2")]
    assert (left, story.balance()) == (["200", "100"], "600/0 1/0")


def test_an_order_reserves_nothing_for_what_needs_no_licence_any_more() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.rule(item("MAG-ROD", version=2, classification=Classification.NOT_CONTROLLED))
    assert (story.state("O1"), story.orders["O1"].draws, story.balance()) == ("CLEARED", (), "0/0 0/0")


def test_a_line_left_out_of_an_amended_order_reserves_nothing() -> None:
    story = Story()
    two = [
        {"line_no": no, "item_no": "MAG-ROD", "quantity": {"value": "200", "unit": "KGM"},
         "value": {"amount": "2000", "currency": "USD"}} for no in (1, 2)
    ]  # fmt: skip
    story.order("O1", lines=two)
    assert story.balance() == "400/0 0/0"
    story.ship("S1", order="O1", lines=[{**of("O1", 1, "200"), "order_line": 2}])
    story.order("O1", lines=two[:1])
    assert [draw.line_no for draw in story.orders["O1"].draws] == [1]


def test_an_order_cancelled_before_delivery_stays_so_for_what_was_delivered_under_it() -> None:
    """D1.7: from DELIVERED on a shipment follows its order neither there nor back."""
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.cancel("O1")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "DELIVERED")
    assert story.state("S1").startswith("INCIDENT ORDER_CANCELLED")
    story.order("O1")
    assert story.state("O1") == "CLEARED"
    story.rejudge("shipment", "S1", "order")
    assert story.state("S1").startswith("INCIDENT ORDER_CANCELLED")


def test_goods_that_left_under_a_stop_are_not_asked_about_their_order_later() -> None:
    """D1.6: what was open at departure stays open; a cancellation after it was no reason then."""
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.notice("N1", shipments=["S1"])
    story.milestone("S1", "DEPARTED")
    story.cancel("O1")
    assert "ORDER_CANCELLED" not in story.state("S1")
    assert "STOP_NOTICE" in story.state("S1")


def test_an_order_unknown_at_departure_is_a_question_for_its_own_line_alone() -> None:
    """D1.6: the other line's order, which was known then, is not asked about later."""
    story = Story()
    story.order("O1")
    story.ship("S1", lines=[of("O1", 1, "100"), of("O9", 2, "100")])
    assert "ORDER_UNKNOWN" in story.state("S1")
    story.milestone("S1", "DEPARTED")
    story.cancel("O1")
    assert "ORDER_UNKNOWN" in story.state("S1")
    assert "ORDER_CANCELLED" not in story.state("S1")


def test_an_unknown_order_that_turns_out_cancelled_after_the_departure_is_said_beside_a_stop() -> None:
    """D1.6: what was open at departure because nothing was known may turn into another reason."""
    story = Story()
    story.ship("S1", lines=[of("O9", 1, "100")])
    story.notice("N1", shipments=["S1"])
    story.milestone("S1", "DEPARTED")
    assert "ORDER_UNKNOWN" in story.state("S1")
    story.order("O9", status="CANCELLED")
    assert "ORDER_CANCELLED" in story.state("S1")
    assert "STOP_NOTICE" in story.state("S1")


def test_an_order_gives_up_no_more_value_than_its_shipment_takes_of_it() -> None:
    """D4.1: a shipment that is valued in another currency takes its share of the order's value."""
    story = Story(
        rate("EUR", "USD", "1", "2026-03-01"),
        general("M1", licence_line(codes=("1C904.a",), value="10000 USD"), version=2),
    )
    story.order("O1", "500 KGM", value="5000 USD")
    story.order("O2", "100 KGM", value="4000 USD")
    story.ship("S1", "100 KGM", order="O1", value="2000.01 EUR")
    assert (story.state("S1"), story.accounts["M1"].lines[1].value_reserved) == ("HELD VALUE_EXCEEDED", Decimal(9000))
    story.ship("S1", "100 KGM", order="O1", value="2000 EUR")
    assert (story.state("S1"), story.accounts["M1"].lines[1].value_reserved) == ("RELEASED", Decimal(10000))


def test_an_order_on_one_line_of_a_licence_is_held_once_goods_of_another_take_its_last_use() -> None:
    """D4.1: an order holds no use."""
    heads, rods = licence_line(codes=("6A911.a",)), licence_line(2, codes=("1C904.a",))
    story = Story(general("T1", heads, rods, max_uses=2))
    story.ship("S1", "10 KGM", licences=["T1"])
    story.milestone("S1", "DEPARTED")
    story.order("O1", "10 KGM", item="LASER-HEAD")
    story.ship("S2", "10 KGM", item="LASER-HEAD")
    assert (story.state("O1"), story.state("S2")) == ("HELD USES_EXCEEDED", "RELEASED")


def test_a_shipment_that_asks_for_more_weight_gives_those_that_wait_nothing_to_look_at() -> None:
    """D4.4: only what comes back is a reason to look again."""
    story = Story()
    story.ship("S1", "1001 KGM")
    story.ship("S2", "100 KGM")
    before = len(story.decisions)
    story.ship("S2", "150 KGM")
    assert [decision.owner_id for decision in story.decisions[before:]] == ["S2"]


def test_what_a_correction_delivers_too_much_stays_so_though_it_came_with_the_report_of_the_departure() -> None:
    """D4.3, D7.2: at the very same instant."""
    story = Story()
    story.order("O1", "200 KGM")
    story.ship("S1", "200 KGM", order="O1")
    story.advance_to(at("2026-03-02 12:00"))
    story.milestone("S1", "DEPARTED", at("2026-03-02 11:00"), event_id="left")
    story.correct("S1", "left", "250 KGM")
    story.rejudge("shipment", "S1", "sweep")
    assert story.state("S1") == "INTERCEPT OVER_DELIVERY"
