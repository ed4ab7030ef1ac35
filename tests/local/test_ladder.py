"""Which rungs are possible, by what the machine has; and which one is taken."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from services.local import kafka, kafka_jars, postgres
from services.local.docker_daemon import ping_docker
from services.local.doctor import DoctorReport, doctor_report
from services.local.folders import new_run_folder, remove_run
from services.local.ladder import PartUnavailable, Rung, Step, climb
from services.local.postgres_binaries import (
    Binaries,
    find_local,
    find_run_as,
    find_wheel,
    local_rung,
    reachable_binaries,
)
from tests.local.logs import take_kept_log


def _program(folder: Path, name: str, says: str = "", *, to: str = "1") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}' >&{to}\n")
    path.chmod(0o755)


def _postgres(folder: Path, version: str) -> Path:
    for name in ("pg_ctl", "initdb"):
        _program(folder, name)
    _program(folder, "postgres", f"postgres (PostgreSQL) {version}")
    return folder


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing on the search path but what the test puts into this folder, no address given, an empty cache."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for variable in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "HOLDGATE_REQUIRE_REAL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOLDGATE_CACHE_DIR", str(tmp_path / "cache"))
    return programs


def test_the_newest_local_postgresql_is_taken_and_one_too_old_is_not(bare_machine: Path, tmp_path: Path) -> None:
    _postgres(bare_machine, "14.9")
    assert find_local(usual_folders=()) is None
    _postgres(tmp_path / "lib" / "15" / "bin", "15.4 (Debian)")
    newest = _postgres(tmp_path / "lib" / "17" / "bin", "17.1")
    found = find_local(usual_folders=(f"{tmp_path}/lib/*/bin",))
    assert found is not None
    assert (found.folder, found.version) == (newest, 17)


def test_a_postgresql_without_initdb_or_that_does_not_run_is_none(bare_machine: Path) -> None:
    _program(bare_machine, "pg_ctl")
    assert find_local(usual_folders=()) is None
    _postgres(bare_machine, "17.1")
    (bare_machine / "postgres").write_text("no program")
    assert find_local(usual_folders=()) is None
    rung = local_rung(None, None)
    assert not rung.possible
    assert "version 15" in rung.why


def test_root_without_another_user_has_no_local_postgresql(bare_machine: Path) -> None:
    rung = local_rung(find_local(str(_postgres(bare_machine, "16.0")), ()), None)
    assert not rung.possible
    assert "does not run as root" in rung.why


def test_the_wheel_is_found_without_importing_it() -> None:
    found = find_wheel()
    assert found is not None
    assert found.version >= 15


@pytest.mark.skipif(os.getuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_root_copies_a_postgresql_that_lies_in_a_private_home(tmp_path: Path) -> None:
    wheel, run_as = find_wheel(), find_run_as()
    assert wheel is not None
    assert run_as is not None
    package, home = wheel.folder.parents[1], tmp_path / "home"
    shutil.copytree(wheel.folder.parent, home / package.name / wheel.folder.parent.name)
    shutil.copytree(package.with_name(f"{package.name}.libs"), home / f"{package.name}.libs")
    home.chmod(0o700)
    hidden = Binaries(home / package.name / wheel.folder.parent.name / "bin", wheel.version)
    run = new_run_folder("test")
    try:
        reachable = reachable_binaries(hidden, run_as, run.path)
        assert run.path in reachable.folder.parents
        assert reachable_binaries(reachable, run_as, tmp_path) == reachable, "the copy is usable as it is"
    finally:
        os.close(run.lock_fd)
        remove_run(run.path)


def test_kafka_needs_java_17_and_maven_or_a_filled_cache(bare_machine: Path) -> None:
    assert "no java" in kafka_jars.java_rung().why
    _program(bare_machine, "java", 'openjdk version "11.0.2" 2019-01-15', to="2")
    assert "java 11" in kafka_jars.java_rung().why
    _program(bare_machine, "java", 'openjdk version "21.0.1" 2023-10-17', to="2")
    assert "no mvn" in kafka_jars.java_rung().why
    pom = kafka_jars.pom_path()
    assert pom is not None
    kafka_jars.jars_folder(pom).mkdir()
    assert kafka_jars.java_rung().possible


def test_a_docker_binary_without_a_daemon_proves_nothing(
    bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(bare_machine, "docker", "Docker version 27")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    possible, why = ping_docker()
    assert not possible
    assert "no Docker daemon answers" in why


def test_a_docker_daemon_that_answers_makes_its_rung_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in that speaks as much of the daemon's protocol as a ping needs."""
    with socket.socket() as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.listen()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{daemon.getsockname()[1]}")
        answering = threading.Thread(target=_answer_pings, args=(daemon, 2), daemon=True)
        answering.start()
        assert ping_docker() == (True, "the Docker daemon answers")
        answering.join(10)


