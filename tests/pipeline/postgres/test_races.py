"""Several gatekeepers at once, on real locks: nothing is given twice, nothing overlooked, nobody blocks for ever."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import asyncpg
import pytest

from schemas.notices import NoticeUpserted
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.pipeline.intake import parse
from services.gatekeeper.pipeline.notices import record_notice
from services.gatekeeper.pipeline.translate_rules import notice_entity
from services.gatekeeper.store.positions import remember
from services.gatekeeper.store.rules import lock_exclusive
from services.gatekeeper.wiring import DatabaseClock
from tests.pipeline.feeding import Feeder, keys_in_lane, sent
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import Event, control, item, licence, notice, order, shipment
from tests.waiting import eventually

ROUNDS = 30
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'"
    " AND datname = current_database()"
)


async def test_two_gates_race_for_the_last_of_a_licence_and_exactly_one_is_cleared(
    feeder: Feeder, open_feeder: Opened
) -> None:
    other = await open_feeder()
    here, there = list(islice(keys_in_lane(0), ROUNDS)), list(islice(keys_in_lane(3), ROUNDS))
    for number, (left, right) in enumerate(zip(here, there, strict=True)):
        code = f"1C9{number:02d}.z"
        await feeder.feed(*_licensed(number, code))
        await asyncio.wait_for(
            asyncio.gather(
                feeder.feed(shipment(left, "60 KGM", item=f"I{number}")),
                other.feed(shipment(right, "60 KGM", item=f"I{number}")),
            ),
            timeout=10,
        )
        assert sorted(await feeder.states(left, right)) == ["HELD QTY_EXCEEDED", "RELEASED"]
    await feeder.assert_sound()
    for number, (left, right) in enumerate(zip(here, there, strict=True)):
        first, waiting = (left, right) if await feeder.state(left) == "RELEASED" else (right, left)
        await feeder.feed(shipment(first, "1 KGM", item=f"I{number}", version=2))
        await asyncio.gather(feeder.until_idle(), other.until_idle())
        assert await feeder.states(first, waiting) == ["RELEASED", "RELEASED"]
    await feeder.assert_sound()


def _licensed(number: int, code: str) -> list[Event]:
    return [item(f"I{number}", code), control(code), licence(f"L{number}", "100 KGM", code=code)]


async def test_many_shipments_of_the_same_orders_and_licences_in_two_gates_never_deadlock(
    feeder: Feeder, open_feeder: Opened
) -> None:
    """Locks are taken in one order by every writer; a deadlock would be retried, and is counted here."""
    other = await open_feeder()
    await feeder.tell(*(order(f"O{n}", "40 KGM") for n in range(8)))
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = await feeder.value(deadlocks)

    async def deliver(gate: Feeder, lanes: tuple[int, int], *, back: bool) -> None:
        for turn in range(10):
            keys = [key for lane in lanes for key in islice(keys_in_lane(lane), 8)]
            orders = range(8) if not back else range(7, -1, -1)
            events = [
                shipment(key, f"{turn + 1} KGM", order=f"O{n}", version=turn + 1)
                for key, n in zip(keys, [*orders, *orders], strict=True)
            ]
            await gate.feed(*events)
            await gate.until_idle()

    await asyncio.wait_for(
        asyncio.gather(deliver(feeder, (0, 1), back=False), deliver(other, (2, 3), back=True)), timeout=60
    )
    await feeder.assert_sound()
    assert await feeder.value(deadlocks) == before


async def test_a_batch_that_waits_for_the_rules_while_a_notice_commits_sees_the_notice(open_feeder: Opened) -> None:
    feeder = await open_feeder(clock=DatabaseClock(), name="waiting")
    api = await open_feeder(clock=DatabaseClock(), name="api")
    await feeder.feed(licence("M1", version=2, valid_from="2020-01-01", valid_until="2199-12-31"))
    later: dict[str, Any] = {"planned_departure": "2199-01-01T00:00:00+08:00"}
    await feeder.tell(shipment("S0", "1 KGM", **later))
    assert await feeder.state("S0") == "RELEASED"
    async with api.gate.database.transaction() as tx:
        await lock_exclusive(tx)
        deciding = asyncio.create_task(feeder.feed(shipment("S1", "1 KGM", **later)))
        await eventually(lambda: api.value(WAITING, "waiting"))
        recorded = await record_notice(api.gate, tx, _notice("N1"))
        assert not deciding.done()
    await deciding
    assert await feeder.state("S1") == "HELD STOP_NOTICE"
    assert (await feeder.shipment("S1")).rules_version == recorded.rules_version
    assert await feeder.told("S1") == ["shipment.held"]
    decided_at = (await feeder.shipment("S1")).decided_at
    assert decided_at is not None
    assert decided_at >= recorded.notice.recorded_at
    await feeder.assert_sound()


def _notice(notice_id: str) -> Notice:
    """As the API records it: everything stops, at once."""
    given = NoticeUpserted.model_validate_json(json.dumps(notice(notice_id)[1]))
    return notice_entity(given, datetime.now(UTC), by_http=True)


async def test_a_notice_that_waits_for_a_batch_holds_what_that_batch_released(
    feeder: Feeder, open_feeder: Opened
) -> None:
    api = await open_feeder(name="api")
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("SELECT next_seq FROM lane FOR NO KEY UPDATE")
        deciding = asyncio.create_task(feeder.feed(shipment("S1")))
        await eventually(lambda: api.value(WAITING, "gate-0"))
        recording = asyncio.create_task(api.feed(notice("N1", items=["MAG-ROD"])))
        await eventually(lambda: feeder.value(WAITING, "api"))
    await asyncio.gather(deciding, recording)
    assert await feeder.state("S1") == "RELEASED"
    await feeder.until_idle()
    assert await feeder.told("S1") == ["shipment.released", "shipment.held"]
    await feeder.assert_sound()


async def test_a_notice_recorded_while_shipments_are_released_leaves_none_of_them_released(
    feeder: Feeder, open_feeder: Opened
) -> None:
    other, api = await open_feeder(), await open_feeder(name="api")
    halves = [[key for lane in lanes for key in islice(keys_in_lane(lane), 30)] for lanes in ((0, 1), (2, 3))]

    async def release(gate: Feeder, keys: list[str]) -> None:
        for start in range(0, len(keys), 10):
            await gate.feed(*(shipment(key, "1 KGM") for key in keys[start : start + 10]))

    async def stop() -> None:
        await eventually(lambda: api.value("SELECT count(*) >= 20 FROM shipment"), every=0.01)
        await api.feed(notice("N1", items=["MAG-ROD"]))

    await asyncio.gather(release(feeder, halves[0]), release(other, halves[1]), stop())
    await asyncio.gather(*(gate.until_idle() for gate in (feeder, other, api)))
    assert await feeder.value("SELECT count(*) FROM shipment WHERE state = 'RELEASED'") == 0
    assert await feeder.value("SELECT count(*) FROM shipment") == 120
    assert await _releases_after_the_notice(feeder) == []
    assert await feeder.value("SELECT count(*) FROM outbox WHERE type = 'shipment.released.v1'") > 0
    await feeder.assert_sound()


async def _releases_after_the_notice(feeder: Feeder) -> list[object]:
    return await feeder.query(
        "SELECT o.lane, o.seq, o.key FROM outbox AS o JOIN outbox AS n ON n.lane = o.lane AND n.seq < o.seq"
        " WHERE o.type = 'shipment.released.v1' AND n.type = 'notice.in-effect.v1'"
    )


async def test_a_batch_whose_connection_is_cut_is_tried_again_and_counts_once(
    feeder: Feeder, open_feeder: Opened
) -> None:
    other = await open_feeder(name="other")
    async with other.gate.database.transaction() as tx:
        await tx.execute("SELECT next_seq FROM lane FOR NO KEY UPDATE")
        deciding = asyncio.create_task(feeder.feed(shipment("S1"), order("O1")))
        await eventually(lambda: other.value(WAITING, "gate-0"))
        await tx.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gate-0'"
            " AND datname = current_database()"
        )
    result = await asyncio.wait_for(deciding, timeout=20)
    assert result.handled == 2
    assert await feeder.states("S1", "O1") == ["RELEASED", "CLEARED"]
    assert await feeder.told("S1") == ["shipment.released"]
    await feeder.assert_sound()


async def test_a_batch_that_waits_too_long_for_a_lane_tries_again_until_it_is_free(
    feeder: Feeder, open_feeder: Opened
) -> None:
    """Waits longer than lock_timeout (3 s) end and begin anew; what was decided stays undecided until then."""
    connection = await asyncpg.connect(feeder.gate.settings.database_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT next_seq FROM lane FOR NO KEY UPDATE")
    deciding = asyncio.create_task(feeder.feed(shipment("S1")))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(deciding), timeout=3.5)
    await transaction.rollback()
    await connection.close()
    await asyncio.wait_for(deciding, timeout=20)
    assert await feeder.told("S1") == ["shipment.released"]
    await feeder.assert_sound()


async def test_two_gates_that_read_a_partition_at_once_decide_its_records_once(
    feeder: Feeder, open_feeder: Opened
) -> None:
    """For a moment after a reassignment two processes may hand over the same records."""
    other = await open_feeder()
    for turn in range(10):
        records = feeder.records(
            *(shipment(f"S{n}", "1 KGM", version=turn + 1, forwarder_id=f"F{turn}") for n in range(8))
        )
        results = await asyncio.gather(feeder.feed(*records), other.feed(*records))
        assert sum(result.handled for result in results) == 8
    assert await feeder.value("SELECT max(sequence) FROM shipment") == 10
    await feeder.assert_sound()


async def test_two_gates_share_the_tasks_and_judge_each_once(feeder: Feeder, open_feeder: Opened) -> None:
    other = await open_feeder(sweep_chunk=5)
    await feeder.tell(*(shipment(f"S{n}", "1 KGM") for n in range(40)))
    await feeder.feed(notice("N1", items=["MAG-ROD"]), notice("N2", exporters=["E1"]))
    await asyncio.gather(feeder.until_idle(), other.until_idle())
    await feeder.until_idle()
    assert await feeder.value("SELECT count(*) FROM shipment WHERE state = 'RELEASED'") == 0
    await feeder.assert_sound()


async def test_an_id_that_two_gates_meet_at_once_with_other_content_counts_once(
    feeder: Feeder, open_feeder: Opened
) -> None:
    """Two shipments, two lanes, one event id: no lock that both need, but the event itself."""
    other = await open_feeder(name="other")
    here, there = next(iter(keys_in_lane(0))), next(iter(keys_in_lane(3)))
    first = feeder.record(shipment(here), event_id="e-1")
    async with other.gate.database.transaction() as tx:
        known = parse(first)
        await remember(tx, [(known.event_key, known.content)])
        deciding = asyncio.create_task(feeder.feed(sent(shipment(there), event_id="e-1")))
        await eventually(lambda: other.value(WAITING, "gate-0"))
    await deciding
    assert await feeder.state(there) == "HELD MISSING_DATA EVENT_UNREADABLE"
    assert len(await feeder.quarantine()) == 1
    await feeder.assert_sound()
