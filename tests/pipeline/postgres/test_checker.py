"""The checker notices what it is there to notice: each thing put wrong by hand is said."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.pipeline.records import Record
from tests.checker import Input, TopicRecord, check
from tests.pipeline.feeding import PARTITIONS, Feeder
from tests.pipeline.trade import RULES, milestone, notice, order, shipment

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
    "DELETE FROM ledger WHERE owner_id = 'S1'": "balance 10 300",
    "INSERT INTO ledger (licence_no, licence_line, owner, owner_id, line_no, kind, reserved, consumed, value_reserved,"
    " value_consumed, uses, uses_reserved, as_of) SELECT licence_no, licence_line, owner, owner_id, line_no, kind,"
    " reserved, consumed, value_reserved, value_consumed, uses, uses_reserved, as_of FROM ledger": (
        "S1 stands with [1, 0] uses"
    ),
    "UPDATE licence_line_balance SET reserved = reserved + 1": "ledger 10 300",
    "UPDATE licence_line_balance SET reserved = -1": "below zero",
    "UPDATE licence_line_balance SET days = '{}'": "by day {}, ledger {datetime.date(",
    "UPDATE ledger SET day = day + 1 WHERE owner_id = 'S1'": "ledger 0 0 0 0, for 20",
    "UPDATE ledger SET day = NULL": "the ledger has entries without a day",
    "UPDATE licence_line_balance SET unit = 'TNE'": "drawn in ('TNE', 'USD'), granted in ('KGM', 'USD')",
    "UPDATE shipment SET body = jsonb_set(body, '{draws,0,value,currency}', '\"EUR\"') WHERE shipment_id = 'S1'": (
        "shipment S1: draws ('KGM', 'EUR') on M1 line 1, in ('KGM', 'USD')"
    ),
    "UPDATE ledger SET unit = NULL": "the ledger has entries without a unit",
    "UPDATE licence_account SET uses = uses + 1": "uses",
    "UPDATE shipment SET body = jsonb_set(body, '{draws}', '[]') WHERE shipment_id = 'S1'": "draws",
    "DELETE FROM open_hold": "missing among the open ones",
    "DELETE FROM timer": "its timer is",
    "DELETE FROM scope_terms WHERE owner_id = 'S1'": "its scope terms are missing",
    "UPDATE scope_terms SET terms = array_remove(terms, 'forwarder:FWD-1')": "without ['forwarder:FWD-1']",
    "UPDATE scope_terms SET arrival = arrival + 1": "with arrival",
    "UPDATE scope_terms SET owner_id = 'S9' WHERE owner_id = 'S1'": "scope terms of nobody",
    "DELETE FROM notice_barrier WHERE lane = 1": "has no barrier",
    "UPDATE task SET done_at = NULL WHERE task_id = 1": "is unfinished",
    "INSERT INTO sweep_item VALUES (1, 1, 'order', 'O1', 0)": "items are left",
    "INSERT INTO deferred_record (lane, key, type, data, as_of) VALUES (0, 'k', 't', 'd', now())": "deferred records",
    "UPDATE ledger SET owner_id = 'S2' WHERE owner_id = 'S1'": "shipment S2 line 1 on licence M1 line 1: draws 0",
    "UPDATE trade_order SET body = jsonb_set(body, '{draws,0,quantity,value}', '\"10\"')": (
        "order O1 line 1: reserves 10 although its shipments stand with 4 of 10 KGM"
    ),
    "UPDATE trade_order SET body = jsonb_set(body, '{state}', '\"HELD\"')": "order O1: reserves although it is HELD",
    "UPDATE shipment SET body = jsonb_set(body, '{state}', '\"HELD\"') WHERE shipment_id = 'S3'": (
        "shipment S3: reserves although it is HELD"
    ),
    "UPDATE shipment SET body = jsonb_set(body, '{draws}', (body->'draws') || (body->'draws'))": "draws twice on M1",
    "UPDATE rule_row SET body = jsonb_set(body, '{lines,0,quantity,value}', '\"305\"') WHERE key = 'M1'": (
        "quantity 10 reserved and 300 consumed of 305 granted"
    ),
    "UPDATE rule_row SET body = jsonb_set(body, '{lines,0,quantity,value}', '\"299\"') WHERE key = 'M1'": (
        "quantity 300 consumed of 299 granted without CAP_BELOW_USED"
    ),
    "UPDATE rule_row SET body = jsonb_set(body, '{max_uses}', '1') WHERE key = 'M1'": "1 uses and 1 reserved of 1",
    "UPDATE outbox SET value = convert_to(replace(convert_from(value, 'UTF8'), '\"PROCEED\"', '\"STOP\"'), 'UTF8')": (
        "status of S1: directives is"
    ),
    "UPDATE outbox SET value = convert_to(replace(convert_from(value, 'UTF8'), '\"may_move\":true',"
    " '\"may_move\":false'), 'UTF8')": "status of S3: may_move is True, the topic says False",
    "UPDATE shipment SET sequence = 0 WHERE shipment_id = 'S1'": "status of S1: state is UNKNOWN, the topic says",
    "UPDATE shipment SET recheck_at = '2020-01-01T00:00:00Z' WHERE shipment_id = 'S3'": "RECHECK_DUE is pending",
    "UPDATE shipment SET state = 'RELEASED' WHERE shipment_id = 'S2'": "status of S2: state is RELEASED",
    "UPDATE outbox SET value = convert_to(replace(convert_from(value, 'UTF8'), '\"sequence\":1', '\"sequence\":2'),"
    " 'UTF8') WHERE key = 'S2'": "sequence 2 where 1 is next",
    "UPDATE scope_terms SET terms = array_remove(terms, 'open') WHERE owner_id = 'S1'": "without ['open']",
    "UPDATE scope_terms SET terms = array_remove(terms, 'order:O1') WHERE owner_id = 'S3'": "without ['order:O1']",
    "UPDATE scope_terms SET terms = array_remove(terms, 'dest:DE') WHERE owner_id = 'S1'": "without ['dest:DE']",
    "UPDATE timer SET owner_id = 'S9' WHERE owner_id = 'S3'": "a timer of nobody",
    "UPDATE open_hold SET hold_id = 'other' WHERE owner_id = 'S2'": "an open hold that its owner does not have",
    "UPDATE quarantine SET status = 'DROPPED'": "which is not open in quarantine",
    "DELETE FROM outbox WHERE key = 'S1'": "lane",
    # Input
    "DELETE FROM timeline WHERE owner_id = 'S1'": "not in the timeline of S1",
    "UPDATE shipment SET body = jsonb_set(body, '{progress,reports}', '[]') WHERE shipment_id = 'S1'": (
        "not among the reports of S1"
    ),
    "DELETE FROM event_seen": "neither decided nor in quarantine",
    "UPDATE event_seen SET content_hash = '\\x00'": "neither decided nor in quarantine",
    "DELETE FROM quarantine": "neither decided nor in quarantine",
    "UPDATE quarantine SET value = 'other'": "what is in quarantine never came so",
    "UPDATE quarantine SET record_offset = 99": "in quarantine above the position",
    "INSERT INTO event_seen VALUES ('\\x00', '\\x00')": "1 events are remembered that never came",
    "UPDATE input_position SET next_offset = next_offset - 1 WHERE topic = 'trade.orders.v1'": (
        "records lie above its position"
    ),
    "UPDATE input_position SET next_offset = 0 WHERE topic = 'trade.shipments.v1'": "decided above the position",
    "DELETE FROM rule_row WHERE key = 'ALPHA'": "party ALPHA was decided in version 1, and 0 is stored",
    "UPDATE shipment SET body = jsonb_set(body, '{facts,version}', '0') WHERE shipment_id = 'S1'": (
        "shipment S1 was decided in version 1, and 0 is stored"
    ),
    "INSERT INTO decision (owner, owner_id, as_of, engine_version, rules_version, policy_version, cause, state, body,"
    " output_hash, record_hash) SELECT owner, owner_id, as_of, engine_version, rules_version, policy_version, cause,"
    " state, body, output_hash, record_hash FROM decision": "decided 2 times",
    # Decisions
    "UPDATE decision SET output_hash = '\\x00'": "output_hash: stored 00",
    "UPDATE decision SET body = replace(body, '\"300\"', '\"301\"')": "the hash of the record differs",
    "INSERT INTO quarantine (quarantine_id, topic, partition, record_offset, key, value, headers, error_field, error,"
    " event_key, owner, was_upsert, status, recorded_at) SELECT gen_random_uuid(), topic, partition, record_offset,"
    " key, value, headers, error_field, error, event_key, owner, was_upsert, status, recorded_at FROM quarantine": (
        "2 times in quarantine"
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A database with something of everything in it, and all that it was told."""

    feeder: Feeder
    given: Input

    @property
    def url(self) -> str:
        return self.feeder.gate.settings.database_url

    async def topic(self) -> list[TopicRecord]:
        """What a publisher would have made of the outbox."""
        rows = await self.feeder.query("SELECT lane, seq, key, headers, value FROM outbox ORDER BY lane, seq")
        return [_published(row) for row in rows]

    async def found(self, **given: Any) -> list[str]:
        return await check(self.url, **{"input_records": self.given, **given})


