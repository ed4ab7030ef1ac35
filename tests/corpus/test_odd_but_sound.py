"""What looks hostile and is sound by the contract: it is handled, nothing fails, and it releases nothing by itself."""

from __future__ import annotations

import random
from typing import Any

import pytest

from schemas.reading import read_event
from schemas.topics import topic_of
from tests.corpus.cases import (
    CONTROL,
    ENTRY,
    LICENCE,
    MILESTONE,
    NOTICE,
    ORDER,
    RATE,
    SHIPMENT,
    sound,
    sound_headers,
    to_bytes,
)
from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import Event, item, licence, milestone, notice, party, quantity, shipment

LARGEST = "9" * 24 + "." + "9" * 12
SMALLEST = "0.000000000001"
LINES = 50


def _name(characters: int) -> str:
    """A name that doesn't compress: what an index keeps of it is as long as it is."""
    drawn = random.Random(characters)
    return "".join(chr(drawn.randrange(0x4E00, 0x9FA5)) for _ in range(characters))


def _line(net: dict[str, str], item_no: str = "MAG-ROD", **changes: Any) -> dict[str, Any]:
    value = {"amount": "1", "currency": "USD"}
    return {"line_no": 1, "item_no": item_no, "net_quantity": net, "value": value, **changes}


HELD = {
    "a unit nobody knows": (shipment("S1", lines=[_line(quantity("1 FURLONG"))]), "UNIT_NOT_CONVERTIBLE"),
    "the largest quantity": (shipment("S1", lines=[_line(quantity(f"{LARGEST} KGM"))]), "QTY_EXCEEDED"),
    "the largest value": (
        shipment("S1", lines=[_line(quantity("1 KGM"), value={"amount": LARGEST, "currency": "USD"})]),
        "VALUE_EXCEEDED",
    ),
    "a count at the largest factor": (
        shipment("S1", lines=[_line(quantity(f"{LARGEST} C62"), "HUGE")]),
        "QTY_EXCEEDED",
    ),
    "half a quantity": (shipment("S1", lines=[_line({"value": "1"})]), "MISSING_NET"),
    "no lines": (shipment("S1", lines=[]), "MISSING_DATA"),
    "nothing but its id": (("shipment.upserted", {"shipment_id": "S1", "version": 1}), "MISSING_DATA"),
    "10,000 licences that aren't there": (shipment("S1", licences=[f"L{n}" for n in range(10_000)]), "NO_LICENCE"),
    "a party with the longest name": (
        shipment("S1", parties={role: {"name": _name(4_000)} for role in ("importer", "consignee", "end_user")}),
        "END_USER_MISMATCH",
    ),
    "a destination where its importer isn't": (shipment("S1", destination="AQ"), "DESTINATION_MISMATCH"),
    "50 lines of an item nobody knows": (
        shipment("S1", lines=[_line(quantity("1 KGM"), _name(200), line_no=n) for n in range(1, LINES + 1)]),
        "ITEM_UNCLASSIFIED",
    ),
    "the last line number": (shipment("S1", lines=[_line(quantity("2000 KGM"), line_no=2**31 - 1)]), "QTY_EXCEEDED"),
    "the last version": (shipment("S1", "2000 KGM", version=2**63 - 1), "QTY_EXCEEDED"),
    "an order that isn't there": (shipment("S1", order=_name(200)), "ORDER_UNKNOWN"),
}


@pytest.mark.parametrize("what", HELD)
async def test_what_can_be_read_and_not_be_shipped_is_held_with_its_reason(feeder: Feeder, what: str) -> None:
    event, reason = HELD[what]
    factor = {"unit": "C62", "equals": quantity(f"{LARGEST} KGM")}
    result = await feeder.tell(item("HUGE", "1C904.a", unit_factors=[factor]), event, shipment("S2", "1 KGM"))
    assert (result.handled, result.stopped) == (3, {})
    state, *reasons = (await feeder.state("S1")).split()
    assert (state, reason in reasons) == ("HELD", True), reasons
    assert await feeder.state("S2") == "RELEASED"
    assert (await feeder.quarantine(), await feeder.told("S1")) == ([], ["shipment.held"])
    await feeder.assert_sound()


