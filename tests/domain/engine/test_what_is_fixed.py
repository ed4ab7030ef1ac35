"""What a draw keeps: the rate at which it was valued (D3.10), and as what departed goods were measured (D1.7)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.drawing import consumed_draws
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import FxRate, Item
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import at, control, item, licence_line, money, quantity, rate
from tests.domain.engine.lots import drawn, lot, sound, story_with
from tests.domain.story import Story

EURO = rate("EUR", "USD", "1.2", "2026-03-01")
CODE = "1C904.a"


def dearer(version: int, dollars: str, **changes: Any) -> FxRate:
    """A corrected version of the very same rate."""
    return replace(EURO, version=version, rate=Decimal(dollars), **changes)


def valued_story(*rules: Any) -> Story:
    return story_with(lot("G1", "1000 KGM", value="10800 USD"), EURO, *rules)


# D3.10


def test_a_corrected_rate_changes_nothing_of_what_is_reserved_and_counts_for_what_is_new() -> None:
    story = valued_story()
    story.ship("S1", "300 KGM", value="9000 EUR")
    story.rule(dearer(2, "1.3"))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "10800")])
    story.ship("S1", "300 KGM", value="8000 EUR")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "9600")])
    story.ship("S2", "1 KGM", value="1000 EUR")
    assert story.state("S2") == "HELD VALUE_EXCEEDED"
    story.ship("S2", "1 KGM", value="100 EUR")
    assert drawn(story, "S2") == [("G1", "1", "130")]
    sound(story)


def test_the_rate_is_fixed_again_at_departure_and_a_later_version_changes_nothing() -> None:
    story = valued_story()
    story.ship("S1", "300 KGM", value="8000 EUR")
    story.rule(dearer(2, "1.3"))
    story.milestone("S1", "DEPARTED", event_id="left")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "10400")])
    story.rule(dearer(3, "1.5"))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "10400")])
    story.correct("S1", "left", "310 KGM")
    assert (story.told("S1"), drawn(story, "S1")) == (["RELEASED"], [("G1", "310", "10400")])
    story.ship("S1", "310 KGM", value="8100 EUR")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "310", "10530")])
    assert story.kinds("S1") == []
    sound(story)


def test_a_rate_that_is_one_of_another_pair_by_now_leaves_what_was_consumed() -> None:
    story = valued_story()
    story.ship("S1", "300 KGM", value="8000 EUR")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.rule(dearer(2, "1.3", base="CHF"))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "9600")])
    story.correct("S1", "left", "310 KGM")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "310", "9600")])
    story.ship("S1", "310 KGM", value="8100 EUR")
    assert story.state("S1") == "INTERCEPT FX_UNAVAILABLE"


def test_an_order_gives_up_and_gets_back_at_the_rate_at_which_it_reserved() -> None:
    story = valued_story()
    story.order("O1", "500 KGM", value="5000 EUR")
    story.rule(dearer(2, "1.3"))
    assert drawn(story, "O1") == [("G1", "500", "6000")]
    story.ship("S1", "100 KGM", order="O1", value="1000 EUR")
    assert drawn(story, "O1") == [("G1", "400", "4800")]
    story.milestone("S1", "CANCELLED")
    assert drawn(story, "O1") == [("G1", "500", "6000")]
    sound(story)


def test_a_rate_that_is_too_old_is_named() -> None:
    story = valued_story()
    story.with_policy(version=1, fx_max_age_days=2)
    story.advance_to(at("2026-03-04 09:00"))
    story.ship("S1", "300 KGM", value="8000 EUR")
    (hold,) = story.shipments["S1"].holds
    named = {"rate_id": EURO.rate_id, "as_of": "2026-03-01", "limit_days": "2"}
    assert (hold.reason, {key: hold.detail[key] for key in named}) == (Reason.FX_UNAVAILABLE, named)


# D1.7


def rods(version: int, factor: str | None) -> Item:
    """Magnets, so many kilograms a piece; None: nobody says how many."""
    return item("ROD", CODE, factors={"C62": f"{factor} KGM"} if factor else None, version=version)


def departed_pieces(*granted: str) -> Story:
    story = story_with(*(lot(f"G{n}", each) for n, each in enumerate(granted, 1)), control(CODE), rods(1, "2.5"))
    story.ship("S1", "200 C62", item="ROD", value="9000 USD")
    story.milestone("S1", "DEPARTED", event_id="left")
    assert story.state("S1") == "RELEASED"
    return story


@pytest.mark.parametrize("newest", ["6", "1", None])
def test_a_new_factor_changes_nothing_of_what_is_gone(newest: str | None) -> None:
    story = departed_pieces("500 KGM")
    story.rule(rods(2, "6"))
    assert (story.state("S1"), story.balance("G1")) == ("RELEASED", "0/500 0/1")
    story.rule(rods(3, newest))
    story.ship("S1", "200.0 C62", item="ROD", value="9000 USD")
    assert (story.told("S1"), story.balance("G1")) == (["RELEASED"], "0/500 0/1")
    assert (story.kinds("S1"), story.kinds("G1")) == ([], [])
    sound(story)


def test_a_corrected_quantity_is_measured_by_the_newest_factor() -> None:
    story = departed_pieces("500 KGM")
    story.rule(rods(2, "6"))
    story.correct("S1", "left", "210 C62")
    assert (story.state("S1"), story.balance("G1")) == ("INTERCEPT QTY_EXCEEDED", "0/1260 0/1")
    assert story.kinds("G1") == ["CAP_BELOW_USED"]
    sound(story)


def test_another_value_leaves_the_quantity_that_was_consumed() -> None:
    story = departed_pieces("500 KGM")
    story.rule(rods(2, None))
    story.ship("S1", "200 C62", item="ROD", value="9500 USD")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "500", "9500")])


def test_another_item_is_measured_by_its_own_factor() -> None:
    story = departed_pieces("5000 KGM")
    story.rule(item("BAR", CODE, factors={"C62": "6 KGM"}))
    story.ship("S1", "200 C62", item="BAR", value="9000 USD")
    assert (story.told("S1"), drawn(story, "S1")) == (["RELEASED"], [("G1", "1200", "9000")])
    story.rule(item("BAR", CODE, factors={"C62": "7 KGM"}, version=2))
    assert (story.told("S1"), drawn(story, "S1")) == (["RELEASED"], [("G1", "1200", "9000")])
    sound(story)


def test_a_licence_version_that_counts_in_another_unit_changes_nothing_of_what_is_booked() -> None:
    """It contradicts what was drawn (LICENCE_CONFLICT for whoever is new)."""
    story = departed_pieces("500 KGM")
    tonnes = licence_line(granted="0.5 TNE", value="2000000 USD", codes=(CODE,))
    story.rule(replace(lot("G1", "500 KGM", version=2), lines=(tonnes,)))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "500", "9000")])


def test_several_licences_keep_what_was_consumed_of_each() -> None:
    """D3.7."""
    story = departed_pieces("300 KGM", "250 KGM")
    before = drawn(story, "S1")
    assert before == [("G1", "300", "5400"), ("G2", "200", "3600")]
    assert {(draw.asked, draw.asked_value) for draw in story.shipments["S1"].draws} == {
        (quantity("200 C62"), money("9000 USD"))
    }
    story.rule(rods(2, "6"))
    story.rule(rods(3, None))
    assert (story.told("S1"), drawn(story, "S1")) == (["RELEASED"], before)
    story.advance_to(at("2026-03-03 09:00"))
    story.rule(lot("G2", "250 KGM", version=2, status=LicenceStatus.REVOKED))
    assert (story.state("S1"), drawn(story, "S1")) == ("INTERCEPT LICENCE_REVOKED", before)
    sound(story)


@pytest.mark.parametrize("granted", [("500 KGM",), ("300 KGM", "250 KGM")])
def test_what_comes_back_later_stays_consumed_as_it_was_measured(granted: tuple[str, ...]) -> None:
    """D4.1: nothing is given back, and nothing more is taken."""
    story = departed_pieces(*granted)
    before = drawn(story, "S1")
    story.rule(rods(2, "6"))
    story.milestone("S1", "RETURNED")
    assert (story.state("S1"), drawn(story, "S1")) == ("CLOSED", before)
    sound(story)


def test_what_nobody_could_judge_again_keeps_its_quantity_where_only_the_value_is_another() -> None:
    story = departed_pieces("500 KGM")
    story.rule(rods(2, "6"))
    left = story.shipments["S1"]
    assert left.facts is not None
    for value, booked, known in (("9500 USD", "9500 USD", "9500 USD"), ("8000 EUR", "9000 USD", None)):
        lines = (replace(left.facts.lines[0], value=money(value)),)
        (draw,) = consumed_draws(replace(left, facts=replace(left.facts, lines=lines)), story.references)
        assert (draw.quantity, draw.value) == (quantity("500 KGM"), money(booked))
        assert (draw.asked, draw.asked_value) == (quantity("200 C62"), money(known) if known else None)


def test_what_nobody_could_judge_again_changes_in_proportion_with_its_quantity() -> None:
    """D3.7, D4.1; a value in another currency than the licences' with it."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), rate("CNY", "USD", "0.125", "2026-03-01"))
    story.ship("S1", "700 KGM", value="56000 CNY")
    story.milestone("S1", "DEPARTED")
    left = story.shipments["S1"]
    assert left.facts is not None
    lines = (replace(left.facts.lines[0], net_quantity=quantity("350 KGM")),)
    draws = consumed_draws(replace(left, facts=replace(left.facts, lines=lines)), story.references)
    assert [(draw.quantity, draw.value) for draw in draws] == [
        (quantity("150 KGM"), money("1500 USD")),
        (quantity("200 KGM"), money("2000 USD")),
    ]
    assert {(draw.asked, draw.asked_item, draw.asked_value) for draw in draws} == {
        (quantity("350 KGM"), "MAG-ROD", None)
    }


