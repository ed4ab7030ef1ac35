"""What a ban and a worthless end-user statement tell, and of which lines and days (ECL 10; ECR 13, 24, 25)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.prohibitions import next_dates, prohibited
from services.gatekeeper.domain.statements import end_user_statements
from services.gatekeeper.domain.vocabulary import ControlKind, StatementStatus

from .examples import NOW, at, control, line, party, references, shipment_case, statement


def _case(*entities: Any, **of_the_line: Any) -> Case:
    rules = references(*entities)
    return shipment_case(rules, line(rules, **of_the_line))


@pytest.mark.parametrize(
    ("barred", "told"),
    [
        ({"kind": ControlKind.PROHIBITED}, {"ban": "ITEM"}),
        ({"prohibited_destinations": ("KP", "DE")}, {"destination": "DE"}),
        ({"prohibited_end_uses": ("CIVIL_MRI",)}, {"end_use": "CIVIL_MRI"}),
        ({"prohibited_end_user_types": ("POLICE", "MILITARY", "X")}, {"end_user_type": "MILITARY, POLICE"}),
    ],
)
def test_a_ban_tells_what_is_banned_and_since_and_until_when(barred: dict[str, Any], told: dict[str, str]) -> None:
    alpha = party(version=2, types=("POLICE", "MILITARY"))
    (open_end,) = prohibited(_case(control(version=2, **barred), alpha))
    assert open_end.detail == {**told, "item_no": "SM-OXIDE", "effective_from": "2025-04-04"}
    until = control(version=2, effective_until=date(2026, 12, 31), **barred)
    (ending,) = prohibited(_case(until, alpha))
    assert ending.detail == {**open_end.detail, "effective_until": "2026-12-31", "lifts_on": "2027-01-01"}


def test_a_ban_asks_nothing_of_what_the_line_does_not_say() -> None:
    banned = control(
        version=2, prohibited_destinations=("DE",), prohibited_end_uses=("CIVIL_MRI",),
        prohibited_end_user_types=("MILITARY",),
    )  # fmt: skip
    alpha = party(version=2, types=("MILITARY",))
    assert not list(prohibited(_case(banned, alpha, destination=None, end_use=None, parties={})))
    stranger = {"end_user": PartyRef("NOBODY")}
    assert not list(prohibited(_case(banned, alpha, destination="FR", end_use=EndUse("X"), parties=stranger)))


def test_a_ban_on_a_later_line_is_found_behind_lines_that_nobody_described() -> None:
    rules = references(control(version=2, kind=ControlKind.PROHIBITED))
    case = shipment_case(rules, line(rules, 1, "UNKNOWN"), line(rules, 2))
    assert [dict(found.subject)["line_no"] for found in prohibited(case)] == [2]
    assert at("2025-04-04T00:00") in set(next_dates(case))


def _told(case: Case) -> dict[str, str]:
    (found,) = end_user_statements(case)
    return dict(found.detail)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": StatementStatus.WITHDRAWN}, {"fault": "WITHDRAWN"}),
        ({"valid_until": date(2026, 3, 4)}, {"fault": "EXPIRED", "valid_until": "2026-03-04", "day": "2026-03-05"}),
        ({"end_user": "BETA"}, {"fault": "OTHER_END_USER", "requested": "ALPHA", "allowed": "BETA"}),
        ({"end_uses": ("A", "B")}, {"fault": "OTHER_END_USE", "requested": "CIVIL_MRI", "allowed": "A, B"}),
    ],
)
def test_a_worthless_statement_tells_why_and_for_which_lines(changes: dict[str, Any], told: dict[str, str]) -> None:
    rules = references(statement(version=2, **changes))
    named = line(rules, 2, end_user_statements=("EUC-1",))
    assert _told(shipment_case(rules, line(rules), named)) == {**told, "lines": "2"}


def test_a_party_without_an_id_is_told_by_its_name() -> None:
    case = _case(end_user_statements=("EUC-1",), parties={"end_user": PartyRef(name="Beta KK")})
    assert _told(case)["requested"] == "Beta KK"


def test_a_statement_may_vouch_for_a_line_that_does_not_say_its_end_user_or_end_use() -> None:
    """What is absent is MISSING_DATA, no mismatch."""
    assert not list(end_user_statements(_case(end_user_statements=("EUC-1",), parties={})))
    assert not list(end_user_statements(_case(end_user_statements=("EUC-1",), end_use=None)))


def test_without_any_planned_day_a_statement_is_asked_about_today() -> None:
    yesterday = statement(version=2, valid_until=date(2026, 3, 1))
    rules = references(yesterday)
    case = shipment_case(rules, line(rules, end_user_statements=("EUC-1",)), days=())
    assert _told(case)["day"] == NOW.date().isoformat()


def test_a_statement_that_speaks_for_no_line_that_names_it_is_a_mistake_though_another_vouches() -> None:
    rules = references(statement("EUC-2", end_user="BETA"))
    case = shipment_case(rules, line(rules, end_user_statements=("EUC-1", "EUC-2")))
    (found,) = end_user_statements(case)
    assert (dict(found.subject), found.detail["fault"]) == ({"statement_no": "EUC-2"}, "OTHER_END_USER")


def test_the_line_for_which_nobody_speaks_is_the_one_that_is_told() -> None:
    rules = references(statement("EUC-2", end_user="BETA"))
    vouched = line(rules, 1, end_user_statements=("EUC-1", "EUC-2"), parties={"end_user": PartyRef("BETA")})
    alone = line(rules, 2, end_user_statements=("EUC-1",), parties={"end_user": PartyRef("GAMMA")})
    assert _told(shipment_case(rules, vouched, alone))["requested"] == "GAMMA"
