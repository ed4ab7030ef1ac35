"""Databases that are migrated, and know the trade's rules, as copies of one template: quick enough for every test."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.gatekeeper.migrations.run import migrate
from services.kit import failpoints
from services.local.postgres import PostgresPart, database_url
from tests.pipeline.feeding import PARTITIONS, Feeder
from tests.pipeline.trade import RULES

Opened = Callable[..., Awaitable[Feeder]]


@pytest.fixture(scope="session")
async def template(postgres: PostgresPart) -> AsyncIterator[str]:
    """The name of a database in which the rules of `feeding.RULES` are recorded."""
    url = await postgres.create_database()
    await migrate(url, partitions=PARTITIONS)
    feeder = await Feeder.open(url, name="rules")
    await feeder.tell(*RULES)
    await feeder.close()
    yield urlsplit(url).path[1:]
    await postgres.drop_database(url)


@asynccontextmanager
async def copy_of(postgres: PostgresPart, template: str) -> AsyncIterator[str]:
    """The address of a copy, dropped afterwards whoever is still connected."""
    name = f"holdgate_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    await connection.close()
    url = database_url(postgres.url, name)
    yield url
    await postgres.drop_database(url)


@pytest.fixture
async def world_url(postgres: PostgresPart, template: str) -> AsyncIterator[str]:
    async with copy_of(postgres, template) as url:
        yield url


@pytest.fixture
async def open_feeder(world_url: str) -> AsyncIterator[Opened]:
    """Further gates on the same database, each with a pool of its own."""
    opened: list[Feeder] = []

    async def open_one(**options: Any) -> Feeder:
        beside = opened[0] if opened else None
        opened.append(await Feeder.open(world_url, beside=beside, **{"name": f"gate-{len(opened)}", **options}))
        return opened[-1]

    yield open_one
    failpoints.configure("")
    for feeder in opened:
        await feeder.close()


@pytest.fixture
async def feeder(open_feeder: Opened) -> Feeder:
    """A gate with a clock that stands still at `feeding.NOW`."""
    return await open_feeder()
