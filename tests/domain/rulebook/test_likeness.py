"""Names that are merely alike (D5.1): how alike, whom it holds, and who must be looked at again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain import likeness
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.likeness import NameRegister, indel_ratios, tokens_sorted
from services.gatekeeper.domain.lists import list_hits, next_dates
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import ListEntry
from services.gatekeeper.domain.terms import case_terms, touched
from services.gatekeeper.domain.touches import touches_of
from services.gatekeeper.domain.vocabulary import ListName
from services.gatekeeper.store.likeness import token_sort_ratios
from tests.domain.builders import references as trade
from tests.domain.builders import shipment
from tests.domain.matching.judged import judged
from tests.domain.matching.judged import reasons as reasons_of

from .examples import BASE, entry, line, party, reasons, references, shipment_case

END_USER = {"importer": PartyRef("BETA"), "consignee": PartyRef("BETA"), "end_user": PartyRef("ALPHA")}
# "alpha gmbh" and "alpha gmbk": nine of ten characters in common, 200 * 9 / 20 = 90.
NEARLY = "Alpha GmbK"


def _found(threshold: int | None, listed: ListEntry, end_user: PartyRef | None = None) -> list[Any]:
    rules = references(listed)
    parties = {**END_USER, "end_user": end_user or PartyRef("ALPHA")}
    case = shipment_case(rules, line(rules, parties=parties), policy=Policy(name_match_threshold=threshold))
    return list(list_hits(case))


@pytest.mark.parametrize(("threshold", "held"), [(None, False), (89, True), (90, True), (91, False), (0, True)])
def test_a_name_that_is_alike_enough_is_a_case_for_review(threshold: int | None, held: bool) -> None:
    found = [one for one in _found(threshold, entry("X", NEARLY)) if dict(one.subject)["role"] == "end_user"]
    assert reasons(found) == (["PARTY_REVIEW"] if held else [])
    if held:
        assert dict(found[0].subject) == {"entry_id": "X", "role": "end_user"}
        assert found[0].detail["matched_by"] == "LIKENESS"
        assert (found[0].detail["listed_name"], found[0].detail["name"]) == (NEARLY, "Alpha GmbH")
        assert found[0].detail["score"] == "90.0"
        assert found[0].review_allowed


def test_an_equal_name_holds_as_its_list_does_and_is_not_merely_alike() -> None:
    [found] = _found(80, entry())
    assert (found.reason.value, found.detail["matched_by"]) == ("CONTROL_LISTED", "NAME")


def test_the_order_of_the_words_case_and_punctuation_make_no_difference() -> None:
    [found] = _found(100, entry("X", "gmbh, ALPHA"))
    assert (found.reason.value, found.detail["score"]) == ("PARTY_REVIEW", "100.0")
    assert tokens_sorted("Ｇamma-Ω  S.A.") == "a gamma s ω"
    assert not _found(0, entry("X", "- . -"))


def test_the_name_that_an_event_gives_is_compared_too_and_the_most_alike_name_is_told() -> None:
    listed = entry("X", "Quite Another", NEARLY, list=ListName.INTERNAL)
    [found] = _found(80, listed, PartyRef(name="Alpha GmbX"))
    assert (found.detail["listed_name"], found.detail["name"]) == (NEARLY, "Alpha GmbX")
    assert not _found(80, listed, PartyRef("GHOST"))
    assert not _found(80, listed, PartyRef("GHOST", "--"))


def test_of_several_names_the_most_alike_one_is_told() -> None:
    described = party("MANY", "Alpha GmXX", aliases=("Alpha GmbH", "Alpha Gmxx"))
    rules = references(described, entry("X", NEARLY, "Other"))
    parties = {"end_user": PartyRef("MANY")}
    case = shipment_case(rules, line(rules, parties=parties), policy=Policy(name_match_threshold=60))
    [found] = list_hits(case)
    assert (found.detail["name"], found.detail["score"]) == ("Alpha GmbH", "90.0")


def test_likeness_satisfies_no_licence() -> None:
    rules = trade(Policy(1, name_match_threshold=50))
    ref = PartyRef(name="Alpha GmbG")
    held = judged(shipment(parties=dict.fromkeys(("importer", "consignee", "end_user"), ref)), rules,
                  policy=rules.policy)  # fmt: skip
    assert reasons_of(held) == ["END_USER_MISMATCH"]


def test_an_entry_that_is_alike_has_its_dates() -> None:
    rules = references(entry("X", NEARLY))
    case = shipment_case(rules, policy=Policy(name_match_threshold=90))
    assert list(next_dates(case))
    assert not list(next_dates(shipment_case(rules)))


# Whom a change touches


def _terms(rules: References, ref: PartyRef) -> frozenset[str]:
    parties = dict.fromkeys(("importer", "consignee", "end_user"), ref)
    return case_terms(shipment_case(rules, line(rules, parties=parties)), (), ())


@pytest.mark.parametrize(("threshold", "reached"), [(None, False), (90, True), (91, False)])
def test_an_entry_touches_parties_that_are_alike(threshold: int | None, reached: bool) -> None:
    rules = references(Policy(1, name_match_threshold=threshold))
    touches = touches_of(None, entry("X", NEARLY), rules)
    assert touched(touches, _terms(rules, PartyRef("ALPHA"))) is reached
    assert not touched(touches, _terms(rules, PartyRef("BETA")))


def test_an_entry_touches_everybody_whose_event_gives_a_name() -> None:
    rules = references(Policy(1, name_match_threshold=90))
    touches = touches_of(None, entry("X", NEARLY), rules)
    assert touched(touches, _terms(rules, PartyRef(name="Whoever")))
    assert touched(touches, _terms(rules, PartyRef("BETA", "Whoever")))
    assert not touched(touches_of(None, entry("X", NEARLY), references()), _terms(rules, PartyRef(name="Whoever")))


# The register of names


def _everybody(**named: str) -> Any:
    return lambda: [(key, (name,)) for key, name in named.items()]


def _never() -> Any:
    raise AssertionError("asked for twice")


def test_a_register_follows_its_changes_and_older_ones_stay_as_they_were() -> None:
    first = NameRegister()
    assert [one.key for one in first.alike("Alpha", 80, _everybody(A="Alpha", B="Alphe", C="Beta"))] == ["A", "B"]
    second = first.changed([("B", ("Gamma",)), ("D", ("Alphi", "--"))])
    third = second.changed([("D", ())])
    assert [one.key for one in second.alike("Alpha", 80, _never)] == ["A", "D"]
    assert [one.key for one in second.alike("Gamma", 100, _never)] == ["B"]
    assert [one.key for one in third.alike("Alpha", 80, _never)] == ["A"]
    assert [one.key for one in first.alike("Alpha", 80, _never)] == ["A", "B"]
    assert third.changed([]) is third


def test_a_register_that_nobody_asked_knows_what_comes_before_the_first_question() -> None:
    unasked = NameRegister()
    after = unasked.changed([("B", ("Alpha",))])
    assert unasked.alike("Alpha", 100, _everybody()) == ()
    assert [one.key for one in after.alike("Alpha", 100, _everybody(B="Alpha"))] == ["B"]


def test_a_register_of_which_much_changed_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "CHANGED_MIN", 1)
    register = NameRegister()
    assert register.alike("Alpha", 100, _everybody(A="Alpha"))
    once = register.changed([("A", ("Beta",))])
    assert not once.alike("Alpha", 100, _never)
    twice = once.changed([("A", ("Alpha",))])
    assert twice.alike("Alpha", 100, _everybody(A="Alpha", B="Alpha")) == (
        likeness.Alike("A", "Alpha", 100), likeness.Alike("B", "Alpha", 100),
    )  # fmt: skip


def test_what_a_register_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "NAMES_REMEMBERED_MAX", 1)
    register = NameRegister()
    for name in ("Alpha", "Beta", "Alpha"):
        assert [one.name for one in register.alike(name, 100, _everybody(A="Alpha", B="Beta"))] == [name]


def test_a_question_is_compared_once_until_more_are_remembered_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "NAMES_REMEMBERED_MAX", 2)
    compared = 0

    def counted(name: str, known: Any, threshold: int) -> Any:
        nonlocal compared
        compared += 1
        return indel_ratios(name, known, threshold)

    register, each = NameRegister(counted), []
    for name in ("Alpha", "Beta", "Alpha", "Beta", "Gamma", "Beta"):
        before = compared
        register.alike(name, 100, _everybody(A="Alpha", B="Beta"))
        each.append(compared - before)
    # What changed since the register was made is compared at each question.
    assert each == [2, 2, 1, 1, 2, 2]


def test_references_hand_the_comparison_on_and_follow_entries_and_parties() -> None:
    asked: list[str] = []

    def spying(name: str, listed: Any, threshold: int) -> Any:
        asked.append(name)
        return indel_ratios(name, listed, threshold)

    rules = References.empty(spying).with_changes(1, (*BASE, entry("X", NEARLY)))
    assert [one.key for one in rules.alike_entries("Alpha GmbH", 90)] == ["X"]
    assert [one.key for one in rules.alike_parties(NEARLY, 90)] == ["ALPHA"]
    later = rules.with_changes(2, (entry("X", "Other", version=2), party("NEW", NEARLY)))
    assert later.alike_entries("Alpha GmbH", 90) == ()
    assert [one.key for one in later.alike_parties(NEARLY, 90)] == ["ALPHA", "NEW"]
    assert set(asked) == {"alpha gmbh", "alpha gmbk"}


# The definition, and the fast way

NAMES = st.text(alphabet="abcé 阿尔法-", max_size=12)


@given(NAMES, st.lists(NAMES, max_size=6), st.integers(0, 100))
def test_both_ways_of_comparing_agree(name: str, listed: list[str], threshold: int) -> None:
    written, others = tokens_sorted(name), [other for each in listed if (other := tokens_sorted(each))]
    if not written:
        return
    slow, fast = indel_ratios(written, others, threshold), sorted(token_sort_ratios(written, others, threshold))
    assert [position for position, _ in slow] == [position for position, _ in fast]
    assert [score for _, score in slow] == pytest.approx([score for _, score in fast])


@given(NAMES, NAMES)
def test_likeness_is_the_same_both_ways_round(name: str, other: str) -> None:
    left, right = tokens_sorted(name), tokens_sorted(other)
    if left and right:
        assert indel_ratios(left, [right], 0)[0][1] == indel_ratios(right, [left], 0)[0][1]
