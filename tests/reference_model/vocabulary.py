"""What the histories speak of: a few parties, items, controls, licences and notices (contracts.md §2)."""

from __future__ import annotations

from typing import Any

Data = dict[str, Any]
Step = tuple[str, str, str, Data]
START = "2026-03-02T09:00:00+08:00"
FIRST, LAST = "2026-03-01", "2026-03-08"
"""Validity of the licences: the days around its end are what histories reach."""
CAP = "1000"
NET = ("100", "200", "300", "300", "400", "500", "600", "700", "1000", "1000.001")
DEPARTURES = ("2026-02-28T18:00:00+08:00", *("2026-03-02T20:00:00+08:00", "2026-03-05T18:00:00+08:00") * 2,
              f"{LAST}T23:59:59.999+08:00", "2026-03-09T00:00:00+08:00")  # fmt: skip
USES, LANDS = ("MRI", "MRI", "MRI", "MRI", "LAB", "ARMS"), ("DE", "DE", "DE", "DE", "JP", "KP")


def party(party_id: str, name: str, alias: str, country: str, **more: Any) -> Data:
    return {"party_id": party_id, "version": 1, "names": [name], "aliases": [alias], "country": country,
            "identifiers": [{"scheme": "LEI", "value": party_id}], "owners": [], **more}  # fmt: skip


def item(number: str, version: int, kind: str, codes: list[str]) -> Data:
    return {"item_no": number, "version": version, "classification": kind, "control_codes": codes, "unit_factors": [],
            "hs_code": "8505119000"}  # fmt: skip


def control(code: str, version: int, **changes: Any) -> Data:
    return {"control_code": code, "version": version, "kind": "LISTED", "effective_from": "2025-01-01",
            "effective_until": None, "suspensions": [], "prohibited_destinations": [], "prohibited_end_uses": [],
            "prohibited_end_user_types": [], **changes}  # fmt: skip


def licence(number: str, version: int, **changes: Any) -> Data:
    lines = changes.pop("lines", None) or [licence_line(1, ["1C1.a"])]
    return {"licence_no": number, "version": version, "authority_time": "2026-02-20T10:00:00+08:00", "type": "GENERAL",
            "status": "ACTIVE", "exporter_id": "E1", "end_users": ["ALPHA"], "end_uses": ["MRI"],
            "destinations": ["DE"], "importers": [], "consignees": [], "prohibited_transit": [],
            "valid_from": FIRST, "valid_until": LAST,
            "max_uses": None, "answers_notices": [], "supersedes": [], "risk_report_on_file": False,
            "undertaking_on_file": False, "period_limits": [], "lines": lines, **changes}  # fmt: skip


def licence_line(no: int, codes: list[str], **changes: Any) -> Data:
    return {"line_no": no, "control_codes": codes, "item_nos": [], "quantity": {"value": CAP, "unit": "KGM"},
            "value": {"amount": "1000.00", "currency": "USD"}, "tolerance_percent": "0", **changes}  # fmt: skip


def base() -> list[Step]:
    """What every history starts from: parties, items, a control and a licence."""
    given = [
        ("party", party("ALPHA", "Alpha GmbH", "阿尔法", "DE")),
        ("party", party("BETA", "Beta KK", "ベータ", "JP", types=["MILITARY"])),
        ("party", party("SHIPCO", "Ship Co", "Shipco Lines", "SG")),
        ("item", item("ROD", 1, "CONTROLLED", ["1C1.a"])),
        ("item", item("DISC", 1, "CONTROLLED", ["1C1.a", "1C2"])),
        ("item", item("BOLT", 1, "NOT_CONTROLLED", [])),
        ("control", control("1C1.a", 1)),
        ("licence", licence("L1", 1)),
    ]  # fmt: skip
    return [(f"{kind}.upserted", f"base-{n}", START, data) for n, (kind, data) in enumerate(given)]


MILESTONES = ("DEPARTED", "DEPARTED", "DEPARTED", "DEPARTED", "DELIVERED", "ARRIVED", "PACKED", "CANCELLED",
              "CANCELLED")  # fmt: skip
LICENCE_CHANGES: tuple[Data, ...] = (
    {"status": "SUSPENDED"}, {"status": "REVOKED"}, {"status": "CHANGE_PENDING"}, {"status": "RETURNED"},
    {"status": "DRAFT"}, {"max_uses": 1}, {"max_uses": 2}, {"valid_from": "2026-03-04"}, {"valid_until": "2026-03-04"},
    {"end_users": ["BETA"]}, {"end_uses": ["MRI", "LAB"]}, {"destinations": ["DE", "JP"]}, {"exporter_id": "E2"},
    {"lapses_on_completion": True}, {},
)  # fmt: skip
SCOPES: tuple[Data, ...] = (
    {}, {"parties": ["ALPHA"]}, {"parties": ["Alpha GmbH"]}, {"parties": ["SHIPCO"]}, {"exporters": ["E1"]},
    {"forwarders": ["SHIPCO"]}, {"items": ["ROD"]}, {"control_codes": ["1C1"]}, {"control_codes": ["1C"]},
    {"hs_prefixes": ["8505"]}, {"destinations": ["DE"]}, {"end_uses": ["MRI"]}, {"licences": ["L1"]},
    {"parties": ["E1"]}, {"orders": ["O1"]}, {"shipments": ["S1"]}, {"items": ["ROD"], "orders": ["O1"]},
    {"items": ["BOLT"], "parties": ["ALPHA"]},
)  # fmt: skip
