"""Input of producers that use transactions: committed, aborted, interleaved, left open, and deleted afterwards."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer

from schemas.topics import LICENCES, SHIPMENTS
from services.kit.kafka import start_client, stop_client
from tests.faults import admin
from tests.faults.plant import Plant
from tests.faults.trade import expected, licence, rules, shipment, stop_notice, stream
from tests.pipeline.feeding import keys_in_lane
from tests.pipeline.trade import Event
from tests.waiting import eventually


class Sender:
    """A transactional producer; `begin`, `tell`, then `commit` or `abort`."""

    def __init__(self, plant: Plant, producer: Any) -> None:
        self._plant = plant
        self._producer = producer

    async def begin(self) -> None:
        await self._producer.begin_transaction()

    async def tell(self, *events: Event) -> None:
        """Send within the transaction; returns when the broker has them all."""
        for event in events:
            record = self._plant.record(event)
            await self._producer.send_and_wait(**{**record, "topic": self._plant.prefix + record["topic"]})

    async def commit(self) -> None:
        await self._producer.commit_transaction()

    async def abort(self) -> None:
        await self._producer.abort_transaction()

    async def say(self, events: Iterable[Event], *, aborted: bool = False) -> None:
        """One transaction."""
        await self.begin()
        await self.tell(*events)
        await (self.abort() if aborted else self.commit())


@asynccontextmanager
async def sender(plant: Plant, name: str) -> AsyncIterator[Sender]:
    """A sender that may take its time: the broker ends no transaction of its before the test does."""
    producer = AIOKafkaProducer(
        bootstrap_servers=plant.servers, transactional_id=plant.prefix + name, transaction_timeout_ms=300_000
    )
    await start_client(producer)
    try:
        yield Sender(plant, producer)
    finally:
        await stop_client(producer)


async def decided(plant: Plant, *shipment_ids: str) -> None:
    """Wait until these shipments are released, and no other is there."""

    async def probe() -> bool:
        assert await plant.states() == dict.fromkeys(shipment_ids, "RELEASED")
        return True

    await eventually(probe, seconds=60)


async def read_to_the_end(plant: Plant) -> None:
    """Wait until the stored positions lie behind everything, also behind markers and what was aborted."""
    ends = await admin.ends(plant)

    async def probe() -> bool:
        assert await admin.positions(plant) == ends
        return True

    await eventually(probe, seconds=60)


async def test_what_was_committed_is_decided_and_what_was_aborted_is_not(plant: Plant) -> None:
    """In every topic, and interleaved in one partition; a start in the middle of an aborted transaction, too."""
    [cut, first, second, third] = itertools.islice(keys_in_lane(1, "T"), 4)
    async with sender(plant, "one") as one, sender(plant, "other") as other:
        await one.say([shipment(cut), shipment(cut, version=2), shipment(cut, version=3)], aborted=True)
        await admin.delete_before(plant, {(SHIPMENTS.name, 1): 2})
        await one.say(rules())
        await one.say([stop_notice(), licence(version=2, granted="1 KGM")], aborted=True)
        await one.begin()
        await other.begin()
        for number in range(40):
            chosen = one if number % 2 else other
            await chosen.tell(*stream(number, 1))
        await other.tell(shipment(first, "20 KGM", version=2))
        await one.tell(shipment(first, "10 KGM", version=3))
        await one.abort()
        await other.commit()
        await one.say([shipment(second)])
        gatekeeper = await plant.start("gatekeeper")
        await plant.look_at_ends()
        await plant.assert_sound()
        told = {key: state for key, state in expected(0, 40, noticed=False).items() if not int(key[1:]) % 2}
        assert await plant.states() == {**told, first: "RELEASED", second: "RELEASED"}
        for number in range(6):
            await one.say([shipment(f"{third}.{number}")], aborted=number % 2 == 1)
            await other.say([shipment(third, f"{number + 1} KGM", version=number + 1)], aborted=number > 3)
        await plant.look_at_ends()
        await plant.assert_sound()
        await gatekeeper.stop()
    again = {third: "RELEASED", **{f"{third}.{number}": "RELEASED" for number in (0, 2, 4)}}
    assert await plant.states() == {**told, first: "RELEASED", second: "RELEASED", **again}
    versions = "SELECT body -> 'facts' ->> 'version' AS version FROM shipment WHERE shipment_id = ANY($1) ORDER BY 1"
    assert [row["version"] for row in await plant.rows(versions, [first, third])] == ["2", "4"]


async def test_an_open_transaction_keeps_back_what_follows_it_in_its_partition_until_it_ends(plant: Plant) -> None:
    before, left_open, after, next_open, last = itertools.islice(keys_in_lane(0, "T"), 5)
    [elsewhere] = itertools.islice(keys_in_lane(3, "T"), 1)
    await plant.tell(*rules())
    await plant.start("gatekeeper")
    async with sender(plant, "slow") as slow:
        await plant.tell(shipment(before))
        await slow.begin()
        await slow.tell(shipment(left_open))
        await plant.tell(shipment(after), shipment(elsewhere))
        await decided(plant, before, elsewhere)
        # A gatekeeper that starts meanwhile knows no better.
        await (await plant.start("another")).owns(2)
        assert (await plant.states()).keys() == {before, elsewhere}
        await slow.abort()
        await decided(plant, before, elsewhere, after)
        await slow.begin()
        await slow.tell(shipment(next_open))
        await plant.tell(shipment(last))
        await slow.commit()
    await plant.assert_sound()
    assert await plant.states() == dict.fromkeys((before, elsewhere, after, next_open, last), "RELEASED")


async def test_an_open_transaction_with_a_notice_keeps_no_shipment_that_came_before_its_end(plant: Plant) -> None:
    """What is not committed was not said; it counts from the commit on."""
    await plant.tell(*rules())
    await plant.start("gatekeeper")
    async with sender(plant, "authority") as authority:
        await authority.begin()
        await authority.tell(stop_notice())
        await plant.tell(*stream(0, 20))
        await plant.assert_sound()
        assert await plant.states() == expected(0, 20, noticed=False)
        await authority.commit()
        await plant.look_at_ends()
        await plant.tell(*stream(20, 20))
    await plant.assert_sound()
    assert await plant.states() == expected(0, 40, noticed=True)


async def test_markers_and_aborted_records_that_were_read_and_then_deleted_are_no_loss(plant: Plant) -> None:
    """Topics that are idle for longer than they keep records; without this all trade would stand still."""
    async with sender(plant, "one") as one:
        await one.say([*rules(), *stream(0, 20)])
        await one.say([stop_notice(), licence(version=2), *stream(20, 20)], aborted=True)
        first = await plant.start("first")
        await plant.look_at_ends()
        await plant.assert_sound()
        await read_to_the_end(plant)
        await first.stop()
        await admin.delete_before(plant, await admin.ends(plant))
        second = await plant.start("second")
        await second.owns(4)
        await one.say(stream(40, 20))
        await plant.look_at_ends()
        await plant.assert_sound()
        await second.stop()
    assert await admin.stopped(plant) == {}
    assert await plant.states() == expected(0, 20, noticed=False) | expected(40, 20, noticed=False)


async def test_aborted_records_that_were_deleted_unread_stop_a_partition_since_nobody_can_tell(plant: Plant) -> None:
    await plant.tell(*rules(), *stream(0, 20))
    first = await plant.start("first")
    await plant.assert_sound()
    await first.stop()
    partition = LICENCES.name, 0
    [key] = itertools.islice(keys_in_lane(0, "L"), 1)
    async with sender(plant, "one") as one:
        await one.say([licence(key)], aborted=True)
    end = (await admin.ends(plant))[partition]
    await admin.delete_before(plant, {partition: end})
    second = await plant.start("second")
    await eventually(lambda: "trade_waits_for_stopped_rules" in second.log, seconds=60)
    assert (await admin.stopped(plant)).keys() == {partition}
    code, text = await plant.processes.command("quarantine", "resume", *map(str, partition), "--at", str(end))
    assert code == 0, text
    await plant.tell(*stream(20, 20))
    await plant.assert_sound()
    assert await plant.states() == expected(0, 40, noticed=False)
