"""Balances: exact, never below zero, with the status that follows from them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import httpx2
import pytest

from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.rule_entities import LicenceLine
from services.gatekeeper.domain.vocabulary import LicenceStatus
from services.gatekeeper.store.keys import create_key
from tests.api.conftest import Caller
from tests.api.office import Office


async def test_a_balance_adds_up_in_exact_decimals(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.licence(account=(1, 2, False))
    await office.balance("L1", "300.5", "0.001", "54000.00", "0.18")
    answer = await officer.get("/v1/licences/L1/balance")
    assert answer.json() == {
        "licence_no": "L1",
        "status": "ACTIVE",
        "uses": 1,
        "uses_reserved": 2,
        "max_uses": 3,
        "lines": [
            {
                "line_no": 1,
                "unit": "KGM",
                "granted": "1000",
                "reserved": "300.5",
                "consumed": "0.001",
                "free": "699.499",
                "value": {
                    "currency": "USD",
                    "granted": "180000.00",
                    "reserved": "54000.00",
                    "consumed": "0.18",
                    "free": "125999.82",
                },
                "uses": 1,
                "uses_reserved": 2,
            }
        ],
    }


async def test_what_is_free_is_never_shown_below_zero(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.licence(account=(1, 0, False))
    await office.balance("L1", "0", "1000.000000000000000000000001", "0", "180000.01")
    (line,) = (await officer.get("/v1/licences/L1/balance")).json()["lines"]
    assert (line["free"], line["value"]["free"]) == ("0", "0")
    assert line["consumed"] == "1000.000000000000000000000001"


async def test_a_licence_that_nobody_has_drawn_on_is_wholly_free(officer: httpx2.AsyncClient, office: Office) -> None:
    lines = tuple(
        LicenceLine(number, ("1C902.b",), (), Quantity(Decimal("1E+3"), "KGM"), Money(Decimal("9"), "USD"))
        for number in (2, 1)
    )
    await office.licence(lines=lines)
    shown = (await officer.get("/v1/licences/L1")).json()
    assert [(line["line_no"], line["granted"], line["free"]) for line in shown["lines"]] == [
        (1, "1000", "1000"),
        (2, "1000", "1000"),
    ]
    assert shown["exporter_id"] == "E1"
    assert shown["facts"]["end_users"] == ["ALPHA"]


async def test_what_is_drawn_on_a_line_that_the_newest_version_dropped_stays_to_be_seen(
    officer: httpx2.AsyncClient, office: Office
) -> None:
    await office.licence(account=(1, 0, False))
    await office.balance("L1", "0", "300.5", "0", "54000.00")
    await office.licence(version=2, lines=())
    (line,) = (await officer.get("/v1/licences/L1/balance")).json()["lines"]
    assert (line["line_no"], line["unit"], line["granted"], line["consumed"]) == (1, "KGM", "0", "300.5")
    assert (line["value"]["currency"], line["value"]["consumed"], line["value"]["free"]) == ("USD", "54000.00", "0")
    assert line["free"] == "0"


async def test_a_dropped_line_on_which_nothing_stands_is_not_shown(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.licence(account=(0, 0, False), lines=())
    await office.balance("L1", "0", "0", "0", "0")
    assert (await officer.get("/v1/licences/L1/balance")).json()["lines"] == []


@pytest.mark.parametrize(
    ("status", "valid_until", "completed", "shown"),
    [
        (LicenceStatus.ACTIVE, date(2200, 1, 1), False, "ACTIVE"),
        (LicenceStatus.ACTIVE, date(2020, 1, 1), False, "EXPIRED"),
        (LicenceStatus.ACTIVE, date(2020, 1, 1), True, "CONSUMED"),
        (LicenceStatus.REVOKED, date(2020, 1, 1), True, "REVOKED"),
        (LicenceStatus.SUSPENDED, date(2200, 1, 1), False, "SUSPENDED"),
    ],
)
async def test_expired_and_consumed_are_derived(
    officer: httpx2.AsyncClient,
    office: Office,
    status: LicenceStatus,
    valid_until: date,
    completed: bool,
    shown: str,
) -> None:
    await office.licence(status=status, valid_until=valid_until, account=(0, 0, completed))
    assert (await officer.get("/v1/licences/L1/balance")).json()["status"] == shown
    licence = (await officer.get("/v1/licences/L1")).json()
    assert (licence["status"], licence["authority_status"]) == (shown, status.value)


async def test_the_newest_version_is_shown(officer: httpx2.AsyncClient, office: Office) -> None:
    await office.licence()
    await office.licence(version=2, max_uses=None)
    licence = (await officer.get("/v1/licences/L1")).json()
    assert (licence["version"], licence["max_uses"]) == (2, None)


async def test_a_licence_of_another_exporter_is_not_there(office: Office, caller: Caller) -> None:
    await office.licence()
    told = {}
    for name, forwarders, exporters in (("e1", [], ["E1"]), ("e2", [], ["E2"]), ("fwd", ["FWD-1"], [])):
        _, token = await create_key(office.gate.database, name, ["licences:read"], forwarders, exporters)
        told[name] = await caller(token).get("/v1/licences/L1/balance")
    assert {name: answer.status_code for name, answer in told.items()} == {"e1": 200, "e2": 404, "fwd": 404}
    _, token = await create_key(office.gate.database, "e3", ["licences:read"], [], ["E2"])
    unknown = await caller(token).get("/v1/licences/L2/balance")
    assert unknown.text == told["e2"].text.replace("L1", "L2")
