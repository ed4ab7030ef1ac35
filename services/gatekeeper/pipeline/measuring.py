"""What can only be measured by asking the database now and then."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import structlog

from services.gatekeeper.pipeline import metrics
from services.gatekeeper.store.measures import NOTICE_MEMORY, read_backlogs, read_counts, read_told_notices
from services.gatekeeper.wiring import Gate
from services.kit.kafka import pause
from services.kit.postgres import CONNECTION_ERRORS, is_retryable

log = structlog.get_logger()

NOTICE_SECONDS = 0.5
STATE_SECONDS = 5.0


class Measuring:
    """Sets gauges until `stop`. `lanes`: those that were given to this process."""

    def __init__(self, gate: Gate, lanes: Callable[[], frozenset[int]]) -> None:
        self._gate = gate
        self._lanes = lanes
        self._stopping = asyncio.Event()
        self._notices_pending: set[tuple[str, int, str]] = set()
        self._notices_seen_until: dt.datetime | None = None

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Look until `stop`. Without an answer there is no measure, and nothing else suffers."""
        looked_at = -STATE_SECONDS
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            try:
                async with self._gate.database.reading() as connection:
                    if 0 in self._gate.owned_lanes:
                        await self._look_at_notices(connection)
                    if loop.time() - looked_at >= STATE_SECONDS:
                        looked_at = loop.time()
                        metrics.STATE.show(await read_counts(connection))
                        await self._look_at_lanes(connection)
            except CONNECTION_ERRORS as error:
                if not is_retryable(error):
                    raise
                log.warning("not_measured", error=repr(error))
            await pause(NOTICE_SECONDS, self._stopping)

    async def _look_at_lanes(self, connection: Any) -> None:
        """Lanes that were taken back meanwhile are others' to measure; a checked lane's lag its publisher tells."""
        for backlog in await read_backlogs(connection, self._lanes()):
            if backlog.lane not in self._lanes():
                continue
            metrics.PUBLISH_AGE.labels(backlog.lane).set(backlog.age_seconds)
            if backlog.lane not in self._gate.owned_lanes:
                metrics.PUBLISH_LAG.labels(backlog.lane).set(backlog.records)

    async def _look_at_notices(self, connection: Any) -> None:
        """The owner of lane 0 measures how long notices took; those from before it began are not its own to measure."""
        now = await connection.fetchval("SELECT clock_timestamp()")
        if self._notices_seen_until is None:
            self._notices_seen_until = now
        oldest = now - NOTICE_MEMORY
        told = await read_told_notices(
            connection, oldest if self._notices_pending else max(self._notices_seen_until, oldest)
        )
        for one in told:
            notice = one.notice_id, one.version, one.what
            is_new = one.recorded_at > self._notices_seen_until
            if one.effective and (is_new or notice in self._notices_pending):
                metrics.NOTICE_EFFECTIVE_SECONDS.observe((now - one.recorded_at).total_seconds())
                self._notices_pending.discard(notice)
            elif is_new:
                self._notices_pending.add(notice)
        self._notices_seen_until = max([self._notices_seen_until, *(one.recorded_at for one in told)])
