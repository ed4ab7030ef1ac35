"""PostgreSQL or Kafka away in the middle of a stream: everything waits, and goes on where it was.

Parts of their own: other tests go on with those of the session.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.local.demo.processes import fetch, start_process
from services.local.kafka import KafkaPart, start_kafka
from services.local.postgres import PostgresPart, start_postgres
from tests.faults.listening import Listener, heard_everything, listening
from tests.faults.pace import Traffic, traffic
from tests.faults.plant import Plant, new_plant
from tests.faults.trade import rules, stop_notice
from tests.waiting import eventually

MINUTE_SECONDS = 60
CRASHED_SECONDS = 3
RETURN_SECONDS_MAX = 90


@pytest.fixture(scope="module")
async def own_postgres(postgres: PostgresPart) -> AsyncIterator[PostgresPart]:
    if not postgres.controllable:
        pytest.skip("this database can't be ended from here")
    async with start_postgres(fsync=False) as part:
        yield part


@pytest.fixture(scope="module")
async def own_kafka(kafka: KafkaPart) -> AsyncIterator[KafkaPart]:
    if not kafka.controllable:
        pytest.skip("this broker can't be ended from here")
    async with start_kafka() as part:
        yield part


async def _away(seconds: float) -> None:
    """The length of the outage is the fault."""
    until = time.monotonic() + seconds
    await eventually(lambda: time.monotonic() > until, seconds=seconds + 30)


def _pids(plant: Plant) -> dict[str, int]:
    """The processes, each of which must still be the one that was started."""
    for process in plant.processes.running.values():
        assert process.returncode is None, process.end_of_log()
    return {name: process.child.pid for name, process in plant.processes.running.items()}


async def _goes_on(listener: Listener) -> None:
    heard = len(listener.heard)
    await eventually(lambda: len(listener.heard) > heard + 50, seconds=RETURN_SECONDS_MAX)


async def _started(plant: Plant) -> dict[str, int]:
    await plant.tell(*rules())
    for name in ("first", "second"):
        await plant.start(name)
    for process in plant.processes.running.values():
        await process.owns(2)
    return _pids(plant)


async def _assert_nothing_lost(plant: Plant, listener: Listener, flow: Traffic) -> None:
    await plant.look_at_ends()
    await plant.assert_sound()
    await heard_everything(plant, listener)
    assert await plant.states() == flow.expected(noticed=True)


async def test_each_part_may_be_away_for_a_minute_while_trade_goes_on(
    own_postgres: PostgresPart, own_kafka: KafkaPart, topic_prefix: str, tmp_path: Path
) -> None:
    url = await own_postgres.create_database()
    async with (
        new_plant(url, own_kafka.bootstrap_servers, topic_prefix, tmp_path) as plant,
        listening(plant) as listener,
    ):
        pids = await _started(plant)
        api = await start_process("api", "api", plant.processes.environment, "HOLDGATE_API_PORT", ready_path="/readyz")
        try:
            async with traffic(plant, per_second=30) as flow:
                await _goes_on(listener)
                await own_postgres.stop()
                await plant.tell(stop_notice())
                sent = flow.sent
                await eventually(lambda: _is_ready(api.url, False))
                await _away(MINUTE_SECONDS)
                assert flow.sent > sent + 100
                assert _pids(plant) == pids
                assert await fetch(f"{api.url}/livez") is not None
                assert await fetch(f"{api.url}/readyz") is None
                await own_postgres.restart()
                await eventually(lambda: _is_ready(api.url, True))
                await _goes_on(listener)
                await own_kafka.stop()
                heard = len(listener.heard)
                await _away(MINUTE_SECONDS)
                assert len(listener.heard) == heard
                assert _pids(plant) == pids
                assert await fetch(f"{api.url}/readyz") is not None
                await own_kafka.restart()
                await _goes_on(listener)
            await _assert_nothing_lost(plant, listener, flow)
            assert _pids(plant) == pids
        finally:
            await api.close()


async def _is_ready(url: str, ready: bool) -> bool:
    """Whether /readyz says so: the API can answer nothing without PostgreSQL, and needs no Kafka."""
    return (await fetch(f"{url}/readyz") is not None) is ready


@pytest.mark.parametrize("part", ["database", "broker"])
async def test_a_part_that_crashes_in_mid_stream_is_waited_for(
    own_postgres: PostgresPart, own_kafka: KafkaPart, topic_prefix: str, tmp_path: Path, part: str
) -> None:
    url = await own_postgres.create_database()
    async with (
        new_plant(url, own_kafka.bootstrap_servers, topic_prefix, tmp_path) as plant,
        listening(plant) as listener,
    ):
        pids = await _started(plant)
        async with traffic(plant, per_second=100) as flow:
            await _goes_on(listener)
            await plant.tell(stop_notice())
            crashed = own_postgres if part == "database" else own_kafka
            await crashed.kill()
            await _away(CRASHED_SECONDS)
            assert _pids(plant) == pids
            await crashed.restart()
            await _goes_on(listener)
        await _assert_nothing_lost(plant, listener, flow)
        assert _pids(plant) == pids
