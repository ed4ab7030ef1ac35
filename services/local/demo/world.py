"""The simulated world: exporters, their customers, goods, control codes and licences, all of them invented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.gatekeeper.domain.calendar import shanghai_day
from services.local.demo.events import TradeEvent

FORWARDERS = ("SINOWAY", "LONGSHORE")
PARTIES = {
    "HEXIN": (["Hexin Magnetics"], ["和信磁材"], "CN"),
    "LANTIAN": (["Lantian Advanced Materials"], ["蓝田新材料"], "CN"),
    "QINGHE": (["Qinghe Photonics"], ["清河光电"], "CN"),
    "ALPHA": (["Alpha GmbH"], ["阿尔法有限公司"], "DE"),
    "BETA": (["Beta KK"], ["ベータ株式会社"], "JP"),
    "GAMMA": (["Gamma SA"], [], "FR"),
    "DELTA": (["Delta Robotics Inc"], [], "US"),
    "ORION": (["Orion Trading"], ["獵戶貿易"], "HK"),
    "SINOWAY": (["Sinoway Forwarding"], ["华途货运"], "CN"),
    "LONGSHORE": (["Longshore Logistics"], ["长岸物流"], "CN"),
}
COUNTRY = {party: country for party, (_, _, country) in PARTIES.items()}

ITEMS = {
    "SM-OXIDE": ("CONTROLLED", ["1C902.b"], "2846901910"),
    "DY-METAL": ("CONTROLLED", ["1C903.b"], "2805301100"),
    "MAG-ROD": ("CONTROLLED", ["1C904.a"], "8505119000"),
    "LASER-HEAD": ("CONTROLLED", ["6A911.a"], "9013200000"),
    "STEEL-BOLT": ("NOT_CONTROLLED", [], "7318151090"),
    "GREY-POWDER": ("UNCLASSIFIED", [], "2853909090"),
}


@dataclass(frozen=True, slots=True)
class Permit:
    """A licence of the simulated world, with one line; `units` is what it grants, at `price` USD each."""

    licence_no: str
    exporter: str
    item: str
    units: int
    unit: str
    price: int
    end_users: tuple[str, ...]
    end_use: str
    general: bool = False
    ends_in_days: int = 150

    @property
    def code(self) -> str:
        return ITEMS[self.item][1][0]

    @property
    def destinations(self) -> list[str]:
        return [COUNTRY[party] for party in self.end_users]


# The first four carry the day's ordinary trade; the others are for what the story tells (story.py).
HEXIN_RODS = Permit("G-HEXIN-1", "HEXIN", "MAG-ROD", 60_000, "KGM", 60, ("ALPHA", "BETA"), "EV_MOTOR", general=True)
LANTIAN_DY = Permit("G-LANTIAN-1", "LANTIAN", "DY-METAL", 50_000, "KGM", 300, ("BETA", "GAMMA"), "EV_MOTOR", True)
LANTIAN_SM = Permit("G-LANTIAN-2", "LANTIAN", "SM-OXIDE", 9_000, "KGM", 180, ("ALPHA", "GAMMA"), "CIVIL_MRI", True)
QINGHE_LASERS = Permit("G-QINGHE-1", "QINGHE", "LASER-HEAD", 500, "C62", 9_000, ("ALPHA", "BETA"), "LAB_TEST", True)
WITHIN = Permit("L-HEXIN-101", "HEXIN", "SM-OXIDE", 1_000, "KGM", 180, ("ALPHA",), "CIVIL_MRI")
TOO_MUCH = Permit("L-HEXIN-102", "HEXIN", "SM-OXIDE", 1_000, "KGM", 180, ("ALPHA",), "CIVIL_MRI")
ONE_USER = Permit("L-QINGHE-201", "QINGHE", "LASER-HEAD", 40, "C62", 9_000, ("ALPHA",), "CIVIL_MRI")
ONE_COUNTRY = Permit("L-QINGHE-202", "QINGHE", "LASER-HEAD", 40, "C62", 9_000, ("ALPHA",), "CIVIL_MRI")
ORDINARY = (HEXIN_RODS, LANTIAN_DY, LANTIAN_SM, QINGHE_LASERS)
PERMITS = (*ORDINARY, WITHIN, TOO_MUCH, ONE_USER, ONE_COUNTRY)


def reference_events(now: datetime) -> list[TradeEvent]:
    """Everything that must be known before the first order comes; licences are valid from a month ago."""
    return [*_parties(), *_controls_and_items(), *(_licence(permit, now) for permit in PERMITS)]


def _parties() -> Iterator[TradeEvent]:
    for party_id, (names, aliases, country) in PARTIES.items():
        data = {"party_id": party_id, "version": 1, "names": names, "aliases": aliases, "country": country}
        yield TradeEvent("party.upserted", data | {"identifiers": [], "owners": []})


def _controls_and_items() -> Iterator[TradeEvent]:
    for code in sorted({code for _, codes, _ in ITEMS.values() for code in codes}):
        limits: dict[str, Any] = {
            "suspensions": [],
            "prohibited_destinations": [],
            "prohibited_end_uses": [],
            "prohibited_end_user_types": [],
        }
        begun = {"kind": "LISTED", "effective_from": "2025-04-04", "effective_until": None}
        yield TradeEvent("control.upserted", {"control_code": code, "version": 1} | begun | limits)
    for item_no, (classification, codes, hs_code) in ITEMS.items():
        data = {"item_no": item_no, "version": 1, "classification": classification, "control_codes": codes}
        yield TradeEvent("item.upserted", data | {"unit_factors": [], "hs_code": hs_code})


def _licence(permit: Permit, now: datetime) -> TradeEvent:
    today: date = shanghai_day(now)
    return TradeEvent(
        "licence.upserted",
        {
            "licence_no": permit.licence_no,
            "version": 1,
            "authority_time": (now - timedelta(days=30)).isoformat(),
            "type": "GENERAL" if permit.general else "INDIVIDUAL",
            "status": "ACTIVE",
            "exporter_id": permit.exporter,
            "end_users": list(permit.end_users),
            "end_uses": [permit.end_use],
            "destinations": permit.destinations,
            "importers": [],
            "consignees": [],
            "prohibited_transit": [],
            "valid_from": (today - timedelta(days=30)).isoformat(),
            "valid_until": (today + timedelta(days=permit.ends_in_days)).isoformat(),
            "max_uses": None if permit.general else 1,
            "lapses_on_completion": not permit.general,
            "answers_notices": [],
            "risk_report_on_file": False,
            "undertaking_on_file": False,
            "period_limits": [],
            "lines": [_licence_line(permit)],
        },
    )


def _licence_line(permit: Permit) -> dict[str, Any]:
    return {
        "line_no": 1,
        "control_codes": [permit.code],
        "item_nos": [],
        "quantity": {"value": str(permit.units), "unit": permit.unit},
        "value": {"amount": f"{permit.units * permit.price}.00", "currency": "USD"},
        "tolerance_percent": "0",
    }
