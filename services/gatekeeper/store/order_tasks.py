"""Tasks about one order each, many at a time: such a task is a handful of items, and there may be thousands of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.gatekeeper.store.work import Item, OpenTask, runner_key

Connection = Any
Portion = tuple[OpenTask, list[Item]]
KINDS = frozenset({"ORDER", "ORDER_SHIPMENTS"})


def is_small(task: OpenTask) -> bool:
    """Whether `task` is about one order and was not begun."""
    return task.kind in KINDS and not task.items_stored


async def take_whole(connection: Connection, tasks: Sequence[OpenTask], items_max: int) -> list[Portion]:
    """As many of `tasks` (small ones, claimed) as have at most `items_max` items together, each with all of its items.

    Left out are those whose kind and key another process runs, or has another open task of: they go one by one.
    """
    firsts = list({(task.kind, task.key): task for task in reversed(tasks)}.values())[::-1]
    free = await _only_runner_of(connection, firsts)
    alone = await _without_rivals(connection, free, [task.task_id for task in tasks])
    rows = await connection.fetch(
        "SELECT u.n, s.owner, s.owner_id, s.lane FROM unnest($1::text[]) WITH ORDINALITY AS u(term, n)"
        " JOIN scope_terms AS s ON s.terms @> ARRAY[u.term] ORDER BY u.n, s.arrival, s.owner, s.owner_id LIMIT $2",
        [task.touches[0][0][0] for task in alone],
        items_max + 1,
    )
    whole = alone if len(rows) <= items_max else alone[: rows[-1]["n"] - 1]
    portions: list[Portion] = [(task, []) for task in whole]
    for n, owner, owner_id, lane in rows:
        if n <= len(whole):
            portions[n - 1][1].append(Item(n, owner, owner_id, lane))
    return portions


async def close_whole(connection: Connection, tasks: Sequence[OpenTask], done: Sequence[Portion], at: datetime) -> None:
    """What `take_whole` gave was judged: it is done, and so is what else of `tasks` is the same."""
    if not done:
        return
    kinds = {(task.kind, task.key) for task, _ in done}
    ids = [task.task_id for task in tasks if (task.kind, task.key) in kinds]
    await connection.execute("UPDATE task SET items_stored = true, done_at = $2 WHERE task_id = ANY($1)", ids, at)


async def _only_runner_of(connection: Connection, tasks: Sequence[OpenTask]) -> list[OpenTask]:
    rows = await connection.fetch(
        "SELECT n, pg_try_advisory_xact_lock(hashtextextended(k, 0)) AS free"
        " FROM unnest($1::text[]) WITH ORDINALITY AS u(k, n)",
        [runner_key(task) for task in tasks],
    )
    return [tasks[row["n"] - 1] for row in sorted(rows, key=lambda row: int(row["n"])) if row["free"]]


async def _without_rivals(connection: Connection, tasks: Sequence[OpenTask], claimed: Sequence[int]) -> list[OpenTask]:
    rows = await connection.fetch(
        "SELECT DISTINCT t.kind, t.key FROM task AS t JOIN unnest($1::text[], $2::text[]) AS u(kind, key)"
        " USING (kind, key) WHERE t.done_at IS NULL AND t.task_id <> ALL($3::bigint[])",
        [task.kind for task in tasks],
        [task.key for task in tasks],
        claimed,
    )
    rivals = {(row["kind"], row["key"]) for row in rows}
    return [task for task in tasks if (task.kind, task.key) not in rivals]
