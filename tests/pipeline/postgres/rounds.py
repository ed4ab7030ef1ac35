"""Gates that work on the same rows round after round: whether they met or deadlocked, and what they overlooked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg
from structlog.testing import capture_logs

from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.store.work import NewTask, add_tasks
from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import NOW
from tests.waiting import eventually

ROUNDS = 1_000
STRETCH = 10
"""Rounds in which a side may run ahead of the others, so that they meet at every step of their work."""
LOOK_SECONDS = 0.02
STRETCH_SECONDS_MAX = 120
Side = Callable[[int], Awaitable[object]]

_WAITING = (
    "SELECT wait_event, count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple') GROUP BY wait_event"
)
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@dataclass(slots=True)
class Meeting:
    """`waits`: looks at which some gate waited for another's row; `logs`: what the gates said meanwhile."""

    waits: int = 0
    logs: list[Any] = field(default_factory=list)

    @property
    def deadlocks(self) -> list[Any]:
        """Retries after 40P01."""
        return [one for one in self.logs if "deadlock" in str(one.get("error", "")).lower()]


@asynccontextmanager
async def meeting(feeder: Feeder) -> AsyncIterator[Meeting]:
    """Look at who waits for whom in the feeder's database for the length of the block."""
    found, ended = Meeting(), asyncio.Event()

    async def look() -> None:
        connection = await asyncpg.connect(feeder.gate.settings.database_url)
        try:
            while not ended.is_set():
                found.waits += bool(await connection.fetch(_WAITING))
                try:
                    await asyncio.wait_for(ended.wait(), LOOK_SECONDS)
                except TimeoutError:
                    continue
        finally:
            await connection.close()

    looking = asyncio.create_task(look())
    try:
        with capture_logs() as found.logs:
            yield found
    finally:
        ended.set()
        await looking


async def run_rounds(sides: Sequence[Side], *, rounds: int = ROUNDS, first: int = 0) -> None:
    """Every side's rounds, all sides at once; a stretch begins for all when it has ended for all."""

    async def several(side: Side, begin: int) -> None:
        for number in range(begin, begin + STRETCH):
            await side(number)

    for begin in range(first, first + rounds, STRETCH):
        await asyncio.wait_for(asyncio.gather(*(several(side, begin) for side in sides)), STRETCH_SECONDS_MAX)


async def all_idle(gates: Sequence[Feeder]) -> None:
    """Every gate does what is left, all at once; what one could not have because another had it, the first does."""
    await asyncio.gather(*(gate.until_idle() for gate in gates))
    await gates[0].until_idle()


def steps(gate: Feeder, count: int = 1) -> Side:
    """A side that does work that nobody waits for: `count` steps a round."""

    async def side(_: int) -> None:
        for _step in range(count):
            await work_once(gate.gate)

    return side


async def assert_nothing_overlooked(feeder: Feeder) -> None:
    """Everything that is open is looked at again, by arrival, and nothing changes: nobody waits or goes in vain."""
    before = await _states(feeder)
    async with feeder.gate.database.transaction() as tx:
        await add_tasks(tx, [NewTask("SWEEP", "everything", ((),))], 1, NOW)
    await feeder.until_idle()
    after = await _states(feeder)
    changed = {key: f"{before[key]} -> {after[key]}" for key in after if before[key] != after[key]}
    assert not changed, changed


async def _states(feeder: Feeder) -> dict[str, str]:
    """State and reasons. How much is free of a licence may stand in a hold as it was when the hold was looked at."""
    rows = await feeder.query(
        "SELECT id, state, jsonb_path_query_array(body, '$.holds[*].reason') AS reasons FROM"
        " (SELECT shipment_id AS id, state, body FROM shipment"
        " UNION ALL SELECT order_id, state, body FROM trade_order) AS every"
    )
    return {row["id"]: f"{row['state']} {row['reasons']}" for row in rows}


async def assert_no_deadlock(found: Meeting, gates: Sequence[Feeder]) -> None:
    """No gate was refused with 40P01, and PostgreSQL, which counts at the end of a session, knows of none either."""
    assert not found.deadlocks, found.deadlocks
    url = gates[0].gate.settings.database_url
    for gate in gates:
        await gate.close()
    connection = await asyncpg.connect(url)
    try:
        await eventually(partial(_alone, connection))
        counted = await connection.fetchval(_DEADLOCKS)
        assert counted == 0, f"{counted} deadlocks"
    finally:
        await connection.close()


async def _alone(connection: Any) -> bool:
    others: int = await connection.fetchval(_OTHERS)
    return others == 0
