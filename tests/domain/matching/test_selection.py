"""Which licence is drawn on (D3.5, D6.6), and whose reasons are given (D3.6)."""

from __future__ import annotations

from typing import Any

import pytest

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Scope
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import (
    NOW,
    account,
    accounts,
    at,
    day,
    draw,
    general,
    item,
    licence,
    licence_line,
    line,
    notice,
    order,
    references,
    shipment,
)
from tests.domain.matching.judged import drawn, judged, reasons


def test_general_then_the_earliest_end_then_the_lowest_number_then_the_lowest_line() -> None:
    later = general("G1", valid_until=day("2027-12-31"))
    assert drawn(judged(shipment(), references(later)))[0][1] == "G1"
    sooner = licence("L2", valid_until=day("2026-06-30"))
    assert drawn(judged(shipment(), references(sooner)))[0][1] == "L2"
    twin = licence("L0", licence_line(2), licence_line(1))
    assert drawn(judged(shipment(), references(twin)))[0][1:3] == ("L0", 1)


def test_a_draw_stays_where_it_is_while_it_fits() -> None:
    books = accounts(account(reserved="500", uses_reserved=1))
    standing = shipment(draws=(draw(),))
    assert drawn(judged(standing, references(general("G1")), books))[0][1] == "L1"
    gone = references(general("G1"), licence(end_users=("GAMMA",)))
    assert drawn(judged(standing, gone, books))[0][1] == "G1"


def test_a_shipment_draws_where_its_order_has_reserved_while_that_fits() -> None:
    ordered = shipment(line(order_id="O1", order_line=1))
    reserving = order(draws=(draw(),))
    books = accounts(account(reserved="500", value_reserved="9000"))
    assert drawn(judged(ordered, references(general("G1")), books, reserving))[0][1] == "L1"


def test_the_nearest_covers_every_code_first() -> None:
    half = licence("L2", licence_line(codes=("3A906.a",)))
    whole = licence("L3", licence_line(codes=("3A906.a", "3A907.a")), end_users=("GAMMA",), end_uses=("X",))
    found = judged(shipment(line(item_no="DUAL-CHIP")), references(half, whole))
    assert reasons(found) == ["END_USER_MISMATCH", "END_USE_MISMATCH"]


def test_the_nearest_has_the_fewest_reasons_then_the_least_severe() -> None:
    two = licence("L1", end_users=("GAMMA",), destinations=("FR",))
    one = licence("L2", status=LicenceStatus.REVOKED)
    assert reasons(judged(shipment(), references(two, one))) == ["LICENCE_REVOKED"]
    milder = licence("L3", valid_until=day("2026-03-03"))
    assert reasons(judged(shipment(), references(two, one, milder))) == ["LICENCE_EXPIRED"]


def test_two_equally_near_are_told_apart_as_if_they_fitted() -> None:
    found = judged(shipment(destination="IN"), references(general("G1"), licence("L0")))
    assert [dict(finding.subject)["licence_no"] for finding in found.findings] == ["G1"]


def test_candidates_are_named_once_and_sorted() -> None:
    two_lines = general("G1", licence_line(1), licence_line(2))
    assert judged(shipment(line(1, net="1 KGM"), line(2, net="1 KGM")), references(two_lines)).candidates == (
        "G1",
        "L1",
    )


def test_a_licence_granted_for_a_notice_comes_first_and_lifts_it() -> None:
    stop = notice(scope=Scope(items=("SM-OXIDE",)))
    answer = licence("L2", answers_notices=("N1",), authority_time=NOW, valid_until=day("2027-12-31"))
    books = accounts(account(reserved="500", uses_reserved=1))
    found = judged(shipment(draws=(draw(),)), references(stop, answer, general("G1")), books)
    assert (reasons(found), drawn(found)[0][1]) == ([], "L2")
    before = licence("L2", answers_notices=("N1",), authority_time=at("2026-02-20 10:00"))
    assert reasons(judged(shipment(), references(stop, before))) == ["STOP_NOTICE"]
    deaf = notice(scope=Scope(items=("SM-OXIDE",)), release_by_licence=False)
    assert reasons(judged(shipment(), references(deaf, answer))) == ["STOP_NOTICE"]


