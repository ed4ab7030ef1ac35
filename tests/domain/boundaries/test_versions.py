"""What replaces what: a version above, an authority's time not before (D4.6, D6.4, D8.1, D8.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Feed, FxRate, Licence, Notice, RuleEntity
from services.gatekeeper.domain.rulebook import RuleOutcome, apply_rule
from services.gatekeeper.domain.workspace import Outcome
from tests.domain.boundaries.steps import MICROSECOND
from tests.domain.builders import NOW
from tests.domain.rulebook import examples
from tests.domain.story import Story

VERSIONS = st.integers(2, 10**9)
BACK = st.timedeltas(MICROSECOND, timedelta(days=400))

ENTITIES: tuple[Any, ...] = (
    examples.party(),
    examples.item(),
    examples.control(),
    examples.entry(),
    examples.statement(),
    examples.notice(),
    examples.licence(),
    FxRate("FX", 1, "EUR", "USD", Decimal("1.1"), date(2026, 3, 2)),
    Feed("CONTROL_LIST", 1, NOW, 1),
    Policy(version=1),
)


def outcome(stored: RuleEntity, entity: RuleEntity) -> RuleOutcome:
    rules = examples.references(stored, base=())
    change = apply_rule(rules, entity, NOW)
    assert change.changed == (change.outcome in (RuleOutcome.APPLIED, RuleOutcome.CONFLICT))
    return change.outcome


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda one: type(one).__name__)
@given(version=VERSIONS)
def test_one_version_above_replaces_and_the_same_or_one_below_does_not(entity: Any, version: int) -> None:
    stored = replace(entity, version=version)
    assert outcome(stored, stored) is RuleOutcome.STALE
    assert outcome(stored, replace(entity, version=version - 1)) is RuleOutcome.STALE
    assert outcome(stored, replace(entity, version=version + 1)) is RuleOutcome.APPLIED


@given(version=VERSIONS)
def test_a_lift_of_the_same_version_lifts_nothing(version: int) -> None:
    """D6.4: versions order notices and lifts alike."""
    stop = examples.notice(version=version)
    assert outcome(stop, examples.lift(version=version)) is RuleOutcome.STALE
    assert outcome(stop, examples.lift(version=version + 1)) is RuleOutcome.APPLIED
    assert outcome(examples.lift(version=version), stop) is RuleOutcome.STALE
    again = apply_rule(examples.references(examples.lift(version=version)), replace(stop, version=version + 1), NOW)
    assert isinstance(again.entity, Notice)
    assert not again.entity.lifted


@given(version=VERSIONS, back=BACK)
def test_an_authority_time_may_stay_and_not_go_back_a_microsecond(version: int, back: timedelta) -> None:
    """D4.6: a licence version with an older `authority_time` than the stored one is ignored."""
    stored = examples.licence(version=version)

    def following(authority_time: Any) -> RuleOutcome:
        return outcome(stored, examples.licence(version=version + 1, authority_time=authority_time))

    assert following(stored.authority_time) is RuleOutcome.APPLIED
    assert following(stored.authority_time - MICROSECOND) is RuleOutcome.OLDER_AUTHORITY
    assert following(stored.authority_time - back) is RuleOutcome.OLDER_AUTHORITY


@given(version=VERSIONS, ahead=BACK)
def test_a_conflict_ends_with_a_higher_version_and_a_newer_time_of_the_authority(
    version: int, ahead: timedelta
) -> None:
    """LICENCE_CONFLICT, D8.1: both; newer than the times of both contents."""
    stored = examples.licence(version=version)
    other = replace(stored, max_uses=9, authority_time=stored.authority_time + ahead)
    conflicting = apply_rule(examples.references(stored), other, NOW)
    assert conflicting.outcome is RuleOutcome.CONFLICT
    rules = examples.references(conflicting.entity)

    def still(**changes: Any) -> bool:
        row = apply_rule(rules, replace(other, **changes), NOW).entity
        assert isinstance(row, Licence)
        return row.conflict

    assert still(authority_time=other.authority_time + MICROSECOND)
    assert still(version=version + 1)
    assert not still(version=version + 1, authority_time=other.authority_time + MICROSECOND)


@pytest.mark.parametrize("kind", ["shipment", "order"])
@given(version=VERSIONS)
def test_a_shipment_or_an_order_is_replaced_by_one_version_above_and_by_no_other(kind: str, version: int) -> None:
    story = Story()
    tell: Any = story.ship if kind == "shipment" else story.order
    tell("X", "300 KGM", version=version)
    known = story.balance()
    for other in (version, version - 1):
        assert tell("X", "200 KGM", version=other) is Outcome.STALE
        assert story.balance() == known
    assert tell("X", "200 KGM", version=version + 1) is Outcome.APPLIED
    assert story.balance() != known


@given(version=VERSIONS)
def test_a_cancellation_needs_a_version_above_the_orders(version: int) -> None:
    story = Story()
    story.order("O1", version=version)
    assert story.cancel("O1", version) is Outcome.STALE
    assert story.state("O1") == "CLEARED"
    assert story.cancel("O1", version + 1) is Outcome.APPLIED
    assert story.state("O1") == "CLOSED"
