"""Tasks about one order each are done many at a time, and each of them whole."""

from __future__ import annotations

import asyncio

from services.gatekeeper.pipeline.tasks import work_once
from tests.pipeline.feeding import Feeder
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import order, shipment

ORDERS = 30
OPEN = "SELECT count(*) FROM task WHERE done_at IS NULL"


async def _shipments_before_their_orders(feeder: Feeder) -> list[str]:
    names = [f"S{number}" for number in range(ORDERS)]
    await feeder.tell(*(shipment(f"S{number}", "10 KGM", order=f"O{number}") for number in range(ORDERS)))
    assert set(await feeder.states(*names)) == {"HELD ORDER_UNKNOWN MISSING_DATA"}
    await feeder.feed(*(order(f"O{number}", "10 KGM") for number in range(ORDERS)))
    assert await feeder.value(OPEN) == ORDERS
    return names


async def test_many_orders_that_come_after_their_shipments_are_followed_in_one_step(open_feeder: Opened) -> None:
    feeder = await open_feeder()
    names = await _shipments_before_their_orders(feeder)
    assert await work_once(feeder.gate)
    assert await feeder.value(f"{OPEN} AND kind = 'ORDER_SHIPMENTS'") == 0
    assert set(await feeder.states(*names)) == {"RELEASED"}
    await feeder.assert_sound()


async def test_a_chunk_takes_whole_tasks_and_an_order_with_more_shipments_than_a_chunk_goes_in_parts(
    open_feeder: Opened,
) -> None:
    feeder = await open_feeder(sweep_chunk=4)
    await feeder.tell(*(shipment(f"S{number}", "10 KGM", order="LARGE") for number in range(9)))
    await feeder.tell(shipment("T1", "10 KGM", order="SMALL"), shipment("T2", "10 KGM", order="SMALL"))
    await feeder.feed(order("SMALL", "20 KGM"), order("LARGE", "90 KGM"), order("NOBODY", "1 KGM"))
    await work_once(feeder.gate)
    assert await feeder.states("T1", "T2") == ["RELEASED", "RELEASED"]
    assert await feeder.value(OPEN) > 0
    await feeder.until_idle()
    assert set(await feeder.states(*(f"S{number}" for number in range(9)))) == {"RELEASED"}
    await feeder.assert_sound()


async def test_two_gates_share_them_and_each_order_is_followed(feeder: Feeder, open_feeder: Opened) -> None:
    other = await open_feeder(sweep_chunk=3)
    names = await _shipments_before_their_orders(feeder)
    await asyncio.wait_for(asyncio.gather(feeder.until_idle(), other.until_idle()), timeout=30)
    assert set(await feeder.states(*names)) == {"RELEASED"}
    await feeder.assert_sound()
