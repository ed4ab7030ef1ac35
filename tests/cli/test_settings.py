"""Settings: each in its range, named when it is wrong; and what a command says without its servers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from services.gatekeeper.wiring import BadSetting, Settings
from services.kit.postgres import server_of

SECRET = "s3cr3t-word"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HOLDGATE_PARTITIONS", "0", "from 1 to 1000"),
        ("HOLDGATE_PARTITIONS", "1001", "from 1 to 1000"),
        ("HOLDGATE_PARTITIONS", "4.5", "from 1 to 1000"),
        ("HOLDGATE_BATCH_RECORDS_MAX", "0", "from 1 to 10000"),
        ("HOLDGATE_BATCH_RECORDS_MAX", "10001", "from 1 to 10000"),
        ("HOLDGATE_TRANSACTIONS_PER_SECOND_MAX", "0", "from 1"),
        ("HOLDGATE_SWEEP_CHUNK", "-1", "from 1 to 10000"),
        ("HOLDGATE_UNREADABLE_SHARE_MAX", "1.01", "from 0 to 1"),
        ("HOLDGATE_UNREADABLE_SHARE_MAX", "nan", "from 0 to 1"),
        ("HOLDGATE_UNREADABLE_WINDOW", "1", "from 2"),
        ("HOLDGATE_SESSION_TIMEOUT_MS", "999", "from 1000"),
        ("HOLDGATE_API_PORT", "65536", "from 0 to 65535"),
        ("HOLDGATE_METRICS_PORT", "-1", "from 0 to 65535"),
        ("HOLDGATE_TRANSACTIONS", "perhaps", "bool"),
        ("HOLDGATE_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("HOLDGATE_FAILPOINTS", "batch.before_commit=explode", "batch.before_commit"),
        ("HOLDGATE_FAILPOINTS", "batch.before_commit=kill@0", "batch.before_commit"),
        ("HOLDGATE_DATABASE_URL", f"mysql://u:{SECRET}@db/holdgate", "postgresql://"),
        ("HOLDGATE_DATABASE_URL", f"postgresql://u:{SECRET}/x@db/holdgate", "postgresql://"),
        ("HOLDGATE_DATABASE_URL", f"postgresql://u:{SECRET}@db:port/holdgate", "postgresql://"),
        ("HOLDGATE_KAFKA_BOOTSTRAP_SERVERS", "kafka:port", "host:port"),
        ("HOLDGATE_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092,", "host:port"),
        ("HOLDGATE_TOPIC_PREFIX", "a b", "letters"),
        ("HOLDGATE_ENVIRONMENT", "", "letters"),
    ],
)
def test_a_value_out_of_its_range_is_refused_by_name(variable: str, value: str, said: str) -> None:
    with pytest.raises(BadSetting) as refused:
        Settings.from_environment({variable: value})
    assert str(refused.value).startswith(variable)
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


def test_the_ends_of_each_range_are_taken() -> None:
    read = Settings.from_environment(
        {
            "HOLDGATE_PARTITIONS": "1000",
            "HOLDGATE_UNREADABLE_SHARE_MAX": "0",
            "HOLDGATE_UNREADABLE_WINDOW": "2",
            "HOLDGATE_SESSION_TIMEOUT_MS": "1000",
            "HOLDGATE_METRICS_PORT": "0",
            "HOLDGATE_FAILPOINTS": "batch.after_commit=kill@3, publish.after_send=error",
        }
    )
    assert (read.partitions, read.unreadable_share_max, read.metrics_port) == (1000, 0.0, 0)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p%40w@db.example:5432/holdgate?sslmode=require",
        "postgres://db/holdgate",
        "postgresql://u@[::1]:5432/holdgate",
        "postgresql://u@one:5432,two:5433/holdgate",
        "postgresql:///holdgate?host=/var/run/postgresql&port=5433",
        "postgresql://u@%2Fvar%2Frun:5432/holdgate",
    ],
)
def test_every_way_to_write_a_database_is_taken(url: str) -> None:
    assert Settings.from_environment({"DATABASE_URL": url}).database_url == url


def test_a_misspelt_setting_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(BadSetting, match=r"HOLDGATE_PARTITION is no setting; did you mean HOLDGATE_PARTITIONS\?"):
        Settings.from_environment({"HOLDGATE_PARTITION": "12"})
    with pytest.raises(BadSetting, match=r"HOLDGATE_XYZZY is no setting$"):
        Settings.from_environment({"HOLDGATE_XYZZY": "12"})


def test_what_tests_tools_and_orchestrators_set_is_let_be() -> None:
    others = {
        "HOLDGATE_REQUIRE_REAL": "1",
        "HOLDGATE_REQUIRE_SHARED": "1",
        "HOLDGATE_CACHE_DIR": "/tmp",
        "HOLDGATE_SERVICE_HOST": "10.0.0.1",
        "HOLDGATE_SERVICE_PORT_HTTP": "80",
        "HOLDGATE_PORT": "tcp://10.0.0.1:80",
        "HOLDGATE_PORT_80_TCP_ADDR": "10.0.0.1",
        "HOME": "/",
    }
    assert Settings.from_environment(others) == Settings()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (f"postgresql://u:{SECRET}@db.example:6432/holdgate", "db.example:6432"),
        (f"postgresql://u:{SECRET}@db.example/holdgate", "db.example:5432"),
        ("postgresql://u@one:5432,two/holdgate", "one:5432,two:5432"),
        ("postgresql:///holdgate?host=/run/pg&port=5433", "/run/pg:5433"),
    ],
)
def test_a_database_is_named_by_its_server_alone(url: str, server: str) -> None:
    assert server_of(url) == server


def holdgate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("HOLDGATE_")}
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=known | environment, timeout=60, check=False)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that is taken, at which nobody answers a connection."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("arguments", [("migrate",), ("lanes",), ("keys", "list")])
def test_a_command_that_cannot_reach_its_database_says_so_in_one_line(
    arguments: tuple[str, ...], silent_port: int
) -> None:
    url = f"postgresql://officer:{SECRET}@127.0.0.1:{silent_port}/holdgate"
    said = holdgate(*arguments, HOLDGATE_DATABASE_URL=url, HOLDGATE_LOG_LEVEL="ERROR")
    assert said.returncode == 1, said.stderr
    assert len(said.stderr.splitlines()) == 1, said.stderr
    assert f"PostgreSQL at 127.0.0.1:{silent_port}" in said.stderr
    assert SECRET not in said.stdout + said.stderr


def test_a_command_that_cannot_reach_kafka_says_so_without_a_traceback(silent_port: int) -> None:
    said = holdgate("topics", "check", HOLDGATE_KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{silent_port}")
    assert said.returncode == 1
    assert f"Kafka at 127.0.0.1:{silent_port}" in said.stderr.splitlines()[-1]
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    "setting", [{"HOLDGATE_FAILPOINTS": "x=explode"}, {"HOLDGATE_PARTITIONS": "0"}, {"HOLDGATE_LOG_LEVL": "INFO"}]
)
def test_a_wrong_setting_ends_a_command_with_code_2_and_one_line(setting: dict[str, str]) -> None:
    said = holdgate("gatekeeper", **setting)
    assert said.returncode == 2
    assert len(said.stderr.splitlines()) == 1
    assert next(iter(setting)) in said.stderr
