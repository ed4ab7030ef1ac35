"""How many transactions a process may start in a second: shared among lanes, holds first (design.md §3.5)."""

from __future__ import annotations

import asyncio
import heapq
import itertools

BURST_SECONDS = 0.05


class TransactionBudget:
    """`per_second` starts, evenly; who waits is served urgent first, then in order of asking."""

    def __init__(self, per_second: int) -> None:
        if per_second < 1:
            raise ValueError("at least one transaction per second")
        self._per_second = float(per_second)
        self._depth = max(1.0, per_second * BURST_SECONDS)
        self._left = self._depth
        self._filled_at = 0.0
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, *, urgent: bool) -> None:
        """Return when a transaction may begin."""
        self._fill()
        if not self._waiting and self._left >= 1:
            self._left -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._order), turn))
        self._plan()
        await turn

    def _fill(self) -> None:
        now = asyncio.get_running_loop().time()
        self._left = min(self._depth, self._left + (now - self._filled_at) * self._per_second)
        self._filled_at = now

    def _plan(self) -> None:
        if self._timer is None and self._waiting:
            wait_seconds = max(0.0, (1 - self._left) / self._per_second)
            self._timer = asyncio.get_running_loop().call_later(wait_seconds, self._serve)

    def _serve(self) -> None:
        self._timer = None
        self._fill()
        while self._waiting and self._left >= 1:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._left -= 1
                turn.set_result(None)
        self._plan()
