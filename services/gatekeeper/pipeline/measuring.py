"""What can only be measured by asking the database now and then."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import structlog

from services.gatekeeper.pipeline import metrics
from services.gatekeeper.wiring import Gate
from services.kit.kafka import pause
from services.kit.postgres import is_retryable

log = structlog.get_logger()

NOTICE_SECONDS = 0.5
STATE_SECONDS = 5.0
NOTICE_MEMORY = dt.timedelta(minutes=10)


class Measuring:
    """Sets gauges until `stop`. `published`: how far each lane of this process is published."""

    def __init__(self, gate: Gate, published: Callable[[], Mapping[int, int]]) -> None:
        self._gate = gate
        self._published = published
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
                        await self._look_at_state(connection)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                if not is_retryable(error):
                    raise
                log.warning("not_measured", error=repr(error))
            await pause(NOTICE_SECONDS, self._stopping)

    async def _look_at_state(self, connection: Any) -> None:
        await _set_counts(connection, metrics.HOLDS_OPEN, "SELECT reason, count(*) FROM open_hold GROUP BY reason")
        await _set_counts(connection, metrics.QUARANTINED, "SELECT status, count(*) FROM quarantine GROUP BY status")
        stopped = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM lane WHERE stopped IS NOT NULL) AS lanes,"
            " (SELECT count(*) FROM input_position WHERE stopped IS NOT NULL) AS partitions"
        )
        metrics.LANES_STOPPED.set(stopped["lanes"])
        metrics.PARTITIONS_STOPPED.set(stopped["partitions"])
        for lane, seq in self._published().items():
            age = await connection.fetchval(
                "SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8 FROM outbox"
                " WHERE lane = $1 AND seq = $2",
                lane,
                seq + 1,
            )
            metrics.PUBLISH_AGE.labels(lane).set(age or 0.0)

    async def _look_at_notices(self, connection: Any) -> None:
        """The owner of lane 0 measures how long notices took; those from before it began are not its own to measure."""
        now = await connection.fetchval("SELECT clock_timestamp()")
        if self._notices_seen_until is None:
            self._notices_seen_until = now
        rows = await connection.fetch(
            "SELECT b.notice_id, b.version, b.what, max(b.recorded_at) AS recorded_at,"
            " bool_and(COALESCE(p.published_seq, 0) >= b.seq) AS effective"
            " FROM notice_barrier AS b LEFT JOIN lane_progress AS p USING (lane) WHERE b.recorded_at > $1"
            " GROUP BY b.notice_id, b.version, b.what",
            max(self._notices_seen_until, now - NOTICE_MEMORY) if not self._notices_pending else now - NOTICE_MEMORY,
        )
        for row in rows:
            notice = row["notice_id"], row["version"], row["what"]
            is_new = row["recorded_at"] > self._notices_seen_until
            if row["effective"] and (is_new or notice in self._notices_pending):
                metrics.NOTICE_EFFECTIVE_SECONDS.observe((now - row["recorded_at"]).total_seconds())
                self._notices_pending.discard(notice)
            elif is_new:
                self._notices_pending.add(notice)
        if rows:
            self._notices_seen_until = max(self._notices_seen_until, *(row["recorded_at"] for row in rows))


async def _set_counts(connection: Any, gauge: Any, query: str) -> None:
    """Set `gauge` for each label the query counts; a label it counts no more is none."""
    rows = await connection.fetch(query)
    gauge.clear()
    for label, count in rows:
        gauge.labels(label).set(count)
