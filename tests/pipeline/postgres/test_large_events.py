"""What is too large to be said: refused at the door, or said in short; a lane never stops for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.pipeline import wire_out
from services.gatekeeper.pipeline.apply import HOLDS_SHOWN_MAX
from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.trade import NOW, Event, lifted, money, notice, quantity, shipment

LINES = 1_000


def many_lines(shipment_id: str, **changes: Any) -> Event:
    """A shipment whose every line is held for itself: of items that nobody knows, with the longest numbers."""
    lines = [
        {"line_no": n, "item_no": f"{n:06d}" + "项" * 194, "net_quantity": quantity("1 KGM"), "value": money("1 USD")}
        for n in range(1, LINES + 1)
    ]
    return shipment(shipment_id, lines=lines, **changes)


async def test_a_notice_too_large_to_be_told_is_kept_as_unreadable_and_what_follows_is_applied(feeder: Feeder) -> None:
    too_large = notice("N1", shipments=[f"{n:06d}" + "x" * 94 for n in range(9_500)])
    await feeder.tell(too_large, notice("N2", shipments=["S1"]), shipment("S1"))
    kept = await feeder.query("SELECT event_type, owner_id, error_field FROM quarantine WHERE status = 'OPEN'")
    assert [(row["event_type"], row["owner_id"]) for row in kept] == [("notice.upserted.v1", "N1")]
    assert kept[0]["error_field"] == "scope"
    assert await feeder.told("N2") == ["notice.in-effect"] * 4
    assert await feeder.state("S1") == "HELD STOP_NOTICE EVENT_UNREADABLE"
    await feeder.tell(notice("N1", version=2, shipments=["S1"]), lifted("N2"))
    assert await feeder.state("S1") == "HELD STOP_NOTICE"
    await feeder.assert_sound()


async def test_a_notice_that_ends_before_it_begins_is_kept_as_unreadable(feeder: Feeder) -> None:
    start = NOW + timedelta(hours=1)
    await feeder.tell(notice("N1", shipments=["S1"], effective_from=start.isoformat(), effective_until=NOW.isoformat()))
    kept = await feeder.query("SELECT error_field FROM quarantine WHERE status = 'OPEN'")
    assert [row["error_field"] for row in kept] == ["effective_until"]
    await feeder.assert_sound()


async def test_a_lift_dated_before_a_notice_begins_ends_it_without_stopping_the_lanes(feeder: Feeder) -> None:
    begins = NOW + timedelta(hours=2)
    await feeder.tell(notice("N1", shipments=["S1"], effective_from=begins.isoformat()), shipment("S1"))
    await feeder.tell(sent(lifted("N1"), time=NOW + timedelta(hours=1)))
    await feeder.advance(begins + timedelta(minutes=1))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


async def test_a_shipment_with_more_holds_than_a_record_takes_is_said_with_the_first_of_them(feeder: Feeder) -> None:
    await feeder.tell(many_lines("S1"))
    assert len((await feeder.shipment("S1")).holds) >= LINES
    ((_, _, kind, data),) = await feeder.said("S1")
    assert (kind, data["state"], data["may_move"]) == ("shipment.held.v1", "HELD", False)
    assert 1 <= len(data["holds"]) <= HOLDS_SHOWN_MAX
    assert data["directives"]["logistics"] == "STOP"
    await feeder.tell(shipment("S1", version=2))
    assert [said["state"] for _, _, _, said in await feeder.said("S1")] == ["HELD", "RELEASED"]
    await feeder.assert_sound()


async def test_references_and_long_texts_are_cut_as_far_as_the_record_needs_it(
    feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_out, "PAYLOAD_BYTES_MAX", 20_000)
    references = [{"scheme": "BOOKING", "value": f"{n}" + "b" * 190} for n in range(300)]
    await feeder.tell(many_lines("S1", references=references))
    ((_, _, _, data),) = await feeder.said("S1")
    assert data["may_move"] is False
    assert 1 <= len(data["holds"]) < HOLDS_SHOWN_MAX
    assert 1 <= len(data["references"]) < HOLDS_SHOWN_MAX
    await feeder.tell(shipment("S1", version=2))
    assert [said["state"] for _, _, _, said in await feeder.said("S1")] == ["HELD", "RELEASED"]
    await feeder.assert_sound()