def _answer_pings(daemon: socket.socket, count: int) -> None:
    body = b'{"ApiVersion": "1.45", "Version": "27.0"}'
    for _ in range(count):
        connection, _ = daemon.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )


def _step(number: int, *, possible: bool = True, starts: bool = True, real: bool = True) -> Step[Rung]:
    async def start(rung: Rung) -> Rung:
        if not starts:
            raise PartUnavailable("it coughed\nand died")
        return rung

    return Step(lambda: Rung("kafka", number, f"way {number}", possible, "because", real), start)


async def _climb(*steps: Step[Rung]) -> Rung:
    return await climb("kafka", steps, lambda step: asyncio.to_thread(step.detect))


async def test_a_rung_that_does_not_start_gives_way_and_the_next_says_so() -> None:
    taken = await _climb(_step(1, possible=False), _step(3, starts=False), _step(4))
    assert taken.number == 4
    assert taken.why == "because; rung 3 failed: it coughed"


async def test_a_given_address_is_never_replaced() -> None:
    with pytest.raises(PartUnavailable, match="coughed"):
        await _climb(_step(1, starts=False), _step(4))


async def test_where_real_parts_are_required_the_mock_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDGATE_REQUIRE_REAL", "1")
    with pytest.raises(PartUnavailable, match=r"way 2: because(.|\n)*HOLDGATE_REQUIRE_REAL"):
        await _climb(_step(2, possible=False), _step(4, real=False))
    monkeypatch.setenv("HOLDGATE_REQUIRE_REAL", "0")
    assert (await _climb(_step(4, real=False))).number == 4


async def test_the_doctor_names_every_rung_and_its_reason(bare_machine: Path) -> None:
    report = await doctor_report()
    assert [(rung.part, rung.number) for rung in report.rungs] == [
        *(("postgres", number) for number in (1, 2, 3, 4)),
        *(("kafka", number) for number in (1, 2, 3, 4)),
    ]
    assert all(rung.why for rung in report.rungs)
    assert "- 3 local Kafka: Java 17 or later is needed: no java on the path" in report.as_text()
    data = report.as_dict()
    assert data["ok"] is report.ok
    assert data["parts"]["kafka"]["taken"] == 4


def test_a_machine_is_fit_when_each_part_has_one_rung_that_counts() -> None:
    rungs = (Rung("postgres", 4, "wheel", True, "is there"), Rung("kafka", 4, "mock", True, "is there", real=False))
    assert DoctorReport(rungs, real_required=False).ok
    strict = DoctorReport(rungs, real_required=True)
    assert not strict.ok
    assert strict.taken("kafka") is None
    assert "missing: kafka" in strict.as_text()


def test_addresses_in_the_environment_are_the_first_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://holdgate@db/holdgate")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    assert postgres.given_rung().possible
    assert kafka.given_rung().possible


async def test_two_runs_that_need_the_jars_fetch_them_once(bare_machine: Path) -> None:
    """A Maven that counts its calls and takes its time; the second run waits for the first and uses its jars."""
    calls = bare_machine.parent / "calls"
    maven = bare_machine / "mvn"
    maven.write_text(
        "#!/bin/sh\nPATH=/usr/bin:/bin\n"
        f"echo called >> '{calls}'\n"
        'for one in "$@"; do case $one in -DoutputDirectory=*) folder=${one#*=};; esac; done\n'
        'mkdir -p "$folder" && sleep 1 && touch "$folder/kafka_2.13-4.jar"\n'
    )
    maven.chmod(0o755)
    folders = await asyncio.gather(*(kafka_jars.kafka_jars() for _ in range(3)))
    assert len(set(folders)) == 1
    assert (folders[0] / "kafka_2.13-4.jar").is_file()
    assert calls.read_text().splitlines() == ["called"]
    assert not list(folders[0].parent.glob("fetching-*"))


async def test_a_failed_fetch_shows_the_end_of_its_log_and_leaves_nothing_in_the_cache(bare_machine: Path) -> None:
    maven = bare_machine / "mvn"
    maven.write_text("#!/bin/sh\necho 'could not resolve host'; exit 1\n")
    maven.chmod(0o755)
    with pytest.raises(PartUnavailable, match="could not resolve host") as failure:
        await kafka_jars.kafka_jars()
    assert "could not resolve host" in take_kept_log(failure.value)
    assert os.listdir(os.environ["HOLDGATE_CACHE_DIR"]) == ["kafka.lock"]
