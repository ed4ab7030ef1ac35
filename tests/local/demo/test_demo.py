"""The demo as a user starts it: real parts, real processes, its own checks, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest

from services.local.demo.checks import QUESTIONS
from services.local.ladder import real_parts_required
from tests.waiting import eventually

DAY_SECONDS = "15"
END_SECONDS_MAX = 170.0
START_SECONDS_MAX = 90.0
GONE_SECONDS_MAX = 30.0
BY_HAND = re.compile(r'try it: curl -H "Authorization: (Bearer hg_\S+)" (http://\S+)')


async def _start(*options: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", "demo", "--seconds", DAY_SECONDS, *options, stdout=PIPE, stderr=STDOUT
    )


def _skip_without_parts(output: str) -> None:
    if "can be had here" in output and not real_parts_required():
        pytest.skip(output)


async def test_the_demo_ends_by_itself_and_its_checks_hold() -> None:
    demo = await _start("--once")
    said, _ = await asyncio.wait_for(demo.communicate(), END_SECONDS_MAX)
    output = said.decode()
    _skip_without_parts(output)
    assert demo.returncode == 0, output
    assert len(re.findall(r"^ok      ", output, re.MULTILINE)) == len(QUESTIONS), output
    assert "FAILED" not in output
    assert "\x1b" not in output
    assert "0.001 KGM too much" in output
    assert re.search(r"notice N-\S+ is EFFECTIVE", output)
    assert "has taken over and caught up" in output or "no take-over is shown" in output


async def _until_it_runs(demo: Process) -> re.Match[str]:
    """The line to try the API by hand, once the demo has printed it."""
    assert demo.stdout is not None
    output = ""
    async with asyncio.timeout(START_SECONDS_MAX):
        while not (by_hand := BY_HAND.search(output)):
            line = (await demo.stdout.readline()).decode()
            if not line:
                _skip_without_parts(output)
                pytest.fail(output)
            output += line
    return by_hand


def _started_by(demo: Process) -> list[psutil.Process]:
    return list(psutil.Process(demo.pid).children(recursive=True))


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


async def test_two_demos_do_not_meet_and_neither_leaves_anything_running() -> None:
    demos = [await _start(), await _start()]
    started: list[psutil.Process] = []
    try:
        for by_hand in await asyncio.gather(*(_until_it_runs(demo) for demo in demos)):
            key, url = by_hand.groups()
            async with httpx2.AsyncClient(trust_env=False) as client:
                answer = (await client.get(url, headers={"Authorization": key})).json()
            assert answer["shipment_id"] == "S-WITHIN-LICENCE"
            assert answer["state"] in ("UNKNOWN", "RELEASED")
        started = [process for demo in demos for process in _started_by(demo)]
        # For each demo a guardian and a program for PostgreSQL, Kafka (its mock needs none), API and gatekeeper.
        assert len(started) >= 2 * 6
        demos[0].send_signal(signal.SIGTERM)
        demos[1].kill()
        codes = [(await asyncio.wait_for(demo.communicate(), GONE_SECONDS_MAX), demo.returncode)[1] for demo in demos]
        assert codes == [128 + signal.SIGTERM, -signal.SIGKILL]
        await eventually(lambda: not _alive(started), seconds=GONE_SECONDS_MAX)
    finally:
        for demo in demos:
            if demo.returncode is None:
                os.kill(demo.pid, signal.SIGKILL)
                await demo.communicate()
