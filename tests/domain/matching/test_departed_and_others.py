"""Goods that are gone, and notices, items and orders that change meanwhile (D1.6, D1.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.gatekeeper.domain.aggregates import LicenceCovered, MilestoneReport, Order, Shipment
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Scope
from services.gatekeeper.domain.vocabulary import (
    Balance,
    Classification,
    LicenceStatus,
    Milestone,
    Movement,
    OrderStatus,
    Place,
)
from tests.domain.builders import (
    PLANNED,
    account,
    accounts,
    day,
    departed,
    draw,
    general,
    hold,
    item,
    licence,
    licence_line,
    line,
    notice,
    order,
    parties,
    references,
    shipment,
    take,
)
from tests.domain.matching.gone import AFTER, BOOKED, LATER, SPENT, booked, gone
from tests.domain.matching.judged import judged, reasons

STEP = datetime.resolution


def test_a_licence_granted_for_a_notice_takes_over_what_departed() -> None:
    stop = notice(scope=Scope(items=("SM-OXIDE",)))
    answer = licence("L2", answers_notices=("N1",), authority_time=LATER, valid_until=day("2027-12-31"))
    found = judged(gone(), references(stop, answer), SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == ([], [("L2", "500", "CONSUMED")])


def test_a_booked_licence_that_does_not_fit_the_line_answers_no_notice() -> None:
    """D6.6 asks for a licence that fits; goods that left after its end are booked on it all the same (D4.7)."""
    stop = notice(starts_at=AFTER, everything=True)
    held = (hold(Reason.LICENCE_EXPIRED, licence_no="L1", line_no=1),)
    for until, found in (("2026-03-04", ["STOP_NOTICE", "LICENCE_EXPIRED"]), ("2026-03-05", [])):
        answer = licence("L1", answers_notices=("N1",), authority_time=LATER, valid_until=day(until))
        assert reasons(judged(gone(released=False, holds=held), references(stop, answer), as_of=LATER)) == found


def test_a_booked_licence_whose_fields_no_longer_fit_answers_no_notice() -> None:
    stop = notice(starts_at=AFTER, everything=True)
    answer = licence("L1", answers_notices=("N1",), authority_time=LATER)
    found = judged(gone(destination="FR"), references(stop, answer), SPENT, as_of=LATER)
    assert reasons(found) == ["STOP_NOTICE", "DESTINATION_MISMATCH"]


def test_an_unlisted_item_that_departed_is_booked_only_on_what_answers_the_notice() -> None:
    stop = notice(scope=Scope(items=("STEEL-BOLT",)))
    left = departed(shipment(line(item_no="STEEL-BOLT")), released=False)
    lines = licence_line(codes=(), items=("STEEL-BOLT",))
    fits = licence("P1", lines, answers_notices=("N1",), authority_time=LATER)
    assert booked(judged(left, references(stop, fits), as_of=LATER)) == [("P1", "500", "CONSUMED")]
    elsewhere = replace(fits, destinations=("FR",))
    found = judged(left, references(stop, elsewhere), as_of=LATER)
    assert (reasons(found), found.booking) == (["STOP_NOTICE"], ())


def test_notices_after_departure_leave_what_is_booked() -> None:
    found = judged(gone(), references(notice(everything=True)), SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == (["STOP_NOTICE"], [("L1", "500", "CONSUMED")])
    assert len(found.draws) == 1


def test_a_licence_line_that_is_gone_and_an_item_that_needs_none_leave_the_booking_as_it_is() -> None:
    elsewhere = references(licence("L1", licence_line(2)))
    free = references(item("SM-OXIDE"))
    for refs in (elsewhere, free):
        found = judged(gone(), refs, SPENT, as_of=LATER)
        assert (reasons(found), booked(found)) == ([], [("L1", "500", "CONSUMED")])


def test_what_is_booked_stays_when_nobody_can_tell_any_more_how_much_it_was() -> None:
    found = judged(gone(line(net=None)), None, SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == (["MISSING_NET"], [("L1", "500", "CONSUMED")])


def test_an_item_judged_otherwise_after_it_left_lawfully_without_a_licence_is_no_reason() -> None:
    bolt = line(item_no="STEEL-BOLT")
    free = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "STEEL-BOLT", licensed=False)
    left = departed(shipment(bolt, more={"released_as": (free,)}))
    for judged_now in (item("STEEL-BOLT", "6A911.a"), item("STEEL-BOLT", classification=Classification.UNCLASSIFIED)):
        assert reasons(judged(left, references(judged_now), as_of=LATER)) == []
        before = replace(left, progress=replace(left.progress, place=Place.BEFORE_DEPARTURE, departed_at=None))
        assert len(reasons(judged(before, references(judged_now), as_of=LATER))) == 1
    swapped = departed(shipment(line(item_no="LASER-HEAD"), more={"released_as": (free,)}))
    assert reasons(judged(swapped, as_of=LATER)) == ["NO_LICENCE"]
    unlawful = departed(shipment(bolt, more={"released_as": (free,)}), released=False)
    assert reasons(judged(unlawful, references(item("STEEL-BOLT", "6A911.a")), as_of=LATER)) == ["NO_LICENCE"]


def test_an_unclassified_item_on_a_booked_line_is_no_reason_but_stays_one_when_it_left_with_it() -> None:
    unjudged = references(item("SM-OXIDE", classification=Classification.UNCLASSIFIED))
    assert reasons(judged(gone(), unjudged, SPENT, as_of=LATER)) == []
    left = replace(gone(released=False), holds=(hold(Reason.ITEM_UNCLASSIFIED, line_no=1),))
    assert reasons(judged(left, unjudged, SPENT, as_of=LATER)) == ["ITEM_UNCLASSIFIED"]


def test_what_happens_to_the_order_at_sea_is_no_reason() -> None:
    ordered = line(order_id="O1", order_line=1)
    left = gone(ordered)
    own = (take("S1", "500 KGM", balance=Balance.CONSUMED),)
    for now in (
        order(status=OrderStatus.CANCELLED, takes=own),
        order((1, "SM-OXIDE", "100 KGM", "1 USD"), takes=own),
        order((2, "SM-OXIDE", "500 KGM", "1 USD"), takes=own),
    ):
        assert reasons(judged(left, None, SPENT, now, as_of=LATER)) == []


def test_a_corrected_quantity_beyond_the_order_is_over_delivery_and_stays_it() -> None:
    more = gone(line(net="600 KGM", order_id="O1", order_line=1))
    before = order(takes=(take("S1", "500 KGM", balance=Balance.CONSUMED),))
    assert reasons(judged(more, None, SPENT, before, as_of=LATER)) == ["OVER_DELIVERY"]
    report = MilestoneReport("dep", Milestone.DEPARTED, PLANNED, AFTER)
    stays = replace(
        more,
        progress=replace(more.progress, reports=(report,)),
        holds=(hold(Reason.OVER_DELIVERY, LATER, line_no=1, order_id="O1"),),
    )
    taken = order(takes=(take("S1", "600 KGM", balance=Balance.CONSUMED),))
    assert reasons(judged(stays, None, SPENT, taken, as_of=LATER)) == ["OVER_DELIVERY"]


def test_a_cancellation_between_departure_and_its_late_report_is_no_reason() -> None:
    left = departed(shipment(line(order_id="O1", order_line=1), draws=(BOOKED,)))
    cancelled = hold(Reason.ORDER_CANCELLED, PLANNED + timedelta(minutes=10), line_no=1, order_id="O1")
    late = replace(
        left,
        progress=replace(left.progress, reports=(MilestoneReport("dep", Milestone.DEPARTED, PLANNED, AFTER),)),
        holds=(cancelled,),
    )
    assert reasons(judged(late, None, SPENT, order(status=OrderStatus.CANCELLED), as_of=LATER)) == []


def test_a_hold_about_the_order_that_was_open_at_departure_stays_and_may_change() -> None:
    left = replace(
        departed(shipment(line(order_id="O1", order_line=1), draws=(BOOKED,)), released=False),
        holds=(hold(Reason.ORDER_UNKNOWN, line_no=1, order_id="O1"),),
    )
    assert reasons(judged(left, None, SPENT, Order("O1", 0), as_of=LATER)) == ["ORDER_UNKNOWN"]
    assert reasons(judged(left, None, SPENT, order(status=OrderStatus.CANCELLED), as_of=LATER)) == ["ORDER_CANCELLED"]
    assert reasons(judged(left, None, SPENT, order(), as_of=LATER)) == []


def test_delivered_goods_follow_their_order_no_longer() -> None:
    ordered = line(order_id="O1", order_line=1)
    kept = order().facts
    assert kept is not None
    arrived = shipment(ordered, draws=(BOOKED,), parties={}, more={"delivered_under": (kept,)})
    delivered = departed(arrived, place=Place.DELIVERED)
    amended = order(parties=parties(end_user="GAMMA"), takes=(take("S1", "500 KGM", balance=Balance.CONSUMED),))
    assert reasons(judged(delivered, None, SPENT, amended, as_of=LATER)) == []
    under_way = replace(delivered, progress=replace(delivered.progress, place=Place.UNDER_WAY))
    assert reasons(judged(under_way, None, SPENT, amended, as_of=LATER)) == ["END_USER_MISMATCH"]


def test_a_shipment_that_departed_before_anything_was_known_of_it() -> None:
    stub = departed(Shipment("S1", 1), released=False)
    found = judged(stub, as_of=LATER)
    assert (set(reasons(found)), found.booking) == ({"MISSING_DATA"}, ())


def test_a_move_inside_the_country_books_nothing() -> None:
    found = judged(departed(shipment(movement=Movement.DOMESTIC)), as_of=LATER)
    assert (reasons(found), found.booking) == ([], ())


def test_lines_of_departed_goods_share_their_balance_too() -> None:
    lines = (line(1, net="600 KGM"), line(2, net="400.001 KGM"))
    found = judged(departed(shipment(*lines), released=False), as_of=LATER)
    assert reasons(found) == ["QTY_EXCEEDED"]
    assert [one.line_no for one in found.booking] == [1, 2]
    assert [one.line_no for one in found.draws] == [1]


@pytest.mark.parametrize(("held", "fitting"), [("2", [1]), ("1, 2", []), ("1", [2])])
def test_a_conflict_asks_again_only_those_lines_that_it_held(held: str, fitting: list[int]) -> None:
    """A line that stood on the licence when the conflict came isn't asked by what holds another line (D1.7)."""
    lines = (line(1, net="250 KGM"), line(2, net="250 KGM"))
    taken = tuple(draw("250 KGM", line_no=number, balance=Balance.CONSUMED) for number in (1, 2))
    conflict = replace(hold(Reason.LICENCE_CONFLICT, licence_no="L1"), detail={"lines": held})
    left = departed(shipment(*lines, draws=taken, holds=(conflict,)), released=False)
    found = judged(left, references(licence(conflict=True)), SPENT, as_of=LATER)
    assert reasons(found) == ["LICENCE_CONFLICT"]
    assert found.findings[0].detail["lines"] == held
    assert [one.line_no for one in found.draws] == fitting


