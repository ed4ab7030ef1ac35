"""Tasks, their items, timers, boundaries and deferred records (design.md §4)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.gatekeeper.store.journal import ENGINE_VERSION
from services.gatekeeper.store.term_keys import term_keys

Connection = Any
Touches = tuple[tuple[frozenset[str], ...], ...]
OTHERS_FROM = 1 << 40
"""Positions of a changed licence's task from which on those stand that draw on nothing: what comes back is for them."""

FOR_WAITERS = {"WAITERS": "LICENCE", "SPLIT_WAITERS": "SPLIT"}
"""Kinds of tasks that look only at what is held, and those that look at everybody of the same key."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    task_id: int
    kind: str
    key: str
    touches: list[list[list[str]]]
    items_stored: bool
    cursor: int


@dataclass(frozen=True, slots=True)
class Item:
    """An order or shipment to judge; `position` orders a task's items by arrival."""

    position: int
    owner: str
    owner_id: str
    lane: int


@dataclass(frozen=True, slots=True)
class NewTask:
    """Work to do later: what `touches` selects is judged again."""

    kind: str
    key: str
    touches: Touches
    can_add_hold: bool = True


async def add_tasks(connection: Connection, tasks: Sequence[NewTask], rules_version: int, as_of: datetime) -> None:
    """Add tasks, in their order."""
    if not tasks:
        return
    plain = [[[term_keys(one_of) for one_of in all_of] for all_of in task.touches] for task in tasks]
    await connection.execute(
        "INSERT INTO task (kind, key, touches, rules_version, can_add_hold, items_stored, cursor, created_at)"
        " SELECT k, i, t, $5, a, false, 0, $6 FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::bool[])"
        " WITH ORDINALITY AS u(k, i, t, a, n) ORDER BY n",
        [task.kind for task in tasks],
        [task.key for task in tasks],
        [json.dumps(touches, ensure_ascii=False) for touches in plain],
        [task.can_add_hold for task in tasks],
        rules_version,
        as_of,
    )


@dataclass(frozen=True, slots=True)
class Due:
    """Where there may be work: dates of rules that came, open tasks, dates of owners in certain lanes, records."""

    boundaries: bool
    tasks: bool
    timers: bool
    deferred: bool


async def what_is_due(connection: Connection, lanes: Collection[int], as_of: datetime) -> Due:
    """What may be done now, the dates of owners only in `lanes`.

    `tasks` also when the rules need a newer engine: whoever takes them up is told so.
    """
    row = await connection.fetchrow(
        "SELECT EXISTS (SELECT 1 FROM rule_boundary WHERE due_at <= $2)"
        " OR EXISTS (SELECT 1 FROM rule_ahead WHERE due_at <= $2) AS boundaries,"
        " EXISTS (SELECT 1 FROM task WHERE done_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM rules_state WHERE min_engine > $3) AS tasks,"
        " EXISTS (SELECT 1 FROM timer WHERE lane = ANY($1::int[]) AND due_at <= $2) AS timers,"
        " EXISTS (SELECT 1 FROM deferred_record) AS deferred",
        sorted(lanes),
        as_of,
        ENGINE_VERSION,
    )
    return Due(**row)


async def claim_tasks(connection: Connection, tasks_max: int) -> list[OpenTask]:
    """The oldest unfinished tasks that nobody is working on, sweeps first, locked."""
    rows = await connection.fetch(
        "SELECT task_id, kind, key, touches, items_stored, cursor FROM task AS t WHERE done_at IS NULL"
        " AND NOT (kind = 'LANE' AND EXISTS (SELECT 1 FROM lane WHERE lane::text = t.key AND stopped IS NOT NULL))"
        " ORDER BY kind <> 'SWEEP', task_id LIMIT $1 FOR UPDATE SKIP LOCKED",
        tasks_max,
    )
    return [
        OpenTask(
            row["task_id"], row["kind"], row["key"], json.loads(row["touches"]), row["items_stored"], row["cursor"]
        )
        for row in rows
    ]


async def only_runner(connection: Connection, task: OpenTask) -> bool:
    """Whether this transaction is the only one that runs tasks of this kind and key: their items go in one order."""
    free: bool = await connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", runner_key(task)
    )
    return free


def runner_key(task: OpenTask) -> str:
    """A licence has one runner, whether it changed or something came back to it; a family's sum likewise."""
    return f"{FOR_WAITERS.get(task.kind, task.kind)} {task.key}"


async def park(connection: Connection, lane: int, items: Sequence[Item], rules_version: int, as_of: datetime) -> None:
    """Keep items of a stopped lane: a task of the lane's own, which waits until the lane runs again."""
    task_id = await connection.fetchval(
        "INSERT INTO task (kind, key, touches, rules_version, can_add_hold, items_stored, cursor, created_at)"
        " VALUES ('LANE', $1, '[]', $2, true, true, 0, $3) RETURNING task_id",
        str(lane),
        rules_version,
        as_of,
    )
    await connection.execute(
        "INSERT INTO sweep_item (task_id, position, owner, owner_id, lane)"
        " SELECT $1, n, o, i, $4 FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS u(o, i, n)",
        task_id,
        [item.owner for item in items],
        [item.owner_id for item in items],
        lane,
    )


