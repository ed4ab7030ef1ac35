"""Which tests run which lines of the domain, and how long each takes: what a mutant must be shown to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "services" / "gatekeeper" / "domain"
PACKAGE = "services.gatekeeper.domain"
TESTS = "tests/domain"
NOTED = "HOLDGATE_MUTANTS_DURATIONS"


def is_data(file: str) -> bool:
    """Whether a module is a table: its rows are compared with what they stand for (units, days)."""
    return file == "holidays.py" or file.startswith("units_")


class TestsFail(Exception):
    """The tests fail without any mutant: nothing can be told."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """`covering`: by file name and line the test functions ("path::name") that run it; `seconds` by test function."""

    covering: Mapping[str, Mapping[int, frozenset[str]]]
    seconds: Mapping[str, float]

    def tests_for(self, file: str, line: int) -> list[str]:
        """The test functions that run `line`, the quickest first; of a line that runs at import, all of its file.

        Of a file that runs at import alone, every test.
        """
        lines = self.covering.get(file, {})
        several = lines.get(line, frozenset()) - {""}
        if not several:
            several = frozenset().union(*lines.values()) - {""} or frozenset(self.seconds)
        return sorted(several, key=lambda test: (self.seconds.get(test, 0.0), test))


def measure(folder: Path) -> Baseline:
    """Run the domain's tests once with coverage by test. Raises TestsFail."""
    data, noted, report = folder / "coverage", folder / "durations.json", folder / "coverage.json"
    environment = {**os.environ, "COVERAGE_FILE": str(data), NOTED: str(noted)}
    command = [sys.executable, "-m", "pytest", "-q", TESTS, "-p", "tests.mutants.durations", f"--cov={DOMAIN}"]
    command += ["--cov-context=test", "--cov-report="]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise TestsFail(run.stdout[-2_000:])
    subprocess.run(
        [sys.executable, "-m", "coverage", "json", "--show-contexts", "-q", "-o", str(report)],
        cwd=ROOT, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    covered = json.loads(report.read_text(encoding="utf-8"))["files"]
    covering = {
        Path(path).name: {
            int(line): frozenset(map(_function, contexts)) for line, contexts in found["contexts"].items()
        }
        for path, found in covered.items()
    }
    return Baseline(covering, json.loads(noted.read_text(encoding="utf-8")))


def _function(context: str) -> str:
    """ "tests/x.py::test_y[1]|run" -> "tests/x.py::test_y"; what ran at import is nobody's ("")."""
    return context.partition("|")[0].partition("[")[0]