def test_what_nobody_can_measure_any_more_still_counts_against_the_next_line() -> None:
    """D3.7: 500 stay booked for the first line; of 1000 the second has 500 left."""
    two = (line(1, net="500 XYZ"), line(2, net="501 KGM"))
    own = (BOOKED, draw("400 KGM", line_no=2, balance=Balance.CONSUMED))
    books = accounts(account(consumed="900", value_consumed="18000", uses=1, completed=True))
    found = judged(departed(shipment(*two, draws=own)), None, books, as_of=LATER)
    assert reasons(found) == ["QTY_EXCEEDED", "UNIT_NOT_CONVERTIBLE"]
    fits = (two[0], line(2, net="500 KGM"))
    assert reasons(judged(departed(shipment(*fits, draws=own)), None, books, as_of=LATER)) == ["UNIT_NOT_CONVERTIBLE"]


def test_what_is_booked_on_a_licence_line_that_is_gone_is_what_the_goods_draw_on() -> None:
    lost = references(licence("L1", licence_line(2)))
    found = judged(gone(), lost, SPENT, as_of=LATER)
    assert (reasons(found), found.draws, booked(found)) == ([], found.booking, [("L1", "500", "CONSUMED")])


def test_a_corrected_value_is_judged_when_it_grew() -> None:
    assert reasons(judged(gone(line(value="180000 USD")), None, SPENT, as_of=LATER)) == []
    assert reasons(judged(gone(line(value="180000.01 USD")), None, SPENT, as_of=LATER)) == ["VALUE_EXCEEDED"]
    dear = references(licence("L1", licence_line(value="1 USD")))
    assert reasons(judged(gone(line(value="8999 USD")), dear, SPENT, as_of=LATER)) == []


def test_another_licence_takes_over_from_one_that_is_both_of_other_facts_and_too_small() -> None:
    diverted = gone(line(net="1200 KGM"), destination="FR")
    both = judged(diverted, None, SPENT, as_of=LATER)
    assert reasons(both) == ["DESTINATION_MISMATCH", "QTY_EXCEEDED"]
    large = general("G1", licence_line(granted="1200 KGM"), destinations=("FR",))
    found = judged(diverted, references(large), SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == ([], [("G1", "1200", "CONSUMED")])


@pytest.mark.parametrize(("said", "counts"), [(PLANNED - STEP, True), (PLANNED, True), (PLANNED + STEP, False)])
def test_what_the_authority_did_until_the_departure_counts_and_nothing_after_it(said: datetime, counts: bool) -> None:
    """D7.2."""
    suspended = references(licence(status=LicenceStatus.SUSPENDED, authority_time=said))
    found = judged(departed(shipment()), suspended, as_of=LATER)
    assert reasons(found) == (["LICENCE_SUSPENDED"] if counts else [])
