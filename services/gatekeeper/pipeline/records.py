"""What the consumer hands to a batch, and what it gets back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.gatekeeper.store.outbox import OutboxRecord


@dataclass(frozen=True, slots=True)
class Record:
    """One input record as it came: bytes, headers, coordinates. `topic` is the plain name, without the prefix."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def record_hash(record: Record) -> bytes:
    """SHA-256 of key and value: what a position keeps of its last record, to notice a re-created topic."""
    return hashlib.sha256((record.key or b"") + b"\x00" + (record.value or b"")).digest()


@dataclass(frozen=True, slots=True)
class Run:
    """An unbroken run of one partition: `begins_at` is the offset sought in this assignment, then last + 1.

    Offsets inside may have gaps (transaction markers, deleted records).
    """

    topic: str
    partition: int
    begins_at: int
    records: tuple[Record, ...]


@dataclass(slots=True)
class BatchResult:
    """`next_offsets`: what is stored now. `seeks`: where the consumer must go because its run began too far on.

    `appended`: what was written to each lane, in order, for a publisher in this process. `stopped`: partitions that
    stand still now, with the reason.
    """

    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    seeks: dict[tuple[str, int], int] = field(default_factory=dict)
    appended: Mapping[int, list[OutboxRecord]] = field(default_factory=dict)
    stopped: dict[tuple[str, int], str] = field(default_factory=dict)
    handled: int = 0
