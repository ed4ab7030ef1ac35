"""Limits on what a request may take: database time, body size and time, requests at once (style.md rule 9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection

DATABASE_SECONDS_MAX = 5.0
CHANGE_SECONDS_MAX = 20.0
BODY_BYTES_MAX = 1_048_576
BODY_SECONDS_MAX = 10.0
REQUESTS_AT_ONCE_MAX = 512
WAIT_SECONDS_MAX = 30.0
IDS_MAX = 500
PAGE_ROWS_MAX = 200
PAGE_ROWS = 50


@asynccontextmanager
async def bounded(seconds: float = DATABASE_SECONDS_MAX) -> AsyncIterator[None]:
    """TimeoutError, which is answered with 503, when what is inside takes longer."""
    async with asyncio.timeout(seconds):
        yield


@asynccontextmanager
async def reading(gate: Gate) -> AsyncIterator[Connection]:
    """A connection for single reads, for a bounded time, waiting for the pool included."""
    async with bounded(), gate.database.reading() as connection:
        yield connection
