"""A database restored from before what was published: the lane stops, says so, and is not written to."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from services.local.postgres import PostgresPart, database_url
from tests.faults.plant import Plant
from tests.faults.processes import Processes
from tests.faults.trade import rules, shipment, stream
from tests.pipeline.feeding import keys_in_lane
from tests.waiting import eventually


def _some(lanes: tuple[int, ...], prefix: str) -> list[str]:
    """Five ids of each of `lanes`."""
    return [key for lane in lanes for key in islice(keys_in_lane(lane, prefix), 5)]


async def _copy(plant: Plant, postgres: PostgresPart) -> str:
    """The address of a copy of the plant's database, as a backup would give it back; nobody may be connected."""
    name = f"holdgate_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(postgres.url)
    try:
        source = urlsplit(plant.database_url).path[1:]
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    finally:
        await connection.close()
    return database_url(plant.database_url, name)


async def test_lanes_whose_database_fell_behind_the_topic_stop_and_say_so_and_the_others_go_on(
    plant: Plant, postgres: PostgresPart, tmp_path: Path
) -> None:
    behind = (0, 2)
    await plant.tell(*rules(), *stream(0, 40))
    before = await plant.start("before")
    await plant.wait_until_idle()
    await before.stop()
    old_url = await _copy(plant, postgres)
    later = _some(behind, "L")
    await plant.tell(*(shipment(key) for key in later))
    after = await plant.start("after")
    await plant.wait_until_idle()
    await after.stop()
    topic = await plant.holds()
    restored = replace(
        plant,
        database_url=old_url,
        processes=Processes(tmp_path, {**plant.processes.environment, "HOLDGATE_DATABASE_URL": old_url}),
    )
    try:
        outbox = await _outbox(restored, behind)
        await restored.start("restored")
        await eventually(lambda: _stopped(restored, behind), seconds=30)
        goes_on = _some((1, 3), "M")
        waits = _some(behind, "M")
        await restored.tell(*(shipment(key) for key in (*goes_on, *waits)))
        await eventually(lambda: _published(restored, goes_on), seconds=30, every=0.3)
        assert await _outbox(restored, behind) == outbox
        assert [one for one in await restored.holds() if one[0] in behind] == [one for one in topic if one[0] in behind]
        assert not (await restored.states("L", "M")).keys() & {*later, *waits}
        code, text = await restored.processes.command("lanes", "--json")
        assert code == 1
        rows = {row["lane"]: row["stopped"] for row in json.loads(text)}
        assert [lane for lane, reason in rows.items() if reason] == list(behind), rows
    finally:
        await restored.processes.close()
        await postgres.drop_database(old_url)


async def _stopped(plant: Plant, lanes: tuple[int, ...]) -> bool:
    rows = await plant.rows("SELECT lane FROM lane WHERE stopped IS NOT NULL ORDER BY lane")
    return [row["lane"] for row in rows] == list(lanes)


async def _published(plant: Plant, keys: list[str]) -> bool:
    states = await plant.states("M")
    assert {key: states.get(key) for key in keys} == dict.fromkeys(keys, "RELEASED")
    published = {dict(headers)["ce_subject"].decode() for _, _, headers, _ in await plant.holds()}
    assert published >= set(keys)
    return True


async def _outbox(plant: Plant, lanes: tuple[int, ...]) -> list[tuple[int, int]]:
    rows = await plant.rows("SELECT lane, seq FROM outbox WHERE lane = ANY($1::int[]) ORDER BY lane, seq", lanes)
    return [(row["lane"], row["seq"]) for row in rows]
