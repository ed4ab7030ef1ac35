from __future__ import annotations

import re

import pytest

from services.gatekeeper.domain.reasons import REASONS, Reason

CITATION = re.compile(r"(ECR|ECL)-\d+(\(\d+\))?|NOTICE-\d")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_info_and_cites_articles(reason: Reason) -> None:
    info = REASONS[reason]
    assert info.code is reason
    assert all(CITATION.fullmatch(citation) for citation in info.legal_basis)


def test_severity_is_the_order_of_the_table() -> None:
    assert [info.severity for info in REASONS.values()] == list(range(len(Reason)))
    assert REASONS[Reason.STOP_NOTICE].severity == 0


def test_what_people_may_exempt() -> None:
    reviewable = {reason.value for reason, info in REASONS.items() if info.reviewable}
    assert reviewable == {"SPLIT_SUSPECTED", "PARTY_REVIEW", "OVER_DELIVERY", "MANUAL_HOLD"}
