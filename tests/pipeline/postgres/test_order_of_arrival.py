"""What depends on arrival across lanes is looked at by tasks, in that order (D4.4, D4.5, design.md §4)."""

from __future__ import annotations

import asyncio

import pytest

from tests.pipeline.feeding import Feeder
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import cancelled, control, item, licence, milestone, notice, order, shipment


@pytest.mark.parametrize("chunk", [1, 2, 250])
async def test_what_comes_back_to_a_licence_goes_to_its_waiters_in_order_of_arrival(
    open_feeder: Opened, chunk: int
) -> None:
    feeder = await open_feeder(sweep_chunk=chunk)
    await feeder.tell(shipment("S0", "1000 KGM"))
    waiting = [f"W{n}" for n in range(6)]
    for name in waiting:
        await feeder.tell(shipment(name, "300 KGM"))
    assert set(await feeder.states(*waiting)) == {"HELD QTY_EXCEEDED"}
    await feeder.tell(milestone("S0", "CANCELLED"))
    assert await feeder.states(*waiting) == ["RELEASED"] * 3 + ["HELD QTY_EXCEEDED"] * 3
    assert await feeder.balance() == "900/0"
    await feeder.assert_sound()


async def test_a_smaller_later_one_that_fits_what_is_left_does_not_wait_behind_a_larger(feeder: Feeder) -> None:
    await feeder.tell(shipment("S0", "800 KGM"))
    await feeder.tell(shipment("BIG", "300 KGM"))
    await feeder.tell(shipment("SMALL", "200 KGM"))
    assert await feeder.states("BIG", "SMALL") == ["HELD QTY_EXCEEDED", "RELEASED"]
    await feeder.tell(milestone("SMALL", "CANCELLED"), milestone("S0", "CANCELLED"))
    assert await feeder.state("BIG") == "RELEASED"
    await feeder.assert_sound()


@pytest.mark.parametrize("chunk", [1, 3, 250])
async def test_a_lowered_cap_holds_the_latest_by_arrival(open_feeder: Opened, chunk: int) -> None:
    feeder = await open_feeder(sweep_chunk=chunk)
    names = [f"S{n}" for n in range(10)]
    for name in names:
        await feeder.tell(shipment(name, "100 KGM"))
    await feeder.tell(licence("M1", "450 KGM", version=2))
    assert await feeder.states(*names) == ["RELEASED"] * 4 + ["HELD QTY_EXCEEDED"] * 6
    assert await feeder.balance() == "400/0"
    await feeder.assert_sound()
    await feeder.tell(licence("M1", "700 KGM", version=3))
    assert await feeder.states(*names) == ["RELEASED"] * 7 + ["HELD QTY_EXCEEDED"] * 3
    await feeder.assert_sound()


