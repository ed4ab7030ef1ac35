"""What the one place that commits does about errors and about others (design.md §2)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.kit.postgres import Database, connect, is_data_error, is_retryable, retrying

FROZEN_CLIENT = """
import asyncio, asyncpg, os, signal, sys, threading
async def main():
    connection = await asyncpg.connect(sys.argv[1], server_settings={"application_name": "holdgate-frozen"})
    await connection.transaction().start()
    await connection.execute("SELECT pg_advisory_xact_lock(7)")
    print("locked", flush=True)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGSTOP)).start()
    await connection.fetch("SELECT repeat('x', 1000000) FROM generate_series(1, 30000)")
asyncio.run(main())
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await connect(database_url, name="holdgate-test")
    yield opened
    await opened.close()


async def test_a_client_frozen_in_an_unread_result_does_not_block_others_for_long(
    database: Database, database_url: str
) -> None:
    frozen = subprocess.Popen([sys.executable, "-c", FROZEN_CLIENT, database_url], stdout=subprocess.PIPE)
    try:
        assert frozen.stdout is not None
        assert await asyncio.to_thread(frozen.stdout.readline) == b"locked\n"

        async def wait_for_it() -> bool:
            async with database.transaction() as tx:
                await tx.execute("SELECT pg_advisory_xact_lock(7)")
                return True

        assert await asyncio.wait_for(retrying(wait_for_it, what="test"), timeout=60)
    finally:
        frozen.kill()
        frozen.communicate()


async def test_a_transaction_that_works_for_long_is_not_ended_by_those_who_wait_for_it(database: Database) -> None:
    locked = asyncio.Event()

    async def work() -> None:
        async with database.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(7)")
            locked.set()
            await tx.execute("SELECT pg_sleep(9)")

    async def wait_for_it() -> None:
        async with database.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(7)")

    working = asyncio.create_task(work())
    await locked.wait()
    await retrying(wait_for_it, what="test", patience_seconds=30)
    await working


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE kept (n int)")
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO kept VALUES (1)")
            raise ZeroDivisionError
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0


async def test_work_is_done_again_when_its_connection_was_ended(database: Database) -> None:
    tries = 0

    async def work() -> int:
        nonlocal tries
        tries += 1
        async with database.transaction() as tx:
            if tries == 1:
                pid = tx.get_server_pid()
                async with database.reading() as other:
                    await other.execute("SELECT pg_terminate_backend($1)", pid)
            return int(await tx.fetchval("SELECT 7"))

    assert await retrying(work, what="test") == 7
    assert tries > 1


@pytest.mark.parametrize(("before", "after"), [("int", "bigint"), ("bigint", "int")])
async def test_rows_are_copied_into_a_table_whose_types_have_changed(
    database: Database, before: str, after: str
) -> None:
    async def copy() -> int:
        async with database.transaction() as tx:
            await tx.copy_records_to_table("copied", columns=["n"], records=[(1,)])
            return int(await tx.fetchval("SELECT count(*) FROM copied"))

    async with database.transaction() as tx:
        await tx.execute(f"CREATE TABLE copied (n {before})")
    assert await retrying(copy, what="test") == 1
    async with database.transaction() as tx:
        await tx.execute(f"ALTER TABLE copied ALTER COLUMN n TYPE {after}")
    assert await retrying(copy, what="test", patience_seconds=10) == 2


async def test_an_error_of_the_program_is_not_tried_again(database: Database) -> None:
    async def work() -> None:
        async with database.transaction() as tx:
            await tx.execute("SELECT nonsense FROM nowhere")

    with pytest.raises(asyncpg.UndefinedTableError):
        await retrying(work, what="test")


@pytest.mark.parametrize(
    ("error", "retryable", "data"),
    [
        (asyncpg.DeadlockDetectedError("x"), True, False),
        (asyncpg.LockNotAvailableError("x"), True, False),
        (asyncpg.CannotConnectNowError("x"), True, False),
        (asyncpg.ReadOnlySQLTransactionError("x"), True, False),
        (asyncpg.InvalidCachedStatementError("x"), True, False),
        (asyncpg.InvalidBinaryRepresentationError("x"), True, False),
        (ConnectionResetError(), True, False),
        (asyncpg.InterfaceError("connection is closed"), True, False),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), True, False),
        (asyncpg.InterfaceError("another operation is in progress"), False, False),
        (asyncpg.CharacterNotInRepertoireError("x"), False, True),
        (asyncpg.UniqueViolationError("x"), False, True),
        (asyncpg.CheckViolationError("x"), False, False),
        (asyncpg.DataError("invalid input for query argument"), False, True),
        (ValueError("x"), False, False),
    ],
)
def test_each_error_has_its_answer(error: Exception, retryable: bool, data: bool) -> None:
    assert (is_retryable(error), is_data_error(error)) == (retryable, data)


def test_an_error_that_hides_a_lost_connection_is_tried_again() -> None:
    hiding = asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
    hiding.__context__ = asyncpg.InternalClientError("cannot switch to state 21; another operation (2) is in progress")
    assert is_retryable(hiding)
