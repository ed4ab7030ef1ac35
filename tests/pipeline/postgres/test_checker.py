"""The checker notices what it is there to notice: each thing put wrong by hand is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.checker import TopicRecord, check
from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import milestone, notice, order, shipment

WRONG = {
    "UPDATE lane SET next_seq = next_seq + 1 WHERE lane = 0": "next_seq is",
    "DELETE FROM outbox WHERE lane = 3 AND seq = 1": "missing [1]",
    "UPDATE outbox SET headers = replace(headers, 'ce_laneseq', 'ce_lane')": "its header says",
    "UPDATE installation SET incarnation = '00000000-0000-0000-0000-000000000000'": "its id is not that of its place",
    "UPDATE shipment SET body = jsonb_set(body, '{sequence}', '9'), sequence = 9 WHERE shipment_id = 'S1'": (
        "sequence 9 is stored"
    ),
    "UPDATE shipment SET body = jsonb_set(body, '{state}', '\"HELD\"'), state = 'HELD' WHERE shipment_id = 'S1'": (
        "shipment S1: HELD with 0 holds"
    ),
    "UPDATE shipment SET body = jsonb_set(body, '{holds}', '[]') WHERE shipment_id = 'S2'": "were said last",
    "UPDATE trade_order SET state = 'CLOSED'": "its body says",
    "UPDATE shipment SET lane = (lane + 1) % 4 WHERE shipment_id = 'S1'": "lane is",
    "DELETE FROM ledger WHERE owner_id = 'S1'": "ledger",
    "UPDATE licence_line_balance SET reserved = -1": "below zero",
    "UPDATE licence_account SET uses = uses + 1": "uses",
    "UPDATE shipment SET body = jsonb_set(body, '{draws}', '[]') WHERE shipment_id = 'S1'": "draws",
    "DELETE FROM open_hold": "missing among the open ones",
    "DELETE FROM timer": "its timer is",
    "DELETE FROM scope_terms WHERE owner_id = 'S1'": "its scope terms are",
    "UPDATE scope_terms SET owner_id = 'S9' WHERE owner_id = 'S1'": "scope terms of nobody",
    "DELETE FROM notice_barrier WHERE lane = 1": "has no barrier",
    "UPDATE task SET done_at = NULL WHERE task_id = 1": "is unfinished",
    "INSERT INTO sweep_item VALUES (1, 1, 'order', 'O1', 0)": "items are left",
    "INSERT INTO deferred_record (lane, key, type, data, as_of) VALUES (0, 'k', 't', 'd', now())": "deferred records",
}


@pytest.fixture
async def told(feeder: Feeder) -> Feeder:
    """A database with something of everything in it."""
    await feeder.tell(shipment("S1"), order("O1", "10 KGM"), shipment("S2"), milestone("S1", "DEPARTED"))
    await feeder.tell(notice("N1", shipments=["S2"]))
    await feeder.assert_sound()
    return feeder


async def test_each_thing_that_is_wrong_is_said(told: Feeder) -> None:
    url = told.gate.settings.database_url
    for statement, words in WRONG.items():
        async with told.gate.database.reading() as connection:
            kept = connection.transaction()
            await kept.start()
            await connection.execute(statement)
            found = await check(url, connection=connection)
            await kept.rollback()
        assert any(words in line for line in found), (statement, found)
    assert await check(url) == []


async def test_what_is_unfinished_is_no_fault_while_there_is_work(told: Feeder) -> None:
    await told.feed(notice("N2", items=["MAG-ROD"]))
    url = told.gate.settings.database_url
    assert await check(url, idle=False) == []
    assert any("is unfinished" in line for line in await check(url))


async def test_the_topic_is_compared_record_by_record(told: Feeder) -> None:
    url = told.gate.settings.database_url
    rows = await told.query("SELECT lane, seq, key, headers, value FROM outbox ORDER BY lane, seq")
    topic = [_published(row) for row in rows]
    assert await check(url, topic_records=topic) == []
    assert any("missing [1]" in line for line in await check(url, topic_records=topic[1:]))
    double = [*topic, (topic[0][0], 99, *topic[0][2:])]
    assert any("double [1]" in line for line in await check(url, topic_records=double))
    other = [(*topic[0][:4], b"{}"), *topic[1:]]
    assert any("not record 1 of the outbox" in line for line in await check(url, topic_records=other))


def _published(row: Any) -> TopicRecord:
    headers = tuple((name, text.encode()) for name, text in json.loads(row["headers"]))
    return row["lane"], 2 * row["seq"], row["key"].encode(), headers, row["value"]
