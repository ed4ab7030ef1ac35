"""`holdgate scenarios run PATH… [--json] [--coverage]`."""

from __future__ import annotations

import json as json_text
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.local.ladder import PartUnavailable
from services.local.postgres import start_postgres
from services.local.scenarios.coverage import covered_by
from services.local.scenarios.databases import scenario_databases
from services.local.scenarios.model import BadScenario
from services.local.scenarios.parse import read_scenarios
from services.local.scenarios.runner import ScenarioResult, run_several


async def run_scenarios(paths: Sequence[Path | str], *, json: bool, coverage: bool = False) -> int:
    """Run the scenarios of `paths` and print what came of it. 0: all passed, 1: some failed, 2: bad input.

    With `json` one document on standard output and nothing else; messages go to standard error. With `coverage` also a
    line for everything that there is to exercise.
    """
    try:
        scenarios = read_scenarios([Path(path) for path in paths])
    except BadScenario as error:
        print(error, file=sys.stderr)
        return 2
    try:
        async with start_postgres(fsync=False) as part:
            print(part.rung, file=sys.stderr)
            async with scenario_databases(part) as databases:
                results = await run_several(databases, scenarios)
    except PartUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    if json:
        print(json_text.dumps(as_document(results), ensure_ascii=False))
    for line in as_lines(results, only_failed=json, whole_coverage=coverage):
        print(line, file=sys.stderr if json else sys.stdout)
    return 0 if all(result.passed for result in results) else 1


def as_document(results: Sequence[ScenarioResult]) -> dict[str, Any]:
    """The results as scenarios.md shapes them."""
    passed = sum(result.passed for result in results)
    return {
        "passed": passed,
        "failed": len(results) - passed,
        "scenarios": [
            {
                "id": result.scenario.id,
                "file": result.scenario.file,
                "passed": result.passed,
                "steps": [{"expected": step.expected, "actual": step.actual} for step in result.steps],
            }
            for result in results
        ],
        "coverage": covered_by(result.coverage for result in results).as_document(),
    }


def as_lines(
    results: Sequence[ScenarioResult], *, only_failed: bool = False, whole_coverage: bool = False
) -> list[str]:
    """The results for people: a line for each scenario, below a failed one what was otherwise than expected, then what
    they have exercised.
    """
    lines = []
    for result in results:
        scenario = result.scenario
        if result.passed:
            lines += [] if only_failed else [f"passed  {scenario.id}  {scenario.title}"]
            continue
        lines.append(f"FAILED  {scenario.id}  {scenario.title}  ({scenario.file})")
        lines += [f"        {line}" for fault in result.faults() for line in fault.splitlines()]
    passed = sum(result.passed for result in results)
    covered = covered_by(result.coverage for result in results)
    lines += [*(covered.table() if whole_coverage else ()), *covered.summary()]
    return [*lines, f"{passed} passed, {len(results) - passed} failed"]
