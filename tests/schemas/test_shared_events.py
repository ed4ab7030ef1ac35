from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.reading import read_event
from schemas.topics import topic_of

SHARED = Path(__file__).parents[3] / "shared"
FILES = sorted([*(SHARED / "fixtures").glob("*.yaml"), *(SHARED / "scenarios").glob("*.yaml")])


def _events(document: dict[str, Any]) -> list[dict[str, Any]]:
    events = list(document.get("given", []))
    for scenario in document.get("scenarios", []):
        events += scenario.get("given", [])
        events += [step["event"] for step in scenario["steps"] if "event" in step]
    return events


def _wire(value: object) -> str:
    """YAML knows days and times of its own; the wire has strings."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


@pytest.mark.skipif(not FILES, reason="the shared scenarios don't stand beside this clone")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_event_of_the_shared_scenarios_is_read(path: Path) -> None:
    for event in _events(yaml.safe_load(path.read_text(encoding="utf-8"))):
        suffix = event["type"] + ".v1"
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", b"e1"),
            ("ce_source", b"/scenario"),
            ("ce_type", f"io.holdgate.{suffix}".encode()),
            ("ce_time", b"2026-03-02T09:00:00+08:00"),
        ]
        value = json.dumps(event["data"], default=_wire).encode()
        assert read_event(topic_of(suffix).name, headers, None, value).type_suffix == suffix
