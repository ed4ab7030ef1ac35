"""An embedded PostgreSQL: a given one, a container, the machine's own, or one out of a wheel (design.md §5)."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from services.local import postgres_binaries as programs
from services.local.docker_daemon import docker_rung
from services.local.folders import free_ports, new_run_folder, tail
from services.local.guarded import KILL, Guarded, Program, run_to_end, wait_until_ready
from services.local.ladder import PartUnavailable, Rung, Step, climb
from services.local.server import Server, UncontrolledServer

URL_VARIABLE = "DATABASE_URL"
IMAGE = "postgres:17"
USER = "holdgate"
DATABASE = "holdgate"
PORT_ATTEMPTS_MAX = 3
CONNECT_SECONDS_MAX = 10.0
INITDB_SECONDS_MAX = 120.0
START_SECONDS_MAX = 60.0
# SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one, which still removes its shared memory.
FAST = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 3.0))
IMMEDIATE = ((signal.SIGQUIT, 4.0),)


class GuardedPostgres:
    """A server under a guardian: same port, password and data folder over stop, kill and restart."""

    def __init__(self, guarded: Guarded, program: Program, url: str) -> None:
        self._guarded = guarded
        self._program = program
        self._url = url

    async def start(self) -> None:
        await asyncio.to_thread(self._guarded.start, self._program)
        await wait_until_ready(self._guarded, self._program, self._accepts, seconds_max=START_SECONDS_MAX)

    async def stop(self) -> None:
        await asyncio.to_thread(self._guarded.stop, FAST)

    async def kill(self) -> None:
        await asyncio.to_thread(self._guarded.stop, KILL)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def close(self) -> None:
        await asyncio.to_thread(self._guarded.close)

    async def _accepts(self) -> bool:
        try:
            connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS_MAX)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True


class PostgresPart:
    """A PostgreSQL to work with. `url` is asyncpg's: `postgresql://user:password@127.0.0.1:port/database`.

    `stop`, `kill` (no warning: a crash) and `restart` (also after those two; the same port and data) work where the
    server is ours, see `controllable`; elsewhere they raise PartUnavailable.
    """

    def __init__(self, url: str, rung: Rung, server: Server, maintenance_url: str | None = None) -> None:
        self.url = url
        self.rung = rung
        self.controllable = isinstance(server, GuardedPostgres)
        self._server = server
        self._maintenance_url = maintenance_url or url

    async def create_database(self, name: str | None = None) -> str:
        """The URL of a fresh, empty database, with a unique name unless one is given."""
        name = name or f"holdgate_{secrets.token_hex(6)}"
        # template0: nobody ever connects to it, so creating several at once does not collide.
        await self._execute(f"CREATE DATABASE {_quoted(name)} TEMPLATE template0")
        return database_url(self.url, name)

    async def drop_database(self, url: str) -> None:
        """Drop the database of `url`, whoever is still connected to it; nothing happens if it is gone already."""
        await self._execute(f"DROP DATABASE IF EXISTS {_quoted(urlsplit(url).path[1:])} WITH (FORCE)")

    async def stop(self) -> None:
        await self._server.stop()

    async def kill(self) -> None:
        await self._server.kill()

    async def restart(self) -> None:
        await self._server.restart()

    async def close(self) -> None:
        """Stop what was started for this part and remove its data."""
        await self._server.close()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._maintenance_url, timeout=CONNECT_SECONDS_MAX)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def start_postgres(*, fsync: bool = True, rung: int | None = None) -> AsyncIterator[PostgresPart]:
    """PostgreSQL from the first possible rung (or from `rung`), for as long as the block lasts.

    `fsync=False` makes an embedded server forget its data when the machine loses power: for tests. Raises
    PartUnavailable if no rung works. Leaving the block stops the server and removes its data.
    """
    part = await climb("postgres", steps(fsync=fsync), lambda step: asyncio.to_thread(step.detect), only=rung)
    try:
        yield part
    finally:
        await part.close()


def steps(*, fsync: bool = True) -> list[Step[PostgresPart]]:
    """The ladder, best rung first."""

    async def from_machine(rung: Rung) -> PostgresPart:
        return await _start_embedded(rung, await asyncio.to_thread(programs.find_local), fsync=fsync)

    async def from_wheel(rung: Rung) -> PostgresPart:
        return await _start_embedded(rung, await asyncio.to_thread(programs.find_wheel), fsync=fsync)

    return [
        Step(given_rung, _use_given),
        Step(lambda: docker_rung("postgres"), _start_container),
        Step(lambda: programs.local_rung(programs.find_local(), programs.find_run_as()), from_machine),
        Step(lambda: programs.wheel_rung(programs.find_wheel(), programs.find_run_as()), from_wheel),
    ]


def given_rung() -> Rung:
    """Rung 1: an address in DATABASE_URL."""
    given = bool(os.environ.get(URL_VARIABLE))
    return Rung("postgres", 1, URL_VARIABLE, given, f"{URL_VARIABLE} is {'set' if given else 'not set'}")


def database_url(url: str, database: str) -> str:
    """`url` with another database."""
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(database, safe="")))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _use_given(rung: Rung) -> PostgresPart:
    """The server of DATABASE_URL, which may be written for SQLAlchemy (`postgresql+asyncpg://`)."""
    scheme, _, rest = os.environ[URL_VARIABLE].partition("://")
    if scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise PartUnavailable(f"{URL_VARIABLE} is no postgresql:// address")
    url = f"postgresql://{rest}"
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise PartUnavailable(f"the database of {URL_VARIABLE} does not answer: {error}") from error
    version = connection.get_server_version()
    await connection.close()
    if version.major < programs.VERSION_MIN:
        raise PartUnavailable(f"{URL_VARIABLE} is PostgreSQL {version.major}, older than {programs.VERSION_MIN}")
    return PostgresPart(url, rung, UncontrolledServer(f"the database of {URL_VARIABLE}"))


async def _start_container(rung: Rung) -> PostgresPart:
    """Tested for detection only (docker_daemon.py)."""
    from docker.errors import DockerException  # type: ignore[import-untyped]
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(IMAGE, username=USER, password=secrets.token_urlsafe(16), dbname=DATABASE)
    try:
        await asyncio.to_thread(container.with_command("postgres -c max_connections=300 -c timezone=UTC").start)
    except (DockerException, OSError, TimeoutError) as error:
        await asyncio.to_thread(container.stop)
        raise PartUnavailable(f"the container of {IMAGE} did not start: {error}") from error
    return PostgresPart(container.get_connection_url(driver=None), rung, UncontrolledServer("a container", container))


async def _start_embedded(rung: Rung, binaries: programs.Binaries | None, *, fsync: bool) -> PostgresPart:
    run_as = programs.find_run_as()
    if binaries is None or run_as is None:
        raise PartUnavailable("PostgreSQL's programs are gone")
    folder = await asyncio.to_thread(new_run_folder, "postgres")
    guarded = await asyncio.to_thread(Guarded, folder)
    try:
        binaries = await asyncio.to_thread(programs.reachable_binaries, binaries, run_as, folder.path)
        password = secrets.token_urlsafe(16)
        await _initialise(guarded, binaries, run_as, password)
        server, url = await _start_on_a_free_port(guarded, binaries, run_as, password, fsync=fsync)
        part = PostgresPart(database_url(url, DATABASE), rung, server, maintenance_url=url)
        await part.create_database(DATABASE)
    except BaseException:
        await asyncio.to_thread(guarded.close)
        raise
    return part


async def _initialise(guarded: Guarded, binaries: programs.Binaries, run_as: programs.RunAs, password: str) -> None:
    """A data folder of `run_as` with one superuser. Nothing but a password over loopback lets anybody in."""
    folder = guarded.folder.path
    data, password_file = folder / "data", folder / "password"
    data.mkdir(mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    for path in (data, password_file):
        _give_to(path, run_as)
    options = ["--username", USER, "--pwfile", str(password_file), "--auth-host=scram-sha-256", "--auth-local=reject",
               "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]  # fmt: skip
    command = [str(binaries.folder / "initdb"), "--pgdata", str(data), *options]
    await run_to_end(guarded, _program(guarded, command, run_as), seconds_max=INITDB_SECONDS_MAX)
    password_file.unlink()


async def _start_on_a_free_port(
    guarded: Guarded, binaries: programs.Binaries, run_as: programs.RunAs, password: str, *, fsync: bool
) -> tuple[GuardedPostgres, str]:
    """The running server and its URL; tries another port if somebody else was quicker."""
    for attempt in range(1, PORT_ATTEMPTS_MAX + 1):
        (port,) = free_ports(1)
        url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
        command = [str(binaries.folder / "postgres"), "-D", str(guarded.folder.path / "data"), *_settings(port, fsync)]
        program = _program(guarded, command, run_as)
        server = GuardedPostgres(guarded, program, url)
        try:
            await server.start()
        except PartUnavailable:
            if attempt == PORT_ATTEMPTS_MAX or "Address already in use" not in tail(program.log):
                raise
        else:
            return server, url
    raise AssertionError("the last attempt returns or raises")


def _settings(port: int, fsync: bool) -> list[str]:
    switch = "on" if fsync else "off"
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "300",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "fsync": switch,
        "full_page_writes": switch,
    }
    return [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]


def _program(guarded: Guarded, command: list[str], run_as: programs.RunAs) -> Program:
    folder = guarded.folder.path
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return Program(command, folder / "postgres.log", folder, IMMEDIATE, {**env, "LC_ALL": "C"}, run_as.uid, run_as.gid)


def _give_to(path: Path, run_as: programs.RunAs) -> None:
    if run_as.uid is not None and run_as.gid is not None:
        shutil.chown(path, run_as.uid, run_as.gid)
