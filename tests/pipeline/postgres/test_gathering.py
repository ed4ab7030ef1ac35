"""What a decision asks for and was not locked is locked by the next try (design.md §2.3)."""

from __future__ import annotations

from datetime import timedelta

from tests.pipeline.feeding import NOW, Feeder, at, order, sent, shipment


async def test_many_shipments_dated_ahead_that_move_to_other_orders_act_when_their_time_comes(feeder: Feeder) -> None:
    """A timer finds them all at once; each then names an order that it did not name before (D7.3)."""
    several = range(12)
    later = NOW + timedelta(hours=3)
    await feeder.tell(*(order(f"O{n}", "20 KGM") for n in several), *(order(f"P{n}", "20 KGM") for n in several))
    await feeder.tell(*(shipment(f"S{n}", "20 KGM", order=f"O{n}") for n in several))
    ahead = [sent(shipment(f"S{n}", "20 KGM", order=f"P{n}", version=2), time=later) for n in several]
    await feeder.tell(*ahead)
    assert await feeder.balance() == "480/0"
    await feeder.assert_sound()
    await feeder.advance(later)
    for n in several:
        facts = (await feeder.shipment(f"S{n}")).facts
        assert facts is not None
        assert facts.lines[0].order_id == f"P{n}"
    assert set(await feeder.states(*(f"S{n}" for n in several))) == {"RELEASED"}
    assert await feeder.balance() == "480/0"
    await feeder.advance(at("2026-03-03 09:00"))
    await feeder.assert_sound()
