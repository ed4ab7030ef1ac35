"""What ends before anything was decided about it still has its one event."""

from __future__ import annotations

import pytest

from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import Event, milestone, order, shipment

ENDED: tuple[tuple[Event, str], ...] = (
    (milestone("X1", "CANCELLED"), "X1"),
    (milestone("X1", "RETURNED"), "X1"),
    (order("X1", status="CLOSED"), "X1"),
    (order("X1", status="CANCELLED"), "X1"),
)


@pytest.mark.parametrize(("event", "owner_id"), ENDED, ids=["cancelled", "returned", "order-closed", "order-cancelled"])
async def test_what_is_over_when_it_is_first_heard_of_is_closed_and_said_once(
    feeder: Feeder, event: Event, owner_id: str
) -> None:
    await feeder.tell(shipment("S1"), event)
    assert (await feeder.state(owner_id)).split()[0] == "CLOSED"
    told = [kind for kind in await feeder.told(owner_id) if not kind.startswith("violation")]
    assert len(told) == 1
    assert told[0].endswith(".closed")
    await feeder.assert_sound()
