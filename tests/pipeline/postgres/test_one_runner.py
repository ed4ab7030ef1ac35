"""Tasks of one licence go in one order, whatever comes back meanwhile; what a stopped lane owes is not forgotten."""

from __future__ import annotations

import asyncio
from itertools import islice

from services.gatekeeper.pipeline.maintenance import run_once
from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.store.keys import Visibility
from services.gatekeeper.store.status import LANE_STOPPED, read_statuses
from services.kit.postgres import Connection
from tests.pipeline.feeding import Feeder, keys_in_lane
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.postgres.test_races import WAITING
from tests.pipeline.trade import item, licence, notice, shipment
from tests.waiting import eventually

WAITERS = [f"W{number}" for number in range(1, 7)]
"""Each wants 600 of 1000 KGM."""


async def _waiters_half_done(feeder: Feeder) -> None:
    """100 of 1000 KGM came back, which is too little for anybody, and the first two of six have been looked at."""
    await feeder.tell(item("LASER", "6A911.a"), licence("ONE", "1000 KGM", code="6A911.a"))
    await feeder.tell(shipment("R1", "1000 KGM", item="LASER"))
    await feeder.tell(*(shipment(name, "600 KGM", item="LASER") for name in WAITERS))
    await feeder.feed(shipment("R1", "900 KGM", item="LASER", version=2))
    await work_once(feeder.gate)


async def _what_comes_back_goes_to_the_first(feeder: Feeder) -> None:
    await feeder.feed(shipment("R1", "300 KGM", item="LASER", version=3))
    await feeder.until_idle()
    states = [state.split()[0] for state in await feeder.states(*WAITERS)]
    assert states == ["RELEASED", "HELD", "HELD", "HELD", "HELD", "HELD"]
    await feeder.assert_sound()


async def test_what_comes_back_while_waiters_are_looked_at_goes_to_the_earliest(open_feeder: Opened) -> None:
    feeder = await open_feeder(sweep_chunk=2)
    await _waiters_half_done(feeder)
    await _what_comes_back_goes_to_the_first(feeder)


async def test_room_that_comes_back_while_a_chunk_waits_for_the_licence_is_not_given_to_that_chunk(
    open_feeder: Opened,
) -> None:
    feeder = await open_feeder(sweep_chunk=2, name="waiting")
    await _waiters_half_done(feeder)
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("SELECT 1 FROM licence_account WHERE licence_no = 'ONE' FOR UPDATE")
        chunk = asyncio.create_task(work_once(feeder.gate))
        await eventually(lambda: feeder.value(WAITING, "waiting"))
        await _task_again(tx, 1_000_000)
    assert await chunk
    open_tasks = "SELECT string_agg(format('%s %s', items_stored, cursor), ', ' ORDER BY task_id) FROM task {}"
    assert await feeder.value(open_tasks.format("WHERE done_at IS NULL")) == "t 2, f 0", "the chunk stood back"
    await feeder.until_idle()
    await feeder.assert_sound()


async def _task_again(connection: Connection, task_id: int) -> None:
    """The same again as if it had come now, with another number."""
    await connection.execute(
        "INSERT INTO task (task_id, kind, key, touches, rules_version, can_add_hold, items_stored, cursor, created_at)"
        " SELECT $1, kind, key, touches, rules_version, can_add_hold, false, 0, created_at FROM task"
        " WHERE done_at IS NULL",
        task_id,
    )


async def test_of_two_half_done_tasks_of_one_licence_one_starts_anew_for_both(open_feeder: Opened) -> None:
    """Numbers are given before the commit: the later one may be started first."""
    feeder = await open_feeder(sweep_chunk=2)
    await _waiters_half_done(feeder)
    async with feeder.gate.database.transaction() as tx:
        await _task_again(tx, -1)
    await _what_comes_back_goes_to_the_first(feeder)


async def _pending(feeder: Feeder, key: str) -> str | None:
    async with feeder.gate.database.reading() as connection:
        now = await feeder.gate.clock.now(connection)
        statuses = await read_statuses(connection, [key], Visibility.everything(), now)
    return statuses.found[key].pending


async def test_a_notice_that_came_while_a_lane_was_stopped_holds_once_it_runs_again(feeder: Feeder) -> None:
    [key] = islice(keys_in_lane(1), 1)
    await feeder.tell(shipment(key))
    assert await _pending(feeder, key) is None
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("UPDATE lane SET stopped = 'behind its topic' WHERE lane = 1")
    await feeder.tell(notice("N1", shipments=[key]))
    assert await feeder.state(key) == "RELEASED"
    assert await _pending(feeder, key) == LANE_STOPPED, "nobody may go by what a stopped lane says"
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("UPDATE lane SET stopped = NULL WHERE lane = 1")
    assert await _pending(feeder, key) == "RULE_CHANGE"
    await feeder.until_idle()
    assert await feeder.state(key) == "HELD STOP_NOTICE"
    assert await _pending(feeder, key) is None


async def test_tasks_that_were_done_long_ago_are_forgotten_and_others_are_not(feeder: Feeder) -> None:
    await feeder.tell(licence("ONE", code="6A911.a"))
    await feeder.tell(licence("TWO", code="6A911.a"))
    async with feeder.gate.database.transaction() as tx:
        first, *others = [row["task_id"] for row in await tx.fetch("SELECT task_id FROM task ORDER BY task_id")]
        await tx.execute("UPDATE task SET done_at = clock_timestamp()")
        await tx.execute("UPDATE task SET done_at = done_at - interval '8 days' WHERE task_id = $1", first)
    await run_once(feeder.gate)
    async with feeder.gate.database.reading() as connection:
        assert [row["task_id"] for row in await connection.fetch("SELECT task_id FROM task ORDER BY task_id")] == others
    assert others
