"""A copy of the project for each mutation, and the tests that are run on it, in a process of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from services.local.ladder import REQUIRE_REAL_VARIABLE
from tests.mutations import imported
from tests.mutations.mutation import Mutation

PROJECT = Path(__file__).parents[2]
COPIED = ("schemas", "services", "tests", "pyproject.toml")
SECONDS_MAX = 240.0
TAIL_CHARACTERS = 4_000
SEEN = ("assert", "AssertionError", "Failed: DID NOT RAISE", "TimeoutError", "ValueError: not enough values to unpack")
"""How a test says that an outcome is another one, or missing. Any other error is the patch's own or the machine's."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test that was run: `failure` is what its body said, `error` what went wrong around it."""

    test: str
    failure: str | None
    error: str | None

    def is_of(self, test_id: str) -> bool:
        return self.test == test_id or self.test.startswith(f"{test_id}[")

    @property
    def turned_red(self) -> bool:
        return self.failure is not None and self.failure.startswith(SEEN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run on the copy at `root`: its exit code (None: no end in time), its tests, the files of its
    modules, and what it printed last."""

    root: Path
    exit_code: int | None
    cases: tuple[Case, ...]
    modules: Mapping[str, str]
    output: str

    @property
    def from_elsewhere(self) -> dict[str, str]:
        """The project's modules that were not imported from the copy."""
        return {name: file for name, file in self.modules.items() if not Path(file).is_relative_to(self.root)}


def make_copy(root: Path) -> None:
    """The project as it is now, without caches."""
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, root / name)


async def run_on(root: Path, mutation: Mutation, servers: Mapping[str, str], *, bytecode: Path) -> Outcome:
    """Break a fresh copy at `root` and run the tests that must see it; `servers` are the addresses of real parts.

    `bytecode`: a folder where runs keep what they compile, by the path of its source: libraries are compiled once, and
    no copy ever meets what was compiled from another. Raises DoesNotFit.
    """
    await asyncio.to_thread(make_copy, root)
    mutation.apply(root)
    report = root / "report.xml"
    options = ["--rootdir", str(root), "-c", str(root / "pyproject.toml"), "--junit-xml", str(report), "-q"]
    plugins = ["-p", imported.__name__, "-p", "no:cacheprovider"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", *options, *plugins, *mutation.caught_by),
        cwd=root,
        env=_environment(root, servers, bytecode),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), SECONDS_MAX)
    except TimeoutError:
        return Outcome(root, None, (), {}, f"no end after {SECONDS_MAX} s")
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    said = output.decode(errors="replace")[-TAIL_CHARACTERS:]
    return Outcome(root, process.returncode, tuple(_cases(report)), _modules(root), said)


def _environment(root: Path, servers: Mapping[str, str], bytecode: Path) -> dict[str, str]:
    """None of this run's own options; the copy before whatever is installed."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "PYTHON"))
    }
    python = {"PYTHONPATH": str(root), "PYTHONPYCACHEPREFIX": str(bytecode)}
    return {**inherited, **servers, **python, REQUIRE_REAL_VARIABLE: "1"}


def _modules(root: Path) -> dict[str, str]:
    written = root / imported.FILE
    modules: dict[str, str] = json.loads(written.read_text()) if written.is_file() else {}
    return modules


def _cases(report: Path) -> list[Case]:
    if not report.is_file():
        return []
    cases = []
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.get("classname", "").replace(".", "/") + ".py"
        said = {kind: _message(case.find(kind)) for kind in ("failure", "error")}
        cases.append(Case(f"{file}::{case.get('name')}", said["failure"], said["error"]))
    return cases


def _message(found: ElementTree.Element | None) -> str | None:
    return None if found is None else found.get("message", "")
