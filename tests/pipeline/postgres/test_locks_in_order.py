"""Every writer locks in one order, and tests again under its locks what it selected without them (design.md §2.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import islice

import pytest

from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.wiring import VirtualClock
from tests.pipeline.feeding import PARTITIONS, Feeder, keys_in_lane
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.postgres.test_races import WAITING
from tests.pipeline.trade import NOW, control, item, licence, notice, order, shipment
from tests.waiting import eventually

Writer = Callable[[Feeder], Awaitable[object]]
EVERYWHERE = [next(iter(keys_in_lane(lane))) for lane in range(PARTITIONS)]
"""A shipment of each lane."""


async def _stand(feeder: Feeder) -> None:
    await feeder.tell(*(shipment(key, "1 KGM") for key in EVERYWHERE))


async def _batch(feeder: Feeder) -> None:
    await feeder.feed(*(shipment(key, "1 KGM") for key in reversed(EVERYWHERE)))


async def _step(feeder: Feeder) -> None:
    assert await work_once(feeder.gate)


async def _sweep_waits(feeder: Feeder) -> None:
    """A sweep whose items are stored: the next step judges them."""
    await _stand(feeder)
    await feeder.feed(item("MAG-ROD", "1C904.a", version=2, hs_code="8505119099"))
    await _step(feeder)


async def _dates_are_due(feeder: Feeder) -> None:
    await _stand(feeder)
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("UPDATE timer SET due_at = $1", NOW)


async def _alerts_wait(feeder: Feeder) -> None:
    """Licences of each lane, nearly drawn: their alerts lie in `deferred_record`."""
    numbers = [next(iter(keys_in_lane(lane, "L"))) for lane in range(PARTITIONS)]
    await feeder.tell(control("6A911.a"), item("LASER", "6A911.a"))
    await feeder.tell(*(licence(number, "100 KGM", code="6A911.a") for number in numbers))
    shipments = zip(EVERYWHERE, numbers, strict=True)
    await feeder.feed(*(shipment(key, "90 KGM", item="LASER", licences=[number]) for key, number in shipments))
    assert await feeder.value("SELECT count(DISTINCT lane) FROM deferred_record") == PARTITIONS


async def _notice(feeder: Feeder) -> None:
    await feeder.feed(notice("N1", items=["MAG-ROD"]))


@pytest.mark.parametrize(
    ("before", "writer"),
    [(_stand, _batch), (_sweep_waits, _step), (_dates_are_due, _step), (_alerts_wait, _step), (_stand, _notice)],
    ids=["batch", "sweep", "timers", "alerts", "notice"],
)
async def test_who_waits_for_a_lane_holds_those_before_it_and_none_behind_it(
    feeder: Feeder, open_feeder: Opened, before: Writer, writer: Writer
) -> None:
    await before(feeder)
    assert await _free_beside(feeder, await open_feeder(), "lane", "lane", 1, writer) == [2, 3]


@pytest.mark.parametrize(("table", "column"), [("trade_order", "order_id"), ("licence_account", "licence_no")])
async def test_who_waits_for_an_order_or_licence_holds_those_before_it_and_none_behind_it(
    feeder: Feeder, open_feeder: Opened, table: str, column: str
) -> None:
    keys = list(islice(keys_in_lane(0), 3))
    await feeder.tell(*(licence(number) for number in "CBA"), *(order(name) for name in "CBA"))
    await feeder.tell(
        *(shipment(key, "1 KGM", order=name, licences=[name]) for key, name in zip(keys, "CBA", strict=True))
    )

    async def batch(gate: Feeder) -> None:
        events = zip(keys, "CBA", strict=True)
        await gate.feed(*(shipment(key, "2 KGM", order=name, licences=[name], version=2) for key, name in events))

    free = await _free_beside(feeder, await open_feeder(), table, column, "B", batch)
    assert [key for key in free if key in ("A", "C")] == ["C"]


async def _free_beside(
    feeder: Feeder, other: Feeder, table: str, column: str, key: int | str, writer: Writer
) -> list[object]:
    """What `writer` leaves free of the table's rows while it waits for that of `key`."""
    lock = f"SELECT {column} AS key FROM {table} WHERE {column} {{}} $1 ORDER BY 1 FOR NO KEY UPDATE SKIP LOCKED"
    async with other.gate.database.transaction() as holder:
        await holder.fetch(lock.format("="), key)
        writing = asyncio.ensure_future(writer(feeder))
        await eventually(lambda: other.value(WAITING, feeder.name), seconds=10)
        async with other.gate.database.transaction() as looking:
            free = [row["key"] for row in await looking.fetch(lock.format("<>"), key)]
    await writing
    await feeder.until_idle()
    return free


async def test_a_date_that_a_batch_has_moved_meanwhile_is_not_judged_any_more(open_feeder: Opened) -> None:
    """The timers' step saw the date without a lock, and then waited for the lane behind the batch."""
    clock = VirtualClock(NOW)
    timers = await open_feeder(clock=clock, name="timers")
    batches = await open_feeder(clock=clock, name="batches")
    holder = await open_feeder(clock=clock, name="holder")
    await timers.tell(shipment("S1", "1 KGM"))
    due = await timers.value("SELECT due_at FROM timer")
    clock.at = due
    async with holder.gate.database.transaction() as tx:
        await tx.execute("SELECT next_seq FROM lane FOR NO KEY UPDATE")
        deciding = asyncio.create_task(batches.feed(shipment("S1", "2 KGM", version=2)))
        await eventually(lambda: holder.value(WAITING, "batches"))
        running = asyncio.create_task(work_once(timers.gate))
        await eventually(lambda: holder.value(WAITING, "timers"))
    await deciding
    assert not await running, "nothing was due any more"
    assert await timers.value("SELECT count(*) FROM decision WHERE cause = 'date'") == 0
    assert await timers.value("SELECT due_at FROM timer") > due
    await timers.assert_sound()


async def test_a_date_that_two_gates_meet_at_once_is_judged_once(open_feeder: Opened) -> None:
    clock = VirtualClock(NOW)
    gates = [await open_feeder(clock=clock) for _ in range(3)]
    await gates[0].tell(*(shipment(key, "1 KGM") for key in EVERYWHERE))
    clock.at = await gates[0].value("SELECT max(due_at) FROM timer")
    async with gates[2].gate.database.transaction() as tx:
        await tx.execute("SELECT next_seq FROM lane FOR NO KEY UPDATE")
        running = [asyncio.create_task(work_once(gate.gate)) for gate in gates[:2]]
        for gate in gates[:2]:
            await eventually(partial(gates[2].value, WAITING, gate.name))
    await asyncio.gather(*running)
    judged = await gates[0].query("SELECT owner_id, count(*) AS n FROM decision WHERE cause = 'date' GROUP BY 1")
    assert {row["owner_id"]: row["n"] for row in judged} == dict.fromkeys(EVERYWHERE, 1)
    await gates[0].assert_sound()
