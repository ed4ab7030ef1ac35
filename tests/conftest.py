"""What every test may ask for: real parts shared by the session, and a database and topic names of its own."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

from services.local.kafka import KafkaPart, start_kafka
from services.local.ladder import PartUnavailable, real_parts_required
from services.local.postgres import PostgresPart, start_postgres

# No time limit: the machine may be busy. The same examples each time, so that a run tells of the code, not of chance;
# `--hypothesis-profile=thorough` looks longer, and elsewhere each time.
settings.register_profile(
    "holdgate", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", parent=settings.get_profile("holdgate"), derandomize=False, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "holdgate"))


def _missing(error: PartUnavailable) -> None:
    """A part that can't be had fails the run where real parts are required, and skips the test elsewhere."""
    if real_parts_required():
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[PostgresPart]:
    """A real PostgreSQL for the whole session. Without fsync: tests end processes, not machines."""
    starting = start_postgres(fsync=False)
    try:
        part = await starting.__aenter__()
    except PartUnavailable as error:
        _missing(error)
    yield part
    await starting.__aexit__(None, None, None)


@pytest.fixture(scope="session")
async def kafka() -> AsyncIterator[KafkaPart]:
    """A real Kafka for the whole session; the mock is none."""
    starting = start_kafka()
    try:
        part = await starting.__aenter__()
        if not part.rung.real:
            await starting.__aexit__(None, None, None)
            raise PartUnavailable(f"this test needs a real Kafka; here is {part.rung}")
    except PartUnavailable as error:
        _missing(error)
    yield part
    await starting.__aexit__(None, None, None)


@pytest.fixture
async def database_url(postgres: PostgresPart) -> AsyncIterator[str]:
    """A fresh, empty database (asyncpg's `postgresql://…`), dropped afterwards whoever is still connected."""
    url = await postgres.create_database()
    yield url
    await postgres.drop_database(url)


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> str:
    """A prefix for the names of topics, groups and transactional ids: tests share one broker and never meet."""
    return f"{re.sub(r'[^a-z0-9]+', '-', request.node.name.lower())[:40].strip('-')}-{secrets.token_hex(4)}."
