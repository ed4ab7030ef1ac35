"""The benchmark runs on real parts and says all that it promises to; how fast this machine is, is no test."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from services.local.kafka import KafkaPart
from tests.bench.hearing import BenchFailed, Ear, per_second, percentile
from tests.bench.sizes import QUICK, Sizes, parse

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 240
TINY = {
    "events": 600,
    "usual-events": 20,
    "passthrough-events": 600,
    "notice-shipments": 100,
    "latency-rate": 50,
    "latency-seconds": 1,
    "stream-seconds": 0.5,
    "stream-ahead": 500,
    "status-queries": 20,
}


async def _run(*arguments: str, servers: str) -> tuple[int | None, str, str]:
    """Exit code, standard output, standard error; the broker is the one that the other tests use."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench", *arguments,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": servers},
    )  # fmt: skip
    try:
        output, errors = await asyncio.wait_for(child.communicate(), SECONDS_MAX)
    except TimeoutError:
        child.terminate()
        output, errors = await child.communicate()
        pytest.fail(f"not within {SECONDS_MAX} s: {errors.decode()}")
    return child.returncode, output.decode(), errors.decode()


async def test_one_run_prints_one_document_with_every_figure(kafka: KafkaPart) -> None:
    sizes = [text for name, size in TINY.items() for text in (f"--{name}", str(size))]
    code, output, errors = await _run("--quick", "--json", *sizes, servers=kafka.bootstrap_servers)
    assert code == 0, errors
    found: dict[str, Any] = json.loads(output)
    for name in ("decided_per_second", "session_per_event_per_second", "passthrough_per_second", "memory_mib"):
        assert found[name] > 0, name
    for name in ("latency_ms", "status_ms"):
        assert 0 < found[name]["p50"] <= found[name]["p99"], name
    notice = found["notice"]
    assert notice["shipments"] == TINY["notice-shipments"]
    assert 0 < notice["first_hold_ms"] <= notice["last_hold_ms"]
    assert notice["effective_ms"] > 0
    assert notice["stream_share"] >= 0
    assert found["rungs"]["postgres"]["fsync"] == "on"
    assert found["rungs"]["kafka"]["number"] == 1
    assert found["sizes"]["events"] == TINY["events"]


def test_a_gap_in_a_lane_ends_the_run() -> None:
    class Record:
        key = b"B-1"
        headers = (("ce_laneseq", b"2"), ("ce_type", b"io.holdgate.shipment.released.v1"))

    with pytest.raises(BenchFailed, match="2 after 0"):
        Ear().hear(0, [Record()], 1.0)


def test_a_rate_counts_from_the_first_to_the_last_that_was_seen() -> None:
    assert per_second([10.0, 10.0, 11.0, 12.0]) == 1.0


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert [percentile([3, 1, 2, 4], percent) for percent in (50, 99)] == [2, 4]


def test_quick_sizes_stand_in_for_those_that_are_not_given() -> None:
    assert parse([]).sizes == Sizes()
    assert parse(["--quick", "--events", "7"]).sizes.events == 7
    assert parse(["--quick"]).sizes == QUICK


@pytest.mark.parametrize("wrong", [["--events", "0"], ["--events", "many"], ["--fast"]])
def test_a_size_that_cannot_be_is_bad_usage(wrong: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(wrong)
