"""Rule events that are dated ahead (D7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.gatekeeper.domain.ahead import waits_for_its_time
from services.gatekeeper.domain.rule_entities import Feed, Notice, RuleEntity
from services.gatekeeper.domain.rulebook import apply_rule
from services.gatekeeper.domain.vocabulary import LicenceStatus, StatementStatus
from tests.domain.rulebook import examples

TOLERANCE = timedelta(minutes=10)


def waits(entity: RuleEntity, ahead: timedelta, stored: RuleEntity | None = None) -> bool:
    now = examples.NOW
    return waits_for_its_time(entity, stored, now + ahead, now, TOLERANCE)


def test_what_may_free_goods_waits_and_what_can_only_hold_them_does_not() -> None:
    hour = timedelta(hours=1)
    licence, statement = examples.licence(), examples.statement()
    assert waits(licence, hour)
    assert not waits(replace(licence, status=LicenceStatus.REVOKED), hour)
    assert waits(statement, hour)
    assert not waits(replace(statement, status=StatementStatus.WITHDRAWN), hour)
    assert not waits(replace(licence, max_uses=9), hour, stored=licence)
    assert waits(replace(licence, version=2), hour, stored=licence)
    assert waits(examples.item(), hour)
    assert waits(examples.party(), hour)
    assert not waits(examples.entry(), hour)
    assert waits(examples.entry(), hour, stored=examples.entry())
    assert waits(examples.control(), hour)
    assert waits(Feed("FX_RATES", 2, examples.NOW, 9), hour)


def test_only_what_revises_a_notice_that_stands_waits() -> None:
    """D6.4: an upsert above a lift, and a lift, are no revisions."""
    hour, revised = timedelta(hours=1), examples.notice(version=2)
    assert not waits(examples.notice(), hour)
    assert waits(revised, hour, stored=examples.notice())
    assert not waits(revised, hour, stored=replace(examples.notice(), lifted=True))
    assert not waits(examples.lift(), hour, stored=examples.notice())
    ends = examples.NOW + timedelta(microseconds=1)
    assert waits(revised, hour, stored=replace(examples.notice(), ends_at=ends))
    assert not waits(revised, hour, stored=replace(examples.notice(), ends_at=examples.NOW))


@pytest.mark.parametrize(("ahead", "expected"), [(TOLERANCE, False), (TOLERANCE + timedelta(microseconds=1), True)])
def test_what_is_within_the_tolerance_acts_at_once(ahead: timedelta, expected: bool) -> None:
    assert waits(examples.licence(), ahead) is expected


def test_a_lift_dated_ahead_ends_the_notice_then() -> None:
    then = examples.NOW + timedelta(hours=1)
    rules = examples.references(examples.notice())
    row = apply_rule(rules, replace(examples.lift(), recorded_at=then), examples.NOW).entity
    assert isinstance(row, Notice)
    assert (row.version, row.lifted, row.ends_at) == (2, False, then)
