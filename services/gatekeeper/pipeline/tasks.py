"""Work that nobody waits for: sweeps, waiters, timers, due notices and deferred records (design.md §4).

Failpoints: task.after_collect, task.before_commit, timer.before_commit, deferred.before_commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from schemas.produced import WRITTEN_MODELS
from services.gatekeeper.domain import engine
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.workspace import NotGathered
from services.gatekeeper.pipeline.apply import Writer, store
from services.gatekeeper.pipeline.gather import Wanted, gather, lock_owners, lock_rules
from services.gatekeeper.pipeline.lane_guard import lock_lanes
from services.gatekeeper.pipeline.notices import run_due_boundaries
from services.gatekeeper.store import work
from services.gatekeeper.store.work import Item, OpenTask
from services.gatekeeper.wiring import Gate
from services.kit.failpoints import failpoint
from services.kit.partitioning import lane_of
from services.kit.postgres import Connection, retrying

log = structlog.get_logger()
GATHER_TRIES_MAX = 50
DEFERRED_MAX = 500


async def work_once(gate: Gate) -> bool:
    """One step of whatever is due for the lanes this process owns; True when there was something to do.

    Due notices go first, then what a change touched, then dates, then records for other lanes.
    """
    for step in (run_due_boundaries, _task_step, _timer_step, _deferred_step):
        if await step(gate):
            return True
    return False


async def _task_step(gate: Gate) -> bool:
    extra = Wanted()
    for _ in range(GATHER_TRIES_MAX):
        try:
            return await retrying(lambda: _one_chunk(gate, extra), what="task")
        except NotGathered as missing:
            extra.add_missing(missing)
    raise RuntimeError("the engine keeps asking for rows that were not gathered")


async def _one_chunk(gate: Gate, extra: Wanted) -> bool:
    """Claim the oldest open task; store its items, or judge the next of them. The task row is the witness."""
    async with gate.database.transaction() as tx:
        references, as_of = await lock_rules(gate, tx)
        task = await work.claim_task(tx)
        if task is None:
            return False
        if not task.items_stored:
            await work.collect_items(tx, task, as_of)
            failpoint("task.after_collect")
            return True
        items = await work.next_items(tx, task, gate.settings.sweep_chunk)
        if items:
            await judge(gate, tx, items, references, as_of, cause=_cause(task), extra=extra)
            await work.move_cursor(tx, task, items)
        if len(items) < gate.settings.sweep_chunk:
            await work.finish_task(tx, task, as_of)
        failpoint("task.before_commit")
        return True


def _cause(task: OpenTask) -> str:
    return f"{task.kind.lower()} {task.key}"


async def judge(
    gate: Gate,
    connection: Connection,
    items: Sequence[Item],
    references: References,
    as_of: datetime,
    *,
    cause: str,
    extra: Wanted,
) -> None:
    """Judge `items` again, in their order, and write what changed. The caller holds the rules lock and its witness.

    What lies in a stopped lane is left: its repair judges it again.
    """
    lanes = {item.lane for item in items} | {lane_of(key, gate.partitions) for key in extra.shipments}
    next_seqs, stopped = await lock_lanes(gate, connection, lanes)
    if stopped:
        log.warning("items_in_stopped_lanes", lanes=sorted(stopped), cause=cause)
    reachable = [item for item in items if item.lane not in stopped]
    wanted = Wanted(dict(extra.shipments), set(extra.orders), [], set(extra.licences))
    for item in reachable:
        if item.owner == "order":
            wanted.orders.add(item.owner_id)
        else:
            wanted.shipments[item.owner_id] = None
    workspace = await gather(gate, connection, wanted, references, as_of)
    for item in reachable:
        engine.rejudge(workspace, item.owner, item.owner_id, cause)
    await store(connection, workspace, Writer(gate, references.rules_version, next_seqs))


async def _timer_step(gate: Gate) -> bool:
    """Judge again what has a date that came, in the lanes this process owns (D7.1)."""
    due = await retrying(lambda: _due(gate), what="timers")
    if not due:
        return False
    extra = Wanted()
    for _ in range(GATHER_TRIES_MAX):
        try:
            return await retrying(lambda: _run_timers(gate, due, extra), what="timers")
        except NotGathered as missing:
            extra.add_missing(missing)
    raise RuntimeError("the engine keeps asking for rows that were not gathered")


async def _due(gate: Gate) -> list[tuple[str, str, int]]:
    async with gate.database.reading() as connection:
        as_of = await gate.clock.now(connection)
        return await work.due_timers(connection, gate.owned_lanes, as_of, gate.settings.sweep_chunk)


async def _run_timers(gate: Gate, due: Sequence[tuple[str, str, int]], extra: Wanted) -> bool:
    async with gate.database.transaction() as tx:
        references, as_of = await lock_rules(gate, tx)
        _, stopped = await lock_owners(gate, tx, [owner_id for _, owner_id, _ in due])
        still = await work.still_due(tx, due, as_of)
        items = [
            Item(position, owner, owner_id, lane)
            for position, (owner, owner_id, lane) in enumerate(due)
            if (owner, owner_id) in still and lane not in stopped
        ]
        if items:
            await judge(gate, tx, items, references, as_of, cause="date", extra=extra)
        failpoint("timer.before_commit")
        return bool(items)


async def _deferred_step(gate: Gate) -> bool:
    """Move records that were found for other lanes into those lanes."""
    waiting = await retrying(lambda: _deferred_lanes(gate), what="deferred")
    return bool(waiting) and await retrying(lambda: _move_deferred(gate, waiting), what="deferred")


async def _deferred_lanes(gate: Gate) -> list[int]:
    async with gate.database.reading() as connection:
        return await work.deferred_lanes(connection)


async def _move_deferred(gate: Gate, waiting: Sequence[int]) -> bool:
    async with gate.database.transaction() as tx:
        references, _ = await lock_rules(gate, tx)
        next_seqs, _ = await lock_lanes(gate, tx, waiting)
        writer = Writer(gate, references.rules_version, next_seqs)
        rows = await work.take_deferred(tx, list(next_seqs), DEFERRED_MAX)
        for row in rows:
            data = WRITTEN_MODELS[row["type"]].model_validate_json(row["data"])
            writer.say(row["lane"], row["key"], row["type"], data, row["as_of"])
        await writer.store(tx)
        failpoint("deferred.before_commit")
        return bool(rows)
