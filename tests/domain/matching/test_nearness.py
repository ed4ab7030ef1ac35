"""Which licence was nearest, and why it was (D3.6)."""

from __future__ import annotations

import pytest

from services.gatekeeper.domain.rule_entities import Licence
from tests.domain.builders import control, day, item, licence, licence_line, line, references, shipment
from tests.domain.matching.judged import judged, reasons

UNLIKE = licence("L1", end_uses=("LAB_TEST",))


@pytest.mark.parametrize(
    ("others", "because", "candidates"),
    [
        ((), "ONLY_CANDIDATE", "1"),
        ((licence("L2", end_uses=("LAB_TEST",), destinations=("FR",)),), "FEWEST_REASONS", "2"),
        ((licence("L2", end_users=("GAMMA",)),), "LEAST_SEVERE", "2"),
        ((licence("L2", end_uses=("LAB_TEST",)),), "FIRST_IN_ORDER", "2"),
        ((licence("L2", end_uses=("LAB_TEST",)), licence("L3", end_users=("GAMMA",))), "FIRST_IN_ORDER", "3"),
    ],
)
def test_a_hold_tells_the_nearest_licence_and_what_set_it_apart(
    others: tuple[Licence, ...], because: str, candidates: str
) -> None:
    (finding,) = judged(shipment(), references(UNLIKE, *others)).findings
    told = {key: finding.detail[key] for key in ("nearest_licence", "nearest_line", "nearest_because", "candidates")}
    assert told == {
        "nearest_licence": "L1",
        "nearest_line": "1",
        "nearest_because": because,
        "candidates": candidates,
    }


def test_one_that_covers_every_code_is_nearer_than_one_with_fewer_reasons() -> None:
    whole = licence("L1", licence_line(codes=("3A906.a", "3A907.a")), end_uses=("X",), destinations=("FR",))
    partly = licence("L2", licence_line(codes=("3A906.a",)))
    found = judged(shipment(line(item_no="DUAL-CHIP")), references(whole, partly))
    assert {finding.detail["nearest_because"] for finding in found.findings} == {"COVERS_EVERY_CODE"}


def test_what_is_missing_whatever_the_licence_names_none() -> None:
    found = judged(shipment(line(net=None)))
    assert reasons(found) == ["MISSING_NET"]
    assert "nearest_licence" not in found.findings[0].detail


def test_no_licence_at_all_has_no_nearest() -> None:
    found = judged(shipment(line(item_no="LASER-HEAD")))
    assert reasons(found) == ["NO_LICENCE"]
    assert "nearest_licence" not in found.findings[0].detail


def test_a_mismatch_of_the_item_names_the_codes_that_are_not_covered() -> None:
    partly = licence("L2", licence_line(codes=("3A906.a",)))
    (finding,) = judged(shipment(line(item_no="DUAL-CHIP")), references(partly)).findings
    assert finding.detail["missing_codes"] == "3A907.a"
    by_item = licence("L3", licence_line(codes=("1C902.b",), items=("OTHER",)))
    (other,) = judged(shipment(line(), licences=("L3",)), references(item("OTHER"), by_item)).findings
    assert "missing_codes" not in other.detail


def test_dates_tell_by_how_many_days_they_miss_and_when_time_lifts_it() -> None:
    (early,) = judged(shipment(), references(licence(valid_from=day("2026-03-05")))).findings
    assert (early.detail["days_short"], early.detail["lifts_on"]) == ("3", "2026-03-05")
    (late,) = judged(shipment(), references(licence(valid_until=day("2026-03-04")))).findings
    assert late.detail["days_short"] == "1"
    assert "lifts_on" not in late.detail


def test_where_the_codes_cease_to_be_in_force_the_need_of_a_licence_ends_on_that_day() -> None:
    """D3.2: a suspended entry of the list of items needs no licence meanwhile."""
    pause = control("6A911.a", "2025-04-04", None, ("2026-04-01", "2026-04-30"))
    found = judged(shipment(line(item_no="LASER-HEAD")), references(pause))
    assert reasons(found) == ["NO_LICENCE"]
    told = found.findings[0].detail
    assert (told["uncontrolled_from"], told["lifts_on"]) == ("2026-04-01", "2026-04-01")


def test_a_day_of_the_licence_itself_stands_beside_it_and_what_is_missing_tells_none() -> None:
    pause = control("1C902.b", "2025-04-04", None, ("2026-04-01", "2026-04-30"))
    late = licence("L1", valid_from=day("2026-03-20"))
    (early,) = judged(shipment(), references(pause, late)).findings
    assert (early.detail["lifts_on"], early.detail["uncontrolled_from"]) == ("2026-03-20", "2026-04-01")
    (missing,) = judged(shipment(line(net=None)), references(pause)).findings
    assert not {"lifts_on", "uncontrolled_from"} & set(missing.detail)
