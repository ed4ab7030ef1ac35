"""Several licences for one line (D3.7, `combine_licences`): in the order of D3.5, each giving what it has."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.gatekeeper.domain.rule_entities import PeriodLimit
from services.gatekeeper.domain.vocabulary import LicenceStatus, Period
from tests.domain.builders import at, day, general, item, licence_line, notice, quantity, rate
from tests.domain.engine.lots import drawn, lot, single, sound, story_with
from tests.domain.properties.histories import total


def test_two_licences_cover_what_neither_does_and_value_goes_in_proportion() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="14000 USD")
    assert (story.state("S1"), drawn(story, "S1")) == (
        "RELEASED", [("G1", "300", "6000"), ("G2", "400", "8000")],
    )  # fmt: skip
    assert (story.accounts["G1"].uses_reserved, story.accounts["G2"].uses_reserved) == (1, 1)
    sound(story)


def test_without_the_policy_one_line_draws_from_one_licence_line() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), combine=False)
    story.ship("S1", "700 KGM")
    assert (story.state("S1"), drawn(story, "S1")) == ("HELD QTY_EXCEEDED", [])


def test_who_is_covered_by_one_is_not_combined() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "500 KGM")
    assert drawn(story, "S1") == [("G2", "500", "9000")]


def test_exactly_what_they_have_together_goes_and_a_gram_more_has_the_nearest_s_reasons() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), lot("G3", "100 KGM"))
    story.ship("S1", "900 KGM")
    assert [number for number, *_ in drawn(story, "S1")] == ["G1", "G2", "G3"]
    story.ship("S1", "900.001 KGM")
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    (hold,) = story.shipments["S1"].holds
    assert (dict(hold.subject)["licence_no"], hold.detail["available"]) == ("G1", "300 KGM")
    sound(story)


def test_general_licences_give_first_then_who_ends_first() -> None:
    story = story_with(
        single("A1", "400 KGM", valid_until=day("2026-04-30")), single("A2", "400 KGM"), lot("Z1", "100 KGM")
    )
    story.ship("S1", "550 KGM")
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("A1", "400"), ("A2", "50"), ("Z1", "100")]
    assert total(draw.value.amount for draw in story.shipments["S1"].draws) == Decimal(9000)


def test_only_one_line_of_a_licence_gives() -> None:
    two = (
        licence_line(1, granted="300 KGM", value="2000000 USD", codes=("1C904.a",)),
        licence_line(2, granted="300 KGM", value="2000000 USD", codes=("1C904.a",)),
    )
    story = story_with(general("G1", *two), lot("G2", "100 KGM"))
    story.ship("S1", "600 KGM")
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    story.ship("S1", "400 KGM")
    assert [(d.licence_no, d.licence_line) for d in story.shipments["S1"].draws] == [("G1", 1), ("G2", 1)]


def test_a_licence_that_does_not_fit_otherwise_gives_nothing() -> None:
    story = story_with(lot("G1", "300 KGM", end_uses=("LAB_TEST",)), lot("G2", "500 KGM"), lot("G3", "100 KGM"))
    story.ship("S1", "700 KGM")
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    assert not any(number == "G1" for number, *_ in drawn(story, "S1"))


def test_value_and_period_limits_bound_what_a_licence_gives() -> None:
    limit = PeriodLimit(1, quantity("50 KGM"), Period.CALENDAR_MONTH)
    story = story_with(
        lot("G1", "300 KGM", value="1000 USD"), lot("G2", "500 KGM", period_limits=(limit,)), lot("G3", "600 KGM")
    )
    story.ship("S1", "700 KGM", value="14000 USD")
    assert drawn(story, "S1") == [("G1", "50", "1000"), ("G2", "50", "1000"), ("G3", "600", "12000")]
    story.ship("S1", "700.001 KGM", value="14000.02 USD")
    assert story.state("S1").startswith("HELD ")


def test_a_limit_that_can_not_be_counted_gives_nothing() -> None:
    limit = PeriodLimit(1, quantity("50 C62"), Period.CALENDAR_MONTH)
    story = story_with(lot("G1", "300 KGM", period_limits=(limit,)), lot("G2", "500 KGM"), lot("G3", "300 KGM"))
    story.ship("S1", "700 KGM")
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G2", "500"), ("G3", "200")]


def test_units_and_currencies_may_differ_each_with_its_own_rate() -> None:
    story = story_with(
        lot("G1", "0.3 TNE", value="100000 USD"), lot("G2", "500 KGM", value="100000 EUR"),
        rate("CNY", "USD", "0.125", "2026-03-01"), rate("CNY", "EUR", "0.1", "2026-03-01"),
    )  # fmt: skip
    story.ship("S1", "700 KGM", value="7000 CNY")
    assert [(d.licence_no, f"{d.quantity.value:f}", d.quantity.unit, f"{d.value.amount:f}", d.rate_id)
            for d in story.shipments["S1"].draws] == [
        ("G1", "0.3", "TNE", "375", "CNY-USD-2026-03-01"), ("G2", "400", "KGM", "400", "CNY-EUR-2026-03-01"),
    ]  # fmt: skip


def test_goods_worth_nothing_are_combined_by_quantity() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="0 USD")
    assert drawn(story, "S1") == [("G1", "300", "0"), ("G2", "400", "0")]


def test_thirds_make_up_the_whole() -> None:
    story = story_with(lot("G1", "1 KGM"), lot("G2", "1 KGM"), lot("G3", "1 KGM"))
    story.ship("S1", "3 KGM", value="100 USD")
    draws = story.shipments["S1"].draws
    assert total(draw.value.amount for draw in draws) == Decimal(100)
    assert {f"{draw.quantity.value:f}" for draw in draws} == {"1"}


def test_a_cancelled_one_gives_back_to_each() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.ship("S2", "700 KGM")
    assert story.state("S2") == "HELD QTY_EXCEEDED"
    story.milestone("S1", "CANCELLED")
    assert (story.state("S2"), story.balance("G1"), story.balance("G2")) == ("RELEASED", "300/0 1/0", "400/0 1/0")
    sound(story)


def test_a_combination_stays_where_it_is_while_it_fits() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    before = story.shipments["S1"].draws
    story.rule(lot("G0", "1000 KGM"))
    story.rule(lot("G1", "400 KGM", version=2))
    assert story.shipments["S1"].draws == before
    story.ship("S1", "750 KGM")
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "350"), ("G2", "400")]
    story.ship("S1", "250 KGM")
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "250")]
    sound(story)


def test_a_combination_of_which_a_part_no_longer_fits_goes_elsewhere() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.rule(lot("G2", "500 KGM", version=2, status=LicenceStatus.SUSPENDED))
    assert story.state("S1").startswith("HELD ")
    story.rule(lot("G3", "450 KGM"))
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "300"), ("G3", "400")]
    story.rule(lot("G4", "5000 KGM"))
    story.rule(lot("G3", "450 KGM", version=2, status=LicenceStatus.REVOKED))
    assert drawn(story, "S1") == [("G4", "700", "9000")]


def test_without_the_policy_any_more_a_combination_is_held_or_moves_to_one() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), lot("G3", "800 KGM", valid_until=day("2026-03-04")))
    story.ship("S1", "700 KGM")
    story.with_policy(combine_licences=False)
    story.rejudge("shipment", "S1", "sweep")
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    story.rule(lot("G2", "700 KGM", version=2))
    assert drawn(story, "S1") == [("G2", "700", "9000")]


def test_a_notice_is_answered_when_every_licence_of_the_combination_answers_it() -> None:
    answering: dict[str, Any] = {"answers_notices": ("N1",), "authority_time": at("2026-03-02 08:30")}
    stop = replace(notice("N1"), scope=replace(notice().scope, items=("MAG-ROD",)))
    story = story_with(lot("G1", "300 KGM", **answering), lot("G2", "500 KGM"), lot("G3", "900 KGM"))
    story.rule(stop)
    story.ship("S1", "700 KGM")
    assert story.state("S1") == "HELD STOP_NOTICE"
    story.rule(lot("G2", "500 KGM", version=2, **answering))
    assert (story.state("S1"), [number for number, *_ in drawn(story, "S1")]) == ("RELEASED", ["G1", "G2"])
    story.rule(lot("G4", "900 KGM", **answering))
    story.ship("S2", "700 KGM")
    assert drawn(story, "S2") == [("G4", "700", "9000")]


@pytest.mark.parametrize("named", [["G1"], ["G1", "G2"]])
def test_named_licences_alone_are_combined(named: list[str]) -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), lot("G3", "50 KGM"))
    story.ship("S1", "700 KGM", licences=named)
    assert story.state("S1") == ("RELEASED" if len(named) == 2 else "HELD QTY_EXCEEDED")


def test_a_licence_with_just_enough_value_gives_the_rest_though_its_share_has_no_end() -> None:
    """D3.9: 11/7 of a piece are compared exactly, and rounded up when they are drawn."""
    rods = item("ROD", "1C904.a", factors={"C62": "0.7 KGM"})
    story = story_with(lot("G1", "1 KGM"), lot("G2", "100 C62", value="11 USD"), rods)
    story.ship("S1", "3 C62", item="ROD", value="21 USD")
    pieces = "1.571428571428571428571429"
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "1", "10"), ("G2", pieces, "11")])


def test_nothing_that_is_worth_too_much_is_not_split_over_several_licences() -> None:
    story = story_with(lot("G1", "300 KGM", value="3000 USD"), lot("G2", "500 KGM", value="3000 USD"))
    story.ship("S1", "0 KGM", value="5000 USD")
    assert story.state("S1") == "HELD VALUE_EXCEEDED"
