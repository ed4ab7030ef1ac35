"""What can't be read is kept and holds what it is about; what repairs it lifts that hold (D8.4, D8.5)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from services.gatekeeper.pipeline.quarantine import NotOpen, StillUnreadable, settle
from services.gatekeeper.store.quarantine import get
from tests.pipeline.feeding import Feeder, full_type, sent
from tests.pipeline.trade import (
    Event,
    cancelled,
    control,
    corrected,
    feed_refreshed,
    fx_rate,
    item,
    licence,
    lifted,
    list_entry,
    milestone,
    notice,
    order,
    party,
    shipment,
    statement,
)

BROKEN = b"{not json"
TRADE: tuple[tuple[Event, str], ...] = (
    (shipment("S1", version=2), "S1"),
    (milestone("S1", "PACKED"), "S1"),
    (corrected("S1", "e-1"), "S1"),
    (order("O1", version=2), "O1"),
    (cancelled("O1"), "O1"),
)
STOPPING: tuple[Event, ...] = (notice("N1"), lifted("N1"), list_entry("CL-1", "Nobody"), control("9Z999.z"))
USED: tuple[Event, ...] = (
    licence("M1", version=2),
    party("ALPHA", "Alpha GmbH", version=2),
    item("MAG-ROD", version=2),
)
UNUSED: tuple[Event, ...] = (
    licence("L9"),
    statement("EUC-9"),
    fx_rate("USD-EUR"),
    feed_refreshed("CONTROL_LIST"),
    item("OTHER"),
)


@pytest.mark.parametrize(("event", "owner_id"), TRADE, ids=lambda each: each[0] if isinstance(each, tuple) else each)
async def test_an_unreadable_trade_event_is_kept_byte_for_byte_and_holds_what_it_is_about(
    feeder: Feeder, event: Event, owner_id: str
) -> None:
    await feeder.tell(order("O1"), shipment("S1"), shipment("S2"))
    broken = feeder.record(event, value=BROKEN)
    result = await feeder.tell(broken, shipment("S3", "10 KGM"))
    assert result.handled == 2
    assert await feeder.state(owner_id) == "HELD EVENT_UNREADABLE"
    assert await feeder.states("S2", "S3") == ["RELEASED", "RELEASED"]
    [quarantine_id] = await feeder.quarantine()
    async with feeder.gate.database.reading() as connection:
        kept = await get(connection, quarantine_id)
    assert kept is not None
    assert (kept.topic, kept.partition, kept.record_offset) == (broken.topic, broken.partition, broken.offset)
    assert (kept.key, kept.value, kept.headers) == (broken.key, broken.value, broken.headers)
    await feeder.assert_sound()


@pytest.mark.parametrize("event", STOPPING, ids=lambda event: event[0])
async def test_an_unreadable_notice_list_entry_or_control_alarms_and_stops_what_is_not_released(
    feeder: Feeder, event: Event
) -> None:
    await feeder.tell(shipment("S1"), order("O1"))
    await feeder.tell(sent(event, value=BROKEN))
    await feeder.tell(shipment("S2", "10 KGM"), order("O2", "10 KGM"))
    assert await feeder.states("S1", "O1") == ["RELEASED", "CLEARED"]
    assert await feeder.states("S2", "O2") == ["HELD EVENT_UNREADABLE", "HELD EVENT_UNREADABLE"]
    key = next(iter(event[1].values()))
    assert "licence.alert" in await feeder.told(key)
    await feeder.assert_sound()
    [quarantine_id] = await feeder.quarantine()
    [hold] = (await feeder.shipment("S2")).holds
    assert hold.detail["quarantine_id"] == str(quarantine_id)
    assert str(hold.detail["error"]).startswith("value: ")
    await settle(feeder.gate, quarantine_id, by="ops", drop=True)
    await feeder.until_idle()
    assert await feeder.states("S2", "O2") == ["RELEASED", "CLEARED"]
    await feeder.assert_sound()


@pytest.mark.parametrize("event", USED, ids=lambda event: event[0])
async def test_an_unreadable_licence_or_reference_holds_what_uses_its_key(feeder: Feeder, event: Event) -> None:
    await feeder.tell(shipment("S1"), order("O1"), shipment("S2", item="STEEL-BOLT", **_to("Gamma")))
    other = await feeder.state("S2")
    await feeder.tell(sent(event, value=BROKEN))
    assert await feeder.states("S1", "O1") == ["HELD EVENT_UNREADABLE", "HELD EVENT_UNREADABLE"]
    assert await feeder.state("S2") == other
    assert await feeder.balance() == "0/0"
    newer = (event[0], {**event[1], "version": 3})
    if event[0] == "item.upserted":
        newer = item("MAG-ROD", "1C904.a", version=3)
    await feeder.tell(newer)
    assert await feeder.states("S1", "O1") == ["RELEASED", "CLEARED"]
    assert await feeder.quarantine() == []
    await feeder.assert_sound()


def _to(name: str) -> dict[str, Any]:
    return {"parties": {role: {"name": name} for role in ("importer", "consignee", "end_user")}}


@pytest.mark.parametrize("event", UNUSED, ids=lambda event: event[0])
async def test_an_unreadable_reference_that_nobody_uses_holds_nobody(feeder: Feeder, event: Event) -> None:
    await feeder.tell(shipment("S1"))
    await feeder.tell(sent(event, value=BROKEN), shipment("S2"))
    assert await feeder.states("S1", "S2") == ["RELEASED", "RELEASED"]
    assert len(await feeder.quarantine()) == 1
    await feeder.assert_sound()


async def test_an_unreadable_record_that_names_nothing_is_kept_and_the_partition_goes_on(feeder: Feeder) -> None:
    record = feeder.record(shipment("S1"), value=BROKEN)
    nameless = type(record)(
        record.topic, record.partition, record.offset, record.timestamp_ms, b"\xff\xfe", b"\x00", ()
    )
    result = await feeder.tell(nameless, shipment("S2"))
    assert result.handled == 2
    assert await feeder.states("S1", "S2") == ["", "RELEASED"]
    assert len(await feeder.quarantine()) == 1
    await feeder.assert_sound()
    [quarantine_id] = await feeder.quarantine()
    await settle(feeder.gate, quarantine_id, by="ops", drop=True)
    assert await feeder.quarantine("DROPPED") == [quarantine_id]
    await feeder.assert_sound()


async def test_a_rule_event_of_unknown_type_and_key_stops_what_is_not_released(feeder: Feeder) -> None:
    record = feeder.record(notice("N1"), value=b"[]", kind_header="something.else")
    nameless = type(record)(record.topic, record.partition, record.offset, 0, None, b"[]", record.headers)
    await feeder.tell(nameless, shipment("S1"))
    assert await feeder.state("S1") == "HELD EVENT_UNREADABLE"
    assert len(await feeder.quarantine()) == 1
    await feeder.assert_sound()


async def test_an_unreadable_event_of_a_shipment_nobody_heard_of_holds_it_from_the_first(feeder: Feeder) -> None:
    await feeder.tell(sent(milestone("S1", "PACKED"), value=BROKEN))
    assert await feeder.state("S1") == "HELD MISSING_DATA EVENT_UNREADABLE"
    await feeder.tell(shipment("S1"))
    assert await feeder.state("S1") == "HELD EVENT_UNREADABLE"
    await feeder.assert_sound()


async def test_the_same_id_with_other_content_is_quarantined_and_holds(feeder: Feeder) -> None:
    await feeder.tell(sent(shipment("S1"), event_id="e-1"))
    await feeder.tell(sent(shipment("S1", "400 KGM", version=2), event_id="e-1"))
    assert await feeder.state("S1") == "HELD EVENT_UNREADABLE"
    assert (await feeder.shipment("S1")).facts.version == 1  # type: ignore[union-attr]
    assert len(await feeder.quarantine()) == 1
    await feeder.assert_sound()


async def test_the_same_id_with_other_content_in_one_batch_is_quarantined_and_holds(feeder: Feeder) -> None:
    await feeder.tell(
        sent(shipment("S1"), event_id="e-1"),
        sent(shipment("S2", "400 KGM"), event_id="e-1"),
        sent(shipment("S1"), event_id="e-1"),
    )
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD MISSING_DATA EVENT_UNREADABLE"]
    await feeder.assert_sound()


async def test_a_rule_event_with_the_id_of_another_is_quarantined(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), sent(item("X"), event_id="e-1"))
    await feeder.tell(sent(licence("M1", "10 KGM", version=2), event_id="e-1"))
    assert await feeder.state("S1") == "HELD EVENT_UNREADABLE"
    await feeder.assert_sound()


async def test_the_same_broken_bytes_again_are_one_broken_record(feeder: Feeder) -> None:
    broken = sent(shipment("S1"), value=BROKEN, event_id="e-1")
    await feeder.tell(broken, broken)
    result = await feeder.tell(broken)
    assert result.handled == 0
    assert len(await feeder.quarantine()) == 1
    await feeder.assert_sound()


async def test_a_repaired_record_that_is_replayed_counts_and_lifts_the_hold(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"))
    changed = shipment("S1", "400 KGM", version=2)
    await feeder.tell(sent(changed, value=BROKEN))
    [quarantine_id] = await feeder.quarantine()
    with pytest.raises(StillUnreadable):
        await settle(feeder.gate, quarantine_id, by="ops")
    other = json.dumps(shipment("S9")[1]).encode()
    with pytest.raises(StillUnreadable, match="S9"):
        await settle(feeder.gate, quarantine_id, by="ops", value=other)
    assert await feeder.state("S1") == "HELD EVENT_UNREADABLE"
    await settle(feeder.gate, quarantine_id, by="ops", value=json.dumps(changed[1]).encode())
    await feeder.until_idle()
    assert (await feeder.state("S1"), await feeder.balance()) == ("RELEASED", "400/0")
    assert await feeder.quarantine("REPLAYED") == [quarantine_id]
    audit = await feeder.query("SELECT actor, action, subject FROM audit")
    assert [tuple(row) for row in audit] == [("ops", "quarantine.replayed", str(quarantine_id))]
    with pytest.raises(NotOpen):
        await settle(feeder.gate, quarantine_id, by="ops", drop=True)
    await feeder.assert_sound()


async def test_a_repaired_notice_that_is_replayed_is_in_effect(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"))
    stop = notice("N1", items=["MAG-ROD"])
    await feeder.tell(sent(stop, value=BROKEN), shipment("S2", item="STEEL-BOLT"))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD EVENT_UNREADABLE"]
    [quarantine_id] = await feeder.quarantine()
    await settle(feeder.gate, quarantine_id, by="ops", value=json.dumps(stop[1]).encode())
    await feeder.until_idle()
    assert await feeder.states("S1", "S2") == ["HELD STOP_NOTICE", "RELEASED"]
    await feeder.assert_sound()


async def test_a_record_that_is_dropped_lifts_its_hold_and_the_audit_says_who_did_it(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), sent(milestone("S1", "PACKED"), value=BROKEN))
    [quarantine_id] = await feeder.quarantine()
    await settle(feeder.gate, quarantine_id, by="ops", drop=True)
    assert await feeder.state("S1") == "RELEASED"
    [row] = await feeder.query("SELECT actor, action FROM audit")
    assert tuple(row) == ("ops", "quarantine.dropped")
    with pytest.raises(NotOpen):
        await settle(feeder.gate, uuid4(), by="ops", drop=True)
    await feeder.assert_sound()


async def test_a_newer_upsert_settles_a_broken_upsert_but_not_a_broken_milestone(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), shipment("S2"))
    await feeder.tell(
        sent(shipment("S1", version=2), value=BROKEN),
        sent(milestone("S2", "PACKED"), value=BROKEN),
    )
    await feeder.tell(shipment("S1", version=3), shipment("S2", version=3))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD EVENT_UNREADABLE"]
    assert len(await feeder.quarantine("SUPERSEDED")) == len(await feeder.quarantine("OPEN")) == 1
    await feeder.assert_sound()


async def test_an_upsert_not_above_the_stored_version_settles_nothing(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1", version=2), sent(shipment("S1", version=3), value=BROKEN))
    await feeder.tell(shipment("S1", version=2))
    assert await feeder.state("S1") == "HELD EVENT_UNREADABLE"
    assert len(await feeder.quarantine()) == 1
    await feeder.assert_sound()


async def test_a_newer_upsert_settles_a_record_of_unknown_type(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), sent(shipment("S1"), kind_header=full_type("shipment.exploded")))
    assert await feeder.state("S1") == "HELD EVENT_UNREADABLE"
    await feeder.tell(shipment("S1", version=2))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


async def test_a_broken_upsert_and_its_newer_one_in_the_same_batch_leave_no_hold(feeder: Feeder) -> None:
    await feeder.tell(sent(shipment("S1"), value=BROKEN), shipment("S1", version=2))
    assert await feeder.state("S1") == "RELEASED"
    assert await feeder.quarantine() == []
    await feeder.assert_sound()


async def test_an_unreadable_order_holds_its_shipments_until_it_is_repaired(feeder: Feeder) -> None:
    await feeder.tell(order("O1"), shipment("S1", order="O1"))
    await feeder.tell(sent(order("O1", version=2), value=BROKEN))
    assert await feeder.states("O1", "S1") == ["HELD EVENT_UNREADABLE", "HELD EVENT_UNREADABLE"]
    await feeder.assert_sound()
    await feeder.tell(order("O1", version=3))
    assert await feeder.states("O1", "S1") == ["CLEARED", "RELEASED"]
    await feeder.assert_sound()
