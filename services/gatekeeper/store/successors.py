"""Open tasks of one key: one stands for all, and starts anew for what came while it was half done (D4.4, D4.5).

A licence has tasks of two kinds: WAITERS when something came back to it, and LICENCE when it changed, which looks at
the waiters, too, and so stands for both.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.gatekeeper.store.work import OTHERS_FROM, OpenTask

Connection = Any

ONCE = frozenset({"SWEEP", "LANE"})
"""Kinds that never start anew: what came back to a licence is left to its waiters, whatever the order (turns.py)."""

_OTHERS = (
    " FROM task AS other JOIN task AS own USING (key) WHERE own.task_id = $1 AND other.task_id <> own.task_id"
    " AND other.done_at IS NULL AND (other.kind = own.kind AND other.touches = own.touches"
    " OR own.kind = 'LICENCE' AND other.kind IN ('LICENCE', 'WAITERS'))"
)
_WIDER = "SELECT EXISTS (SELECT 1 FROM task WHERE kind = 'LICENCE' AND key = $1 AND done_at IS NULL) AND $2 = 'WAITERS'"


async def is_covered(connection: Connection, task: OpenTask) -> bool:
    """Whether a task of wider reach will look at everybody whom `task` concerns, and close it."""
    covered: bool = await connection.fetchval(_WIDER, task.key, task.kind)
    return covered


async def has_successor(connection: Connection, tasks: Sequence[OpenTask]) -> bool:
    """Whether something came for one of `tasks` since its items were collected.

    What comes back to a changed licence counts once those who draw on nothing have had their turn: it is for them.
    """
    for task in tasks:
        if not task.items_stored or task.kind in ONCE:
            continue
        if await is_covered(connection, task):
            return True
        ignored = "WAITERS" if task.kind == "LICENCE" and task.cursor < OTHERS_FROM else ""
        condition = f"{_OTHERS} AND NOT other.items_stored AND other.kind <> $2"
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1{condition})", task.task_id, ignored):
            return True
    return False


async def stand_for_all(connection: Connection, task: OpenTask, as_of: datetime) -> tuple[OpenTask, set[int]] | None:
    """Close the other open tasks that this one covers, touch whom they touched, and forget what any had collected.

    They are closed before this task's items are collected: what they were for was committed before that. Returns the
    task as it starts, and their ids; None when another process has one of them locked: to start without it would leave
    two half done. A task that never starts anew leaves those that are locked or half done alone.
    """
    once = task.kind in ONCE
    condition = f"{_OTHERS}{' AND NOT other.items_stored' if once else ''}"
    others = [row[0] for row in await connection.fetch(f"SELECT other.task_id{condition}", task.task_id)]
    if not others and not task.items_stored:
        return task, set()
    rows = await connection.fetch(
        "SELECT task_id FROM task WHERE task_id = ANY($1) AND done_at IS NULL ORDER BY task_id FOR UPDATE SKIP LOCKED",
        others,
    )
    locked = {row[0] for row in rows}
    if len(locked) < len(others) and not once:
        return None
    await connection.execute("UPDATE task SET done_at = $2 WHERE task_id = ANY($1)", list(locked), as_of)
    await connection.execute("DELETE FROM sweep_item WHERE task_id = ANY($1)", [task.task_id, *locked])
    touches = await connection.fetchval(
        "UPDATE task SET items_stored = false, cursor = 0, touches = COALESCE((SELECT jsonb_agg(DISTINCT alternative)"
        " FROM task AS every, jsonb_array_elements(every.touches) AS alternative"
        " WHERE every.task_id = $1 OR every.task_id = ANY($2)), touches) WHERE task_id = $1 RETURNING touches",
        task.task_id,
        list(locked),
    )
    return replace(task, touches=json.loads(touches), items_stored=False, cursor=0), locked