@pytest.fixture
async def told(database_url: str) -> AsyncIterator[Told]:
    await migrate(database_url, partitions=PARTITIONS)
    feeder = await Feeder.open(database_url)
    records: list[Record] = []
    for events in (
        RULES,
        (shipment("S1"), order("O1", "10 KGM"), shipment("S2"), shipment("S3", "4 KGM", order="O1")),
        (milestone("S1", "DEPARTED"), notice("N1", shipments=["S2"])),
    ):
        stretch = feeder.records(*events)
        records += stretch
        await feeder.tell(*stretch)
    broken = feeder.record(shipment("S4"), value=b"{")
    await feeder.tell(broken)
    made = Told(feeder, Input([*records, broken]))
    assert await made.found() == []
    yield made
    await feeder.close()


async def test_each_thing_that_is_wrong_is_said(told: Told) -> None:
    missed: dict[str, list[str]] = {}
    for statement, words in WRONG.items():
        async with told.feeder.gate.database.reading() as connection:
            kept = connection.transaction()
            await kept.start()
            await connection.execute(statement)
            found = await told.found(connection=connection)
            await kept.rollback()
        if not any(words in line for line in found):
            missed[statement] = found
    assert not missed
    assert await told.found() == []


async def test_what_is_unfinished_is_no_fault_while_there_is_work(told: Told) -> None:
    event = told.feeder.record(notice("N2", items=["MAG-ROD"]))
    await told.feeder.feed(event)
    given = Input([*told.given.records, event, told.feeder.record(shipment("S9"))])
    topic = (await told.topic())[:-1]
    assert await told.found(idle=False, input_records=given, topic_records=topic) == []
    found = await told.found(input_records=given, topic_records=topic)
    for words in ("is unfinished", "1 records lie above its position", "RULE_CHANGE is pending", "missing"):
        assert any(words in line for line in found), (words, found)


