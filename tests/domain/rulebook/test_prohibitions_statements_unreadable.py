from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.gatekeeper.domain import prohibitions, statements
from services.gatekeeper.domain.aggregates import Finding, Hold, Order, StandingHold
from services.gatekeeper.domain.calendar import start_of_day
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.prohibitions import codes_in_force, prohibited
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import UnreadableRule
from services.gatekeeper.domain.rule_entities import Window
from services.gatekeeper.domain.statements import end_user_statements
from services.gatekeeper.domain.unreadable import unreadable_references
from services.gatekeeper.domain.vocabulary import (
    ControlKind,
    OrderState,
    RuleKind,
    ShipmentState,
    StatementStatus,
)

from .examples import (
    NOW,
    at,
    control,
    departed,
    draw,
    item,
    line,
    order_case,
    party,
    references,
    shipment_case,
    statement,
    subjects,
)


def _case(*entities: Any, as_of: Any = NOW, **of_the_line: Any) -> Case:
    rules = references(*entities)
    return shipment_case(rules, line(rules, **of_the_line), as_of=as_of)


def test_a_code_is_in_force_inside_its_dates_and_outside_its_suspension() -> None:
    pause = Window(date(2025, 11, 10), date(2026, 11, 10))
    rules = references(control(version=2, effective_until=date(2027, 5, 31), suspensions=(pause,)))
    goods = item("SM-OXIDE", "1C902.b")
    in_force = [
        bool(codes_in_force(goods, [day], rules))
        for day in (
            date(2025, 4, 3),
            date(2025, 4, 4),
            date(2025, 11, 9),
            date(2025, 11, 10),
            date(2026, 11, 10),
            date(2026, 11, 11),
            date(2027, 5, 31),
            date(2027, 6, 1),
        )
    ]
    assert in_force == [False, True, True, False, False, True, True, False]
    assert codes_in_force(goods, [date(2026, 11, 10), date(2026, 11, 11)], rules) == ("1C902.b",)
    days = (date(2025, 4, 4), date(2025, 11, 10), date(2026, 11, 11), date(2027, 6, 1))
    assert list(prohibitions.code_dates(goods, rules)) == [start_of_day(day) for day in days]


def test_a_code_nobody_described_is_in_force() -> None:
    assert codes_in_force(item("X", "9Z999"), [NOW.date()], references()) == ("9Z999",)


@pytest.mark.parametrize(
    ("barred", "key"),
    [
        ({"kind": ControlKind.PROHIBITED}, "ban"),
        ({"prohibited_destinations": ("KP", "DE")}, "destination"),
        ({"prohibited_end_uses": ("CIVIL_MRI",)}, "end_use"),
        ({"prohibited_end_user_types": ("MILITARY",)}, "end_user_type"),
    ],
)
def test_what_is_banned_holds_whatever_the_licence(barred: dict[str, Any], key: str) -> None:
    case = _case(control(version=2, **barred), party(version=2, types=("MILITARY",)))
    (finding,) = prohibited(case)
    assert dict(finding.subject) == {"line_no": 1, "control_code": "1C902.b"}
    assert key in finding.detail


def test_a_ban_of_something_else_holds_nothing() -> None:
    other = control(
        version=2, prohibited_destinations=("KP",), prohibited_end_uses=("X",), prohibited_end_user_types=("MILITARY",)
    )
    assert not list(prohibited(_case(other)))


def test_a_ban_acts_only_while_its_control_is_in_force() -> None:
    banned = control(version=2, kind=ControlKind.PROHIBITED, effective_until=date(2026, 3, 4))
    assert list(prohibited(_case(banned, as_of=at("2026-03-04T23:59:59.999"))))
    assert not list(prohibited(_case(banned, as_of=at("2026-03-05T00:00"))))


def test_a_ban_that_takes_effect_at_sea_reaches_the_goods() -> None:
    banned = control(version=2, kind=ControlKind.PROHIBITED, effective_from=date(2026, 3, 10))
    assert list(prohibited(departed(_case(banned, as_of=at("2026-03-10T00:00")), date(2026, 3, 4))))


def test_a_domestic_move_meets_no_ban() -> None:
    case = _case(control(version=2, kind=ControlKind.PROHIBITED))
    assert not list(prohibited(replace(case, leaves_territory=False)))


