"""Nothing is left behind: not after a clean end, not after Ctrl-C, SIGTERM or SIGKILL of the parent."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from services.local.folders import file_lock, free_ports, new_run_folder, runs_parent, sweep_dead_runs
from services.local.guarded import KILL, Guarded, Program, wait_until_ready
from services.local.kafka import KafkaPart
from services.local.ladder import PartUnavailable
from tests.local.logs import take_kept_log
from tests.waiting import eventually

GONE_SECONDS_MAX = 10

BOTH_PARTS = """
import asyncio, json, signal
from services.local.kafka import start_kafka
from services.local.postgres import start_postgres

async def main():
    async with start_postgres() as postgres, start_kafka() as kafka:
        print(json.dumps([postgres.url, kafka.bootstrap_servers]), flush=True)
        await asyncio.Event().wait()

# Who was started in the background of a shell without job control has been told to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
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
    take_kept_log(failure.value)


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


async def test_a_guardian_that_was_killed_is_reported_and_close_does_its_work(guarded: Guarded) -> None:
    pid = guarded.start(_program(guarded, "import time; time.sleep(600)"))
    guardian = psutil.Process(pid).parent()
    assert guardian is not None
    guardian.kill()
    await eventually(lambda: not _lives(guardian.pid))
    with pytest.raises(PartUnavailable, match="guardian"):
        guarded.exit_code()
    guarded.close()
    await eventually(lambda: not _lives(pid))
    assert not guarded.folder.path.exists()


async def test_what_a_run_left_behind_is_swept_once_parent_and_guardian_are_both_dead() -> None:
    parent, pid, folder = await asyncio.to_thread(_start_a_run)
    runs = runs_parent()
    with file_lock(runs / "lock"):
        assert folder not in sweep_dead_runs(runs), "that run still lives"
    guardian = psutil.Process(pid).ppid()
    os.kill(guardian, signal.SIGKILL)
    parent.kill()
    parent.wait()
    await eventually(lambda: not _lives(guardian))
    assert _lives(pid), "nobody is left to end it"
    os.close(new_run_folder("next").lock_fd)
    await eventually(lambda: not _lives(pid))
    assert folder not in list(runs.iterdir())


def _start_a_run() -> tuple[subprocess.Popen[bytes], int, Path]:
    source = """
import sys, time
from services.local.folders import new_run_folder
from services.local.guarded import Guarded, Program
folder = new_run_folder("test")
program = Program([sys.executable, "-c", "import time; time.sleep(600)"], folder.path / "log", folder.path)
guarded = Guarded(folder)
print(guarded.start(program), folder.path, flush=True)
time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid, folder = process.stdout.readline().decode().split()
    process.stdout.close()
    return process, int(pid), Path(folder)


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


def _start_both_parts(environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], list[int], list[int]]:
    """The parent process, the ports its parts listen on, and all processes below it."""
    process = subprocess.Popen([sys.executable, "-c", BOTH_PARTS], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.stdout.close()
    assert line, "the parts did not start"
    url, servers = json.loads(line)
    ports = [int(address.rsplit(":", 1)[1].split("/")[0]) for address in (url, servers)]
    below = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
    names = {psutil.Process(pid).name() for pid in below}
    assert {"java", "postgres"} <= names
    return process, ports, below


@pytest.fixture
def own_tmpdir() -> Iterator[Path]:
    """Where one child's runs are and nobody else's; as root, PostgreSQL runs as another user below it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_nothing_is_left_running_when_the_parent_ends(
    number: signal.Signals, kafka: KafkaPart, own_tmpdir: Path
) -> None:
    """`kafka` is asked for only because without a broker of our own there is nothing to see."""
    if kafka.rung.number != 3:
        pytest.skip(f"no broker of our own here: {kafka.rung}")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["TMPDIR"] = str(own_tmpdir)
    process, ports, below = await asyncio.to_thread(_start_both_parts, environment)

    def folders() -> list[str]:
        return sorted(folder.name.split("-")[-1] for folder in own_tmpdir.glob("*/run-*"))

    assert {"kafka", "postgres"} <= set(folders())
    assert all(_listens(port) for port in ports)
    process.send_signal(number)
    try:
        await eventually(lambda: process.poll() is not None, seconds=GONE_SECONDS_MAX)
    finally:
        process.kill()
        process.wait()
    await eventually(lambda: not any(_lives(pid) for pid in below), seconds=GONE_SECONDS_MAX)
    assert not any(_listens(port) for port in ports)
    await eventually(lambda: not folders(), seconds=GONE_SECONDS_MAX)
