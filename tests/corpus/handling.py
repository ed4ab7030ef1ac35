"""Cases of the corpus as a consumer hands them over, each with a sound event right behind it in its partition."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from schemas.topics import ORDERS, SHIPMENTS, TOPICS_BY_NAME, TopicKind
from services.gatekeeper.pipeline.records import Record
from services.gatekeeper.store import quarantine
from services.kit.partitioning import lane_of
from tests.corpus.cases import Case
from tests.pipeline.feeding import PARTITIONS, Feeder
from tests.pipeline.trade import NOW, Event, item, licence, notice, order, shipment

AT_ONCE = 60
UNCONTROLLED = "STEEL-BOLT"
NOBODY_S = "9X999"
"""A control code that no item has."""


def is_trade(case: Case) -> bool:
    return TOPICS_BY_NAME[case.topic].kind is TopicKind.TRADE


def in_parts(cases: Iterable[Case]) -> Iterator[list[Case]]:
    """As many at a time as a batch may well have."""
    rest = iter(cases)
    while part := list(itertools.islice(rest, AT_ONCE)):
        yield part


def record_of(feeder: Feeder, case: Case) -> Record:
    """The next record of the partition that its owner's id has."""
    place = (case.topic, lane_of(case.owner_id or case.name, PARTITIONS))
    offset = feeder.offsets[place]
    feeder.offsets[place] = offset + 1
    timestamp = int(NOW.timestamp() * 1000) + next(feeder.events)
    headers: Any = case.headers  # A null header comes as None, whatever the client's types say.
    return Record(case.topic, place[1], offset, timestamp, case.key, case.value, headers)


def owned(case: Case) -> Event:
    """A sound event about what the case is about: released, or cleared."""
    sound = order if case.topic == ORDERS.name else shipment
    return sound(case.owner_id or case.name, item=UNCONTROLLED)


def behind(case: Case) -> Event:
    """A sound event of the same topic about something else."""
    name = after(case)
    if case.topic == ORDERS.name:
        return order(name, item=UNCONTROLLED)
    if case.topic == SHIPMENTS.name:
        return shipment(name, item=UNCONTROLLED)
    if case.topic == "trade.licences.v1":
        return licence(name, code=NOBODY_S)
    return notice(name, shipments=["NOBODY'S"]) if case.topic == "trade.notices.v1" else item(name)


def after(case: Case) -> str:
    return f"after {case.name}"


async def hand_over(feeder: Feeder, cases: Sequence[Case]) -> list[Record]:
    """All of `cases` in one batch, and all that follows; the records of the cases."""
    broken, batch = [], []
    for case in cases:
        record = record_of(feeder, case)
        broken.append(record)
        batch += [record, feeder.record(behind(case), partition=record.partition)]
    result = await feeder.tell(*batch)
    assert (result.handled, result.stopped, result.seeks) == (len(batch), {}, {})
    places = {(record.topic, record.partition) for record in broken}
    assert {place: result.next_offsets[place] for place in places} == {place: feeder.offsets[place] for place in places}
    return broken


async def kept_faults(feeder: Feeder, cases: Sequence[Case], records: Sequence[Record]) -> list[str]:
    """What of the records is not in quarantine byte for byte, with the field to blame and what it is about."""
    async with feeder.gate.database.reading() as connection:
        every = await quarantine.listing(connection, status="OPEN", records_max=100_000)
    kept = {(one.topic, one.partition, one.record_offset): one for one in every}
    faults = []
    for case, record in zip(cases, records, strict=True):
        one = kept.get((record.topic, record.partition, record.offset))
        if one is None:
            faults.append(f"{case}: is not kept")
        elif (one.key, one.value, one.headers) != (case.key, case.value, case.headers):
            faults.append(f"{case}: is not kept byte for byte")
        elif (one.error_field, one.owner_id) != (case.field, case.owner_id):
            faults.append(f"{case}: is kept as about {one.owner_id!r} for {one.error_field!r}")
        elif not one.error:
            faults.append(f"{case}: is kept without a word")
    return faults
