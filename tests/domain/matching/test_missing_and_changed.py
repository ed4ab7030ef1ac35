"""What is missing (D3.12), unclassified, or changed since the release (§2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import LicenceCovered, Order, Shipment
from services.gatekeeper.domain.facts import EndUse, OrderFacts, PartyRef
from services.gatekeeper.domain.vocabulary import Classification
from tests.domain.builders import (
    PLANNED,
    account,
    accounts,
    departed,
    item,
    licence,
    line,
    parties,
    references,
    shipment,
)
from tests.domain.matching.judged import judged, prechecked, reasons

RELEASED = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "SM-OXIDE")


def fields(found: object) -> list[str]:
    return sorted(str(dict(finding.subject)["field"]) for finding in found.findings)  # type: ignore[attr-defined]


def test_a_shipment_of_which_only_the_id_is_known() -> None:
    found = judged(Shipment("S1", 1))
    assert (fields(found), set(reasons(found))) == (
        ["exporter_id", "lines", "movement", "planned_departure"],
        {"MISSING_DATA"},
    )


def test_an_order_of_which_only_the_id_is_known() -> None:
    assert fields(prechecked(Order("O1", 0))) == ["exporter_id", "lines", "planned_export_date"]
    assert fields(prechecked(Order("O1", 0, OrderFacts("O1", 1, exporter_id="E1")))) == ["lines", "planned_export_date"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"exporter_id": None}, "exporter_id"),
        ({"exporter_id": None, "licences": ("L1",)}, "exporter_id"),
        ({"movement": None}, "movement"),
        ({"destination": None}, "destination"),
        ({"planned_departure": None}, "planned_departure"),
        ({"parties": parties(importer=None)}, "parties.importer"),
        ({"parties": parties(end_user=None)}, "parties.end_user"),
        ({"parties": parties(end_user="NOBODY")}, "parties.end_user"),
        ({"end_use": None}, "end_use"),
    ],
)
def test_each_missing_field_is_named_once_and_gives_no_mismatch_beside_it(
    changes: dict[str, object], field: str
) -> None:
    found = judged(shipment(**changes))  # type: ignore[arg-type]
    assert (reasons(found), fields(found)) == (["MISSING_DATA"], [field])


def test_while_the_movement_is_not_known_everything_is_named_that_an_export_would_need() -> None:
    bare: dict[str, Any] = {"destination": None, "planned_departure": None, "end_use": None, "parties": {}}
    found = judged(shipment(movement=None, **bare))
    abroad = judged(shipment(**bare))
    assert fields(found) == [
        "destination", "end_use", "movement", "parties.end_user", "parties.importer", "planned_departure",
    ]  # fmt: skip
    assert set(fields(abroad)) == {*fields(found)} - {"movement"}
    assert {finding.subject for finding in abroad.findings} < {finding.subject for finding in found.findings}
    unless = {dict(finding.subject)["field"]: finding.detail.get("unless") for finding in found.findings}
    assert unless.pop("movement") is None
    assert set(unless.values()) == {"DOMESTIC, INTO_BONDED"}
    assert all("unless" not in finding.detail for finding in abroad.findings)


def test_while_the_movement_is_not_known_only_a_controlled_item_asks_for_an_end_use() -> None:
    for item_no in ("STEEL-BOLT", "UNHEARD-OF"):
        assert fields(judged(shipment(line(item_no=item_no), movement=None, end_use=None))) == ["movement"]


def test_of_departed_goods_whose_movement_is_not_known_no_planned_day_is_asked() -> None:
    gone = departed(shipment(movement=None, planned_departure=None, destination=None))
    assert fields(judged(gone)) == ["destination", "movement"]


def test_the_end_use_is_needed_only_where_a_licence_is() -> None:
    assert reasons(judged(shipment(line(item_no="STEEL-BOLT"), end_use=None))) == []


def test_the_consignee_is_needed_only_when_the_licence_limits_it() -> None:
    nobody = shipment(parties=parties(consignee=None))
    assert reasons(judged(nobody)) == []
    assert fields(judged(nobody, references(licence(consignees=("ALPHA",))))) == ["parties.consignee"]


def test_net_counts_and_gross_never_stands_in_for_it() -> None:
    gross = replace(line(net=None), gross_quantity=line().net_quantity)
    assert reasons(judged(shipment(gross))) == ["MISSING_NET"]
    assert fields(judged(shipment(line(value=None)))) == ["value"]


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (item("NEW", classification=Classification.UNCLASSIFIED), True),
        (item("NEW", classification=Classification.CONSULTATION_PENDING), True),
        (item("NEW", classification=Classification.CONTROLLED), True),
        (item("NEW", classification=Classification.NOT_CONTROLLED), False),
        (item("OTHER"), True),
    ],
)
def test_an_item_that_nobody_has_judged_is_held(found: object, held: bool) -> None:
    refs = references(found)  # type: ignore[arg-type]
    assert reasons(judged(shipment(line(item_no="NEW")), refs)) == (["ITEM_UNCLASSIFIED"] if held else [])


def test_a_changed_end_use_or_end_user_is_said_until_a_licence_covers_it() -> None:
    used = shipment(end_use=EndUse("LAB_TEST"), more={"released_as": (RELEASED,)})
    found = judged(used)
    assert reasons(found) == ["END_USE_CHANGED", "END_USE_MISMATCH"]
    assert found.findings[0].detail == {"released": "CIVIL_MRI", "now": "LAB_TEST"}
    assert reasons(judged(used, references(licence("L2", end_uses=("LAB_TEST",))))) == []
    user = shipment(parties=parties(end_user="GAMMA"), more={"released_as": (RELEASED,)})
    found = judged(user)
    assert reasons(found) == ["END_USER_CHANGED", "END_USER_MISMATCH"]
    assert found.findings[0].detail == {"released": "ALPHA", "now": "GAMMA"}


def test_the_same_end_user_under_another_registered_name_is_no_change() -> None:
    alias = parties(end_user=None) | {"end_user": PartyRef(name="阿尔法有限公司")}
    spent = accounts(account(consumed="1000"))
    again = shipment(parties=alias, more={"released_as": (RELEASED,)})
    assert reasons(judged(again, None, spent)) == ["QTY_EXCEEDED"]
    stranger = parties(end_user=None) | {"end_user": PartyRef(name="Delta Robotics")}
    covered = judged(shipment(parties=stranger)).covered
    assert covered == (LicenceCovered(1, "name:deltarobotics/", "CIVIL_MRI", "SM-OXIDE"),)


def test_a_changed_line_is_found_behind_one_that_was_not_released_before() -> None:
    released = replace(RELEASED, line_no=2)
    two = shipment(line(1), line(2), end_use=EndUse("LAB_TEST"), more={"released_as": (released,)})
    assert reasons(judged(two)) == ["END_USE_CHANGED", "END_USE_MISMATCH", "END_USE_MISMATCH"]


def test_an_end_user_or_use_that_is_missing_now_is_no_change_but_missing() -> None:
    gone = shipment(parties=parties(end_user=None), end_use=None, more={"released_as": (RELEASED,)})
    assert set(reasons(judged(gone))) == {"MISSING_DATA"}


def test_a_line_that_was_not_released_before_has_not_changed() -> None:
    other = shipment(line(2), end_use=EndUse("LAB_TEST"), more={"released_as": (RELEASED,)})
    assert reasons(judged(other)) == ["END_USE_MISMATCH"]


def test_where_they_go_is_needed_of_goods_without_a_licence_too() -> None:
    """D3.12: on every movement that leaves the territory."""
    assert fields(judged(shipment(line(item_no="STEEL-BOLT"), destination=None))) == ["destination"]


def test_an_unclassified_item_is_found_behind_a_classified_one_and_at_sea() -> None:
    two = shipment(line(1, net="1 KGM"), line(2, item_no="GREY-POWDER", net="1 KGM"))
    assert reasons(judged(two)) == ["ITEM_UNCLASSIFIED"]
    gone = departed(shipment(line(item_no="GREY-POWDER")), released=False)
    assert reasons(judged(gone, as_of=PLANNED)) == ["ITEM_UNCLASSIFIED"]


def test_the_end_use_is_asked_for_where_a_licence_is_needed_and_there_is_none() -> None:
    found = judged(shipment(line(item_no="LASER-HEAD"), end_use=None))
    assert sorted(reasons(found)) == ["MISSING_DATA", "NO_LICENCE"]
