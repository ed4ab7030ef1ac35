from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain import notices
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.notices import answering, lines_matched, matching_notices, stop_notices
from services.gatekeeper.domain.parties import case_roles, known
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Licence, Notice, Scope
from services.gatekeeper.domain.terms import case_terms, touched
from services.gatekeeper.domain.touches import touches_of
from services.gatekeeper.domain.vocabulary import NoticeOrigin, Place

from .examples import (
    NOW,
    at,
    departed,
    draw,
    item,
    licence,
    line,
    notice,
    order_case,
    party,
    references,
    shipment_case,
    subjects,
)

MATCHING = [
    Scope(parties=("ALPHA",)),
    Scope(parties=("alpha g.m.b.h.",)),
    Scope(parties=("E1",)),
    Scope(parties=("Sinoway Forwarding",)),
    Scope(exporters=("E1", "E9")),
    Scope(forwarders=("FWD-1",)),
    Scope(items=("SM-OXIDE",)),
    Scope(control_codes=("1C902",)),
    Scope(control_codes=("1C902.b",)),
    Scope(hs_prefixes=("2846",)),
    Scope(hs_prefixes=("2",)),
    Scope(hs_prefixes=("2846.90 1910",)),
    Scope(destinations=("FR", "DE")),
    Scope(end_uses=("CIVIL_MRI",)),
    Scope(licences=("L1",)),
    Scope(orders=("O1",)),
    Scope(shipments=("S1",)),
    Scope(items=("SM-OXIDE",), destinations=("DE",), parties=("NOBODY", "ALPHA")),
]
OTHER = [
    Scope(parties=("BETA",)),
    Scope(parties=("Alfa GmbH",)),
    Scope(exporters=("ALPHA",)),
    Scope(forwarders=("E1",)),
    Scope(items=("SM-OXIDE-2",)),
    Scope(control_codes=("1C90",)),
    Scope(control_codes=("1C902.b.1",)),
    Scope(hs_prefixes=("28469019101",)),
    Scope(hs_prefixes=("9",)),
    Scope(destinations=("FR",)),
    Scope(end_uses=("LAB_TEST",)),
    Scope(licences=("L9",)),
    Scope(orders=("O2",)),
    Scope(shipments=("S2",)),
    Scope(items=("SM-OXIDE",), destinations=("FR",)),
]


def _case(*rules: Notice, **changes: Any) -> Case:
    base = references(*rules)
    return shipment_case(base, line(base, order_id="O1", order_line=1, licences=("L1",)), **changes)


@pytest.mark.parametrize("scope", MATCHING)
def test_a_scope_that_matches_stops_the_shipment(scope: Scope) -> None:
    assert subjects(stop_notices(_case(notice(scope=scope)))) == [("STOP_NOTICE", {"notice_id": "N1"})]


@pytest.mark.parametrize("scope", OTHER)
def test_a_scope_with_one_field_amiss_stops_nothing(scope: Scope) -> None:
    assert not list(stop_notices(_case(notice(scope=scope))))


def test_a_code_prefix_is_whole_parts() -> None:
    rules = references(notice(scope=Scope(control_codes=("1C902",))), item("Z", "1C9021"))
    assert not matching_notices(shipment_case(rules, line(rules, item_no="Z")))


def test_everything_stops_whatever_there_is() -> None:
    rules = references(notice(scope=Scope(), everything=True))
    assert matching_notices(shipment_case(rules))
    assert matching_notices(replace(shipment_case(rules), lines=()))
    assert matching_notices(order_case(rules))


def test_item_and_code_must_meet_in_one_line() -> None:
    scope = Scope(items=("STEEL-BOLT",), control_codes=("1C902",))
    rules = references(notice(scope=scope))
    case = shipment_case(rules, line(rules), line(rules, 2, "STEEL-BOLT"))
    assert not list(stop_notices(case))


def test_a_party_on_one_line_and_an_item_on_another_meet_in_the_shipment() -> None:
    rules = references(notice(scope=Scope(parties=("BETA",), items=("SM-OXIDE",))))
    bolts = line(rules, 2, "STEEL-BOLT", parties={"importer": PartyRef("BETA")})
    case = shipment_case(rules, line(rules), bolts)
    (found,) = matching_notices(case)
    assert lines_matched(found, case) == (1,)


def test_an_orders_scope_finds_the_order_itself_and_a_shipments_scope_never_does() -> None:
    rules = references(notice("N1", scope=Scope(orders=("O1",))), notice("N2", scope=Scope(shipments=("O1", "S1"))))
    assert [found.notice_id for found in matching_notices(order_case(rules))] == ["N1"]


