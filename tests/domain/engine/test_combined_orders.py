"""Orders that reserve on several licences, and what their shipments take from them (D3.7, D4.1)."""

from __future__ import annotations

from services.gatekeeper.domain.terms import EVERYTHING
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import day
from tests.domain.engine.lots import drawn, lot, sound, story_with


def test_an_order_combines_too_and_its_shipments_take_from_where_it_reserved() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "800 KGM", value="8000 USD")
    assert drawn(story, "O1") == [("G1", "300", "3000"), ("G2", "500", "5000")]
    story.ship("S1", "400 KGM", order="O1", value="4000 USD")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G2", "400", "4000")])
    assert (story.state("O1"), drawn(story, "O1")) == ("CLEARED", [("G1", "300", "3000"), ("G2", "100", "1000")])
    story.ship("S2", "350 KGM", order="O1", value="3500 USD")
    assert (story.state("S2"), drawn(story, "S2")) == ("RELEASED", [("G1", "300", "3000"), ("G2", "50", "500")])
    assert drawn(story, "O1") == [("G1", "0", "0"), ("G2", "50", "500")]
    story.milestone("S2", "DEPARTED")
    assert (story.balance("G1"), story.balance("G2")) == ("0/300 0/1", "450/50 1/1")
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), drawn(story, "O1")) == ("CLEARED", [("G1", "0", "0"), ("G2", "450", "4500")])
    story.ship("S3", "450 KGM", order="O1", value="4500 USD")
    assert (story.state("S3"), story.state("O1"), story.balance("G2")) == ("RELEASED", "CLEARED", "450/50 1/1")
    sound(story)


def test_an_order_shrinks_all_the_same_when_its_shipment_draws_elsewhere() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "800 KGM", value="8000 USD")
    story.rule(lot("E1", "400 KGM"))
    story.ship("S1", "400 KGM", order="O1", value="4000 USD", licences=["E1"])
    assert drawn(story, "S1") == [("E1", "400", "4000")]
    assert drawn(story, "O1") == [("G1", "300", "3000"), ("G2", "100", "1000")]
    story.milestone("S1", "CANCELLED")
    assert drawn(story, "O1") == [("G1", "300", "3000"), ("G2", "500", "5000")]
    sound(story)


def test_an_order_gets_back_where_its_shipment_drew_as_far_as_there_is_room() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "800 KGM", value="8000 USD")
    story.ship("S1", "800 KGM", order="O1", value="8000 USD")
    assert (story.state("S1"), drawn(story, "O1")) == ("RELEASED", [("G1", "0", "0"), ("G2", "0", "0")])
    story.rule(lot("G2", "450 KGM", version=2))
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    assert story.state("O1") == "HELD QTY_EXCEEDED"
    assert (story.balance("G1"), story.balance("G2")) == ("0/0 0/0", "0/0 0/0")
    story.rule(lot("G3", "50 KGM"))
    sound(story)
    assert "CLEARED" in story.state("O1")


def test_two_lines_of_one_shipment_take_from_an_order_on_two_licences() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "800 KGM", value="8000 USD")
    lines = [
        {"line_no": no, "item_no": "MAG-ROD", "net_quantity": {"value": net, "unit": "KGM"}, "order_id": "O1",
         "order_line": 1, "value": {"amount": net + "0", "currency": "USD"}}
        for no, net in ((1, "450"), (2, "350"))
    ]  # fmt: skip
    story.ship("S1", order="O1", lines=lines)
    assert (story.state("S1"), story.state("O1")) == ("RELEASED", "CLEARED")
    assert (story.balance("G1"), story.balance("G2")) == ("300/0 1/0", "500/0 1/0")
    sound(story)


def test_uses_of_an_order_s_own_shipments_do_not_count_against_it_on_any_of_its_licences() -> None:
    story = story_with(lot("G1", "300 KGM", max_uses=1), lot("G2", "500 KGM", max_uses=1))
    story.order("O1", "800 KGM", value="8000 USD")
    story.ship("S1", "700 KGM", order="O1", value="7000 USD")
    assert (story.state("S1"), len(story.shipments["S1"].draws)) == ("RELEASED", 2)
    assert [take.licences for take in story.orders["O1"].takes] == [("G1", "G2")]
    story.rejudge("order", "O1", "sweep")
    assert story.state("O1") == "CLEARED"


