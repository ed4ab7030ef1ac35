"""Forwarders who ask for the status of the same shipments as fast as they can, and what they were answered when."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx2

from services.gatekeeper.store.keys import SCOPES, create_key
from services.gatekeeper.wiring import Settings, open_gate
from services.local.folders import free_ports
from tests.faults.plant import Plant
from tests.faults.processes import ROOT
from tests.pipeline.feeding import PARTITIONS
from tests.waiting import eventually

POLLERS = 2
FEW = 2
"""So many answers to each poller that began after a moment count as a look at that moment."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Who may go. `asked` is when the request was sent (monotonic seconds), `as_of` what the answer says of itself."""

    asked: float
    as_of: datetime
    go: frozenset[str]


@dataclass(slots=True)
class Poll:
    """Every answer to every poller, in the order in which they came."""

    shipment_ids: Sequence[str]
    answers: list[Answer] = field(default_factory=list)
    ended: bool = False

    async def ask(self, client: httpx2.AsyncClient) -> Answer:
        asked = time.monotonic()
        response = await client.post("/v1/shipments/statuses", json={"shipment_ids": list(self.shipment_ids)})
        assert response.status_code == 200, response.text
        statuses = response.json()["statuses"]
        assert [one["shipment_id"] for one in statuses] == list(self.shipment_ids)
        for one in statuses:
            proceeds = set(one["directives"].values()) == {"PROCEED"}
            assert proceeds == one["may_move"] == (one["state"] == "RELEASED"), one
        as_of = datetime.fromisoformat(statuses[0]["as_of"])
        return Answer(asked, as_of, frozenset(one["shipment_id"] for one in statuses if one["may_move"]))

    async def go_on(self, client: httpx2.AsyncClient) -> None:
        """Ask and ask again, until `ended`."""
        while not self.ended:
            self.answers.append(await self.ask(client))

    def since(self, moment: float) -> list[Answer]:
        """Answers to what was asked after `moment`."""
        return [one for one in self.answers if one.asked > moment]

    async def looks(self, *, answers: int = FEW * POLLERS) -> list[Answer]:
        """Return once so many were given to what is asked from now on."""
        moment = time.monotonic()
        await eventually(lambda: len(self.since(moment)) >= answers, every=0.01)
        return self.since(moment)

    async def all_go(self, ids: Collection[str], *, seconds: float = 60) -> None:
        """Return once a new answer says go for all of these."""
        moment = time.monotonic()
        await eventually(lambda: any(one.go.issuperset(ids) for one in self.since(moment)), seconds=seconds)


def ever_go(answers: Iterable[Answer]) -> set[str]:
    """Who was given a go in any of these."""
    return {shipment_id for one in answers for shipment_id in one.go}


@asynccontextmanager
async def polling(clients: Sequence[httpx2.AsyncClient], shipment_ids: Sequence[str]) -> AsyncIterator[Poll]:
    """Each client asks for the length of the block; an answer that is none fails the test."""
    poll = Poll(shipment_ids)
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(poll.go_on(client))
        try:
            yield poll
        finally:
            poll.ended = True


@asynccontextmanager
async def serving(plant: Plant) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """A `holdgate api` process on the plant's database, and a client with every scope for each poller and for us."""
    gate = await open_gate(Settings(database_url=plant.database_url, partitions=PARTITIONS), name="holdgate test")
    try:
        _, token = await create_key(gate.database, "officer-1", SCOPES)
    finally:
        await gate.database.close()
    (port,) = free_ports(1)
    environment = {**os.environ, **plant.processes.environment, "HOLDGATE_API_PORT": str(port)}
    path = plant.processes.folder / "api.log"
    with path.open("ab") as output:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", "api", cwd=ROOT, stdout=output, stderr=output, env=environment
        )
    clients = [
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
            trust_env=False,
        )
        for _ in range(POLLERS + 1)
    ]
    try:
        await eventually(lambda: _answers(clients[0]))
        yield clients
    finally:
        for client in clients:
            await client.aclose()
        child.kill()
        await child.wait()


async def _answers(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/v1/shipments/nobody/status")).status_code == 200
    except httpx2.TransportError:
        return False
