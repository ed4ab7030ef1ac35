"""An embedded Kafka: a given one, a container, a broker on the machine's Java, or a mock (design.md §5)."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.local.docker_daemon import docker_rung
from services.local.folders import free_ports, new_run_folder, tail
from services.local.guarded import KILL, Guarded, Program, run_to_end, wait_until_ready
from services.local.kafka_jars import java_rung, kafka_jars
from services.local.ladder import PartUnavailable, Rung, Step, climb
from services.local.server import Server, UncontrolledServer

SERVERS_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
PORT_ATTEMPTS_MAX = 3
ASK_SECONDS_MAX = 5.0
FORMAT_SECONDS_MAX = 60.0
START_SECONDS_MAX = 90.0
CLEAN: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 20.0),)
DISCARD: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 3.0),)
HEAP = "-Xmx512m"
COLLIDED = "Address already in use"


class GuardedKafka:
    """A broker under a guardian: same port and data folder over stop, kill and restart."""

    def __init__(self, guarded: Guarded, program: Program, bootstrap_servers: str) -> None:
        self._guarded = guarded
        self._program = program
        self._bootstrap_servers = bootstrap_servers

    async def start(self) -> None:
        await asyncio.to_thread(self._guarded.start, self._program)
        await wait_until_ready(self._guarded, self._program, self._answers, seconds_max=START_SECONDS_MAX)

    async def stop(self) -> None:
        await asyncio.to_thread(self._guarded.stop, CLEAN)

    async def kill(self) -> None:
        await asyncio.to_thread(self._guarded.stop, KILL)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def close(self) -> None:
        await asyncio.to_thread(self._guarded.close)

    async def _answers(self) -> bool:
        return await answers(self._bootstrap_servers)


class KafkaPart:
    """A Kafka to work with. `transactions` is False on the mock rung alone: one group member there, and no admin.

    `stop`, `kill` (no warning: a crash) and `restart` (also after those two; the same port and data) work where the
    broker is ours, see `controllable`; elsewhere they raise PartUnavailable.
    """

    def __init__(self, bootstrap_servers: str, rung: Rung, server: Server, *, transactions: bool = True) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.rung = rung
        self.transactions = transactions
        self.controllable = isinstance(server, GuardedKafka)
        self._server = server

    async def stop(self) -> None:
        await self._server.stop()

    async def kill(self) -> None:
        await self._server.kill()

    async def restart(self) -> None:
        await self._server.restart()

    async def close(self) -> None:
        """Stop what was started for this part and remove its data."""
        await self._server.close()


@asynccontextmanager
async def start_kafka(*, rung: int | None = None) -> AsyncIterator[KafkaPart]:
    """Kafka from the first possible rung (or from `rung`), for as long as the block lasts.

    With HOLDGATE_REQUIRE_REAL the mock counts as a failure. Raises PartUnavailable if no rung works. Leaving the block
    stops the broker and removes its data.
    """
    part = await climb("kafka", steps(), lambda step: asyncio.to_thread(step.detect), only=rung)
    try:
        yield part
    finally:
        await part.close()


def steps() -> list[Step[KafkaPart]]:
    """The ladder, best rung first."""
    return [
        Step(given_rung, _use_given),
        Step(lambda: docker_rung("kafka"), _start_container),
        Step(java_rung, _start_broker),
        Step(mock_rung, _start_mock),
    ]


def given_rung() -> Rung:
    """Rung 1: addresses in KAFKA_BOOTSTRAP_SERVERS."""
    given = bool(os.environ.get(SERVERS_VARIABLE))
    return Rung("kafka", 1, SERVERS_VARIABLE, given, f"{SERVERS_VARIABLE} is {'set' if given else 'not set'}")


def mock_rung() -> Rung:
    """Rung 4: the mock inside confluent-kafka, for a first look only."""
    possible = importlib.util.find_spec("confluent_kafka") is not None
    why = (
        "a mock for a first look: one group member, no transactions, no admin"
        if possible
        else "confluent-kafka is not installed (pip install 'holdgate[local]')"
    )
    return Rung("kafka", 4, "mock", possible, why, real=False)


async def answers(bootstrap_servers: str) -> bool:
    """Whether a broker answers there and is ready to serve."""
    if not await _listens(bootstrap_servers):
        return False
    # Only an admin client asks for no topic; its own retries would outlast the caller's patience.
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=int(ASK_SECONDS_MAX * 1000))
    try:
        await asyncio.wait_for(admin.start(), ASK_SECONDS_MAX)
        cluster = await asyncio.wait_for(admin.describe_cluster(), ASK_SECONDS_MAX)
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()
    return bool(cluster["brokers"])


async def _listens(bootstrap_servers: str) -> bool:
    """Whether any of the addresses takes a connection: asked first because a client logs each refusal as an error."""
    for address in bootstrap_servers.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), ASK_SECONDS_MAX)
        except (OSError, TimeoutError, ValueError):
            continue
        writer.close()
        return True
    return False


async def _use_given(rung: Rung) -> KafkaPart:
    servers = os.environ[SERVERS_VARIABLE]
    if not await answers(servers):
        raise PartUnavailable(f"no broker of {SERVERS_VARIABLE} ({servers}) answers")
    return KafkaPart(servers, rung, UncontrolledServer(f"the broker of {SERVERS_VARIABLE}"))


async def _start_container(rung: Rung) -> KafkaPart:
    """Tested for detection only (docker_daemon.py)."""
    from docker.errors import DockerException  # type: ignore[import-untyped]
    from testcontainers.community.kafka import KafkaContainer

    container = KafkaContainer().with_kraft()
    for name, value in _single_broker_settings().items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    try:
        await asyncio.to_thread(container.start, int(START_SECONDS_MAX))
    except (DockerException, OSError, TimeoutError) as error:
        await asyncio.to_thread(container.stop)
        raise PartUnavailable(f"the container of Kafka did not start: {error}") from error
    return KafkaPart(container.get_bootstrap_server(), rung, UncontrolledServer("a container", container))


async def _start_broker(rung: Rung) -> KafkaPart:
    jars = await kafka_jars()
    for attempt in range(1, PORT_ATTEMPTS_MAX + 1):
        folder = await asyncio.to_thread(new_run_folder, "kafka")
        guarded = await asyncio.to_thread(Guarded, folder)
        log = folder.path / "kafka.log"
        try:
            server, servers = await _format_and_start(guarded, jars, log)
        except BaseException as error:
            collided = COLLIDED in tail(log)
            await asyncio.to_thread(guarded.close)
            if isinstance(error, PartUnavailable) and collided and attempt < PORT_ATTEMPTS_MAX:
                continue
            raise
        return KafkaPart(servers, rung, server)
    raise AssertionError("the last attempt returns or raises")


async def _format_and_start(guarded: Guarded, jars: Path, log: Path) -> tuple[GuardedKafka, str]:
    folder = guarded.folder.path
    broker_port, controller_port = free_ports(2)
    settings = folder / "server.properties"
    settings.write_text(_properties({**_addresses(folder, broker_port, controller_port), **_single_broker_settings()}))
    (folder / "log4j2.properties").write_text(_properties(_logging()))
    tool = ["kafka.tools.StorageTool", "format", "--cluster-id", _cluster_id(), "--config", str(settings)]
    await run_to_end(guarded, Program(_java(jars, folder, tool), log, folder), seconds_max=FORMAT_SECONDS_MAX)
    servers = f"127.0.0.1:{broker_port}"
    program = Program(_java(jars, folder, ["kafka.Kafka", str(settings)]), log, folder, DISCARD)
    server = GuardedKafka(guarded, program, servers)
    await server.start()
    return server, servers


def _cluster_id() -> str:
    """Sixteen bytes as Kafka writes them; never with a leading dash, which would read as an option."""
    return base64.urlsafe_b64encode(b"H" + secrets.token_bytes(15)).decode().rstrip("=")


def _java(jars: Path, folder: Path, arguments: list[str]) -> list[str]:
    java = shutil.which("java") or "java"
    return [java, HEAP, "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true", f"-Djava.io.tmpdir={folder}",
            f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}", "-cp", f"{jars}/*", *arguments]  # fmt: skip


def _addresses(folder: Path, broker_port: int, controller_port: int) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://127.0.0.1:{broker_port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker_port}",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder / "data"),
    }


def _single_broker_settings() -> dict[str, str]:
    """What one small broker needs: nothing replicated, no waiting for others, memory for a laptop."""
    return {
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.num.partitions": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # Tests of a take-over want a member that died to be noticed sooner than the usual 6 s.
        "group.min.session.timeout.ms": "1000",
        # A broker that was killed may not register again before its last session has ended (usually 9 s).
        "broker.heartbeat.interval.ms": "1000",
        "broker.session.timeout.ms": "4000",
        "log.cleaner.dedupe.buffer.size": "4194304",
        "auto.create.topics.enable": "false",
    }


def _logging() -> dict[str, str]:
    return {
        "status": "error",
        "appender.out.type": "Console",
        "appender.out.name": "out",
        "appender.out.layout.type": "PatternLayout",
        "appender.out.layout.pattern": "%d{ISO8601_OFFSET_DATE_TIME_HHCMM} %p %c{1} %m%n",
        "rootLogger.level": "warn",
        "rootLogger.appenderRef.out.ref": "out",
    }


def _properties(settings: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


async def _start_mock(rung: Rung) -> KafkaPart:
    """librdkafka's mock lives inside this process, for as long as the client that made it."""
    from confluent_kafka import KafkaException, Producer

    producer: Any = Producer({"test.mock.num.brokers": 1})
    try:
        metadata = await asyncio.to_thread(producer.list_topics, None, ASK_SECONDS_MAX)
    except KafkaException as error:
        raise PartUnavailable(f"the mock did not start: {error}") from error
    servers = ",".join(f"{broker.host}:{broker.port}" for broker in metadata.brokers.values())
    return KafkaPart(servers, rung, UncontrolledServer("the mock", keep=producer), transactions=False)
