"""The command line as its users call it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from services.gatekeeper.migrations.run import migrate

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def holdgate(database_url: str) -> Run:
    """Run `holdgate` with this test's database; `given` is its standard input."""

    def run(*arguments: str, given: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("HOLDGATE_")}
        settings = {"HOLDGATE_DATABASE_URL": database_url, "HOLDGATE_PARTITIONS": "4"} | environment
        command = [sys.executable, "-m", "services.cli", *arguments]
        return subprocess.run(
            command, input=given, capture_output=True, text=True, env=known | settings, timeout=120, check=False
        )

    return run


@pytest.fixture
async def migrated(database_url: str) -> str:
    await migrate(database_url, partitions=4)
    return database_url
