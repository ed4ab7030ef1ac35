"""PostgreSQL or Kafka away for several seconds in the middle of a stream: everything waits, and goes on where it was.

Parts of their own: other tests go on with those of the session.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.local.kafka import KafkaPart, start_kafka
from services.local.postgres import PostgresPart, start_postgres
from tests.faults.listening import heard_everything, listening
from tests.faults.pace import traffic
from tests.faults.plant import Plant, new_plant
from tests.faults.trade import rules, stop_notice
from tests.waiting import eventually

AWAY_SECONDS = 5


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


async def _away_for_a_while() -> None:
    """The length of the outage is the fault."""
    until = time.monotonic() + AWAY_SECONDS
    await eventually(lambda: time.monotonic() > until)


async def _still_there(plant: Plant) -> None:
    for process in plant.processes.running.values():
        assert process.returncode is None, process.end_of_log()


@pytest.mark.parametrize("how", ["restarted", "crashed"])
async def test_a_database_that_is_away_for_seconds_in_mid_stream_is_waited_for(
    own_postgres: PostgresPart, kafka: KafkaPart, topic_prefix: str, tmp_path: Path, how: str
) -> None:
    url = await own_postgres.create_database()
    async with new_plant(url, kafka.bootstrap_servers, topic_prefix, tmp_path) as plant, listening(plant) as listener:
        await plant.tell(*rules())
        first, second = await plant.start("first"), await plant.start("second")
        await first.owns(2)
        await second.owns(2)
        async with traffic(plant, per_second=100) as flow:
            await eventually(lambda: len(listener.heard) > 50)
            await (own_postgres.stop() if how == "restarted" else own_postgres.kill())
            await plant.tell(stop_notice())
            await _away_for_a_while()
            await _still_there(plant)
            await own_postgres.restart()
            heard = len(listener.heard)
            await eventually(lambda: len(listener.heard) > heard + 50)
        await plant.assert_sound()
        await _still_there(plant)
        await heard_everything(plant, listener)
        assert await plant.states() == flow.expected(noticed=True)


@pytest.mark.parametrize("how", ["restarted", "crashed"])
async def test_a_broker_that_is_away_for_seconds_in_mid_stream_is_waited_for(
    database_url: str, own_kafka: KafkaPart, topic_prefix: str, tmp_path: Path, how: str
) -> None:
    servers = own_kafka.bootstrap_servers
    async with new_plant(database_url, servers, topic_prefix, tmp_path) as plant, listening(plant) as listener:
        await plant.tell(*rules(), stop_notice())
        first, second = await plant.start("first"), await plant.start("second")
        await first.owns(2)
        await second.owns(2)
        async with traffic(plant, per_second=100) as flow:
            await eventually(lambda: len(listener.heard) > 50)
            await (own_kafka.stop() if how == "restarted" else own_kafka.kill())
            await _away_for_a_while()
            await _still_there(plant)
            await own_kafka.restart()
            heard = len(listener.heard)
            await eventually(lambda: len(listener.heard) > heard + 50, seconds=60)
        await plant.look_at_ends()
        await plant.assert_sound()
        await _still_there(plant)
        await heard_everything(plant, listener)
        assert await plant.states() == flow.expected(noticed=True)
