"""The measured programs: real processes, each under a guardian that ends it by its id, also when the run is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.local.folders import new_run_folder, tail
from services.local.guarded import Guarded, Program
from tests.bench.hearing import BenchFailed

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
IN_ORDER = ((signal.SIGTERM, 20.0),)
DISCARD = ((signal.SIGTERM, 5.0),)


@dataclass(frozen=True, slots=True)
class Child:
    """A running program."""

    name: str
    pid: int
    guarded: Guarded
    log: Path

    def assert_alive(self) -> None:
        """BenchFailed with the end of its log when it has ended."""
        if not psutil.pid_exists(self.pid):
            raise BenchFailed(f"{self.name} has ended; its log ends with:\n{tail(self.log)}")

    def memory_mib(self) -> float:
        """What it holds in memory now."""
        return float(psutil.Process(self.pid).memory_info().rss / MIB)

    def cpu_seconds(self) -> float:
        """The processor time it has used so far."""
        used = psutil.Process(self.pid).cpu_times()
        return float(used.user + used.system)

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        await asyncio.to_thread(self.guarded.stop, IN_ORDER)


@asynccontextmanager
async def running(
    name: str, arguments: Sequence[str], environment: Mapping[str, str], *, options: Sequence[str] = ()
) -> AsyncIterator[Child]:
    """`python <options> -m <arguments>` for the length of a block."""
    folder = await asyncio.to_thread(new_run_folder, name)
    guarded = await asyncio.to_thread(Guarded, folder)
    try:
        log = folder.path / f"{name}.log"
        env = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, *options, "-m", *arguments]
        pid = await asyncio.to_thread(guarded.start, Program(command, log, ROOT, DISCARD, env))
        yield Child(name, pid, guarded, log)
    finally:
        await asyncio.to_thread(guarded.close)
