"""Which licences may cover a line at all (D3.2, D3.3)."""

from __future__ import annotations

import pytest

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.aggregates import Order
from services.gatekeeper.domain.candidates import named_licences
from services.gatekeeper.domain.decide import licence_keys
from services.gatekeeper.domain.facts import OrderFacts
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import (
    L1,
    at,
    control,
    day,
    general,
    item,
    licence,
    licence_line,
    line,
    order,
    references,
    shipment,
    shipment_facts,
)
from tests.domain.matching.judged import drawn, judged, prechecked, reasons


def test_a_named_licence_is_the_only_candidate_although_another_would_fit() -> None:
    other = licence("L2", end_uses=("LAB_TEST",))
    assert reasons(judged(shipment(licences=("L2",)), references(other))) == ["END_USE_MISMATCH"]


def test_of_named_licences_those_that_exist_count() -> None:
    assert drawn(judged(shipment(licences=("L9", "L1")))) == [(1, "L1", 1, "500")]


def test_none_of_the_named_licences_exists() -> None:
    found = judged(shipment(licences=("L9",)))
    assert reasons(found) == ["NO_LICENCE"]
    assert found.findings[0].detail["named"] == "L9"


def test_a_draft_counts_as_not_there() -> None:
    refs = references(licence(status=LicenceStatus.DRAFT))
    assert reasons(judged(shipment(), refs)) == ["NO_LICENCE"]
    assert reasons(judged(shipment(licences=("L1",)), refs)) == ["NO_LICENCE"]


def test_a_licence_of_another_exporter_counts_only_when_named() -> None:
    assert reasons(judged(shipment(exporter_id="E2"))) == ["NO_LICENCE"]
    assert reasons(judged(shipment(exporter_id="E2", licences=("L1",)))) == ["EXPORTER_MISMATCH"]


def test_a_named_licence_for_other_codes_mismatches_the_item_and_nothing_else() -> None:
    found = judged(shipment(line(item_no="MAG-ROD", net="5 XXX", value="1 CHF"), licences=("L1",)))
    assert reasons(found) == ["ITEM_MISMATCH"]
    assert found.findings[0].detail["licensed_codes"] == "1C902.b"


def test_every_code_in_force_must_be_on_one_licence_line() -> None:
    halves = licence("L2", licence_line(1, codes=("3A906.a",)), licence_line(2, codes=("3A907.a",)))
    chip = line(item_no="DUAL-CHIP")
    assert reasons(judged(shipment(chip), references(halves))) == ["ITEM_MISMATCH"]
    whole = licence("L3", licence_line(codes=("3A907.a", "3A906.a", "1C902.b")))
    assert drawn(judged(shipment(chip), references(halves, whole))) == [(1, "L3", 1, "500")]


def test_a_suspended_code_need_not_be_covered_and_a_code_nobody_described_must() -> None:
    chip = shipment(line(item_no="DUAL-CHIP"))
    half = licence("L2", licence_line(codes=("3A906.a",)))
    asleep = control("3A907.a", "2025-01-01", None, ("2026-01-01", "2026-12-31"))
    assert reasons(judged(chip, references(half, asleep))) == []
    other = references(half, item("DUAL-CHIP", "3A906.a", "9Z999"))
    assert reasons(judged(chip, other)) == ["ITEM_MISMATCH"]


def test_a_code_that_comes_into_force_on_the_planned_day_counts() -> None:
    refs = references(control("6A911.a", "2026-03-05"))
    laser = line(item_no="LASER-HEAD")
    assert reasons(judged(shipment(laser), refs)) == ["NO_LICENCE"]
    assert reasons(judged(shipment(laser, planned_departure=at("2026-03-04 18:00")), refs)) == []


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        (licence_line(codes=(), items=("LASER-HEAD",)), []),
        (licence_line(codes=(), items=("OTHER",)), ["NO_LICENCE"]),
        (licence_line(codes=("6A911.a",), items=("LASER-HEAD",)), []),
        (licence_line(codes=("6A911.a",), items=("OTHER",)), ["ITEM_MISMATCH"]),
        (licence_line(codes=("9Z999",), items=("LASER-HEAD",)), ["NO_LICENCE"]),
        (licence_line(codes=(), items=()), ["NO_LICENCE"]),
    ],
)
def test_items_and_codes_of_a_licence_line(granted: object, expected: list[str]) -> None:
    refs = references(licence("P1", granted))  # type: ignore[arg-type]
    assert reasons(judged(shipment(line(item_no="LASER-HEAD")), refs)) == expected


