"""Rule changes: licences, references and notices, applied under the exclusive rules lock (design.md §4).

From the commit of such a transaction on no batch decides without what it recorded. Failpoints, in order:
rules.after_lock, rules.after_apply, rules.before_commit, rules.after_commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from services.gatekeeper.pipeline import outcomes
from services.gatekeeper.pipeline.intake import (
    Coordinates,
    Parsed,
    admit,
    coordinates,
    once_only,
    parse,
)
from services.gatekeeper.pipeline.records import BatchResult, Run
from services.gatekeeper.pipeline.refused import without_refused
from services.gatekeeper.pipeline.rule_change import begin_change
from services.gatekeeper.store import positions
from services.gatekeeper.wiring import Gate
from services.kit.failpoints import failpoint
from services.kit.postgres import retrying

log = structlog.get_logger()


async def apply_rule_batch(gate: Gate, runs: Sequence[Run]) -> BatchResult:
    """Record every rule event of `runs` exactly once, in one exclusive transaction. Waits for PostgreSQL.

    One that PostgreSQL refuses as data is found by bisection and quarantined.
    """
    parsed = {coordinates(record): parse(record) for run in runs for record in run.records}

    async def apply(some: Sequence[Run]) -> BatchResult:
        return await retrying(lambda: _attempt(gate, some, parsed), what="rules")

    return await without_refused(apply, runs, parsed)


async def _attempt(gate: Gate, runs: Sequence[Run], parsed: Mapping[Coordinates, Parsed]) -> BatchResult:
    result = BatchResult()
    async with gate.database.transaction() as tx:
        change = await begin_change(gate, tx)
        failpoint("rules.after_lock")
        before = await positions.lock_positions(tx, [(run.topic, run.partition) for run in runs])
        admission = admit(runs, parsed, before, result)
        moved = admission.positions(gate.settings)
        records, duplicates = await once_only(tx, admission.in_order())
        await change.add_records(records)
        failpoint("rules.after_apply")
        await positions.remember(tx, [(one.event_key, one.content) for one in records])
        writer = await change.store(tx)
        await positions.write_positions(tx, moved)
        failpoint("rules.before_commit")
    failpoint("rules.after_commit")
    outcomes.report(result, admission, moved, writer, handled=len(records), duplicates=duplicates, stale=change.stale)
    return result
