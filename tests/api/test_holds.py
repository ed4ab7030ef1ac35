"""People hold shipments over HTTP: once, at once, and only what they see (D1.3, contracts.md §4)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2

from services.gatekeeper.pipeline.manual_holds import MANUAL_HOLDS_MAX
from services.gatekeeper.pipeline.replay import replayed
from services.gatekeeper.store.decisions import Selection
from services.gatekeeper.store.keys import create_key
from services.kit.partitioning import lane_of
from tests.api.conftest import Caller
from tests.api.office import Office, fresh_key
from tests.api.test_problems import assert_problem

TEXT = "The buyer's address does not exist"


async def hold(
    client: httpx2.AsyncClient, shipment_id: str = "S1", body: Any = None, headers: dict[str, str] | None = None
) -> httpx2.Response:
    given = {"text": TEXT} if body is None else body
    return await client.post(f"/v1/shipments/{shipment_id}/holds", json=given, headers=headers or fresh_key())


async def shown(client: httpx2.AsyncClient, shipment_id: str = "S1") -> dict[str, Any]:
    told: dict[str, Any] = (await client.get(f"/v1/shipments/{shipment_id}/status")).json()
    return told


async def manual(client: httpx2.AsyncClient, shipment_id: str = "S1") -> list[dict[str, Any]]:
    return [one for one in (await shown(client, shipment_id))["holds"] if one["reason"] == "MANUAL_HOLD"]


async def test_the_answer_is_the_hold_as_the_status_shows_it(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    answer = await hold(officer)
    assert answer.status_code == 201, answer.text
    placed = answer.json()
    assert (placed["reason"], placed["review_allowed"], placed["lifts_when"]) == ("MANUAL_HOLD", True, "PERSON")
    assert placed["subject"] == {"hold_id": placed["hold_id"]}
    assert placed["detail"] == {"placed_by": "officer-1", "text": TEXT}
    assert TEXT in placed["text"]["en"]
    assert TEXT in placed["text"]["zh"]
    status = await shown(officer)
    assert (status["state"], status["may_move"], status["sequence"]) == ("HELD", False, 5)
    assert placed in status["holds"]
    assert answer.headers["cache-control"] == "no-store"


async def test_it_is_told_audited_and_written_down_in_one_transaction(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.shipment("S1")
    placed = (await hold(officer)).json()
    async with office.gate.database.reading() as connection:
        record = await connection.fetchrow("SELECT lane, key, type FROM outbox")
        audit = await connection.fetchrow(
            "SELECT actor, action, subject, detail FROM audit WHERE action = 'hold_placed'"
        )
        note = await connection.fetchrow("SELECT owner, owner_id, what FROM timeline")
        decided = [one.differences async for one in replayed(connection, Selection())]
    assert tuple(record) == (lane_of("S1", 4), "S1", "shipment.held.v1")
    assert tuple(audit)[:3] == ("officer-1", "hold_placed", "S1")
    assert json.loads(audit["detail"]) == {"hold_id": placed["hold_id"], "text": TEXT}
    assert tuple(note) == ("shipment", "S1", "MANUAL_HOLD")
    assert decided == [()]


async def test_under_an_id_that_nobody_knows_the_hold_waits(officer: httpx2.AsyncClient, office: Office) -> None:
    assert (await hold(officer, "S%2F9")).status_code == 201
    status = await shown(officer, "S%2F9")
    assert (status["shipment_id"], status["state"], status["sequence"]) == ("S/9", "HELD", 1)
    assert len(await manual(officer, "S%2F9")) == 1


async def test_the_same_key_twice_is_one_hold(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    key = fresh_key()
    first, second = await hold(officer, headers=key), await hold(officer, headers=key)
    assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())
    assert len(await manual(officer)) == 1
    assert_problem(await hold(officer, body={"text": "other"}, headers=key), 422, "idempotency-key-reused")
    assert_problem(await hold(officer, "S2", headers=key), 422, "idempotency-key-reused")
    assert (await office.count("outbox"), await office.count("shipment")) == (1, 1)


async def test_what_was_placed_is_answered_again_when_the_shipment_is_closed(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    key = fresh_key()
    placed = await hold(officer, headers=key)
    async with office.gate.database.transaction() as tx:
        await tx.execute(
            "UPDATE shipment SET state = 'CLOSED', body = jsonb_set(body, '{progress,place}', '\"CLOSED\"')"
        )
    assert (await hold(officer, headers=key)).json() == placed.json()
    assert_problem(await hold(officer), 409, "closed")


async def test_several_people_hold_one_shipment_at_the_same_moment(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    answers = await asyncio.gather(*(hold(officer) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [201] * 5
    assert {one["hold_id"] for one in await manual(officer)} == {answer.json()["hold_id"] for answer in answers}
    assert (await shown(officer))["sequence"] == 9


async def test_departed_goods_are_recalled(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    async with office.gate.database.transaction() as tx:
        moved = {"place": "UNDER_WAY", "departed_at": "2026-03-02T01:00:00Z", "departure_event": "e", "exports": 1}
        await tx.execute(
            "UPDATE shipment SET body = jsonb_set(body, '{progress}', body->'progress' || $1::jsonb)", json.dumps(moved)
        )
    assert (await hold(officer)).status_code == 201
    status = await shown(officer)
    assert (status["state"], status["directives"]["freight"]) == ("INTERCEPT", "RECALL")


async def test_a_closed_shipment_is_refused_before_the_body_is(officer: httpx2.AsyncClient, office: Office) -> None:
    await hold(officer)
    async with office.gate.database.transaction() as tx:
        await tx.execute("UPDATE shipment SET body = jsonb_set(body, '{progress,place}', '\"CLOSED\"')")
    for body in ({"text": TEXT}, {"text": 1}, {}):
        assert_problem(await hold(officer, body=body), 409, "closed")
    assert await office.count("outbox") == 1


async def test_a_forwarder_holds_its_own_and_can_tell_no_other_apart(office: Office, caller: Caller) -> None:
    await office.shipment("S1", forwarder_id="FWD-1", exporter_id="E1")
    await office.shipment("S2", forwarder_id="FWD-2", exporter_id="E2")
    _, token = await create_key(office.gate.database, "forwarder", ["holds:write", "shipments:read"], ["FWD-1"])
    forwarder = caller(token)
    assert (await hold(forwarder, "S1")).status_code == 201
    told = []
    for shipment_id in ("S2", "S3"):
        for body in (None, {"text": None}):
            problem = assert_problem(await hold(forwarder, shipment_id, body), 404, "not-found")
            told.append(problem["detail"].replace(shipment_id, "S"))
    assert len(set(told)) == 1
    assert await office.count("shipment") == 2
    assert await office.count("outbox") == 1
    _, token = await create_key(office.gate.database, "exporter", ["holds:write"], [], ["E2"])
    assert (await hold(caller(token), "S2")).status_code == 201
    assert_problem(await hold(caller(token), "S1"), 404, "not-found")


async def test_a_hold_needs_its_scope_its_key_and_a_text(
    officer: httpx2.AsyncClient, office: Office, caller: Caller
) -> None:
    _, token = await create_key(office.gate.database, "reader", ["shipments:read"])
    assert_problem(await hold(caller(token)), 403, "forbidden")
    assert_problem(await hold(caller("")), 401, "unauthenticated")
    bare = await officer.post("/v1/shipments/S1/holds", json={"text": TEXT})
    assert_problem(bare, 400, "idempotency-key-required")
    wrong: tuple[Any, ...] = (
        {},
        {"text": ""},
        {"text": None},
        {"text": "x" * 4001},
        {"text": "a\x00b"},
        [],
        {"text": 7},
    )
    for body in wrong:
        assert_problem(await hold(officer, body=body), 422, "invalid")
    plain = await officer.post("/v1/shipments/S1/holds", content=b"{}", headers={**fresh_key(), "content-type": "x/y"})
    assert_problem(plain, 415, "unsupported-media-type")
    assert await office.count("shipment") == 0


async def test_what_can_be_no_shipments_id_is_not_held(officer: httpx2.AsyncClient, office: Office) -> None:
    for path in ("%00", "x" * 201, "a%0Ab"):
        assert_problem(await hold(officer, path), 404, "not-found")
    assert (await hold(officer, "%E5%8F%91%E3%80%80%E8%B4%A7")).status_code == 201
    assert await office.count("shipment") == 1


async def test_in_a_stopped_lane_nobody_is_held_and_one_may_try_again(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.shipment("S1")
    async with office.gate.database.transaction() as tx:
        await tx.execute("UPDATE lane SET stopped = 'behind its topic' WHERE lane = $1", lane_of("S1", 4))
    key = fresh_key()
    answer = await hold(officer, headers=key)
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    async with office.gate.database.transaction() as tx:
        await tx.execute("UPDATE lane SET stopped = NULL")
    assert (await hold(officer, headers=key)).status_code == 201
    assert len(await manual(officer)) == 1


async def test_holds_of_people_on_one_shipment_are_bounded(officer: httpx2.AsyncClient, office: Office) -> None:
    for _ in range(MANUAL_HOLDS_MAX):
        assert (await hold(officer)).status_code == 201
    assert_problem(await hold(officer), 409, "too-many")
    assert len(await manual(officer)) == MANUAL_HOLDS_MAX
