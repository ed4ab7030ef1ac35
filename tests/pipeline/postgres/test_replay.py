"""Decisions of a day with everything in it come out equal when they are decided again from what is stored."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.pipeline.known_then import known_at
from services.gatekeeper.pipeline.quarantine import settle
from services.gatekeeper.pipeline.replay import Replayed, replayed
from services.gatekeeper.store import decisions
from services.gatekeeper.store.decisions import Selection, decisions_of
from services.gatekeeper.store.rules_then import references_at
from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.trade import (
    NOW,
    at,
    cancelled,
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
)

EVERY = Selection()
LATER = NOW + timedelta(hours=3)
LINES = [
    {"line_no": number, "item_no": "MAG-ROD", "order_id": f"O{number}", "order_line": 1,
     "net_quantity": {"value": "40", "unit": "KGM"}, "value": {"amount": "900.50", "currency": "EUR"}}
    for number in (1, 2)
]  # fmt: skip


async def a_day(feeder: Feeder) -> None:
    """Licences that change, notices and lists, corrections, broken events, orders with several shipments, dates."""
    await feeder.tell(
        order("O1", "500 KGM"), order("O2", "100 KGM", delivery_tolerance_percent="0.00"), fx_rate("FX-1")
    )
    await feeder.tell(shipment("S1", "200 KGM", order="O1"), shipment("S2", "200 KGM", order="O1"))
    await feeder.tell(shipment("S3", "300 KGM", order="O1"), shipment("S4", lines=LINES), shipment("S5", "700 KGM"))
    await feeder.tell(licence("M1", "900 KGM", version=2), licence("M2", "5000 KGM", valid_until="2026-03-04"))
    await feeder.tell(notice("N1", parties=["ALPHA"]), shipment("S1", "210 KGM", version=2, order="O1"))
    await feeder.tell(notice("N1", version=2, shipments=["S2"]), feed_refreshed("CONTROL_LIST"))
    await feeder.tell(sent(list_entry("CL-1", "Beta"), value=b"{", event_id="broken"))
    await feeder.tell(shipment("S6", "5 KGM"), sent(shipment("S7"), value=b"{"), lifted("N1", version=3))
    [broken] = await feeder.query("SELECT quarantine_id FROM quarantine WHERE owner = 'rule'")
    await settle(feeder.gate, broken["quarantine_id"], by="ops", drop=True)
    await feeder.tell(sent(milestone("S1", "DEPARTED"), event_id="left"), milestone("S3", "DEPARTED"))
    await feeder.tell(corrected("S1", "left", "205 KGM"), list_entry("CL-2", "Alpha GmbH"))
    await feeder.tell(list_entry("CL-2", "Alpha GmbH", version=2, effective_until="2026-03-03"))
    await feeder.tell(party("ALPHA", "Alpha GmbH", version=2), item("MAG-ROD", "1C904.a", version=2))
    await feeder.advance(LATER)
    await feeder.tell(milestone("S1", "DELIVERED", LATER), cancelled("O2"), milestone("S6", "CANCELLED", LATER))
    await feeder.tell(milestone("S6", "DEPARTED", LATER), milestone("S3", "RETURNED", LATER))
    await feeder.tell(order("O1", "650 KGM", version=2), licence("M1", "300 KGM", version=3, status="SUSPENDED"))
    await feeder.advance(at("2026-03-06 09:00"))
    await feeder.tell(licence("M1", "3000 KGM", version=4), corrected("S3", "left"))


async def replays(feeder: Feeder, selection: Selection = EVERY) -> list[Replayed]:
    async with feeder.gate.database.reading() as connection:
        return [one async for one in replayed(connection, selection)]


async def differences(feeder: Feeder) -> list[str]:
    """`what: stored / replayed`, without the hashes' values."""
    return [
        f"{one.owner_id} {difference.what}: {difference.stored} / {difference.replayed}"
        for one in await replays(feeder)
        for difference in one.differences
    ]


async def test_every_decision_of_a_day_comes_out_equal(feeder: Feeder) -> None:
    await a_day(feeder)
    told = await replays(feeder)
    assert [one for one in told if one.differences or one.failed_then] == []
    assert len(told) == await feeder.value("SELECT count(*) FROM decision") > 60
    causes = await feeder.query("SELECT DISTINCT split_part(cause, '/', 1) AS cause, owner FROM decision")
    assert {"date"} < {row["cause"] for row in causes}
    states = {row["state"] for row in await feeder.query("SELECT DISTINCT state FROM decision")}
    assert states == {"HELD", "RELEASED", "INTERCEPT", "CLOSED", "CLEARED", "INCIDENT"}
    await feeder.assert_sound()


async def test_a_selection_is_of_an_owner_and_of_a_time(feeder: Feeder) -> None:
    await a_day(feeder)
    every = await replays(feeder)
    by_order = await replays(feeder, Selection("order", "O1"))
    assert by_order == [one for one in every if (one.owner, one.owner_id) == ("order", "O1")]
    since = await replays(feeder, Selection(since=LATER))
    assert since == [one for one in every if one.as_of >= LATER]
    assert await replays(feeder, Selection(until=LATER)) == every[: -len(since)]
    assert await replays(feeder, Selection("shipment", "S1", NOW, LATER)) == [
        one for one in every if one.owner_id == "S1" and one.as_of < LATER
    ]
    assert await replays(feeder, Selection("shipment", "S99")) == []


async def test_pages_leave_nothing_out_and_give_nothing_twice(feeder: Feeder) -> None:
    await a_day(feeder)
    numbers = [row["seq"] for row in await feeder.query("SELECT seq FROM decision ORDER BY seq")]
    async with feeder.gate.database.reading() as connection:
        for page in (1, 2, len(numbers), len(numbers) + 1):
            assert [one.seq async for one in decisions_of(connection, Selection(), page)] == numbers


