"""Locking lanes, and refusing one whose database is behind what this process has published on it (design.md §3.3)."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from services.gatekeeper.store import lanes
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection

log = structlog.get_logger()


async def lock_lanes(
    gate: Gate, connection: Connection, wanted: Iterable[int]
) -> tuple[dict[int, int], dict[int, str]]:
    """Lock `wanted` in order: the next numbers of those that run, and the reasons of those that are stopped.

    A database that was restored under a running process is noticed here, before anything is written to the lane: by
    the number that the process knows to be published.
    """
    running, stopped = await lanes.lock_lanes(connection, wanted)
    for lane, next_seq in list(running.items()):
        published = gate.published.get(lane, 0)
        if next_seq - 1 < published:
            reason = f"{published} were published, the database is only at {next_seq - 1}: it was restored"
            await lanes.stop_lane(connection, lane, reason)
            log.error("lane_stopped", lane=lane, reason=reason)
            stopped[lane] = reason
            del running[lane]
    return running, stopped
