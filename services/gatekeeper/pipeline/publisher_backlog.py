"""What a lane has still to publish: records handed over in memory where they fit exactly, else the outbox."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from services.gatekeeper.store.lanes import LaneStopped
from services.gatekeeper.store.outbox import OutboxRecord, read_after

TRANSACTION_RECORDS_MAX = 1000
TRANSACTION_BYTES_MAX = 4_000_000
READ_RECORDS_FIRST = 100
URGENT_TYPES = ("held", "intercept", "incident", "notice.")


class HandOverLimit:
    """Records and bytes that all lanes of a process together may keep in memory; beyond, the outbox is read."""

    def __init__(self, records_max: int = 20_000, bytes_max: int = 64_000_000) -> None:
        self._records_left = records_max
        self._bytes_left = bytes_max

    def take(self, records: Sequence[OutboxRecord]) -> bool:
        """Whether there is room; then it is taken."""
        size = _size(records)
        if len(records) > self._records_left or size > self._bytes_left:
            return False
        self._records_left -= len(records)
        self._bytes_left -= size
        return True

    def give_back(self, records: Sequence[OutboxRecord]) -> None:
        self._records_left += len(records)
        self._bytes_left += _size(records)


class Backlog:
    """Records of one lane that were handed over, an unbroken run; `next_records` completes it from the outbox."""

    def __init__(self, lane: int, limit: HandOverLimit) -> None:
        self._lane = lane
        self._limit = limit
        self._handed: deque[OutboxRecord] = deque()
        self._read_max = READ_RECORDS_FIRST

    def hand_over(self, records: Sequence[OutboxRecord]) -> None:
        """Keep `records` (in order) if there is room. What doesn't follow the run begins a new one."""
        if self._handed and self._handed[-1].seq + 1 != records[0].seq:
            self.clear()
        if self._limit.take(records):
            self._handed.extend(records)
        else:
            self.clear()

    def clear(self) -> None:
        self._limit.give_back(self._handed)
        self._handed.clear()

    @property
    def newest_seq(self) -> int:
        return self._handed[-1].seq if self._handed else 0

    def take_handed(self, published: int) -> list[OutboxRecord]:
        """Handed-over records that begin exactly at `published` + 1; none when they begin elsewhere."""
        while self._handed and self._handed[0].seq <= published:
            self._limit.give_back((self._handed.popleft(),))
        if not self._handed or self._handed[0].seq != published + 1:
            return []
        taken: list[OutboxRecord] = []
        size = 0
        while self._handed and len(taken) < TRANSACTION_RECORDS_MAX:
            size += len(self._handed[0].value)
            if taken and size > TRANSACTION_BYTES_MAX:
                break
            taken.append(self._handed.popleft())
        self._limit.give_back(taken)
        return taken

    async def read(self, connection: Any, published: int) -> list[OutboxRecord]:
        """What the outbox has after `published`, in order; raises LaneStopped when it lacks a number."""
        next_seq = await connection.fetchval("SELECT next_seq FROM lane WHERE lane = $1", self._lane)
        rows = await read_after(connection, self._lane, published, records_max=self._read_max)
        if not rows and next_seq - 1 > published:
            raise LaneStopped(self._lane, f"the outbox lacks number {published + 1}, which is not published")
        for expected, row in enumerate(rows, published + 1):
            if row.seq != expected:
                raise LaneStopped(self._lane, f"the outbox lacks number {expected}, which is not published")
        size = _size(rows)
        if size > TRANSACTION_BYTES_MAX:
            self._read_max = max(1, self._read_max // 2)
        elif len(rows) == self._read_max and size < TRANSACTION_BYTES_MAX // 2:
            self._read_max = min(TRANSACTION_RECORDS_MAX, self._read_max * 2)
        return rows


def is_urgent(records: Sequence[OutboxRecord]) -> bool:
    """Whether somebody has to stop because of one of `records`."""
    return any(record.type.find(kind) >= 0 for record in records for kind in URGENT_TYPES)


def _size(records: Sequence[OutboxRecord] | deque[OutboxRecord]) -> int:
    return sum(len(record.value) + len(record.headers) for record in records)
