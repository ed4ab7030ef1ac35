"""A gatekeeper killed at any step of its work, and one that goes on where it was."""

from __future__ import annotations

import signal

import pytest

from tests.faults.plant import Plant
from tests.faults.trade import expected, more_rules, rules, stop_notice, stream

COUNT = 200
SMALL = {"batch_records_max": "25", "sweep_chunk": "10"}
"""So many batches and chunks that a fault falls between them."""


@pytest.mark.parametrize(
    "point",
    [
        "rules.after_lock=kill@2",
        "rules.after_apply=kill@2",
        "rules.before_commit=kill@2",
        "rules.after_commit=kill@2",
        "batch.after_rules=kill@3",
        "batch.after_positions=kill@3",
        "batch.after_gather=kill@3",
        "batch.after_decide=kill@3",
        "batch.after_state=kill@3",
        "batch.after_journal=kill@3",
        "batch.after_outbox=kill@4",
        "batch.before_commit=kill@3",
        "batch.after_commit=kill@3",
    ],
)
async def test_a_gatekeeper_killed_in_mid_batch_is_followed_by_one_that_decides_everything_once(
    plant: Plant, point: str
) -> None:
    await plant.tell(*rules(), *more_rules(60), *stream(0, COUNT), stop_notice())
    killed = await plant.start("killed", failpoints=point, **SMALL)
    assert await killed.ended() == -signal.SIGKILL, killed.end_of_log()
    await plant.start("successor")
    await plant.assert_sound()
    assert await plant.states() == expected(0, COUNT, noticed=True)


@pytest.mark.parametrize("point", ["task.after_collect=kill", "task.before_commit=kill@3"])
async def test_a_sweep_that_was_killed_is_finished_by_the_successor(plant: Plant, point: str) -> None:
    await plant.tell(*rules(), *stream(0, COUNT))
    first = await plant.start("first")
    await plant.wait_until_idle()
    await first.stop()
    await plant.tell(stop_notice())
    killed = await plant.start("killed", failpoints=point, **SMALL)
    assert await killed.ended() == -signal.SIGKILL, killed.end_of_log()
    await plant.start("successor")
    await plant.assert_sound()
    assert await plant.states() == expected(0, COUNT, noticed=True)


@pytest.mark.parametrize(
    "step", ["before_begin", "after_begin", "after_send", "before_commit", "after_commit", "after_progress_hint"]
)
async def test_a_gatekeeper_killed_in_mid_publish_leaves_neither_gap_nor_double(plant: Plant, step: str) -> None:
    await plant.tell(*rules(), *stream(0, COUNT), stop_notice())
    nth = 2 if step == "after_progress_hint" else 9
    killed = await plant.start("killed", failpoints=f"publish.{step}=kill@{nth}", **SMALL)
    assert await killed.ended() == -signal.SIGKILL, killed.end_of_log()
    await plant.start("successor")
    await plant.tell(*stream(COUNT, 20))
    await plant.assert_sound()
    assert await plant.states() == expected(0, COUNT + 20, noticed=True)
