"""Tables altered while gatekeepers run at speed: what they had prepared no longer fits, and nothing is lost by it.

Changes that a running program can live with: more columns, other widths, indexes that come and go. An administrator may
alter a database so, or the migration to the next version beside the old program.
"""

from __future__ import annotations

import asyncpg
import pytest

from tests.faults.listening import Listener, heard_everything, listening
from tests.faults.pace import traffic
from tests.faults.plant import Plant
from tests.faults.trade import rules, stop_notice
from tests.waiting import eventually

WIDER = (
    "ALTER TABLE shipment ADD COLUMN remark text",
    "ALTER TABLE trade_order ADD COLUMN remark text NOT NULL DEFAULT 'none'",
    "ALTER TABLE outbox ADD COLUMN remark text",
    "ALTER TABLE task ADD COLUMN remark text",
    "ALTER TABLE rules_state ADD COLUMN remark text",
)
OTHER_TYPES = (
    # What COPY sends is laid out by the type that was read before.
    "ALTER TABLE ledger ALTER COLUMN line_no TYPE bigint, ALTER COLUMN uses TYPE bigint",
    "ALTER TABLE decision ALTER COLUMN engine_version TYPE bigint",
    "ALTER TABLE timeline ALTER COLUMN detail TYPE varchar",
    "ALTER TABLE lane ALTER COLUMN next_seq TYPE integer",
    "ALTER TABLE input_position ALTER COLUMN next_offset TYPE integer",
    "ALTER TABLE licence_line_balance ALTER COLUMN reserved TYPE numeric(30, 6)",
    "ALTER TABLE lane_progress ALTER COLUMN published_seq TYPE integer",
    "ALTER TABLE task ALTER COLUMN task_id TYPE integer",
)
AND_BACK = (
    "ALTER TABLE ledger ALTER COLUMN line_no TYPE integer, ALTER COLUMN uses TYPE integer",
    "ALTER TABLE decision ALTER COLUMN engine_version TYPE integer",
    "ALTER TABLE lane ALTER COLUMN next_seq TYPE bigint",
    "ALTER TABLE input_position ALTER COLUMN next_offset TYPE bigint",
    "ALTER TABLE lane_progress ALTER COLUMN published_seq TYPE bigint",
    "ALTER TABLE task ALTER COLUMN task_id TYPE bigint",
)
INDEXES = (
    "DROP INDEX timer_due",
    "DROP INDEX scope_terms_terms",
    "DROP INDEX task_open",
    "CREATE INDEX timer_due ON timer (lane, due_at)",
    "CREATE INDEX scope_terms_terms ON scope_terms USING gin (terms)",
    "CREATE INDEX task_open ON task (task_id) WHERE done_at IS NULL",
)


async def _alter(plant: Plant, statement: str) -> None:
    """Once the table can be had: those who work wait behind for so long."""

    async def altered() -> bool:
        connection = await asyncpg.connect(plant.database_url, server_settings={"lock_timeout": "1s"})
        try:
            await connection.execute(statement)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            raise AssertionError(repr(error)) from error
        finally:
            await connection.close()
        return True

    await eventually(altered)


async def _goes_on(listener: Listener) -> None:
    heard = len(listener.heard)
    await eventually(lambda: len(listener.heard) > heard + 20)


@pytest.mark.parametrize("statements", [WIDER, OTHER_TYPES + AND_BACK, INDEXES], ids=["wider", "types", "indexes"])
async def test_tables_that_are_altered_in_mid_stream_cost_nothing_but_a_retry(
    plant: Plant, statements: tuple[str, ...]
) -> None:
    await plant.tell(*rules())
    processes = [await plant.start("first"), await plant.start("second")]
    async with listening(plant) as listener:
        for process in processes:
            await process.owns(2)
        async with traffic(plant, per_second=60) as flow:
            await eventually(lambda: len(listener.heard) > 50)
            for number, statement in enumerate(statements):
                await _alter(plant, statement)
                if number == len(statements) // 2:
                    await plant.tell(stop_notice())
                await _goes_on(listener)
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert all(process.returncode is None for process in processes)
    assert await plant.rows("SELECT FROM quarantine") == []
    assert await plant.states() == flow.expected(noticed=True)
