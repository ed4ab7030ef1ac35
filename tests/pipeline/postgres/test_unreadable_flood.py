"""When too much of a partition is unreadable it stops and says so, instead of diverting everything."""

from __future__ import annotations

from services.gatekeeper.pipeline.quarantine import resume_partition
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import item, licence, shipment

BROKEN = b"{not json"


async def test_a_partition_with_too_much_that_is_unreadable_stops_and_nothing_is_diverted_or_lost(
    open_feeder: Opened,
) -> None:
    feeder = await open_feeder(unreadable_window=10, unreadable_share_max=0.5)
    broken = [feeder.record(shipment(f"S{n}"), value=BROKEN, partition=0) for n in range(10)]
    fine = feeder.record(shipment("S99"), partition=0)
    elsewhere = feeder.record(shipment("S98"), partition=1)
    result = await feeder.tell(*broken, fine, elsewhere)
    place = (fine.topic, 0)
    assert list(result.stopped) == [place]
    kept = len(await feeder.quarantine())
    assert 0 < kept < 10
    assert result.next_offsets[place] == kept
    assert await feeder.states("S99", "S98") == ["", "RELEASED"]

    still = await feeder.tell(*broken[kept:], fine)
    assert (list(still.stopped), still.handled) == ([place], 0)
    for _ in broken:
        if not await resume_partition(feeder.gate, *place, by="ops"):
            break
        kept = len(await feeder.quarantine())
        again = await feeder.tell(*broken[kept:], fine)
    assert len(await feeder.quarantine()) == 10
    assert (again.stopped, await feeder.state("S99")) == ({}, "RELEASED")
    row, *_ = await feeder.query("SELECT actor, action, subject FROM audit")
    assert tuple(row) == ("ops", "partition.resumed", "trade.shipments.v1/0")
    await feeder.assert_sound()


async def test_a_rule_partition_with_too_much_that_is_unreadable_stops_too(open_feeder: Opened) -> None:
    feeder = await open_feeder(unreadable_window=10, unreadable_share_max=0.5)
    broken = [feeder.record(item(f"X{n}"), value=BROKEN, partition=0) for n in range(10)]
    fine = feeder.record(licence("M1", "1 KGM", version=2), partition=0)
    result = await feeder.tell(*broken, shipment("S1"))
    assert ("trade.reference.v1", 0) in result.stopped
    assert (await feeder.tell(fine, shipment("S1", version=2))).stopped == {}
    assert await feeder.state("S1") == "HELD QTY_EXCEEDED"
    await feeder.assert_sound()
