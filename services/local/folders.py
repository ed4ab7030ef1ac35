"""Where embedded parts keep their data: one folder for each run, swept when its run is dead."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import os
import secrets
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.local.guardian import process_identity
from services.local.ladder import PartUnavailable

KEPT_LOG_SECONDS_MAX = 7 * 86_400
LOG_TAIL_LINES = 25


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder of this run alone; it counts as alive for as long as somebody has `lock_fd` open."""

    path: Path
    lock_fd: int


def runs_parent() -> Path:
    """The common parent of this user's runs, created if absent; PartUnavailable if somebody else owns that name."""
    parent = Path(tempfile.gettempdir()) / f"holdgate-{getpass.getuser()}"
    # Others may pass through but not list: as root, PostgreSQL runs as another user below this folder.
    parent.mkdir(mode=0o711, exist_ok=True)
    found = parent.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PartUnavailable(f"{parent} belongs to somebody else; set TMPDIR to a folder of your own")
    parent.chmod(0o711)  # whatever the umask says
    return parent


def cache_folder() -> Path:
    """What is fetched once and kept: HOLDGATE_CACHE_DIR, else the user's cache."""
    given = os.environ.get("HOLDGATE_CACHE_DIR")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(given) if given else base / "holdgate"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold `path` locked against every other process; waits for as long as it takes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def new_run_folder(name: str) -> RunFolder:
    """A fresh folder for this run, after the folders of dead runs are swept."""
    parent = runs_parent()
    with file_lock(parent / "lock"):
        sweep_dead_runs(parent)
        path = parent / f"run-{secrets.token_hex(4)}-{name}"
        path.mkdir()
        path.chmod(0o711)
        lock_fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock_fd, fcntl.LOCK_EX)
    return RunFolder(path, lock_fd)


def sweep_dead_runs(parent: Path) -> list[Path]:
    """Remove the folders that no living run holds, and end what such a run left running; what was removed.

    The caller holds the parent's lock, so no folder is between its creation and its own lock.
    """
    swept = [folder for folder in sorted(parent.glob("run-*")) if _is_dead(folder)]
    for folder in swept:
        remove_run(folder)
    for log in parent.glob("failed-*.log"):
        if time.time() - log.stat().st_mtime > KEPT_LOG_SECONDS_MAX:
            log.unlink(missing_ok=True)
    return swept


def _is_dead(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def remove_run(folder: Path) -> None:
    """What the guardian of `folder` can no longer do, killed itself: end its program and remove its data."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        pid, identity = (folder / "child").read_text().split(" ", 1)
        if process_identity(int(pid)) == identity:
            os.killpg(int(pid), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Different ports on 127.0.0.1 that nobody holds now; another process may be quicker, so callers try again."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def tail(log: Path) -> str:
    """The last lines of `log`, or an empty text."""
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
    return ""


def keep_log(folder: RunFolder, log: Path) -> Path:
    """Copy `log` to where it outlives the run folder, for the reader of an error message."""
    kept = folder.path.parent / f"failed-{folder.path.name}.log"
    with contextlib.suppress(OSError):
        shutil.copyfile(log, kept)
    return kept
