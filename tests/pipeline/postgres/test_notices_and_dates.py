"""Notices stand first in every lane; dates come by themselves, once (design.md §4, domain.md §6, §7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.store.work import next_due
from tests.pipeline.feeding import PARTITIONS, Feeder
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import NOW, at, control, item, licence, lifted, milestone, notice, order, shipment


async def test_a_notice_stands_in_every_lane_before_the_shipments_that_it_holds(feeder: Feeder) -> None:
    names = [f"S{n}" for n in range(12)]
    await feeder.tell(*(shipment(name, "10 KGM") for name in names), order("O1", "10 KGM"))
    before = {lane: seq for lane, seq, _, _ in await feeder.said()}
    await feeder.tell(notice("N1", items=["MAG-ROD"]))
    for lane in range(PARTITIONS):
        [(_, seq, _, data)] = [row for row in await feeder.said("N1") if row[0] == lane]
        assert seq == before.get(lane, 0) + 1
        assert data["barrier"] == await feeder.value("SELECT rules_version FROM rules_state")
    barriers = await feeder.query("SELECT lane FROM notice_barrier WHERE notice_id = 'N1' ORDER BY lane")
    assert [row["lane"] for row in barriers] == list(range(PARTITIONS))
    assert set(await feeder.states(*names, "O1")) == {"HELD STOP_NOTICE"}
    await feeder.assert_sound()


async def test_a_notice_acts_by_where_the_goods_are(feeder: Feeder) -> None:
    await feeder.tell(*(shipment(name, "10 KGM") for name in ("S1", "S2", "S3", "S4")))
    await feeder.tell(
        milestone("S2", "DEPARTED"), milestone("S3", "DEPARTED"), milestone("S3", "DELIVERED"),
        milestone("S4", "CANCELLED"),
    )  # fmt: skip
    await feeder.tell(notice("N1", exporters=["E1"]))
    assert [(await feeder.told(name))[-1] for name in ("S1", "S2", "S3", "S4")] == [
        "shipment.held",
        "shipment.intercept",
        "shipment.incident",
        "shipment.closed",
    ]
    await feeder.assert_sound()
    await feeder.tell(lifted("N1"))
    assert await feeder.states("S1", "S2", "S3", "S4") == ["RELEASED"] * 3 + ["CLOSED"]
    await feeder.assert_sound()


async def test_a_lift_before_its_notice_wins_and_nobody_is_held(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), lifted("N1", version=2), notice("N1", items=["MAG-ROD"]))
    assert await feeder.told("S1") == ["shipment.released"]
    assert await feeder.told("N1") == []
    await feeder.assert_sound()


async def test_a_narrower_revision_lets_go_only_of_what_left_its_scope(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), shipment("S2"), notice("N1", shipments=["S1", "S2"]))
    await feeder.tell(notice("N1", version=2, shipments=["S2"]))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD STOP_NOTICE"]
    await feeder.assert_sound()


async def test_a_notice_begins_and_ends_by_its_own_dates(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"))
    dates: dict[str, Any] = {
        "effective_from": "2026-03-03T00:00:00+08:00",
        "effective_until": "2026-03-04T00:00:00+08:00",
    }
    await feeder.tell(notice("N1", **dates, items=["MAG-ROD"]))
    assert (await feeder.state("S1"), await feeder.told("N1")) == ("RELEASED", [])
    async with feeder.gate.database.reading() as connection:
        assert await next_due(connection) == at("2026-03-03 00:00")
    await feeder.advance(at("2026-03-02 23:59"))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.advance(at("2026-03-03 00:00"))
    assert await feeder.state("S1") == "HELD STOP_NOTICE"
    assert await feeder.told("N1") == ["notice.in-effect"] * PARTITIONS
    await feeder.assert_sound()
    await feeder.advance(at("2026-03-04 00:00"))
    assert await feeder.state("S1") == "RELEASED"
    assert len(await feeder.told("N1")) == 2 * PARTITIONS
    assert await feeder.until_idle() == 0
    await feeder.assert_sound()


async def test_a_notice_that_was_lifted_before_its_date_never_begins(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), notice("N1", effective_from="2026-03-03T00:00:00+08:00", items=["MAG-ROD"]))
    await feeder.tell(lifted("N1"))
    await feeder.advance(at("2026-03-05 00:00"))
    assert await feeder.told("N1") == []
    assert "STOP_NOTICE" not in await feeder.state("S1")
    await feeder.assert_sound()


async def test_a_released_shipment_that_is_not_gone_when_its_licence_ends_is_held_at_that_midnight(
    feeder: Feeder,
) -> None:
    await feeder.tell(licence("M1", version=2, valid_until="2026-03-04"))
    await feeder.tell(
        shipment("S1", planned_departure="2026-03-03T18:00:00+08:00"), order("O1", planned_export_date="2026-03-04")
    )
    await feeder.advance(at("2026-03-04 23:59") + timedelta(seconds=59))
    assert await feeder.states("S1", "O1") == ["RELEASED", "CLEARED"]
    await feeder.advance(at("2026-03-05 00:00"))
    assert await feeder.states("S1", "O1") == ["HELD LICENCE_EXPIRED", "HELD LICENCE_EXPIRED"]
    assert await feeder.balance() == "0/0"
    await feeder.assert_sound()


async def test_a_licence_that_begins_lets_go_of_who_waited_for_its_day(feeder: Feeder) -> None:
    await feeder.tell(item("ROD-2", "1C905.a"), control("1C905.a"))
    await feeder.tell(licence("L1", code="1C905.a", valid_from="2026-03-04"))
    await feeder.tell(shipment("S1", item="ROD-2"))
    assert await feeder.state("S1") == "HELD LICENCE_NOT_YET_VALID"
    await feeder.advance(at("2026-03-04 00:00"))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


@pytest.mark.parametrize("chunk", [3, 250])
async def test_many_dates_at_the_same_midnight_all_come(open_feeder: Opened, chunk: int) -> None:
    feeder = await open_feeder(sweep_chunk=chunk)
    await feeder.tell(licence("M1", version=2, valid_until="2026-03-03"))
    names = [f"S{n}" for n in range(10)]
    day = "2026-03-03T18:00:00+08:00"
    await feeder.tell(*(shipment(name, "10 KGM", planned_departure=day) for name in names))
    await feeder.advance(at("2026-03-04 00:00"))
    assert set(await feeder.states(*names)) == {"HELD LICENCE_EXPIRED"}
    await feeder.assert_sound()


async def test_dates_are_the_business_of_who_owns_the_lane(feeder: Feeder) -> None:
    await feeder.tell(licence("M1", version=2, valid_until="2026-03-03"))
    await feeder.tell(shipment("S1", planned_departure="2026-03-03T18:00:00+08:00"))
    feeder.gate.owned_lanes = frozenset()
    await feeder.advance(at("2026-03-04 00:00"))
    assert await feeder.state("S1") == "RELEASED"
    feeder.gate.owned_lanes = frozenset(range(PARTITIONS))
    await feeder.until_idle()
    assert await feeder.state("S1") == "HELD LICENCE_EXPIRED"


async def test_a_milestone_dated_ahead_acts_when_its_time_comes(feeder: Feeder) -> None:
    later = NOW + timedelta(hours=2)
    await feeder.tell(shipment("S1"), milestone("S1", "DEPARTED", later))
    assert await feeder.balance() == "300/0"
    await feeder.advance(later)
    assert await feeder.balance() == "0/300"
    await feeder.assert_sound()


async def test_many_notices_in_one_batch_are_each_told_and_all_swept_together(feeder: Feeder) -> None:
    await feeder.tell(*(shipment(f"S{n}", "1 KGM") for n in range(20)))
    await feeder.tell(*(notice(f"N{n}", shipments=[f"S{n}"]) for n in range(20)))
    assert set(await feeder.states(*(f"S{n}" for n in range(20)))) == {"HELD STOP_NOTICE"}
    assert await feeder.value("SELECT count(*) FROM task WHERE kind = 'SWEEP'") == 2
    await feeder.assert_sound()
