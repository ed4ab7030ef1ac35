from __future__ import annotations

import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.reason_phrases import PHRASES
from services.gatekeeper.domain.reason_texts import text
from services.gatekeeper.domain.reasons import REASONS, Reason

CITATION = re.compile(r"(ECR|ECL)-\d+(\(\d+\))?|NOTICE-\d")
KEYS = sorted(
    {
        name
        for phrases in PHRASES.values()
        for phrase in phrases
        for template in phrase
        for _, name, _, _ in Formatter().parse(template)
        if name
    }
)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_info_and_both_texts(reason: Reason) -> None:
    info = REASONS[reason]
    assert info.code is reason
    assert all(CITATION.fullmatch(citation) for citation in info.legal_basis)
    both = text(Finding(reason, ()))
    assert set(both) == {"en", "zh"}
    assert re.search(r"[\u4e00-\u9fff]", both["zh"])
    assert both["en"].isascii()


def test_severity_is_the_order_of_the_table() -> None:
    assert [info.severity for info in REASONS.values()] == list(range(len(Reason)))
    assert REASONS[Reason.STOP_NOTICE].severity == 0


def test_what_people_may_exempt() -> None:
    reviewable = {reason.value for reason, info in REASONS.items() if info.reviewable}
    assert reviewable == {"SPLIT_SUSPECTED", "PARTY_REVIEW", "OVER_DELIVERY", "MANUAL_HOLD"}


def test_the_text_says_what_was_asked_what_there_is_and_what_is_missing() -> None:
    detail = {"requested": "1000.001 KGM", "available": "1000 KGM", "excess": "0.001 KGM"}
    both = text(found(Reason.QTY_EXCEEDED, detail, line_no=1, licence_no="L1"))
    assert both["en"] == (
        "Line 1, licence L1: the quantity exceeds the licence's balance: "
        "requested 1000.001 KGM; available 1000 KGM; 0.001 KGM too much."
    )
    assert both["zh"] == "第1项货物，许可证L1：数量超出许可证余量：申请1000.001 KGM；可用1000 KGM；超出0.001 KGM。"


def test_a_text_from_outside_is_never_taken_for_a_template() -> None:
    both = text(found(Reason.STOP_NOTICE, {"text_en": "stop {everything!r} {", "authority_ref": "{0}"}, notice_id="N1"))
    assert "“stop {everything!r} {”" in both["en"]
    assert "reference {0}" in both["en"]


@given(st.sampled_from(list(Reason)), st.dictionaries(st.sampled_from(KEYS), st.text(max_size=900)))
def test_whatever_the_detail_says_or_lacks_there_is_a_text_of_bounded_length(
    reason: Reason, detail: dict[str, str]
) -> None:
    both = text(Finding(reason, (("line_no", 1),), detail))
    assert all(0 < len(said) <= 601 for said in both.values())
