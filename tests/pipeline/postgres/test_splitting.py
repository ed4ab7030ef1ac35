"""SPLIT_SUSPECTED on real rows and locks: what counts is kept, summed once for a batch, and never given twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import islice
from typing import Any

import asyncpg
import pytest

from services.gatekeeper.pipeline import maintenance
from services.gatekeeper.pipeline.policies import record_policy
from services.gatekeeper.policy_file.reading import read_policy
from services.gatekeeper.store.policies import Author
from services.gatekeeper.wiring import VirtualClock
from tests.pipeline.feeding import PARTITIONS, Feeder, keys_in_lane
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.postgres.test_races import WAITING
from tests.pipeline.trade import NOW, Event, at, item, milestone, shipment
from tests.waiting import eventually

ANNA = Author("cli:anna", "a" * 64)
LIMIT = 'split_limit: {value: "100", unit: KGM}'
ROUNDS = 20
HELD = "HELD SPLIT_SUSPECTED"


async def begin(feeder: Feeder, *settings: str, version: int = 1) -> None:
    text = "\n".join((f"version: {version}", *settings)).encode()
    await record_policy(feeder.gate, read_policy(text, "own.yaml"), ANNA)
    await feeder.tell(*(item(f"V{number}", family=f"V{number}") for number in range(ROUNDS)))


def valves(key: str, net: str, item_no: str = "V0", **changes: Any) -> Event:
    return shipment(key, net, item=item_no, **changes)


async def counted(feeder: Feeder) -> list[tuple[Any, ...]]:
    rows = await feeder.query("SELECT shipment_id, day::text, departed, quantity, unit FROM split_entry ORDER BY 1")
    return [(*row[:3], f"{row['quantity']} {row['unit']}") for row in rows]


async def test_two_gates_race_for_the_rest_of_a_family_and_exactly_one_is_released(
    feeder: Feeder, open_feeder: Opened
) -> None:
    other = await open_feeder()
    await begin(feeder, LIMIT)
    here, there = list(islice(keys_in_lane(0), ROUNDS)), list(islice(keys_in_lane(3), ROUNDS))
    for number, (left, right) in enumerate(zip(here, there, strict=True)):
        await asyncio.wait_for(
            asyncio.gather(
                feeder.feed(valves(left, "60 KGM", f"V{number}")), other.feed(valves(right, "60 KGM", f"V{number}"))
            ),
            timeout=10,
        )
        assert sorted(await feeder.states(left, right)) == [HELD, "RELEASED"]
    await feeder.assert_sound()
    for left, right in zip(here, there, strict=True):
        first, waiting = (left, right) if await feeder.state(left) == "RELEASED" else (right, left)
        await feeder.feed(milestone(first, "CANCELLED"))
        await asyncio.gather(feeder.until_idle(), other.until_idle())
        assert await feeder.states(first, waiting) == ["CLOSED", "RELEASED"]
    await feeder.assert_sound()


async def test_what_counts_is_kept_while_the_rule_is_off_and_seen_when_it_is_turned_on(feeder: Feeder) -> None:
    await begin(feeder)
    await feeder.tell(valves("S1", "60 KGM"), valves("S2", "60 KGM"), shipment("S3", "1 KGM"))
    await feeder.tell(milestone("S1", "DEPARTED"))
    assert await counted(feeder) == [("S1", "2026-03-02", True, "60 KGM"), ("S2", "2026-03-05", False, "60 KGM")]
    assert await feeder.value("SELECT count(*) FROM split_counter") == 0
    assert await feeder.value("SELECT count(*) FROM task WHERE kind LIKE 'SPLIT%'") == 0
    await begin(feeder, LIMIT, version=2)
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", HELD, "RELEASED"]
    assert await counted(feeder) == [("S1", "2026-03-02", True, "60 KGM")]
    await feeder.assert_sound()


async def test_those_behind_follow_in_order_of_arrival_whatever_their_lanes(feeder: Feeder) -> None:
    await begin(feeder, LIMIT)
    keys = [next(iter(keys_in_lane(lane))) for lane in range(PARTITIONS)]
    for key in keys:
        await feeder.tell(valves(key, "60 KGM"))
    assert await feeder.states(*keys) == ["RELEASED", HELD, HELD, HELD]
    await feeder.tell(milestone(keys[0], "CANCELLED"))
    assert await feeder.states(*keys) == ["CLOSED", "RELEASED", HELD, HELD]
    await feeder.assert_sound()


async def test_one_batch_knows_what_it_released_itself_and_who_came_before_whom(feeder: Feeder) -> None:
    await begin(feeder, LIMIT)
    await feeder.tell(valves("S1", "60 KGM"), valves("S2", "60 KGM"), valves("S3", "40 KGM"))
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", HELD, "RELEASED"]
    await feeder.tell(milestone("S2", "DEPARTED"))
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", "INTERCEPT SPLIT_SUSPECTED", HELD]
    # S1 is looked at alone: the sums of others tell those before it from those behind it.
    await feeder.tell(valves("S1", "60 KGM", version=2))
    await feeder.tell(item("V1", family="V0", version=2))
    assert await feeder.states("S1", "S2", "S3") == ["RELEASED", "INTERCEPT SPLIT_SUSPECTED", HELD]
    await feeder.assert_sound()


async def test_what_left_long_ago_is_loaded_when_it_is_asked_for(open_feeder: Opened) -> None:
    clock = VirtualClock(NOW)
    feeder = await open_feeder(clock=clock)
    await begin(feeder, LIMIT)
    await feeder.tell(valves("S1", "60 KGM"), valves("S2", "60 KGM"))
    await feeder.tell(milestone("S2", "DEPARTED"), milestone("S1", "DEPARTED"))
    await feeder.advance(at("2026-06-20 09:00"))
    await feeder.tell(valves("S2", "60 KGM", version=2, references=[{"scheme": "BOOKING", "value": "B1"}]))
    assert await feeder.state("S2") == "INTERCEPT SPLIT_SUSPECTED"
    await feeder.tell(valves("S3", "100 KGM", planned_departure="2026-06-25T18:00:00+08:00"))
    assert await feeder.state("S3") == "RELEASED"
    await feeder.assert_sound()


async def test_overdue_goods_count_as_today_before_anybody_has_looked_at_them_again(open_feeder: Opened) -> None:
    clock = VirtualClock(NOW)
    feeder = await open_feeder(clock=clock)
    await begin(feeder, LIMIT)
    await feeder.tell(valves("S1", "60 KGM"))
    clock.at = at("2026-05-20 09:00")
    await feeder.feed(valves("S2", "60 KGM", planned_departure="2026-05-25T18:00:00+08:00"))
    assert await feeder.state("S2") == HELD
    await feeder.until_idle()
    assert await counted(feeder) == [("S1", "2026-05-20", False, "60 KGM")]
    await feeder.assert_sound()


async def test_names_too_long_for_an_index_count_too(feeder: Feeder) -> None:
    await begin(feeder, LIMIT)
    name = "很长的名字" * 700
    parties = {"importer": {"party_id": "ALPHA"}, "end_user": {"name": name}}
    await feeder.tell(valves("S1", "60 KGM", parties=parties), valves("S2", "60 KGM", parties=parties))
    assert await feeder.states("S1", "S2") == ["RELEASED", HELD]
    await feeder.tell(milestone("S1", "CANCELLED"))
    assert await feeder.state("S2") == "RELEASED"
    await feeder.assert_sound()


async def test_who_waits_for_a_known_sum_has_inserted_the_unknown_ones(feeder: Feeder, open_feeder: Opened) -> None:
    other = await open_feeder()
    await begin(feeder, LIMIT)
    await feeder.tell(valves("S1", "1 KGM", "V9"))
    lock = "SELECT 1 FROM split_counter WHERE family = $1 FOR NO KEY UPDATE NOWAIT"
    async with other.gate.database.transaction() as holder:
        await holder.execute(lock, "V9")
        deciding = asyncio.create_task(feeder.feed(valves("S2", "1 KGM", "V9"), valves("S3", "1 KGM", "V1")))
        await eventually(lambda: other.value(WAITING, feeder.name))
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with other.gate.database.transaction() as third:
                await third.execute("SET LOCAL lock_timeout = '100ms'")
                await third.execute("INSERT INTO split_counter VALUES ('V1', 'ALPHA')")
    await deciding
    assert await feeder.states("S2", "S3") == ["RELEASED", "RELEASED"]
    await feeder.assert_sound()


async def test_entries_of_what_left_long_ago_are_forgotten(open_feeder: Opened) -> None:
    clock = VirtualClock(NOW)
    feeder = await open_feeder(clock=clock)
    await begin(feeder, LIMIT)
    now = await feeder.value("SELECT clock_timestamp()")
    for name, age in (("S1", 402), ("S2", 398)):
        await feeder.tell(valves(name, "60 KGM"))
        await feeder.tell(milestone(name, "DEPARTED", now - timedelta(days=age)))
    clock.at = now
    await maintenance.run_once(feeder.gate)
    assert [row[0] for row in await counted(feeder)] == ["S2"]
