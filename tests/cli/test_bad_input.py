"""What can't be used ends with 2, says which option, setting, file or key, and shows no inside of the program."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.local.scenarios.command import run_scenarios

NO_ID = "00000000-0000-0000-0000-00000000000g"
USED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "a command nobody knows": (("release", "S1"), {}, "release"),
    "an option nobody knows": (("lanes", "--jsn"), {}, "--jsn"),
    "a record by no UUID": (("quarantine", "show", NO_ID), {}, "quarantine_id"),
    "a repaired body that isn't there": (
        ("quarantine", "replay", NO_ID[:-1] + "0", "--value", "gone.json"), {}, "gone.json",
    ),
    "a partition by name": (("quarantine", "resume", "trade.orders.v1", "first"), {}, "partition"),
    "an offset below zero": (("quarantine", "resume", "trade.orders.v1", "0", "--at", "-1"), {}, "--at"),
    "too many records": (("quarantine", "list", "--most", "10001"), {}, "--most"),
    "a key without scope": (("keys", "create", "x"), {}, "--scope"),
    "partitions below one": (("lanes",), {"HOLDGATE_PARTITIONS": "0"}, "HOLDGATE_PARTITIONS"),
    "a share above one": (("lanes",), {"HOLDGATE_UNREADABLE_SHARE_MAX": "1.5"}, "HOLDGATE_UNREADABLE_SHARE_MAX"),
    "a port that there isn't": (("api",), {"HOLDGATE_API_PORT": "70000"}, "HOLDGATE_API_PORT"),
    "a scenario file that isn't there": (("scenarios", "run", "gone.yaml"), {}, "gone.yaml"),
    "no scenario file": (("scenarios", "run"), {}, "paths"),
}  # fmt: skip


def _run(arguments: tuple[str, ...], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("HOLDGATE_")}
    settings = {"HOLDGATE_DATABASE_URL": "postgresql://127.0.0.1:1/none", "TERM": "dumb", "COLUMNS": "200"}
    command = [sys.executable, "-m", "services.cli", *arguments]
    every = known | settings | environment
    return subprocess.run(command, capture_output=True, text=True, env=every, timeout=120, check=False)


def test_bad_usage_ends_with_two_and_names_what_is_wrong() -> None:
    with ThreadPoolExecutor(4) as several:
        ended = dict(zip(USED, several.map(lambda what: _run(*USED[what][:2]), USED), strict=True))
    faults = []
    for what, (_, _, named) in USED.items():
        said = ended[what].stdout + ended[what].stderr
        if ended[what].returncode != 2 or named not in said or "Traceback" in said:
            faults.append(f"{what}: {ended[what].returncode} {said[-300:]}")
    assert "\n".join(faults) == ""


HEAD = "scenarios: [{id: A1, clock: 2026-03-02T09:00:00+08:00, "
STEPS = "steps: [{event: {type: order.cancelled, data: {order_id: O1, version: 2}}}]"
FILES = {
    "no YAML": ("scenarios: [", "own.yaml"),
    "a list": ("[]", "mapping"),
    "no text": ("\x00", "own.yaml"),
    "nested without end": ("[" * 20_000, "own.yaml"),
    "a key twice": ("scenarios: []\nscenarios: []", "'scenarios' is given twice"),
    "a key nobody knows": ("scenarios: []\nfixtures: x", "'fixtures'"),
    "a fixture that isn't there": ("fixture: gone.yaml\nscenarios: []", "gone.yaml"),
    "no clock": ("scenarios: [{id: A1, steps: [{expect: []}]}]", "clock"),
    "a naive clock": ("scenarios: [{id: A1, clock: 2026-03-02T09:00:00, steps: [{expect: []}]}]", "clock"),
    "no id": ("scenarios: [{clock: 2026-03-02T09:00:00Z, steps: [{expect: []}]}]", "id"),
    "a policy setting nobody knows": (HEAD + "policy: {combine: true}, " + STEPS + "}]", "'combine'"),
    "a policy setting of another type": (
        HEAD + "policy: {review_valid_days: soon}, " + STEPS + "}]",
        "review_valid_days",
    ),
    "a type nobody knows": (HEAD + "steps: [{event: {type: order.lost, data: {}}}]}]", "'order.lost'"),
    "an event without data": (HEAD + "steps: [{event: {type: order.cancelled}}]}]", "data"),
    "a topic nobody knows": (HEAD + "steps: [{raw: x, topic: trade.letters.v1}]}]", "topic"),
    "a step back in time": (HEAD + "steps: [{advance_to: 2020-01-01T00:00:00Z}]}]", "advance_to"),
    "an expectation nobody knows": (HEAD + "steps: [{expect: [{parcel: S1}]}]}]", "'parcel'"),
    "a reason that is no list": (HEAD + "steps: [{expect: [{shipment: S1, reasons: STOP_NOTICE}]}]}]", "reasons"),
    "a number for an amount": (HEAD + "steps: [{expect: [{licence: L1, free: 0}]}]}]", "free"),
}


@pytest.mark.parametrize("what", FILES)
async def test_a_scenario_file_that_cannot_be_used_ends_with_two_and_names_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    text, named = FILES[what]
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    assert await run_scenarios([path], json=True) == 2
    printed = capsys.readouterr()
    assert (printed.out, named in printed.err, "own.yaml" in printed.err) == ("", True, True), printed.err


async def test_a_scenario_file_that_is_no_text_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(b"scenarios: [\xff\xfe]")
    assert await run_scenarios([path], json=True) == 2
    assert "own.yaml" in capsys.readouterr().err