async def test_the_rules_of_then_are_the_same_step_by_step_and_at_once(feeder: Feeder) -> None:
    await a_day(feeder)
    newest = await feeder.value("SELECT rules_version FROM rules_state")
    async with feeder.gate.database.reading() as connection:
        stepwise = None
        for version in range(newest + 1):
            stepwise = await references_at(connection, version, stepwise)
            at_once = await references_at(connection, version)
            assert stepwise.rules_version == at_once.rules_version == version
            assert stepwise.unreadable_rules() == at_once.unreadable_rules()
            assert stepwise.notices() == at_once.notices()
            assert stepwise.licence("M1") == at_once.licence("M1")
        assert stepwise is not None
        assert await references_at(connection, newest, stepwise) is stepwise
        back = await references_at(connection, 1, stepwise)
        assert back.rules_version == 1
        assert back.licence("M2") is None


TAMPERED = {
    "UPDATE decision SET body = regexp_replace(body, '\"210\"', '\"190\"') WHERE owner_id = 'S1'": "draw line=1",
    "UPDATE decision SET body = replace(body, 'FWD-1', 'FWD-2') WHERE owner_id = 'S2'": "hash of the record differs",
    "UPDATE decision SET body = '{}' WHERE owner_id = 'S2'": "cannot be read",
    "UPDATE decision SET state = 'RELEASED' WHERE owner_id = 'S3'": "hash of the record differs",
    "UPDATE decision SET rules_version = rules_version + 1 WHERE owner_id = 'S3'": "hash of the record differs",
    "UPDATE decision SET output_hash = sha256('x')": "output_hash",
    "UPDATE decision SET event_hash = sha256('x') WHERE owner_id = 'S1'": "hash of the record differs",
    "UPDATE rule_row SET body = jsonb_set(body, '{lines,0,quantity,value}', '\"10\"') WHERE key = 'M1'": "QTY_EXCEEDED",
    "UPDATE rule_row SET body = '{}' WHERE key = 'M1'": "licence M1 version 1 cannot be read",
    "UPDATE rule_row SET body = jsonb_set(body, '{lifted}', 'true') WHERE key = 'N1'": "STOP_NOTICE",
    "DELETE FROM rule_row WHERE key = 'ALPHA'": "read party ALPHA: 1 / -",
}


@pytest.mark.parametrize("statement", TAMPERED)
async def test_what_somebody_changed_is_said(feeder: Feeder, statement: str) -> None:
    await a_day(feeder)
    await feeder.query(statement)
    told = await differences(feeder)
    assert any(TAMPERED[statement] in line for line in told), "\n".join(told[:20])


async def test_another_engines_decisions_are_marked(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "ENGINE_VERSION", 2)
    await feeder.tell(shipment("S1"))
    [one] = await replays(feeder)
    assert (one.engine_version, one.by_other_engine, one.differences) == (2, True, ())


async def known(feeder: Feeder, owner: str, owner_id: str, when: str | None) -> dict[str, Any]:
    async with feeder.gate.database.reading() as connection:
        return await known_at(connection, owner, owner_id, None if when is None else at(when))


async def test_what_was_known_and_decided_at_an_instant(feeder: Feeder) -> None:
    await feeder.tell(order("O1"), shipment("S1", "200 KGM", order="O1"))
    await feeder.advance(LATER)
    await feeder.tell(notice("N1", parties=["ALPHA"]), licence("M1", version=2, status="SUSPENDED"))
    await feeder.advance(at("2026-03-04 09:00"))
    await feeder.tell(lifted("N1"), milestone("S1", "CANCELLED"))
    before = await known(feeder, "shipment", "S1", "2026-03-02 08:59")
    assert (before["known"], "state" in before) == (False, False)
    first = await known(feeder, "shipment", "S1", "2026-03-02 09:00")
    assert (first["state"], first["holds"]) == ("RELEASED", [])
    assert [(draw["licence_no"], draw["quantity"]) for draw in first["draws"]] == [("M1", "200 KGM")]
    assert first["cause"]["topic"] == "trade.shipments.v1"
    assert (first["facts_version"], first["orders"][0]["order_id"]) == (1, "O1")
    assert first["balances"][0]["lines"][0]["reserved"] == "500"
    then = await known(feeder, "shipment", "S1", "2026-03-03 10:00")
    assert then["state"] == "HELD"
    assert [hold["reason"] for hold in then["holds"]] == ["STOP_NOTICE", "LICENCE_SUSPENDED"]
    assert "stop" in json.dumps(then["holds"][0]["text"])
    read = {(one["kind"], one["key"]): one for one in then["references"]}
    assert read["licence", "M1"]["body"]["status"] == "SUSPENDED"
    assert read["notice", "N1"]["version"] == 1
    assert "task" in then["cause"]
    now = await known(feeder, "shipment", "S1", None)
    assert (now["state"], now["draws"], now["previous"]) == ("CLOSED", [], "HELD")
    assert (await known(feeder, "order", "O1", "2026-03-03 10:00"))["state"] == "HELD"


async def test_a_record_that_was_changed_is_shown_with_a_warning(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"))
    await feeder.query("UPDATE decision SET cause = 'somebody'")
    assert "hash of the record differs" in (await known(feeder, "shipment", "S1", None))["fault"]
    await feeder.query("UPDATE decision SET body = '{}'")
    told = await known(feeder, "shipment", "S1", None)
    assert "cannot be read" in told["fault"]
    assert "state" not in told