async def test_a_cap_below_what_is_consumed_is_a_violation_and_refuses_what_is_new(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", "600 KGM"), shipment("S2", "300 KGM"))
    await feeder.tell(milestone("S1", "DEPARTED"))
    await feeder.tell(licence("M1", "500 KGM", version=2), shipment("S3", "1 KGM"))
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", "HELD QTY_EXCEEDED", "HELD QTY_EXCEEDED"]
    kinds = [data.get("kind") for _, _, _, data in await feeder.said("M1")]
    assert kinds.count("CAP_BELOW_USED") == 1
    await feeder.assert_sound()


async def test_nobody_waits_while_enough_is_free_after_a_day_of_comings_and_goings(open_feeder: Opened) -> None:
    feeder = await open_feeder(sweep_chunk=2)
    for turn in range(4):
        several = [f"T{turn}-{n}" for n in range(6)]
        await feeder.tell(*(shipment(name, f"{90 + 40 * n} KGM") for n, name in enumerate(several)))
        await feeder.tell(*(milestone(name, "CANCELLED") for name in several[turn::3]))
        await feeder.tell(order(f"O{turn}", "120 KGM"), shipment(f"U{turn}", "60 KGM", order=f"O{turn}"))
        if turn % 2:
            await feeder.tell(cancelled(f"O{turn}"))
        assert await _waits_in_vain(feeder) == []
    await feeder.assert_sound()


async def _waits_in_vain(feeder: Feeder) -> list[str]:
    """Whoever is held for quantity alone although it would fit."""
    line = (await feeder.account()).lines[1]
    free = 1000 - line.reserved - line.consumed
    rows = await feeder.query("SELECT shipment_id FROM shipment WHERE state = 'HELD'")
    found = []
    for row in rows:
        known = await feeder.shipment(row["shipment_id"])
        quantity = known.facts.lines[0].net_quantity if known.facts else None
        if {hold.reason for hold in known.holds} == {"QTY_EXCEEDED"} and quantity and quantity.value <= free:
            found.append(known.shipment_id)
    return found


async def test_an_order_that_waits_is_cleared_when_a_shipment_gives_back(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", "800 KGM"), order("O1", "300 KGM"))
    assert await feeder.state("O1") == "HELD QTY_EXCEEDED"
    await feeder.tell(milestone("S1", "CANCELLED"))
    assert await feeder.state("O1") == "CLEARED"
    await feeder.assert_sound()


async def test_the_first_export_on_a_licence_that_lapses_holds_all_others_on_it(feeder: Feeder) -> None:
    await feeder.tell(
        item("ROD-2", "1C905.a"), control("1C905.a"), licence("L1", code="1C905.a", lapses_on_completion=True)
    )
    names = [f"S{n}" for n in range(8)]
    await feeder.tell(*(shipment(name, "10 KGM", item="ROD-2") for name in names))
    await feeder.tell(milestone("S0", "DEPARTED"))
    assert set(await feeder.states(*names[1:])) == {"HELD LICENCE_CONSUMED"}
    await feeder.assert_sound()
    await feeder.tell(milestone("S0", "SHIPPING_VOIDED"))
    assert set(await feeder.states(*names)) == {"RELEASED"}
    await feeder.assert_sound()


async def test_a_revoked_licence_that_is_drawn_on_is_told_once_with_how_many_draw_on_it(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", "10 KGM"), shipment("S2", "10 KGM"), order("O1", "10 KGM"))
    await feeder.tell(licence("M1", version=2, status="REVOKED"))
    alerts = [data for _, _, _, data in await feeder.said("M1") if data.get("kind") == "REVOKED_WITH_OPEN"]
    assert [alert["detail"] for alert in alerts] == [{"open": "3"}]
    assert await feeder.states("S1", "S2", "O1") == ["HELD LICENCE_REVOKED"] * 3
    await feeder.assert_sound()


async def test_two_changes_of_a_licence_at_once_leave_what_the_newest_says(feeder: Feeder, open_feeder: Opened) -> None:
    other = await open_feeder(sweep_chunk=1)
    names = [f"S{n}" for n in range(8)]
    await feeder.tell(*(shipment(name, "100 KGM") for name in names))
    await feeder.feed(licence("M1", "200 KGM", version=2))
    await feeder.feed(licence("M1", "600 KGM", version=3), milestone("S0", "CANCELLED"))
    await asyncio.gather(feeder.until_idle(), other.until_idle())
    await feeder.until_idle()
    assert await feeder.balance() == "600/0"
    assert (await feeder.states(*names)).count("RELEASED") == 6
    await feeder.assert_sound()


async def test_deferred_alerts_of_a_licence_reach_its_lane_once_and_in_order(feeder: Feeder) -> None:
    for n, net in enumerate(("800", "100", "50", "50")):
        await feeder.feed(shipment(f"S{n}", f"{net} KGM"))
    assert await feeder.value("SELECT count(*) FROM deferred_record") == 4
    await feeder.until_idle()
    said = [data["kind"] for _, _, kind, data in await feeder.said("M1") if kind == "licence.alert.v1"]
    assert said == ["DRAWN_80", "DRAWN_90", "DRAWN_95", "DRAWN_100"]
    await feeder.assert_sound()


async def test_a_shipment_that_a_notice_held_gives_its_balance_to_who_waits(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", "900 KGM"))
    await feeder.tell(shipment("S2", "500 KGM"))
    await feeder.tell(notice("N1", shipments=["S1"]))
    assert await feeder.states("S1", "S2") == ["HELD STOP_NOTICE", "RELEASED"]
    await feeder.assert_sound()


@pytest.mark.parametrize("chunk", [1, 250])
async def test_one_that_a_sweep_lets_go_passes_nobody_who_waits_longer(open_feeder: Opened, chunk: int) -> None:
    """D4.4: the revised notice stops S1, whose quantity comes back, and W2 no more; both before W1 is looked at."""
    feeder = await open_feeder(sweep_chunk=chunk)
    await feeder.tell(shipment("S1", "1000 KGM"))
    await feeder.tell(shipment("W1", "500 KGM"), notice("N1", shipments=["W2"]))
    await feeder.tell(shipment("W2", "1000 KGM"))
    assert await feeder.state("W2") == "HELD STOP_NOTICE QTY_EXCEEDED"
    await feeder.tell(notice("N1", version=2, shipments=["S1"]))
    assert await feeder.states("S1", "W1", "W2") == ["HELD STOP_NOTICE", "RELEASED", "HELD QTY_EXCEEDED"]
    await feeder.assert_sound()


@pytest.mark.parametrize("chunk", [1, 2, 250])
async def test_goods_that_may_go_move_to_what_supersedes_their_licence_before_those_that_wait(
    open_feeder: Opened, chunk: int
) -> None:
    """D3.3, D4.4: W1 came before S2, but S2 was released."""
    feeder = await open_feeder(sweep_chunk=chunk)
    await feeder.tell(shipment("S1", "700 KGM"))
    await feeder.tell(shipment("W1", "400 KGM"))
    await feeder.tell(shipment("S2", "300 KGM"))
    await feeder.tell(licence("M2", "1200 KGM", supersedes=["M1"]))
    assert await feeder.states("S1", "W1", "S2") == ["RELEASED", "HELD QTY_EXCEEDED", "RELEASED"]
    assert (await feeder.balance("M1"), await feeder.balance("M2")) == ("0/0", "1000/0")
    await feeder.assert_sound()
