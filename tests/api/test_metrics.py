"""What `/metrics` of the API tells of the installation, from the database alone."""

from __future__ import annotations

import asyncio
import dataclasses
import math

import httpx2
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from services.gatekeeper.api import measuring
from services.gatekeeper.api.app import create_app
from services.gatekeeper.api.measuring import DatabaseMetrics
from services.gatekeeper.wiring import Gate
from services.kit.postgres import connect
from tests.api.conftest import Caller
from tests.api.office import Office

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def one(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"holdgate_{name}", frozenset(labels.items())


@pytest.fixture
async def busy(gate: Gate, office: Office) -> Gate:
    """Holds, quarantine, a position, a lane with two records of which one is out, a stopped lane, two notices."""
    async with gate.database.transaction() as tx:
        await tx.execute("TRUNCATE open_hold, quarantine, input_position, notice_barrier, outbox, lane_progress")
        await tx.execute(
            "INSERT INTO open_hold SELECT 'shipment', 'S' || n, 'H', 'QTY_EXCEEDED', now() FROM generate_series(1, 3) n"
        )
        await tx.execute(
            "INSERT INTO quarantine (quarantine_id, topic, partition, record_offset, headers, error_field, error,"
            " event_key, owner, was_upsert, status, recorded_at)"
            " SELECT gen_random_uuid(), 't', 0, n, '[]', '', '', '', 'none', false, 'OPEN', now()"
            " FROM generate_series(1, 2) n"
        )
        await tx.execute("INSERT INTO input_position VALUES ('trade.orders.v1', 2, 41, NULL, 0, 0, 'unreadable')")
        await tx.execute(
            "INSERT INTO outbox SELECT 1, n, clock_timestamp() - interval '40 s', 'S', 't', '[]', ''::bytea"
            " FROM generate_series(1, 2) n"
        )
        await tx.execute("UPDATE lane SET next_seq = 3 WHERE lane = 1")
        await tx.execute("UPDATE lane SET stopped = 'restored' WHERE lane = 3")
        await tx.execute("INSERT INTO lane_progress SELECT lane, 1, now() - interval '5 s' FROM lane")
        await tx.execute(
            "INSERT INTO notice_barrier SELECT 'N' || seq, 1, 'in-effect', 1, seq, 1, now() - interval '30 s'"
            " FROM generate_series(1, 2) AS seq"
        )
    return gate


async def test_metrics_tell_what_the_database_knows(busy: Gate, caller: Caller) -> None:
    told = samples((await caller("").get("/metrics")).text)
    assert told[one("database_measured")] == 1
    assert told[one("holds_open", reason="QTY_EXCEEDED")] == 3
    assert told[one("quarantine_records", status="OPEN")] == 2
    assert told[one("decided_position", topic="trade.orders.v1", partition="2")] == 41
    assert (told[one("lanes_stopped")], told[one("partitions_stopped")]) == (1, 1)
    assert [told[one("publish_lag_records", lane=str(lane))] for lane in range(4)] == [0, 1, 0, 0]
    assert 40 <= told[one("publish_age_seconds", lane="1")] < 70
    assert told[one("publish_age_seconds", lane="0")] == 0
    assert told[one("notices_pending")] == 1
    assert 30 <= told[one("notice_recent_seconds")] < 60


async def test_a_notice_took_until_its_last_lane_told_it(busy: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "FRESH_SECONDS", 0.0)
    registry = CollectorRegistry()
    shown = DatabaseMetrics(registry)
    async with busy.database.transaction() as tx:
        await tx.execute("DELETE FROM notice_barrier WHERE notice_id = 'N2'")
    await shown.refresh(busy)
    assert registry.get_sample_value("holdgate_notices_pending") == 0
    assert registry.get_sample_value("holdgate_notice_recent_seconds") == pytest.approx(25, abs=1)
    async with busy.database.transaction() as tx:
        await tx.execute("UPDATE lane_progress SET published_seq = 9, published_at = now() + interval '1 hour'")
    await shown.refresh(busy)
    assert registry.get_sample_value("holdgate_notice_recent_seconds") == pytest.approx(25, abs=1)


async def test_many_who_ask_at_once_share_one_look(busy: Gate, caller: Caller) -> None:
    client = caller("")
    await asyncio.gather(*(client.get("/metrics") for _ in range(20)))
    async with busy.database.transaction() as tx:
        await tx.execute("TRUNCATE open_hold")
    told = samples((await client.get("/metrics")).text)
    assert told[one("holds_open", reason="QTY_EXCEEDED")] == 3


async def test_without_the_database_old_figures_are_not_shown_and_its_own_are(
    busy: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "FRESH_SECONDS", 0.0)
    database = await connect(busy.settings.database_url, name="gone", patience_seconds=5)
    transport = httpx2.ASGITransport(create_app(dataclasses.replace(busy, database=database)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://holdgate") as client:
        assert samples((await client.get("/metrics")).text)[one("database_measured")] == 1
        await database.pool.close()
        answer = await client.get("/metrics")
    told = samples(answer.text)
    assert answer.status_code == 200
    assert told[one("database_measured")] == 0
    assert not [name for name, _ in told if name in ("holdgate_holds_open", "holdgate_publish_lag_records")]
    assert math.isnan(told[one("lanes_stopped")])
    assert any(name.startswith("holdgate_http_requests") for name, _ in told)


async def test_a_database_that_is_slow_does_not_hold_up_the_answer(
    busy: Gate, monkeypatch: pytest.MonkeyPatch, caller: Caller
) -> None:
    monkeypatch.setattr(measuring, "READ_SECONDS_MAX", 0.3)
    async with busy.database.transaction() as tx:
        await tx.execute("LOCK TABLE open_hold IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(5):
            answer = await caller("").get("/metrics")
    assert samples(answer.text)[one("database_measured")] == 0
