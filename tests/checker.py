"""What must hold in the database whatever happened before, on the topic that was published from it, and of its input.

Each clause of the promise has a module in `tests.checking`: lanes, owners, balances, units,
families, inputs, statuses and replays.
"""

from __future__ import annotations

from typing import Any

from tests.checking.balances import balances, days, draws, grants, limits, overlaps
from tests.checking.families import families
from tests.checking.inputs import Input, decided_or_kept, told_twice
from tests.checking.lanes import TopicRecord, barriers, lanes, published
from tests.checking.owners import rows_and_bodies, selection, sequences, states
from tests.checking.replays import decided_again
from tests.checking.statuses import agree
from tests.checking.stored import Stored, read, snapshot
from tests.checking.units import units

__all__ = ["Input", "TopicRecord", "check"]


async def check(
    database_url: str,
    *,
    topic_records: list[TopicRecord] | None = None,
    input_records: Input | None = None,
    idle: bool = True,
    connection: Any = None,
) -> list[str]:
    """Every invariant that does not hold, in words; nothing: all is well.

    `topic_records`: what the topic holds, to be equal to the outbox. `input_records`: what the input topics hold, each
    to be decided or quarantined once. `idle`: nothing may be left to do either.
    `connection`: look with this one, inside its transaction, instead of a new one.
    """
    stored = await read(connection) if connection is not None else await snapshot(database_url)
    found = [
        *lanes(stored),
        *sequences(stored),
        *rows_and_bodies(stored),
        *states(stored),
        *balances(stored),
        *days(stored),
        *units(stored),
        *draws(stored),
        *overlaps(stored),
        *families(stored),
        *selection(stored),
        *barriers(stored),
        *told_twice(stored),
        *agree(stored, topic_records, idle=idle),
        *decided_again(stored),
    ]
    if idle:
        found += [*_left_over(stored), *grants(stored), *limits(stored)]
    if topic_records is not None:
        found += published(stored, topic_records, idle=idle)
    if input_records is not None:
        found += decided_or_kept(stored, input_records, idle=idle)
    return found


def _left_over(stored: Stored) -> list[str]:
    found = [f"task {row['task_id']} ({row['kind']} {row['key']}) is unfinished" for row in stored.rows["tasks"]]
    found += [f"task {row['task_id']}: {row['items']} items are left" for row in stored.rows["items"]]
    found += [f"lane {row['lane']}: {row['records']} deferred records are left" for row in stored.rows["deferred"]]
    return found
