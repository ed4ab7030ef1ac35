"""Lanes are published exactly once, in order, and provably (design.md §3)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiokafka import TopicPartition

from services.gatekeeper.pipeline.tail import read_single, read_tails
from services.gatekeeper.wiring import open_gate
from services.kit import failpoints
from tests.pipeline.kafka.conftest import AlwaysMember, NeverMember, Running, Site, record
from tests.pipeline.kafka.topics import read_to_end, sending
from tests.waiting import eventually


async def test_what_is_appended_is_published_in_order_with_dense_numbers(site: Site) -> None:
    async with Running(site.gate) as publishers:
        publishers.assign(range(4))
        await eventually(lambda: site.gate.owned_lanes == frozenset(range(4)))
        for _ in range(5):
            for lane in range(4):
                publishers.hand_over({lane: await site.write(lane, 7)})
        await site.write(2, 300)
        await eventually(lambda: publishers.published() == {0: 35, 1: 35, 2: 335, 3: 35})
        assert await site.published() == {0: list(range(1, 36)), 1: list(range(1, 36)), 2: list(range(1, 336)),
                                          3: list(range(1, 36))}  # fmt: skip
    sent = (await read_to_end(site.servers, site.holds, (1,)))[1][4]
    assert (sent.key, sent.value, dict(sent.headers)["ce_subject"]) == ("S-甲5".encode(), b"x5", "S-甲".encode())
    assert await site.value("SELECT published_seq FROM lane_progress WHERE lane = 2") == 335


@pytest.mark.parametrize("point", ["before_begin", "after_send", "before_commit", "after_commit"])
async def test_a_publisher_that_fails_at_any_step_leaves_no_gap_and_no_double(site: Site, point: str) -> None:
    member = AlwaysMember()
    async with Running(site.gate, member) as publishers:
        publishers.assign((1,))
        await eventually(lambda: site.gate.owned_lanes)
        await site.write(1, 3)
        await eventually(publishers.drained_now)
        failpoints.configure(f"publish.{point}=error")
        publishers.hand_over({1: await site.write(1, 4)})
        await eventually(lambda: publishers.published() == {1: 7})
        publishers.hand_over({1: await site.write(1, 2)})
        await eventually(lambda: publishers.published() == {1: 9})
    assert member.asked == 1
    assert await site.published((1,)) == {1: list(range(1, 10))}


@pytest.mark.parametrize("point", ["after_send", "before_commit"])
async def test_a_successor_of_a_killed_publisher_leaves_no_gap_and_no_double(site: Site, point: str) -> None:
    first = Running(site.gate, NeverMember())
    first.publishers.assign((0,))
    await eventually(lambda: site.gate.owned_lanes)
    await site.write(0, 20)
    await eventually(first.publishers.drained_now)
    failpoints.configure(f"publish.{point}=error")
    await site.write(0, 5)
    await asyncio.wait_for(first.membership.asked.wait(), 30)
    await first.crash()
    async with Running(site.gate) as second:
        second.assign((0,))
        await eventually(lambda: second.published() == {0: 25})
        await site.write(0, 1)
        await eventually(lambda: second.published() == {0: 26})
    assert await site.published((0,)) == {0: list(range(1, 27))}


async def test_an_owner_that_was_overtaken_is_fenced_and_waits_for_a_confirmation(site: Site) -> None:
    other_gate = await open_gate(site.settings, name="other", patience_seconds=5)
    frozen = Running(site.gate, NeverMember())
    frozen.publishers.assign((3,))
    await eventually(lambda: site.gate.owned_lanes)
    await site.write(3, 2)
    await eventually(frozen.publishers.drained_now)
    async with Running(other_gate) as rightful:
        rightful.assign((3,))
        await eventually(lambda: other_gate.owned_lanes)
        frozen.publishers.hand_over({3: await site.write(3, 2)})
        await asyncio.wait_for(frozen.membership.asked.wait(), 30)
        for _ in range(5):
            await site.write(3, 2)
        await eventually(lambda: rightful.published() == {3: 14})
        assert rightful._shared.membership.asked == 0
        await frozen.crash()
    await other_gate.database.close()
    assert await site.published((3,)) == {3: list(range(1, 15))}


async def test_a_lane_is_stopped_when_its_database_was_restored_behind_the_topic(site: Site) -> None:
    async with Running(site.gate) as publishers:
        publishers.assign((0, 1))
        await site.write(0, 6)
        await site.write(1, 6)
        await eventually(lambda: publishers.published() == {0: 6, 1: 6})
    await site.execute("UPDATE lane SET next_seq = 4 WHERE lane = 0")
    await site.execute("DELETE FROM outbox WHERE lane = 0 AND seq > 3")
    await site.execute("UPDATE lane_progress SET published_seq = 3 WHERE lane = 0")
    async with Running(site.gate) as publishers:
        publishers.assign((0, 1))
        reason = await eventually(lambda: site.value("SELECT stopped FROM lane WHERE lane = 0"))
        assert "at 6" in reason
        assert "only at 3" in reason
        await eventually(lambda: site.gate.owned_lanes == frozenset({1}))
        await site.write(1, 2)
        await eventually(lambda: publishers.published() == {1: 8})
    assert await site.published((0,)) == {0: list(range(1, 7))}


async def test_a_lane_is_stopped_when_the_published_record_is_not_what_the_database_says(site: Site) -> None:
    async with Running(site.gate) as publishers:
        publishers.assign((0,))
        await site.write(0, 6)
        await eventually(lambda: publishers.published() == {0: 6})
        await site.execute("UPDATE outbox SET value = 'other' WHERE lane = 0 AND seq = 6")
        await site.write(0, 1)
        await eventually(lambda: publishers.published() == {0: 7})
        await site.execute("UPDATE outbox SET value = 'other' WHERE lane = 0 AND seq = 7")
        await site.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'holdgate lane watch' AND datname = current_database()"
        )
        reason = await eventually(lambda: site.value("SELECT stopped FROM lane WHERE lane = 0"))
        assert "number 7" in reason
        await eventually(lambda: not site.gate.owned_lanes)
        await site.execute("UPDATE outbox SET value = 'x7' WHERE lane = 0 AND seq = 7")
        await site.execute("UPDATE lane SET stopped = NULL")
        await eventually(lambda: site.gate.owned_lanes == frozenset({0}))
        await site.write(0, 1)
        await eventually(lambda: publishers.published() == {0: 8})


async def test_an_empty_topic_with_a_written_lane_needs_a_hint(site: Site) -> None:
    await site.write(0, 4)
    await site.write(1, 4)
    await site.execute("DELETE FROM lane_progress")
    await site.execute("INSERT INTO lane_progress VALUES (1, 3, now())")
    async with Running(site.gate) as publishers:
        publishers.assign((0, 1))
        assert "empty" in await eventually(lambda: site.value("SELECT stopped FROM lane WHERE lane = 0"))
        await eventually(lambda: publishers.published() == {1: 4})
    assert await site.published((0, 1)) == {0: [], 1: [4]}


async def test_a_hole_in_the_outbox_stops_the_lane_instead_of_closing_the_gap(site: Site) -> None:
    await site.write(0, 5)
    await site.execute("DELETE FROM outbox WHERE seq = 3")
    async with Running(site.gate) as publishers:
        publishers.assign((0,))
        assert "lacks number 3" in await eventually(lambda: site.value("SELECT stopped FROM lane WHERE lane = 0"))
    assert await site.published((0,)) == {0: []}


async def test_the_end_of_a_topic_is_found_behind_markers_and_aborted_records(site: Site) -> None:
    partition = TopicPartition(site.holds, 2)
    async with sending(site.servers, transactional_id=site.settings.topic_prefix + "t") as producer:
        for text in ("a", "b"):
            await producer.begin_transaction()
            await producer.send_and_wait(site.holds, text.encode(), key=b"k", partition=2)
            await producer.commit_transaction()
            await asyncio.sleep(0.01)
        for _ in range(40):
            await producer.begin_transaction()
            await producer.send_and_wait(site.holds, b"aborted", key=b"k", partition=2)
            await producer.abort_transaction()
            await asyncio.sleep(0.005)
    tail = (await read_tails(site.servers, (partition,)))[partition]
    assert (tail.start, tail.end, tail.record.offset, tail.record.value) == (0, 84, 2, b"b")
    empty = TopicPartition(site.holds, 1)
    assert (await read_tails(site.servers, (empty,)))[empty].record is None
    found = await read_single(site.servers, {partition: 2})
    assert found[partition].value == b"b"
    assert await read_single(site.servers, {partition: 5}) == {}


async def test_without_transactions_a_lane_is_published_all_the_same(site: Site) -> None:
    gate = site.gate
    gate.settings = replace(gate.settings, transactions=False)
    async with Running(gate) as publishers:
        publishers.assign((0,))
        await site.write(0, 30)
        await eventually(lambda: publishers.published() == {0: 30})
        failpoints.configure("publish.after_send=error")
        await site.write(0, 5)
        await eventually(lambda: publishers.published() == {0: 35})
    assert (await site.published((0,)))[0] == list(range(1, 36))


async def test_records_as_large_as_they_get_are_published(site: Site) -> None:
    async with Running(site.gate) as publishers:
        publishers.assign((0,))
        await eventually(lambda: site.gate.owned_lanes)
        publishers.hand_over({0: await site.write(0, 4, text="y" * 899_990)})
        await site.write(0, 4, text="z" * 899_990)
        await site.write(0, 4)
        await eventually(lambda: publishers.published() == {0: 12})
    assert await site.published((0,)) == {0: list(range(1, 13))}
    assert record(0, 1).key == "S-甲1"
