"""What a transaction goes by is locked until it ends, and nobody who comes late sets it back (design.md §2.2, §3.2)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from services.gatekeeper.pipeline.progress import write_hints
from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.store.positions import lock_positions, write_positions
from tests.pipeline.feeding import Feeder
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.postgres.test_races import WAITING
from tests.pipeline.trade import item, licence, shipment
from tests.waiting import eventually

HALF_DONE_AGAIN = (
    "INSERT INTO task (task_id, kind, key, touches, rules_version, can_add_hold, items_stored, cursor, created_at)"
    " SELECT 1000000, kind, key, touches, rules_version, can_add_hold, true, cursor, created_at FROM task"
    " WHERE done_at IS NULL",
    "INSERT INTO sweep_item (task_id, position, owner, owner_id, lane)"
    " SELECT 1000000, position, owner, owner_id, lane FROM sweep_item",
)
"""A second task of the same licence, as far as the first."""


async def _waits_or_is_done(work: asyncio.Task[Any], beside: Feeder, name: str) -> None:
    async def probe() -> Any:
        return work.done() or bool(await beside.value(WAITING, name))

    await eventually(probe)


async def test_a_batch_waits_for_who_decides_its_partition_and_then_goes_by_where_that_one_got(
    open_feeder: Opened,
) -> None:
    late, first = await open_feeder(name="late"), await open_feeder(name="first")
    record = late.record(shipment("S1"))
    place = (record.topic, record.partition)
    async with first.gate.database.transaction() as tx:
        position = (await lock_positions(tx, [place]))[place]
        deciding = asyncio.create_task(late.feed(record))
        await _waits_or_is_done(deciding, first, "late")
        await write_positions(tx, {place: replace(position, next_offset=record.offset + 5)})
    result = await deciding
    assert (result.handled, result.next_offsets) == (0, {place: record.offset + 5})
    stored = "SELECT next_offset FROM input_position WHERE topic = $1 AND partition = $2"
    assert await late.value(stored, *place) == record.offset + 5
    assert await late.state("S1") == ""


async def test_an_owner_that_was_overtaken_does_not_set_back_how_far_its_lane_is_published(feeder: Feeder) -> None:
    async with feeder.gate.database.transaction() as tx:
        for published in (5, 9, 7):
            await write_hints(tx, {1: published})
        assert await tx.fetchval("SELECT published_seq FROM lane_progress WHERE lane = 1") == 9


async def test_of_two_half_done_tasks_of_one_licence_only_one_is_run_at_a_time(open_feeder: Opened) -> None:
    """Another process has taken the one; the other came half done from a third, after that."""
    one, other = await open_feeder(sweep_chunk=2, name="one"), await open_feeder(sweep_chunk=2, name="other")
    await one.tell(item("LASER", "6A911.a"), licence("ONE", "1000 KGM", code="6A911.a"))
    await one.tell(shipment("R1", "1000 KGM", item="LASER"))
    await one.tell(*(shipment(f"W{number}", "600 KGM", item="LASER") for number in range(1, 7)))
    await one.feed(shipment("R1", "900 KGM", item="LASER", version=2))
    await work_once(one.gate)
    async with one.gate.database.transaction() as holder:
        await holder.execute("SELECT 1 FROM licence_account WHERE licence_no = 'ONE' FOR UPDATE")
        running = asyncio.create_task(work_once(one.gate))
        await eventually(lambda: other.value(WAITING, "one"))
        async with other.gate.database.transaction() as tx:
            for statement in HALF_DONE_AGAIN:
                await tx.execute(statement)
        beside = asyncio.create_task(work_once(other.gate))
        await _waits_or_is_done(beside, one, "other")
        idle = beside.done() and not beside.result()
    await asyncio.gather(running, beside)
    assert idle, "the other process waits for its turn"
    await one.assert_sound()
