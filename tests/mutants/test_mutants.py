"""The tool that shows slips of the hand to the domain's tests: it makes them, sees them, and sees when nobody does."""

from __future__ import annotations

import importlib

from tests.mutants.baseline import DOMAIN, PACKAGE, Baseline
from tests.mutants.explained import explanations
from tests.mutants.operators import mutants_of
from tests.mutants.showing import Verdict, show

SOURCE = '''
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from other import Thing
LIMIT = 7
def fits(asked: int, free: int = 0, *more: int) -> bool:
    """Text with < and 5."""
    for one in more:
        if not one:
            continue
        note(one)
    return asked <= free and any(one is not None for one in more if one > 1)
'''
MADE = [
    "7 -> 8",
    "0 -> 1",
    "condition negated",
    "without not",
    "continue -> break",
    "left out",
    "<= -> <",
    "and -> or",
    "any -> all",
    "is not -> is",
    "condition negated",
    "> -> >=",
    "1 -> 2",
]
FILE, TEST = "calendar.py", "tests/domain/rulebook/test_calendar_and_names.py"


def test_every_place_that_decides_is_changed_once_and_no_other() -> None:
    assert [mutant.change for mutant in mutants_of(SOURCE)] == MADE
    assert all(mutant.source != SOURCE for mutant in mutants_of(SOURCE))


def test_what_is_shown_unchanged_survives_and_a_day_off_by_one_is_seen() -> None:
    source = (DOMAIN / FILE).read_text(encoding="utf-8")
    tests = [f"{TEST}::{name}" for name in _functions()]
    assert show(FILE, source, tests, 5.0) is Verdict.SURVIVED
    inclusive = next(
        mutant for mutant in mutants_of(source) if "first <= day" in mutant.text and mutant.change == "<= -> <"
    )
    assert show(FILE, inclusive.source, tests, 5.0) is Verdict.SEEN
    assert show(FILE, source, [f"{TEST}::nobody"], 5.0) is Verdict.UNTESTED


def test_a_default_is_changed_even_in_a_module_that_was_imported_before() -> None:
    importlib.import_module(f"{PACKAGE}.policy")
    source = (DOMAIN / "policy.py").read_text(encoding="utf-8")
    test = "tests/domain/rulebook/test_policy.py::test_every_setting_of_the_policy_has_its_default"
    longer = source.replace("split_window_days: int = 30", "split_window_days: int = 31")
    assert show("policy.py", longer, [test], 5.0) is Verdict.SEEN


def test_a_line_that_runs_at_import_is_shown_to_the_tests_of_its_file_or_where_none_runs_to_every_test() -> None:
    covering = {"a.py": {1: frozenset({""}), 2: frozenset({"slow", ""})}, "b.py": {1: frozenset({""})}}
    baseline = Baseline(covering, {"slow": 2.0, "quick": 1.0})
    assert [baseline.tests_for("a.py", line) for line in (1, 2)] == [["slow"], ["slow"]]
    assert baseline.tests_for("b.py", 1) == ["quick", "slow"]


def _functions() -> list[str]:
    text = (DOMAIN.parents[2] / TEST).read_text(encoding="utf-8")
    return [line.split("(")[0].removeprefix("def ") for line in text.splitlines() if line.startswith("def test_")]


def test_what_is_explained_is_still_there() -> None:
    places = {
        (path.name, mutant.text, mutant.change)
        for path in DOMAIN.glob("*.py")
        for mutant in mutants_of(path.read_text(encoding="utf-8"))
    }
    assert not explanations().keys() - places
    assert all(len(why) > 20 for why in explanations().values())
