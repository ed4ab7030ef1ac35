"""A stop notice against a stream: from its commit on nothing that it matches is released, whoever was away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.notices import NoticeUpserted
from services.gatekeeper.pipeline.notices import record_notice
from services.gatekeeper.pipeline.translate_rules import notice_entity
from services.gatekeeper.wiring import Settings, open_gate
from tests.faults.listening import Listener, heard_everything, listening
from tests.faults.pace import traffic
from tests.faults.plant import Plant
from tests.faults.trade import expected, matching, rules, stop_notice, stream
from tests.pipeline.feeding import PARTITIONS
from tests.waiting import eventually


async def _record_as_the_api_does(plant: Plant) -> None:
    settings = Settings(database_url=plant.database_url, partitions=PARTITIONS)
    gate = await open_gate(settings, name="holdgate test", patience_seconds=10)
    try:
        data = NoticeUpserted.model_validate(stop_notice()[1])
        async with gate.database.transaction() as tx:
            await record_notice(gate, tx, notice_entity(data, datetime.now(UTC), by_http=True))
    finally:
        await gate.database.close()


def _released_after_the_notice(listener: Listener) -> set[str]:
    return {one.key for one in listener.after("notice.in-effect", "N1") if one.type == "shipment.released"}


@pytest.mark.parametrize("by", ["kafka", "record_notice"])
async def test_no_match_is_released_after_the_notice_in_its_lane_although_the_stream_runs_at_speed(
    plant: Plant, by: str
) -> None:
    await plant.tell(*rules())
    first, second = await plant.start("first"), await plant.start("second")
    async with listening(plant) as listener:
        await first.owns(2)
        await second.owns(2)
        async with traffic(plant, per_second=500) as flow:
            await eventually(lambda: len(listener.told("shipment.released") & flow.matching()) > 20)
            if by == "kafka":
                await plant.tell(stop_notice())
            else:
                await _record_as_the_api_does(plant)
            await flow.grows(300)
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert not _released_after_the_notice(listener) & flow.matching()
    assert listener.told("shipment.released") & flow.matching()
    assert await plant.states() == flow.expected(noticed=True)


async def test_nothing_that_a_notice_matches_is_released_when_both_came_while_no_gatekeeper_was_there(
    plant: Plant,
) -> None:
    await plant.tell(*rules(), *stream(0, 20))
    before = await plant.start("before")
    await plant.wait_until_idle()
    await before.kill()
    await plant.tell(*stream(20, 200), stop_notice())
    async with listening(plant) as listener:
        await plant.start("first")
        await plant.start("second")
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert not listener.told("shipment.released") & matching(20, 200)
    assert listener.told("shipment.held") >= matching(0, 220)
    assert await plant.states() == expected(0, 220, noticed=True)
