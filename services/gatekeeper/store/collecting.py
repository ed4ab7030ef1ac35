"""Whom a task looks at, and in which order (D4.4, D4.5; design.md §4)."""

from __future__ import annotations

import json
from typing import Any

from services.gatekeeper.store.work import FOR_WAITERS, OTHERS_FROM, OpenTask

Connection = Any

_DRAWS = (
    " CROSS JOIN LATERAL (SELECT COALESCE((CASE s.owner"
    " WHEN 'order' THEN (SELECT body FROM trade_order WHERE order_id = s.owner_id)"
    " ELSE (SELECT body FROM shipment WHERE shipment_id = s.owner_id) END) -> 'draws', '[]') AS draws) AS d"
)


async def collect_items(connection: Connection, task: OpenTask) -> None:
    """Store what the task touches, in order of arrival."""
    queries, arguments = _selections(task)
    more, order, after = _order(task, len(arguments) + 2)
    waiting = (
        " WHERE EXISTS (SELECT 1 FROM open_hold AS h WHERE h.owner = s.owner AND h.owner_id = s.owner_id)"
        if task.kind in FOR_WAITERS
        else ""
    )
    if queries:
        await connection.execute(
            "INSERT INTO sweep_item (task_id, position, owner, owner_id, lane)"
            f" SELECT $1, row_number() OVER (ORDER BY {order}) + {after}, s.owner, s.owner_id, s.lane"
            f" FROM ({' UNION '.join(queries)}) AS s{more}{waiting}",
            task.task_id,
            *arguments,
            *([json.dumps([{"licence_no": task.key}])] if task.kind == "LICENCE" else []),
        )
    await connection.execute("UPDATE task SET items_stored = true WHERE task_id = $1", task.task_id)


def _order(task: OpenTask, parameter: int) -> tuple[str, str, str]:
    """What is joined, the order, and what is added to the position: by arrival.

    For a changed licence those that draw on it come first, the latest first: what no longer fits is held from the end
    (D4.5). Then those that draw on others and may have to move to it, and from OTHERS_FROM on those that draw on
    nothing, the earliest first (D4.4): who waits takes nothing from goods that may go already.
    """
    if task.kind != "LICENCE":
        return "", "s.arrival, s.owner, s.owner_id", "0"
    draws_on_it, waits = f"d.draws @> ${parameter}::jsonb", "d.draws = '[]'"
    order = f"CASE WHEN {draws_on_it} THEN -s.arrival END NULLS LAST, {waits}, s.arrival, s.owner, s.owner_id"
    return _DRAWS, order, f"CASE WHEN {waits} THEN {OTHERS_FROM} ELSE 0 END"


def _selections(task: OpenTask) -> tuple[list[str], list[list[str]]]:
    """One query for each alternative; its parameters follow the task id."""
    select = "SELECT owner, owner_id, lane, arrival FROM scope_terms"
    queries, arguments = [], []
    for all_of in task.touches:
        conditions = []
        for one_of in all_of:
            arguments.append(one_of)
            conditions.append(f"terms && ${len(arguments) + 1}::text[]")
        queries.append(f"{select} WHERE {' AND '.join(conditions)}" if conditions else select)
    return queries, arguments
