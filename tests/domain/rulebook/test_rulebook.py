from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.notices import answering, in_effect
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References, UnreadableRule
from services.gatekeeper.domain.rule_entities import (
    Notice,
    RuleEntity,
    Scope,
    Window,
)
from services.gatekeeper.domain.rulebook import (
    NoticeEvent,
    RuleChange,
    RuleOutcome,
    apply_rule,
    boundaries,
    unreadable_alerts,
    unreadable_touches,
)
from services.gatekeeper.domain.terms import EVERYTHING, NOBODY, case_terms, touched
from services.gatekeeper.domain.vocabulary import LicenceStatus, RuleKind

from .examples import (
    NOW,
    at,
    control,
    entry,
    item,
    licence,
    lift,
    line,
    notice,
    party,
    references,
    shipment_case,
    statement,
)


def _applied(rules: References, *entities: RuleEntity) -> References:
    for version, entity in enumerate(entities, rules.rules_version + 1):
        change = apply_rule(rules, entity, NOW)
        rules = rules.with_changes(version, [change.entity], (), change.settles) if change.changed else rules
    return rules


def _terms(rules: References, **of_the_line: Any) -> frozenset[str]:
    return case_terms(shipment_case(rules, line(rules, **of_the_line)), (), ())


@pytest.mark.parametrize(
    "stored",
    [party(version=2), item(version=2), control(version=2), entry(version=2), statement(version=2), notice(version=2)],
)
def test_a_version_not_above_the_stored_one_is_stale(stored: Any) -> None:
    rules = references(stored)
    for version in (1, 2):
        change = apply_rule(rules, replace(stored, version=version), NOW)
        assert (change.outcome, change.entity, change.touches) == (RuleOutcome.STALE, stored, NOBODY)
    assert apply_rule(rules, replace(stored, version=3), NOW).outcome is RuleOutcome.APPLIED


def test_a_licence_with_an_older_authority_time_is_ignored() -> None:
    older = licence(version=2, authority_time=at("2026-02-19T10:00"), status=LicenceStatus.REVOKED)
    change = apply_rule(references(), older, NOW)
    assert (change.outcome, change.entity, change.touches) == (RuleOutcome.OLDER_AUTHORITY, licence(), NOBODY)
    same_time = replace(older, authority_time=licence().authority_time)
    assert apply_rule(references(), same_time, NOW).outcome is RuleOutcome.APPLIED


def _conflict(rules: References) -> bool:
    stored = rules.licence("L1")
    assert stored is not None
    return stored.conflict


def test_the_same_number_and_version_with_other_content_is_a_conflict_until_a_newer_version() -> None:
    other = licence(end_users=("BETA",), authority_time=at("2026-02-21T10:00"))
    assert apply_rule(references(), licence(), NOW).outcome is RuleOutcome.STALE
    change = apply_rule(references(), other, NOW)
    assert change.outcome is RuleOutcome.CONFLICT
    assert touched(change.touches, {"licence:L1"})
    rules = _applied(references(), other)
    assert _conflict(rules)
    assert apply_rule(rules, other, NOW).outcome is RuleOutcome.STALE
    assert apply_rule(rules, licence(), NOW).outcome is RuleOutcome.STALE
    not_newer = licence(version=2, authority_time=at("2026-02-21T10:00"))
    assert _conflict(_applied(rules, not_newer))
    assert not _conflict(_applied(rules, licence(version=2, authority_time=at("2026-02-21T10:00:01"))))


def test_a_lift_before_its_notice_wins() -> None:
    rules = _applied(references(), lift(version=2), notice(version=1))
    assert not rules.has_notices()
    assert apply_rule(references(), lift(version=2), NOW).touches == NOBODY
    assert apply_rule(references(), lift(version=2), NOW).notice_event is None


def test_an_upsert_above_a_lift_puts_it_in_effect_again() -> None:
    rules = _applied(references(), notice(version=1), lift(version=2))
    assert not rules.has_notices()
    change = apply_rule(rules, notice(version=3), NOW)
    assert change.notice_event is NoticeEvent.IN_EFFECT
    assert touched(change.touches, _terms(rules))


def test_a_lift_keeps_what_it_lifts_and_frees_whom_it_held() -> None:
    rules = _applied(references(), notice(version=1))
    change = apply_rule(rules, lift(version=2), NOW)
    assert isinstance(change.entity, Notice)
    assert (change.entity.scope, change.entity.lifted, change.entity.version) == (notice().scope, True, 2)
    assert change.notice_event is NoticeEvent.ENDED
    assert touched(change.touches, _terms(rules))
    again = apply_rule(_applied(rules, lift(version=2)), lift(version=3), NOW)
    assert (again.outcome, again.touches, again.notice_event) == (RuleOutcome.APPLIED, NOBODY, None)


@given(
    st.permutations(
        [
            notice(version=1),
            lift(version=2),
            notice(version=3, scope=Scope(items=("X",))),
            lift(version=4),
            notice(version=5),
        ]
    )
)
def test_the_highest_version_wins_in_any_order(events: list[Notice]) -> None:
    rules = _applied(references(), *events)
    stored = rules.notice("N1")
    assert stored is not None
    assert (stored.version, stored.lifted, stored.scope) == (5, False, notice().scope)