def test_a_forwarders_scope_never_matches_an_order() -> None:
    assert not matching_notices(order_case(references(notice(scope=Scope(forwarders=("FWD-1",))))))


def test_a_licence_counts_when_drawn_or_about_to_be() -> None:
    rules = references(notice(scope=Scope(licences=("L1",))))
    case = shipment_case(rules)
    assert case.shipment is not None
    assert not matching_notices(case)
    assert matching_notices(replace(case, planned=(draw(),)))
    assert matching_notices(replace(case, shipment=replace(case.shipment, draws=(draw(),))))


def test_a_party_given_by_name_alone_is_found_by_its_id() -> None:
    rules = references(notice())
    case = shipment_case(rules, line(rules, parties={"end_user": PartyRef(name="alpha gmbh")}))
    assert matching_notices(case)


def test_a_notice_waits_for_its_start_and_ends_with_its_end() -> None:
    begins, ends = at("2026-03-03T00:00"), at("2026-03-04T00:00")
    dated = notice(starts_at=begins, ends_at=ends)
    case = _case(dated)
    moments = (begins - timedelta(milliseconds=1), begins, ends - timedelta(milliseconds=1), ends)
    assert [bool(matching_notices(replace(case, as_of=moment))) for moment in moments] == [False, True, True, False]
    assert list(notices.next_dates(case)) == [begins, ends]
    assert list(notices.next_dates(replace(case, as_of=begins))) == [ends]


def test_a_notice_without_a_start_is_in_effect_whatever_its_own_time_says() -> None:
    assert matching_notices(_case(notice(recorded_at=NOW + timedelta(hours=1))))


def test_overlapping_notices_hold_independently() -> None:
    case = _case(notice("N1"), notice("N2", scope=Scope(items=("SM-OXIDE",))))
    assert [subject for _, subject in subjects(stop_notices(case))] == [{"notice_id": "N1"}, {"notice_id": "N2"}]


def test_customs_challenges_and_reviews_are_the_notices_word() -> None:
    case = _case(notice(origin=NoticeOrigin.CUSTOMS, release_by_review=True))
    (finding,) = stop_notices(case)
    assert (finding.reason.value, finding.review_allowed) == ("CUSTOMS_CHALLENGE", True)
    (finding,) = stop_notices(_case(notice()))
    assert not finding.review_allowed
    assert "respond_by" not in finding.detail


@pytest.mark.parametrize(
    ("days", "starts_at", "last"),
    [
        (7, None, "2026-03-11"),
        (1, None, "2026-03-03"),
        (7, "2026-02-27T23:59:59.999+08:00", "2026-03-09"),
        (7, "2026-02-28T00:00:00+08:00", "2026-03-10"),
        (7, "2026-03-01T00:00:00+08:00", "2026-03-10"),
    ],
)
def test_a_challenge_of_customs_is_answered_within_working_days_of_its_first_day(
    days: int, starts_at: str | None, last: str
) -> None:
    begun = at(starts_at) if starts_at is not None else None
    challenge = notice(origin=NoticeOrigin.CUSTOMS, starts_at=begun)
    (finding,) = stop_notices(replace(_case(challenge), policy=Policy(customs_challenge_days=days)))
    assert finding.detail["respond_by"] == last


def test_notices_reach_domestic_moves_and_goods_under_way() -> None:
    case = _case(notice())
    assert list(stop_notices(replace(case, leaves_territory=False)))
    assert list(stop_notices(departed(case, NOW.date())))
    assert list(stop_notices(replace(case, place=Place.DELIVERED)))


def _granted(after: timedelta, **changes: Any) -> Licence:
    return licence("L2", answers_notices=("N1",), authority_time=NOW + after, **changes)


def test_a_licence_answers_a_notice_that_it_names_and_that_began_before_it() -> None:
    assert answering(notice(), _granted(timedelta(milliseconds=1)))
    assert not answering(notice(), _granted(timedelta()))
    assert not answering(notice(starts_at=NOW + timedelta(days=1)), _granted(timedelta(hours=1)))
    assert not answering(notice("N2"), _granted(timedelta(hours=1)))
    assert not answering(notice(release_by_licence=False), _granted(timedelta(hours=1)))


