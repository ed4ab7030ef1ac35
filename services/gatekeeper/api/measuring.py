"""What `/metrics` of the API shows of the installation: computed when it is asked for, from the database alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Gauge

from services.gatekeeper.state_metrics import StateMetrics
from services.gatekeeper.store.measures import (
    NOTICE_MEMORY,
    LaneBacklog,
    ToldNotice,
    read_backlogs,
    read_counts,
    read_positions,
    read_told_notices,
)
from services.gatekeeper.wiring import Gate
from services.kit.postgres import CONNECTION_ERRORS, is_retryable

log = structlog.get_logger()
FRESH_SECONDS = 2.0
READ_SECONDS_MAX = 2.0


class DatabaseMetrics:
    """Gauges of the database's state. `refresh` them before they are shown; several who ask at once share one look."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._state = StateMetrics(registry)
        self._measured = Gauge(
            "holdgate_database_measured", "1 when the database answered in time, else what it tells is missing",
            registry=registry,
        )  # fmt: skip
        self._position = Gauge(
            "holdgate_decided_position", "Next offset to decide", ["topic", "partition"], registry=registry
        )
        self._lag = Gauge("holdgate_publish_lag_records", "Records not yet published", ["lane"], registry=registry)
        self._age = Gauge(
            "holdgate_publish_age_seconds", "Age of the oldest record not yet published", ["lane"], registry=registry
        )
        self._pending = Gauge("holdgate_notices_pending", "Recent notices not yet in effect", registry=registry)
        self._slowest = Gauge(
            "holdgate_notice_recent_seconds", "Commit to effect of the slowest notice of the last minutes, or its age",
            registry=registry,
        )  # fmt: skip
        self._took: dict[tuple[str, int, str], float] = {}
        self._looking = asyncio.Lock()
        self._looked_at = -FRESH_SECONDS

    async def refresh(self, gate: Gate) -> None:
        """Look, unless somebody did within FRESH_SECONDS. A database that doesn't answer leaves nothing to show."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() - self._looked_at < FRESH_SECONDS:
                return
            try:
                async with asyncio.timeout(READ_SECONDS_MAX), gate.database.reading() as connection:
                    await self._look(connection)
                self._measured.set(1)
            except CONNECTION_ERRORS as error:
                if not is_retryable(error):
                    raise
                log.warning("not_measured", error=repr(error))
                self._show_nothing()
            self._looked_at = loop.time()

    async def _look(self, connection: Any) -> None:
        now: dt.datetime = await connection.fetchval("SELECT clock_timestamp()")
        counts = await read_counts(connection)
        positions = await read_positions(connection)
        backlogs = await read_backlogs(connection)
        told = await read_told_notices(connection, now - NOTICE_MEMORY)
        self._state.show(counts)
        self._position.clear()
        for (topic, partition), offset in positions.items():
            self._position.labels(topic, partition).set(offset)
        self._show_lanes(backlogs)
        self._show_notices(told, now)

    def _show_lanes(self, backlogs: Sequence[LaneBacklog]) -> None:
        for gauge in (self._lag, self._age):
            gauge.clear()
        for backlog in backlogs:
            self._lag.labels(backlog.lane).set(backlog.records)
            self._age.labels(backlog.lane).set(backlog.age_seconds)

    def _show_notices(self, told: Sequence[ToldNotice], now: dt.datetime) -> None:
        """A lane's progress goes on after a notice: what was seen first is what counts."""
        took = {}
        for one in told:
            notice = one.notice_id, one.version, one.what
            if one.effective:
                seconds = ((one.last_progress_at or now) - one.recorded_at).total_seconds()
                took[notice] = self._took.get(notice, max(0.0, seconds))
        self._took = took
        ages = [(now - one.recorded_at).total_seconds() for one in told if not one.effective]
        self._pending.set(len(ages))
        self._slowest.set(max([0.0, *ages, *took.values()]))

    def _show_nothing(self) -> None:
        self._state.show_nothing()
        for gauge in (self._position, self._lag, self._age):
            gauge.clear()
        for unknown in (self._pending, self._slowest):
            unknown.set(float("nan"))
        self._measured.set(0)