def test_a_notice_for_later_is_told_when_it_begins() -> None:
    later = notice(starts_at=NOW + timedelta(days=1))
    assert apply_rule(references(), later, NOW).notice_event is None
    assert apply_rule(references(), later, NOW + timedelta(days=1)).notice_event is NoticeEvent.IN_EFFECT
    rules = _applied(references(), notice(version=1))
    put_off = notice(version=2, starts_at=NOW + timedelta(days=1))
    assert apply_rule(rules, put_off, NOW).notice_event is NoticeEvent.ENDED


def test_a_revision_keeps_the_answers_that_were_granted_since_the_notice_began() -> None:
    answer = licence("L2", answers_notices=("N1",), authority_time=NOW + timedelta(hours=1))
    rules = _applied(references(), notice(version=1), notice(version=2, recorded_at=NOW + timedelta(hours=2)))
    stored = rules.notice("N1")
    assert stored is not None
    assert answering(stored, answer)
    again = _applied(
        references(), notice(version=1), lift(version=2), notice(version=3, recorded_at=NOW + timedelta(hours=2))
    )
    stored = again.notice("N1")
    assert stored is not None
    assert in_effect(stored, NOW)
    assert not answering(stored, answer)


def test_a_narrower_scope_reaches_those_that_it_frees() -> None:
    rules = _applied(references(), notice(version=1, scope=Scope(items=("SM-OXIDE", "STEEL-BOLT"))))
    change = apply_rule(rules, notice(version=2, scope=Scope(items=("STEEL-BOLT",))), NOW)
    assert touched(change.touches, {"item:SM-OXIDE"})
    assert touched(change.touches, {"item:STEEL-BOLT"})
    assert not touched(change.touches, {"item:OTHER", "open"})


def test_a_readable_upsert_settles_what_was_broken_about_its_key() -> None:
    broken = [
        UnreadableRule("Q1", "ALPHA", RuleKind.PARTY, "ALPHA"),
        UnreadableRule("Q2", "ALPHA", None, "ALPHA"),
        UnreadableRule("Q3", "N1", RuleKind.NOTICE, "N1", was_upsert=False),
        UnreadableRule("Q4", "N1", RuleKind.NOTICE, "N1"),
        UnreadableRule("Q5", "N1", None, "N1"),
    ]
    rules = references().with_changes(2, [], broken)
    assert apply_rule(rules, party(version=2), NOW).settles == ("Q1", "Q2")
    assert apply_rule(rules, party(version=1), NOW).settles == ()
    assert apply_rule(rules, notice(version=1), NOW).settles == ("Q4",)
    assert apply_rule(rules, lift(version=1), NOW).settles == ()


def test_whom_a_broken_rule_event_touches_and_when_it_alarms() -> None:
    rules = references()
    stop = UnreadableRule("Q1", "N9", RuleKind.NOTICE, "N9")
    assert unreadable_touches(stop, rules) == EVERYTHING
    assert [alert.kind.value for alert in unreadable_alerts(stop)] == ["NOTICE_UNREADABLE"]
    ghost = UnreadableRule("Q2", "L9", RuleKind.LICENCE, "L9")
    assert touched(unreadable_touches(ghost, rules), {"licence:L9"})
    assert unreadable_alerts(ghost) == ()
    assert unreadable_touches(UnreadableRule("Q3", "?", RuleKind.FX_RATE, None), rules) == NOBODY


@pytest.mark.parametrize(
    ("kind", "key", "about", "subject"),
    [(RuleKind.CONTROL, "1C902", "control", "1C902"), (None, None, "unknown", "list.csv@7")],
)
def test_an_alarm_names_what_is_broken_by_its_key_and_else_by_its_event(
    kind: RuleKind | None, key: str | None, about: str, subject: str
) -> None:
    """D4.9, D8.4."""
    (alert,) = unreadable_alerts(UnreadableRule("Q1", "list.csv@7", kind, key))
    assert alert.subject == subject
    assert alert.detail == {"event": "list.csv@7", "kind": about, "quarantine_id": "Q1"}


@pytest.mark.parametrize(
    ("entity", "days"),
    [
        (licence(), ["2026-03-01", "2026-09-01"]),
        (statement(), ["2027-01-01"]),
        (entry(suspensions=(Window(date(2026, 4, 1), date(2026, 6, 30)),)), ["2026-03-01", "2026-04-01", "2026-07-01"]),
        (control(effective_until=date(2026, 5, 31)), ["2025-04-04", "2026-06-01"]),
        (notice(starts_at=at("2026-03-05T00:00"), ends_at=at("2026-03-06T00:00")), ["2026-03-05", "2026-03-06"]),
        (lift(), []),
        (party(), []),
    ],
)
def test_when_a_rule_begins_and_ends_by_its_own_dates(entity: RuleEntity, days: list[str]) -> None:
    assert list(boundaries(entity)) == [at(f"{day}T00:00") for day in days]


def test_a_change_says_what_was_there_before() -> None:
    change = apply_rule(references(), party(version=2, name="Omega"), NOW)
    assert isinstance(change, RuleChange)
    assert change.before == party()
    assert touched(change.touches, {"name:alphagmbh"})
    assert touched(change.touches, {"name:omega"})


def test_a_policy_is_applied_above_the_stored_version_and_touches_everybody() -> None:
    rules = references()
    assert rules.policy == Policy()
    first = apply_rule(rules, Policy(version=1, combine_licences=True), NOW)
    assert (first.outcome, first.touches) == (RuleOutcome.APPLIED, EVERYTHING)
    applied = rules.with_changes(2, [first.entity])
    assert applied.policy.combine_licences
    assert apply_rule(applied, Policy(version=1), NOW).outcome is RuleOutcome.STALE
