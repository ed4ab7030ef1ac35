"""An order's pre-check, what its shipments take from it, and what it says about them (D4.1, D4.3, D4.10, D8.2)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from services.gatekeeper.domain.aggregates import Finding, Order
from services.gatekeeper.domain.decide import Assessment
from services.gatekeeper.domain.facts import OrderLine
from services.gatekeeper.domain.quantity import Money
from services.gatekeeper.domain.vocabulary import Balance, Movement, OrderState, OrderStatus
from tests.domain.builders import (
    account,
    accounts,
    day,
    draw,
    general,
    licence,
    licence_line,
    line,
    money,
    notice,
    order,
    quantity,
    rate,
    references,
    shipment,
    take,
)
from tests.domain.matching.judged import drawn, judged, prechecked, reasons

ORDERED = line(net="300 KGM", value="3000 USD", order_id="O1", order_line=1)


def the(assessment: Assessment) -> Finding:
    (finding,) = assessment.findings
    return finding


def test_an_order_reserves_what_is_ordered_on_its_planned_day_alone() -> None:
    refs = references(licence(valid_from=day("2026-03-05"), valid_until=day("2026-03-05")))
    assert drawn(prechecked(order(), refs)) == [(1, "L1", 1, "500")]
    assert reasons(prechecked(order(planned_export_date=day("2026-03-06")), refs)) == ["LICENCE_EXPIRED"]
    late = prechecked(order(planned_export_date=day("2026-02-01")))
    assert str(late.draws[0].day) == "2026-03-02"


def test_an_order_reserves_only_what_its_shipments_have_not_taken() -> None:
    one = order(takes=(take("S1", "300 KGM", value="5000 USD"), take("S2", "0.1 TNE", value="1000 USD")))
    books = accounts(account(reserved="400", uses_reserved=2))
    found = prechecked(one, references(licence(max_uses=3)), books)
    assert drawn(found) == [(1, "L1", 1, "100")]
    assert found.draws[0].value == Money(Decimal(3000), "USD")


def test_a_line_of_which_everything_was_taken_is_not_judged_any_more() -> None:
    done = order(takes=(take("S1", "600 KGM", balance=Balance.CONSUMED),))
    books = accounts(account(consumed="600", uses=1, completed=True))
    found = prechecked(done, None, books)
    assert (reasons(found), found.draws) == ([], ())


def test_a_take_that_nobody_can_convert_takes_all_and_one_in_another_currency_its_share() -> None:
    assert prechecked(order(takes=(take("S1", "5 XXX"),))).draws == ()
    nothing = replace(take("S1", "5 KGM"), quantity=None)
    assert prechecked(order(takes=(nothing,))).draws == ()
    francs = take("S1", "250 KGM", value="1 CHF")
    (left,) = prechecked(order(takes=(francs,))).draws
    assert (left.quantity.value, left.value.amount) == (Decimal(250), Decimal(4500))


def test_takes_above_the_value_that_was_ordered_leave_no_value_and_one_of_nothing_leaves_all() -> None:
    (left,) = prechecked(order(takes=(take("S1", "250 KGM", value="9500 USD"),))).draws
    assert (left.quantity.value, left.value.amount) == (Decimal(250), Decimal(0))
    (left,) = prechecked(order(takes=(take("S1", "0 KGM", value="1 CHF"),))).draws
    assert (left.quantity.value, left.value.amount) == (Decimal(500), Decimal(9000))


def test_uses_of_its_own_shipments_do_not_count_against_an_order() -> None:
    books = accounts(account(consumed="300", uses=1))
    refs = references(licence(lapses_on_completion=False))
    own = order(takes=(take("S1", "300 KGM", balance=Balance.CONSUMED),))
    assert drawn(prechecked(own, refs, books)) == [(1, "L1", 1, "200")]
    foreign = order(takes=(take("S1", "300 KGM", licence_no="G1"),))
    assert reasons(prechecked(foreign, refs, books)) == ["USES_EXCEEDED"]


def test_an_order_needs_no_use_of_its_own_to_be_there_besides_one() -> None:
    assert reasons(prechecked(order(), None, accounts(account(uses_reserved=1)))) == ["USES_EXCEEDED"]


def test_an_order_on_a_consumed_licence_is_held() -> None:
    books = accounts(account(reserved="200", consumed="300", uses=1, completed=True))
    own = order(draws=(draw("200 KGM"),), takes=(take("S1", "300 KGM", balance=Balance.CONSUMED),))
    assert reasons(prechecked(own, None, books)) == ["LICENCE_CONSUMED"]


def test_its_own_reservation_does_not_count_against_an_order() -> None:
    books = accounts(account(reserved="500", value_reserved="180000"))
    found = prechecked(order(draws=(draw("500 KGM", "180000 USD"),)), None, books)
    assert (reasons(found), drawn(found)) == ([], [(1, "L1", 1, "500")])


def test_an_order_without_a_quantity_or_value_says_so() -> None:
    found = prechecked(order(lines=(OrderLine(1, "SM-OXIDE"),)))
    assert [finding.detail["field"] for finding in found.findings] == ["quantity", "value"]
    priceless = prechecked(order(lines=(OrderLine(1, "SM-OXIDE", quantity("5 KGM")),)))
    assert [finding.detail["field"] for finding in priceless.findings] == ["value"]


def test_an_order_is_asked_about_notices_too() -> None:
    assert reasons(prechecked(order(), references(notice(everything=True)))) == ["STOP_NOTICE"]


def test_a_shipment_finds_what_its_order_reserved_for_it() -> None:
    reserving = order(draws=(draw("500 KGM", "9000 USD"),))
    books = accounts(account(reserved="1000", value_reserved="180000"))
    assert drawn(judged(shipment(ORDERED), None, books, reserving)) == [(1, "L1", 1, "300")]
    all_of_it = replace(ORDERED, net_quantity=quantity("500 KGM"), value=money("9000 USD"))
    assert drawn(judged(shipment(all_of_it), None, books, reserving)) == [(1, "L1", 1, "500")]


def test_what_goes_beyond_the_order_is_reserved_from_what_is_free() -> None:
    reserving = order(draws=(draw("500 KGM", "9000 USD"),), delivery_tolerance_percent=Decimal(10))
    more = replace(ORDERED, net_quantity=quantity("550 KGM"), value=money("9000 USD"))
    tight = accounts(account(reserved="951", value_reserved="9000"))
    found = judged(shipment(more), None, tight, reserving)
    assert reasons(found) == ["QTY_EXCEEDED"]
    assert found.findings[0].detail["available"] == "549 KGM"
    enough = accounts(account(reserved="950", value_reserved="9000"))
    assert drawn(judged(shipment(more), None, enough, reserving)) == [(1, "L1", 1, "550")]


def test_the_order_keeps_what_is_still_to_ship_after_this_take() -> None:
    reserving = order(draws=(draw("500 KGM", "9000 USD"),))
    full = accounts(account(reserved="1000", value_reserved="9000"))
    dear = replace(ORDERED, value=money("9000.01 USD"))
    assert reasons(
        judged(shipment(dear), references(licence("L1", licence_line(value="9000 USD"))), full, reserving)
    ) == ["VALUE_EXCEEDED"]
    small = references(general("L1", licence_line(granted="500 KGM")))
    own = accounts(account(reserved="500", value_reserved="9000", uses_reserved=1))
    halved = order(draws=(draw("200 KGM", "6000 USD"),), takes=(take("S1", "300 KGM", value="3000 USD"),))
    again = shipment(ORDERED, draws=(draw("300 KGM", "3000 USD"),))
    assert drawn(judged(again, small, own, halved)) == [(1, "L1", 1, "300")]
    less = shipment(replace(ORDERED, net_quantity=quantity("200 KGM")), draws=(draw("300 KGM", "3000 USD"),))
    assert drawn(judged(less, small, own, halved)) == [(1, "L1", 1, "200")]


def test_two_lines_of_one_shipment_share_their_orders_reservation() -> None:
    reserving = order(draws=(draw("500 KGM", "9000 USD"),))
    full = accounts(account(reserved="1000", value_reserved="9000"))
    second = replace(ORDERED, line_no=2, net_quantity=quantity("200 KGM"))
    assert drawn(judged(shipment(ORDERED, second), None, full, reserving)) == [(1, "L1", 1, "300"), (2, "L1", 1, "200")]
    alone = replace(second, order_id=None, order_line=None)
    assert reasons(judged(shipment(ORDERED, alone), None, full, reserving)) == ["QTY_EXCEEDED"]


def test_a_draw_elsewhere_shrinks_the_orders_reservation_all_the_same() -> None:
    reserving = order(draws=(draw("500 KGM", "9000 USD"),), delivery_tolerance_percent=Decimal(20))
    full = accounts(account(reserved="1000", value_reserved="9000"))
    more = replace(ORDERED, net_quantity=quantity("600 KGM"))
    refs = references(general("G1"))
    found = judged(shipment(more, line(2, net="500 KGM")), refs, full, reserving)
    assert drawn(found) == [(1, "G1", 1, "600"), (2, "L1", 1, "500")]
    bigger = judged(shipment(more, line(2, net="500.001 KGM")), refs, full, reserving)
    assert reasons(bigger) == ["QTY_EXCEEDED"]


def test_an_order_that_is_not_cleared_keeps_nothing() -> None:
    held = order(state=OrderState.HELD, draws=(draw("500 KGM", "9000 USD"),))
    books = accounts(account(reserved="1000", value_reserved="9000"))
    beside = shipment(ORDERED, line(2, net="200 KGM"))
    assert drawn(judged(beside, None, books, held)) == [(1, "L1", 1, "300"), (2, "L1", 1, "200")]


def test_an_orders_value_in_another_currency_is_kept_at_the_rate_it_was_reserved_at() -> None:
    francs = rate("CHF", "USD", "2", "2026-03-01")
    reserving = order(
        (1, "SM-OXIDE", "500 KGM", "1000 CHF"), draws=(draw("500 KGM", "2000 USD", rate_id=francs.rate_id),)
    )
    refs = references(francs, licence("L1", licence_line(value="2000 USD")))
    books = accounts(account(reserved="500", value_reserved="2000"))
    half = replace(ORDERED, net_quantity=quantity("250 KGM"), value=money("500 CHF"))
    assert judged(shipment(half), refs, books, reserving).draws[0].value == Money(Decimal(1000), "USD")


def test_an_unknown_order_or_order_line_is_said_so() -> None:
    for known in ((), (Order("O1", 0),), (order((2, "SM-OXIDE", "5 KGM", "1 USD")),)):
        found = judged(shipment(ORDERED), None, None, *known)
        assert the(found).subject == (("line_no", 1), ("order_id", "O1"))
        assert reasons(found) == ["ORDER_UNKNOWN"]


def test_an_order_id_without_a_line_is_missing_data_and_a_line_without_order_stands_alone() -> None:
    found = judged(shipment(replace(ORDERED, order_line=None)), None, None, order())
    assert the(found).detail["field"] == "order_line"
    assert reasons(judged(shipment(replace(ORDERED, order_id=None)))) == []


@pytest.mark.parametrize(
    "gone",
    [order(status=OrderStatus.CANCELLED), order(more={"cancelled": True})],
)
def test_shipments_of_a_cancelled_order_are_held_on_every_movement(gone: Order) -> None:
    assert reasons(judged(shipment(ORDERED), None, None, gone)) == ["ORDER_CANCELLED"]
    assert reasons(judged(shipment(ORDERED, movement=Movement.DOMESTIC), None, None, gone)) == ["ORDER_CANCELLED"]


def test_an_order_that_was_closed_before_the_shipment_came_counts_as_cancelled() -> None:
    closed = order(status=OrderStatus.CLOSED, state=OrderState.CLOSED)
    assert reasons(judged(shipment(ORDERED), None, None, closed)) == []
    late = shipment(ORDERED, more={"closed_orders": ("O1",)})
    assert the(judged(late, None, None, closed)).detail["status"] == "CLOSED"


def test_more_than_the_order_line_and_its_tolerance_is_over_delivery_and_reviewable() -> None:
    tolerant = order(delivery_tolerance_percent=Decimal(10))
    within = replace(ORDERED, net_quantity=quantity("550 KGM"))
    assert reasons(judged(shipment(within), None, None, tolerant)) == []
    beyond = replace(ORDERED, net_quantity=quantity("550.001 KGM"))
    finding = the(judged(shipment(beyond), None, None, tolerant))
    assert (finding.reason.value, finding.review_allowed) == ("OVER_DELIVERY", True)
    assert finding.detail["excess"] == "0.001 KGM"


def test_over_delivery_counts_released_and_departed_shipments_and_earlier_lines() -> None:
    takes = (take("S2", "100 KGM", arrival=2), take("S0", "0.1 TNE", balance=Balance.CONSUMED, arrival=0),
             take("S9", "1 XXX"), take("S2", "900 KGM", order_line=2))  # fmt: skip
    ordered = order(takes=takes)
    assert reasons(judged(shipment(ORDERED), None, None, ordered)) == []
    more = replace(ORDERED, net_quantity=quantity("301 KGM"))
    assert reasons(judged(shipment(more), None, None, ordered)) == ["OVER_DELIVERY"]
    lines = shipment(
        replace(ORDERED, net_quantity=quantity("299 KGM")), replace(ORDERED, line_no=2), line(3, net="1 KGM")
    )
    found = judged(lines, None, None, ordered)
    assert [dict(finding.subject)["line_no"] for finding in found.findings] == [2]


def test_earlier_shipments_stay_when_an_order_shrinks() -> None:
    takes = (take("S1", "300 KGM", arrival=1), take("S2", "200 KGM", arrival=2))
    shrunk = order((1, "SM-OXIDE", "300 KGM", "9000 USD"), takes=takes)
    assert reasons(judged(shipment(ORDERED), None, None, shrunk)) == []
    second = shipment(replace(ORDERED, net_quantity=quantity("200 KGM")), shipment_id="S2", arrival=2)
    assert reasons(judged(second, None, None, shrunk)) == ["OVER_DELIVERY"]
    asks_more = shipment(replace(ORDERED, net_quantity=quantity("301 KGM")))
    assert reasons(judged(asks_more, None, None, order(takes=takes))) == ["OVER_DELIVERY"]


def test_a_take_without_a_quantity_is_no_claim_to_stay() -> None:
    takes = (replace(take("S1", "1 KGM"), quantity=None), take("S2", "400 KGM", arrival=2))
    assert reasons(judged(shipment(ORDERED), None, None, order(takes=takes))) == ["OVER_DELIVERY"]


def test_quantities_that_cannot_be_compared_with_the_order_hold() -> None:
    bolts = replace(ORDERED, item_no="STEEL-BOLT")
    ordered = order((1, "STEEL-BOLT", "500 KGM", "9000 USD"))
    found = judged(shipment(replace(bolts, net_quantity=quantity("5 C62"))), None, None, ordered)
    assert reasons(found) == ["UNIT_NOT_CONVERTIBLE"]
    assert reasons(judged(shipment(replace(bolts, net_quantity=None)), None, None, ordered)) == ["MISSING_NET"]
    unsaid = order(lines=(OrderLine(1, "STEEL-BOLT"),))
    assert the(judged(shipment(bolts), None, None, unsaid)).detail["field"] == "order_quantity"


def test_what_the_shipment_leaves_out_comes_from_each_lines_own_order() -> None:
    mine = order(parties={}, end_use=None, destination=None)
    bare = shipment(ORDERED, parties={}, end_use=None, destination=None)
    assert reasons(judged(bare, None, None, order())) == []
    assert sorted(f.detail["field"] for f in judged(bare, None, None, mine).findings) == [
        "destination", "end_use", "parties.end_user", "parties.importer",
    ]  # fmt: skip


def test_a_line_without_an_order_says_nothing_and_leaves_the_next_line_its_question() -> None:
    """D3.0: a line without `order_id` stands alone."""
    alone, ordered = line(net="1 KGM", value="1 USD"), line(2, net="1 KGM", value="1 USD", order_id="O9", order_line=1)
    assert [(found.reason.value, dict(found.subject)) for found in judged(shipment(alone, ordered)).findings] == [
        ("ORDER_UNKNOWN", {"line_no": 2, "order_id": "O9"})
    ]
