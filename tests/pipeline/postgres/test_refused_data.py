"""A record that PostgreSQL refuses as data is found and quarantined; all others are decided (design.md §2)."""

from __future__ import annotations

import random

import pytest

from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import control, item, licence, notice, order, party, shipment


async def _refuse(feeder: Feeder, table: str, column: str, value: str) -> None:
    """From now on `table` takes no such row: what a wire schema can't know."""
    async with feeder.gate.database.transaction() as tx:
        await tx.execute(
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.{column} = '{value}'"
            " THEN RAISE EXCEPTION 'refused' USING ERRCODE = '22003'; END IF; RETURN NEW; END $$"
        )
        await tx.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")


async def test_a_record_that_postgresql_refuses_is_quarantined_and_the_rest_decided(feeder: Feeder) -> None:
    await _refuse(feeder, "shipment", "forwarder_id", "FWD-X")
    events = [shipment(f"S{n}", "10 KGM") for n in range(9)]
    events[5] = shipment("S5", "10 KGM", forwarder_id="FWD-X")
    result = await feeder.tell(*events, order("O1", "10 KGM"))
    assert result.handled == 10
    assert result.seeks == {}
    assert {await feeder.state(f"S{n}") for n in range(9) if n != 5} == {"RELEASED"}
    assert await feeder.state("S5") == "HELD MISSING_DATA EVENT_UNREADABLE"
    assert len(await feeder.quarantine()) == 1
    assert sum(len(records) for records in result.appended.values()) == len(await feeder.said())
    await feeder.assert_sound()
    await feeder.tell(shipment("S5", "10 KGM", version=2))
    assert await feeder.state("S5") == "RELEASED"
    await feeder.assert_sound()


async def test_a_rule_event_that_postgresql_refuses_is_quarantined_and_the_rest_recorded(feeder: Feeder) -> None:
    await _refuse(feeder, "rule_row", "key", "L-X")
    result = await feeder.tell(
        licence("M1", "100 KGM", version=2), licence("L-X"), item("X"), licence("L3", code="9Z999.z")
    )
    assert result.handled == 4
    kept = await feeder.query("SELECT owner, owner_id FROM quarantine")
    assert [tuple(row) for row in kept] == [("rule", "L-X")]
    keys = {row["key"] for row in await feeder.query("SELECT key FROM rule_row WHERE rules_version > 1")}
    assert keys == {"M1", "X", "L3"}
    await feeder.tell(shipment("S1"))
    assert await feeder.state("S1") == "HELD QTY_EXCEEDED"
    await feeder.assert_sound()


@pytest.mark.parametrize("length", [900, 4_000])
async def test_names_of_any_length_that_can_be_read_are_judged(feeder: Feeder, length: int) -> None:
    """Random ideographs don't compress: an index entry of such a name would be too large for its page."""
    ideographs = random.Random(7).choices([chr(code) for code in range(0x4E00, 0x9FA0)], k=length)
    name = "".join(ideographs)
    ref = {"name": name}
    result = await feeder.tell(shipment("S1", parties={"importer": ref, "consignee": ref, "end_user": ref}))
    assert result.handled == 1
    assert (await feeder.state("S1")).startswith("HELD")
    await feeder.tell(party("LONG", name))
    assert await feeder.value("SELECT 'party:LONG' = ANY(terms) FROM scope_terms WHERE owner_id = 'S1'")
    await feeder.assert_sound()


async def test_ids_with_any_character_that_can_be_read_are_found_by_sweeps(feeder: Feeder) -> None:
    odd = "A B,\"{}'\\%|\u2028\u00a0"
    await feeder.tell(shipment(odd, exporter_id=odd), order(odd, exporter_id=odd))
    assert (await feeder.state(odd)).startswith("HELD")
    await feeder.assert_sound()
    await feeder.tell(notice("N1", exporters=[odd]))
    holds = (await feeder.shipment(odd)).holds, (await feeder.order(odd)).holds
    assert [any(hold.reason == "STOP_NOTICE" for hold in several) for several in holds] == [True, True]
    await feeder.assert_sound()


async def test_a_licence_number_with_a_comma_keeps_its_alerts_apart(feeder: Feeder) -> None:
    await feeder.tell(item("ROD-2", "1C905.a"), control("1C905.a"), licence("L,1", "100 KGM", code="1C905.a"))
    await feeder.tell(shipment("S1", "85 KGM", item="ROD-2"), shipment("S2", "10 KGM", item="ROD-2"))
    assert await feeder.states("S1", "S2") == ["RELEASED", "RELEASED"]
    assert await feeder.told("L,1") == ["licence.alert", "licence.alert"]
    await feeder.assert_sound()
