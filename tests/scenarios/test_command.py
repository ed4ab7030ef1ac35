"""`holdgate scenarios run`: what it prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.gatekeeper.pipeline.wire_out import ROLES
from services.local.postgres import URL_VARIABLE, PostgresPart
from services.local.scenarios.command import run_scenarios

ITEM = "{type: item.upserted, data: {item_no: BOLT, version: 1, classification: NOT_CONTROLLED, hs_code: '7318'}}"
SHIPMENT = (
    "{event: {type: shipment.upserted, data: {shipment_id: S1, version: 1, exporter_id: E1, movement: DOMESTIC,"
    " lines: [{line_no: 1, item_no: BOLT}]}}, expect: [{shipment: S1, state: %s}, {emitted: {shipment: S1}}]}"
)


def _written(folder: Path, state: str, *, policy: str = "{}", more: str = "{expect: []}") -> Path:
    path = folder / "own.yaml"
    steps = f"[{SHIPMENT % state}, {more}]"
    path.write_text(
        f"scenarios:\n  - {{id: A1, title: a bolt, clock: 2026-03-02T09:00:00+08:00, policy: {policy},"
        f" given: [{ITEM}], steps: {steps}}}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def given_database(postgres: PostgresPart, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's server as the first rung of the ladder."""
    monkeypatch.setenv(URL_VARIABLE, postgres.url)


@pytest.mark.usefixtures("given_database")
async def test_the_document_has_an_actual_for_every_expectation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _written(tmp_path, "RELEASED")
    assert await run_scenarios([path], json=True) == 0
    printed = capsys.readouterr()
    released: dict[str, Any] = {"state": "RELEASED", "reasons": [], "directives": dict.fromkeys(ROLES, "PROCEED")}
    step = {
        "expected": [{"shipment": "S1", "state": "RELEASED"}, {"emitted": {"shipment": "S1"}}],
        "actual": [{"shipment": "S1", **released}, {"emitted": {"shipment": "S1", "count": 1}}],
    }
    scenario = {"id": "A1", "file": str(path), "passed": True, "steps": [step, {"expected": [], "actual": []}]}
    document = json.loads(printed.out)
    coverage = document.pop("coverage")
    assert document == {"passed": 1, "failed": 0, "scenarios": [scenario]}
    assert (coverage["states"], coverage["reasons"]) == ({"RELEASED": 1}, {})
    assert "rung 1" in printed.err


@pytest.mark.usefixtures("given_database")
async def test_what_is_otherwise_is_said_and_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run_scenarios([_written(tmp_path, "HELD")], json=False) == 1
    printed = capsys.readouterr().out
    assert "FAILED  A1" in printed
    assert "step 1: shipment S1: state is RELEASED, expected HELD" in printed
    assert printed.endswith("0 passed, 1 failed\n")


@pytest.mark.usefixtures("given_database")
async def test_a_reply_and_what_nobody_knows_are_shown_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = (
        "{call: {method: GET, path: '/v1/holds/{hold:S1:QTY_EXCEEDED}/none'}, expect: [{status: 404},"
        " {shipment: S9}, {order: O9}, {licence: L9, line: 1}, {notice: N9},"
        " {hold: {shipment: S1, reason: MISSING_DATA}}]}"
    )
    with capture_logs():
        assert await run_scenarios([_written(tmp_path, "RELEASED", more=more)], json=True) == 1
    answer, *rest = json.loads(capsys.readouterr().out)["scenarios"][0]["steps"][1]["actual"]
    assert answer["body"]["status"] == 404
    assert rest == [
        {"shipment": "S9", "state": "UNKNOWN", "reasons": [], "directives": dict.fromkeys(ROLES, "STOP")},
        {"order": "O9", "state": "UNKNOWN", "reasons": []},
        {"licence": "L9", "line": 1, "status": None},
        {"notice": "N9", "status": None},
        {"hold": {"shipment": "S1", "reason": None}, "detail": None},
    ]


async def test_bad_input_ends_with_two_before_anything_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run_scenarios([tmp_path / "gone.yaml"], json=True) == 2
    assert await run_scenarios([_written(tmp_path, "{}")], json=True) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "gone.yaml: there is no such file" in printed.err
    assert "own.yaml: scenario A1, step 1: state must be text" in printed.err
