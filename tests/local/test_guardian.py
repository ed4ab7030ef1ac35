"""Nothing is left behind: not after a clean end, not after Ctrl-C, SIGTERM or SIGKILL of the parent."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.local.folders import file_lock, free_ports, new_run_folder, runs_parent, sweep_dead_runs
from services.local.guarded import KILL, Guarded, Program, wait_until_ready
from services.local.ladder import PartUnavailable
from tests.waiting import eventually

GONE_SECONDS_MAX = 10

BOTH_PARTS = """
import asyncio, json, os, sys
from services.local.kafka import start_kafka
from services.local.postgres import start_postgres

async def main():
    async with start_postgres() as postgres, start_kafka() as kafka:
        print(json.dumps([postgres.url, kafka.bootstrap_servers]), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def _program(guarded: Guarded, source: str) -> Program:
    folder = guarded.folder.path
    return Program([sys.executable, "-c", source], folder / "program.log", folder)


@pytest.fixture
async def guarded() -> AsyncIterator[Guarded]:
    one = Guarded(new_run_folder("test"))
    yield one
    await asyncio.to_thread(one.close)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_a_program_its_children_and_its_folder_are_gone_after_close(guarded: Guarded) -> None:
    child = "import os,signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.setsid(); time.sleep(600)"
    source = (
        "import subprocess, sys, time\n"
        f"print(subprocess.Popen([sys.executable, '-c', {child!r}]).pid, flush=True)\n"
        "time.sleep(600)"
    )
    program = _program(guarded, source)
    pid = guarded.start(program)
    grandchild = int(await eventually(lambda: program.log.read_text().strip()))
    assert _lives(pid)
    guarded.stop(((signal.SIGTERM, 5.0),))
    assert not _lives(pid)
    assert not _lives(grandchild)
    assert guarded.folder.path.exists()
    guarded.close()
    assert not guarded.folder.path.exists()


async def test_a_program_that_ends_at_once_shows_its_last_words(guarded: Guarded) -> None:
    program = _program(guarded, "import sys; sys.exit('the port is taken')")

    async def never() -> bool:
        return False

    guarded.start(program)
    with pytest.raises(PartUnavailable, match=r"ended with code 1(.|\n)*the port is taken") as failure:
        await wait_until_ready(guarded, program, never, seconds_max=30)
    Path(str(failure.value).split("its log is ")[1].split(" and ends")[0]).unlink()


async def test_a_program_that_is_deaf_to_sigterm_is_killed(guarded: Guarded) -> None:
    program = _program(
        guarded, "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    )
    pid = guarded.start(program)
    await eventually(lambda: program.log.read_text())
    guarded.stop(((signal.SIGTERM, 0.2),))
    assert not _lives(pid)
    assert guarded.exit_code() == -signal.SIGKILL


async def test_a_program_can_be_started_again_in_its_folder(guarded: Guarded) -> None:
    program = _program(guarded, "print('up', flush=True); import time; time.sleep(600)")
    first = guarded.start(program)
    with pytest.raises(PartUnavailable, match="already running"):
        guarded.start(program)
    guarded.stop(KILL)
    assert guarded.start(program) != first


async def test_a_guardian_that_was_killed_is_reported_and_its_program_swept(guarded: Guarded) -> None:
    pid = guarded.start(_program(guarded, "import time; time.sleep(600)"))
    parent = runs_parent()
    guarded._process.kill()
    guarded._process.wait()
    with pytest.raises(PartUnavailable, match="guardian"):
        guarded.exit_code()
    with file_lock(parent / "lock"):
        assert guarded.folder.path not in sweep_dead_runs(parent), "this run still lives"
    guarded.close()
    with file_lock(parent / "lock"):
        assert guarded.folder.path in sweep_dead_runs(parent)
    await eventually(lambda: not _lives(pid))
    assert not guarded.folder.path.exists()


def test_a_number_that_went_to_another_process_is_not_killed_by_the_sweep(tmp_path: Path) -> None:
    folder = tmp_path / "run-0-old"
    folder.mkdir()
    (folder / "child").write_text(f"{os.getpid()} 1")
    assert sweep_dead_runs(tmp_path) == [folder]


def test_free_ports_differ_and_are_free() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert not any(_listens(port) for port in ports)


def test_runs_at_the_same_time_have_folders_of_their_own() -> None:
    both = [new_run_folder("test") for _ in range(2)]
    assert both[0].path != both[1].path
    assert all(one.path.is_dir() for one in both)
    for one in both:
        os.close(one.lock_fd)


async def _start_both_parts(environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], list[int], list[int]]:
    """The parent process, the ports its parts listen on, and all processes below it."""
    process = subprocess.Popen([sys.executable, "-c", BOTH_PARTS], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 120)
    process.stdout.close()
    assert line, "the parts did not start"
    url, servers = json.loads(line)
    ports = [int(address.rsplit(":", 1)[1].split("/")[0]) for address in (url, servers)]
    below = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
    assert any("java" in psutil.Process(pid).name() for pid in below)
    assert any("postgres" in psutil.Process(pid).name() for pid in below)
    return process, ports, below


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_nothing_is_left_running_when_the_parent_ends(
    number: signal.Signals, kafka: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kafka` is asked for only because without a real one there is nothing to see."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL",)}
    if kafka.rung.number != 3:
        pytest.skip(f"no broker of our own here: {kafka.rung}")
    process, ports, below = await _start_both_parts(environment)
    assert all(_listens(port) for port in ports)
    process.send_signal(number)
    ended = time.monotonic()
    process.wait(30)
    await eventually(lambda: not any(_lives(pid) for pid in below), seconds=GONE_SECONDS_MAX)
    assert not any(_listens(port) for port in ports)
    assert time.monotonic() - ended < GONE_SECONDS_MAX + 1
    left = [one for one in psutil.process_iter(["pid"]) if one.pid in below and _lives(one.pid)]
    assert left == []
