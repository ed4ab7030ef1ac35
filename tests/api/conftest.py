"""The API in this process over a real PostgreSQL: one database for the session, emptied for each test."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from services.gatekeeper.api.app import create_app
from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.store.keys import SCOPES, create_key
from services.gatekeeper.wiring import Gate, Settings, open_gate
from services.local.postgres import PostgresPart
from tests.api.office import Office

EMPTIED = (
    "alert, api_key, audit, decision, idempotency, lane_progress, licence_account, licence_line_balance,"
    " licence_term, notice_barrier, open_hold, outbox, rule_ahead, rule_boundary, rule_row, scope_terms, shipment,"
    " sweep_item, task, timeline, timer"
)


@pytest.fixture(scope="session")
async def served_gate(postgres: PostgresPart) -> AsyncIterator[Gate]:
    url = await postgres.create_database()
    await migrate(url, partitions=4)
    opened = await open_gate(Settings(database_url=url, partitions=4), name="holdgate-api-test")
    yield opened
    await opened.database.close()
    await postgres.drop_database(url)


@pytest.fixture
async def gate(served_gate: Gate) -> Gate:
    """A gate over an empty database, with nothing cached."""
    async with served_gate.database.transaction() as tx:
        await tx.execute(f"TRUNCATE {EMPTIED}")
        await tx.execute("UPDATE lane SET next_seq = 1, stopped = NULL")
        await tx.execute("UPDATE rules_state SET rules_version = 0")
    return dataclasses.replace(served_gate, references=None)


Caller = Callable[[str], httpx2.AsyncClient]


@pytest.fixture
async def caller(gate: Gate) -> AsyncIterator[Caller]:
    """Makes clients of the application, each with its own token; "" sends none."""
    transport = httpx2.ASGITransport(create_app(gate), raise_app_exceptions=False)
    opened: list[httpx2.AsyncClient] = []

    def make(token: str) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        opened.append(httpx2.AsyncClient(transport=transport, base_url="http://holdgate", headers=headers))
        return opened[-1]

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
async def officer(gate: Gate, caller: Caller) -> httpx2.AsyncClient:
    """Somebody with every scope who sees everything."""
    _, token = await create_key(gate.database, "officer-1", SCOPES)
    return caller(token)


@pytest.fixture
def office(gate: Gate) -> Office:
    """Puts rows where the pipeline would."""
    return Office(gate)