async def test_the_topic_is_compared_record_by_record(told: Told) -> None:
    topic = await told.topic()
    assert await told.found(topic_records=topic) == []
    first = topic[0]
    cases: dict[str, list[TopicRecord]] = {
        "missing [1]": topic[1:],
        "double [1]": [*topic, (first[0], 99, *first[2:])],
        "not record 1 of the outbox: key": [(*first[:2], b"other", *first[3:]), *topic[1:]],
        "not record 1 of the outbox: headers": [(*first[:3], (*first[3], ("more", b"")), first[4]), *topic[1:]],
        "not record 1 of the outbox: value": [(*first[:4], b"{}"), *topic[1:]],
        "its numbers": [(first[0], 9_999, *first[2:]), *topic[1:]],
    }
    cases["topic, lane"] = cases.pop("its numbers")
    for words, records in cases.items():
        found = await told.found(topic_records=records)
        assert any(words in line for line in found), (words, found)


async def test_a_record_that_is_decided_and_kept_too_is_said(told: Told) -> None:
    decided = next(one for one in told.given.records if one.key == b"S1")
    broken = told.given.records[-1]
    place = {"topic": broken.topic, "partition": broken.partition, "offset": broken.offset}
    as_if = dataclasses.replace(decided, **place)
    await told.feeder.query(
        "UPDATE quarantine SET key = $1, value = $2, headers = (SELECT jsonb_agg(jsonb_build_array(n, encode(v,"
        " 'base64'))) FROM unnest($3::text[], $4::bytea[]) AS u(n, v))",
        as_if.key,
        as_if.value,
        [name for name, _ in as_if.headers],
        [raw for _, raw in as_if.headers],
    )
    assert any("decided, and in quarantine too" in line for line in await told.found())


async def test_an_event_that_comes_twice_or_was_settled_by_people_is_no_fault(told: Told) -> None:
    again = told.feeder.record(shipment("S5"), event_id="same")
    twice = told.feeder.record(shipment("S5"), event_id="same")
    other = told.feeder.record(shipment("S5", "7 KGM"), event_id="same")
    await told.feeder.tell(again, twice, other)
    given = Input([*told.given.records, again, twice, other])
    assert await told.found(input_records=given) == []
    assert await told.feeder.value("SELECT count(*) FROM quarantine") == 2


async def test_what_was_aborted_or_deleted_need_not_be_there_and_must_not_be_decided(told: Told) -> None:
    without = [one for one in told.given.records if one.key != b"O1"]
    assert any("remembered that never came" in line for line in await told.found(input_records=Input(without)))
    assert await told.found(input_records=Input(without, complete=False)) == []


def _published(row: Any) -> TopicRecord:
    headers = tuple((name, text.encode()) for name, text in json.loads(row["headers"]))
    return row["lane"], 2 * row["seq"], row["key"].encode(), headers, row["value"]
