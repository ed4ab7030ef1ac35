from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.gatekeeper.domain import lists
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.lists import list_hits, undescribed_parties
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Identifier, ListEntry, Window
from services.gatekeeper.domain.vocabulary import LicenceType, ListEffect, ListName

from .examples import (
    at,
    departed,
    draw,
    entry,
    licence,
    line,
    order_case,
    party,
    reasons,
    references,
    shipment_case,
    subjects,
)

END_USER = {"importer": PartyRef("BETA"), "consignee": PartyRef("BETA"), "end_user": PartyRef("ALPHA")}


def _case(*entities: Any, parties: Any = END_USER, item_no: str = "SM-OXIDE", **changes: Any) -> Case:
    rules = references(*entities)
    return shipment_case(rules, line(rules, item_no=item_no, parties=parties), **changes)


def _listed(listed: ListEntry) -> list[str]:
    return reasons(list_hits(_case(listed)))


def test_an_end_user_on_the_control_list_is_no_case_for_review() -> None:
    found = subjects(list_hits(_case(entry())))
    assert found == [("CONTROL_LISTED", {"entry_id": "CL-17", "role": "end_user"})]


def test_importer_and_end_user_hold_as_the_list_does_other_roles_for_review() -> None:
    everywhere = dict.fromkeys(("importer", "consignee", "end_user", "carrier"), PartyRef("ALPHA"))
    found = subjects(list_hits(_case(entry(), parties=everywhere)))
    assert [(reason, subject["role"]) for reason, subject in found] == [
        ("CONTROL_LISTED", "end_user"),
        ("CONTROL_LISTED", "importer"),
        ("PARTY_REVIEW", "carrier"),
        ("PARTY_REVIEW", "consignee"),
    ]


def test_forwarder_and_exporter_are_screened_too() -> None:
    found = subjects(
        list_hits(_case(entry("A", "Sinoway Forwarding", country="CN"), entry("B", "Hexin", country="CN")))
    )
    assert [(reason, subject["role"]) for reason, subject in found] == [
        ("PARTY_REVIEW", "forwarder"),
        ("PARTY_REVIEW", "exporter"),
    ]


def test_a_service_role_that_policy_leaves_out_is_not_screened() -> None:
    carried = {**END_USER, "carrier": PartyRef("ALPHA"), "end_user": PartyRef("BETA")}
    assert reasons(list_hits(_case(entry(), parties=carried))) == ["PARTY_REVIEW"]
    off = _case(entry(), parties=carried, policy=Policy(service_party_roles=("bank",)))
    assert not list(list_hits(off))


def test_goods_that_need_no_licence_are_a_case_for_review() -> None:
    assert reasons(list_hits(_case(entry(), item_no="STEEL-BOLT"))) == ["PARTY_REVIEW"]
    rules = references(entry())
    both = shipment_case(rules, line(rules, 1, parties=END_USER), line(rules, 2, "STEEL-BOLT", parties=END_USER))
    assert reasons(list_hits(both)) == ["CONTROL_LISTED", "PARTY_REVIEW"]


def test_a_domestic_move_meets_no_list() -> None:
    assert not list(list_hits(_case(entry(), leaves_territory=False)))


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (entry(list=ListName.WATCH_LIST, effect=ListEffect.RESTRICT), ["WATCH_LISTED"]),
        (entry(list=ListName.INTERNAL), ["PARTY_REVIEW"]),
        (entry(effect=ListEffect.REVIEW), ["PARTY_REVIEW"]),
        (entry(effect=ListEffect.SUSPEND), ["CONTROL_LISTED"]),
        (entry(country="US"), ["PARTY_REVIEW"]),
        (entry(country=None), ["CONTROL_LISTED"]),
        (entry("X", "Alfa GmbH"), []),
    ],
)
def test_what_an_entry_gives(listed: ListEntry, expected: list[str]) -> None:
    assert _listed(listed) == expected


def test_an_identifier_in_common_counts_in_any_country() -> None:
    lei = Identifier("LEI", "529900ALPHA")
    described = party(version=2, identifiers=(lei,))
    assert reasons(list_hits(_case(described, entry("X", "Other", identifiers=(lei,), country="US")))) == [
        "CONTROL_LISTED"
    ]


def test_a_name_of_the_event_alone_is_a_hit() -> None:
    trading = {"end_user": PartyRef("BETA", "ALPHA g.m.b.h."), "importer": PartyRef("BETA")}
    assert reasons(list_hits(_case(entry(country="JP"), parties=trading))) == ["CONTROL_LISTED"]


