"""A lane whose database went back is refused by the process that published it; old days go, the last record stays."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from services.gatekeeper.store.outbox import READ_RECENT, drop_published, read_after, read_one
from tests.pipeline.feeding import Feeder, keys_in_lane
from tests.pipeline.trade import shipment


async def test_a_database_restored_under_a_running_process_is_not_written_to(feeder: Feeder) -> None:
    [key] = islice(keys_in_lane(1), 1)
    [other] = islice(keys_in_lane(2), 1)
    feeder.gate.published[1] = 41
    result = await feeder.tell(shipment(key), shipment(other))
    [(place, reason)] = result.stopped.items()
    assert place == ("trade.shipments.v1", 1)
    assert "41 were published, the database is only at 0" in reason
    assert await feeder.states(key, other) == ["", "RELEASED"]
    async with feeder.gate.database.reading() as connection:
        assert "restored" in await connection.fetchval("SELECT stopped FROM lane WHERE lane = 1")


async def test_old_days_of_the_outbox_go_once_published_and_the_last_record_of_a_lane_stays(feeder: Feeder) -> None:
    keys = list(islice(keys_in_lane(1), 3))
    await feeder.tell(*(shipment(key) for key in keys))
    async with feeder.gate.database.transaction() as tx:
        await tx.execute(
            "CREATE TABLE outbox_20200101 PARTITION OF outbox FOR VALUES FROM ('2020-01-01 00:00+00')"
            " TO ('2020-01-02 00:00+00')"
        )
        await tx.execute("UPDATE outbox SET recorded_at = '2020-01-01 12:00+00' WHERE lane = 1")
        await drop_published(tx, timedelta(days=30))
        assert await tx.fetchval("SELECT count(*) FROM outbox WHERE lane = 1") == 3, "nobody has published it"
        await tx.execute("UPDATE lane_progress SET published_seq = 3 WHERE lane = 1")
        before = await read_one(tx, 1, 3)
        await drop_published(tx, timedelta(days=30))
        assert await tx.fetchval("SELECT count(*) FROM outbox WHERE lane = 1") == 1
        assert await tx.fetchval("SELECT to_regclass('outbox_20200101')") is None
        assert before is not None
        assert await read_one(tx, 1, 3) == before


async def test_records_that_wait_since_days_are_read_in_order_before_those_of_today(feeder: Feeder) -> None:
    await feeder.tell(*(shipment(key, "10 KGM") for key in islice(keys_in_lane(1), 5)))
    async with feeder.gate.database.transaction() as tx:
        await tx.execute(
            "CREATE TABLE outbox_20200101 PARTITION OF outbox FOR VALUES FROM ('2020-01-01 00:00+00')"
            " TO ('2020-01-02 00:00+00')"
        )
        await tx.execute("UPDATE outbox SET recorded_at = '2020-01-01 12:00+00' WHERE lane = 1 AND seq <= 3")

        async def read(after: int, records_max: int = 100) -> list[int]:
            return [record.seq for record in await read_after(tx, 1, after, records_max=records_max)]

        assert await read(0) == [1, 2, 3, 4, 5]
        assert await read(1, 3) == [2, 3, 4]
        assert await read(3) == [4, 5]
        assert await read(5) == []
        plan = await tx.fetch(f"EXPLAIN (COSTS OFF, ANALYZE) {READ_RECENT}", 1, 3, 9)
        assert not any("outbox_20200101" in row[0] for row in plan), "only the last day's partitions are looked at"
