"""Ids and order of holds, and what lifted them: what receivers store and compare (D1.2, contracts.md §3)."""

from __future__ import annotations

from uuid import uuid5

import pytest

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.holds import HOLD_NAMESPACE, hold_id, lifted_between, manual_hold_id, place_holds
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Notice
from tests.domain.builders import NOW, PLANNED, hold, notice, references


def test_the_id_of_a_hold_follows_from_its_owner_reason_and_subject_in_any_script() -> None:
    """Whoever stored an id finds it again with every later version of Holdgate."""
    known = hold_id("shipment", "S1", Reason.STOP_NOTICE, (("notice_id", "公告-1"),))
    assert known == str(uuid5(HOLD_NAMESPACE, '["shipment","S1","STOP_NOTICE",[["notice_id","公告-1"]]]'))
    asked = manual_hold_id("S1", "请求-1")
    assert asked == str(uuid5(HOLD_NAMESPACE, '["shipment", "S1", "MANUAL_HOLD", "请求-1"]'))


def test_holds_stand_by_severity_then_by_line_as_numbers_go() -> None:
    found = [
        Finding(Reason.MISSING_NET, (("line_no", 10),)),
        Finding(Reason.MISSING_NET, (("line_no", 2),)),
        Finding(Reason.STOP_NOTICE, (("notice_id", "N2"),)),
        Finding(Reason.STOP_NOTICE, (("notice_id", "N10"),)),
    ]
    placed = place_holds("shipment", "S1", found, (), NOW)
    assert [dict(each.subject) for each in placed] == [
        {"notice_id": "N10"}, {"notice_id": "N2"}, {"line_no": 2}, {"line_no": 10},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "by"),
    [
        (notice(), "REEVALUATION"),
        (notice(ends_at=PLANNED), "REEVALUATION"),
        (notice(ends_at=NOW), "NOTICE_LIFTED"),
        (notice(lifted=True), "NOTICE_LIFTED"),
        (notice("N2"), "NOTICE_LIFTED"),
    ],
)
def test_a_notice_that_has_ended_lifted_its_hold_and_one_that_stands_did_not(known: Notice, by: str) -> None:
    """One that matches no more is said to be looked at again; D6.1: its end is exclusive."""
    stopped = hold(Reason.STOP_NOTICE, notice_id="N1")
    [lifted] = lifted_between([stopped], [], references(known), NOW)
    assert lifted.by == by
