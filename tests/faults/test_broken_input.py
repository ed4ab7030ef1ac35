"""Everything that senders do wrong, at once and through Kafka; and people who put it right on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from services.gatekeeper.pipeline.quarantine import settle
from services.gatekeeper.wiring import Settings, open_gate
from tests.faults.plant import Plant
from tests.faults.trade import expected, milestone, order, rules, shipment, stream
from tests.pipeline import trade as builders
from tests.pipeline.feeding import PARTITIONS, key_in
from tests.pipeline.trade import Event

COUNT = 60
BROKEN_BODIES = (b"{", b"\xff\xfe\x00\x80", b"", b"[1, 2]")
DROPPED = ("order.cancelled", "shipment.corrected", "feed.refreshed", "notice.lifted", "list-entry.upserted")
BY_COMMAND = ("SB1", "OB2", "LB1", "NB1", "CB1", "SAME")
"""Of trade and of rules, replayed and dropped; the others are settled by the same code, without a process for each."""


def one_of_each_type() -> list[Event]:
    """Each about something of its own."""
    return [
        order("OB1"),
        builders.cancelled("OB2"),
        shipment("SB1"),
        milestone("SB2", "PACKED"),
        builders.corrected("SB3", "nothing"),
        builders.licence("LB1"),
        builders.party("PB1", "Beta KK", "JP"),
        builders.list_entry("CB1", "Nobody at all"),
        builders.item("IB1", "9X001"),
        builders.control("9X001"),
        builders.statement("EB1"),
        builders.fx_rate("RB1"),
        builders.feed_refreshed("INTERNAL"),
        builders.notice("NB1", destinations=["KP"]),
        builders.lifted("NB2"),
    ]


async def listed(plant: Plant) -> list[dict[str, Any]]:
    code, text = await plant.processes.command("quarantine", "list", "--json")
    assert code == 0
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


async def put_right(plant: Plant, rows: Sequence[dict[str, Any]], events: Sequence[Event], folder: Path) -> None:
    """Drop what nobody can repair, and replay the others with the body that was meant; some on the command line."""
    meant = {(kind, key_in(kind, data)): data for kind, data in events}
    gate = await open_gate(Settings(database_url=plant.database_url, partitions=PARTITIONS), name="holdgate test")
    try:
        for row in rows:
            kind, quarantine_id = row["type"].removesuffix(".v1"), row["quarantine_id"]
            data = None if kind in DROPPED else meant.get((kind, row["about"]))
            value = None if data is None else json.dumps(data).encode()
            if row["about"] in BY_COMMAND:
                await settle_by_command(plant, quarantine_id, value, folder)
            else:
                await settle(gate, UUID(quarantine_id), by="test", value=value, drop=value is None)
    finally:
        await gate.database.close()


async def settle_by_command(plant: Plant, quarantine_id: str, value: bytes | None, folder: Path) -> None:
    arguments = ["drop", quarantine_id]
    if value is not None:
        body = folder / f"{quarantine_id}.json"
        body.write_bytes(value)
        arguments = ["replay", quarantine_id, "--value", str(body)]
    code, text = await plant.processes.command("quarantine", *arguments)
    assert code == 0, text


async def test_duplicates_stale_and_unreadable_events_of_every_type_are_kept_and_put_right(
    plant: Plant, tmp_path: Path
) -> None:
    broken = one_of_each_type()
    trade = [plant.record(event) for event in stream(0, COUNT)]
    await plant.tell(*rules())
    await plant.tell(builders.lifted("N9", version=2), builders.notice("N9", version=1, forwarders=["FWD-1"]))
    await plant.send([*trade, *trade])
    await plant.send(
        plant.record(event, value=BROKEN_BODIES[number % len(BROKEN_BODIES)]) for number, event in enumerate(broken)
    )
    await plant.tell(milestone("LATE", "PACKED"), shipment("TWICE", "20 KGM", version=2), shipment("TWICE", "99 KGM"))
    await plant.send([plant.record(shipment("SAME"), event_id="id-1")])
    await plant.send([plant.record(shipment("SAME", "11 KGM"), event_id="id-1"), *trade])
    await plant.tell(shipment("LATE"))
    await plant.start("gatekeeper", unreadable_share_max="1")
    await plant.assert_sound()

    states = await plant.states()
    assert all("EVENT_UNREADABLE" in state for state in states.values()), states
    rows = await listed(plant)
    about = {(row["type"].removesuffix(".v1"), row["about"]) for row in rows}
    assert about == {(kind, key_in(kind, data)) for kind, data in broken} | {("shipment.upserted", "SAME")}
    assert len(rows) == len(broken) + 1

    await put_right(plant, rows, broken, tmp_path)
    await plant.assert_sound()
    assert await listed(plant) == []
    code, _ = await plant.processes.command("quarantine", "drop", rows[0]["quarantine_id"])
    assert code == 1
    states = await plant.states()
    assert not [state for state in states.values() if "EVENT_UNREADABLE" in state]
    assert {key: states[key] for key in expected(0, COUNT, noticed=False)} == expected(0, COUNT, noticed=False)
    assert [states[key] for key in ("LATE", "TWICE", "SAME", "SB1")] == ["RELEASED"] * 4
    drawn = await plant.rows(
        "SELECT body -> 'draws' -> 0 -> 'quantity' AS drawn FROM shipment WHERE shipment_id = 'TWICE'"
    )
    assert json.loads(drawn[0]["drawn"])["value"] == "20"
