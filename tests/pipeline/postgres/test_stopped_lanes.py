"""A stopped lane is written by nobody; what is for it waits, and the others go on (design.md §3)."""

from __future__ import annotations

from itertools import islice

from tests.pipeline.feeding import Feeder, keys_in_lane
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import at, licence, notice, shipment


async def _stop(feeder: Feeder, lane: int, reason: str | None = "behind its topic") -> None:
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("UPDATE lane SET stopped = $2 WHERE lane = $1", lane, reason)


async def test_records_for_a_stopped_lane_wait_and_others_go_on(feeder: Feeder) -> None:
    await _stop(feeder, 1)
    stopped, *_ = keys_of(1)
    running, *_ = keys_of(2)
    result = await feeder.tell(shipment(stopped), shipment(running))
    place = ("trade.shipments.v1", 1)
    assert result.stopped == {place: "lane 1 is stopped: behind its topic"}
    assert result.next_offsets[place] == 0
    assert await feeder.states(stopped, running) == ["", "RELEASED"]
    assert {lane for lane, *_ in await feeder.said()} == {2}
    feeder.offsets[place] = 0
    await _stop(feeder, 1, None)
    result = await feeder.tell(shipment(stopped))
    assert (result.stopped, await feeder.state(stopped)) == ({}, "RELEASED")
    await feeder.assert_sound()


def keys_of(lane: int) -> list[str]:
    return list(islice(keys_in_lane(lane), 20))


async def test_what_follows_in_a_partition_waits_too_so_that_order_is_kept(feeder: Feeder) -> None:
    await _stop(feeder, 1)
    first, second, third = keys_of(2)[0], keys_of(1)[0], keys_of(2)[1]
    records = [feeder.record(shipment(key), partition=0) for key in (first, second, third)]
    result = await feeder.tell(*records)
    assert result.next_offsets == {("trade.shipments.v1", 0): 1}
    assert await feeder.states(first, second, third) == ["RELEASED", "", ""]
    await _stop(feeder, 1, None)
    assert (await feeder.tell(*records)).handled == 2
    assert set(await feeder.states(first, second, third)) == {"RELEASED"}
    await feeder.assert_sound()


async def test_a_notice_reaches_every_running_lane_and_holds_what_is_there(feeder: Feeder) -> None:
    stopped, running = keys_of(1)[0], keys_of(2)[0]
    await feeder.tell(shipment(stopped), shipment(running))
    await _stop(feeder, 1)
    await feeder.tell(notice("N1", items=["MAG-ROD"]))
    assert await feeder.state(running) == "HELD STOP_NOTICE"
    assert [lane for lane, *_ in await feeder.said("N1")] == [0, 2, 3]
    assert await feeder.told(stopped) == ["shipment.released"]
    await _stop(feeder, 1, None)
    await feeder.assert_sound()
    assert await feeder.told(stopped) == ["shipment.released", "shipment.held"]


async def test_dates_in_a_stopped_lane_wait_and_do_not_hold_up_those_elsewhere(open_feeder: Opened) -> None:
    """More of them are due than go into a chunk."""
    feeder = await open_feeder(sweep_chunk=5)
    stopped, running = keys_of(1), keys_of(2)[:3]
    await feeder.tell(licence("M1", version=2, valid_until="2026-03-03"))
    day = "2026-03-03T18:00:00+08:00"
    await feeder.tell(*(shipment(key, "1 KGM", planned_departure=day) for key in (*stopped, *running)))
    await _stop(feeder, 1)
    await feeder.advance(at("2026-03-04 00:00"))
    assert set(await feeder.states(*running)) == {"HELD LICENCE_EXPIRED"}
    assert set(await feeder.states(*stopped)) == {"RELEASED"}
    await _stop(feeder, 1, None)
    await feeder.until_idle()
    assert set(await feeder.states(*stopped)) == {"HELD LICENCE_EXPIRED"}
    await feeder.assert_sound()


async def test_an_alert_for_a_stopped_lane_waits_in_its_place(feeder: Feeder) -> None:
    lane = next(lane for lane in range(4) if "M1" in islice(keys_in_lane(lane, "M"), 1))
    running = keys_of((lane + 1) % 4)[0]
    await _stop(feeder, lane)
    await feeder.tell(shipment(running, "850 KGM"))
    assert await feeder.value("SELECT count(*) FROM deferred_record") == 1
    await _stop(feeder, lane, None)
    await feeder.until_idle()
    assert await feeder.told("M1") == ["licence.alert"]
    await feeder.assert_sound()
