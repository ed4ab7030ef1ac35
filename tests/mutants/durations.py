"""A pytest plugin that notes how long each test function takes, all its examples together."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

from tests.mutants.baseline import NOTED

_seconds: dict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid.partition("[")[0]] += report.duration


def pytest_sessionfinish() -> None:
    Path(os.environ[NOTED]).write_text(json.dumps(_seconds), encoding="utf-8")
