"""A licence that changes while its waiters are looked at, and the reverse: one order for both (D4.4, D4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from services.gatekeeper.pipeline.tasks import work_once
from tests.pipeline.feeding import Feeder
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import Event, item, licence, shipment

CODE = "6A911.a"
WAITING = [f"W{number}" for number in range(1, 7)]


@pytest.fixture
async def feeder(open_feeder: Opened) -> Feeder:
    """A gate that looks at two in a step, with a licence of 1,000 KGM that R1 has drawn whole."""
    feeder = await open_feeder(sweep_chunk=2)
    await feeder.tell(item("LASER", CODE), _licence("1000 KGM", 1))
    await feeder.tell(_drawing("R1", "1000 KGM"))
    return feeder


def _licence(granted: str, version: int, **changes: Any) -> Event:
    return licence("ONE", granted, version=version, **{"code": CODE, **changes})


def _drawing(name: str, net: str, version: int = 1) -> Event:
    return shipment(name, net, item="LASER", version=version)


async def _shorts(feeder: Feeder, names: Sequence[str] = WAITING) -> str:
    """R for each that is released, H for each that is held."""
    return "".join(state[0] for state in await feeder.states(*names))


async def test_room_that_a_raised_cap_gives_while_waiters_are_looked_at_goes_to_the_earliest(feeder: Feeder) -> None:
    await feeder.tell(*(_drawing(name, "600 KGM") for name in WAITING))
    await feeder.feed(_drawing("R1", "900 KGM", 2))
    await work_once(feeder.gate)
    await feeder.feed(_licence("1500 KGM", 2))
    await feeder.until_idle()
    assert await _shorts(feeder) == "RHHHHH"
    await feeder.assert_sound()


async def test_what_comes_back_while_a_changed_licence_is_looked_at_goes_to_the_earliest(feeder: Feeder) -> None:
    await feeder.tell(*(_drawing(name, "600 KGM") for name in WAITING))
    await feeder.feed(_licence("1100 KGM", 2))
    for _ in range(2):
        await work_once(feeder.gate)
    await feeder.feed(_drawing("R1", "400 KGM", 2))
    await feeder.until_idle()
    assert await _shorts(feeder) == "RHHHHH"
    await feeder.assert_sound()


async def test_a_cap_that_is_lowered_again_while_the_first_is_looked_at_still_holds_the_latest(
    feeder: Feeder,
) -> None:
    """The second version names another code, and so touches others besides."""
    await feeder.tell(_drawing("R1", "400 KGM", 2), *(_drawing(name, "100 KGM") for name in WAITING))
    assert await _shorts(feeder) == "RRRRRR"
    await feeder.feed(_licence("900 KGM", 2))
    await work_once(feeder.gate)
    await feeder.feed(_licence("700 KGM", 3, lines=_lines("700 KGM", CODE, "6A912.b")))
    await feeder.until_idle()
    assert await _shorts(feeder) == "RRRHHH"
    await feeder.assert_sound()


def _lines(granted: str, *codes: str) -> list[dict[str, Any]]:
    _, data = _licence(granted, 1)
    return [{**data["lines"][0], "control_codes": list(codes)}]
