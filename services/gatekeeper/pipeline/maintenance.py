"""What has to be done now and then: outbox partitions ahead and away, old answers, tasks and entries forgotten."""

from __future__ import annotations

from datetime import timedelta

from services.gatekeeper.store import idempotency, outbox, splitting, work
from services.gatekeeper.wiring import Gate
from services.kit.postgres import retrying

OUTBOX_DAYS_KEPT = 30
TASK_DAYS_KEPT = 7
FORGOTTEN_MAX = 10_000


async def run_once(gate: Gate) -> None:
    """Idempotent; any number of processes may run it."""

    async def attempt() -> None:
        async with gate.database.transaction() as tx:
            await outbox.ensure_partitions(tx)
        async with gate.database.transaction() as tx:
            await outbox.drop_published(tx, timedelta(days=OUTBOX_DAYS_KEPT))
        async with gate.database.transaction() as tx:
            await idempotency.forget(tx, rows_max=FORGOTTEN_MAX)
        async with gate.database.transaction() as tx:
            await work.forget_done(tx, timedelta(days=TASK_DAYS_KEPT), FORGOTTEN_MAX)
        async with gate.database.transaction() as tx:
            await splitting.forget(tx, FORGOTTEN_MAX)

    await retrying(attempt, what="maintenance")