def test_an_order_in_tonnes_shrinks_by_kilograms_where_its_licences_count_those() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "0.8 TNE", value="8000 USD")
    assert drawn(story, "O1") == [("G1", "300", "3000"), ("G2", "500", "5000")]
    story.ship("S1", "400 KGM", order="O1", value="4000 USD")
    assert (drawn(story, "S1"), drawn(story, "O1")) == (
        [("G2", "400", "4000")],
        [("G1", "300", "3000"), ("G2", "100", "1000")],
    )
    story.order("O1", "0.6 TNE", value="6000 USD")
    assert drawn(story, "O1") == [("G1", "200", "2000")]
    sound(story)


def test_an_order_in_tonnes_shrinks_as_much_when_its_shipment_draws_elsewhere() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "0.8 TNE", value="8000 USD")
    story.rule(lot("E1", "600 KGM"))
    story.ship("S1", "600 KGM", order="O1", value="6000 USD", licences=["E1"])
    assert drawn(story, "O1") == [("G1", "200", "2000"), ("G2", "0", "0")]
    sound(story)


def test_a_shipment_amended_beyond_one_licence_goes_where_its_order_reserves_enough() -> None:
    """D4.1: what the shipment stood with on the first licence goes back to the order there."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "800 KGM", value="8000 USD")
    story.ship("S1", "300 KGM", order="O1", value="3000 USD")
    assert (drawn(story, "S1"), drawn(story, "O1")) == (
        [("G1", "300", "3000")],
        [("G1", "0", "0"), ("G2", "500", "5000")],
    )
    story.ship("S1", "400 KGM", order="O1", value="4000 USD")
    assert (drawn(story, "S1"), drawn(story, "O1")) == (
        [("G2", "400", "4000")],
        [("G1", "300", "3000"), ("G2", "100", "1000")],
    )
    sound(story)


def test_one_licence_gives_what_another_has_no_value_left_for() -> None:
    """D3.7: of what the order reserves on each, in tonnes, the first gives a third and keeps the rest."""
    story = story_with(lot("G1", "0.3 TNE", value="3000 USD"), lot("G2", "0.5 TNE"))
    story.order("O1", "0.8 TNE", value="8000 USD")
    story.ship("S1", "0.6 TNE", order="O1", value="9000 USD")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "0.2", "3000"), ("G2", "0.4", "6000")])
    assert drawn(story, "O1") == [("G1", "0.1", "0"), ("G2", "0.1", "0")]
    sound(story)


def test_looking_again_leaves_an_order_the_place_to_which_its_goods_go_back() -> None:
    """D4.1: what a cancelled shipment had goes back to its order, before anybody else who waits for it."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "800 KGM", value="8000 USD")
    story.ship("S1", "300 KGM", order="O1", value="3000 USD")
    story.ship("S2", "300 KGM", licences=["G1"])
    assert story.state("S2") == "HELD QTY_EXCEEDED"
    story.sweep(EVERYTHING)
    story.settle()
    assert drawn(story, "O1") == [("G1", "0", "0"), ("G2", "500", "5000")]
    story.milestone("S1", "CANCELLED")
    assert drawn(story, "O1") == [("G1", "300", "3000"), ("G2", "500", "5000")]
    assert (story.state("O1"), story.state("S2")) == ("CLEARED", "HELD QTY_EXCEEDED")
    sound(story)


def test_an_order_that_goes_elsewhere_leaves_nothing_behind() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), lot("G3", "500 KGM", valid_until=day("2026-12-31")))
    story.order("O1", "800 KGM", value="8000 USD", licences=["G1", "G2", "G3"])
    story.ship("S1", "300 KGM", order="O1", value="3000 USD", licences=["G1"])
    assert drawn(story, "O1") == [("G1", "0", "0"), ("G2", "500", "5000")]
    story.rule(lot("G2", "500 KGM", version=2, status=LicenceStatus.SUSPENDED))
    assert (story.state("O1"), drawn(story, "O1")) == ("CLEARED", [("G3", "500", "5000")])
    sound(story)


def test_a_part_of_an_order_on_several_licences_draws_where_the_order_reserves() -> None:
    """D3.5: before others that would come first by number."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.order("O1", "700 KGM")
    story.rule(lot("G0", "1000 KGM"))
    story.ship("S1", "100 KGM", order="O1")
    assert [number for number, _, _ in drawn(story, "S1")] == ["G1"]
