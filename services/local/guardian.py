"""The guardian of one embedded program: it outlives the parent just long enough to stop what the parent started.

Run as a script with the standard library only, in a session of its own, so that neither Ctrl-C nor the parent's death
reaches it. Commands come as JSON lines on standard input, each answered by one JSON line on standard output. The end
of input (the parent ended, in whatever way) or SIGTERM stops the program, its whole process group and everything it
left behind, and removes the run folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

KILL_SECONDS_MAX = 5.0
PR_SET_CHILD_SUBREAPER = 36


def process_identity(pid: int) -> str | None:
    """What tells process `pid` from a later one with the same number: its start time; None if there is no such one."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    ps = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return ps.stdout.strip() or None


def children_of(pid: int) -> list[int]:
    """Direct children of `pid`, dead ones included; empty where there is no /proc."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                children.append(int(stat.parent.name))
    return children


def send(pid: int, number: int, *, group: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


class Guardian:
    """Holds at most one program at a time; `folder` is removed at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid: int | None = None
        self.exit_code: int | None = None
        self.leaving = False
        self.discard: list[tuple[int, float]] = []
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)

    def listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._leave)
        # PostgreSQL's back ends are in sessions of their own: as their reaper we find and end those left behind.
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def _leave(self, *_: object) -> None:
        self.leaving = True

    def wait(self, seconds: float | None, *others: int) -> list[int]:
        """Sleep until a signal, one of `others` or the time limit; collect ended children."""
        ready, _, _ = select.select([self.wake_read, *others], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake_read, 4096)
        self.reap()
        return [one for one in ready if one != self.wake_read]

    def reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.pid:
                    self.pid, self.exit_code = None, os.waitstatus_to_exitcode(ended[1])

    def start(self, order: dict[str, Any]) -> dict[str, Any]:
        if self.pid is not None:
            return {"error": f"already running as process {self.pid}"}
        as_user = {"user": order["uid"], "group": order["gid"], "extra_groups": []} if order["uid"] is not None else {}
        try:
            with Path(order["log"]).open("ab") as log:
                # A bare fork would leave the child with our pipes: Popen closes all but 0, 1 and 2.
                child = subprocess.Popen(
                    order["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    cwd=order["cwd"], env=order["env"], start_new_session=True, **as_user,
                )  # fmt: skip
        except OSError as error:
            return {"error": str(error)}
        child.returncode = 0  # reaped here, not by Popen
        self.pid, self.exit_code = child.pid, None
        self.discard = [(int(number), float(seconds)) for number, seconds in order["discard"]]
        (self.folder / "child").write_text(f"{child.pid} {process_identity(child.pid)}")
        return {"pid": child.pid}

    def stop(self, escalation: list[tuple[int, float]]) -> dict[str, Any]:
        """Send each signal and give it its seconds; then SIGKILL the group and whatever the program left behind."""
        group = self.pid
        for number, seconds in escalation:
            if self.pid is None:
                break
            send(self.pid, number)
            deadline = time.monotonic() + seconds
            while self.pid is not None and (left := deadline - time.monotonic()) > 0:
                self.wait(left)
        if group is not None:
            orphans = [*children_of(group), *children_of(os.getpid())]
            send(group, signal.SIGKILL, group=True)
            self._end_all(orphans)
        return self.status()

    def _end_all(self, orphans: list[int]) -> None:
        deadline = time.monotonic() + KILL_SECONDS_MAX
        while orphans and time.monotonic() < deadline:
            for pid in orphans:
                send(pid, signal.SIGKILL)
            self.wait(0.05)
            orphans = children_of(os.getpid())

    def status(self) -> dict[str, Any]:
        return {"pid": self.pid, "exit_code": self.exit_code}

    def obey(self, line: bytes) -> dict[str, Any]:
        order = json.loads(line)
        if order["do"] == "start":
            return self.start(order)
        if order["do"] == "stop":
            return self.stop([(int(number), float(seconds)) for number, seconds in order["signals"]])
        return self.status()

    def run(self) -> None:
        """Obey until the end of input or SIGTERM."""
        pending = b""
        while not self.leaving:
            if 0 not in self.wait(None, 0):
                continue
            received = os.read(0, 65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                with contextlib.suppress(BrokenPipeError):
                    os.write(1, json.dumps(self.obey(line)).encode() + b"\n")

    def leave(self) -> None:
        self.stop(self.discard)
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> None:
    guardian = Guardian(Path(sys.argv[1]))
    guardian.listen_to_signals()
    try:
        guardian.run()
    finally:
        guardian.leave()


if __name__ == "__main__":
    main()
