"""Runs scenarios, a few at a time, each in a world of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from services.local.scenarios.actual import Present, read_actual
from services.local.scenarios.calls import Caller
from services.local.scenarios.compare import differences
from services.local.scenarios.coverage import Coverage, read_coverage
from services.local.scenarios.databases import Databases
from services.local.scenarios.model import Advance, Call, Scenario, Step
from services.local.scenarios.world import World, open_world

log = structlog.get_logger()
AT_ONCE = 3


@dataclass(slots=True)
class StepResult:
    """What was so after a step, one object for each expectation, and what of it was not as expected."""

    number: int
    expected: list[Any]
    actual: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ScenarioResult:
    """`error`: why it could not be run to its end, or can't be judged at all. `coverage`: of what ran to its end."""

    scenario: Scenario
    steps: list[StepResult]
    error: str | None = None
    coverage: Coverage = field(default_factory=Coverage)

    @property
    def passed(self) -> bool:
        return self.error is None and not any(step.faults for step in self.steps)

    def faults(self) -> list[str]:
        """Everything that is wrong, in words."""
        found = [f"step {step.number}: {fault}" for step in self.steps for fault in step.faults]
        return found if self.error is None else [*found, self.error]


async def run_several(databases: Databases, scenarios: Sequence[Scenario]) -> list[ScenarioResult]:
    """Results in the order of `scenarios`."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def one(scenario: Scenario) -> ScenarioResult:
        async with at_once:
            return await run_scenario(databases, scenario)

    return list(await asyncio.gather(*(one(scenario) for scenario in scenarios)))


async def run_scenario(databases: Databases, scenario: Scenario) -> ScenarioResult:
    """Play `scenario` in a fresh database. What it breaks is its own fault and no other's: the rest go on."""
    steps = [StepResult(step.number, [dict(one.given) for one in step.expect]) for step in scenario.steps]
    result = ScenarioResult(scenario, steps)
    try:
        async with databases.fresh() as url, open_world(url, scenario.clock, scenario.policy) as world:
            await _play(world, scenario, result)
            async with world.gate.database.reading() as connection:
                result.coverage = await read_coverage(connection)
    except Exception as error:
        log.exception("scenario_broke_off", scenario=scenario.id, file=scenario.file)
        result.error = f"it broke off: {error!r}"
        for step in steps:
            step.actual += [{"error": repr(error)} for _ in step.expected[len(step.actual) :]]
    return result


async def _play(world: World, scenario: Scenario, result: ScenarioResult) -> None:
    await world.feed(scenario.given)
    await world.settle()
    caller: Caller | None = None
    for step, outcome in zip(scenario.steps, result.steps, strict=True):
        answer = None
        match step.action:
            case Advance():
                await world.advance_to(step.action.until)
            case Call():
                caller = caller or Caller(world)
                answer = await caller.ask(step.action)
                await world.settle()
            case None:
                pass
            case _:
                await world.feed([step.action])
        await _judge(world, step, outcome, answer)


async def _judge(world: World, step: Step, outcome: StepResult, answer: tuple[int, Any] | None) -> None:
    async with world.gate.database.reading() as connection:
        present = Present(connection, world.clock.at, world.gate.partitions, answer)
        for expectation in step.expect:
            actual = await read_actual(present, expectation)
            outcome.actual.append(actual)
            outcome.faults += [f"{_name(expectation.given)}: {one}" for one in differences(expectation, actual)]


def _name(given: Any) -> str:
    """What an expectation is about: its first key."""
    key, value = next(iter(given.items()))
    return f"{key} {value}" if isinstance(value, str) else key
