"""What a revision dated ahead adds acts at once; what it frees waits for its time (D7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.ahead import worse_at_once
from services.gatekeeper.domain.prohibitions import prohibited
from services.gatekeeper.domain.rule_entities import Feed, Identifier, Notice, RuleEntity, Scope, Window
from services.gatekeeper.domain.rulebook import NoticeEvent, RuleOutcome, apply_rule, narrow_rule
from services.gatekeeper.domain.terms import EVERYTHING
from services.gatekeeper.domain.vocabulary import ControlKind, ListEffect, ListName
from tests.domain.rulebook import examples
from tests.domain.rulebook.examples import NOW

HOUR = timedelta(hours=1)
MARCH = Window(date(2026, 3, 1), date(2026, 3, 31))
MAY = Window(date(2026, 5, 1))
LEI, VAT = Identifier("LEI", "1"), Identifier("VAT", "2")


def meanwhile(stored: RuleEntity, changes: dict[str, Any]) -> RuleEntity | None:
    """`stored` after its second version, which differs in `changes`, was announced."""
    return worse_at_once(replace(stored, version=2, **changes), stored)


def check(stored: RuleEntity, field: str, new: Any, expected: Any) -> None:
    changed: dict[str, Any] = {field: expected}
    after = replace(stored, **changed)
    assert meanwhile(stored, {field: new}) == (None if after == stored else after)


@pytest.mark.parametrize(
    ("field", "stored", "new", "expected"),
    [
        ("scope", Scope(parties=("A",)), Scope(parties=("B",)), Scope(parties=("A", "B"))),
        ("scope", Scope(parties=("A", "B")), Scope(parties=("B",)), Scope(parties=("A", "B"))),
        ("scope", Scope(parties=("A",), items=("I",)), Scope(parties=("A",)), Scope(parties=("A",))),
        ("scope", Scope(parties=("A",)), Scope(parties=("A",), items=("I",)), Scope(parties=("A",))),
        ("everything", False, True, True),
        ("everything", True, False, True),
        ("starts_at", NOW, NOW - HOUR, NOW - HOUR),
        ("starts_at", NOW, NOW + HOUR, NOW),
        ("starts_at", None, NOW, None),
        ("ends_at", NOW, NOW + HOUR, NOW + HOUR),
        ("ends_at", NOW + HOUR, NOW, NOW + HOUR),
        ("ends_at", NOW, None, None),
        ("ends_at", None, NOW, None),
        ("release_by_licence", True, False, False),
        ("release_by_licence", False, True, False),
        ("release_by_review", True, False, False),
        ("release_by_review", False, True, False),
        ("recorded_at", NOW, NOW + HOUR, NOW),
    ],
)
def test_a_notice_goes_on_and_stops_at_once_what_its_revision_stops(
    field: str, stored: Any, new: Any, expected: Any
) -> None:
    given: dict[str, Any] = {field: stored}
    check(replace(examples.notice(), **given), field, new, expected)


def test_a_notice_without_a_field_in_common_stops_everything_until_its_revision_counts() -> None:
    """D6.2: of the parties of one and the items of the other no scope says both."""
    after = meanwhile(examples.notice(), {"scope": Scope(items=("STEEL-BOLT",))})
    assert isinstance(after, Notice)
    assert (after.everything, after.scope) == (True, Scope())


def test_a_notice_that_begins_at_once_is_answered_by_what_answered_it_before() -> None:
    """D6.6: by licences granted after its own start."""
    later = replace(examples.notice(), starts_at=NOW + HOUR)
    assert meanwhile(later, {"starts_at": None}) == replace(later, starts_at=None, recorded_at=NOW + HOUR)


def test_a_notice_announced_above_a_lift_is_in_effect_at_once_and_an_announced_lift_is_the_rulebooks() -> None:
    announced = examples.notice(version=3, recorded_at=NOW + HOUR)
    assert worse_at_once(announced, examples.lift()) == replace(announced, version=2)
    assert worse_at_once(examples.lift(), examples.notice()) is None


def test_a_wider_notice_touches_both_scopes_and_its_revision_replaces_it_then() -> None:
    rules = examples.references(examples.notice())
    revised = examples.notice(version=2, scope=Scope(parties=("BETA",)), recorded_at=NOW + HOUR)
    change = narrow_rule(rules, revised, NOW)
    assert isinstance(change.entity, Notice)
    assert (change.entity.version, change.entity.scope.parties) == (1, ("ALPHA", "BETA"))
    assert change.notice_event is None
    terms = {term for alternative in change.touches for field in alternative for term in field}
    assert {"party:ALPHA", "party:BETA"} <= terms
    row = apply_rule(rules.with_changes(2, [change.entity]), revised, NOW + HOUR).entity
    assert isinstance(row, Notice)
    assert (row.version, row.scope.parties) == (2, ("BETA",))


def test_a_notice_to_come_that_begins_at_once_is_told_to_every_lane() -> None:
    rules = examples.references(replace(examples.notice(), starts_at=NOW + HOUR))
    assert narrow_rule(rules, examples.notice(version=2), NOW).notice_event is NoticeEvent.IN_EFFECT


def test_a_notice_to_come_is_not_told_before_it_is_in_effect_and_everything_touches_all() -> None:
    rules = examples.references(replace(examples.notice(), starts_at=NOW + HOUR))
    revised = examples.notice(version=2, starts_at=NOW + 2 * HOUR, everything=True, scope=Scope())
    change = narrow_rule(rules, revised, NOW)
    assert (change.outcome, change.notice_event, change.touches) == (RuleOutcome.APPLIED, None, EVERYTHING)


@pytest.mark.parametrize(
    ("field", "stored", "new", "expected"),
    [
        ("names", ("A",), ("B",), ("A", "B")),
        ("aliases", ("A", "B"), ("B",), ("A", "B")),
        ("identifiers", (LEI,), (VAT,), (LEI, VAT)),
        ("effective_from", date(2026, 3, 1), date(2026, 2, 1), date(2026, 2, 1)),
        ("effective_from", date(2026, 3, 1), date(2026, 4, 1), date(2026, 3, 1)),
        ("effective_until", date(2026, 3, 1), date(2026, 4, 1), date(2026, 4, 1)),
        ("effective_until", date(2026, 4, 1), date(2026, 3, 1), date(2026, 4, 1)),
        ("effective_until", date(2026, 3, 1), None, None),
        ("effective_until", None, date(2026, 3, 1), None),
        ("suspensions", (MARCH, MAY), (MAY,), (MAY,)),
        ("suspensions", (), (MAY,), ()),
        ("list", ListName.INTERNAL, ListName.WATCH_LIST, ListName.WATCH_LIST),
        ("list", ListName.WATCH_LIST, ListName.CONTROL_LIST, ListName.CONTROL_LIST),
        ("list", ListName.WATCH_LIST, ListName.INTERNAL, ListName.WATCH_LIST),
        ("effect", ListEffect.REVIEW, ListEffect.RESTRICT, ListEffect.RESTRICT),
        ("effect", ListEffect.PROHIBIT, ListEffect.REVIEW, ListEffect.PROHIBIT),
        ("effect", ListEffect.REVIEW, ListEffect.REVIEW, ListEffect.REVIEW),
        ("country", "DE", "FR", None),
        ("country", "DE", "DE", "DE"),
    ],
)
def test_an_entry_means_at_once_whom_its_next_version_means_too(
    field: str, stored: Any, new: Any, expected: Any
) -> None:
    given: dict[str, Any] = {field: stored}
    check(replace(examples.entry(), **given), field, new, expected)


@pytest.mark.parametrize(
    ("field", "stored", "new", "expected"),
    [
        ("kind", ControlKind.LISTED, ControlKind.PROHIBITED, ControlKind.PROHIBITED),
        ("kind", ControlKind.PROHIBITED, ControlKind.LISTED, ControlKind.PROHIBITED),
        ("kind", ControlKind.LISTED, ControlKind.TEMPORARY, ControlKind.LISTED),
        ("effective_from", date(2026, 3, 1), date(2026, 2, 1), date(2026, 2, 1)),
        ("effective_until", date(2026, 3, 1), None, None),
        ("suspensions", (MARCH,), (), ()),
        ("prohibited_destinations", ("FR",), ("DE",), ("FR", "DE")),
        ("prohibited_end_uses", ("WIND",), (), ("WIND",)),
        ("prohibited_end_user_types", (), ("MILITARY",), ("MILITARY",)),
    ],
)
def test_a_code_bars_at_once_what_its_next_version_bars_too(field: str, stored: Any, new: Any, expected: Any) -> None:
    given: dict[str, Any] = {field: stored}
    check(replace(examples.control(), **given), field, new, expected)


def test_a_code_that_nobody_has_described_stays_in_force_until_its_description_counts() -> None:
    """D3.2: in force as it is; there is nothing that the description could make worse."""
    assert worse_at_once(examples.control("9X999"), None) is None


@pytest.mark.parametrize(
    "bans",
    [
        {"kind": ControlKind.PROHIBITED},
        {"prohibited_destinations": ("DE",)},
        {"prohibited_end_uses": ("CIVIL_MRI",)},
        {"prohibited_end_user_types": ("MILITARY",)},
    ],
)
def test_the_bans_of_an_undescribed_code_act_at_once_and_on_every_day(bans: dict[str, Any]) -> None:
    described = examples.control("9X999", effective_until=date(2026, 4, 1), suspensions=(MARCH,), **bans)
    row = worse_at_once(described, None)
    assert row == replace(described, version=0, effective_from=date.min, effective_until=None, suspensions=())
    assert worse_at_once(described, row) is None


def test_a_ban_announced_for_an_undescribed_code_holds_and_its_description_replaces_it() -> None:
    base = tuple(one for one in examples.BASE if one != examples.control())
    rules = examples.references(base=base)
    described = examples.control(effective_from=date(2026, 9, 1), prohibited_destinations=("DE",))
    change = narrow_rule(rules, described, NOW)
    assert (change.outcome, change.before) == (RuleOutcome.APPLIED, None)
    after = rules.with_changes(2, [change.entity])
    (barred,) = prohibited(examples.shipment_case(after))
    assert dict(barred.detail).get("destination") == "DE"
    assert dict(barred.detail).get("effective_from") is None
    applied = apply_rule(after, described, NOW + HOUR)
    assert (applied.outcome, applied.entity) == (RuleOutcome.APPLIED, described)


def test_a_feed_that_turns_out_older_is_older_at_once_and_a_fresh_one_waits() -> None:
    feed = Feed("FX_RATES", 1, NOW, 9)
    assert meanwhile(feed, {"as_of": NOW - HOUR}) == replace(feed, as_of=NOW - HOUR)
    assert meanwhile(feed, {"as_of": NOW + HOUR}) is None
    assert worse_at_once(feed, None) is None
