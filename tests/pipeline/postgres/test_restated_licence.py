"""A licence version in another unit can't count what is drawn already (D3.9, LICENCE_CONFLICT)."""

from __future__ import annotations

from typing import Any

import pytest

from services.gatekeeper.pipeline.replay import replayed
from services.gatekeeper.store.decisions import Selection
from tests.pipeline.feeding import Feeder
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import Event, control, item, licence, milestone, shipment

CODE = "6A911.a"
CONFLICT = "HELD LICENCE_CONFLICT QTY_EXCEEDED VALUE_EXCEEDED"


def version(number: int, granted: str, **changes: Any) -> Event:
    return licence("L1", granted, code=CODE, version=number, **changes)


async def lasers(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", CODE), control(CODE))


async def drawn(feeder: Feeder, licence_no: str = "L1") -> tuple[float, float, str, str]:
    """Reserved and consumed of line 1, and what they are counted in."""
    line = (await feeder.account(licence_no)).lines[1]
    return float(line.reserved), float(line.consumed), str(line.unit), str(line.currency)


async def test_a_drawn_line_in_another_unit_is_a_conflict_until_the_old_unit_comes_back(feeder: Feeder) -> None:
    await lasers(feeder)
    await feeder.tell(licence("L1", "1 TNE", code=CODE))
    await feeder.tell(shipment("S1", "900 KGM", item="LASER"), milestone("S1", "DEPARTED"))
    assert await drawn(feeder) == (0, 0.9, "TNE", "USD")
    await feeder.tell(licence("L1", "1000 KGM", code=CODE, version=2))
    await feeder.tell(shipment("S2", "900 KGM", item="LASER"))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD LICENCE_CONFLICT QTY_EXCEEDED"]
    await feeder.tell(licence("L1", "1 TNE", code=CODE, version=3))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD QTY_EXCEEDED"]
    assert await drawn(feeder) == (0, 0.9, "TNE", "USD")
    await feeder.assert_sound()


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_drawn_line_that_was_dropped_does_not_come_back_in_another_unit(
    open_feeder: Opened, restarted: bool
) -> None:
    """Drawn in kilograms, dropped, and back in tonnes: the draws stay, and stay in kilograms."""
    feeder = await open_feeder()
    await lasers(feeder)
    await feeder.tell(version(1, "1000 KGM"))
    await feeder.tell(shipment("S1", "900 KGM", item="LASER"), milestone("S1", "DEPARTED"))
    await feeder.tell(shipment("S2", "50 KGM", item="LASER"))
    for number in (2, 3):
        await feeder.tell(version(number, "1000 KGM", lines=[]))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD NO_LICENCE"]
    if restarted:
        feeder = await open_feeder()
    await feeder.tell(version(4, "1 TNE"))
    await feeder.tell(shipment("S3", "50 KGM", item="LASER"))
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", CONFLICT, CONFLICT]
    assert await drawn(feeder) == (0, 900, "KGM", "USD")
    if restarted:
        feeder = await open_feeder()
    await feeder.tell(version(5, "2 TNE"))
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", CONFLICT, CONFLICT]
    await feeder.tell(version(6, "1000 KGM"))
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", "RELEASED", "RELEASED"]
    assert await drawn(feeder) == (100, 900, "KGM", "USD")
    await feeder.assert_sound()
    async with feeder.gate.database.reading() as connection:
        assert [one.differences async for one in replayed(connection, Selection()) if one.differences] == []


async def test_a_line_dropped_before_its_draws_were_swept_does_not_come_back_in_another_unit(feeder: Feeder) -> None:
    """Both versions in one batch: nobody has looked at the shipment again in between."""
    await lasers(feeder)
    await feeder.tell(version(1, "1000 KGM"))
    await feeder.tell(shipment("S1", "900 KGM", item="LASER"))
    await feeder.feed(version(2, "1000 KGM", lines=[]), version(3, "1 TNE"))
    await feeder.until_idle()
    assert await feeder.states("S1") == [CONFLICT]
    assert await drawn(feeder) == (0, 0, "KGM", "USD")
    await feeder.tell(version(4, "1 TNE"))
    assert await feeder.states("S1") == ["RELEASED"]
    assert await drawn(feeder) == (0.9, 0, "TNE", "USD")
    await feeder.assert_sound()


async def test_a_line_on_which_nothing_is_drawn_may_be_restated(feeder: Feeder) -> None:
    await lasers(feeder)
    await feeder.tell(licence("L1", "1 TNE", code=CODE))
    await feeder.tell(shipment("S1", "900 KGM", item="LASER"), shipment("S1", "0.5 KGM", item="LASER", version=2))
    await feeder.tell(licence("L2", "1 TNE", code="6A911.b"), licence("L2", "800 KGM", code=CODE, version=2))
    await feeder.tell(shipment("S2", "700 KGM", item="LASER", licences=["L2"]))
    assert await feeder.state("S2") == "RELEASED"
    assert await drawn(feeder, "L2") == (700, 0, "KGM", "USD")
    await feeder.assert_sound()
