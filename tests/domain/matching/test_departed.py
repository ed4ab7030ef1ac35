"""Goods that are gone, judged by the day of departure (D1.6, D1.7, D4.7, D7.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import LicenceCovered
from services.gatekeeper.domain.facts import EndUse
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import PeriodLimit
from services.gatekeeper.domain.vocabulary import (
    Balance,
    LicenceStatus,
    Period,
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
    quantity,
    references,
    shipment,
)
from tests.domain.matching.gone import AFTER, BOOKED, LATER, SPENT, booked, gone
from tests.domain.matching.judged import drawn, judged, reasons


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
    assert reasons(judged(gone(line(net="500 KGM")), limited, SPENT, as_of=LATER)) == []
    assert reasons(judged(gone(line(net="600 KGM")), limited, SPENT, as_of=LATER)) == ["PERIOD_LIMIT_EXCEEDED"]


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


def test_what_was_held_when_it_left_and_is_no_candidate_any_more_is_still_judged_in_full() -> None:
    left = replace(
        departed(shipment(draws=(BOOKED,)), released=False),
        holds=(hold(Reason.LICENCE_EXPIRED, licence_no="L1", line_no=1),),
    )
    other_code = references(item("SM-OXIDE", "6A911.a", version=2))
    found = judged(left, other_code, SPENT, as_of=LATER)
    assert (reasons(found), booked(found)) == (["ITEM_MISMATCH"], [("L1", "500", "CONSUMED")])


def test_goods_that_left_on_a_revoked_licence_may_be_taken_over() -> None:
    left = replace(
        departed(shipment(draws=(BOOKED,)), released=False),
        holds=(hold(Reason.LICENCE_REVOKED, licence_no="L1", line_no=1),),
    )
    refs = references(licence(status=LicenceStatus.REVOKED), general("G1"))
    assert booked(judged(left, refs, SPENT, as_of=LATER)) == [("G1", "500", "CONSUMED")]


def test_what_left_at_the_very_instant_of_a_revocation_was_revoked_when_it_left() -> None:
    """D1.6: it lifts only when the line fits that day, its quantity too; one at sea asks nothing else (D1.7)."""
    refs = references(licence(lines=(licence_line(granted="499 KGM"),)))
    revoked = hold(Reason.LICENCE_REVOKED, licence_no="L1", line_no=1)
    for placed_at, held in ((PLANNED, ["QTY_EXCEEDED"]), (PLANNED + timedelta(microseconds=1), [])):
        left = departed(shipment(draws=(BOOKED,)), released=False)
        found = judged(replace(left, holds=(replace(revoked, placed_at=placed_at),)), refs, SPENT, as_of=LATER)
        assert reasons(found) == held


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
    at_once = replace(held, holds=(hold(Reason.LICENCE_SUSPENDED, PLANNED, licence_no="L1", line_no=1),))
    assert reasons(judged(at_once, references(after), as_of=LATER)) == ["LICENCE_SUSPENDED"]
    other = hold(Reason.STOP_NOTICE, at("2026-03-04 10:00"), notice_id="N1")
    with_others = replace(held, holds=(*held.holds, other))
    assert reasons(judged(with_others, references(after), as_of=LATER)) == ["LICENCE_SUSPENDED"]


@pytest.mark.parametrize(("begins", "licence_no"), [("2026-03-05", "L2"), ("2026-03-06", "L1")])
def test_a_successor_takes_the_place_of_what_it_supersedes_if_it_had_begun_on_the_day_of_departure(
    begins: str, licence_no: str
) -> None:
    """D3.3, D7.2; before departure by today, however far ahead an order or a shipment is planned."""
    refs = references(licence("L2", supersedes=("L1",), valid_from=day(begins)))
    assert booked(judged(departed(shipment()), refs, as_of=LATER)) == [(licence_no, "500", "CONSUMED")]
    assert booked(judged(departed(shipment(licences=("L1",))), refs, as_of=LATER)) == [(licence_no, "500", "CONSUMED")]


@pytest.mark.parametrize(("released", "held"), [(True, []), (False, ["CATCH_ALL"])])
def test_goods_of_concern_that_left_unreleased_did_not_leave_lawfully(released: bool, held: list[str]) -> None:
    """D1.7."""
    covered = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "STEEL-BOLT", licensed=False)
    bolts = shipment(line(item_no="STEEL-BOLT"), more={"released_as": (covered,)})
    policy = Policy(catch_all_end_uses=("CIVIL_MRI",))
    assert reasons(judged(departed(bolts, released=released), references(), as_of=LATER, policy=policy)) == held
