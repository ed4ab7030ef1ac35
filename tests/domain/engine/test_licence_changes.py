"""What a new version of a licence does to what was drawn, and to those who wait (D4.2, D4.4, D4.9, D6.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import M1, at, general, licence_line, rate
from tests.domain.story import Story


def _m1(granted: str, value: str = "2000000 USD", **changes: Any) -> Licence:
    changes = {"version": 2, **changes}
    return replace(M1, lines=(licence_line(granted=granted, codes=("1C904.a",), value=value),), **changes)


def _alerts(story: Story, licence_no: str = "M1") -> list[str]:
    return [alert.kind.value for alert in story.alerts if alert.licence_no == licence_no]


def test_a_raised_cap_goes_to_those_that_wait_in_order_of_arrival() -> None:
    story = Story()
    story.order("O1", "700 KGM")
    story.order("O2", "600 KGM")
    story.order("O3", "500 KGM")
    story.rule(_m1("1300 KGM"))
    assert [story.state(name) for name in ("O1", "O2", "O3")] == ["CLEARED", "CLEARED", "HELD QTY_EXCEEDED"]


def test_a_licence_that_comes_to_lapse_on_completion_is_consumed_by_the_export_that_was() -> None:
    story = Story()
    story.ship("S1")
    story.ship("S2")
    story.milestone("S1", "DEPARTED")
    story.rule(replace(M1, version=2, lapses_on_completion=True))
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD LICENCE_CONSUMED")
    assert (story.balance(), _alerts(story)) == ("0/300 0/1", ["CONSUMED"])
    story.rule(replace(M1, version=3))
    assert (story.state("S2"), story.balance()) == ("RELEASED", "300/300 1/1")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (_m1("600 KGM"), ["DRAWN_80"]),
        (_m1("500 KGM"), ["DRAWN_100"]),
        (_m1("1000 KGM", value="10000 USD"), ["DRAWN_90"]),
        (_m1("1000 KGM", value="9000 USD"), ["DRAWN_100"]),
        (_m1("1200 KGM"), []),
    ],
)
def test_a_cap_that_is_lowered_may_cross_a_threshold(changed: Licence, told: list[str]) -> None:
    story = Story()
    story.ship("S1", "500 KGM")
    story.rule(changed)
    assert (story.state("S1"), _alerts(story)) == ("RELEASED", told)


@pytest.mark.parametrize("changed", [_m1("700 KGM"), _m1("1000 KGM", value="20000 USD")])
def test_what_is_held_by_a_lowered_cap_is_not_counted_as_drawn(changed: Licence) -> None:
    story = Story()
    for name in ("S1", "S2", "S3"):
        story.ship(name, "240 KGM")
    story.rule(changed)
    assert [story.state(name)[:8] for name in ("S1", "S2", "S3")][:2] == ["RELEASED", "RELEASED"]
    assert "DRAWN_100" not in _alerts(story)


def test_goods_that_left_without_a_licence_are_freed_by_one_that_answers_the_notice() -> None:
    story = Story()
    story.ship("S1", item="STEEL-BOLT")
    story.milestone("S1", "DEPARTED")
    story.advance_to(at("2026-03-03 09:00"))
    story.notice("N1", items=["STEEL-BOLT"])
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    granted = general("G9", licence_line(codes=(), items=("STEEL-BOLT",)), answers_notices=("N1",))
    story.rule(replace(granted, authority_time=at("2026-03-03 10:00"), destinations=("FR",)))
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    story.rule(replace(granted, version=2, authority_time=at("2026-03-03 10:00")))
    assert (story.state("S1"), story.balance("G9")) == ("RELEASED", "0/300 0/1")
    revoked = replace(granted, version=3, status=LicenceStatus.REVOKED, authority_time=at("2026-03-03 11:00"))
    story.rule(revoked)
    assert (story.state("S1"), story.balance("G9")) == ("INTERCEPT STOP_NOTICE", "0/300 0/1")


def test_a_move_that_draws_nothing_leaves_the_orders_reservation_alone() -> None:
    story = Story()
    story.order("O1", "500 KGM")
    story.ship("S1", order="O1", movement="INTO_BONDED")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "500/0 0/0")
    story.milestone("S1", "DEPARTED")
    assert (story.state("O1"), story.balance()) == ("CLEARED", "500/0 0/0")
    story.ship("S2", "200 KGM", order="O1", movement="OUT_OF_BONDED")
    assert (story.state("S2"), story.balance()) == ("RELEASED", "500/0 1/0")


def test_an_order_amended_while_all_of_it_is_taken_is_valued_anew_when_it_comes_back() -> None:
    """What took the line whole needs no licence; the order's value is in another currency by then (D3.10, D4.1)."""
    story = Story(rate("EUR", "USD", "1.1", "2026-03-01"))
    story.ship("S1", "200 KGM", item="STEEL-BOLT", order="O1")
    story.order("O1", "200 KGM")
    story.order("O1", "100 KGM", value="100 EUR")
    assert (story.state("S1"), story.balance()) == ("HELD OVER_DELIVERY", "100/0 0/0")
    assert story.accounts["M1"].lines[1].value_reserved == 110


def test_an_order_opened_again_while_all_of_it_is_taken_reserves_when_it_comes_back() -> None:
    story = Story()
    story.ship("S1", "200 KGM", item="STEEL-BOLT", order="O1")
    story.order("O1", "200 KGM", status="CLOSED")
    story.order("O1", "100 KGM")
    assert (story.state("S1"), story.balance()) == ("HELD OVER_DELIVERY", "100/0 0/0")


