"""Unlisted items of concern that are gone: who takes them over, and where they are booked (D1.6, D1.7, D4.7, D6.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import LicenceCovered, Shipment
from services.gatekeeper.domain.decide import Assessment
from services.gatekeeper.domain.facts import EndUse
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import Balance, LicenceStatus
from tests.domain.builders import (
    account,
    accounts,
    day,
    departed,
    draw,
    general,
    hold,
    licence_line,
    line,
    notice,
    references,
    shipment,
)
from tests.domain.matching.gone import AFTER, LATER, booked
from tests.domain.matching.judged import judged, reasons
from tests.domain.story import Story

CONCERN = Policy(catch_all_end_uses=("CIVIL_MRI", "LAB_TEST"))
BOLT = line(item_no="STEEL-BOLT")
LEFT = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "STEEL-BOLT")
HELD = hold(Reason.CATCH_ALL, line_no=1)


def granted(licence_no: str = "G1", *, most: str = "1000 KGM", **changes: Any) -> Licence:
    return general(licence_no, licence_line(granted=most, codes=(), items=("STEEL-BOLT",)), **changes)


def _gone(
    *numbers: str, licensed: bool = True, released: bool = True, net: str = "500 KGM", **changes: Any
) -> Shipment:
    """It left on the licences `numbers`; `released_as` it was ALPHA's for CIVIL_MRI."""
    draws = tuple(draw("500 KGM", licence_no=number, balance=Balance.CONSUMED) for number in numbers)
    more = {"released_as": (replace(LEFT, licensed=licensed),)} if released else {}
    holds = () if released else (HELD,)
    return departed(shipment(line(item_no="STEEL-BOLT", net=net), draws=draws, holds=holds, more=more, **changes),
                    released=released)  # fmt: skip


def _asked(left: Shipment, *rules: Any) -> Assessment:
    """With the accounts of what it is booked on."""
    spent = (account(one.licence_no, consumed="500", value_consumed="9000", uses=1) for one in left.draws)
    return judged(left, references(*rules), accounts(*spent), as_of=LATER, policy=CONCERN)


def _said(left: Shipment, *rules: Any) -> tuple[list[str], list[tuple[str, str, str]]]:
    found = _asked(left, *rules)
    return reasons(found), booked(found)


# Taken over


def test_changed_facts_hold_until_a_licence_that_names_the_item_covers_the_new_ones() -> None:
    left = _gone("G1", destination="FR")
    assert _said(left, granted()) == (["CATCH_ALL"], [("G1", "500", "CONSUMED")])
    other = granted("P1", destinations=("FR",))
    assert _said(left, granted(), other) == ([], [("P1", "500", "CONSUMED")])
    assert _said(left, granted(), granted("P1", destinations=("FR",), valid_until=day("2026-03-04")))[0] == [
        "CATCH_ALL"
    ]
    assert _said(_gone("G1"), granted(), other) == ([], [("G1", "500", "CONSUMED")])


def test_a_revocation_at_sea_is_no_reason_to_take_over() -> None:
    revoked = granted(status=LicenceStatus.REVOKED)
    assert _said(_gone("G1"), revoked, granted("P1")) == (["CATCH_ALL"], [("G1", "500", "CONSUMED")])


def test_a_quantity_corrected_beyond_the_licence_is_not_covered_by_it() -> None:
    left = _gone("G1", net="500.001 KGM")
    assert _said(left, granted(most="500 KGM")) == (["CATCH_ALL"], [("G1", "500.001", "CONSUMED")])
    assert _said(left, granted(most="500.001 KGM")) == ([], [("G1", "500.001", "CONSUMED")])
    assert _said(left, granted(most="500 KGM"), granted("P1")) == ([], [("P1", "500.001", "CONSUMED")])


def test_what_left_lawfully_without_a_licence_is_booked_once_changed_facts_are_covered() -> None:
    left = _gone(licensed=False, end_use=EndUse("LAB_TEST"))
    assert _said(left) == (["CATCH_ALL"], [])
    assert _said(left, granted()) == (["CATCH_ALL"], [])
    assert _said(left, granted(end_uses=("LAB_TEST",))) == ([], [("G1", "500", "CONSUMED")])
    assert _said(_gone(licensed=False), granted()) == ([], [])


