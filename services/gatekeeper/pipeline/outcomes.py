"""What a transaction tells the consumer and the metrics, once it has committed."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from services.gatekeeper.pipeline import metrics
from services.gatekeeper.pipeline.apply import Writer
from services.gatekeeper.pipeline.intake import Admission
from services.gatekeeper.pipeline.records import BatchResult
from services.gatekeeper.store.positions import Position

log = structlog.get_logger()


def report(
    result: BatchResult,
    admission: Admission,
    moved: Mapping[tuple[str, int], Position],
    writer: Writer,
    *,
    handled: int,
    duplicates: int,
    stale: int,
) -> None:
    """Fill in `result` from what was committed, count it, and say which partitions stand still."""
    result.next_offsets = {partition: position.next_offset for partition, position in moved.items()}
    result.appended = writer.records
    result.handled = handled
    result.stopped |= admission.stopped | admission.waiting
    metrics.DUPLICATE_EVENTS.inc(duplicates)
    metrics.STALE_EVENTS.inc(stale)
    for (topic, partition), reason in admission.stopped.items():
        log.error("partition_stopped", topic=topic, partition=partition, reason=reason)


def merged(first: BatchResult, second: BatchResult) -> BatchResult:
    """Two batches that were decided one after the other, as one."""
    appended = {lane: list(records) for lane, records in first.appended.items()}
    for lane, records in second.appended.items():
        appended.setdefault(lane, []).extend(records)
    return BatchResult(
        next_offsets=first.next_offsets | second.next_offsets,
        seeks=first.seeks | second.seeks,
        appended=appended,
        stopped=first.stopped | second.stopped,
        handled=first.handled + second.handled,
    )
