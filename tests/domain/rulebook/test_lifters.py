"""Who may lift a hold (domain.md §2)."""

from __future__ import annotations

import pytest

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.lifters import LIFTERS, Lifter, lifters
from services.gatekeeper.domain.reasons import REASONS, Reason
from services.gatekeeper.domain.vocabulary import LiftsWhen


@pytest.mark.parametrize("reason", Reason)
def test_somebody_is_named_for_every_reason(reason: Reason) -> None:
    assert lifters(Finding(reason, ()))
    named = lifters(found(reason))
    assert len(set(named)) == len(named)
    assert (Lifter.REVIEWERS in named) == REASONS[reason].reviewable


@pytest.mark.parametrize("reason", [one for one in Reason if REASONS[one].lifts_when is LiftsWhen.LICENCE_COVERS])
def test_what_a_licence_lifts_is_the_licensing_desks_work(reason: Reason) -> None:
    assert Lifter.LICENSING_DESK in LIFTERS[reason]


def test_a_notice_is_ended_by_whoever_placed_it() -> None:
    assert lifters(found(Reason.STOP_NOTICE, {"origin": "AUTHORITY"})) == (Lifter.AUTHORITY,)
    assert lifters(found(Reason.STOP_NOTICE, {"origin": "OWN_DISCOVERY"})) == (Lifter.COMPLIANCE,)
    assert lifters(found(Reason.CUSTOMS_CHALLENGE, {"origin": "CUSTOMS"})) == (Lifter.CUSTOMS,)


def test_a_notice_names_the_licensing_desk_and_reviewers_where_it_lets_them() -> None:
    detail = {"origin": "AUTHORITY", "release_by_licence": "true"}
    both = (Lifter.LICENSING_DESK, Lifter.AUTHORITY, Lifter.REVIEWERS)
    assert lifters(found(Reason.STOP_NOTICE, detail, review_allowed=True)) == both


def test_nobody_is_mistaken_for_a_listed_party_whom_nobody_described() -> None:
    listed = (Lifter.IDENTITY_REVIEWERS, Lifter.REVIEWERS)
    assert lifters(found(Reason.PARTY_REVIEW, {"matched_by": "NAME"})) == listed
    assert lifters(found(Reason.PARTY_REVIEW, {"matched_by": "UNDESCRIBED"})) == (Lifter.SENDER, Lifter.REVIEWERS)
