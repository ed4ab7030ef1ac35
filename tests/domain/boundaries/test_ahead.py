"""What is dated ahead acts at once up to the tolerance, and above it when its time comes (D7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.ahead import waits_for_its_time
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Feed, Notice, RuleEntity
from services.gatekeeper.domain.rulebook import apply_rule
from services.gatekeeper.domain.vocabulary import LicenceStatus, StatementStatus
from services.gatekeeper.domain.workspace import Outcome
from tests.domain.boundaries.steps import MICROSECOND
from tests.domain.builders import NOW
from tests.domain.rulebook import examples
from tests.domain.story import Story

MINUTES = st.integers(0, 600)


def tolerant(minutes: int) -> Story:
    story = Story()
    story.with_policy(version=1, future_event_tolerance_minutes=minutes)
    return story


FREEING: list[tuple[RuleEntity, RuleEntity | None]] = [
    (examples.licence(), None),
    (examples.licence(version=2), examples.licence()),
    (examples.statement(), None),
    (examples.item(), None),
    (examples.party(), None),
    (examples.entry(version=2), examples.entry()),
    (examples.control(), None),
    (examples.control(version=2), examples.control()),
    (examples.notice(version=2), examples.notice()),
    (Feed("FX_RATES", 1, NOW, 9), None),
    (Feed("FX_RATES", 2, NOW, 9), Feed("FX_RATES", 1, NOW, 9)),
]
HOLDING: list[tuple[RuleEntity, RuleEntity | None]] = [
    (examples.licence(version=2, status=LicenceStatus.REVOKED), examples.licence()),
    (examples.licence(max_uses=9), examples.licence()),
    (examples.statement(status=StatementStatus.WITHDRAWN), None),
    (examples.entry(), None),
    (examples.notice(), None),
    (examples.notice(version=3), examples.notice(version=2, lifted=True)),
    (examples.lift(), examples.notice()),
]


@pytest.mark.parametrize(("entity", "stored"), FREEING, ids=lambda one: type(one).__name__)
@given(minutes=MINUTES)
def test_what_may_free_goods_waits_one_microsecond_above_the_tolerance(
    entity: RuleEntity, stored: RuleEntity | None, minutes: int
) -> None:
    tolerance = timedelta(minutes=minutes)

    def waits(ahead: timedelta) -> bool:
        return waits_for_its_time(entity, stored, NOW + ahead, NOW, tolerance)

    assert not waits(tolerance)
    assert waits(tolerance + MICROSECOND)


@pytest.mark.parametrize(("entity", "stored"), HOLDING, ids=lambda one: type(one).__name__)
@given(ahead=st.timedeltas(timedelta(), timedelta(days=400)))
def test_what_can_only_hold_goods_waits_for_nothing(
    entity: RuleEntity, stored: RuleEntity | None, ahead: timedelta
) -> None:
    assert not waits_for_its_time(entity, stored, NOW + ahead, NOW, timedelta())


@given(minutes=MINUTES)
def test_a_lift_above_the_tolerance_ends_its_notice_when_its_time_comes(minutes: int) -> None:
    rules = examples.references(examples.notice(), Policy(future_event_tolerance_minutes=minutes))
    edge = NOW + timedelta(minutes=minutes)

    def lifted(at: datetime) -> tuple[bool, datetime | None]:
        row = apply_rule(rules, replace(examples.lift(), recorded_at=at), NOW).entity
        assert isinstance(row, Notice)
        return row.lifted, row.ends_at

    assert lifted(edge) == (True, None)
    assert lifted(edge + MICROSECOND) == (False, edge + MICROSECOND)


@given(minutes=MINUTES)
def test_a_departure_within_the_tolerance_counts_now_and_one_above_it_then(minutes: int) -> None:
    edge = NOW + timedelta(minutes=minutes)
    story = tolerant(minutes)
    story.ship("S1")
    story.ship("S2")
    story.milestone("S1", "DEPARTED", edge)
    story.milestone("S2", "DEPARTED", edge + MICROSECOND)
    assert story.balance() == "300/300 1/1"
    story.advance_to(edge)
    assert story.balance() == "300/300 1/1"
    story.advance_to(edge + MICROSECOND)
    assert story.balance() == "0/600 0/2"


@given(minutes=MINUTES)
def test_a_cancellation_counts_now_however_far_ahead_it_is_dated(minutes: int) -> None:
    story = tolerant(minutes)
    story.ship("S1")
    story.milestone("S1", "CANCELLED", NOW + timedelta(minutes=minutes) + MICROSECOND)
    assert (story.state("S1"), story.balance()) == ("CLOSED", "0/0 0/0")


Sent = tuple[Outcome, Story]


def amended(kind: str, minutes: int, ahead: timedelta) -> Sent:
    """An order or a shipment of 300 KGM, changed to 200 KGM by an event of that time."""
    story = tolerant(minutes)
    tell: Any = story.ship if kind == "shipment" else story.order
    tell("X", "300 KGM")
    return tell("X", "200 KGM", time=NOW + ahead), story


@pytest.mark.parametrize("kind", ["shipment", "order"])
@given(minutes=MINUTES)
def test_an_amendment_within_the_tolerance_counts_now_and_one_above_it_then(kind: str, minutes: int) -> None:
    tolerance = timedelta(minutes=minutes)
    uses = 1 if kind == "shipment" else 0
    _, story = amended(kind, minutes, tolerance)
    assert story.balance() == f"200/0 {uses}/0"
    _, story = amended(kind, minutes, tolerance + MICROSECOND)
    assert story.balance() == f"300/0 {uses}/0"
    story.advance_to(NOW + tolerance)
    assert story.balance() == f"300/0 {uses}/0"
    story.advance_to(NOW + tolerance + MICROSECOND)
    assert story.balance() == f"200/0 {uses}/0"


@given(minutes=MINUTES)
def test_a_departure_is_marked_late_above_the_tolerance(minutes: int) -> None:
    """D7.2: the same tolerance into the past."""

    def late(ago: timedelta) -> bool:
        story = tolerant(minutes)
        story.ship("S1")
        story.milestone("S1", "DEPARTED", NOW - ago)
        return "late" in story.timeline[-1].detail

    assert not late(timedelta(minutes=minutes))
    assert late(timedelta(minutes=minutes) + MICROSECOND)
