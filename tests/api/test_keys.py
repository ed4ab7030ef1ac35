"""API keys: shown once, kept as a digest, bound, and gone when they are revoked or over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from services.gatekeeper.store.keys import KeyRefused, create_key, key_of_token, list_keys, revoke_key
from services.gatekeeper.wiring import Gate
from tests.api.conftest import Caller

PATH = "/v1/shipments/S1/status"
SCOPES = ["shipments:read"]


async def test_a_key_opens_by_either_header(gate: Gate, caller: Caller) -> None:
    key_id, token = await create_key(gate.database, "forwarder", SCOPES)
    assert token.startswith(f"hg_{key_id}_")
    assert (await caller(token).get(PATH)).status_code == 200
    assert (await caller("").get(PATH, headers={"X-API-Key": token})).status_code == 200
    assert (await caller("").get(PATH, headers={"Authorization": f"bearer {token}"})).status_code == 200
    assert (await caller("").get(PATH, headers={"Authorization": f"Basic {token}"})).status_code == 401


async def test_only_the_digest_of_the_secret_is_kept(gate: Gate) -> None:
    _, token = await create_key(gate.database, "forwarder", SCOPES)
    secret = token.split("_", 2)[2]
    async with gate.database.reading() as connection:
        stored = await connection.fetchrow("SELECT * FROM api_key")
        audited = await connection.fetchval("SELECT detail::text FROM audit")
    assert len(stored["secret_hash"]) == 32
    assert secret not in repr(tuple(stored)) + audited


async def test_a_wrong_token_is_refused_in_the_same_words_as_an_unknown_one(gate: Gate, caller: Caller) -> None:
    key_id, token = await create_key(gate.database, "forwarder", SCOPES)
    flipped = token[:-2] + ("AA" if not token.endswith("AA") else "BB")
    wrongs = [flipped, f"hg_{'0' * 16}_{token.split('_', 2)[2]}", f"hg_{key_id}_", "hg__", "x", "hg_" + "é" * 9]
    answers = [await caller("").get(PATH, headers={"Authorization": f"Bearer {wrong}".encode()}) for wrong in wrongs]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {
        'Bearer realm="holdgate", error="invalid_token"'
    }


async def test_a_revoked_key_opens_nothing_from_then_on(gate: Gate, caller: Caller) -> None:
    key_id, token = await create_key(gate.database, "forwarder", SCOPES)
    client = caller(token)
    assert (await client.get(PATH)).status_code == 200
    assert await revoke_key(gate.database, key_id)
    assert (await client.get(PATH)).status_code == 401
    assert not await revoke_key(gate.database, key_id)
    assert not await revoke_key(gate.database, "nobody")
    (listed,) = await list_keys(gate.database)
    assert listed.revoked_at is not None


async def test_a_key_is_over_at_its_expiry(gate: Gate) -> None:
    now = datetime.now(UTC)
    _, over = await create_key(gate.database, "a", SCOPES, expires_at=now - timedelta(seconds=1))
    _, good = await create_key(gate.database, "b", SCOPES, expires_at=now + timedelta(hours=1))
    assert await key_of_token(gate.database, over) is None
    key = await key_of_token(gate.database, good)
    assert key is not None
    assert key.principal == "b"


async def test_the_last_use_is_noted_at_most_once_a_minute(gate: Gate) -> None:
    _, token = await create_key(gate.database, "forwarder", SCOPES)
    assert (await list_keys(gate.database))[0].last_used_at is None
    await key_of_token(gate.database, token)
    first = (await list_keys(gate.database))[0].last_used_at
    assert first is not None
    await key_of_token(gate.database, token)
    assert (await list_keys(gate.database))[0].last_used_at == first
    async with gate.database.transaction() as tx:
        await tx.execute("UPDATE api_key SET last_used_at = last_used_at - interval '61 seconds'")
    await key_of_token(gate.database, token)
    later = (await list_keys(gate.database))[0].last_used_at
    assert later is not None
    assert later > first


@pytest.mark.parametrize(
    ("principal", "scopes", "ids", "expires_at"),
    [
        ("a", ["everything"], [], None),
        ("a", [], [], None),
        ("", SCOPES, [], None),
        ("a\x00", SCOPES, [], None),
        ("a", SCOPES, [""], None),
        ("a", SCOPES, [], datetime(2030, 1, 1)),  # noqa: DTZ001
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(
    gate: Gate, principal: str, scopes: list[str], ids: list[str], expires_at: datetime | None
) -> None:
    with pytest.raises(KeyRefused):
        await create_key(gate.database, principal, scopes, ids, [], expires_at)
    assert await list_keys(gate.database) == []


async def test_a_listed_key_says_what_it_is_bound_to(gate: Gate) -> None:
    await create_key(gate.database, "forwarder", ["shipments:read", "shipments:read"], ["FWD-2", "FWD-1"], ["E1"])
    (listed,) = await list_keys(gate.database)
    assert listed.scopes == ("shipments:read",)
    assert listed.forwarder_ids == ("FWD-1", "FWD-2")
    assert listed.visibility.exporter_ids == {"E1"}
    assert not listed.visibility.sees_everything


async def test_every_use_and_change_of_keys_names_no_secret_in_the_problem(caller: Caller) -> None:
    answer: httpx2.Response = await caller("hg_0123456789abcdef_very-secret").get(PATH)
    assert "very-secret" not in answer.text
