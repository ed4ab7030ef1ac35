"""Open tasks of one kind and key: one stands for all, and starts anew for what came while it was half done (D4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.gatekeeper.store.work import OpenTask

Connection = Any

ONCE = frozenset({"SWEEP", "LANE"})
"""Kinds that never start anew: the order of their items gives nobody an advantage."""

_OTHERS = (
    " FROM task AS other JOIN task AS own USING (kind, key, touches)"
    " WHERE own.task_id = $1 AND other.task_id <> own.task_id AND other.done_at IS NULL"
)


async def has_successor(connection: Connection, tasks: Sequence[OpenTask]) -> bool:
    """Whether something came for one of `tasks` since its items were collected."""
    ids = [task.task_id for task in tasks if task.items_stored and task.kind not in ONCE]
    for task_id in ids:
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1{_OTHERS} AND NOT other.items_stored)", task_id):
            return True
    return False


async def stand_for_all(connection: Connection, task: OpenTask, as_of: datetime) -> set[int] | None:
    """Close the other open tasks of this kind, key and touches, and forget what any of them had collected.

    They are closed before this task's items are collected: what they were for was committed before that. Returns their
    ids; None when another process has one of them locked: to start without it would leave two half done. A task that
    never starts anew leaves those that are locked or half done alone.
    """
    once = task.kind in ONCE
    condition = f"{_OTHERS}{' AND NOT other.items_stored' if once else ''}"
    others = [row[0] for row in await connection.fetch(f"SELECT other.task_id{condition}", task.task_id)]
    if not others and not task.items_stored:
        return set()
    rows = await connection.fetch(
        "SELECT task_id FROM task WHERE task_id = ANY($1) AND done_at IS NULL ORDER BY task_id FOR UPDATE SKIP LOCKED",
        others,
    )
    locked = {row[0] for row in rows}
    if len(locked) < len(others) and not once:
        return None
    await connection.execute("UPDATE task SET done_at = $2 WHERE task_id = ANY($1)", list(locked), as_of)
    await connection.execute("DELETE FROM sweep_item WHERE task_id = ANY($1)", [task.task_id, *locked])
    await connection.execute("UPDATE task SET items_stored = false, cursor = 0 WHERE task_id = $1", task.task_id)
    return locked
