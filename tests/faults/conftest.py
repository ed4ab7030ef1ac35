"""A plant of its own for each test, on the session's parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.local.kafka import KafkaPart
from tests.faults.plant import Plant, new_plant


@pytest.fixture
async def plant(database_url: str, kafka: KafkaPart, topic_prefix: str, tmp_path: Path) -> AsyncIterator[Plant]:
    async with new_plant(database_url, kafka.bootstrap_servers, topic_prefix, tmp_path) as made:
        yield made
