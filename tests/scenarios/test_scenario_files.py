"""Every scenario of this project, and of the specification beside it where that is checked out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.local.postgres import PostgresPart
from services.local.scenarios.databases import Databases, scenario_databases
from services.local.scenarios.model import Scenario
from services.local.scenarios.parse import read_scenarios
from services.local.scenarios.runner import run_scenario

OWN = Path(__file__).parent
SHARED = Path(__file__).parents[3] / "shared" / "scenarios"
SHARED_REQUIRED = os.environ.get("HOLDGATE_REQUIRE_SHARED", "") not in ("", "0")

NOT_YET = {
    "NOT-6": "release requests are not built yet",
    "PTY-5": "release requests are not built yet",
}
"""Scenarios of the specification that later work makes pass, and why they don't yet. One that passes must go."""


def _parameters(folder: Path) -> list[object]:
    if not folder.is_dir():
        return []
    return [pytest.param(scenario, id=f"{Path(scenario.file).stem}-{scenario.id}") for scenario in _read(folder)]


def _read(folder: Path) -> list[Scenario]:
    return read_scenarios([folder])


@pytest.fixture(scope="session")
async def databases(postgres: PostgresPart) -> AsyncIterator[Databases]:
    async with scenario_databases(postgres) as several:
        yield several


@pytest.mark.parametrize("scenario", _parameters(OWN))
async def test_what_this_project_promises_happens(databases: Databases, scenario: Scenario) -> None:
    result = await run_scenario(databases, scenario)
    assert result.passed, "\n".join(result.faults())


@pytest.mark.skipif(not SHARED.is_dir() and not SHARED_REQUIRED, reason="the specification is not checked out here")
@pytest.mark.parametrize("scenario", _parameters(SHARED))
async def test_what_the_specification_says_happens(databases: Databases, scenario: Scenario) -> None:
    result = await run_scenario(databases, scenario)
    if scenario.id in NOT_YET:
        assert not result.passed, f"{scenario.id} passes now: take it out of NOT_YET"
        pytest.xfail(NOT_YET[scenario.id])
    assert result.passed, "\n".join(result.faults())


@pytest.mark.skipif(not SHARED.is_dir() and not SHARED_REQUIRED, reason="the specification is not checked out here")
def test_the_specification_is_here_and_holds_what_is_listed() -> None:
    assert SHARED.is_dir(), f"{SHARED} is missing, and HOLDGATE_REQUIRE_SHARED is set"
    assert set(NOT_YET) <= {scenario.id for scenario in _read(SHARED)}
