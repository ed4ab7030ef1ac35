"""Goods that are gone, judged by the day of departure (D1.6, D1.7, D4.7, D7.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import LicenceCovered, MilestoneReport, Order, Shipment
from services.gatekeeper.domain.facts import EndUse
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import PeriodLimit, Scope
from services.gatekeeper.domain.vocabulary import (
    Balance,
    Classification,
    LicenceStatus,
    Milestone,
    Movement,
    OrderStatus,
    Period,
    Place,
)
from tests.domain.builders import (
    PLANNED,
    account,
    accounts,
    at,
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
    quantity,
    references,
    shipment,
    take,
)
from tests.domain.matching.judged import drawn, judged, reasons

BOOKED = draw(balance=Balance.CONSUMED)
SPENT = accounts(account(consumed="500", value_consumed="9000", uses=1, completed=True))
LATER = PLANNED + timedelta(days=3)
AFTER = PLANNED + timedelta(hours=1)
RELEASED = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "SM-OXIDE")


def gone(*lines: Any, released: bool = True, **changes: Any) -> Shipment:
    more = {"released_as": (RELEASED,), **changes.pop("more", {})}
    return departed(shipment(*lines, draws=(BOOKED,), more=more, **changes), released=released)


def booked(found: Any) -> list[tuple[str, str, str]]:
    return [(one.licence_no, f"{one.quantity.value:f}", one.balance.value) for one in found.booking]


def test_the_day_of_departure_counts_not_today() -> None:
    refs = references(licence(valid_from=PLANNED.date(), valid_until=PLANNED.date()))
    found = judged(departed(shipment()), refs, as_of=LATER)
    assert (reasons(found), drawn(found)) == ([], [(1, "L1", 1, "500")])
    assert booked(found) == [("L1", "500", "CONSUMED")]
    assert reasons(judged(departed(shipment(), LATER), refs, as_of=LATER)) == ["LICENCE_EXPIRED"]


@pytest.mark.parametrize(
    "change",
    [
        {"valid_until": day("2026-03-04")},
        {"status": LicenceStatus.SUSPENDED},
        {"conflict": True},
        {"lines": (licence_line(granted="1 KGM", value="1 USD"),)},
        {"period_limits": (PeriodLimit(1, quantity("1 KGM"), Period.DAY),)},
        {"max_uses": 0},
    ],
)
def test_what_happens_to_the_licence_at_sea_is_no_reason(change: dict[str, Any]) -> None:
    found = judged(gone(), references(licence(**change)), SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == ([], [("L1", "500", "CONSUMED")])


def test_a_revocation_at_sea_is_one_and_nobody_takes_over_for_it() -> None:
    refs = references(licence(status=LicenceStatus.REVOKED), general("G1"))
    found = judged(gone(), refs, SPENT, as_of=LATER)
    assert (reasons(found), found.draws, booked(found)) == (["LICENCE_REVOKED"], (), [("L1", "500", "CONSUMED")])
    already = replace(gone(), holds=(hold(Reason.LICENCE_REVOKED, LATER, licence_no="L1", line_no=1),))
    assert reasons(judged(already, refs, SPENT, as_of=LATER)) == ["LICENCE_REVOKED"]


def test_changed_facts_hold_until_they_return_or_another_licence_takes_over() -> None:
    diverted = gone(destination="FR")
    found = judged(diverted, None, SPENT, as_of=LATER)
    assert (reasons(found), found.draws, booked(found)) == (
        ["DESTINATION_MISMATCH"], (), [("L1", "500", "CONSUMED")],
    )  # fmt: skip
    taken_over = judged(diverted, references(general("G1", destinations=("FR",))), SPENT, as_of=LATER)
    assert (reasons(taken_over), booked(taken_over)) == ([], [("G1", "500", "CONSUMED")])
    not_in_force = general("G1", destinations=("FR",), valid_from=day("2026-03-06"))
    assert reasons(judged(diverted, references(not_in_force), SPENT, as_of=LATER)) == ["DESTINATION_MISMATCH"]
    assert reasons(judged(gone(), None, SPENT, as_of=LATER)) == []


def test_a_changed_end_use_at_sea_is_said_beside_the_mismatch() -> None:
    found = judged(gone(end_use=EndUse("LAB_TEST")), None, SPENT, as_of=LATER)
    assert reasons(found) == ["END_USE_CHANGED", "END_USE_MISMATCH"]


def test_another_item_that_the_booked_licence_does_not_cover_stays_booked_and_holds() -> None:
    found = judged(gone(line(item_no="LASER-HEAD")), None, SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == (["ITEM_MISMATCH"], [("L1", "500", "CONSUMED")])


def test_a_corrected_quantity_is_booked_and_judged_when_it_grew() -> None:
    less = judged(gone(line(net="400 KGM")), None, SPENT, as_of=LATER)
    assert (reasons(less), booked(less)) == ([], [("L1", "400", "CONSUMED")])
    more = judged(gone(line(net="1000 KGM", value="9000.01 USD")), None, SPENT, as_of=LATER)
    assert (reasons(more), booked(more)) == ([], [("L1", "1000", "CONSUMED")])
    above = judged(gone(line(net="1000.001 KGM")), None, SPENT, as_of=LATER)
    assert (reasons(above), booked(above)) == (["QTY_EXCEEDED"], [("L1", "1000.001", "CONSUMED")])
    limited = references(licence(period_limits=(PeriodLimit(1, quantity("1 KGM"), Period.DAY),)))
    assert reasons(judged(gone(line(net="600 KGM")), limited, SPENT, as_of=LATER)) == []


def test_a_hold_that_a_correction_gave_stays_until_it_fits() -> None:
    books = accounts(account(consumed="1000.001", value_consumed="9000", uses=1, completed=True))
    own = draw("1000.001 KGM", balance=Balance.CONSUMED)
    held = replace(
        gone(line(net="1000.001 KGM")),
        draws=(own,),
        holds=(hold(Reason.QTY_EXCEEDED, LATER, licence_no="L1", line_no=1),),
    )
    assert reasons(judged(held, None, books, as_of=LATER)) == ["QTY_EXCEEDED"]
    raised = references(licence("L1", licence_line(granted="1001 KGM")))
    found = judged(held, raised, books, as_of=LATER)
    assert (reasons(found), booked(found)) == ([], [("L1", "1000.001", "CONSUMED")])


def test_what_was_held_when_it_left_is_booked_on_the_nearest_but_for_status_balance_uses_or_dates() -> None:
    worse = licence("L2", valid_until=day("2026-03-04"), status=LicenceStatus.SUSPENDED)
    two = references(licence(destinations=("FR",)), worse)
    found = judged(departed(shipment(), released=False), two, as_of=LATER)
    assert (reasons(found), found.draws, booked(found)) == (["DESTINATION_MISMATCH"], (), [("L2", "500", "CONSUMED")])
    none = references(licence(destinations=("FR",)))
    assert judged(departed(shipment(), released=False), none, as_of=LATER).booking == ()
    nothing_known = judged(departed(shipment(line(net=None)), released=False), as_of=LATER)
    assert (reasons(nothing_known), nothing_known.booking) == (["MISSING_NET"], ())


def test_the_booking_goes_above_the_grant_too() -> None:
    found = judged(departed(shipment(line(net="1200 KGM")), released=False), as_of=LATER)
    assert (reasons(found), booked(found)) == (["QTY_EXCEEDED"], [("L1", "1200", "CONSUMED")])


def test_a_hold_open_at_departure_lifts_when_the_line_fits_that_day_on_whichever_licence() -> None:
    left = replace(
        departed(shipment(draws=(BOOKED,)), released=False),
        holds=(hold(Reason.LICENCE_EXPIRED, licence_no="L1", line_no=1),),
    )
    expired = licence(valid_until=day("2026-03-04"))
    still = judged(left, references(expired), SPENT, as_of=LATER)
    assert (reasons(still), booked(still)) == (["LICENCE_EXPIRED"], [("L1", "500", "CONSUMED")])
    extended = judged(left, references(licence(version=2)), SPENT, as_of=LATER)
    assert (reasons(extended), booked(extended)) == ([], [("L1", "500", "CONSUMED")])
    other = judged(left, references(expired, general("G1")), SPENT, as_of=LATER)
    assert (reasons(other), booked(other)) == ([], [("G1", "500", "CONSUMED")])


def test_goods_that_left_on_a_revoked_licence_may_be_taken_over() -> None:
    left = replace(
        departed(shipment(draws=(BOOKED,)), released=False),
        holds=(hold(Reason.LICENCE_REVOKED, licence_no="L1", line_no=1),),
    )
    refs = references(licence(status=LicenceStatus.REVOKED), general("G1"))
    assert booked(judged(left, refs, SPENT, as_of=LATER)) == [("G1", "500", "CONSUMED")]


def test_a_conflict_that_was_open_at_departure_contests_the_line() -> None:
    left = replace(
        departed(shipment(draws=(BOOKED,)), released=False), holds=(hold(Reason.LICENCE_CONFLICT, licence_no="L1"),)
    )
    assert reasons(judged(left, references(licence(conflict=True)), SPENT, as_of=LATER)) == ["LICENCE_CONFLICT"]
    other = replace(left, holds=(hold(Reason.LICENCE_CONFLICT, licence_no="L2"),))
    assert reasons(judged(other, references(licence(conflict=True)), SPENT, as_of=LATER)) == []


def test_its_own_departure_does_not_consume_the_licence_for_itself() -> None:
    left = replace(
        departed(shipment(draws=(BOOKED,)), released=False),
        holds=(hold(Reason.LICENCE_EXPIRED, licence_no="L1", line_no=1),),
    )
    assert reasons(judged(left, None, SPENT, as_of=LATER)) == []
    twice = accounts(account(consumed="900", uses=2, completed=True))
    assert reasons(judged(left, None, twice, as_of=LATER)) == ["LICENCE_CONSUMED"]


def test_a_suspension_after_the_departure_is_no_reason_for_a_late_report() -> None:
    late = departed(shipment(holds=(hold(Reason.LICENCE_SUSPENDED, AFTER, licence_no="L1", line_no=1),)))
    after = licence(status=LicenceStatus.SUSPENDED, authority_time=AFTER)
    assert reasons(judged(late, references(after), as_of=LATER)) == []
    before = licence(status=LicenceStatus.SUSPENDED, authority_time=at("2026-03-05 10:00"))
    assert reasons(judged(late, references(before), as_of=LATER)) == ["LICENCE_SUSPENDED"]
    held = replace(
        departed(shipment(), released=False),
        holds=(hold(Reason.LICENCE_SUSPENDED, at("2026-03-04 10:00"), licence_no="L1", line_no=1),),
    )
    assert reasons(judged(held, references(after), as_of=LATER)) == ["LICENCE_SUSPENDED"]


def test_a_licence_granted_for_a_notice_takes_over_what_departed() -> None:
    stop = notice(scope=Scope(items=("SM-OXIDE",)))
    answer = licence("L2", answers_notices=("N1",), authority_time=LATER, valid_until=day("2027-12-31"))
    found = judged(gone(), references(stop, answer), SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == ([], [("L2", "500", "CONSUMED")])


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
        assert (reasons(found), found.booking) == ([], (BOOKED,))


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
