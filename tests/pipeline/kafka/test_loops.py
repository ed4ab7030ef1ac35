"""Input is decided once, from the stored positions, after the rules, by whoever has the partition."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from schemas.topics import LICENCES, NOTICES, ORDERS, REFERENCE, SHIPMENTS
from services.gatekeeper.pipeline import assignment
from services.gatekeeper.pipeline.assignment import Assigned
from services.gatekeeper.pipeline.records import BatchResult, Run
from services.gatekeeper.pipeline.rule_loop import RuleLoop
from services.gatekeeper.pipeline.trade_loop import TradeLoop
from services.gatekeeper.wiring import Gate, open_gate
from services.kit import failpoints
from services.kit.kafka import new_consumer, start_client, stop_client
from services.kit.postgres import retrying
from services.local.kafka import KafkaPart
from services.local.postgres import PostgresPart
from tests.pipeline.kafka.conftest import Site
from tests.pipeline.kafka.standins import Deciding, consuming
from tests.pipeline.kafka.topics import read_to_end, send, sending
from tests.waiting import eventually


def trade(site: Site, deciding: Deciding | None = None) -> TradeLoop:
    return TradeLoop(site.gate, deciding or Deciding(), session_timeout_ms=6000)


def rules(site: Site) -> RuleLoop:
    return RuleLoop(site.gate, Deciding(says=False), lanes_settled=lambda: True, session_timeout_ms=6000)


async def shipments(site: Site, partition: int, values: list[str]) -> None:
    await send(site.servers, site.settings.topic_prefix + SHIPMENTS.name, partition, values)


async def said(site: Site) -> dict[int, list[str]]:
    """What was published for each input value, in order, by lane."""
    found = await read_to_end(site.servers, site.holds, range(4))
    return {
        lane: [one.value.decode().rsplit(" ", 1)[0] for one in several] for lane, several in found.items() if several
    }


async def says(site: Site, expected: dict[int, list[str]]) -> None:
    async def probe() -> bool:
        assert await said(site) == expected
        return True

    await eventually(probe, every=0.2)


def numbered(first: int, count: int) -> list[str]:
    return [f"n{number}" for number in range(first, first + count)]


async def test_every_input_is_decided_once_and_what_it_says_is_published(site: Site) -> None:
    await shipments(site, 0, numbered(0, 30))
    await shipments(site, 3, numbered(0, 5))
    await send(site.servers, site.settings.topic_prefix + ORDERS.name, 1, ["order"])
    loop = trade(site)
    async with consuming(loop, watches=[loop.publishers]):
        await says(site, {0: numbered(0, 30), 1: ["order"], 3: numbered(0, 5)})
        await shipments(site, 0, numbered(30, 3))
        await says(site, {0: numbered(0, 33), 1: ["order"], 3: numbered(0, 5)})
    again = trade(site)
    async with consuming(again, watches=[again.publishers]):
        await shipments(site, 2, ["later"])
        await says(site, {0: numbered(0, 33), 1: ["order"], 2: ["later"], 3: numbered(0, 5)})


async def test_a_second_gatekeeper_takes_its_share_and_gives_it_back(site: Site) -> None:
    other = Site(site.settings, await open_gate(site.settings, name="other", patience_seconds=5))
    first, second = trade(site), trade(other)
    async with consuming(first, watches=[first.publishers]):
        await eventually(lambda: len(site.gate.owned_lanes) == 4)
        for partition in range(4):
            await shipments(site, partition, numbered(0, 10))
        async with consuming(second, watches=[second.publishers]):
            for partition in range(4):
                await shipments(site, partition, numbered(10, 10))
            await eventually(lambda: len(site.gate.owned_lanes) == 2 and len(other.gate.owned_lanes) == 2)
            assert not site.gate.owned_lanes & other.gate.owned_lanes
            for partition in range(4):
                await shipments(site, partition, numbered(20, 10))
            await says(site, {lane: numbered(0, 30) for lane in range(4)})
        for partition in range(4):
            await shipments(site, partition, numbered(30, 10))
        await says(site, {lane: numbered(0, 40) for lane in range(4)})
        assert len(site.gate.owned_lanes) == 4
    await other.gate.database.close()
    assert await site.published() == {lane: list(range(1, 41)) for lane in range(4)}


async def test_no_shipment_is_decided_before_the_rules_that_lie_in_the_topics(site: Site) -> None:
    prefix = site.settings.topic_prefix
    async with sending(site.servers, transactional_id=prefix + "rules") as producer:
        await producer.begin_transaction()
        for topic in (NOTICES, LICENCES, REFERENCE):
            await producer.send_and_wait(prefix + topic.name, b"rule", key=b"N1", partition=2)
        await producer.commit_transaction()
    await shipments(site, 0, ["waits"])
    loop = trade(site)
    async with consuming(loop, watches=[loop.publishers]):
        await eventually(lambda: len(site.gate.owned_lanes) == 4)
        await eventually(lambda: bool(loop._rules._targets))
        assert loop._rules._targets == {(topic.name, 2): 1 for topic in (NOTICES, LICENCES, REFERENCE)}
        assert not await loop._rules.reached()
        assert await said(site) == {}
        async with consuming(rules(site)):
            await says(site, {0: ["waits"]})
        await send(site.servers, prefix + NOTICES.name, 1, ["later rule"])
        await shipments(site, 0, ["goes on"])
        await says(site, {0: ["waits", "goes on"]})
    again = trade(site)
    async with consuming(again, watches=[again.publishers]):
        await shipments(site, 0, ["waits again"])
        await eventually(lambda: bool(again._rules._targets))
        assert not await again._rules.reached()
        assert await said(site) == {0: ["waits", "goes on"]}
        async with consuming(rules(site)):
            await says(site, {0: ["waits", "goes on", "waits again"]})
            await site.execute("UPDATE input_position SET stopped = 'a flood' WHERE topic = $1", NOTICES.name)
            await eventually(lambda: again._rules._stopped)
            await shipments(site, 0, ["held back"])
            await site.execute("UPDATE input_position SET stopped = NULL")
            await says(site, {0: ["waits", "goes on", "waits again", "held back"]})


async def test_aborted_input_is_not_decided_and_markers_do_not_stall(site: Site) -> None:
    topic = site.settings.topic_prefix + SHIPMENTS.name
    async with sending(site.servers, transactional_id=site.settings.topic_prefix + "t") as producer:
        for number in range(12):
            await producer.begin_transaction()
            await producer.send_and_wait(topic, f"n{number}".encode(), key=b"S1", partition=1)
            await (producer.abort_transaction() if number % 3 == 1 else producer.commit_transaction())
            await asyncio.sleep(0.005)
    expected = [f"n{number}" for number in range(12) if number % 3 != 1]
    deciding = Deciding()
    loop = trade(site, deciding)
    async with consuming(loop, watches=[loop.publishers]):
        await says(site, {1: expected})
    again = trade(site)
    async with consuming(again, watches=[again.publishers]):
        await shipments(site, 1, ["more"])
        await says(site, {1: [*expected, "more"]})


async def test_the_stored_position_counts_and_not_what_the_group_committed(site: Site) -> None:
    topic = site.settings.topic_prefix + SHIPMENTS.name
    await shipments(site, 1, numbered(0, 20))
    await site.execute("INSERT INTO input_position VALUES ($1, 1, 4, NULL, 0, 0, NULL)", SHIPMENTS.name)
    group = f"local.gatekeeper{site.settings.topic_prefix}"
    consumer = new_consumer(site.servers, client_id="dashboard", group_id=group)
    consumer.assign([TopicPartition(topic, 1)])
    await start_client(consumer)
    await consumer.commit({TopicPartition(topic, 1): 15})
    await stop_client(consumer)
    deciding = Deciding()
    loop = trade(site, deciding)
    async with consuming(loop, watches=[loop.publishers]):
        await says(site, {1: numbered(4, 16)})
    assert deciding.runs[0].begins_at == 4
    assert deciding.runs[0].records[0].offset == 4


async def test_records_that_arrive_before_the_seek_are_dropped(site: Site) -> None:
    topic = site.settings.topic_prefix + SHIPMENTS.name
    await shipments(site, 1, numbered(0, 3))
    records = (await read_to_end(site.servers, topic, (1,)))[1]
    loop = trade(site)
    partition = TopicPartition(topic, 1)
    loop.assigned = Assigned(frozenset({partition}))
    assert loop._runs({partition: records}) == []
    loop.assigned.begins_at[partition] = 0
    assert [len(run.records) for run in loop._runs({partition: records})] == [3]


async def test_a_broken_input_partition_stands_still_and_the_others_go_on(site: Site, kafka: KafkaPart) -> None:
    topic = site.settings.topic_prefix + SHIPMENTS.name
    for partition in range(4):
        await shipments(site, partition, numbered(0, 5))
    loop = trade(site)
    async with consuming(loop, watches=[loop.publishers]):
        await says(site, {lane: numbered(0, 5) for lane in range(4)})
    where = "WHERE topic = $1 AND partition = $2"
    await site.execute(f"UPDATE input_position SET next_offset = 50, last_hash = NULL {where}", SHIPMENTS.name, 0)
    await site.execute(f"UPDATE input_position SET last_hash = 'other' {where}", SHIPMENTS.name, 1)
    await shipments(site, 2, numbered(5, 5))
    await delete_before(site.servers, topic, 2, 8)
    again = trade(site)
    async with consuming(again, watches=[again.publishers]):
        await eventually(lambda: len(again.assigned.stopped) == 3)
        await shipments(site, 3, ["goes on"])
        await says(site, {0: numbered(0, 5), 1: numbered(0, 5), 2: numbered(0, 5), 3: [*numbered(0, 5), "goes on"]})
        for partition, reason in enumerate(("made anew", "made anew", "were deleted")):
            assert reason in await site.value(f"SELECT stopped FROM input_position {where}", SHIPMENTS.name, partition)
        assert len(site.gate.owned_lanes) == 4
        await site.execute(f"UPDATE input_position SET stopped = NULL, next_offset = 8 {where}", SHIPMENTS.name, 2)
        await says(
            site,
            {0: numbered(0, 5), 1: numbered(0, 5), 2: [*numbered(0, 5), "n8", "n9"], 3: [*numbered(0, 5), "goes on"]},
        )


async def test_a_publisher_in_doubt_goes_on_once_its_group_has_confirmed_the_assignment(site: Site) -> None:
    loop = trade(site)
    async with consuming(loop, watches=[loop.publishers]):
        await shipments(site, 0, ["first"])
        await says(site, {0: ["first"]})
        failpoints.configure("publish.before_commit=error")
        await shipments(site, 0, ["second"])
        await says(site, {0: ["first", "second"]})
        since = asyncio.get_running_loop().time()
        await asyncio.wait_for(loop.membership.confirmed_after(since), 10)


async def test_a_database_that_goes_away_and_comes_back_loses_nothing(site: Site, postgres: PostgresPart) -> None:
    if not postgres.controllable:
        pytest.skip("this database can't be ended from here")
    deciding = Deciding()

    async def decide(gate: Gate, runs: Sequence[Run]) -> BatchResult:
        return await retrying(lambda: deciding(gate, runs), what="batch")

    loop = TradeLoop(site.gate, decide, session_timeout_ms=6000)
    async with consuming(loop, watches=[loop.publishers]):
        await shipments(site, 0, numbered(0, 10))
        await says(site, {0: numbered(0, 10)})
        await postgres.kill()
        await shipments(site, 0, numbered(10, 10))
        await eventually(lambda: not site.gate.owned_lanes or len(deciding.runs) > 1)
        await postgres.restart()
        await says(site, {0: numbered(0, 20)})
        await eventually(lambda: len(site.gate.owned_lanes) == 4)


@pytest.mark.parametrize("patience_seconds", [assignment.SILENT_SECONDS_MAX, 0.5])
async def test_a_broker_that_goes_away_and_comes_back_loses_nothing(
    site: Site, kafka: KafkaPart, monkeypatch: pytest.MonkeyPatch, patience_seconds: float
) -> None:
    monkeypatch.setattr(assignment, "SILENT_SECONDS_MAX", patience_seconds)
    if not kafka.controllable:
        pytest.skip("this broker can't be ended from here")
    deciding = Deciding()
    loop = trade(site, deciding)
    async with consuming(loop, watches=[loop.publishers]):
        await shipments(site, 0, numbered(0, 10))
        await eventually(lambda: deciding.runs)
        await kafka.kill()
        await site.write(0, 3, text="from elsewhere ")
        await kafka.restart()
        await shipments(site, 0, numbered(10, 10))
        await eventually(lambda: loop.publishers.published().get(0) == 23, seconds=90)
    assert (await site.published())[0] == list(range(1, 24))


async def delete_before(servers: str, topic: str, partition: int, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()
