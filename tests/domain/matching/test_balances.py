"""Quantities, values, rates and uses against what a licence line still has (D3.9, D3.10, D4.1, D4.2)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import PeriodLimit
from services.gatekeeper.domain.vocabulary import Balance, Period, ShipmentState
from tests.domain.builders import (
    account,
    accounts,
    at,
    departed,
    draw,
    general,
    item,
    licence,
    licence_line,
    line,
    quantity,
    rate,
    references,
    shipment,
)
from tests.domain.matching.judged import drawn, judged, reasons


def test_what_is_asked_may_equal_the_balance_and_a_gram_more_may_not() -> None:
    assert reasons(judged(shipment(line(net="1000.000 KGM")))) == []
    found = judged(shipment(line(net="1000.001 KGM")))
    assert reasons(found) == ["QTY_EXCEEDED"]
    detail = found.findings[0].detail
    assert (detail["requested"], detail["available"], detail["excess"]) == ("1000.001 KGM", "1000 KGM", "0.001 KGM")


def test_what_others_hold_and_shipped_is_gone_and_never_shown_below_zero() -> None:
    books = accounts(account(reserved="700", consumed="600"))
    found = judged(shipment(line(net="1 KGM")), None, books)
    assert found.findings[0].detail["available"] == "0 KGM"
    assert found.findings[0].detail["excess"] == "1 KGM"


def test_the_tolerance_is_the_licence_lines_own() -> None:
    refs = references(licence("L1", licence_line(tolerance="2.5")))
    assert reasons(judged(shipment(line(net="1025 KGM")), refs)) == []
    assert reasons(judged(shipment(line(net="1025.0001 KGM")), refs)) == ["QTY_EXCEEDED"]


def test_its_own_reservation_does_not_count_against_a_shipment() -> None:
    books = accounts(account(reserved="1000", value_reserved="180000", uses_reserved=1))
    held = shipment(line(net="1000 KGM", value="180000 USD"), draws=(draw("1000 KGM", "180000 USD"),))
    assert drawn(judged(held, None, books)) == [(1, "L1", 1, "1000")]


def test_two_lines_of_one_shipment_share_one_balance_and_one_use() -> None:
    assert reasons(judged(shipment(line(1, net="600 KGM"), line(2, net="400 KGM")))) == []
    found = judged(shipment(line(1, net="600 KGM"), line(2, net="400.001 KGM")))
    assert [(finding.reason.value, dict(finding.subject)["line_no"]) for finding in found.findings] == [
        ("QTY_EXCEEDED", 2)
    ]
    assert found.findings[0].detail["available"] == "400 KGM"


def test_a_line_whose_licence_has_too_little_left_takes_the_next_one() -> None:
    refs = references(general("G1", licence_line(granted="450 KGM")))
    found = judged(shipment(line(1, net="400 KGM"), line(2, net="100 KGM")), refs)
    assert drawn(found) == [(1, "G1", 1, "400"), (2, "L1", 1, "100")]


def test_units_convert_exactly_and_count_to_mass_only_by_the_items_factor() -> None:
    assert drawn(judged(shipment(line(net="1 TNE")))) == [(1, "L1", 1, "1000")]
    assert drawn(judged(shipment(line(net="3 LBR")))) == [(1, "L1", 1, "1.36077711")]
    assert drawn(judged(shipment(line(net="400 C62")))) == [(1, "L1", 1, "1000")]
    of_two_kilos = references(item("SM-OXIDE", "1C902.b", factors={"C62": "2 KGM"}))
    assert drawn(judged(shipment(line(net="400 C62")), of_two_kilos)) == [(1, "L1", 1, "800")]
    plain = references(item("SM-OXIDE", "1C902.b"))
    for unit in ("C62", "XXX"):
        found = judged(shipment(line(net=f"1 {unit}")), plain)
        assert reasons(found) == ["UNIT_NOT_CONVERTIBLE"]
        assert found.findings[0].subject == (("line_no", 1),)


def test_a_factor_that_does_not_end_is_compared_exactly_and_reserved_rounded_up() -> None:
    thirds = references(item("SM-OXIDE", "1C902.b", factors={"C62": "1 KGM", "XPX": "3 C62"}),
                        licence("L1", licence_line(granted="1 XPX")))  # fmt: skip
    found = judged(shipment(line(net="1 C62")), thirds)
    assert found.draws[0].quantity.value == Decimal("0.333333333333333333333334")
    assert reasons(judged(shipment(line(net="3 C62")), thirds)) == []


def test_the_value_counts_to_the_cent() -> None:
    assert reasons(judged(shipment(line(value="180000.00 USD")))) == []
    found = judged(shipment(line(value="180000.01 USD")))
    assert reasons(found) == ["VALUE_EXCEEDED"]
    assert found.findings[0].detail["excess"] == "0.01 USD"
    assert "rate_id" not in found.findings[0].detail


def test_a_free_sample_still_draws() -> None:
    assert drawn(judged(shipment(line(value="0.00 USD")))) == [(1, "L1", 1, "500")]


def test_no_rate_no_release_and_neither_the_inverse_nor_a_cross_rate_helps() -> None:
    helpless = references(rate("USD", "CHF", "0.8", "2026-03-01"), rate("CHF", "EUR", "1", "2026-03-01"))
    found = judged(shipment(line(value="1000 CHF")), helpless)
    assert reasons(found) == ["FX_UNAVAILABLE"]
    assert found.findings[0].detail["from"] == "CHF"


def test_the_rate_is_the_latest_not_after_the_later_of_today_and_the_planned_day() -> None:
    rates = [rate("CHF", "USD", "1.25", "2026-03-01"), rate("CHF", "USD", "1.5", "2026-03-05"),
             rate("CHF", "USD", "9", "2026-03-06")]  # fmt: skip
    found = judged(shipment(line(value="1000 CHF")), references(*rates))
    assert (found.draws[0].value.amount, found.draws[0].rate_id) == (Decimal(1500), "CHF-USD-2026-03-05")
    assert ("fx-rate", "CHF-USD-2026-03-05", 1) in [(kind.value, key, version) for kind, key, version in found.read]


def test_a_value_above_the_grant_at_the_rate_names_the_rate() -> None:
    found = judged(shipment(line(value="144000.01 CHF")), references(rate("CHF", "USD", "1.25", "2026-03-01")))
    assert found.findings[0].detail["rate_id"] == "CHF-USD-2026-03-01"


def test_the_age_of_a_rate_counts_to_today() -> None:
    refs = references(rate("CHF", "USD", "1.25", "2026-02-28"))
    francs = shipment(line(value="1000 CHF"))
    assert reasons(judged(francs, refs, policy=Policy(fx_max_age_days=2))) == []
    assert reasons(judged(francs, refs, policy=Policy(fx_max_age_days=1))) == ["FX_UNAVAILABLE"]


def test_a_reserved_rate_stays_and_does_not_age() -> None:
    refs = references(rate("CHF", "USD", "1.25", "2026-02-28"), rate("CHF", "USD", "2", "2026-03-02"))
    books = accounts(account(reserved="500", value_reserved="1250", uses_reserved=1))
    own = draw(value="1250 USD", rate_id="CHF-USD-2026-02-28")
    released = shipment(line(value="1000 CHF"), draws=(own,), state=ShipmentState.RELEASED)
    found = judged(released, refs, books, policy=Policy(fx_max_age_days=0))
    assert (found.draws[0].rate_id, found.draws[0].value.amount) == ("CHF-USD-2026-02-28", Decimal(1250))
    strange = replace(released, draws=(replace(own, rate_id="EUR-USD-2026-01-01"),))
    assert judged(strange, refs, books).draws[0].rate_id == "CHF-USD-2026-03-02"


def test_the_rate_is_fixed_again_at_departure_and_the_reserved_one_serves_where_there_is_none() -> None:
    own = draw(value="1250 USD", rate_id="CHF-USD-2026-02-28")
    gone = departed(shipment(line(value="1000 CHF"), draws=(own,)))
    old, new = rate("CHF", "USD", "1.25", "2026-02-28"), rate("CHF", "USD", "2", "2026-03-05")
    books = accounts(account(reserved="500", value_reserved="1250", uses_reserved=1))
    late = at("2026-03-05 20:00")
    assert judged(gone, references(old, new), books, as_of=late).draws[0].rate_id == new.rate_id
    aged = judged(gone, references(old), books, as_of=late, policy=Policy(fx_max_age_days=1))
    assert (reasons(aged), aged.draws[0].rate_id) == ([], old.rate_id)


def test_the_last_use_is_taken_by_whoever_holds_it() -> None:
    books = accounts(account(reserved="500", uses_reserved=1))
    found = judged(shipment(), None, books)
    assert reasons(found) == ["USES_EXCEEDED"]
    assert found.findings[0].detail["max_uses"] == "1"
    assert reasons(judged(shipment(draws=(draw(),)), None, books)) == []
    unlimited = references(licence(max_uses=None))
    assert reasons(judged(shipment(), unlimited, books)) == []


def test_a_consumed_licence_says_so_instead_of_uses() -> None:
    books = accounts(account(consumed="1", uses=1, completed=True))
    assert reasons(judged(shipment(), None, books)) == ["LICENCE_CONSUMED"]
    assert reasons(judged(shipment(), references(licence(lapses_on_completion=False)), books)) == ["USES_EXCEEDED"]


def test_a_period_limit_limits_its_own_line() -> None:
    limit = PeriodLimit(1, quantity("200 KGM"), Period.CALENDAR_MONTH)
    found = judged(shipment(line(net="200.001 KGM")), references(licence(period_limits=(limit,))))
    assert reasons(found) == ["PERIOD_LIMIT_EXCEEDED"]
    assert found.findings[0].detail["limit"] == "200 KGM"
    elsewhere = references(licence(period_limits=(replace(limit, line_no=2),)))
    assert reasons(judged(shipment(), elsewhere)) == []


@pytest.mark.parametrize("balance", [Balance.RESERVED, Balance.CONSUMED])
def test_the_draw_says_where_how_much_and_for_which_day(balance: Balance) -> None:
    found = judged(shipment()) if balance is Balance.RESERVED else judged(departed(shipment()))
    (one,) = found.draws
    assert (one.balance, one.licence_no, one.licence_line, str(one.day)) == (balance, "L1", 1, "2026-03-05")


def test_an_account_nobody_has_drawn_on_counts_as_untouched() -> None:
    assert reasons(judged(shipment(), None, {"L1": LicenceAccount("L1")})) == []


def test_the_rate_by_which_a_value_is_too_high_is_among_what_the_decision_looked_at() -> None:
    found = judged(shipment(line(value="144000.01 CHF")), references(rate("CHF", "USD", "1.25", "2026-03-01")))
    assert (reasons(found), found.draws) == (["VALUE_EXCEEDED"], ())
    assert ("fx-rate", "CHF-USD-2026-03-01", 1) in [(kind.value, key, version) for kind, key, version in found.read]
