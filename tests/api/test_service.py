"""The service itself: health, metrics, its description, and how its process ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.values import Wire
from services.gatekeeper.api import views
from services.gatekeeper.api.app import create_app, openapi
from services.gatekeeper.api.once import once
from services.gatekeeper.api.principal import Principal
from services.gatekeeper.domain.vocabulary import ShipmentState
from services.gatekeeper.store import idempotency
from services.gatekeeper.store.idempotency import Claim
from services.gatekeeper.store.keys import SCOPES, Visibility, create_key
from services.gatekeeper.wiring import Gate
from services.kit.problems import Problem
from tests.api.conftest import Caller
from tests.api.office import HOLD, Office, fresh_key, notice
from tests.waiting import eventually


async def test_a_migrated_and_reachable_database_makes_it_ready(caller: Caller) -> None:
    for path in ("/livez", "/readyz"):
        assert (await caller("").get(path)).json() == {"status": "ok"}


async def test_another_schema_makes_it_not_ready(gate: Gate, caller: Caller) -> None:
    async with gate.database.transaction() as tx:
        before = await tx.fetchval("SELECT version_num FROM alembic_version")
        await tx.execute("UPDATE alembic_version SET version_num = 'older'")
    try:
        assert (await caller("").get("/readyz")).status_code == 503
    finally:
        async with gate.database.transaction() as tx:
            await tx.execute("UPDATE alembic_version SET version_num = $1", before)


async def test_requests_are_counted_by_route_and_status(officer: httpx2.AsyncClient, caller: Caller) -> None:
    for shipment_id in ("S1", "S2"):
        answer = await officer.get(f"/v1/shipments/{shipment_id}/status")
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    await officer.get("/nowhere")
    text = (await caller("").get("/metrics")).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    counted = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["holdgate_http_requests"].samples
        if sample.name.endswith("_total")
    }
    assert counted["/v1/shipments/{shipment_id}/status", "200"] == 2
    assert counted["unmatched", "404"] == 1
    assert "holdgate_http_request_seconds" in families


async def test_another_way_to_authenticate_can_take_the_place_of_keys(gate: Gate) -> None:
    async def by_name(request: Any) -> Principal:
        return Principal(request.headers["x-as"], frozenset(SCOPES), Visibility.everything())

    transport = httpx2.ASGITransport(create_app(gate, authenticate=by_name))
    async with httpx2.AsyncClient(transport=transport, base_url="http://holdgate") as client:
        answer = await client.post("/v1/notices", json=notice(), headers=fresh_key() | {"X-As": "officer-7"})
        assert answer.status_code == 202
    async with gate.database.reading() as connection:
        assert await connection.fetchval("SELECT actor FROM audit") == "officer-7"


async def test_a_request_whose_twin_is_under_way_is_refused_at_once(gate: Gate) -> None:
    claimed = Claim("officer-1", "k", b"digest")
    async with gate.database.transaction() as tx:
        assert await idempotency.try_lock(tx, claimed)

        async def never(_tx: object) -> Any:
            raise AssertionError("the twin is under way")

        with pytest.raises(Problem, match="request-in-progress"):
            await once(gate, claimed, never)


async def test_an_answer_is_kept_for_a_week(gate: Gate) -> None:
    async with gate.database.transaction() as tx:
        for key in ("old", "new"):
            await idempotency.remember(tx, Claim("officer-1", key, b"digest"), 202, "{}")
        await tx.execute(
            "UPDATE idempotency SET created_at = created_at - interval '8 days' WHERE idempotency_key = 'old'"
        )
        assert await idempotency.forget(tx) == 1
        assert await idempotency.find(tx, Claim("officer-1", "old", b"digest")) is None
        assert await idempotency.find(tx, Claim("officer-1", "new", b"digest")) is not None


async def test_answers_are_as_they_are_described(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.licence(account=(0, 1, False))
    await office.shipment("S1", ShipmentState.HELD, holds=[HOLD])
    recorded = await officer.post("/v1/notices", json=notice(), headers=fresh_key())
    several = await officer.post("/v1/shipments/statuses", json={"shipment_ids": ["S1", "S2"]})
    described: list[tuple[type[Wire], httpx2.Response]] = [
        (views.NoticeRecorded, recorded),
        (views.StatusesView, several),
        (views.ShipmentStatusView, await officer.get("/v1/shipments/S1/status")),
        (views.NoticeView, await officer.get("/v1/notices/N1")),
        (views.NoticePage, await officer.get("/v1/notices")),
        (views.LicenceView, await officer.get("/v1/licences/L1")),
        (views.BalanceView, await officer.get("/v1/licences/L1/balance")),
        (views.ProblemView, await officer.get("/v1/licences/L2")),
        (views.ProblemView, await officer.post("/v1/notices", json={}, headers=fresh_key())),
    ]
    for model, answer in described:
        assert set(model.model_validate_json(answer.content).model_dump()) >= set(answer.json()), model


def test_the_description_is_stable_complete_and_without_an_address() -> None:
    document = openapi()
    assert json.dumps(document) == json.dumps(openapi())
    assert document["openapi"].startswith("3.1")
    assert "servers" not in document
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))) <= known
    for path, operations in document["paths"].items():
        for method, described in operations.items():
            assert described["security"], (method, path)
            for status, answer in described["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
            assert ("requestBody" in described) == (method != "get")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def test_the_process_serves_until_it_is_told_to_stop_even_while_somebody_waits(gate: Gate) -> None:
    port = free_port()
    program = (
        "import asyncio, sys\n"
        "from services.gatekeeper.api.server import run_api\n"
        "from services.gatekeeper.wiring import Settings\n"
        "sys.exit(asyncio.run(run_api(Settings.from_environment())))\n"
    )
    environment = {
        **os.environ,
        "HOLDGATE_DATABASE_URL": gate.settings.database_url,
        "HOLDGATE_API_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=environment)
    _, token = await create_key(gate.database, "officer-1", SCOPES)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=40) as client:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx2.TransportError:
                    return False

            await eventually(ready)
            waiting = asyncio.create_task(
                client.post("/v1/notices", json=notice(), params={"wait": "effective"}, headers=fresh_key())
            )

            async def recorded() -> bool:
                async with gate.database.reading() as connection:
                    return bool(await connection.fetchval("SELECT count(*) FROM rule_row"))

            await eventually(recorded)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0
            assert (await waiting).json()["status"] == "RECORDED"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
