"""A pytest plugin that shows mutants, one after another, to tests that are collected once; each in a fork."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.baseline import DOMAIN, PACKAGE, Baseline
from tests.mutants.operators import mutants_of
from tests.mutants.showing import IMPORT_SECONDS, TIMES_SLOWER_MAX, Verdict, show
from tests.mutants.swapping import swap_in

ASKED = "HOLDGATE_MUTANTS"
SEEN, SURVIVED, NOT_SWAPPED = 1, 0, 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What one process shows: `places` are (file, number of the mutant in it)."""

    baseline: Baseline
    places: tuple[tuple[str, int], ...]
    results: Path


def _asked() -> Asked:
    given = json.loads(Path(os.environ[ASKED]).read_text(encoding="utf-8"))
    covering = {
        file: {int(line): frozenset(tests) for line, tests in lines.items()}
        for file, lines in given["covering"].items()
    }
    places = tuple((file, number) for file, number in given["places"])
    return Asked(Baseline(covering, given["seconds"]), places, Path(given["results"]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """In place of running the tests."""
    asked = _asked()
    by_function: dict[str, list[pytest.Item]] = {}
    for item in session.items:
        by_function.setdefault(item.nodeid.partition("[")[0], []).append(item)
    originals = {file: (DOMAIN / file).read_text(encoding="utf-8") for file, _ in asked.places}
    mutants = {file: mutants_of(source) for file, source in originals.items()}
    with asked.results.open("a", encoding="utf-8") as results:
        for file, number in asked.places:
            mutant = mutants[file][number]
            covering = asked.baseline.tests_for(file, mutant.line)
            tests = [test for test in covering if test in by_function]
            verdict = _verdict(session, file, mutant.source, tests, by_function, asked.baseline)
            results.write(json.dumps([file, number, verdict.value]) + "\n")
            results.flush()
    return True


def _verdict(
    session: pytest.Session,
    file: str,
    source: str,
    tests: list[str],
    by_function: dict[str, list[pytest.Item]],
    baseline: Baseline,
) -> Verdict:
    if not tests:
        return Verdict.UNTESTED
    seconds = sum(baseline.seconds.get(test, 0.0) for test in tests)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _run(session, file, source, [item for test in tests for item in by_function[test]], seconds)
    _, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else SEEN
    if code == NOT_SWAPPED:
        return show(file, source, tests, seconds)
    return Verdict.SURVIVED if code == SURVIVED else Verdict.SEEN


def _run(session: pytest.Session, file: str, source: str, items: list[pytest.Item], seconds: float) -> None:
    """The child: never returns. Ends at the first test that fails."""
    code = SEEN
    try:
        signal.alarm(IMPORT_SECONDS + int(TIMES_SLOWER_MAX * seconds))
        module = importlib.import_module(f"{PACKAGE}.{file.removesuffix('.py')}")
        if not swap_in(module, source):
            code = NOT_SWAPPED
            return
        reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
        session.config.pluginmanager.unregister(reporter)
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return
        code = SURVIVED
    finally:
        os._exit(code)
