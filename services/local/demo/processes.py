"""Holdgate's own processes as the demo runs them: `holdgate gatekeeper` and `holdgate api`, each under a guardian."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

import services
from services.local.folders import free_ports, keep_log, new_run_folder, tail
from services.local.guarded import KILL, Guarded, Program, wait_until_ready
from services.local.ladder import PartUnavailable

READY_SECONDS_MAX = 60.0
PORT_ATTEMPTS_MAX = 3
PROBE_SECONDS_MAX = 2.0
# Nobody needs the data any more when the demo itself ends.
DISCARD = ((signal.SIGTERM, 2.0),)
COLLIDED = "address already in use"
LANES_OWNED = "holdgate_lanes_owned"


@dataclass(slots=True)
class Process:
    """A running command of Holdgate; `port` is where it answers HTTP. `close` ends it and removes its folder."""

    name: str
    port: int
    pid: int
    guarded: Guarded
    log: Path
    alive: bool = True
    lanes: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def kill(self) -> None:
        """SIGKILL: no warning, nothing is finished."""
        self.alive = False
        await asyncio.to_thread(self.guarded.stop, KILL)

    async def count_lanes(self) -> int:
        """How many lanes this gatekeeper owns and has checked, as its metrics say; 0 when it doesn't answer."""
        self.lanes = _gauge(await fetch(f"{self.url}/metrics"), LANES_OWNED) if self.alive else 0
        return self.lanes

    async def exit_code(self) -> int | None:
        return await asyncio.to_thread(self.guarded.exit_code)

    def keep_log(self) -> Path:
        """Copy the log to where it outlives the process, for the reader of an error message."""
        return keep_log(self.guarded.folder, self.log)

    async def close(self) -> None:
        await asyncio.to_thread(self.guarded.close)


async def start_process(
    name: str, command: str, environment: Mapping[str, str], port_variable: str, *, ready_path: str
) -> Process:
    """Start `holdgate <command>` on a free port and wait until `ready_path` answers 200 there.

    Raises PartUnavailable with the end of its log when it doesn't come up.
    """
    for attempt in range(1, PORT_ATTEMPTS_MAX + 1):
        (port,) = free_ports(1)
        folder = await asyncio.to_thread(new_run_folder, name)
        guarded = await asyncio.to_thread(Guarded, folder)
        env = {**os.environ, **environment, port_variable: str(port), "PYTHONPATH": _source_root()}
        log = folder.path / f"{name}.log"
        program = Program([sys.executable, "-m", "services.cli", command], log, folder.path, DISCARD, env)
        try:
            return await _started(name, port, guarded, program, ready_path)
        except BaseException as error:
            collided = COLLIDED in tail(log).lower()
            await asyncio.to_thread(guarded.close)
            if isinstance(error, PartUnavailable) and collided and attempt < PORT_ATTEMPTS_MAX:
                continue
            raise
    raise AssertionError("the last attempt returns or raises")


async def _started(name: str, port: int, guarded: Guarded, program: Program, ready_path: str) -> Process:
    pid = await asyncio.to_thread(guarded.start, program)
    process = Process(name, port, pid, guarded, program.log)

    async def ready() -> bool:
        return await fetch(process.url + ready_path) is not None

    await wait_until_ready(guarded, program, ready, seconds_max=READY_SECONDS_MAX)
    return process


async def fetch(url: str) -> str | None:
    """What a GET there answers with 200; None for anything else."""
    try:
        async with httpx2.AsyncClient(timeout=PROBE_SECONDS_MAX, trust_env=False) as client:
            answer = await client.get(url)
    except (httpx2.HTTPError, OSError):
        return None
    return str(answer.text) if answer.status_code == 200 else None


def _gauge(exposed: str | None, name: str) -> int:
    """A gauge without labels in Prometheus' text format."""
    lines = (line.split() for line in (exposed or "").splitlines() if line.startswith(f"{name} "))
    return next((int(float(value)) for _, value in lines), 0)


def _source_root() -> str:
    """Where `services` is imported from, installed or not."""
    root = str(Path(services.__file__ or "").resolve().parents[1])
    given = os.environ.get("PYTHONPATH")
    return f"{root}{os.pathsep}{given}" if given else root
