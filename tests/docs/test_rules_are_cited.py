"""Every rule of the domain is cited by code and by a test, and every reason is met by a test.

Ids only; where the specification lies beside the checkout they are compared with it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from services.gatekeeper.domain.reasons import Reason

ROOT = Path(__file__).parents[2]
SPECIFICATION = ROOT.parent / "shared" / "domain.md"
READ = frozenset({".py", ".yaml", ".json"})

LAST_RULE_OF_CHAPTER = {1: (1, 7), 2: None, 3: (0, 12), 4: (1, 10), 5: (1, 5), 6: (1, 8), 7: (1, 3), 8: (1, 6)}
"""First and last number of each chapter of rules; chapter 2 is the table of reasons."""

RULES = tuple(
    f"D{chapter}.{number}"
    for chapter, span in LAST_RULE_OF_CHAPTER.items()
    if span is not None
    for number in range(span[0], span[1] + 1)
)
REASON_CODES = """
STOP_NOTICE PROHIBITED CONTROL_LISTED
LICENCE_REVOKED LICENCE_SUSPENDED LICENCE_RETURNED LICENCE_CHANGE_PENDING LICENCE_CONFLICT
CATCH_ALL END_USER_STATEMENT_INVALID END_USE_CHANGED END_USER_CHANGED MOVED_UNRELEASED NO_LICENCE
EXPORTER_MISMATCH ITEM_MISMATCH END_USER_MISMATCH END_USE_MISMATCH DESTINATION_MISMATCH
IMPORTER_MISMATCH CONSIGNEE_MISMATCH TRANSIT_PROHIBITED
LICENCE_NOT_YET_VALID LICENCE_EXPIRED LICENCE_CONSUMED USES_EXCEEDED
QTY_EXCEEDED VALUE_EXCEEDED PERIOD_LIMIT_EXCEEDED
WATCH_LISTED SPLIT_SUSPECTED PARTY_REVIEW CUSTOMS_CHALLENGE ITEM_UNCLASSIFIED
ORDER_UNKNOWN ORDER_CANCELLED OVER_DELIVERY MISSING_DATA MISSING_NET
UNIT_NOT_CONVERTIBLE FX_UNAVAILABLE REFERENCE_UNAVAILABLE EVENT_UNREADABLE ENGINE_ERROR MANUAL_HOLD
"""
REASONS = tuple(REASON_CODES.split())


@cache
def texts(folder: str) -> tuple[str, ...]:
    """What is written in the sources and scenarios below `folder`, but for the lists of ids in this folder."""
    here = Path(__file__).parent
    found = sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in READ and here not in path.parents)
    return tuple(path.read_text() for path in found)


def cited(text: str) -> set[str]:
    """Rules named in a text; a span ("D5.1-D5.3", "D1.1–D8.6") names those between as well."""
    numbers = {rule: number for number, rule in enumerate(RULES)}
    found = {rule for rule in re.findall(r"\bD[1-8]\.\d{1,2}\b", text) if rule in numbers}
    for first, last in re.findall(r"\b(D[1-8]\.\d{1,2})[-–](D[1-8]\.\d{1,2})\b", text):
        if first in numbers and last in numbers:
            found |= set(RULES[numbers[first] : numbers[last] + 1])
    return found


@pytest.mark.parametrize("folder", ["services", "tests"])
def test_every_rule_is_cited(folder: str) -> None:
    found = set[str]().union(*map(cited, texts(folder)))
    assert [rule for rule in RULES if rule not in found] == []


@pytest.mark.parametrize("folder", ["services", "tests", "schemas"])
def test_no_rule_is_cited_that_does_not_exist(folder: str) -> None:
    named = {rule for text in texts(folder) for rule in re.findall(r"\bD\d{1,2}\.\d{1,2}\b", text)}
    assert sorted(named - set(RULES)) == []


def test_every_reason_is_met_by_a_test() -> None:
    words = {word for text in texts("tests") for word in re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", text)}
    assert [reason for reason in REASONS if reason not in words] == []


def test_the_reasons_are_those_of_the_domain_in_their_order() -> None:
    assert tuple(reason.value for reason in Reason) == REASONS


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the specification is not beside the checkout")
def test_rules_and_reasons_are_those_of_the_specification() -> None:
    text = SPECIFICATION.read_text()
    assert tuple(re.findall(r"^- (D\d+\.\d+) ", text, re.MULTILINE)) == RULES
    rows = re.findall(r"^\| (`[A-Z_]+`(?: `[A-Z_]+`)*) \|.*\|$", text.split("## 3.")[0].split("## 2.")[1], re.MULTILINE)
    assert tuple(code for row in rows for code in re.findall(r"[A-Z_]+", row)) == REASONS
