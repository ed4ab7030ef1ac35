"""A licence version in another unit can't count what is drawn already (D3.9, LICENCE_CONFLICT)."""

from __future__ import annotations

from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import control, item, licence, milestone, shipment


async def balance(feeder: Feeder, licence_no: str) -> tuple[str, str]:
    sums = "SELECT {}::text FROM licence_line_balance WHERE licence_no = '" + licence_no + "' AND line_no = 1"
    return await feeder.value(sums.format("reserved")), await feeder.value(sums.format("consumed"))


async def test_a_drawn_line_in_another_unit_is_a_conflict_until_the_old_unit_comes_back(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"), licence("L1", "1 TNE", code="6A911.a"))
    await feeder.tell(shipment("S1", "900 KGM", item="LASER"), milestone("S1", "DEPARTED"))
    drawn = await balance(feeder, "L1")
    assert float(drawn[1]) == 0.9
    await feeder.tell(licence("L1", "1000 KGM", code="6A911.a", version=2))
    await feeder.tell(shipment("S2", "900 KGM", item="LASER"))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD LICENCE_CONFLICT QTY_EXCEEDED"]
    assert await balance(feeder, "L1") == drawn
    await feeder.tell(licence("L1", "1 TNE", code="6A911.a", version=3))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD QTY_EXCEEDED"]
    assert await balance(feeder, "L1") == drawn
    await feeder.assert_sound()


async def test_a_line_on_which_nothing_is_drawn_may_be_restated(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"), licence("L1", "1 TNE", code="6A911.a"))
    await feeder.tell(shipment("S1", "900 KGM", item="LASER"), shipment("S1", "0.5 KGM", item="LASER", version=2))
    await feeder.tell(licence("L2", "1 TNE", code="6A911.b"), licence("L2", "800 KGM", code="6A911.a", version=2))
    await feeder.tell(shipment("S2", "700 KGM", item="LASER", licences=["L2"]))
    assert await feeder.state("S2") == "RELEASED"
    assert float((await balance(feeder, "L2"))[0]) == 700
    await feeder.assert_sound()
