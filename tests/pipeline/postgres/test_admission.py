"""Each record is decided once, and a full replay of the topics writes nothing (design.md §2.2, D8.1, D8.6)."""

from __future__ import annotations

from services.gatekeeper.pipeline.batch import decide_batch
from tests.pipeline.feeding import Feeder, runs_of, sent
from tests.pipeline.trade import milestone, notice, order, shipment


async def test_the_same_records_again_write_nothing(feeder: Feeder) -> None:
    records = feeder.records(order("O1"), shipment("S1", order="O1"), shipment("S2"), milestone("S2", "PACKED"))
    first = await feeder.tell(*records)
    assert first.handled == 4
    before = await feeder.written()
    again = await feeder.feed(*records)
    assert (again.handled, dict(again.appended)) == (0, {})
    assert again.next_offsets == first.next_offsets
    assert await feeder.written() == before
    assert await feeder.states("O1", "S1", "S2") == ["CLEARED", "RELEASED", "RELEASED"]
    await feeder.assert_sound()


async def test_a_full_replay_under_new_offsets_decides_nothing_anew(feeder: Feeder) -> None:
    told = [shipment("S1"), notice("N1", items=["MAG-ROD"]), milestone("S1", "PACKED")]
    for number, event in enumerate(told):
        await feeder.tell(sent(event, event_id=f"e-{number}"))
    before = await feeder.written()
    result = await feeder.feed(*(sent(event, event_id=f"e-{n}") for n, event in enumerate(told)))
    assert result.handled == 0
    after = await feeder.written()
    assert {name for name in before if before[name] != after[name]} == {"input_position"}
    await feeder.assert_sound()


async def test_records_below_the_stored_position_are_dropped(feeder: Feeder) -> None:
    old, new = feeder.records(shipment("S1"), shipment("S1", "400 KGM", version=2))
    await feeder.feed(old)
    result = await feeder.feed(old, new)
    assert result.handled == 1
    assert await feeder.balance() == "400/0"
    await feeder.assert_sound()


async def test_a_run_that_begins_above_the_stored_position_is_dropped_and_sought_again(feeder: Feeder) -> None:
    missed, arrived = feeder.records(shipment("S1"), shipment("S1", "400 KGM", version=2))
    place = (arrived.topic, arrived.partition)
    result = await feeder.feed(arrived)
    assert (result.handled, result.seeks) == (0, {place: missed.offset})
    assert await feeder.state("S1") == ""
    assert (await feeder.feed(missed, arrived)).handled == 2
    await feeder.assert_sound()


async def test_gaps_between_the_offsets_of_a_run_are_no_loss(feeder: Feeder) -> None:
    first = feeder.record(shipment("S1"))
    second = feeder.record(shipment("S1", "400 KGM", version=2), skip=3)
    result = await feeder.feed(first, second)
    assert result.handled == 2
    assert result.next_offsets == {(second.topic, second.partition): first.offset + 5}
    # A marker at the end of the log is no record; the next run begins where the last one ended.
    third = feeder.record(shipment("S1", "500 KGM", version=3), skip=1)
    place = (third.topic, third.partition)
    result = await decide_batch(feeder.gate, runs_of([third], begins_at={place: third.offset - 1}))
    assert (result.handled, result.seeks) == (1, {})
    assert await feeder.balance() == "500/0"
    await feeder.assert_sound()


async def test_a_partition_without_a_position_is_left_until_it_has_one(feeder: Feeder) -> None:
    record = feeder.record(shipment("S1"))
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("DELETE FROM input_position WHERE topic = $1", record.topic)
    result = await feeder.feed(record)
    assert (result.handled, result.next_offsets, await feeder.state("S1")) == (0, {}, "")


async def test_an_event_that_comes_by_two_partitions_counts_once(feeder: Feeder) -> None:
    here = feeder.record(shipment("S1"), event_id="e-1", partition=0)
    there = feeder.record(shipment("S1"), event_id="e-1", partition=1)
    result = await feeder.feed(here, there)
    assert result.handled == 1
    assert await feeder.told("S1") == ["shipment.released"]
    assert await feeder.quarantine() == []
    await feeder.assert_sound()


async def test_an_older_version_after_a_newer_changes_nothing(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", "400 KGM", version=3), order("O1", version=3))
    said = await feeder.said()
    result = await feeder.tell(shipment("S1", "900 KGM", version=2), order("O1", "900 KGM", version=2))
    assert result.handled == 2
    assert await feeder.said() == said
    assert await feeder.states("S1", "O1") == ["RELEASED", "CLEARED"]
    assert await feeder.balance() == "900/0"
    await feeder.assert_sound()


async def test_a_shipment_before_its_order_is_held_and_goes_when_the_order_comes(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", order="O1"))
    assert "ORDER_UNKNOWN" in await feeder.state("S1")
    await feeder.tell(order("O1"))
    assert await feeder.states("O1", "S1") == ["CLEARED", "RELEASED"]
    assert await feeder.told("S1") == ["shipment.held", "shipment.released"]
    await feeder.assert_sound()


async def test_a_milestone_before_its_shipment_is_kept_and_the_shipment_held_until_it_comes(feeder: Feeder) -> None:
    await feeder.tell(milestone("S1", "PACKED"))
    assert await feeder.state("S1") == "HELD MISSING_DATA"
    await feeder.tell(shipment("S1"))
    stored = await feeder.shipment("S1")
    assert (stored.state, stored.progress.milestone) == ("RELEASED", "PACKED")
    await feeder.assert_sound()
