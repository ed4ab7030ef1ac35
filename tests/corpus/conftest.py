"""A gate over a database of its own, in which the trade's rules are recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.gatekeeper.migrations.run import migrate
from tests.pipeline.feeding import PARTITIONS, Feeder
from tests.pipeline.trade import RULES


@pytest.fixture
async def feeder(database_url: str) -> AsyncIterator[Feeder]:
    """With a clock that stands still; a partition may be as unreadable as it likes, which otherwise would stop it."""
    await migrate(database_url, partitions=PARTITIONS)
    opened = await Feeder.open(database_url, name="corpus", unreadable_share_max=1.0)
    await opened.tell(*RULES)
    yield opened
    await opened.close()
