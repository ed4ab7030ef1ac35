"""Work that nobody waits for: sweeps, waiters, timers, due notices and deferred records (design.md §4).

Failpoints: task.after_collect, task.before_commit, timer.before_commit, deferred.before_commit.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from schemas.produced import WRITTEN_MODELS
from services.gatekeeper.domain import engine
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.references import References
from services.gatekeeper.pipeline.apply import Writer, store
from services.gatekeeper.pipeline.gather import Wanted, gather, lock_owners, lock_rules
from services.gatekeeper.pipeline.lane_guard import lock_lanes
from services.gatekeeper.pipeline.notices import run_due_boundaries
from services.gatekeeper.store import collecting, order_tasks, successors, work
from services.gatekeeper.store.work import Item, OpenTask
from services.gatekeeper.wiring import Gate
from services.kit.failpoints import failpoint
from services.kit.partitioning import lane_of
from services.kit.postgres import Connection, retrying

log = structlog.get_logger()
GATHER_TRIES_MAX = 50
DEFERRED_MAX = 500
TASKS_AT_ONCE_MAX = 200
SWEEP = "SWEEP"
FIRST_CHUNK = 25
"""Of a sweep: the first holds are told soon, whatever the sweep's length."""


class Overtaken(Exception):
    """A half-done task has to start anew."""


async def work_once(gate: Gate) -> bool:
    """One step of whatever is due for the lanes this process owns; True when there was something to do.

    Due notices go first, then what a change touched, then dates, then records for other lanes.
    """
    due = await retrying(lambda: _look(gate), what="work")
    steps = ((due.boundaries, run_due_boundaries), (due.tasks, _task_step), (due.timers, _timer_step))
    for is_due, step in (*steps, (due.deferred, _deferred_step)):
        if is_due and await step(gate):
            return True
    return False


async def _look(gate: Gate) -> work.Due:
    """One cheap look, in place of four steps that find nothing."""
    async with gate.database.reading() as connection:
        return await work.what_is_due(connection, gate.owned_lanes, await gate.clock.now(connection))


async def _task_step(gate: Gate) -> bool:
    extra = Wanted()
    for _ in range(GATHER_TRIES_MAX):
        try:
            return await retrying(lambda: _one_chunk(gate, extra), what="task")
        except Overtaken:
            return True
        except NotGathered as missing:
            extra.add_missing(missing)
    raise RuntimeError("the engine keeps asking for rows that were not gathered")


async def _one_chunk(gate: Gate, extra: Wanted) -> bool:
    """Claim the oldest open tasks, a sweep before others, and judge the next of their items: one chunk in all.

    The task rows are the witnesses. A sweep stores its items in a step of its own: they may be very many.
    """
    began = time.monotonic()
    async with gate.database.transaction() as tx:
        references, as_of = await lock_rules(gate, tx)
        tasks = await work.claim_tasks(tx, TASKS_AT_ONCE_MAX)
        if not tasks:
            return False
        if tasks[0].kind == SWEEP and not tasks[0].items_stored:
            await successors.stand_for_all(tx, tasks[0], as_of)
            await collecting.collect_items(tx, tasks[0])
            failpoint("task.after_collect")
            # The first holds follow at once: no rest is due for what held nobody up.
            gate.work_waited_seconds += time.monotonic() - began
            return True
        begins = tasks[0].kind == SWEEP and not tasks[0].cursor
        chunk = min(FIRST_CHUNK, gate.settings.sweep_chunk) if begins else gate.settings.sweep_chunk
        small = [task for task in tasks if order_tasks.is_small(task)]
        whole = await order_tasks.take_whole(tx, small, chunk) if small and small[0] is tasks[0] else []
        room = chunk - sum(len(several) for _, several in whole)
        taken = {(task.kind, task.key) for task, _ in whole}
        others = [task for task in tasks if (task.kind, task.key) not in taken]
        portions = await _portions(tx, others, as_of, room) if room > 0 else []
        failpoint("task.after_collect")
        judged = (*whole, *portions)
        items = [(item, f"{task.kind.lower()} {task.key}") for task, several in judged for item in several]
        if items:
            half_done = [task for task, _ in portions if task.cursor]
            await judge(gate, tx, items, references, as_of, extra=extra, half_done=half_done)
        await order_tasks.close_whole(tx, small, whole, as_of)
        for task, several in portions:
            await work.move_on(tx, task, several, as_of)
        failpoint("task.before_commit")
        return bool(judged)


async def _portions(
    connection: Connection, tasks: Sequence[OpenTask], as_of: datetime, items_max: int
) -> list[tuple[OpenTask, list[Item]]]:
    """The next items of each task, in the order of the tasks, until a chunk is full; a task as it goes on or starts."""
    portions: list[tuple[OpenTask, list[Item]]] = []
    covered: set[int] = set()
    room = items_max
    for task in tasks:
        if task.task_id in covered or await successors.is_covered(connection, task):
            continue
        if not await work.only_runner(connection, task):
            continue
        if not task.items_stored or await successors.has_successor(connection, [task]):
            started = await successors.stand_for_all(connection, task, as_of)
            if started is None:
                continue
            task, closed = started
            covered |= closed
            await collecting.collect_items(connection, task)
            task = replace(task, items_stored=True, cursor=0)
        items = await work.next_items(connection, task.task_id, task.cursor, room)
        portions.append((task, items))
        room -= len(items)
        if room <= 0:
            break
    return portions


async def judge(
    gate: Gate,
    connection: Connection,
    items: Sequence[tuple[Item, str]],
    references: References,
    as_of: datetime,
    *,
    extra: Wanted,
    half_done: Sequence[OpenTask] = (),
) -> None:
    """Judge each (item, cause) again, in order, and write what changed. The caller holds rules lock and witness.

    What lies in a stopped lane is kept until the lane runs again. Raises `Overtaken` when something came for one of
    `half_done` before its rows were locked: it belongs to those who were judged already (D4.4).
    """
    lanes = {item.lane for item, _ in items} | {lane_of(key, gate.partitions) for key in extra.shipments}
    began = time.monotonic()
    next_seqs, stopped = await lock_lanes(gate, connection, lanes)
    gate.work_waited_seconds += time.monotonic() - began
    for lane in stopped:
        parked = [item for item, _ in items if item.lane == lane]
        if parked:
            log.warning("items_wait_for_stopped_lane", lane=lane, items=len(parked))
            await work.park(connection, lane, parked, references.rules_version, as_of)
    reachable = [(item, cause) for item, cause in items if item.lane not in stopped]
    wanted = extra.besides()
    for item, _ in reachable:
        if item.owner == "order":
            wanted.orders.add(item.owner_id)
        else:
            wanted.shipments[item.owner_id] = None
    workspace = await gather(gate, connection, wanted, references, as_of)
    if await successors.has_successor(connection, half_done):
        raise Overtaken
    workspace.coming_back = await work.coming_back(connection, workspace.accounts.keys())
    for item, cause in reachable:
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
            (Item(position, owner, owner_id, lane), engine.DATE)
            for position, (owner, owner_id, lane) in enumerate(due)
            if (owner, owner_id) in still and lane not in stopped
        ]
        if items:
            await judge(gate, tx, items, references, as_of, extra=extra)
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
