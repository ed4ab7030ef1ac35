"""Partitions that are reassigned in the middle of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from services.gatekeeper.pipeline.batch import decide_batch
from services.gatekeeper.pipeline.records import BatchResult, Run
from services.gatekeeper.pipeline.trade_loop import TradeLoop
from services.gatekeeper.wiring import Gate, Settings, open_gate
from tests.faults.listening import heard_everything, listening
from tests.faults.pace import traffic
from tests.faults.plant import SESSION_TIMEOUT_MS, Plant
from tests.faults.processes import Process
from tests.faults.trade import expected, rules, stream
from tests.pipeline.feeding import PARTITIONS
from tests.pipeline.kafka.standins import consuming
from tests.waiting import eventually


async def test_a_batch_whose_partitions_were_taken_back_while_it_was_under_way_still_counts_once(plant: Plant) -> None:
    """Its loop goes on with what it has left, and the new owner does not decide the same records again."""
    await plant.tell(*rules())
    second = await plant.start("second")
    await plant.wait_until_idle()
    await second.stop()
    settings = Settings(
        database_url=plant.database_url, kafka_bootstrap_servers=plant.servers, topic_prefix=plant.prefix,
        partitions=PARTITIONS,
    )  # fmt: skip
    gate = await open_gate(settings, name="holdgate first")
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def decide(gate: Gate, runs: Sequence[Run]) -> BatchResult:
        under_way.set()
        await go_on.wait()
        return await decide_batch(gate, runs)

    loop = TradeLoop(gate, decide, session_timeout_ms=SESSION_TIMEOUT_MS)
    async with consuming(loop, watches=[loop.publishers]):
        await eventually(lambda: len(gate.owned_lanes) == PARTITIONS)
        await plant.tell(*stream(0, 40))
        await under_way.wait()
        second = await plant.start("second")
        await second.owns(PARTITIONS // 2)
        go_on.set()
        await plant.wait_until_idle()
        await eventually(lambda: len(gate.owned_lanes) == PARTITIONS // 2)
        await plant.tell(*stream(40, 20))
        await plant.assert_sound()
        await second.stop()
    await gate.database.close()
    assert await plant.states() == expected(0, 60, noticed=False)


async def test_gatekeepers_that_come_and_go_again_and_again_during_a_stream_decide_every_record_once(
    plant: Plant,
) -> None:
    """With batches that are still under way when partitions move, and seeks that come late."""
    await plant.tell(*rules())
    late = "batch.before_commit=delay@3,batch.after_commit=delay@6,trade.before_seek=delay"
    first = await plant.start("first", failpoints="trade.before_seek=delay@2,batch.before_commit=delay@20")
    async with listening(plant) as listener:
        await first.owns(4)
        async with traffic(plant, per_second=50) as flow:
            for leave in (Process.stop, Process.kill):
                guest = await plant.start("guest", failpoints=late)
                await guest.owns(2)
                await first.owns(2)
                await flow.grows(50)
                await leave(guest)
                await first.owns(4)
        await plant.assert_sound()
        await heard_everything(plant, listener)
    assert await plant.states() == flow.expected(noticed=False)