# Left while held


@pytest.mark.parametrize(
    "misses",
    [
        {"status": LicenceStatus.SUSPENDED},
        {"status": LicenceStatus.REVOKED},
        {"valid_until": day("2026-03-04")},
        {"max_uses": 0},
        {"most": "499 KGM"},
    ],
)
def test_what_left_while_held_is_booked_on_what_misses_by_status_dates_uses_or_balance(misses: dict[str, Any]) -> None:
    """D4.7, above the grant too; it stays held by CATCH_ALL, and none of the licence's own reasons is told."""
    assert _said(_gone(released=False), granted(**misses)) == (["CATCH_ALL"], [("G1", "500", "CONSUMED")])
    assert _said(_gone("G1", released=False), granted(**misses)) == (["CATCH_ALL"], [("G1", "500", "CONSUMED")])


def test_what_left_while_held_is_booked_on_no_licence_for_others() -> None:
    assert _said(_gone(released=False), granted(destinations=("FR",))) == (["CATCH_ALL"], [])


def test_what_left_while_held_lifts_when_the_line_fits_that_day_on_whichever_licence() -> None:
    late = granted(valid_until=day("2026-03-04"))
    held = _gone("G1", released=False)
    assert _said(held, late, granted("P1")) == ([], [("P1", "500", "CONSUMED")])
    assert _said(held, granted(valid_until=day("2026-03-05"))) == ([], [("G1", "500", "CONSUMED")])


def test_without_a_concern_nothing_is_booked() -> None:
    found = judged(_gone(released=False), references(granted()), as_of=LATER)
    assert (reasons(found), booked(found)) == ([], [])


# Notices


def test_a_licence_on_which_an_unlisted_item_is_booked_answers_a_notice_only_while_it_fits() -> None:
    stop = notice(starts_at=AFTER, everything=True)
    answer = granted(answers_notices=("N1",), authority_time=LATER)
    left = _gone("G1", licensed=False)
    for policy in (Policy(), CONCERN):
        assert reasons(judged(left, references(stop, answer), as_of=LATER, policy=policy)) == []
    elsewhere = _gone("G1", licensed=False, destination="FR")
    assert reasons(judged(elsewhere, references(stop, answer), as_of=LATER)) == ["STOP_NOTICE"]


# The whole course


def test_goods_of_concern_that_moved_while_held_are_booked_above_the_grant_and_lift_with_a_larger_one() -> None:
    story = Story()
    story.with_policy(version=1, catch_all_end_uses=("CIVIL_MRI",))
    story.rule(granted(most="100 KGM"))
    story.ship("S1", "200 KGM", item="STEEL-BOLT")
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.balance("G1")) == ("INTERCEPT CATCH_ALL", "0/200 0/1")
    assert (story.kinds("S1"), story.kinds("G1")) == (["MOVED_WHILE_HELD"], ["CAP_BELOW_USED"])
    story.rule(replace(granted(most="200 KGM"), version=2))
    assert (story.state("S1"), story.balance("G1")) == ("RELEASED", "0/200 0/1")


def test_goods_of_concern_that_change_their_end_use_at_sea_move_to_another_licence() -> None:
    story = Story()
    story.with_policy(version=1, catch_all_end_uses=("CIVIL_MRI", "LAB_TEST"))
    story.rule(granted())
    story.ship("S1", "200 KGM", item="STEEL-BOLT")
    story.milestone("S1", "DEPARTED")
    story.ship("S1", "200 KGM", item="STEEL-BOLT", end_use={"code": "LAB_TEST"})
    assert (story.state("S1"), story.balance("G1")) == ("INTERCEPT CATCH_ALL", "0/200 0/1")
    story.rule(granted("P1", end_uses=("LAB_TEST",)))
    assert (story.state("S1"), story.balance("G1"), story.balance("P1")) == ("RELEASED", "0/0 0/0", "0/200 0/1")
    story.ship("S1", "200 KGM", item="STEEL-BOLT", end_use={"code": "CIVIL_MRI"})
    assert (story.state("S1"), story.balance("G1"), story.balance("P1")) == ("RELEASED", "0/200 0/1", "0/0 0/0")
