"""Everything that senders do wrong, at once and through Kafka; and people who put it right on the command line."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.gatekeeper.pipeline.quarantine import settle
from services.gatekeeper.wiring import Settings, open_gate
from tests.faults.breaking import BREAKAGES, NO_TYPE, Breakage, broken
from tests.faults.plant import Plant
from tests.faults.trade import expected, licence, milestone, order, rules, shipment, stop_notice, stream
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
    meant = one_of_each_type()
    trade = [plant.record(event) for event in stream(0, COUNT)]
    await plant.tell(*rules())
    await plant.tell(builders.lifted("N9", version=2), builders.notice("N9", version=1, forwarders=["FWD-1"]))
    await plant.send([*trade, *trade])
    await plant.send(
        plant.record(event, value=BROKEN_BODIES[number % len(BROKEN_BODIES)]) for number, event in enumerate(meant)
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
    assert about == {(kind, key_in(kind, data)) for kind, data in meant} | {("shipment.upserted", "SAME")}
    assert len(rows) == len(meant) + 1

    await put_right(plant, rows, meant, tmp_path)
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


HOLDING_THEIR_OWN: Sequence[tuple[str, Callable[[str], Event]]] = (
    ("OB", order),
    ("OC", builders.cancelled),
    ("SB", shipment),
    ("SM", lambda key: milestone(key, "PACKED")),
    ("SC", lambda key: builders.corrected(key, "nothing")),
    ("LB", licence),
    ("PB", lambda key: builders.party(key, "Beta KK", "JP")),
    ("IB", lambda key: builders.item(key, "9X001")),
    ("EB", builders.statement),
    ("RB", builders.fx_rate),
)
"""By the beginning of its key: what an event is about that holds nothing but what uses it."""
STOPPING: Sequence[tuple[str, Callable[[str], Event]]] = (
    ("CB", lambda key: builders.list_entry(key, "Nobody at all")),
    ("XB", builders.control),
    ("NB", lambda key: builders.notice(key, destinations=["KP"])),
    ("NL", builders.lifted),
)
"""What may stop anybody, as long as nobody can read it."""
FEEDS = ("CONTROL_LIST", "WATCH_LIST", "INTERNAL", "CONTROLS", "FX_RATES")
USERS: Mapping[str, Callable[[str], Event]] = {
    "OB": lambda key: shipment(f"U{key}", order=key),
    "OC": lambda key: shipment(f"U{key}", order=key),
    "LB": lambda key: shipment(f"U{key}", licences=[key]),
    "PB": lambda key: shipment(f"U{key}", parties={**builders.TO_ALPHA["parties"], "importer": {"party_id": key}}),
    "IB": lambda key: shipment(f"U{key}", item=key),
    "EB": lambda key: shipment(f"U{key}", end_user_statements=[key]),
}
"""Shipments that use what is broken; the shipments among those hold themselves."""


Kept = tuple[str, str, bytes | None]
"""What it is about, the field that is wrong, and the bytes."""


def spoiled(
    plant: Plant, makers: Sequence[tuple[str, Callable[[str], Event]]], breakages: Sequence[Breakage]
) -> list[tuple[Kept, dict[str, Any]]]:
    """A record of each type, broken in each way, about something of its own; and how it must be kept."""
    found = []
    for (prefix, make), (number, breakage) in itertools.product(makers, enumerate(breakages)):
        key = f"{prefix}.{number}"
        event = make(key)
        record = broken(plant, event, breakage)
        found.append(((key, breakage.field(event[0]), record["value"]), record))
    return found


def spoiled_feeds(plant: Plant) -> list[tuple[Kept, dict[str, Any]]]:
    """As `spoiled`, for the feeds, of which there are but five."""
    found = []
    for feed, breakage in zip(itertools.cycle(FEEDS), BREAKAGES, strict=False):
        record = broken(plant, builders.feed_refreshed(feed), breakage)
        found.append(((feed, breakage.field("feed.refreshed"), record["value"]), record))
    return found


async def kept(plant: Plant) -> Counter[Kept]:
    """What is in quarantine; each has a reason in words."""
    rows = await plant.rows("SELECT owner_id, error_field, error, value FROM quarantine")
    assert all(row["error"] for row in rows)
    return Counter((row["owner_id"], row["error_field"], row["value"]) for row in rows)


async def test_whatever_is_wrong_with_an_event_of_any_type_it_is_kept_once_by_name_and_holds_what_it_is_about(
    plant: Plant,
) -> None:
    own = spoiled(plant, HOLDING_THEIR_OWN, BREAKAGES) + spoiled_feeds(plant)
    own += spoiled(plant, [(f"{prefix}T", make) for prefix, make in HOLDING_THEIR_OWN[:6]], [NO_TYPE])
    stopping = spoiled(plant, STOPPING, BREAKAGES)
    stopping += spoiled(plant, [(f"{prefix}T", make) for prefix, make in STOPPING], [NO_TYPE])
    await plant.tell(*rules())
    for _ in range(2):
        await plant.send(record for _, record in own)
    users = {f"U{key}": USERS[key[:2]](key) for (key, _, _), _ in own if key[:2] in USERS}
    await plant.tell(*users.values(), *stream(0, 20))
    await plant.start("gatekeeper", unreadable_share_max="1")
    await plant.assert_sound()
    assert await kept(plant) == Counter(how for how, _ in own)
    states = await plant.states()
    assert {key: states.pop(key) for key in expected(0, 20, noticed=False)} == expected(0, 20, noticed=False)
    assert states.keys() == users.keys() | {key for (key, _, _), _ in own if key.startswith("S")}
    assert not {key: state for key, state in states.items() if "EVENT_UNREADABLE" not in state}

    for _ in range(2):
        await plant.send(record for _, record in stopping)
    await plant.wait_until_idle()
    await plant.tell(*stream(20, 20))
    await plant.assert_sound()
    assert await kept(plant) == Counter(how for how, _ in own + stopping)
    states = await plant.states()
    assert {key: states[key] for key in expected(0, 20, noticed=False)} == expected(0, 20, noticed=False)
    assert {states[key] for key in expected(20, 20, noticed=False)} == {"HELD EVENT_UNREADABLE"}


def newest() -> list[Event]:
    return [
        licence(version=3),
        builders.party("ALPHA", "Alpha GmbH", version=3),
        builders.item("MAG-ROD", "1C904.a", version=3),
        builders.control("1C904.a", version=3),
        builders.list_entry("C1", "Nobody at all", version=3),
        builders.statement("E1", version=3),
        builders.fx_rate("R1", version=3),
        builders.feed_refreshed("CONTROL_LIST", version=3),
        builders.lifted("N1", version=3),
        order("O1", "10 KGM", version=3),
        shipment("S1", "10 KGM", version=3, order="O1"),
        shipment("S2", "10 KGM", version=3, end_user_statements=["E1"]),
        milestone("S2", "PACKED"),
    ]


def outdated() -> list[Event]:
    """Each would hold somebody, or says something else, if it counted."""
    return [
        licence(version=2, granted="1 KGM"),
        builders.party("ALPHA", "Nobody at all", version=2),
        builders.item("MAG-ROD", "9X999", version=2),
        builders.control("1C904.a", version=2, prohibited_destinations=["DE"]),
        builders.list_entry("C1", "Alpha GmbH", version=2),
        ("end-user-statement.upserted", {**builders.statement("E1", version=2)[1], "status": "WITHDRAWN"}),
        builders.fx_rate("R1", version=2),
        builders.feed_refreshed("CONTROL_LIST", version=2),
        stop_notice("N1", version=2),
        builders.notice("N1", version=1),
        builders.cancelled("O1", version=2),
        order("O1", "1 KGM", version=1),
        shipment("S1", "999 KGM", version=2, order="O1"),
        shipment("S2", "10 KGM", version=2, destination="KP"),
        milestone("S2", "CREATED"),
    ]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
async def test_the_newest_version_of_everything_counts_in_whatever_order_and_however_often_it_comes(
    plant: Plant, together: bool
) -> None:
    await plant.tell(*rules())
    events = newest(), outdated()
    new, old = ([plant.record(event) for event in several] for several in events)
    await plant.send(new)
    if together:
        await plant.send(old)
    gatekeeper = await plant.start("gatekeeper")
    await plant.wait_until_idle()
    if not together:
        await plant.send(old)
        await plant.wait_until_idle()
    told = await plant.holds()
    # Once more as they were, and once more as other events that say the same.
    await plant.send([*old, *new, *old])
    await plant.wait_until_idle()
    assert await gatekeeper.measure("holdgate_duplicate_events_total") == 2 * len(old) + len(new)
    versioned, stale = (
        [one for one in several if "version" in one[1]] for several in ([*events[0], *events[1]], events[1])
    )
    await plant.tell(*versioned)
    await plant.assert_sound()
    assert await gatekeeper.measure("holdgate_stale_events_total") == len(versioned) + len(stale)
    assert await plant.states() == {"S1": "RELEASED", "S2": "RELEASED"}
    assert await plant.holds() == told
    stored = await plant.rows("SELECT kind, key FROM rule_row WHERE version = 2 OR kind = 'notice' AND version < 3")
    assert stored == []
    [row] = await plant.rows("SELECT body ->> 'state' AS state FROM trade_order WHERE order_id = 'O1'")
    assert row["state"] == "CLEARED"
