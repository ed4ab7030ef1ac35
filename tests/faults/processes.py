"""Real `holdgate` processes as children of a test, each ended by its own id."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from services.local.folders import free_ports
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
END_SECONDS_MAX = 20
LOG_SHOWN = 4_000


@dataclass(slots=True)
class Process:
    """One gatekeeper; `log` is all that it said."""

    name: str
    child: asyncio.subprocess.Process
    log_path: Path
    metrics_port: int

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def returncode(self) -> int | None:
        return self.child.returncode

    def send(self, number: signal.Signals) -> None:
        self.child.send_signal(number)

    async def ended(self, *, seconds: float = 60) -> int:
        """Its exit code, negative for a signal."""
        try:
            return await asyncio.wait_for(self.child.wait(), seconds)
        except TimeoutError:
            raise AssertionError(f"{self.name} had not ended after {seconds} s:\n{self.end_of_log()}") from None

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.send(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> None:
        """SIGTERM; it must leave well within the bound."""
        self.send(signal.SIGTERM)
        code = await self.ended(seconds=END_SECONDS_MAX)
        assert code == 0, f"{self.name} ended with {code}:\n{self.end_of_log()}"

    async def frozen(self, *, seconds: float = 60) -> None:
        """Return once it is stopped by SIGSTOP."""
        await eventually(self._is_stopped, seconds=seconds)

    def _is_stopped(self) -> bool:
        assert self.returncode is None, f"{self.name} ended with {self.returncode}:\n{self.end_of_log()}"
        return psutil.Process(self.child.pid).status() == psutil.STATUS_STOPPED

    async def owns(self, lanes: int, *, seconds: float = 60) -> None:
        """Return once it owns so many checked lanes."""

        async def probe() -> bool:
            assert await self.measure("holdgate_lanes_owned") == lanes, self.end_of_log()
            return True

        await eventually(probe, seconds=seconds, every=0.1)

    async def published(self) -> int:
        """How many records it knows to have published."""
        return int(await self.measure("holdgate_published_records_total"))

    async def measure(self, name: str) -> float:
        """A metric, summed over its labels; 0 while the process doesn't answer yet."""
        text = await asyncio.to_thread(_fetched, self.metrics_port)
        found = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(value) for _, value in found)

    def end_of_log(self) -> str:
        return self.log[-LOG_SHOWN:]


def _fetched(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


@dataclass(slots=True)
class Processes:
    """The processes of one test, by name; `close` ends those that still run, frozen ones too."""

    folder: Path
    environment: Mapping[str, str]
    running: dict[str, Process] = field(default_factory=dict)

    async def start(self, name: str, **settings: str) -> Process:
        """`holdgate gatekeeper` with HOLDGATE_<SETTING>; a name may be used again once its process has ended."""
        (port,) = free_ports(1)
        given = {f"HOLDGATE_{key.upper()}": value for key, value in settings.items()}
        path = self.folder / f"{name}.log"
        with path.open("ab") as output:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.cli", "gatekeeper",
                cwd=ROOT, stdout=output, stderr=output,
                env={**os.environ, **self.environment, "HOLDGATE_METRICS_PORT": str(port), **given},
            )  # fmt: skip
        self.running[name] = Process(name, child, path, port)
        return self.running[name]

    async def command(self, *arguments: str) -> tuple[int, str]:
        """`holdgate <arguments>`: its exit code and what it wrote to standard output."""
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", *arguments,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, env={**os.environ, **self.environment},
        )  # fmt: skip
        output, _ = await asyncio.wait_for(child.communicate(), 60)
        return child.returncode or 0, output.decode()

    def assert_alive(self) -> None:
        """None has ended by itself with an error."""
        for process in self.running.values():
            if process.returncode not in (None, 0, -signal.SIGKILL):
                raise AssertionError(f"{process.name} ended with {process.returncode}:\n{process.end_of_log()}")

    async def close(self) -> None:
        for process in self.running.values():
            if process.returncode is None:
                process.child.kill()
                await process.child.wait()
