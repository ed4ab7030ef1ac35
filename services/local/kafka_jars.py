"""The jars of a Kafka broker: fetched once by Maven, kept in the cache folder, shared by all runs."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from services.local.folders import cache_folder, new_run_folder
from services.local.guarded import Guarded, Program, run_to_end
from services.local.ladder import PartUnavailable, Rung

JAVA_MIN = 17
VERSION_SECONDS_MAX = 20
FETCH_SECONDS_MAX = 600.0
LOCK_SECONDS_BETWEEN = 0.2


def pom_path() -> Path | None:
    """`deploy/kafka/pom.xml` of a checkout, else the copy inside an installed package; None without either."""
    here = Path(__file__).resolve()
    candidates = (here.parents[2] / "deploy" / "kafka" / "pom.xml", here.parent / "kafka-pom.xml")
    return next((path for path in candidates if path.is_file()), None)


def java_rung() -> Rung:
    """Rung 3 of Kafka: a broker of our own on this machine's Java, with jars from the cache or through Maven."""
    name = "local Kafka"
    pom = pom_path()
    if pom is None:
        return Rung("kafka", 3, name, False, "deploy/kafka/pom.xml is missing")
    java = java_version()
    if java is None or java < JAVA_MIN:
        found = "no java on the path" if java is None else f"java {java}"
        return Rung("kafka", 3, name, False, f"Java {JAVA_MIN} or later is needed: {found}")
    jars = jars_folder(pom)
    if jars.is_dir():
        return Rung("kafka", 3, name, True, f"Java {java}, jars in {jars}")
    if shutil.which("mvn") is None:
        return Rung("kafka", 3, name, False, f"Java {java}, but no mvn on the path to fetch Kafka's jars with")
    return Rung("kafka", 3, name, True, f"Java {java}, Maven fetches Kafka's jars (43 MB) once")


def java_version() -> int | None:
    """The major version of the java on the path; None without one that answers."""
    java = shutil.which("java")
    if java is None:
        return None
    try:
        asked = subprocess.run(
            [java, "-version"], capture_output=True, text=True, check=False, timeout=VERSION_SECONDS_MAX
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(\d+)', asked.stderr + asked.stdout)
    return int(version[1]) if version else None


def jars_folder(pom: Path) -> Path:
    """Where the jars of exactly this pom are kept; present only when complete."""
    return cache_folder() / f"kafka-{hashlib.sha256(pom.read_bytes()).hexdigest()[:12]}"


@contextlib.asynccontextmanager
async def cache_lock() -> AsyncIterator[None]:
    """One fetch at a time among all processes; a waiting task can be cancelled."""
    descriptor = os.open(cache_folder() / "kafka.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try_lock(descriptor):  # noqa: ASYNC110 - another process holds it
            await asyncio.sleep(LOCK_SECONDS_BETWEEN)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def kafka_jars() -> Path:
    """The folder of the jars, fetched if absent. PartUnavailable if Maven fails; a half-done fetch is never seen."""
    pom = pom_path()
    if pom is None:
        raise PartUnavailable("deploy/kafka/pom.xml is missing")
    jars = jars_folder(pom)
    if jars.is_dir():
        return jars
    async with cache_lock():
        if not jars.is_dir():
            await _fetch(pom, jars)
    return jars


async def _fetch(pom: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise PartUnavailable("no mvn on the path to fetch Kafka's jars with")
    for abandoned in jars.parent.glob("fetching-*"):
        await asyncio.to_thread(shutil.rmtree, abandoned, ignore_errors=True)
    unfinished = jars.parent / f"fetching-{secrets.token_hex(4)}"
    folder = await asyncio.to_thread(new_run_folder, "maven")
    guarded = await asyncio.to_thread(Guarded, folder)
    command = [maven, "--batch-mode", "--quiet", "--file", str(pom), "dependency:copy-dependencies",
               f"-DoutputDirectory={unfinished}"]  # fmt: skip
    try:
        program = Program(command, folder.path / "maven.log", folder.path)
        await run_to_end(guarded, program, seconds_max=FETCH_SECONDS_MAX)
    finally:
        await asyncio.to_thread(guarded.close)
    if not any(unfinished.glob("kafka_2.13-*.jar")):
        raise PartUnavailable(f"Maven ended well, but left no Kafka in {unfinished}")
    unfinished.rename(jars)
