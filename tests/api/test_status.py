"""What a forwarder is told about a shipment: never a go in doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from services.gatekeeper.domain.vocabulary import ShipmentState
from services.gatekeeper.store.keys import create_key
from tests.api.conftest import Caller
from tests.api.office import HOLD, Office

ROLES = {"logistics", "freight", "customs", "delivery", "platform", "payment"}


async def status(client: httpx2.AsyncClient, shipment_id: str = "S1") -> dict[str, object]:
    answer = await client.get(f"/v1/shipments/{shipment_id}/status")
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


async def test_a_released_shipment_may_move(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    told = await status(officer)
    assert told["state"] == "RELEASED"
    assert told["may_move"] is True
    assert told["pending"] is False
    assert told["milestone"] == "PACKED"
    assert told["sequence"] == 4
    assert told["directives"] == dict.fromkeys(ROLES, "PROCEED")
    assert datetime.fromisoformat(str(told["as_of"])).utcoffset() == timedelta(0)


async def test_a_held_shipment_is_told_with_its_reasons_in_both_languages(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.shipment("S1", ShipmentState.HELD, holds=[HOLD])
    told = await status(officer)
    assert told["may_move"] is False
    (hold,) = told["holds"]  # type: ignore[misc]
    assert hold["reason"] == "QTY_EXCEEDED"
    assert hold["subject"] == {"line_no": 1, "licence_no": "L1"}
    assert hold["detail"]["excess"] == "0.001 KGM"
    assert set(hold["text"]) == {"en", "zh"}
    assert hold["lifts_when"] == "LICENCE_COVERS"
    assert hold["legal_basis"]


async def test_what_is_unknown_and_what_is_not_yours_are_told_alike(office: Office, caller: Caller) -> None:
    await office.shipment("S-theirs", forwarder_id="FWD-2", exporter_id="E2")
    _, token = await create_key(office.gate.database, "forwarder", ["shipments:read"], ["FWD-1"])
    answer = await caller(token).post("/v1/shipments/statuses", json={"shipment_ids": ["S-theirs", "S-nobody"]})
    theirs, nobody = answer.json()["statuses"]
    assert theirs.pop("shipment_id") == "S-theirs"
    assert nobody.pop("shipment_id") == "S-nobody"
    assert theirs == nobody
    assert theirs["state"] == "UNKNOWN"
    assert theirs["may_move"] is False
    assert theirs["directives"] == dict.fromkeys(ROLES, "STOP")


async def test_a_forwarder_and_an_exporter_see_their_own_shipments(office: Office, caller: Caller) -> None:
    await office.shipment("S1", forwarder_id="FWD-1", exporter_id="E1")
    await office.shipment("S2", forwarder_id="FWD-2", exporter_id="E1")
    await office.shipment("S3", forwarder_id="FWD-2", exporter_id="E2")
    seen = {}
    for name, forwarders, exporters in (
        ("forwarder", ["FWD-1"], []),
        ("exporter", [], ["E1"]),
        ("both", ["FWD-1"], ["E2"]),
    ):
        _, token = await create_key(office.gate.database, name, ["shipments:read"], forwarders, exporters)
        answer = await caller(token).post("/v1/shipments/statuses", json={"shipment_ids": ["S1", "S2", "S3"]})
        seen[name] = [told["shipment_id"] for told in answer.json()["statuses"] if told["state"] != "UNKNOWN"]
    assert seen == {"forwarder": ["S1"], "exporter": ["S1", "S2"], "both": ["S1", "S3"]}


async def test_a_shipment_that_nothing_was_said_about_yet_is_unknown(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.shipment("S1", sequence=0)
    assert (await status(officer))["state"] == "UNKNOWN"


async def test_a_shipment_whose_recheck_is_due_is_no_go(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1", recheck_at=datetime.now(UTC) - timedelta(seconds=1))
    await office.shipment("S2", recheck_at=datetime.now(UTC) + timedelta(hours=1))
    told = await status(officer)
    assert (told["state"], told["may_move"], told["pending"]) == ("HELD", False, True)
    assert told["pending_because"] == "RECHECK_DUE"
    assert told["decided_state"] == "RELEASED"
    assert told["directives"] == dict.fromkeys(ROLES, "STOP")
    assert (await status(officer, "S2"))["may_move"] is True


@pytest.mark.parametrize(
    ("touches", "pending"),
    [
        ([[]], True),
        ([], False),
        ([[["dest:DE"]]], True),
        ([[["dest:FR"]]], False),
        ([[["dest:FR", "dest:DE"], ["exporter:E1"]]], True),
        ([[["dest:DE"], ["exporter:E2"]]], False),
        ([[["dest:FR"]], [["exporter:E1"]]], True),
        ([[["dest:DE"], []]], False),
    ],
)
async def test_an_unfinished_sweep_stops_whom_it_touches(
    officer: httpx2.AsyncClient, office: Office, touches: list[list[list[str]]], pending: bool
) -> None:
    await office.shipment("S1")
    task = await office.task(touches)
    told = await status(officer)
    assert told["pending"] is pending
    assert told["may_move"] is not pending
    await office.finish(task)
    assert (await status(officer))["may_move"] is True


async def test_who_was_decided_with_a_sweeps_rules_is_past_it(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1", rules_version=7)
    await office.task([[]], rules_version=7)
    assert (await status(officer))["may_move"] is True
    await office.task([[]], rules_version=8)
    assert (await status(officer))["may_move"] is False


async def test_a_task_of_an_order_stops_its_shipments_whatever_rules_they_were_decided_with(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.shipment("S1", rules_version=9, terms=["order:O1"])
    await office.task([[["order:O1"]]], kind="ORDER_SHIPMENTS", rules_version=3)
    assert (await status(officer))["pending_because"] == "RULE_CHANGE"


async def test_a_sweep_with_stored_items_stops_those_that_are_left(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    await office.shipment("S2")
    await office.task([[["dest:DE"]]], items=["S2"])
    assert (await status(officer, "S1"))["may_move"] is True
    assert (await status(officer, "S2"))["may_move"] is False


async def test_a_task_that_can_only_lift_stops_nobody(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1")
    await office.task([[]], can_add_hold=False)
    assert (await status(officer))["may_move"] is True


async def test_a_shipment_without_terms_is_taken_to_be_touched(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S1", terms=None)
    await office.task([[["dest:FR"]]])
    assert (await status(officer))["may_move"] is False


async def test_an_intercept_stays_a_recall_while_something_is_pending(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.shipment("S1", ShipmentState.INTERCEPT, holds=[HOLD])
    await office.task([[]])
    told = await status(officer)
    assert told["state"] == "INTERCEPT"
    assert told["pending"] is True
    assert told["directives"]["logistics"] == "RECALL"  # type: ignore[index]


async def test_five_hundred_are_answered_in_the_order_they_were_asked(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.shipment("S7")
    asked = [f"S{number}" for number in range(499, -1, -1)]
    answer = await officer.post("/v1/shipments/statuses", json={"shipment_ids": asked})
    assert [told["shipment_id"] for told in answer.json()["statuses"]] == asked
    assert [told["shipment_id"] for told in answer.json()["statuses"] if told["may_move"]] == ["S7"]
    again = await officer.post("/v1/shipments/statuses", json={"shipment_ids": ["S7", "S7"]})
    assert len(again.json()["statuses"]) == 2
    assert (await officer.post("/v1/shipments/statuses", json={"shipment_ids": [*asked, "more"]})).status_code == 422
    assert (await officer.post("/v1/shipments/statuses", json={"shipment_ids": []})).json() == {"statuses": []}


@pytest.mark.parametrize("path", ["S%2F1", "%E5%8F%91%E8%B4%A7", "a%20b", "%00", "x" * 3000, "%FF", "%2525"])
async def test_any_id_at_all_is_answered(officer: httpx2.AsyncClient, path: str) -> None:
    answer = await officer.get(f"/v1/shipments/{path}/status")
    assert answer.status_code == 200
    assert answer.json()["may_move"] is False


async def test_an_id_with_a_slash_finds_its_shipment(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.shipment("S/1 %2F 发货")
    answer = await officer.get("/v1/shipments/S%2F1%20%252F%20%E5%8F%91%E8%B4%A7/status")
    assert answer.json()["may_move"] is True