def _statement_fault(case: Case) -> str | None:
    findings = list(end_user_statements(case))
    assert all(finding.reason is Reason.END_USER_STATEMENT_INVALID for finding in findings)
    return findings[0].detail["fault"] if findings else None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"status": StatementStatus.WITHDRAWN}, "WITHDRAWN"),
        ({"status": StatementStatus.INVALID}, "INVALID"),
        ({"valid_until": date(2026, 3, 5)}, None),
        ({"valid_until": date(2026, 3, 4)}, "EXPIRED"),
        ({"end_user": "BETA"}, "OTHER_END_USER"),
        ({"end_uses": ("LAB",)}, "OTHER_END_USE"),
        ({"end_uses": ()}, "OTHER_END_USE"),
    ],
)
def test_what_makes_a_statement_worthless(changes: dict[str, Any], fault: str | None) -> None:
    case = _case(statement(version=2, **changes), end_user_statements=("EUC-1",))
    assert _statement_fault(case) == fault


def test_an_unknown_statement_is_none() -> None:
    case = _case(end_user_statements=("EUC-9",))
    assert subjects(end_user_statements(case)) == [("END_USER_STATEMENT_INVALID", {"statement_no": "EUC-9"})]


def test_a_statement_speaks_for_a_party_given_by_name() -> None:
    named = {"end_user": PartyRef(name="ALPHA gmbh")}
    assert _statement_fault(_case(end_user_statements=("EUC-1",), parties=named)) is None


def test_a_statement_runs_out_at_midnight_after_its_last_day() -> None:
    case = _case(statement(version=2, valid_until=date(2026, 3, 31)), end_user_statements=("EUC-1",))
    assert list(statements.next_dates(case)) == [at("2026-04-01T00:00")]


def test_two_statements_for_two_end_users_each_vouch_for_their_line() -> None:
    rules = references(statement("EUC-2", end_user="BETA", end_uses=("EV_MOTOR",)))
    named = ("EUC-1", "EUC-2")
    first = line(rules, 1, end_user_statements=named)
    beta = {"end_user": PartyRef("BETA")}
    second = line(rules, 2, end_user_statements=named, parties=beta, end_use=EndUse("EV_MOTOR"))
    assert not list(end_user_statements(shipment_case(rules, first, second)))
    alone = replace(second, end_user_statements=("EUC-1",))
    assert _statement_fault(shipment_case(rules, first, alone)) == "OTHER_END_USER"


BROKEN_LICENCE = UnreadableRule("Q1", "L1", RuleKind.LICENCE, "L1")
BROKEN_NOTICE = UnreadableRule("Q2", "N7", RuleKind.NOTICE, "N7")


def test_a_broken_rule_event_tells_what_is_wrong_and_where_it_is_kept() -> None:
    case = _with_broken(
        _case(licences=("L1",)), replace(BROKEN_LICENCE, error="valid_until: not a date"), BROKEN_NOTICE
    )
    of_licence, of_notice = unreadable_references(case)
    assert of_licence.detail == {
        "about": "licence L1", "about_kind": "licence", "about_key": "L1",
        "error": "valid_until: not a date", "quarantine_id": "Q1",
    }  # fmt: skip
    assert of_notice.detail["quarantine_id"] == "Q2"
    assert "error" not in of_notice.detail


def _with_broken(case: Case, *broken: UnreadableRule) -> Case:
    return replace(case, references=case.references.with_changes(2, [], broken))


def _events(case: Case) -> list[Any]:
    return [subject["event"] for _, subject in subjects(unreadable_references(case))]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (RuleKind.ITEM, "SM-OXIDE"),
        (RuleKind.PARTY, "ALPHA"),
        (RuleKind.PARTY, "FWD-1"),
        (RuleKind.STATEMENT, "EUC-1"),
        (RuleKind.LICENCE, "L1"),
    ],
)
def test_what_uses_the_key_of_a_broken_event_is_held(kind: RuleKind, key: str) -> None:
    case = _with_broken(_case(end_user_statements=("EUC-1",), licences=("L1",)), UnreadableRule("Q", "evt", kind, key))
    assert _events(case) == ["evt"]
    assert _events(_with_broken(_case(), UnreadableRule("Q", "evt", kind, "ELSE"))) == []


