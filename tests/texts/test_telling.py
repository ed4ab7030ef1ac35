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

KEYS = sorted(
    {fact for reason in Reason for fact in facts_of(reason)} | {"nearest_licence", "candidates", "QTY_EXCEEDED.excess"}
)
NEAREST = {"nearest_licence": "L1", "nearest_line": "1", "nearest_because": "FEWEST_REASONS", "candidates": "3"}
TEXT_LENGTH_MAX = 2 * TOLD_LENGTH_MAX + REMEDY_LENGTH_MAX + 1200
"""With the clause, who may and the nearest licence, whose ids are bounded too, and what that lacks."""


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


@pytest.mark.parametrize(
    ("reason", "detail", "one", "many"),
    [
        (Reason.LICENCE_EXPIRED, {"days_short": ("1", "12")}, "1 day too late", "12 days too late"),
        (Reason.STOP_NOTICE, {"lines": ("12", "1, 2")}, "line 12", "lines 1, 2"),
        (Reason.NO_LICENCE, {"control_codes": ("A", "A, B")}, "control code A", "control codes A, B"),
        (Reason.REFERENCE_UNAVAILABLE, {"limit_hours": ("1", "24")}, "1 hour old", "24 hours old"),
        (Reason.WATCH_LISTED, {"no_risk_report": ("L1", "L1, L2")}, "for licence L1", "for licences L1, L2"),
    ],
)
def test_one_is_said_as_one_and_several_as_several(
    reason: Reason, detail: dict[str, tuple[str, str]], one: str, many: str
) -> None:
    for number, said in enumerate((one, many)):
        told = text(found(reason, {key: both[number] for key, both in detail.items()}))
        assert re.search(rf"\b{re.escape(said)}\b", told["en"])
        assert "{" not in told["zh"]


def test_a_list_has_the_comma_of_its_language() -> None:
    both = text(found(Reason.END_USER_MISMATCH, {"end_user": "A", "licensed": "B, C"}, line_no=1, licence_no="L1"))
    assert "named on the licence: B, C" in both["en"]
    assert "许可证载明：B、C" in both["zh"]


def test_the_watch_list_tells_which_licence_lacks_which_paper() -> None:
    detail = {"drawn_licences": "L1", "lines": "1", "no_risk_report": "L1"}
    both = text(found(Reason.WATCH_LISTED, detail, entry_id="WL-3", role="end_user"))
    assert "only an individual licence with both risk report and undertaking counts" in both["en"]
    assert "licence in use L1; no risk report on file for licence L1" in both["en"]
    assert "It is lifted when both risk report and undertaking are on file for licence L1; or" in both["en"]
    assert "许可证L1缺少风险评估报告" in both["zh"]
    general = text(found(Reason.WATCH_LISTED, {"not_individual": "G1"}, entry_id="WL-3", role="end_user"))
    assert "licence G1 is not an individual licence and does not count" in general["en"]
    assert "on file for licence" not in general["en"]
    assert "仅可使用单项许可" in general["zh"]


def test_where_no_licence_names_an_item_of_concern_it_says_so() -> None:
    both = text(found(Reason.CATCH_ALL, {"item_no": "BOLT", "candidates": "0"}, line_no=1))
    assert "There is no licence of this exporter that names the item." in both["en"]
    assert "该出口经营者没有载明该物项的许可证。" in both["zh"]
    assert "Nearest licence" not in both["en"]


def test_what_the_nearest_licence_lacks_is_told_reason_by_reason() -> None:
    lacks = {
        "nearest_lacks": "LICENCE_SUSPENDED, QTY_EXCEEDED, MISSING_DATA, SOMETHING_NEW",
        "QTY_EXCEEDED.requested": "2 KGM",
        "QTY_EXCEEDED.excess": "1 KGM",
        "MISSING_DATA.field": "end_use, parties.end_user",
    }
    both = text(found(Reason.CATCH_ALL, {"item_no": "BOLT", **NEAREST, **lacks}, line_no=1))
    assert (
        "(lines compared: 3). What it lacks: the licence is suspended; the quantity exceeds the licence's balance "
        "(requested 2 KGM, 1 KGM too much); data that the decision needs is missing (the code of the end use "
        "(end_use.code), the end user (parties.end_user))."
    ) in both["en"]
    assert "该许可证的不符之处：许可证已被中止；数量超出许可证余量（本次拟出口2 KGM，超出1 KGM）；" in both["zh"]
    assert "（最终用途代码（end_use.code）、最终用户（parties.end_user））。" in both["zh"]


def test_a_broken_rule_event_tells_its_fault_and_where_it_is_kept() -> None:
    detail = {"about_kind": "notice", "about_key": "N1", "error": "scope: empty", "quarantine_id": "q-1"}
    both = text(found(Reason.EVENT_UNREADABLE, detail, event="N1"))
    assert "about notice N1; event N1; fault: scope: empty; in quarantine as q-1" in both["en"]
    assert "涉及通知N1；事件标识N1；错误：scope: empty；隔离区编号q-1" in both["zh"]


def test_a_ban_and_a_need_of_a_licence_that_end_by_time_tell_the_day() -> None:
    ban = text(found(Reason.PROHIBITED, {"lifts_on": "2026-04-01"}, line_no=1, control_code="1C902.b"))
    assert "It is lifted on 2026-04-01, when the ban has ended or is suspended" in ban["en"]
    need = text(found(Reason.NO_LICENCE, {"uncontrolled_from": "2026-04-01"}, line_no=1))
    assert "or on 2026-04-01, when none of the item's control codes is in force any more" in need["en"]
    assert "自2026-04-01起该物项的管制编码均不再施行" in need["zh"]


def test_what_is_missing_while_the_movement_is_not_known_may_turn_out_not_to_be_needed() -> None:
    both = text(found(Reason.MISSING_DATA, {"field": "lines", "unless": "DOMESTIC, INTO_BONDED"}, field="lines"))
    assert (
        "at least one line of goods (lines); not needed if the movement is domestic or into a bonded area" in both["en"]
    )
    assert "when at least one line of goods (lines) has been sent; or when the movement turns out" in both["en"]
    assert "无须提供" in both["zh"]


def test_a_party_that_nobody_described_is_described_and_not_taken_for_another() -> None:
    both = text(found(Reason.PARTY_REVIEW, {"party": "X", "matched_by": "UNDESCRIBED"}, role="carrier"))
    assert "carrier X; ground: no data about the party has been received." in both["en"]
    assert "It is lifted when data about the party has been sent; or when the party no longer takes part" in both["en"]


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
