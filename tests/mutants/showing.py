"""A mutant shown to tests, in a process of its own: do they see it?"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Collection, Sequence
from enum import StrEnum
from types import ModuleType
from typing import Any

import pytest

from tests.mutants.baseline import DOMAIN, PACKAGE
from tests.mutants.swapping import PROJECT

IMPORT_SECONDS = 30
TIMES_SLOWER_MAX = 10
COLLECTED_NOTHING = 5


class Verdict(StrEnum):
    """SEEN: a test failed, or never ended. SURVIVED: all passed. UNTESTED: no test runs its line."""

    SEEN = "SEEN"
    SURVIVED = "SURVIVED"
    UNTESTED = "UNTESTED"


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module another source."""

    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source
        self._path = str(DOMAIN / f"{module.rpartition('.')[2]}.py")

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != self._module:
            return None
        return importlib.util.spec_from_file_location(name, self._path, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, self._path, "exec", dont_inherit=True), module.__dict__)


class _Chosen:
    """Runs the chosen test functions only, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._rank = {test: rank for rank, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid.partition("[")[0] in self._rank]
        items[:] = sorted(chosen, key=lambda item: self._rank[item.nodeid.partition("[")[0]])


def show(file: str, source: str, tests: Sequence[str], seconds: float) -> Verdict:
    """`source` in place of the domain's `file`, to `tests`, which take `seconds` without it. Forks."""
    if not tests:
        return Verdict.UNTESTED
    child = os.fork()
    if child == 0:
        _run(f"{PACKAGE}.{file.removesuffix('.py')}", source, tests, IMPORT_SECONDS + int(TIMES_SLOWER_MAX * seconds))
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return Verdict.SURVIVED
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == COLLECTED_NOTHING:
        return Verdict.UNTESTED
    return Verdict.SEEN


def _run(module: str, source: str, tests: Sequence[str], seconds_max: int) -> None:
    """The child: never returns."""
    code: int = 1
    try:
        signal.alarm(seconds_max)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        _forget_what_is_loaded()
        sys.meta_path.insert(0, _Mutated(module, source))
        files: Collection[str] = dict.fromkeys(test.partition("::")[0] for test in tests)
        arguments = [*files, "-x", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "--no-header"]
        # What pytest imported before the fork is no test of ours.
        arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        with contextlib.suppress(SystemExit):
            code = int(pytest.main(arguments, plugins=[_Chosen(tests)]))
    finally:
        os._exit(code)


def _forget_what_is_loaded() -> None:
    """So that the tests, and the module with whatever took something from it, are imported anew."""
    for name in list(sys.modules):
        if name.split(".")[0] in PROJECT and not name.startswith("tests.mutants"):
            del sys.modules[name]