@pytest.mark.parametrize(
    ("now", "acting"),
    [
        ("2026-03-31T23:59:59.999", True),
        ("2026-04-01T00:00", False),
        ("2026-06-30T23:59:59.999", False),
        ("2026-07-01T00:00", True),
        ("2026-12-31T23:59:59.999", True),
        ("2027-01-01T00:00", False),
    ],
)
def test_an_entry_acts_inside_its_dates_and_outside_its_suspensions(now: str, acting: bool) -> None:
    pause = Window(date(2026, 4, 1), date(2026, 6, 30))
    case = _case(entry(effective_until=date(2026, 12, 31), suspensions=(pause,)), as_of=at(now))
    assert bool(list(list_hits(case))) is acting
    turns = [at(f"{day}T00:00") for day in ("2026-04-01", "2026-07-01", "2027-01-01")]
    assert sorted(set(lists.next_dates(case)))[-3:] == turns


def test_an_entry_that_acts_on_the_planned_day_counts_today() -> None:
    listed = entry(effective_from=date(2026, 3, 5))
    assert list(list_hits(_case(listed)))
    assert not list(list_hits(_case(replace(listed, effective_from=date(2026, 3, 6)))))


def test_a_listing_that_takes_effect_at_sea_reaches_the_goods() -> None:
    case = departed(_case(entry(effective_from=date(2026, 3, 10)), as_of=at("2026-03-10T00:00")), date(2026, 3, 4))
    assert reasons(list_hits(case)) == ["CONTROL_LISTED"]


def _watched(**changes: Any) -> list[str]:
    case = _case(entry(list=ListName.WATCH_LIST, effect=ListEffect.RESTRICT), licence(version=2, **changes))
    return reasons(list_hits(replace(case, planned=(draw(),))))


def test_report_and_undertaking_of_an_individual_licence_clear_the_watch_list() -> None:
    assert _watched(risk_report_on_file=True, undertaking_on_file=True) == []
    assert _watched(risk_report_on_file=True) == ["WATCH_LISTED"]
    assert _watched(undertaking_on_file=True) == ["WATCH_LISTED"]
    general = {"type": LicenceType.GENERAL, "risk_report_on_file": True, "undertaking_on_file": True}
    assert _watched(**general) == ["WATCH_LISTED"]


def test_they_clear_no_control_list() -> None:
    case = _case(entry(), licence(version=2, risk_report_on_file=True, undertaking_on_file=True))
    assert reasons(list_hits(replace(case, planned=(draw(),)))) == ["CONTROL_LISTED"]


def test_orders_are_screened_too() -> None:
    rules = references(entry())
    assert "CONTROL_LISTED" in reasons(list_hits(order_case(rules)))


def test_an_id_nobody_described_is_missing_data_and_in_a_service_role_a_review() -> None:
    parties = {**END_USER, "end_user": PartyRef("GHOST"), "carrier": PartyRef("GHOST")}
    case = _case(parties=parties, forwarder_id="GHOST")
    assert subjects(undescribed_parties(case)) == [
        ("MISSING_DATA", {"field": "parties.end_user"}),
        ("PARTY_REVIEW", {"role": "carrier"}),
        ("PARTY_REVIEW", {"role": "forwarder"}),
    ]


def test_a_party_that_is_named_is_described_enough() -> None:
    parties = {**END_USER, "end_user": PartyRef("GHOST", "Ghost Ltd"), "carrier": PartyRef(name="Some Carrier")}
    assert not list(undescribed_parties(_case(parties=parties)))


def test_a_hit_names_the_name_that_was_listed_and_the_first_day_on_which_the_entry_acts_no_more() -> None:
    """D5.1, D5.2: the last day is inclusive."""
    (found,) = list_hits(_case(entry("X", "Somebody Else", "ALPHA g.m.b.h.", effective_until=date(2026, 12, 31))))
    assert (found.detail["listed_name"], found.detail["lifts_on"]) == ("ALPHA g.m.b.h.", "2027-01-01")


@pytest.mark.parametrize(
    ("country", "reason"), [(None, "CONTROL_LISTED"), ("DE", "CONTROL_LISTED"), ("FR", "PARTY_REVIEW")]
)
def test_a_name_that_only_an_event_gives_is_somebody_elses_when_it_gives_another_country(
    country: str | None, reason: str
) -> None:
    """D5.1: two different countries are two that are known."""
    nobody = PartyRef(name="Gamma Trading", country=country)
    listed = entry("X", "Gamma Trading", country="DE")
    assert reasons(list_hits(_case(listed, parties={**END_USER, "end_user": nobody}))) == [reason]