def test_the_hold_lifts_when_every_matched_line_draws_on_an_answer() -> None:
    rules = references(notice(), _granted(timedelta(hours=1)))
    case = shipment_case(rules, line(rules, 1), line(rules, 2))
    answer = replace(case, fitting=(draw("L2", 1), draw("L2", 2)))
    assert not list(stop_notices(answer))
    assert list(stop_notices(replace(case, fitting=(draw("L2", 1),))))
    assert list(stop_notices(replace(case, fitting=(draw("L2", 1), draw("L1", 2)))))
    assert list(stop_notices(replace(case, fitting=(draw("L2", 1), draw("L2", 2), draw("L1", 2)))))


def test_lines_that_the_notice_does_not_match_need_no_answer() -> None:
    rules = references(notice(scope=Scope(items=("SM-OXIDE",))), _granted(timedelta(hours=1)))
    case = shipment_case(rules, line(rules, 1), line(rules, 2, "STEEL-BOLT"))
    assert not list(stop_notices(replace(case, fitting=(draw("L2", 1),))))


def test_a_case_without_lines_is_never_answered() -> None:
    rules = references(notice(scope=Scope(shipments=("S1",))), _granted(timedelta(hours=1)))
    assert list(stop_notices(replace(shipment_case(rules), lines=())))


_SOME = {
    "parties": ("ALPHA", "BETA", "Beta KK", "alpha gmbh", "E1", "ORION"),
    "exporters": ("E1", "E2"),
    "forwarders": ("FWD-1", "FWD-2"),
    "items": ("SM-OXIDE", "STEEL-BOLT", "OTHER"),
    "control_codes": ("1C902", "1C902.b", "1C9"),
    "hs_prefixes": ("2", "28", "7318.15", "73181510901"),
    "destinations": ("DE", "JP"),
    "end_uses": ("CIVIL_MRI", "EV_MOTOR"),
    "licences": ("L1", "L2"),
    "orders": ("O1", "O2"),
    "shipments": ("S1", "S2"),
}
SCOPES = st.fixed_dictionaries(
    {}, optional={name: st.lists(st.sampled_from(values), min_size=1, max_size=2) for name, values in _SOME.items()}
).map(lambda fields: Scope(**{name: tuple(values) for name, values in fields.items()}))
REFS = st.sampled_from(
    [
        PartyRef("ALPHA"),
        PartyRef("BETA"),
        PartyRef(name="Beta K.K."),
        PartyRef("NOBODY"),
        PartyRef(name="ALPHA GmbH", country="DE"),
        PartyRef(name="Orion"),
    ]
)


@given(st.lists(SCOPES, min_size=1, max_size=4), st.data())
def test_the_index_and_the_terms_never_miss_a_notice_that_matches(scopes: list[Scope], data: st.DataObject) -> None:
    rules = references(*(notice(f"N{n}", scope=scope, everything=scope == Scope()) for n, scope in enumerate(scopes)))
    lines = [
        line(
            rules,
            number,
            data.draw(st.sampled_from(["SM-OXIDE", "STEEL-BOLT", "UNKNOWN"])),
            parties={"end_user": data.draw(REFS)},
            order_id=data.draw(st.sampled_from([None, "O1", "O2"])),
            destination=data.draw(st.sampled_from([None, "DE", "JP"])),
            licences=data.draw(st.sampled_from([(), ("L2",)])),
        )
        for number in (1, 2)
    ]
    planned = data.draw(st.sampled_from([(), (draw("L1", 1),)]))
    case = shipment_case(rules, *lines, planned=planned)
    case = data.draw(st.sampled_from([case, order_case(rules, *lines, planned=planned)]))
    found = {stopping.notice_id for stopping in matching_notices(case)}
    assert found == {asked.notice_id for asked in rules.notices() if _asked_alone(asked, case)}
    terms = case_terms(case, (), ())
    for stopping in matching_notices(case):
        assert touched(touches_of(None, stopping, rules), terms)
        assert touched(touches_of(stopping, replace(stopping, scope=Scope(items=("ELSE",))), rules), terms)


def _asked_alone(asked: Notice, case: Case) -> bool:
    """Whether it matches when it is asked by itself, without any index."""
    everybody = [known(ref, case.references) for _, ref in case_roles(case)]
    ids = {party_id for found in everybody for party_id in found.ids}
    names = {name for found in everybody for name in found.names}
    return notices._matches(asked, case, ids, names, notices._drawn(case))


def test_a_party_that_is_renamed_stays_in_reach_of_a_notice_by_its_name() -> None:
    rules = references(notice(scope=Scope(parties=("Omega AG",))))
    case = shipment_case(rules)
    assert not matching_notices(case)
    renamed = rules.with_changes(2, [party(version=2, name="Omega AG")])
    assert matching_notices(replace(case, references=renamed))
