"""The scenario files of the specification, where they stand beside the repository, through the domain alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.domain.scenario_world import needs_more_than_memory, run, scenarios_of

SHARED = Path(__file__).resolve().parents[4] / "shared" / "scenarios"
EVERY = [scenario for path in sorted(SHARED.glob("*.yaml")) for scenario in scenarios_of(path)]
SCENARIOS = [scenario for scenario in EVERY if not needs_more_than_memory(scenario)]
"""Those that call the API are run by tests/scenarios."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["id"] for scenario in SCENARIOS])
def test_a_scenario_of_the_specification_passes(scenario: dict[str, Any]) -> None:
    failures = run(scenario)
    assert not failures, "\n".join(failures)
