"""Every error is a problem that says what to do, and none of them says more."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.api.app import create_app
from services.gatekeeper.api.limits import BODY_BYTES_MAX
from services.gatekeeper.api.principal import Principal
from services.gatekeeper.store.keys import SCOPES, Visibility, create_key
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Database, connect
from tests.api.conftest import Caller
from tests.api.office import Office, fresh_key, notice


def assert_problem(answer: httpx2.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (told["type"], told["status"]) == (f"urn:holdgate:problem:{kind}", status)
    assert told["title"]
    assert told["detail"]
    return told


async def test_an_unknown_route_is_a_problem(officer: httpx2.AsyncClient) -> None:
    for path in ("/", "/v2/shipments", "/v1/shipments//status", "/v1/shipments/S1/status/", "/v1/%00"):
        assert_problem(await officer.get(path), 404, "not-found")


async def test_an_unknown_method_names_those_there_are(officer: httpx2.AsyncClient) -> None:
    answer = await officer.delete("/v1/notices/N1")
    assert_problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["allow"] or "PUT" in answer.headers["allow"]
    assert_problem(await officer.get("/v1/shipments/statuses"), 405, "method-not-allowed")


async def test_without_a_key_one_is_challenged(caller: Caller) -> None:
    for path in ("/v1/shipments/S1/status", "/v1/notices", "/v1/licences/L1", "/v1/licences/L1/balance"):
        answer = await caller("").get(path)
        assert_problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="holdgate"'
    unread = await caller("").post("/v1/notices", content=b"{", headers={"content-type": "text/plain"})
    assert_problem(unread, 401, "unauthenticated")


async def test_a_key_without_the_scope_is_told_which(office: Office, caller: Caller) -> None:
    _, token = await create_key(office.gate.database, "forwarder", ["shipments:read"])
    answer = await caller(token).get("/v1/notices")
    assert_problem(answer, 403, "forbidden")
    assert 'scope="notices:read"' in answer.headers["www-authenticate"]


async def test_a_body_that_is_too_large_is_not_read(officer: httpx2.AsyncClient) -> None:
    large = b'{"shipment_ids": ["' + b"x" * BODY_BYTES_MAX + b'"]}'
    headers = {"content-type": "application/json"}
    assert_problem(await officer.post("/v1/shipments/statuses", content=large, headers=headers), 413, "body-too-large")
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 65536
            yield b" " * 65536

    answer = await officer.post("/v1/shipments/statuses", content=endless(), headers=headers)
    assert_problem(answer, 413, "body-too-large")
    assert taken <= BODY_BYTES_MAX + 2 * 65536


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
async def test_a_body_of_another_kind_is_refused(officer: httpx2.AsyncClient, media: str) -> None:
    answer = await officer.post("/v1/shipments/statuses", content=b"{}", headers={"content-type": media})
    assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'"\xd8"', b'{"a": "\\ud800"}', b"[" * 100_000, b"nul"])
async def test_a_body_that_is_no_json_is_a_malformed_request(officer: httpx2.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json; charset=utf-8"} | fresh_key()
    answer = await officer.post("/v1/notices", content=body, headers=headers)
    assert_problem(answer, 400, "malformed-request")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"effective_from": "2026-03-05T00:00:00"}, "effective_from"),
        ({"effective_from": 1772668800.5}, "effective_from"),
        ({"everything": "false"}, "everything"),
        ({"origin": "NOBODY"}, "origin"),
        ({"text": {"zh": "停"}}, "text.en"),
        ({"authority_ref": "a\x00b"}, "authority_ref"),
        ({"notice_id": ""}, "notice_id"),
        ({"notice_id": 1.5}, "notice_id"),
        ({"scope": {"destinations": ["XX"]}}, "scope.destinations.0"),
        ({"scope": {"parties": ["a", 7]}}, "scope.parties.1"),
        ({"scope": None}, "scope"),
        ({"scope": {"shipments": [f"{n:06d}" + "x" * 94 for n in range(9_500)]}}, "scope"),
        (
            {"effective_from": "2026-03-05T00:00:00+08:00", "effective_until": "2026-03-04T16:00:00Z"},
            "effective_until",
        ),
    ],
)
async def test_a_field_that_is_wrong_is_named(officer: httpx2.AsyncClient, change: dict[str, Any], field: str) -> None:
    answer = await officer.post("/v1/notices", json=notice(**change), headers=fresh_key())
    told = assert_problem(answer, 422, "invalid")
    assert field in [error["field"] for error in told["errors"]]


async def test_every_field_that_is_missing_is_named(officer: httpx2.AsyncClient) -> None:
    told = assert_problem(await officer.post("/v1/notices", json={}, headers=fresh_key()), 422, "invalid")
    assert {"notice_id", "origin", "scope", "text"} <= {error["field"] for error in told["errors"]}


async def test_a_parameter_that_is_wrong_is_named(officer: httpx2.AsyncClient) -> None:
    told = assert_problem(await officer.get("/v1/notices", params={"limit": "1000"}), 422, "invalid")
    assert told["errors"][0]["field"] == "limit"
    answer = await officer.post("/v1/notices", json=notice(), params={"wait": "forever"}, headers=fresh_key())
    assert assert_problem(answer, 422, "invalid")["errors"][0]["field"] == "wait"


async def test_an_idempotency_key_is_short_and_visible(officer: httpx2.AsyncClient) -> None:
    for wrong in ("", "x" * 201, "with space"):
        answer = await officer.post("/v1/notices", json=notice(), headers={"Idempotency-Key": wrong})
        assert_problem(answer, 400, "malformed-request")


async def everybody(_request: object) -> Principal:
    return Principal("officer-1", frozenset(SCOPES), Visibility.everything())


async def ask_without(database: Database, gate: Gate, path: str) -> httpx2.Response:
    app = create_app(dataclasses.replace(gate, database=database), authenticate=everybody)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://holdgate") as client:
        return await client.get(path)


async def test_without_its_database_the_service_is_unavailable_and_still_alive(gate: Gate) -> None:
    gone = await connect(gate.settings.database_url, name="gone", patience_seconds=5)
    await gone.pool.close()
    for path in ("/v1/shipments/S1/status", "/v1/notices", "/v1/licences/L1", "/readyz"):
        answer = await ask_without(gone, gate, path)
        assert_problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert (await ask_without(gone, gate, "/livez")).status_code == 200


async def test_a_bug_shows_nothing_of_the_inside(gate: Gate) -> None:
    class Broken:
        def acquire(self) -> object:
            raise KeyError("secret-inside")

    answer = await ask_without(Database(Broken()), gate, "/v1/notices")
    assert_problem(answer, 500, "internal-error")
    assert "secret-inside" not in answer.text


async def test_a_query_the_database_refuses_is_a_bug_of_ours(gate: Gate) -> None:
    class Refusing:
        def acquire(self) -> object:
            raise asyncpg.UndefinedColumnError("column secret-inside does not exist")

    answer = await ask_without(Database(Refusing()), gate, "/v1/notices")
    assert_problem(answer, 500, "internal-error")
    assert "secret-inside" not in answer.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from([*notice(), "confirm", "version", "scope.parties", "scope.shipments"])
CHANGES = st.dictionaries(FIELDS, JSON, max_size=3)
IDS = st.text(min_size=1, max_size=30)
Asker = Callable[..., Awaitable[httpx2.Response]]


def changed(changes: dict[str, Any]) -> bytes:
    body = notice()
    for field, value in changes.items():
        outer, _, inner = field.partition(".")
        if inner and isinstance(body.get(outer), dict):
            body[outer] = {**body[outer], inner: value}
        else:
            body[outer] = value
    return json.dumps(body).encode("utf-8", "surrogatepass")


@pytest.fixture
async def asker(officer: httpx2.AsyncClient) -> Asker:
    async def ask(method: str, path: str, content: bytes) -> httpx2.Response:
        headers = fresh_key() | {"content-type": "application/json", "if-match": "*"}
        return await officer.request(method, path, content=content, headers=headers)

    return ask


async def never_fails(ask: Asker, method: str, path: str, content: bytes) -> None:
    answer = await ask(method, path, content)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_no_body_at_all_makes_the_service_fail(asker: Asker) -> None:
    await asker("POST", "/v1/notices", json.dumps(notice("N1")).encode())
    for method, path in (("POST", "/v1/notices"), ("PUT", "/v1/notices/N1"), ("POST", "/v1/notices/N1/lift")):
        for body in bodies():
            await never_fails(asker, method, path, body)


def bodies() -> list[bytes]:
    """A fixed sample of arbitrary JSON and bytes."""
    collected: list[bytes] = []

    @given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()) | CHANGES.map(changed))
    def collect(body: bytes) -> None:
        collected.append(body)

    collect()
    return collected


def ids() -> list[str]:
    collected: list[str] = []

    @given(IDS)
    def collect(one: str) -> None:
        collected.append(one)

    collect()
    return collected


async def test_no_id_at_all_makes_the_service_fail(officer: httpx2.AsyncClient, asker: Asker) -> None:
    several = ids()
    for one in several:
        for body in ([one], [one, one]):
            content = json.dumps({"shipment_ids": body}).encode("utf-8", "surrogatepass")
            await never_fails(asker, "POST", "/v1/shipments/statuses", content)
    for one in several:
        quoted = "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "surrogatepass"))
        for path in (f"/v1/shipments/{quoted}/status", f"/v1/notices/{quoted}", f"/v1/licences/{quoted}/balance"):
            await never_fails(asker, "GET", path, b"")
