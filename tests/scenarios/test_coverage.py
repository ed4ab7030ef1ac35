"""What a suite has exercised is read from what happened, not from what was expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.gatekeeper.domain.reasons import Reason
from services.local.postgres import URL_VARIABLE, PostgresPart
from services.local.scenarios.command import run_scenarios
from services.local.scenarios.coverage import EVERY

BOLT = "{item_no: BOLT, version: 1, classification: NOT_CONTROLLED, hs_code: '7318'}"
SHIPMENT = "{shipment_id: S1, version: 1, exporter_id: E1, movement: DOMESTIC, lines: [{line_no: 1, item_no: BOLT}]}"
NOTICE = (
    "{notice_id: %s, version: 1, origin: %s, authority_ref: null, text: {zh: 停, en: stop}, effective_until: null,"
    " everything: false, release_by_licence: %s, release_by_review: false, scope: {%s}}"
)
FILE = """
scenarios:
  - id: A1
    clock: 2026-03-02T09:00:00+08:00
    given: [{type: item.upserted, data: %s}]
    steps:
      - event: {type: shipment.upserted, data: %s}
      - event: {type: notice.upserted, data: %s}
      - event: {type: notice.lifted, data: {notice_id: N1, version: 2, reason: over}}
      - event: {type: order.upserted, data: {order_id: O1, version: 1}}
"""


@pytest.fixture
def path(tmp_path: Path, postgres: PostgresPart, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file without a single expectation; the session's server is the first rung of the ladder."""
    monkeypatch.setenv(URL_VARIABLE, postgres.url)
    written = tmp_path / "own.yaml"
    notice = NOTICE % ("N1", "CUSTOMS", "true", "items: [BOLT], parties: []")
    written.write_text(FILE % (BOLT, SHIPMENT, notice), encoding="utf-8")
    return written


async def _document(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert await run_scenarios([path], json=True) == 0
    coverage: dict[str, Any] = json.loads(capsys.readouterr().out)["coverage"]
    return coverage


async def test_reasons_states_and_notice_fields_count_when_they_were_so(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coverage = await _document(path, capsys)
    assert coverage["reasons"]["CUSTOMS_CHALLENGE"] == 1
    assert coverage["reasons"]["MISSING_DATA"] >= 1
    assert coverage["states"] == {"HELD": 1, "RELEASED": 2}
    assert coverage["order_states"] == {"HELD": 1}
    assert coverage["notice_fields"] == {"origin.CUSTOMS": 1, "release_by_licence": 1, "scope.items": 1}


async def test_what_was_never_so_is_named(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coverage = await _document(path, capsys)
    for name, every in EVERY.items():
        assert sorted([*coverage[name], *coverage["missing"][name]]) == sorted(map(str, every))
    assert "STOP_NOTICE" in coverage["missing"]["reasons"]
    assert "scope.parties" in coverage["missing"]["notice_fields"]


async def test_people_read_a_summary_or_a_line_for_each(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run_scenarios([path], json=False) == 0
    short = capsys.readouterr().out
    assert f"of {len(Reason)} reasons, 2 of 5 states, 1 of 3 order states" in short
    assert "no states: INTERCEPT, INCIDENT, CLOSED" in short
    assert short.endswith("1 passed, 0 failed\n")
    assert await run_scenarios([path], json=False, coverage=True) == 0
    whole = capsys.readouterr().out
    assert "     1  reasons  CUSTOMS_CHALLENGE" in whole
    assert "     0  reasons  STOP_NOTICE" in whole


ELSEWHERE = {
    "ENGINE_ERROR": "no scenario can make a rule fail: tests/pipeline/postgres/test_failing_rules.py",
}
"""Reasons that this project's own scenarios don't meet, and why. One that is met must go."""


@pytest.mark.usefixtures("path")
async def test_the_projects_own_scenarios_meet_every_state_notice_field_and_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capture_logs():
        assert await run_scenarios(sorted(Path(__file__).parent.glob("*.yaml")), json=True) == 0
    missing = json.loads(capsys.readouterr().out)["coverage"]["missing"]
    assert (missing["states"], missing["order_states"], missing["notice_fields"]) == ([], [], [])
    assert sorted(missing["reasons"]) == sorted(ELSEWHERE)
