"""What a stopped lane owes is not forgotten, and what was done long ago is."""

from __future__ import annotations

from itertools import islice

from services.gatekeeper.pipeline.maintenance import run_once
from services.gatekeeper.store.keys import Visibility
from services.gatekeeper.store.status import LANE_STOPPED, read_statuses
from tests.pipeline.feeding import Feeder, keys_in_lane
from tests.pipeline.trade import licence, notice, shipment


async def _pending(feeder: Feeder, key: str) -> str | None:
    async with feeder.gate.database.reading() as connection:
        statuses = await read_statuses(connection, [key], Visibility.everything(), feeder.gate.clock.at)  # type: ignore[attr-defined]
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
