"""Stop notices over HTTP: recorded once, in effect at once, changed by who knows what stands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from services.gatekeeper.store.keys import create_key
from tests.api.conftest import Caller
from tests.api.office import Office, fresh_key, notice
from tests.waiting import eventually


async def post(client: httpx2.AsyncClient, body: dict[str, Any], **parameters: str) -> httpx2.Response:
    return await client.post("/v1/notices", json=body, params=parameters, headers=fresh_key())


async def test_a_recorded_notice_is_effective_once_every_lane_has_published_it(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    answer = await post(officer, notice())
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["notice_id"], told["version"], told["status"]) == ("N1", 1, "RECORDED")
    assert told["lanes"] == {"published": 0, "total": 4}
    assert answer.headers["etag"] == '"1"'
    await office.publish([0, 1, 2])
    shown = (await officer.get("/v1/notices/N1")).json()
    assert (shown["status"], shown["lanes"]) == ("RECORDED", {"published": 3, "total": 4})
    await office.publish()
    shown = await officer.get("/v1/notices/N1")
    assert shown.json()["status"] == "EFFECTIVE"
    assert shown.headers["etag"] == '"1"'
    assert shown.json()["scope"]["destinations"] == ["DE"]
    assert shown.json()["recorded_through"] == "HTTP"


async def test_a_notice_stops_what_it_touches_from_its_answer_on(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    await office.shipment("S2", terms=["dest:FR"])
    await post(officer, notice())
    answer = await officer.post("/v1/shipments/statuses", json={"shipment_ids": ["S1", "S2"]})
    assert [told["may_move"] for told in answer.json()["statuses"]] == [False, True]


async def test_waiting_ends_when_the_last_lane_has_published(officer: httpx2.AsyncClient, office: Office) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(post(officer, notice(), wait="effective"))

        async def recorded() -> bool:
            return await office.count("notice_barrier") == 4

        await eventually(recorded)
        assert not waiting.done()
        await office.publish()
    assert waiting.result().json()["status"] == "EFFECTIVE"
    assert waiting.result().json()["lanes"] == {"published": 4, "total": 4}


async def test_a_notice_of_the_far_future_is_scheduled_and_not_waited_for(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    start = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    told = (await post(officer, notice(effective_from=start), wait="effective")).json()
    assert told["status"] == "SCHEDULED"
    assert datetime.fromisoformat(told["effective_at"]) == datetime.fromisoformat(start)


async def test_the_same_request_again_gets_the_same_answer_and_no_second_effect(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    key = fresh_key()
    first = await officer.post("/v1/notices", json=notice(), headers=key)
    await office.publish()
    again = await officer.post("/v1/notices", json=notice(), headers=key)
    assert (again.status_code, again.content, again.headers["etag"]) == (202, first.content, first.headers["etag"])
    assert await office.count("rule_row") == 1
    assert await office.count("audit") == 2  # the officer's key, the notice
    waited = await officer.post("/v1/notices", json=notice(), headers=key, params={"wait": "effective"})
    assert waited.json()["status"] == "EFFECTIVE"


async def test_a_key_that_belongs_to_another_request_is_refused(officer: httpx2.AsyncClient, office: Office) -> None:
    key = fresh_key()
    await officer.post("/v1/notices", json=notice(), headers=key)
    other = await officer.post("/v1/notices", json=notice("N2"), headers=key)
    assert other.status_code == 422
    assert other.json()["type"].endswith("idempotency-key-reused")
    assert await office.count("rule_row") == 1


async def test_a_key_of_one_principal_is_another_key_for_the_next(
    officer: httpx2.AsyncClient, office: Office, caller: Caller
) -> None:
    _, token = await create_key(office.gate.database, "officer-2", ["notices:write"])
    key = fresh_key()
    assert (await officer.post("/v1/notices", json=notice("N1"), headers=key)).status_code == 202
    assert (await caller(token).post("/v1/notices", json=notice("N2"), headers=key)).status_code == 202


async def test_one_of_two_at_once_with_one_key_is_told_to_wait_or_gets_the_same_answer(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    key = fresh_key()
    several = await asyncio.gather(*(officer.post("/v1/notices", json=notice(), headers=key) for _ in range(6)))
    assert {answer.status_code for answer in several} <= {202, 409}
    assert {answer.json()["type"].rpartition(":")[2] for answer in several if answer.status_code == 409} <= {
        "request-in-progress"
    }
    assert len({answer.content for answer in several if answer.status_code == 202}) == 1
    assert await office.count("rule_row") == 1


async def test_without_an_idempotency_key_nothing_is_recorded(officer: httpx2.AsyncClient, office: Office) -> None:
    answer = await officer.post("/v1/notices", json=notice())
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("idempotency-key-required")
    assert await office.count("rule_row") == 0


async def test_stopping_everything_needs_to_be_confirmed(officer: httpx2.AsyncClient) -> None:
    everything = notice(everything=True, scope={})
    refused = await post(officer, everything)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "confirm")
    assert (await post(officer, {**everything, "confirm": "everything"})).status_code == 202


async def test_an_empty_scope_without_everything_is_refused(officer: httpx2.AsyncClient) -> None:
    """D6.7."""
    refused = await post(officer, notice(scope={"parties": []}))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "scope")


async def test_a_notice_that_exists_is_changed_and_not_posted_again(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.kafka_notice("K1")
    await post(officer, notice())
    for taken in ("N1", "K1"):
        refused = await post(officer, notice(taken))
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:holdgate:problem:exists")


async def test_a_revision_needs_the_etag_that_stands(officer: httpx2.AsyncClient) -> None:
    etag = (await post(officer, notice())).headers["etag"]
    revised = notice(scope={"destinations": ["FR"]})
    assert (await officer.put("/v1/notices/N1", json=revised)).status_code == 428
    for wrong in ('"9"', f"W/{etag}", "1"):
        refused = await officer.put("/v1/notices/N1", json=revised, headers={"If-Match": wrong})
        assert refused.status_code == 412, wrong
    answer = await officer.put("/v1/notices/N1", json=revised, headers={"If-Match": f'"7", {etag}'})
    assert (answer.status_code, answer.json()["version"], answer.headers["etag"]) == (202, 2, '"2"')
    assert (await officer.get("/v1/notices/N1")).json()["scope"]["destinations"] == ["FR"]
    late = await officer.put("/v1/notices/N1", json=revised, headers={"If-Match": etag})
    assert late.status_code == 412


async def test_a_revision_names_the_notice_of_its_path(officer: httpx2.AsyncClient) -> None:
    etag = (await post(officer, notice())).headers["etag"]
    refused = await officer.put("/v1/notices/N1", json=notice("N2"), headers={"If-Match": etag})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "notice_id")
    missing = await officer.put("/v1/notices/N2", json=notice("N2"), headers={"If-Match": "*"})
    assert missing.status_code == 404


async def test_a_lift_ends_a_notice_once_and_a_later_revision_starts_it_again(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await post(officer, notice())
    key = fresh_key() | {"If-Match": '"1"'}
    lifted = await officer.post("/v1/notices/N1/lift", json={"reason": "withdrawn"}, headers=key)
    assert (lifted.status_code, lifted.json()["status"], lifted.json()["version"]) == (202, "ENDED", 2)
    assert lifted.json()["lanes"]["published"] == 0
    again = await officer.post("/v1/notices/N1/lift", json={"reason": "withdrawn"}, headers=key)
    assert again.content == lifted.content
    noop = await officer.post(
        "/v1/notices/N1/lift", json={"reason": "twice"}, headers=fresh_key() | {"If-Match": '"2"'}
    )
    assert (noop.status_code, noop.json()["version"]) == (202, 2)
    await office.publish()
    shown = (await officer.get("/v1/notices/N1")).json()
    assert (shown["status"], shown["lift_reason"], shown["lanes"]["published"]) == ("ENDED", "withdrawn", 4)
    revised = await officer.put("/v1/notices/N1", json=notice(), headers={"If-Match": '"2"'})
    assert (revised.json()["version"], revised.json()["status"]) == (3, "RECORDED")


async def test_a_notice_that_came_by_kafka_is_not_changed_by_http(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.kafka_notice("K1")
    assert (await officer.get("/v1/notices/K1")).json()["recorded_through"] == "KAFKA"
    put = await officer.put("/v1/notices/K1", json={"not": "even valid"}, headers={"If-Match": "*"})
    lift = await officer.post("/v1/notices/K1/lift", json={}, headers=fresh_key() | {"If-Match": "*"})
    for refused in (put, lift):
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:holdgate:problem:other-origin")


async def test_notices_are_listed_page_by_page(officer: httpx2.AsyncClient) -> None:
    for number in range(5):
        await post(officer, notice(f"N{number}"))
    seen, cursor = [], None
    for _ in range(3):
        parameters = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await officer.get("/v1/notices", params=parameters)).json()
        seen += [one["notice_id"] for one in page["notices"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == ([f"N{number}" for number in range(5)], None)
    for wrong in ("%%%", "AA=", "A", "é"):
        assert (await officer.get("/v1/notices", params={"cursor": wrong})).status_code == 422


async def test_a_bound_key_records_and_sees_its_own_notices_only(
    officer: httpx2.AsyncClient, office: Office, caller: Caller
) -> None:
    _, token = await create_key(office.gate.database, "e1", ["notices:write", "notices:read"], [], ["E1"])
    bound = caller(token)
    await post(officer, notice("N1"))
    await post(officer, notice("N2", scope={"exporters": ["E1", "E2"]}))
    assert (await post(bound, notice("N3"))).status_code == 403
    assert (await post(bound, notice("N3", scope={"exporters": ["E1"], "destinations": ["DE"]}))).status_code == 202
    listed = (await bound.get("/v1/notices")).json()["notices"]
    assert [one["notice_id"] for one in listed] == ["N3"]
    assert (await bound.get("/v1/notices/N1")).status_code == 404
    assert (await bound.put("/v1/notices/N2", json=notice("N2"), headers={"If-Match": "*"})).status_code == 404
    widened = await bound.put("/v1/notices/N3", json=notice("N3"), headers={"If-Match": '"1"'})
    assert widened.status_code == 403


async def test_a_notice_with_a_slash_in_its_id_is_found(officer: httpx2.AsyncClient) -> None:
    await post(officer, notice("MOFCOM/2026/17"))
    assert (await officer.get("/v1/notices/MOFCOM%2F2026%2F17")).json()["notice_id"] == "MOFCOM/2026/17"
