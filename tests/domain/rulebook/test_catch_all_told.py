"""CATCH_ALL tells which licence was nearest to lifting it, and what that one lacks (D3.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.gatekeeper.domain.aggregates import LicenceCovered
from services.gatekeeper.domain.facts import EndUse
from services.gatekeeper.domain.lacking import lacking
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.vocabulary import Balance, LicenceStatus
from services.gatekeeper.texts.telling import text
from tests.domain.builders import (
    account,
    accounts,
    departed,
    draw,
    general,
    licence_line,
    line,
    order,
    references,
    shipment,
)
from tests.domain.matching.judged import drawn, judged, prechecked, reasons

ROCKETS = Policy(catch_all_end_uses=("CIVIL_MRI", "LAB_TEST"))
BOLT = line(item_no="STEEL-BOLT")
LEFT = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "STEEL-BOLT", licensed=False)
NEAREST = ("nearest_licence", "nearest_line", "nearest_because", "candidates")


def _granted(licence_no: str, **changes: Any) -> Any:
    return general(licence_no, licence_line(codes=(), items=("STEEL-BOLT",)), **changes)


def _detail(found: Any) -> dict[str, str]:
    (finding,) = (one for one in found.findings if one.reason.value == "CATCH_ALL")
    return dict(finding.detail)


def _asked(*entities: Any, shipped: Any = None) -> dict[str, str]:
    return _detail(judged(shipped or shipment(BOLT), references(*entities), policy=ROCKETS))


def test_the_nearest_licence_is_told_with_what_it_lacks_and_by_how_much() -> None:
    far = _granted("L2", end_users=("BETA",), destinations=("FR",), status=LicenceStatus.SUSPENDED)
    told = _asked(_granted("G1", end_users=("BETA",), destinations=("FR",)), far)
    assert [told[key] for key in NEAREST] == ["G1", "1", "FEWEST_REASONS", "2"]
    assert told["nearest_lacks"] == "END_USER_MISMATCH, DESTINATION_MISMATCH"
    assert (told["END_USER_MISMATCH.end_user"], told["END_USER_MISMATCH.licensed"]) == ("ALPHA", "BETA")
    assert (told["DESTINATION_MISMATCH.destination"], told["DESTINATION_MISMATCH.licensed"]) == ("DE", "FR")
    assert (told["item_no"], told["end_use"]) == ("STEEL-BOLT", "CIVIL_MRI")


def test_where_no_licence_names_the_item_it_says_so() -> None:
    told = _asked()
    assert told["candidates"] == "0"
    assert "nearest_licence" not in told


def test_a_balance_that_is_too_small_is_told_to_the_gram() -> None:
    small = general("G1", licence_line(1, "499.999 KGM", codes=(), items=("STEEL-BOLT",)))
    told = _detail(judged(shipment(BOLT), references(small), accounts(account("G1")), policy=ROCKETS))
    assert (told["nearest_lacks"], told["QTY_EXCEEDED.excess"]) == ("QTY_EXCEEDED", "0.001 KGM")


def test_an_order_tells_it_too() -> None:
    found = prechecked(
        order((1, "STEEL-BOLT", "500 KGM", "90000 USD")), references(_granted("G1", end_uses=("X",))), policy=ROCKETS
    )
    assert _detail(found)["END_USE_MISMATCH.licensed"] == "X"


def test_of_departed_goods_the_licence_on_which_they_are_booked_is_told() -> None:
    spent = draw(licence_no="G1", balance=Balance.CONSUMED)
    gone = departed(shipment(BOLT, draws=(spent,), more={"released_as": (replace(LEFT, licensed=True),)}))
    told = _asked(_granted("G1", status=LicenceStatus.REVOKED, end_users=("BETA",)), shipped=gone)
    assert [told[key] for key in NEAREST] == ["G1", "1", "BOOKED", "1"]
    assert told["nearest_lacks"] == "LICENCE_REVOKED, END_USER_MISMATCH"


def test_goods_that_have_become_of_concern_under_way_are_freed_by_a_licence_that_covers_the_new_facts() -> None:
    """D1.7: it lifts when a licence in force covers what changed, and takes the consumption."""
    changed = departed(shipment(BOLT, more={"released_as": (LEFT,)}, end_use=EndUse("LAB_TEST")))
    short = judged(changed, references(_granted("G1", end_uses=("CIVIL_MRI",))), policy=ROCKETS)
    assert reasons(short) == ["CATCH_ALL"]
    assert _detail(short)["nearest_lacks"] == "END_USE_MISMATCH"
    covered = judged(changed, references(_granted("G1", end_uses=("LAB_TEST",))), policy=ROCKETS)
    assert (reasons(covered), drawn(covered)) == ([], [(1, "G1", 1, "500")])


def test_several_findings_of_one_reason_stand_side_by_side_and_none_give_nothing() -> None:
    found = judged(shipment(BOLT, destination=None, end_use=None), references()).findings
    missing = [one for one in found if one.reason.value == "MISSING_DATA"]
    other = replace(missing[0], detail={"field": "end_use"})
    assert lacking([missing[0], other, other])["MISSING_DATA.field"] == "destination, end_use"
    assert lacking([]) == {}


def test_people_read_it_in_both_languages() -> None:
    (finding,) = judged(shipment(BOLT), references(_granted("G1", end_users=("BETA",))), policy=ROCKETS).findings
    both = text(finding)
    assert (
        "Nearest licence: G1, line 1, the only one that could cover the goods (lines compared: 1). "
        "What it lacks: the end user is not on the licence (end user ALPHA, named on the licence: BETA)."
    ) in both["en"]
    assert "该许可证的不符之处：最终用户与许可证载明的不符（最终用户ALPHA，许可证载明：BETA）。" in both["zh"]