def test_what_nobody_could_judge_again_is_measured_by_the_items_factor_and_worth_what_the_line_says() -> None:
    """D3.7, D3.9; of a line that gives no value the worth goes with the quantity."""
    left = departed_pieces("300 KGM", "250 KGM")
    for value, booked in (("4000 USD", ("2400 USD", "1600 USD")), (None, ("2700 USD", "1800 USD"))):
        draws = _consumed(left, net_quantity=quantity("100 C62"), value=money(value) if value else None)
        assert [draw.quantity for draw in draws] == [quantity("150 KGM"), quantity("100 KGM")]
        assert [draw.value for draw in draws] == [money(each) for each in booked]


def test_goods_of_which_nothing_was_booked_keep_their_worth_when_there_is_something_of_them() -> None:
    story = departed_pieces("500 KGM")
    shipped = story.shipments["S1"]
    nothing = replace(shipped.draws[0], quantity=quantity("0 KGM"))
    story.shipments["S1"] = replace(shipped, draws=(nothing,))
    (draw,) = _consumed(story, net_quantity=quantity("100 C62"), value=money("5 EUR"))
    assert (draw.quantity, draw.value) == (quantity("250 KGM"), money("9000 USD"))


def _consumed(story: Story, **changes: Any) -> tuple[Draw, ...]:
    left = story.shipments["S1"]
    assert left.facts is not None
    return consumed_draws(
        replace(left, facts=replace(left.facts, lines=(replace(left.facts.lines[0], **changes),))), story.references
    )
