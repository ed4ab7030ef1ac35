"""Records that PostgreSQL refuses as data: found by bisection, then kept in quarantine like unreadable ones (D8.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from schemas.unreadable import Unreadable
from services.gatekeeper.pipeline import outcomes
from services.gatekeeper.pipeline.intake import Coordinates, Parsed, coordinates, unreadable
from services.gatekeeper.pipeline.records import BatchResult, Record, Run
from services.kit.postgres import is_data_error

log = structlog.get_logger()
Decide = Callable[[Sequence[Run]], Awaitable[BatchResult]]


async def without_refused(decide: Decide, runs: Sequence[Run], parsed: dict[Coordinates, Parsed]) -> BatchResult:
    """What `decide` makes of `runs`; when the data itself is refused, of their halves, down to the single record.

    That one is made unreadable in `parsed`, which `decide` reads, and decided again. Other errors pass through.
    """
    try:
        return await decide(runs)
    except Exception as error:
        if not is_data_error(error):
            raise
        refused = error
    records = [record for run in runs for record in run.records]
    if len(records) > 1:
        first, second = _halves(runs, len(records) // 2)
        result = await without_refused(decide, first, parsed)
        return outcomes.merged(result, await without_refused(decide, second, parsed))
    [record] = records
    known = parsed[coordinates(record)]
    if known.error is not None:
        raise refused
    parsed[coordinates(record)] = _refused(record, known, refused)
    return await decide(runs)


def _refused(record: Record, known: Parsed, error: Exception) -> Parsed:
    where = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    log.warning("record_refused", **where, error=repr(error))
    why = Unreadable("value", f"the database refuses it: {error}", entity_key=known.entity_key)
    if known.read is not None:
        why.type_hint = known.read.type_suffix
    return unreadable(record, why)


def _halves(runs: Sequence[Run], count: int) -> tuple[list[Run], list[Run]]:
    """The first `count` records, and the rest; each partition stays in order and unbroken."""
    first, second, left = [], [], count
    for run in runs:
        here, there = run.records[:left], run.records[left:]
        left -= len(here)
        if here:
            first.append(replace(run, records=here))
        if there:
            second.append(replace(run, records=there, begins_at=here[-1].offset + 1 if here else run.begins_at))
    return first, second