async def test_licences_that_replace_each_other_are_no_candidates_and_stall_nobody(feeder: Feeder) -> None:
    await feeder.tell(*(licence(f"C{n}", supersedes=[f"C{(n + 1) % 3}"], code="1C904.b") for n in range(3)))
    await feeder.tell(item("ROUND", "1C904.b"), shipment("S1", item="ROUND", licences=["C0"]), shipment("S2"))
    assert await feeder.states("S1", "S2") == ["HELD NO_LICENCE", "RELEASED"]
    await feeder.assert_sound()


async def test_parties_that_own_themselves_and_each_other_stall_nobody(feeder: Feeder) -> None:
    rings = [
        party(f"P{n}", f"P{n} AG", owners=[{"party_id": f"P{m}", "percent": "100"} for m in (n, 1 - n)]) for n in (0, 1)
    ]
    parties = {role: {"party_id": "P0"} for role in ("importer", "consignee", "end_user")}
    await feeder.tell(*rings, shipment("S1", parties=parties), shipment("S2"))
    assert await feeder.states("S1", "S2") == ["HELD END_USER_MISMATCH", "RELEASED"]
    await feeder.assert_sound()


async def test_a_departure_in_the_last_year_there_is_moves_nothing_now(feeder: Feeder) -> None:
    late = milestone("S1", "DEPARTED", "2200-12-31T23:59:59.999999+08:00")
    await feeder.tell(shipment("S1", planned_departure="2200-12-31T23:59:59+08:00"), late, shipment("S2", "1 KGM"))
    assert "RELEASED" not in await feeder.state("S1")
    assert await feeder.state("S2") == "RELEASED"
    await feeder.assert_sound()


async def test_rules_of_the_largest_size_are_recorded_and_others_go_on(feeder: Feeder) -> None:
    names = [_name(3_990) + str(n) for n in range(50)]
    entry: Event = ("list-entry.upserted", {**sound(ENTRY, "CL-9"), "names": names, "aliases": []})
    result = await feeder.tell(
        party("P9", _name(3_999), aliases=names),
        entry,
        notice("N9", parties=names, shipments=[_name(100) + str(n) for n in range(200)]),
        licence("L9", end_users=[f"P{n}" for n in range(10_000)], code="9X999"),
        item("I9", *(f"9X{n}" for n in range(10_000))),
        ("control.upserted", {**sound(CONTROL, "9X999"), "suspensions": []}),
        shipment("S1", "1 KGM"),
    )
    assert (result.handled, result.stopped) == (7, {})
    assert (await feeder.state("S1"), await feeder.quarantine()) == ("RELEASED", [])
    await feeder.assert_sound()


@pytest.mark.parametrize("suffix", [SHIPMENT, MILESTONE, ORDER, LICENCE, NOTICE, RATE])
def test_the_id_in_the_data_counts_whatever_key_and_subject_say(suffix: str) -> None:
    headers = [*sound_headers(suffix, "e-1").items(), ("ce_subject", b"another")]
    event = read_event(topic_of(suffix).name, headers, b"a third", to_bytes(sound(suffix, "the data's")))
    assert (event.entity_key, event.envelope.subject) == ("the data's", "another")


@pytest.mark.parametrize("amount", [SMALLEST, LARGEST, "1.000000000000"])
def test_a_quantity_at_its_bounds_is_read_digit_by_digit(amount: str) -> None:
    document = {**sound(SHIPMENT, "S1"), "lines": [_line(quantity(f"{amount} KGM"))]}
    event = read_event(topic_of(SHIPMENT).name, list(sound_headers(SHIPMENT, "e").items()), b"S1", to_bytes(document))
    assert event.model.model_dump()["lines"][0]["net_quantity"]["value"] == amount
