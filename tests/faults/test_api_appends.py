"""The API writes into lanes that a gatekeeper owns: between two of its batches, and while nobody owns them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count, groupby

import httpx2

from services.gatekeeper.api.app import create_app
from services.gatekeeper.store.keys import SCOPES, create_key
from services.gatekeeper.wiring import Settings, open_gate
from tests.api.office import fresh_key, notice
from tests.faults.listening import Listener, heard_everything, listening
from tests.faults.pace import Traffic, traffic
from tests.faults.plant import Plant
from tests.faults.trade import STOPPED, rules
from tests.pipeline.feeding import PARTITIONS
from tests.waiting import eventually

KILLED_AT = ("publish.after_send", "publish.before_commit", "publish.after_commit")
BETWEEN_MIN = 5


@asynccontextmanager
async def api_of(plant: Plant) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API, which runs in this process on the plant's database."""
    gate = await open_gate(Settings(database_url=plant.database_url, partitions=PARTITIONS), name="holdgate api")
    _, token = await create_key(gate.database, "officer", SCOPES)
    transport = httpx2.ASGITransport(create_app(gate))
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://holdgate", headers=headers) as client:
            yield client
    finally:
        await gate.database.close()


async def record(api: httpx2.AsyncClient, notice_id: str, forwarder: str) -> None:
    """Stop what this forwarder carries: one record in every lane."""
    body = notice(notice_id, scope={"forwarders": [forwarder]})
    answer = await api.post("/v1/notices", json=body, headers=fresh_key())
    assert answer.status_code == 202, answer.text


@asynccontextmanager
async def notices_all_along(api: httpx2.AsyncClient, flow: Traffic) -> AsyncIterator[None]:
    """One notice for some five shipments that are sent, about a forwarder of its own."""

    async def post() -> None:
        for number in count(1):
            await record(api, f"A{number}", f"ELSEWHERE-{number}")
            await flow.grows(5)

    posting = asyncio.create_task(post())
    try:
        yield
        assert not posting.done(), posting.exception()
    finally:
        posting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await posting


async def test_what_the_api_appends_between_two_batches_is_neither_missing_nor_double_after_restarts(
    plant: Plant,
) -> None:
    await plant.tell(*rules())
    async with listening(plant) as listener, api_of(plant) as api, traffic(plant, per_second=20) as flow:
        owner = await plant.start("owner")
        await owner.owns(PARTITIONS)
        async with notices_all_along(api, flow):
            await _goes_on(listener, flow)
            for point in KILLED_AT:
                await owner.kill()
                owner = await plant.start(point.split(".")[1], failpoints=f"{point}=kill@20")
                assert await owner.ended() == -signal.SIGKILL, owner.end_of_log()
                owner = await plant.start(f"after-{point.split('.')[1]}")
                await owner.owns(PARTITIONS)
                await _goes_on(listener, flow)
        flow.end()
        await record(api, "N1", STOPPED)
        await owner.kill()
        await plant.start("last")
        await plant.wait_until_idle(seconds=120)
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert await plant.states() == flow.expected(noticed=True)
    assert _between_batches(listener) >= BETWEEN_MIN


async def _goes_on(listener: Listener, flow: Traffic) -> None:
    """Return once the stream has gone on for a while, and so has what is heard of it."""
    before = len(listener.heard)
    await flow.grows(40)
    await eventually(lambda: len(listener.heard) > before + 40, seconds=60)


def _between_batches(listener: Listener) -> int:
    """How often, in the lane where it was least, records of the API came between records of the gatekeeper."""
    found = []
    for lane in range(PARTITIONS):
        of_api = (one.type.startswith("notice.") for one in listener.heard if one.lane == lane)
        turns = [by_api for by_api, _ in groupby(of_api)]
        found.append(sum(turns[1:-1]))
    return min(found)
