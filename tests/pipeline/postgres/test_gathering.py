"""What a decision asks for and was not locked is locked by the next try (design.md §2.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.gatekeeper.pipeline import gather
from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.trade import NOW, at, licence, milestone, order, shipment


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


async def test_a_row_that_gathering_forgot_is_locked_by_the_next_try(
    feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine says what it misses, and nothing of the first try is left (`NotGathered`)."""
    await feeder.tell(shipment("S0", "990 KGM"))
    monkeypatch.setattr(gather, "_licences", lambda wanted, *_: set(wanted.licences))
    result = await feeder.tell(shipment("S1", "20 KGM"), shipment("S2", "10 KGM"))
    assert result.handled == 2
    assert await feeder.states("S1", "S2") == ["HELD QTY_EXCEEDED", "RELEASED"]
    assert await feeder.told("S2") == ["shipment.released"]
    await feeder.tell(milestone("S0", "CANCELLED"))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


async def test_orders_and_shipments_of_one_batch_in_any_order_find_each_other(feeder: Feeder) -> None:
    """Named licences come from an order's new facts in the same batch; stubs come before their orders."""
    await feeder.tell(licence("L7", "100 KGM", exporter_id="E2"))
    await feeder.tell(
        shipment("S1", "5 KGM", order="O1"),
        order("O1", "10 KGM", licences=["L7", "M1"]),
        shipment("S2", "5 KGM", order="O2"),
        milestone("S2", "DEPARTED"),
        order("O2", "10 KGM", licences=["L8"]),
        order("O2", "10 KGM", version=2),
        shipment("S1", "6 KGM", order="O2", version=2),
    )
    assert await feeder.states("O1", "O2", "S1") == ["CLEARED", "CLEARED", "HELD OVER_DELIVERY"]
    await feeder.assert_sound()


async def test_a_plan_that_was_made_while_a_table_was_small_goes_by_its_index(feeder: Feeder) -> None:
    """PostgreSQL keeps such a plan while the table grows: read whole for every batch, it would cost more with each."""
    asked = "SELECT event_key, content_hash FROM event_seen WHERE event_key = ANY($1::bytea[])"
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("ANALYZE event_seen")
        plan = "\n".join(row[0] for row in await tx.fetch(f"EXPLAIN {asked}", [b"1", b"2"]))
    assert "Seq Scan" not in plan, plan
