"""Field by field (D3.4), days (D3.8) and status (§2)."""

from __future__ import annotations

from typing import Any

import pytest

from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.rule_entities import PeriodLimit
from services.gatekeeper.domain.vocabulary import LicenceStatus, Movement, Period
from tests.domain.builders import at, day, licence, line, parties, quantity, references, shipment
from tests.domain.matching.judged import judged, reasons


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"end_users": ("GAMMA",)}, ["END_USER_MISMATCH"]),
        ({"end_users": ()}, ["END_USER_MISMATCH"]),
        ({"end_uses": ("LAB_TEST",)}, ["END_USE_MISMATCH"]),
        ({"end_uses": ()}, ["END_USE_MISMATCH"]),
        ({"destinations": ("FR",)}, ["DESTINATION_MISMATCH"]),
        ({"destinations": ()}, ["DESTINATION_MISMATCH"]),
        ({"importers": ("GAMMA",)}, ["IMPORTER_MISMATCH"]),
        ({"importers": ("ALPHA", "GAMMA")}, []),
        ({"consignees": ("GAMMA",)}, ["CONSIGNEE_MISMATCH"]),
        ({"prohibited_transit": ("SG",)}, ["TRANSIT_PROHIBITED"]),
        ({"prohibited_transit": ("NL",)}, []),
        ({"status": LicenceStatus.REVOKED}, ["LICENCE_REVOKED"]),
        ({"status": LicenceStatus.SUSPENDED}, ["LICENCE_SUSPENDED"]),
        ({"status": LicenceStatus.RETURNED}, ["LICENCE_RETURNED"]),
        ({"status": LicenceStatus.CHANGE_PENDING}, ["LICENCE_CHANGE_PENDING"]),
        ({"conflict": True}, ["LICENCE_CONFLICT"]),
        ({"valid_from": day("2026-03-03")}, ["LICENCE_NOT_YET_VALID"]),
        ({"valid_until": day("2026-03-04")}, ["LICENCE_EXPIRED"]),
        ({"valid_until": day("2026-03-05")}, []),
    ],
)
def test_each_field_of_the_licence(changes: dict[str, Any], expected: list[str]) -> None:
    assert reasons(judged(shipment(transit=("SG",)), references(licence(**changes)))) == expected


def test_every_reason_is_given_not_only_the_first() -> None:
    wrong = licence(end_users=("GAMMA",), destinations=("FR",), status=LicenceStatus.SUSPENDED,
                    valid_until=day("2026-02-28"), valid_from=day("2026-02-01"))  # fmt: skip
    found = judged(shipment(), references(wrong))
    assert reasons(found) == [
        "LICENCE_SUSPENDED", "END_USER_MISMATCH", "DESTINATION_MISMATCH", "LICENCE_EXPIRED",
    ]  # fmt: skip
    assert {finding.subject for finding in found.findings} == {(("licence_no", "L1"), ("line_no", 1))}
    assert found.draws == ()


def test_the_subject_of_a_conflict_is_the_licence_once_for_all_lines() -> None:
    found = judged(shipment(line(1, net="1 KGM"), line(2, net="1 KGM")), references(licence(conflict=True)))
    assert [finding.subject for finding in found.findings] == [(("licence_no", "L1"),)]


def test_a_name_fits_when_it_is_registered_and_likeness_never_does() -> None:
    for ref in (PartyRef(name="阿尔法有限公司"), PartyRef(name="ALPHA  G.m.b.H.", country="DE")):
        assert reasons(judged(shipment(parties=parties(end_user=None) | {"end_user": ref}))) == []
    for ref in (PartyRef(name="Alfa GmbH"), PartyRef(name="Alpha GmbH", country="FR")):
        assert reasons(judged(shipment(parties=parties() | {"end_user": ref}))) == ["END_USER_MISMATCH"]


def test_the_id_wins_over_the_name() -> None:
    ref = PartyRef("GAMMA", "Alpha GmbH", "DE")
    assert reasons(judged(shipment(parties=parties() | {"end_user": ref}))) == ["END_USER_MISMATCH"]


def test_free_text_of_the_end_use_never_counts() -> None:
    assert reasons(judged(shipment(end_use=EndUse("LAB_TEST", "CIVIL_MRI")))) == ["END_USE_MISMATCH"]
    assert reasons(judged(shipment(end_use=EndUse(None, "CIVIL_MRI")))) == ["MISSING_DATA"]


def test_both_today_and_the_planned_day_count_before_departure() -> None:
    early = licence(valid_from=day("2026-03-05"))
    found = judged(shipment(), references(early))
    assert reasons(found) == ["LICENCE_NOT_YET_VALID"]
    assert found.findings[0].detail["day"] == "2026-03-02"


def test_a_planned_day_that_has_passed_counts_as_today() -> None:
    refs = references(licence(valid_from=day("2026-03-08")))
    assert reasons(judged(shipment(), refs, as_of=at("2026-03-09 09:00"))) == []


@pytest.mark.parametrize("movement", [Movement.DOMESTIC, Movement.INTO_BONDED])
def test_a_movement_that_stays_needs_and_draws_nothing(movement: Movement) -> None:
    found = judged(shipment(line(item_no="LASER-HEAD"), line(2), movement=movement, parties={}, end_use=None))
    assert (reasons(found), found.draws, found.recheck_at) == ([], (), None)


@pytest.mark.parametrize(
    "movement",
    [Movement.TECHNOLOGY_TRANSFER, Movement.OUT_OF_BONDED, Movement.TRANSIT, Movement.REPAIR_RETURN],
)
def test_every_movement_that_leaves_needs_a_licence(movement: Movement) -> None:
    assert reasons(judged(shipment(line(item_no="LASER-HEAD"), movement=movement))) == ["NO_LICENCE"]
    assert len(judged(shipment(movement=movement)).draws) == 1


@pytest.mark.parametrize(
    ("ref", "shown"),
    [
        (PartyRef("GAMMA"), "GAMMA"),
        (PartyRef("GAMMA", "Gamma SA", "FR"), "GAMMA (FR)"),
        (PartyRef(name="Alfa GmbH"), "Alfa GmbH"),
        (PartyRef(name="Alfa GmbH", country="DE"), "Alfa GmbH (DE)"),
    ],
)
def test_who_was_given_is_said_beside_who_is_licensed(ref: PartyRef, shown: str) -> None:
    [finding] = judged(shipment(parties=parties() | {"end_user": ref})).findings
    assert (finding.detail["end_user"], finding.detail["licensed"]) == (shown, "ALPHA")


def test_a_period_limit_says_what_is_too_much_and_in_which_period() -> None:
    """D3.11; planned for 5 March."""
    limited = licence(period_limits=(PeriodLimit(1, quantity("1 KGM"), Period.DAY),))
    [finding] = judged(shipment(), references(limited)).findings
    told = {key: finding.detail[key] for key in ("requested", "available", "excess", "period_end")}
    assert told == {
        "requested": "500 KGM", "available": "1 KGM", "excess": "499 KGM", "period_end": "2026-03-05",
    }  # fmt: skip
    assert "lifts_on" not in finding.detail