async def coming_back(connection: Connection, licences: Collection[str]) -> frozenset[str]:
    """Those of `licences` to which something came back that their waiters have not been asked about yet (D4.4)."""
    rows = await connection.fetch(
        "SELECT DISTINCT key FROM task WHERE done_at IS NULL AND kind = 'WAITERS' AND key = ANY($1::text[])",
        sorted(licences),
    )
    return frozenset(row["key"] for row in rows)


async def next_items(connection: Connection, task_id: int, cursor: int, items_max: int) -> list[Item]:
    """Up to `items_max` items of a task behind `cursor`, in their order."""
    rows = await connection.fetch(
        "SELECT position, owner, owner_id, lane FROM sweep_item WHERE task_id = $1 AND position > $2"
        " ORDER BY position LIMIT $3",
        task_id,
        cursor,
        items_max,
    )
    return [Item(*row) for row in rows]


async def move_on(connection: Connection, task: OpenTask, items: Sequence[Item], as_of: datetime) -> None:
    """The chunk's witness: what was judged is no longer pending, and a task with nothing left is done."""
    last = items[-1].position if items else 0
    await connection.execute("DELETE FROM sweep_item WHERE task_id = $1 AND position <= $2", task.task_id, last)
    await connection.execute(
        "UPDATE task SET cursor = greatest(cursor, $2), done_at = CASE WHEN EXISTS"
        " (SELECT 1 FROM sweep_item WHERE task_id = $1) THEN NULL ELSE $3::timestamptz END WHERE task_id = $1",
        task.task_id,
        last,
        as_of,
    )


async def forget_done(connection: Connection, kept: timedelta, rows_max: int) -> None:
    """Remove up to `rows_max` tasks that were done longer than `kept` ago, by the database's clock."""
    await connection.execute(
        "DELETE FROM task WHERE task_id IN (SELECT task_id FROM task WHERE done_at < clock_timestamp() - $1::interval"
        " ORDER BY task_id LIMIT $2)",
        kept,
        rows_max,
    )


async def due_timers(
    connection: Connection, lanes: Collection[int], as_of: datetime, items_max: int
) -> list[tuple[str, str, int]]:
    """(owner, owner id, lane) of due timers of `lanes`, without a lock: tested again once they are locked.

    Those of stopped lanes wait for the repair, and must not fill the chunk.
    """
    rows = await connection.fetch(
        "SELECT owner, owner_id, lane FROM timer WHERE lane = ANY($1::int[]) AND due_at <= $2"
        " AND lane IN (SELECT lane FROM lane WHERE stopped IS NULL) ORDER BY due_at LIMIT $3",
        sorted(lanes),
        as_of,
        items_max,
    )
    return [tuple(row) for row in rows]


async def still_due(
    connection: Connection, timers: Iterable[tuple[str, str, int]], as_of: datetime
) -> set[tuple[str, str]]:
    """Those of `timers` that are due now; their lanes are locked, so the answer stands until commit."""
    several = list(timers)
    rows = await connection.fetch(
        "SELECT t.owner, t.owner_id FROM timer AS t JOIN unnest($1::text[], $2::text[]) AS u(owner, owner_id)"
        " ON t.owner = u.owner AND t.owner_id = u.owner_id WHERE t.due_at <= $3",
        [owner for owner, _, _ in several],
        [owner_id for _, owner_id, _ in several],
        as_of,
    )
    return {(row["owner"], row["owner_id"]) for row in rows}


async def next_due(connection: Connection) -> datetime | None:
    """The earliest instant at which a timer or a notice's boundary is due: where a virtual clock goes next."""
    at: datetime | None = await connection.fetchval(
        "SELECT least((SELECT min(due_at) FROM timer), (SELECT min(due_at) FROM rule_boundary),"
        " (SELECT min(due_at) FROM rule_ahead))"
    )
    return at


async def add_deferred(connection: Connection, records: Sequence[tuple[int, str, str, str]], as_of: datetime) -> None:
    """Records (lane, key, type, JSON) for lanes that this transaction has not locked."""
    if records:
        await connection.execute(
            "INSERT INTO deferred_record (lane, key, type, data, as_of) SELECT l, k, t, d, $5 FROM"
            " unnest($1::int[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS u(l, k, t, d, n) ORDER BY n",
            *(list(column) for column in zip(*records, strict=True)),
            as_of,
        )


async def deferred_lanes(connection: Connection) -> list[int]:
    rows = await connection.fetch("SELECT DISTINCT lane FROM deferred_record ORDER BY lane")
    return [row["lane"] for row in rows]


async def take_deferred(connection: Connection, lanes: Collection[int], records_max: int) -> list[Any]:
    """Remove and return deferred records of `lanes`, which the caller has locked, oldest first."""
    rows = await connection.fetch(
        "DELETE FROM deferred_record WHERE deferred_id IN (SELECT deferred_id FROM deferred_record"
        " WHERE lane = ANY($1::int[]) ORDER BY deferred_id LIMIT $2)"
        " RETURNING deferred_id, lane, key, type, data, as_of",
        sorted(lanes),
        records_max,
    )
    return sorted(rows, key=lambda row: row["deferred_id"])
