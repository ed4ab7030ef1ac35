"""List entries and bans that come, rest and end while the goods are under way (D1.6, D1.7, D5.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import MilestoneReport, Shipment, StateSpan
from services.gatekeeper.domain.leaving import left_released
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Control, ListEntry, Window
from services.gatekeeper.domain.vocabulary import ListEffect, ListName, Milestone, ShipmentState
from tests.domain.builders import PLANNED, at, control, day, departed, references, shipment
from tests.domain.matching.gone import BOOKED, LATER, SPENT, gone
from tests.domain.matching.judged import judged
from tests.domain.story import Story

REST = Window(day("2026-03-06"), day("2026-03-10"))
"""From the day after the departure on."""


def entry(*rests: Window, start: str = "2026-01-01", until: str | None = None, version: int = 1) -> ListEntry:
    return ListEntry("E-1", version, ListName.CONTROL_LIST, ("Alpha GmbH",), (), (), None, day(start),
                     day(until) if until else None, tuple(rests), ListEffect.PROHIBIT, "A 1")  # fmt: skip


def ban(*rests: Window, start: str = "2026-01-01", until: str | None = None) -> Control:
    return replace(control("1C902.b", start, until), suspensions=rests, prohibited_destinations=("DE",))


def _held(left: Shipment, rule: ListEntry | Control, when: datetime = LATER) -> list[str]:
    """By what, but for the review of the party's other roles."""
    found = judged(left, references(rule), SPENT, as_of=when)
    told = (one.reason.value for one in found.findings if one.reason is not Reason.PARTY_REVIEW)
    return list(dict.fromkeys(told))


BOTH = pytest.mark.parametrize(("rule", "reason"), [(entry, "CONTROL_LISTED"), (ban, "PROHIBITED")])


@BOTH
@pytest.mark.parametrize(
    ("windows", "acts"),
    [
        ({}, True),
        ({"start": "2026-03-08"}, True),
        ({"start": "2026-03-09"}, False),
        ({"until": "2026-03-08"}, True),
        ({"until": "2026-03-07"}, False),
    ],
)
def test_what_comes_at_sea_holds_goods_that_left_released_while_it_acts(
    rule: Any, reason: str, windows: dict[str, str], acts: bool
) -> None:
    """Nothing was open at departure, so that today alone counts."""
    assert _held(gone(), rule(**windows)) == ([reason] if acts else [])


@BOTH
def test_what_came_at_sea_stops_holding_when_it_is_suspended(rule: Any, reason: str) -> None:
    assert _held(gone(), rule(REST)) == []
    assert _held(gone(), rule(REST), at("2026-03-11 00:00")) == [reason]


@BOTH
def test_what_left_while_held_is_judged_by_the_day_of_departure_too(rule: Any, reason: str) -> None:
    left = departed(shipment(draws=(BOOKED,)), released=False)
    assert _held(left, rule(REST)) == [reason]
    assert _held(left, rule(start="2026-03-06")) == [reason]
    assert _held(left, rule(until="2026-03-04")) == []


@pytest.mark.parametrize(("minutes", "found"), [(10, []), (11, ["CONTROL_LISTED"])])
def test_a_clock_that_is_fast_does_not_make_a_departure_held(minutes: int, found: list[str]) -> None:
    """D7.3: it left RELEASED by what was so when that was reported, although a hold came before its own time."""
    reported = PLANNED - timedelta(minutes=minutes)
    left = gone()
    held = StateSpan(reported + timedelta(seconds=1), ShipmentState.HELD)
    report = MilestoneReport("dep", Milestone.DEPARTED, PLANNED, reported)
    left = replace(left, states=(*left.states, held), progress=replace(left.progress, reports=(report,)))
    assert _held(left, entry(REST)) == found


def test_goods_at_sea_are_told_to_stop_and_let_go_again_as_an_entry_acts_and_rests() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED", at("2026-03-02 09:00"))
    story.advance_to(at("2026-03-04 12:00"))
    story.rule(entry(REST))
    assert story.state("S1") == "INTERCEPT CONTROL_LISTED PARTY_REVIEW"
    story.advance_to(at("2026-03-06 00:00"))
    assert story.state("S1") == "RELEASED"
    story.advance_to(at("2026-03-11 00:00"))
    assert story.state("S1") == "INTERCEPT CONTROL_LISTED PARTY_REVIEW"


@pytest.mark.parametrize("minutes", [0, 5])
def test_what_comes_at_the_very_instant_of_the_departure_was_not_open_before_it(minutes: int) -> None:
    """It left RELEASED, by a fast clock, too (D7.3): the entry holds while it acts, and no longer (D1.7)."""
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED", story.clock + timedelta(minutes=minutes))
    story.rule(entry(REST))
    assert story.state("S1") == "INTERCEPT CONTROL_LISTED PARTY_REVIEW"
    story.advance_to(at("2026-03-06 00:00"))
    assert story.state("S1") == "RELEASED"


@pytest.mark.parametrize("delivered", [False, True])
def test_what_was_held_before_its_departure_at_the_same_instant_left_while_held(delivered: bool) -> None:
    """D4.7: the order in which it was told counts, and what was HELD is never taken for released."""
    story = Story()
    story.ship("S1")
    story.rule(entry(REST))
    assert story.state("S1") == "HELD CONTROL_LISTED PARTY_REVIEW"
    story.milestone("S1", "DEPARTED")
    if delivered:
        story.milestone("S1", "DELIVERED")
    story.advance_to(at("2026-03-06 00:00"))
    assert story.state("S1").split()[:2] == ["INCIDENT" if delivered else "INTERCEPT", "CONTROL_LISTED"]


def test_what_was_never_heard_of_before_its_departure_did_not_leave_released() -> None:
    story = Story(entry(REST))
    story.milestone("S1", "DEPARTED")
    story.ship("S1")
    story.advance_to(at("2026-03-06 00:00"))
    assert "CONTROL_LISTED" in story.state("S1")


R, H, SEA, C = ShipmentState.RELEASED, ShipmentState.HELD, ShipmentState.INTERCEPT, ShipmentState.CLOSED


@pytest.mark.parametrize(
    ("before", "then", "released"),
    [
        (R, (), True), (R, (SEA,), True), (R, (SEA, R), True), (R, (SEA, R, SEA), True),
        (R, (H, R), True), (R, (H, R, SEA), True),
        (H, (), False), (H, (SEA,), False), (H, (SEA, R), False), (H, (SEA, R, SEA), False),
        (SEA, (), False), (R, (H,), False), (R, (H, SEA), False), (R, (SEA, H, SEA), False), (R, (SEA, C, SEA), False),
    ],
)  # fmt: skip
def test_of_several_states_at_one_instant_those_before_the_departure_count(
    before: ShipmentState, then: tuple[ShipmentState, ...], released: bool
) -> None:
    states = (StateSpan(PLANNED - timedelta(hours=1), before), *(StateSpan(PLANNED, state) for state in then))
    report = MilestoneReport("dep", Milestone.DEPARTED, PLANNED, PLANNED)
    left = gone()
    left = replace(left, states=states, progress=replace(left.progress, reports=(report,)))
    assert left_released(left, Policy()) is released
    late = replace(report, received_at=LATER)
    left = replace(left, progress=replace(left.progress, reports=(late,)))
    assert left_released(left, Policy()) is ((before, *then)[-1] is R)
