"""What people read about a hold: asked, allowed, missed by, nearest, clause, remedy and who may."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.reasons import REASONS, Reason
from services.gatekeeper.texts.clauses import chinese_number, in_words
from services.gatekeeper.texts.page import PAGE, facts_of, reasons_page
from services.gatekeeper.texts.telling import REMEDY_LENGTH_MAX, TOLD_LENGTH_MAX, text
from services.gatekeeper.texts.words import WORDS

KEYS = sorted({fact for reason in Reason for fact in facts_of(reason)} | {"nearest_licence", "candidates"})
NEAREST = {"nearest_licence": "L1", "nearest_line": "1", "nearest_because": "FEWEST_REASONS", "candidates": "3"}
TEXT_LENGTH_MAX = TOLD_LENGTH_MAX + REMEDY_LENGTH_MAX + 1200
"""With the clause, who may and the nearest licence, whose ids are bounded too."""


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_both_texts_with_remedy_and_who_may(reason: Reason) -> None:
    both = text(Finding(reason, ()))
    assert set(both) == {"en", "zh"}
    assert both["en"].isascii()
    assert re.search(r"\. It is lifted .+\. Who can act: .+\.$", both["en"])
    assert re.search(r"。解除条件：.+。可处理方：.+。$", both["zh"])
    assert ("Basis: " in both["en"]) == ("依据：" in both["zh"]) == bool(REASONS[reason].legal_basis)


def test_the_text_says_everything_that_a_person_needs() -> None:
    detail = {"requested": "1000.001 KGM", "available": "1000 KGM", "excess": "0.001 KGM", **NEAREST}
    both = text(found(Reason.QTY_EXCEEDED, detail, line_no=1, licence_no="L1"))
    assert both["en"] == (
        "Line 1, licence L1: the quantity exceeds the licence's balance: "
        "requested 1000.001 KGM; available 1000 KGM; 0.001 KGM too much. "
        "Nearest licence: L1, line 1, because the fewest reasons stand against it "
        "(lines compared: 3). "
        "Basis: Regulations on Export Control of Dual-use Items art. 15, art. 39. "
        "It is lifted when licence L1 is increased by 0.001 KGM; or when no more than 1000 KGM is requested; "
        "or when another licence covers the goods. "
        "Who can act: the exporter's licensing desk; the sender of the data."
    )
    assert both["zh"] == (
        "第1项货物，许可证L1：数量超出许可证余量：本次拟出口1000.001 KGM；可用1000 KGM；超出0.001 KGM。"
        "最接近的许可证：L1第1行，因其不符之处最少（共比对3行）。"
        "依据：《两用物项出口管制条例》第十五条、第三十九条。"
        "解除条件：许可证L1增加0.001 KGM；或者本次拟出口不超过1000 KGM；或者另有许可证涵盖该货物。"
        "可处理方：出口经营者的许可证办理部门、数据报送方。"
    )


def test_where_nothing_is_left_nobody_is_told_to_ask_for_less() -> None:
    detail = {"requested": "1 KGM", "available": "0 KGM", "excess": "1 KGM"}
    both = text(found(Reason.QTY_EXCEEDED, detail, line_no=1, licence_no="L1"))
    assert "available 0 KGM" in both["en"]
    assert "no more than" not in both["en"]


def test_a_licence_to_come_tells_the_day_on_which_the_hold_lifts() -> None:
    detail = {"lifts_on": "2026-03-01", "valid_from": "2026-03-01"}
    both = text(found(Reason.LICENCE_NOT_YET_VALID, detail, line_no=1, licence_no="L1"))
    assert "It is lifted on 2026-03-01, when licence L1 becomes valid; or when another" in both["en"]
    assert "许可证L1于2026-03-01生效" in both["zh"]


def test_a_general_remedy_is_said_only_where_nothing_more_is_known() -> None:
    assert "It is lifted when the missing data has been sent." in text(Finding(Reason.MISSING_DATA, ()))["en"]
    told = text(found(Reason.MISSING_DATA, {"field": "destination"}, field="destination"))
    assert "It is lifted when the final destination (destination) has been sent." in told["en"]
    assert "解除条件：补报最终目的国（地区）（destination）。" in told["zh"]


def test_a_release_request_is_named_exactly_where_a_review_may_exempt() -> None:
    reviewed = text(found(Reason.STOP_NOTICE, {}, review_allowed=True, notice_id="N1"))
    assert "or by a release request that two persons approve. Who can act: the authority; two persons" in reviewed["en"]
    assert "release request" not in text(found(Reason.STOP_NOTICE, {}, notice_id="N1"))["en"]


def test_a_notice_that_a_licence_may_answer_says_so() -> None:
    told = text(found(Reason.STOP_NOTICE, {"release_by_licence": "true"}, notice_id="N1"))
    assert "or by a licence that has been granted in answer to the notice" in told["en"]
    assert "Who can act: the exporter's licensing desk; the authority." in told["en"]


def test_owners_periods_and_challenges_are_told() -> None:
    detail = {"party": "A", "matched_by": "OWNERSHIP", "owner": "X", "percent": "60", "score": "91"}
    listed = text(found(Reason.PARTY_REVIEW, detail, entry_id="I-1", role="end_user"))
    assert "end user A; ground: ownership; likeness 91 of 100; owner X holds 60%" in listed["en"]
    limited = {
        "period": "CALENDAR_MONTH",
        "period_start": "2026-03-01",
        "period_end": "2026-03-31",
        "used": "150 KGM",
        "limit": "200 KGM",
        "lifts_on": "2026-04-01",
    }
    period = text(found(Reason.PERIOD_LIMIT_EXCEEDED, limited, line_no=1, licence_no="L1"))
    assert "limit 200 KGM; calendar month 2026-03-01 to 2026-03-31; already used in this period 150 KGM" in period["en"]
    assert "It is lifted on 2026-04-01, when the next period begins" in period["en"]
    challenged = text(found(Reason.CUSTOMS_CHALLENGE, {"respond_by": "2026-03-11"}, notice_id="N1"))
    assert "须于2026-03-11当日或之前答复" in challenged["zh"]


def test_a_text_from_outside_is_never_taken_for_a_template() -> None:
    both = text(found(Reason.STOP_NOTICE, {"text_en": "stop {everything!r} {", "authority_ref": "{0}"}, notice_id="N1"))
    assert "“stop {everything!r} {”" in both["en"]
    assert "reference {0}" in both["en"]


def test_a_notice_in_one_language_is_quoted_in_both_texts() -> None:
    for detail in ({"text_en": "", "text_zh": "停止出口"}, {"text_zh": "停止出口"}):
        assert "“停止出口”" in text(found(Reason.STOP_NOTICE, detail, notice_id="N1"))["en"]
    assert "“stop”" in text(found(Reason.STOP_NOTICE, {"text_en": "stop"}, notice_id="N1"))["zh"]


def test_a_very_long_notice_is_cut_and_the_remedy_still_told() -> None:
    said = text(Finding(Reason.STOP_NOTICE, (("notice_id", "N1"),), {"text_en": "stop " * 400, "text_zh": "停" * 900}))
    assert "…”" in said["en"]
    assert "…”" in said["zh"]
    assert "It is lifted when notice N1 is lifted" in said["en"]


def test_codes_of_ours_are_said_in_words_and_unknown_ones_as_they_came() -> None:
    assert "；来源：主管部门" in text(found(Reason.STOP_NOTICE, {"origin": "AUTHORITY"}, notice_id="N1"))["zh"]
    assert "；来源：MOON" in text(found(Reason.STOP_NOTICE, {"origin": "MOON"}, notice_id="N1"))["zh"]


@given(st.sampled_from(list(Reason)), st.dictionaries(st.sampled_from(KEYS), st.text(max_size=900)), st.booleans())
def test_whatever_the_detail_says_or_lacks_there_is_a_text_of_bounded_length(
    reason: Reason, detail: dict[str, str], review_allowed: bool
) -> None:
    both = text(Finding(reason, (("line_no", 1),), detail, review_allowed))
    assert all(0 < len(said) <= TEXT_LENGTH_MAX for said in both.values())


@pytest.mark.parametrize(
    ("number", "written"), [(1, "一"), (10, "十"), (18, "十八"), (20, "二十"), (39, "三十九"), (90, "九十"), (0, "零")]
)
def test_articles_are_numbered_as_statutes_number_them(number: int, written: str) -> None:
    assert chinese_number(number) == written


def test_a_paragraph_of_an_article_is_said_and_what_is_no_citation_is_refused() -> None:
    assert "art. 18(2), art. 25" in text(Finding(Reason.END_USE_CHANGED, ()))["en"]
    assert "第十八条第二款、第二十五条" in text(Finding(Reason.END_USE_CHANGED, ()))["zh"]
    with pytest.raises(ValueError, match="no citation: XYZ-1"):
        in_words(["XYZ-1"], lambda one: one.english, str, ", ", "; ")


def test_the_page_of_reasons_is_what_code_and_catalogues_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == reasons_page()


def test_the_page_has_a_whole_row_for_each_reason() -> None:
    rows = [line for line in reasons_page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [reason.value for reason in Reason]
    assert all(len(row.split(" | ")) == 8 for row in rows)


def test_every_fact_that_is_a_code_is_used_by_a_phrase() -> None:
    used = {fact for reason in Reason for fact in facts_of(reason)} | set(NEAREST)
    assert set(WORDS) <= used