def test_a_broken_refresh_of_a_feed_holds_what_leaves_the_territory_where_policy_limits_its_age() -> None:
    """D8.4, §9; rates are asked of those alone that were valued by one."""
    case = replace(_case(), policy=Policy(feed_max_age_hours={"CONTROL_LIST": 24, "FX_RATES": 24}))
    for feed, held in (("CONTROL_LIST", ["evt"]), ("WATCH_LIST", []), ("FX_RATES", [])):
        broken = _with_broken(case, UnreadableRule("Q", "evt", RuleKind.FEED, feed))
        assert _events(broken) == held
        assert _events(replace(broken, leaves_territory=False)) == []


def test_a_broken_licence_holds_what_would_draw_on_it() -> None:
    case = _with_broken(_case(), BROKEN_LICENCE)
    assert _events(case) == []
    assert _events(replace(case, planned=(draw(),))) == ["L1"]


def test_a_broken_licence_holds_what_stands_with_a_draw_on_it_though_it_would_not_draw_there_again() -> None:
    case = _with_broken(_case(), BROKEN_LICENCE)
    ordered = _with_broken(order_case(references()), BROKEN_LICENCE)
    assert case.shipment is not None
    assert ordered.order is not None
    assert _events(replace(case, shipment=replace(case.shipment, draws=(draw(),)))) == ["L1"]
    assert _events(replace(ordered, order=replace(ordered.order, draws=(draw(),)))) == ["L1"]


def _in_state(case: Case, state: ShipmentState) -> Case:
    assert case.shipment is not None
    return replace(case, shipment=replace(case.shipment, state=state))


def test_a_broken_notice_stops_what_is_not_released_yet() -> None:
    case = _with_broken(_case(), BROKEN_NOTICE)
    assert _events(case) == ["N7"]
    assert _events(_in_state(case, ShipmentState.RELEASED)) == []
    assert _events(replace(case, policy=Policy(unreadable_notice="alert_only"))) == []


def test_a_broken_notice_stops_orders_that_are_not_cleared() -> None:
    case = _with_broken(order_case(references()), BROKEN_NOTICE)
    assert case.order is not None
    assert _events(case) == ["N7"]
    assert _events(replace(case, order=replace(case.order, state=OrderState.CLEARED))) == []


def test_about_departed_goods_it_holds_nothing_new_and_frees_nothing_held() -> None:
    case = _with_broken(_case(licences=("L1",)), BROKEN_LICENCE)
    gone = departed(case, NOW.date())
    assert _events(gone) == []
    (finding,) = unreadable_references(case)
    held = Hold("H", finding.reason, finding.subject, {}, False, NOW)
    assert gone.shipment is not None
    assert _events(replace(gone, shipment=replace(gone.shipment, holds=(held,)))) == ["L1"]
    by_another = replace(held, subject=(("event", "L2"),))
    stopped = replace(held, reason=Reason.STOP_NOTICE)
    for other in (by_another, stopped):
        assert _events(replace(gone, shipment=replace(gone.shipment, holds=(other,)))) == []


def test_an_unreadable_order_holds_its_shipments() -> None:
    broken = StandingHold("Q5", Finding(Reason.EVENT_UNREADABLE, (("event", "O1"),)), NOW)
    manual = StandingHold("H", Finding(Reason.MANUAL_HOLD, (("hold_id", "H"),)), NOW)
    case = replace(_case(order_id="O1"), orders={"O1": Order("O1", 1, standing=(broken, manual))})
    assert _events(case) == ["O1"]


def test_a_domestic_move_meets_unreadable_events_too() -> None:
    case = _with_broken(replace(_case(licences=("L1",)), leaves_territory=False), BROKEN_LICENCE)
    assert _events(case) == ["L1"]


def test_an_unreadable_event_says_what_it_is_about_as_far_as_anybody_knows() -> None:
    """D8.4."""
    for kind, key, about in ((RuleKind.NOTICE, "N9", "notice N9"), (None, None, "unknown")):
        rules = references().with_changes(2, [], [UnreadableRule("q-1", "broken", kind, key)])
        (found,) = unreadable_references(shipment_case(rules))
        assert found.detail["about"] == about
