"""Lanes that change hands while trade goes on: one process dies, is frozen, or is asked to leave."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults.listening import heard_everything, listening
from tests.faults.pace import traffic
from tests.faults.plant import Plant
from tests.faults.trade import rules, stop_notice
from tests.waiting import eventually

SILENCE_SECONDS_MAX = 12.0
"""Two rebalances, on a busy machine; owners that fence each other are silent for good."""


async def test_the_other_gatekeeper_takes_all_lanes_of_one_that_dies_and_a_consumer_sees_neither_gap_nor_double(
    plant: Plant,
) -> None:
    await plant.tell(*rules())
    first, second = await plant.start("first"), await plant.start("second")
    async with listening(plant) as listener:
        await first.owns(2)
        await second.owns(2)
        async with traffic(plant) as flow:
            await flow.grows(100)
            await eventually(lambda: len(listener.heard) > 50)
            await first.kill()
            await second.owns(4)
            await flow.grows(100)
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert await plant.states() == flow.expected(noticed=False)


@pytest.mark.parametrize(
    "point", ["publish.before_begin=stop@20", "publish.before_commit=stop@20", "batch.before_commit=stop@8"]
)
async def test_a_frozen_owner_that_thaws_publishes_nothing_and_the_lanes_keep_their_pace(
    plant: Plant, point: str
) -> None:
    await plant.tell(*rules())
    frozen = await plant.start("frozen", failpoints=point)
    async with listening(plant) as listener:
        await frozen.owns(4)
        async with traffic(plant, per_second=100) as flow:
            await frozen.frozen()
            rightful = await plant.start("rightful")
            await rightful.owns(4)
            seen = len(listener.heard)
            await eventually(lambda: len(listener.heard) > seen + 50)
            thawed_at = time.monotonic()
            frozen.send(signal.SIGCONT)
            await frozen.owns(2)
            await rightful.owns(2)
            await flow.grows(100)
        await plant.assert_sound()
        until = time.monotonic()
        await heard_everything(plant, listener)
    assert await frozen.published() + await rightful.published() == len(listener.heard)
    assert "producer_discarded" not in rightful.log, rightful.end_of_log()
    assert listener.silence_seconds_max(thawed_at, until) < SILENCE_SECONDS_MAX
    assert await plant.states() == flow.expected(noticed=False)


async def test_an_owner_that_slept_through_a_whole_take_over_goes_on_where_the_lanes_are(plant: Plant) -> None:
    """SIGSTOP from outside, at no step in particular; the successor has left before the other wakes."""
    await plant.tell(*rules())
    frozen = await plant.start("frozen")
    async with listening(plant) as listener:
        await frozen.owns(4)
        async with traffic(plant, per_second=100) as flow:
            await flow.grows(50)
            frozen.send(signal.SIGSTOP)
            rightful = await plant.start("rightful")
            await rightful.owns(4)
            await flow.grows(50)
            await rightful.stop()
            frozen.send(signal.SIGCONT)
            await frozen.owns(4)
            await flow.grows(50)
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert await plant.states() == flow.expected(noticed=False)


async def test_a_gatekeeper_asked_to_leave_under_load_leaves_in_time_and_its_successor_goes_on(plant: Plant) -> None:
    await plant.tell(*rules(), stop_notice())
    first = await plant.start("first")
    async with listening(plant) as listener:
        await first.owns(4)
        async with traffic(plant) as flow:
            await flow.grows(100)
            second = await plant.start("second")
            await second.owns(2)
            await first.stop()
            await second.owns(4)
            await flow.grows(50)
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert await plant.states() == flow.expected(noticed=True)
