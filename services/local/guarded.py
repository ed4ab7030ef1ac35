"""A program under a guardian, as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.local import guardian
from services.local.folders import RunFolder, keep_log, remove_run, tail
from services.local.ladder import PartUnavailable

LEAVE_SECONDS_MAX = 30.0
PROBE_SECONDS_BETWEEN = 0.05

# Signals to send in turn, each with the seconds it is given; SIGKILL follows.
Escalation = Sequence[tuple[int, float]]
KILL: Escalation = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A command line, where its output goes, as whom it runs, and how it is stopped for good when its data goes too."""

    command: Sequence[str]
    log: Path
    cwd: Path
    discard: Escalation = ((signal.SIGTERM, 4.0),)
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    uid: int | None = None
    gid: int | None = None


class Guarded:
    """One guardian process and the program under it; several may live in one parent.

    Every method blocks for a bounded time (call from a thread in async code). Calls from several threads take turns.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._turn = threading.Lock()
        self._closed = False
        with (folder.path / "guardian.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(guardian.__file__).resolve()), str(folder.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=[folder.lock_fd],
                start_new_session=True,
            )

    def start(self, program: Program) -> int:
        """Start `program`; its process id. PartUnavailable if the system refuses."""
        answer = self._ask(
            do="start",
            command=list(program.command),
            log=str(program.log),
            cwd=str(program.cwd),
            env=program.env,
            uid=program.uid,
            gid=program.gid,
            discard=[[int(number), seconds] for number, seconds in program.discard],
        )
        if "error" in answer:
            raise PartUnavailable(f"{program.command[0]} did not start: {answer['error']}")
        return int(answer["pid"])

    def stop(self, signals: Escalation) -> None:
        """Stop the program and all its processes; nothing of it runs when this returns. KILL gives no warning."""
        self._ask(do="stop", signals=[[int(number), seconds] for number, seconds in signals])

    def exit_code(self) -> int | None:
        """How the program ended; None while it runs."""
        answer = self._ask(do="status")
        return None if answer["pid"] is not None else int(answer["exit_code"] or 0)

    def close(self) -> None:
        """Stop the program, remove the run folder and wait until the guardian has left."""
        if self._closed:
            return
        self._closed = True
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(LEAVE_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        if self._process.returncode != 0:
            remove_run(self.folder.path)
        os.close(self.folder.lock_fd)

    def _ask(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            try:
                self._process.stdin.write(json.dumps(order).encode() + b"\n")
                self._process.stdin.flush()
                line = self._process.stdout.readline()
            except (OSError, ValueError) as error:
                raise PartUnavailable(f"the guardian of {self.folder.path.name} is gone") from error
        if not line:
            raise PartUnavailable(f"the guardian of {self.folder.path.name} is gone")
        answer: dict[str, Any] = json.loads(line)
        return answer


async def wait_until_ready(
    guarded: Guarded, program: Program, ready: Callable[[], Awaitable[bool]], *, seconds_max: float
) -> None:
    """Wait until `ready`; PartUnavailable with the log's path and end if the program ends or takes too long."""
    deadline = time.monotonic() + seconds_max
    while not await ready():
        code = await asyncio.to_thread(guarded.exit_code)
        if code is not None:
            raise failed_start(guarded, program, f"ended with code {code}")
        if time.monotonic() > deadline:
            raise failed_start(guarded, program, f"was not ready after {seconds_max:.0f} s")
        await asyncio.sleep(PROBE_SECONDS_BETWEEN)


async def run_to_end(guarded: Guarded, program: Program, *, seconds_max: float) -> None:
    """Run `program` until it ends well; PartUnavailable with the log's path and end otherwise."""
    await asyncio.to_thread(guarded.start, program)
    deadline = time.monotonic() + seconds_max
    while (code := await asyncio.to_thread(guarded.exit_code)) is None:
        if time.monotonic() > deadline:
            await asyncio.to_thread(guarded.stop, KILL)
            raise failed_start(guarded, program, f"had not ended after {seconds_max:.0f} s")
        await asyncio.sleep(PROBE_SECONDS_BETWEEN)
    if code != 0:
        raise failed_start(guarded, program, f"ended with code {code}")


def failed_start(guarded: Guarded, program: Program, what: str) -> PartUnavailable:
    """The error for the reader: what happened, where the log is, how it ends."""
    kept = keep_log(guarded.folder, program.log)
    name = Path(program.command[0]).name
    return PartUnavailable(f"{name} {what}; its log is {kept} and ends with:\n{tail(program.log)}")