def test_an_unlisted_item_under_a_notice_draws_on_the_licence_that_answers_it_by_item() -> None:
    stop = notice(scope=Scope(items=("STEEL-BOLT",)))
    bolt = shipment(line(item_no="STEEL-BOLT"))
    by_item = licence("P1", licence_line(codes=(), items=("STEEL-BOLT",)), answers_notices=("N1",), authority_time=NOW)
    found = judged(bolt, references(stop, by_item))
    assert (reasons(found), drawn(found)) == ([], [(1, "P1", 1, "500")])
    too_small = judged(shipment(line(item_no="STEEL-BOLT", net="5000 KGM")), references(stop, by_item))
    assert reasons(too_small) == ["STOP_NOTICE"]
    silent = licence("P1", licence_line(codes=(), items=("STEEL-BOLT",)), authority_time=NOW)
    unanswered = judged(bolt, references(stop, silent))
    assert (reasons(unanswered), unanswered.planned) == (["STOP_NOTICE"], ())
    both = licence("P1", licence_line(codes=("1C902.b",), items=("STEEL-BOLT",)), answers_notices=("N1",),
                   authority_time=NOW)  # fmt: skip
    assert reasons(judged(bolt, references(stop, both))) == []
    by_code = licence("P1", licence_line(codes=("1C902.b",)), answers_notices=("N1",), authority_time=NOW)
    named = shipment(line(item_no="STEEL-BOLT"), licences=("P1",))
    assert reasons(judged(named, references(stop, by_code))) == ["STOP_NOTICE"]


def test_a_notice_about_the_licence_to_be_drawn_on_counts_before_anything_is_drawn() -> None:
    stop = notice(scope=Scope(licences=("L1",)))
    assert reasons(judged(shipment(), references(stop))) == ["STOP_NOTICE"]
    answer = licence("L2", answers_notices=("N1",), authority_time=NOW, valid_until=day("2027-12-31"))
    found = judged(shipment(), references(stop, answer))
    assert (reasons(found), drawn(found)[0][1]) == ([], "L2")


def test_what_a_held_line_would_draw_is_still_planned() -> None:
    found = judged(shipment(), references(notice(everything=True)))
    assert (found.draws, [one.licence_no for one in found.planned]) == ((), ["L1"])


def test_an_item_that_nobody_described_draws_nothing() -> None:
    found = judged(shipment(line(item_no="NOBODY-KNOWS")))
    assert (reasons(found), found.draws) == (["ITEM_UNCLASSIFIED"], ())
    coded = references(item("SM-OXIDE", "1C902.b", version=2))
    assert drawn(judged(shipment(), coded))[0][1] == "L1"


@pytest.mark.parametrize("unknown", ["exporter_id", "end_use", "destination"])
def test_a_licence_answers_no_notice_while_nobody_says_what_it_must_fit(unknown: str) -> None:
    """D6.6: only one that fits the line; what is missing is asked for once, beside the notice."""
    stop = notice(scope=Scope(items=("SM-OXIDE",)))
    answer = licence("L2", answers_notices=("N1",), authority_time=NOW)
    refs = references(stop, answer)
    assert reasons(judged(shipment(licences=("L2",)), refs)) == []
    unsaid: dict[str, Any] = {"licences": ("L2",), unknown: None}
    found = judged(shipment(**unsaid), refs)
    assert (reasons(found), found.planned) == (["STOP_NOTICE", "MISSING_DATA"], ())


def test_an_item_of_concern_needs_the_end_use_for_the_licence_that_names_it() -> None:
    by_item = general("G1", licence_line(codes=(), items=("STEEL-BOLT",)))
    policy = Policy(catch_all_parties=("ALPHA",))
    bolt = line(item_no="STEEL-BOLT")
    assert reasons(judged(shipment(bolt), references(by_item), policy=policy)) == []
    assert "CATCH_ALL" in reasons(judged(shipment(bolt, end_use=None), references(by_item), policy=policy))
