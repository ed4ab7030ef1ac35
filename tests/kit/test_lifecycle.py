"""A process ends at a signal or with the first of its tasks, in order, and within its bound."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from services.kit.lifecycle import EXIT_FORCED, run_until_stopped


async def _nothing() -> None:
    pass


async def test_a_signal_lets_tasks_finish_before_the_closers_return() -> None:
    steps: list[str] = []
    stop = asyncio.Event()
    finished = asyncio.Event()

    async def batches() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.wait()
        steps.append("batch finished")
        finished.set()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("rest cancelled")

    async def close() -> None:
        stop.set()
        await finished.wait()
        steps.append("closed")

    assert await run_until_stopped({"batches": batches(), "forever": forever()}, on_stop=close) == 0
    assert steps == ["batch finished", "closed", "rest cancelled"]


async def test_a_failed_task_stops_the_process_with_code_1(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise RuntimeError("no such lane")

    closed = []

    async def close() -> None:
        closed.append(True)

    assert await run_until_stopped({"fails": fails(), "waits": asyncio.Event().wait()}, on_stop=close) == 1
    assert closed == [True]


async def test_a_task_that_returns_stops_the_others() -> None:
    assert await run_until_stopped({"returns": _nothing(), "waits": asyncio.Event().wait()}, on_stop=_nothing) == 0


async def test_a_closer_that_fails_gives_code_1_and_the_tasks_are_still_ended() -> None:
    cancelled = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    async def close() -> None:
        raise OSError("the broker is gone")

    assert await run_until_stopped({"returns": _nothing(), "waits": waits()}, on_stop=close) == 1
    assert cancelled == [True]


async def test_signals_are_given_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    await run_until_stopped({"returns": _nothing()}, on_stop=_nothing)
    assert signal.getsignal(signal.SIGTERM) == before


STUCK = """
import asyncio, os, signal, sys, time
from services.kit.lifecycle import run_until_stopped

async def task():
    print("up", flush=True)
    await asyncio.Event().wait()

async def close():
    print("closing", flush=True)
    {close}

asyncio.run(run_until_stopped({{"task": task()}}, on_stop=close, stop_seconds_max={bound}))
"""


def _run_stuck(close: str, bound: float, signals: int) -> tuple[int, float]:
    """The exit code and the seconds since the last of `signals` SIGTERMs, each sent after the process speaks."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK.format(close=close, bound=bound)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout:
        for _ in range(signals):
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            sent = time.monotonic()
        return process.wait(30), time.monotonic() - sent


@pytest.mark.parametrize("close", ["await asyncio.Event().wait()", "time.sleep(60)"])
def test_closers_that_hang_or_block_are_cut_off_at_the_bound(close: str) -> None:
    code, seconds = _run_stuck(close, 0.5, 1)
    assert code == EXIT_FORCED
    assert seconds < 10


def test_a_second_signal_ends_the_process_at_once() -> None:
    code, seconds = _run_stuck("await asyncio.Event().wait()", 60, 2)
    assert code == EXIT_FORCED
    assert seconds < 10
