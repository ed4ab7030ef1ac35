"""The suite sees: code that is broken on purpose, at one place after the other, turns the tests red that guard it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from services.local.kafka import SERVERS_VARIABLE, KafkaPart
from services.local.postgres import URL_VARIABLE, PostgresPart
from tests.mutations.copies import PROJECT, Outcome, run_on
from tests.mutations.mutation import PATCHES, DoesNotFit, Mutation, every

MUTATIONS = {mutation.name: mutation for mutation in every()}
PLACES_MIN = 30
AT_ONCE = 4
"""On two cores: some wait for what will not come."""
NO_SUCH_TEST = pytest.ExitCode.USAGE_ERROR

Runs = Mapping[str, "asyncio.Task[Outcome]"]


@pytest.fixture(scope="module")
async def runs(
    request: pytest.FixtureRequest, postgres: PostgresPart, kafka: KafkaPart, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Runs]:
    """One run for each mutation that this session looks at, a few at a time, on this session's servers."""
    servers = {URL_VARIABLE: postgres.url, SERVERS_VARIABLE: kafka.bootstrap_servers}
    bytecode = tmp_path_factory.mktemp("bytecode")
    places = asyncio.Semaphore(AT_ONCE)

    async def run(mutation: Mutation) -> Outcome:
        async with places:
            root = tmp_path_factory.mktemp(mutation.name)
            try:
                return await run_on(root, mutation, servers, bytecode=bytecode)
            finally:
                await asyncio.to_thread(shutil.rmtree, root)

    started = {name: asyncio.create_task(run(MUTATIONS[name]), name=name) for name in _chosen(request.session)}
    yield started
    for task in started.values():
        task.cancel()
    await asyncio.gather(*started.values(), return_exceptions=True)
    await asyncio.to_thread(shutil.rmtree, bytecode)


def _chosen(session: pytest.Session) -> list[str]:
    """The names of the mutations whose tests this session runs, in their order."""
    parameters = (item.callspec.params for item in session.items if hasattr(item, "callspec"))
    return list(dict.fromkeys(name for each in parameters if (name := each.get("mutation_name")) in MUTATIONS))


@pytest.mark.parametrize("mutation_name", MUTATIONS)
async def test_a_break_is_seen_by_the_tests_that_guard_the_place(runs: Runs, mutation_name: str) -> None:
    mutation = MUTATIONS[mutation_name]
    try:
        outcome = await runs[mutation_name]
    except DoesNotFit as error:
        pytest.fail(str(error), pytrace=False)
    assert outcome.exit_code is not None, outcome.output
    assert outcome.exit_code != NO_SUCH_TEST, f"a test of caught_by can't be found or imported:\n{outcome.output}"
    assert mutation.module in outcome.modules, f"{mutation.file} was not imported:\n{outcome.output}"
    assert not outcome.from_elsewhere, "the tests ran on other code than the copy"
    for test_id in mutation.caught_by:
        cases = [case for case in outcome.cases if case.is_of(test_id)]
        assert any(case.turned_red for case in cases), f"not seen by {test_id}: {cases}\n{outcome.output}"


def test_ten_places_and_more_are_broken_and_each_fits_the_code_of_today() -> None:
    assert {path.name for path in PATCHES.iterdir()} == {f"{name}.toml" for name in MUTATIONS}
    assert len({(one.file, one.old) for one in MUTATIONS.values()}) == len(MUTATIONS) >= PLACES_MIN
    for one in MUTATIONS.values():
        assert one.old != one.new, one.name
        assert one.broken(PROJECT) != (PROJECT / one.file).read_text()
        assert one.caught_by, one.name
        assert all((one.breaks, one.harm)), f"{one.name} doesn't say what is broken and why it matters"


def test_a_patch_whose_place_is_gone_or_no_longer_alone_says_so(tmp_path: Path) -> None:
    path = tmp_path / "gate.py"
    mutation = Mutation(
        "a_break", "gate.py", "held = True", "held = False", "b", "h", ("tests/test_gate.py::test_held",)
    )
    for text, times in (("", 0), ("held = True\nheld = True\n", 2)):
        path.write_text(text)
        with pytest.raises(DoesNotFit, match=f"a_break.toml: its old text is {times} times in gate.py"):
            mutation.apply(tmp_path)
    path.write_text("held = True\n")
    mutation.apply(tmp_path)
    assert path.read_text() == "held = False\n"