def test_a_notice_about_a_licence_leaves_an_order_that_draws_nothing_on_it_any_more() -> None:
    story = Story()
    story.order("O1", "300 KGM")
    story.ship("S1", order="O1")
    story.notice("N1", licences=["M1"])
    assert (story.state("O1"), story.state("S1")) == ("HELD STOP_NOTICE", "HELD STOP_NOTICE")
    story.lift("N1")
    story.milestone("S1", "DEPARTED")
    story.notice("N1", licences=["M1"])
    assert (story.state("O1"), story.state("S1")) == ("CLEARED", "INTERCEPT STOP_NOTICE")


@pytest.mark.parametrize("changed", [_m1("2 TNE"), _m1("2000 KGM", "2000000 CNY")])
def test_a_drawn_line_in_another_unit_or_currency_is_a_conflict_until_the_old_one_comes_back(changed: Licence) -> None:
    """D3.9: the balance is in the unit of the version that it was drawn from."""
    story, later = Story(), M1.authority_time + timedelta(days=1)
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.ship("S2")
    story.rule(replace(changed, authority_time=later))
    assert [story.state(name) for name in ("S1", "S2")] == ["RELEASED", "HELD LICENCE_CONFLICT"]
    (hold,) = story.shipments["S2"].holds
    assert dict(hold.detail)["restated"] == "1"
    story.rule(_m1("2000 KGM", version=3, authority_time=later + timedelta(days=1)))
    assert [story.state(name) for name in ("S1", "S2")] == ["RELEASED", "RELEASED"]
    assert story.balance() == "300/300 1/1"


def test_a_line_on_which_nothing_is_drawn_may_be_counted_in_another_unit() -> None:
    story = Story()
    story.rule(_m1("2 TNE"))
    story.ship("S1")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0.3/0 1/0")


def _later(days: int, licence: Licence) -> Licence:
    return replace(licence, version=1 + days, authority_time=M1.authority_time + timedelta(days=days))


@pytest.mark.parametrize("changed", [_m1("2 TNE"), _m1("2000 KGM", "2000000 CNY")])
def test_a_drawn_line_that_was_dropped_comes_back_in_no_other_unit_or_currency(changed: Licence) -> None:
    """D3.9: what is drawn stays, and is counted as it was, however many versions lie between."""
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.ship("S2")
    for days in (1, 2):
        story.rule(_later(days, replace(M1, lines=())))
    assert [story.state(name) for name in ("S1", "S2")] == ["RELEASED", "HELD NO_LICENCE"]
    assert story.balance() == "0/300 0/1"
    story.rule(_later(3, changed))
    assert [story.state(name) for name in ("S1", "S2")] == [
        "RELEASED",
        "HELD LICENCE_CONFLICT QTY_EXCEEDED VALUE_EXCEEDED",
    ]
    (hold, *_) = story.shipments["S2"].holds
    assert (dict(hold.detail)["restated"], dict(hold.detail)["version"]) == ("1", "3")
    assert story.balance() == "0/300 0/1"
    story.rule(_later(4, M1))
    assert [story.state(name) for name in ("S1", "S2")] == ["RELEASED", "RELEASED"]
    assert story.balance() == "300/300 1/1"


def test_goods_that_leave_in_spite_of_such_a_conflict_are_booked_in_the_unit_of_what_is_drawn() -> None:
    """D4.7: on the licence that would have covered them, above what it grants."""
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.rule(_later(1, replace(M1, lines=())))
    story.rule(_later(2, _m1("2 TNE")))
    story.ship("S2")
    story.milestone("S2", "DEPARTED")
    assert (story.state("S2").split()[0], story.balance()) == ("INTERCEPT", "0/600 0/2")
    assert story.accounts["M1"].lines[1].unit == "KGM"


def test_a_line_whose_draws_were_given_back_while_it_was_dropped_comes_back_in_any_unit() -> None:
    story = Story()
    story.ship("S1")
    story.rule(_later(1, replace(M1, lines=())))
    assert (story.state("S1"), story.balance()) == ("HELD NO_LICENCE", "0/0 0/0")
    story.rule(_later(2, _m1("2 TNE")))
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0.3/0 1/0")
    story.rule(_later(3, M1))
    assert (story.state("S1"), story.balance()) == ("HELD LICENCE_CONFLICT", "0/0 0/0")


def test_an_order_gets_back_what_its_shipment_took_elsewhere_in_the_unit_of_the_newest_version() -> None:
    story = Story(general("G1", licence_line(codes=("1C904.a",), value="2000000 USD")))
    story.order("O1", licences=["M1"])
    story.ship("S1", "500 KGM", order="O1", licences=["G1"])
    assert (story.state("S1"), story.balance("M1")) == ("RELEASED", "0/0 0/0")
    story.rule(_later(1, _m1("2 TNE")))
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), story.balance("M1")) == ("CLEARED", "0.5/0 0/0")
    (draw,) = story.orders["O1"].draws
    assert (draw.quantity.value, draw.quantity.unit) == (Decimal("0.5"), "TNE")
    booked = [(entry.reserved, entry.unit) for entry in story.ledger if entry.licence_no == "M1"]
    assert booked == [(500, "KGM"), (-500, "KGM"), (Decimal("0.5"), "TNE")]
