"""CATCH_ALL: unlisted items whose end use or party is of concern (ECL 12(3)); what lifts it; and after departure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import LicenceCovered, Shipment
from services.gatekeeper.domain.decide import Assessment
from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Licence, Scope
from services.gatekeeper.domain.vocabulary import Balance, Classification, LicenceStatus, Movement
from tests.domain.builders import (
    LICENCE_NUMBERS,
    PLANNED,
    control,
    day,
    departed,
    draw,
    general,
    item,
    licence_line,
    line,
    notice,
    order,
    parties,
    references,
    shipment,
    take,
)
from tests.domain.matching.judged import drawn, judged, prechecked, reasons
from tests.domain.story import Story

ROCKETS = Policy(catch_all_end_uses=("ROCKETS", "CIVIL_MRI"))
BOLT = line(item_no="STEEL-BOLT")
SALT = line(item_no="SALT")


def granted(licence_no: str = "G1", *items: str, **changes: Any) -> Licence:
    """A licence for articles, without codes."""
    assert licence_no in LICENCE_NUMBERS
    return general(licence_no, licence_line(codes=(), items=items or ("STEEL-BOLT",)), **changes)


def _asked(policy: Policy, *entities: Any, shipped: Shipment | None = None, **changes: Any) -> Assessment:
    return judged(shipped or shipment(BOLT, **changes), references(*entities), policy=policy)


# What is of concern


@pytest.mark.parametrize(
    ("policy", "use", "trigger"),
    [
        (Policy(catch_all_end_uses=("ROCKETS",)), EndUse("ROCKETS", "a toy"), {"end_use": "ROCKETS"}),
        (Policy(catch_all_end_uses=("ROCKETS",)), EndUse("rockets", "rockets"), None),
        (Policy(catch_all_end_uses=("ROCKETS",)), EndUse(None, "ROCKETS"), None),
        (Policy(catch_all_terms=("Missile",)), EndUse("CIVIL_MRI", "parts for MISSILES, small"), {"term": "Missile"}),
        (Policy(catch_all_terms=("guided  missile",)), EndUse(None, "Guided\n missile"), {"term": "guided  missile"}),
        (Policy(catch_all_terms=("导弹",)), EndUse("CIVIL_MRI", "民用导弹零件"), {"term": "导弹"}),
        (Policy(catch_all_terms=("ｍｉｓｓｉｌｅ",)), EndUse("A", "missile"), {"term": "ｍｉｓｓｉｌｅ"}),
        (Policy(catch_all_terms=("missile",)), EndUse("MISSILE", "magnets"), None),
        (Policy(catch_all_terms=("missile", " ")), EndUse("A", "mis sile"), None),
        (Policy(catch_all_terms=("missile",)), EndUse("A", None), None),
        (Policy(catch_all_terms=("missile",)), None, None),
        (Policy(), EndUse("ROCKETS", "missile"), None),
    ],
)
def test_an_end_use_is_of_concern_by_its_code_or_by_a_term_in_its_text(
    policy: Policy, use: EndUse | None, trigger: dict[str, str] | None
) -> None:
    found = _asked(policy, end_use=use)
    assert reasons(found) == (["CATCH_ALL"] if trigger else [])
    if trigger:
        assert dict(found.findings[0].subject) == {"line_no": 1}
        assert found.findings[0].detail == {"item_no": "STEEL-BOLT", "candidates": "0", **trigger}
        assert not found.findings[0].review_allowed


@pytest.mark.parametrize(
    ("party_id", "role"),
    [("GAMMA", "importer"), ("BETA", "carrier"), ("FWD-1", "forwarder"), ("E1", "exporter")],
)
def test_a_party_is_of_concern_in_any_role(party_id: str, role: str) -> None:
    policy = Policy(catch_all_parties=("NOBODY", party_id))
    [found] = _asked(policy, parties=parties(importer="GAMMA", carrier="BETA")).findings
    assert (found.reason.value, found.detail["party"], found.detail["role"]) == ("CATCH_ALL", party_id, role)


def test_a_party_of_concern_is_known_by_its_registered_name() -> None:
    policy = Policy(catch_all_parties=("BETA",))
    assert reasons(_asked(policy, parties=parties(carrier=PartyRef(name="BETA k.k.")))) == ["CATCH_ALL"]
    elsewhere = PartyRef(name="BETA k.k.", country="FR")
    assert not reasons(_asked(policy, parties=parties(carrier=elsewhere)))
    assert not reasons(_asked(policy, parties=parties(carrier="GAMMA")))
    nobody = shipment(BOLT, parties=parties(), forwarder_id=None)
    assert not reasons(_asked(policy, shipped=nobody))


def test_everything_that_triggers_is_told_in_one_finding_a_line() -> None:
    policy = replace(ROCKETS, catch_all_terms=("magnet",), catch_all_parties=("ALPHA",))
    found = _asked(policy, item("SALT"), shipped=shipment(BOLT, replace(SALT, line_no=2)))
    assert [dict(one.subject) for one in found.findings] == [{"line_no": 1}, {"line_no": 2}]
    assert found.findings[1].detail == {"item_no": "SALT", "end_use": "CIVIL_MRI", "term": "magnet",
                                        "party": "ALPHA", "role": "consignee", "candidates": "0"}  # fmt: skip


# Unlisted items


def test_a_listed_item_needs_its_licence_and_no_other() -> None:
    assert not reasons(_asked(ROCKETS, shipped=shipment()))


def test_an_item_none_of_whose_codes_is_in_force_is_unlisted() -> None:
    paused = control("1C902.b", "2025-04-04", None, ("2026-01-01", "2026-12-31"))
    assert reasons(_asked(ROCKETS, paused, shipped=shipment())) == ["CATCH_ALL"]
    assert not reasons(judged(shipment(), references(paused)))


@pytest.mark.parametrize(
    "unjudged",
    [
        item("STEEL-BOLT", classification=Classification.UNCLASSIFIED),
        item("STEEL-BOLT", classification=Classification.CONSULTATION_PENDING),
        item("STEEL-BOLT", classification=Classification.CONTROLLED),
    ],
)
def test_an_item_that_nobody_has_judged_is_not_said_to_be_unlisted(unjudged: Any) -> None:
    assert reasons(_asked(ROCKETS, unjudged)) == ["ITEM_UNCLASSIFIED"]
    assert reasons(_asked(ROCKETS, shipped=shipment(line(item_no="UNHEARD-OF")))) == ["ITEM_UNCLASSIFIED"]


def test_what_stays_in_the_country_is_no_concern() -> None:
    assert not reasons(_asked(ROCKETS, movement=Movement.DOMESTIC))
    assert reasons(_asked(ROCKETS, movement=Movement.REPAIR_RETURN)) == ["CATCH_ALL"]


# What lifts it


def test_a_fitting_licence_that_names_the_item_lifts_it_and_is_drawn_on() -> None:
    found = _asked(ROCKETS, granted())
    assert (reasons(found), drawn(found)) == ([], [(1, "G1", 1, "500")])
    assert found.covered[0].licensed


@pytest.mark.parametrize(
    "unfit",
    [
        granted("G1", "SALT"),
        granted(end_users=("BETA",)),
        granted(status=LicenceStatus.SUSPENDED),
        granted(valid_until=day("2026-03-04")),
        general("G1", licence_line(granted="499 KGM", codes=(), items=("STEEL-BOLT",))),
        general("G1", licence_line(codes=("1C902.b",), items=())),
    ],
)
def test_a_licence_that_does_not_fit_lifts_nothing(unfit: Licence) -> None:
    found = _asked(ROCKETS, unfit)
    assert (reasons(found), drawn(found)) == (["CATCH_ALL"], [])


def test_a_named_licence_counts_only_when_it_names_the_item() -> None:
    assert reasons(_asked(ROCKETS, granted(), licences=("M1",))) == ["CATCH_ALL"]
    assert not reasons(_asked(ROCKETS, granted(), licences=("G1",)))


def test_without_a_concern_no_licence_is_drawn_on() -> None:
    assert drawn(_asked(Policy(), granted())) == []


def test_a_licence_granted_for_a_notice_comes_first_and_lifts_both() -> None:
    stop = notice(scope=Scope(items=("STEEL-BOLT",)))
    plain = granted("G1", valid_until=day("2026-03-31"))
    assert reasons(_asked(ROCKETS, stop, plain)) == ["STOP_NOTICE"]
    answering = granted("P1", answers_notices=("N1",), authority_time=PLANNED - timedelta(hours=1))
    found = _asked(ROCKETS, stop, plain, answering)
    assert (reasons(found), drawn(found)) == ([], [(1, "P1", 1, "500")])


def test_orders_are_of_concern_for_what_their_shipments_have_not_taken() -> None:
    bolts = order((1, "STEEL-BOLT", "500 KGM", "9000 USD"))
    assert reasons(prechecked(bolts, references(), policy=ROCKETS)) == ["CATCH_ALL"]
    assert drawn(prechecked(bolts, references(granted()), policy=ROCKETS)) == [(1, "G1", 1, "500")]
    whole = replace(bolts, takes=(take("S1", "500 KGM", item_no="STEEL-BOLT"),))
    assert not reasons(prechecked(whole, references(), policy=ROCKETS))


# After departure (D1.6, D1.7)


LEFT = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "STEEL-BOLT", licensed=False)
ON_LICENCE = replace(LEFT, licensed=True)
SPENT = draw(licence_no="G1", balance=Balance.CONSUMED)


def _gone(known: LicenceCovered | None = LEFT, *, released: bool = True, **changes: Any) -> Shipment:
    more = {"released_as": () if known is None else (known,)}
    return departed(shipment(BOLT, more=more, **changes), released=released)


def test_a_policy_that_comes_after_a_lawful_departure_is_no_reason() -> None:
    assert not reasons(_asked(ROCKETS, shipped=_gone()))
    assert not reasons(_asked(ROCKETS, granted(), shipped=_gone()))


@pytest.mark.parametrize(
    "changed",
    [
        replace(LEFT, end_use="LAB_TEST"),
        replace(LEFT, end_user="GAMMA"),
        replace(LEFT, item_no="SALT"),
        replace(LEFT, leaves=False),
        replace(LEFT, line_no=2),
        None,
    ],
)
def test_changed_facts_are_judged_anew(changed: LicenceCovered | None) -> None:
    assert reasons(_asked(ROCKETS, shipped=_gone(changed))) == ["CATCH_ALL"]


def test_what_left_without_a_release_is_judged_in_full_and_lifts_when_a_licence_fits() -> None:
    assert reasons(_asked(ROCKETS, shipped=_gone(released=False))) == ["CATCH_ALL"]
    assert not reasons(_asked(ROCKETS, granted(), shipped=_gone(released=False)))
    assert not reasons(_asked(Policy(), shipped=_gone(released=False)))


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        (granted(), []),
        (granted(status=LicenceStatus.SUSPENDED), []),
        (granted(valid_until=day("2026-03-04")), []),
        (granted(status=LicenceStatus.REVOKED), ["CATCH_ALL"]),
        (granted(end_users=("BETA",)), ["CATCH_ALL"]),
        (general("G1", licence_line(line_no=2, codes=(), items=("STEEL-BOLT",))), []),
    ],
)
def test_a_licence_that_took_the_consumption_is_asked_what_d1_7_asks(licence: Licence, expected: list[str]) -> None:
    shipped = _gone(ON_LICENCE, draws=(SPENT,))
    assert reasons(_asked(ROCKETS, licence, shipped=shipped)) == expected


def test_a_licence_nobody_knows_any_more_says_nothing() -> None:
    assert not reasons(_asked(ROCKETS, shipped=_gone(ON_LICENCE, draws=(SPENT,))))


def test_an_item_judged_unlisted_after_it_left_on_its_licence_stays_covered_another_item_is_not() -> None:
    by_code = general("G1", licence_line(codes=("1C902.b",)))
    shipped = _gone(ON_LICENCE, draws=(SPENT,))
    assert not reasons(_asked(ROCKETS, by_code, shipped=shipped))
    other = _gone(replace(ON_LICENCE, item_no="SALT"), draws=(SPENT,))
    assert reasons(_asked(ROCKETS, by_code, shipped=other)) == ["CATCH_ALL"]
    assert not reasons(_asked(ROCKETS, granted(), shipped=other))


# The whole course


def test_the_licence_of_an_item_of_concern_is_reserved_consumed_and_given_back() -> None:
    story = Story()
    story.with_policy(version=1, catch_all_end_uses=("CIVIL_MRI",))
    story.ship("S1", "200 KGM", item="STEEL-BOLT")
    assert story.state("S1") == "HELD CATCH_ALL"
    story.rule(granted("G1"))
    assert (story.state("S1"), story.balance("G1")) == ("RELEASED", "200/0 1/0")
    story.milestone("S1", "DEPARTED", event_id="dep")
    assert (story.state("S1"), story.balance("G1")) == ("RELEASED", "0/200 0/1")
    story.milestone("S1", "SHIPPING_VOIDED")
    assert (story.state("S1"), story.balance("G1")) == ("RELEASED", "200/0 1/0")
    story.milestone("S1", "CANCELLED")
    assert (story.state("S1"), story.balance("G1")) == ("CLOSED", "0/0 0/0")


def test_a_concern_that_ends_gives_back_what_was_reserved_for_it() -> None:
    story = Story()
    story.with_policy(version=1, catch_all_end_uses=("CIVIL_MRI",))
    story.rule(granted("G1"))
    story.ship("S1", "200 KGM", item="STEEL-BOLT")
    story.with_policy(version=2, catch_all_end_uses=())
    story.rejudge("shipment", "S1", "sweep")
    assert (story.state("S1"), story.balance("G1")) == ("RELEASED", "0/0 0/0")


def test_goods_of_concern_that_moved_while_held_are_intercepted_until_a_licence_covers_the_day() -> None:
    story = Story()
    story.with_policy(version=1, catch_all_end_uses=("CIVIL_MRI",))
    story.ship("S1", "200 KGM", item="STEEL-BOLT")
    story.milestone("S1", "DEPARTED")
    assert story.state("S1") == "INTERCEPT CATCH_ALL"
    assert story.kinds("S1") == ["MOVED_WHILE_HELD"]
    story.rule(granted("G1"))
    assert story.balance("G1") == "0/200 0/1"
    assert "CATCH_ALL" not in story.state("S1")
