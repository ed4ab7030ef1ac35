"""Unknown orders and licences are inserted before anything is locked, so that no two transactions wait in a circle."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from services.gatekeeper.pipeline.metrics import FOREIGN_PARTITION
from services.gatekeeper.store.aggregates import lock_accounts, lock_orders
from tests.pipeline.feeding import Feeder, keys_in_lane, sent
from tests.pipeline.trade import order, shipment
from tests.waiting import eventually

INSERT_ORDER = (
    "INSERT INTO trade_order (order_id, lane, arrival, state, sequence, rules_version, body)"
    " VALUES ('A', 0, 1, 'HELD', 0, 0, '{}')"
)
INSERT_ACCOUNT = (
    "INSERT INTO licence_account (licence_no, uses, uses_reserved, completed, alerts) VALUES ('A', 0, 0, false, '{}')"
)


@pytest.mark.parametrize("insert", [INSERT_ORDER, INSERT_ACCOUNT], ids=["orders", "licences"])
async def test_who_waits_for_a_known_row_has_inserted_the_unknown_ones(feeder: Feeder, insert: str) -> None:
    await feeder.tell(order("Z"), shipment("S1"))
    orders = insert is INSERT_ORDER
    known = "Z" if orders else "M1"

    async def lock() -> set[str]:
        async with feeder.gate.database.transaction() as tx:
            got = await (lock_orders(tx, ["A", known], {"A": 0}) if orders else lock_accounts(tx, ["A", known]))
            return set(got)

    async with feeder.gate.database.transaction() as holder:
        await (lock_orders(holder, [known], {}) if orders else lock_accounts(holder, [known]))
        waiting = asyncio.create_task(lock())
        await eventually(lambda: feeder.value("SELECT count(*) FROM pg_locks WHERE NOT granted"), seconds=2)
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with feeder.gate.database.transaction() as other:
                await other.execute("SET LOCAL lock_timeout = '100ms'")
                await other.execute(insert)
    assert await waiting == {"A", known}


async def test_records_in_another_partition_than_their_key_s_are_decided_and_counted(feeder: Feeder) -> None:
    counted = FOREIGN_PARTITION.labels("trade.shipments.v1")._value
    before = counted.get()
    own, foreign = next(iter(keys_in_lane(2))), next(iter(keys_in_lane(2, "T")))
    await feeder.tell(sent(shipment(own), partition=2), sent(shipment(foreign), partition=1))
    assert counted.get() == before + 1
    assert await feeder.states(own, foreign) == ["RELEASED", "RELEASED"]
    await feeder.assert_sound()
