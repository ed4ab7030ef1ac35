"""Each malformed or hostile record is unreadable, names the field, and says what must be held for it (D8.4)."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from schemas.reading import read_event
from schemas.unreadable import Unreadable
from tests.corpus.cases import TYPES, Case
from tests.corpus.corpus import corpus
from tests.corpus.handmade import handmade

KINDS_MIN = {
    "a field is absent": 90,
    "a field is null": 80,
    "another type": 200,
    "an id": 300,
    "a text": 50,
    "a number": 200,
    "a whole number": 100,
    "a code": 100,
    "a day": 80,
    "a time": 50,
    "a contradiction": 20,
    "a shape": 35,
    "the bytes": 300,
    "the envelope": 150,
    "structured mode": 100,
    "the topic": 9,
    "hostile": 50,
}
"""What sorts of fault there are, and at least how many cases of each."""
CPU_SECONDS_MAX = 0.5
"""For one record of a mebibyte; what is refused at the first fault takes some hundredths."""
MESSAGE_CHARS_MAX = 600


def test_the_corpus_holds_more_than_two_hundred_cases_of_every_sort() -> None:
    kinds = Counter(case.kind for case in corpus())
    assert set(kinds) == set(KINDS_MIN)
    assert {kind: count for kind, count in kinds.items() if count < KINDS_MIN[kind]} == {}
    assert dict.fromkeys(TYPES, 20) == {
        suffix: min(20, sum(case.suffix == suffix for case in corpus())) for suffix in TYPES
    }


def test_no_two_cases_are_the_same() -> None:
    names = Counter(case.name for case in corpus())
    assert [name for name, count in names.items() if count > 1] == []
    records = Counter((case.topic, case.headers, case.key, case.value) for case in corpus())
    assert [count for count in records.values() if count > 1] == []


def _refused(case: Case) -> Unreadable:
    try:
        event = read_event(case.topic, case.headers, case.key, case.value)
    except Unreadable as refused:
        return refused
    raise AssertionError(f"{case} is read as {event.entity_key}")


def _faults(case: Case) -> list[str]:
    begun = time.process_time()
    refused = _refused(case)
    took = time.process_time() - begun
    found = []
    if refused.field != case.field:
        found.append(f"{case}: names {refused.field!r}, not {case.field!r}")
    if refused.entity_key != case.owner_id:
        found.append(f"{case}: is about {refused.entity_key!r}, not {case.owner_id!r}")
    if not 5 <= len(refused.message) <= MESSAGE_CHARS_MAX or "\\x" in refused.message or "Traceback" in refused.message:
        found.append(f"{case}: says {refused.message!r}")
    if took > CPU_SECONDS_MAX:
        found.append(f"{case}: takes {took:.1f} s")
    return found


@pytest.mark.parametrize("suffix", TYPES)
def test_each_case_is_unreadable_and_names_its_field_and_what_it_is_about(suffix: str) -> None:
    cases = [case for case in corpus() if case.suffix == suffix]
    assert [fault for case in cases for fault in _faults(case)] == []


@pytest.mark.parametrize("case", list(handmade()), ids=str)
def test_each_contradiction_is_unreadable(case: Case) -> None:
    assert _faults(case) == []
