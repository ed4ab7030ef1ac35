"""Period limits over PostgreSQL: sums by day are counted once and kept, and whoever waits goes by order of arrival."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.pipeline.feeding import Feeder
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import Event, at, item, licence, milestone, quantity, shipment

CODE = "6A911.a"
WAITING = [f"W{number}" for number in range(1, 9)]


@pytest.fixture
async def feeder(open_feeder: Opened) -> Feeder:
    feeder = await open_feeder(sweep_chunk=2)
    await feeder.tell(item("LASER", CODE), _licence(1))
    return feeder


def _licence(version: int, *limits: tuple[str, str]) -> Event:
    made = [{"line_no": 1, "quantity": quantity(net), "period": period} for net, period in limits]
    return licence("ONE", "90000 KGM", version=version, code=CODE, period_limits=made)


def _drawing(name: str, net: str, **changes: Any) -> Event:
    return shipment(name, net, item="LASER", **changes)


async def _days(feeder: Feeder) -> Any:
    kept = await feeder.value("SELECT days FROM licence_line_balance WHERE licence_no = 'ONE'")
    return None if kept is None else json.loads(kept)


async def test_sums_by_day_are_counted_when_a_limit_comes_and_kept_from_then_on(feeder: Feeder) -> None:
    await feeder.tell(_drawing("R1", "100 KGM"), _drawing("R2", "50 KGM"))
    await feeder.tell(milestone("R1", "DEPARTED"))
    assert await _days(feeder) is None
    await feeder.tell(_licence(2, ("150 KGM", "CALENDAR_MONTH")))
    counted = {
        "2026-03-02": {"reserved": "0", "consumed": "100"},
        "2026-03-05": {"reserved": "50", "consumed": "0"},
    }
    assert await _days(feeder) == counted
    await feeder.tell(_drawing("R3", "0.001 KGM"))
    assert await feeder.state("R3") == "HELD PERIOD_LIMIT_EXCEEDED"
    await feeder.tell(milestone("R2", "DEPARTED", at("2026-04-01 00:00"), classifier="PLANNED"))
    assert await feeder.states("R2", "R3") == ["RELEASED", "RELEASED"]
    assert await _days(feeder) == {
        "2026-03-02": {"reserved": "0", "consumed": "100"},
        "2026-03-05": {"reserved": "0.001", "consumed": "0"},
        "2026-04-01": {"reserved": "50", "consumed": "0"},
    }
    await feeder.assert_sound()


async def test_who_waits_for_a_new_period_goes_by_order_of_arrival_whatever_the_lane(feeder: Feeder) -> None:
    await feeder.tell(_licence(2, ("250 KGM", "DAY")))
    today = "2026-03-02T12:00:00+08:00"
    await feeder.tell(_drawing("R1", "250 KGM", planned_departure=today), milestone("R1", "DEPARTED"))
    for name in reversed(WAITING):
        await feeder.tell(_drawing(name, "100 KGM", planned_departure=today))
    held = await feeder.states(*WAITING)
    assert held == ["HELD PERIOD_LIMIT_EXCEEDED"] * len(WAITING)
    await feeder.advance(at("2026-03-03 00:00"))
    released = [name for name in WAITING if await feeder.state(name) == "RELEASED"]
    assert released == WAITING[-2:]
    await feeder.tell(*(milestone(name, "DEPARTED", at("2026-03-03 00:00")) for name in released))
    await feeder.advance(at("2026-03-04 00:00"))
    assert [name for name in WAITING if await feeder.state(name) == "RELEASED"] == WAITING[-4:]
    await feeder.assert_sound()