def test_a_line_without_codes_and_items_covers_nothing_even_when_named() -> None:
    refs = references(licence("P1", licence_line(codes=(), items=())))
    assert reasons(judged(shipment(licences=("P1",)), refs)) == ["ITEM_MISMATCH"]


def test_naming_a_superseded_licence_names_its_successor_once_that_has_begun() -> None:
    later = licence("L2", supersedes=("L1",), valid_from=day("2026-03-10"))
    named = shipment(licences=("L1",))
    assert drawn(judged(named, references(later))) == [(1, "L1", 1, "500")]
    begun = licence("L2", supersedes=("L1",), valid_from=day("2026-03-02"))
    assert drawn(judged(named, references(begun))) == [(1, "L2", 1, "500")]
    draft = licence("L2", supersedes=("L1",), status=LicenceStatus.DRAFT)
    assert drawn(judged(named, references(draft))) == [(1, "L1", 1, "500")]


def test_naming_a_superseded_licence_names_a_successor_for_the_days_on_which_that_is_valid() -> None:
    later = licence("L2", supersedes=("L1",), valid_from=day("2026-03-10"), valid_until=day("2026-12-31"))
    named = order(licences=("L1",), planned_export_date=day("2026-09-01"))
    assert drawn(prechecked(named, references(later))) == [(1, "L2", 1, "500")]


def test_a_superseded_licence_is_no_candidate_when_none_is_named() -> None:
    begun = licence("L2", supersedes=("L1",), valid_until=day("2026-12-31"))
    assert drawn(judged(shipment(), references(begun))) == [(1, "L2", 1, "500")]


def test_a_successor_that_is_revoked_does_not_bring_its_predecessor_back() -> None:
    revoked = licence("L2", supersedes=("L1",), status=LicenceStatus.REVOKED)
    assert reasons(judged(shipment(), references(revoked))) == ["LICENCE_REVOKED"]


def test_succession_is_followed_to_its_end_even_in_a_circle() -> None:
    second = licence("L2", supersedes=("L1",))
    third = licence("L3", supersedes=("L2",))
    named = shipment(licences=("L1", "L2"))
    assert drawn(judged(named, references(second, third))) == [(1, "L3", 1, "500")]
    circle = licence("L1", supersedes=("L2",))
    assert reasons(judged(named, references(second, circle))) == ["NO_LICENCE"]


def test_a_licence_that_is_named_twice_hides_no_other() -> None:
    refs = references(general("G1"))
    for named in (("G1", "L1", "L1"), ("L1", "L1", "G1"), ("L1", "G1", "L1")):
        assert drawn(judged(shipment(licences=named), refs)) == [(1, "G1", 1, "500")]


def test_the_licences_of_the_order_count_when_the_shipment_names_none() -> None:
    ordered = line(order_id="O1", order_line=1)
    refs = references(general("G1"))
    assert drawn(judged(shipment(ordered), refs, None, order(licences=("L1",)))) == [(1, "L1", 1, "500")]
    named = shipment(ordered, licences=("G1",))
    assert drawn(judged(named, refs, None, order(licences=("L1",)))) == [(1, "G1", 1, "500")]


def test_the_keys_to_lock_hold_every_candidate_successors_included() -> None:
    refs = references(licence("L2", supersedes=("L1",)), licence("L3", supersedes=("L0",)))
    facts = shipment_facts(line(item_no="UNKNOWN"), line(2))
    assert licence_keys(facts, [order(licences=("L0",))], refs) == {"L0", "L1", "L2", "L3"}
    assert licence_keys(shipment_facts(exporter_id=None), [Order("O1", 0)], refs) == frozenset()
    assert licence_keys(None, [], refs) == frozenset()
    assert licence_keys(OrderFacts("O1", 1), [], refs) == frozenset()


def test_a_balance_that_was_not_gathered_is_asked_for() -> None:
    class Gathered(dict[str, LicenceAccount]):
        def __missing__(self, key: str) -> LicenceAccount:
            raise NotGathered("licence", key)

    with pytest.raises(NotGathered):
        judged(shipment(), references(L1), Gathered({"M1": LicenceAccount("M1")}))


def test_whatever_may_stand_for_a_named_licence_is_locked_however_long_the_chain() -> None:
    second, third = licence("L2", supersedes=("L1",)), licence("L3", supersedes=("L2",))
    assert named_licences(references(second, third), ["L1"]) == {"L1", "L2", "L3"}
