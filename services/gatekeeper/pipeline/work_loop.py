"""Sweeps, timers, waiters and deferred records: a share of the time while trade is busy, else as fast as they go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from services.gatekeeper.wiring import Gate
from services.kit.kafka import pause

Work = Callable[[Gate], Awaitable[bool]]

IDLE_SECONDS = 0.05
IDLE_SECONDS_MAX = 0.1
SHARE = 0.3
BUSY_SECONDS = 1.0
REST_SECONDS_MAX = 1.0


class WorkLoop:
    """Calls `work` again and again while `may_work`; `trade_busy_at` says when a trade batch ended last (monotonic)."""

    def __init__(
        self, gate: Gate, work: Work, *, may_work: Callable[[], bool], trade_busy_at: Callable[[], float]
    ) -> None:
        self.ended = asyncio.Event()
        self._gate = gate
        self._work = work
        self._may_work = may_work
        self._trade_busy_at = trade_busy_at
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Finish the chunk under way; `ended` is set then."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`; raises what `work` raises."""
        idle_seconds = IDLE_SECONDS
        try:
            while not self._stopping.is_set():
                began, waited = time.monotonic(), self._gate.work_waited_seconds
                if self._may_work() and await self._work(self._gate):
                    idle_seconds = IDLE_SECONDS
                    waited = self._gate.work_waited_seconds - waited
                    await pause(self._rest_seconds(time.monotonic() - began - waited), self._stopping)
                else:
                    await pause(idle_seconds, self._stopping)
                    idle_seconds = min(idle_seconds * 2, IDLE_SECONDS_MAX)
        finally:
            self.ended.set()

    def _rest_seconds(self, worked_seconds: float) -> float:
        if time.monotonic() - self._trade_busy_at() > BUSY_SECONDS:
            return 0.0
        return min(worked_seconds * (1 - SHARE) / SHARE, REST_SECONDS_MAX)
