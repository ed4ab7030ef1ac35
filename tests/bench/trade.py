"""What is traded in the benchmark: several exporters with several licences each, and shipments that all fit.

A shipment has some 700 bytes. Its id begins with a letter that says which measurement it belongs to.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.topics import ID_FIELD, TYPE_PREFIX, topic_of
from services.kit.partitioning import lane_of

PARTITIONS = 4
EXPORTERS = 8
CODES = ("1C902.a", "1C902.b", "1C904.a", "2B001.c")
BUYERS = ("ALPHA", "BETA", "GAMMA", "DELTA")
FORWARDER = "FWD-1"
STOPPED_FORWARDER = "FWD-STOP"
"""The forwarder whom the notice stops."""

BACKLOG, NOTICED, PACED, FLOOD = "B", "N", "P", "F"
"""First letters of shipment ids: decided from a backlog, matched by the notice, at a fixed rate, at full speed."""

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Sendable:
    """A record for `topic` (its name without prefix) in partition `lane`."""

    topic: str
    lane: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def _now() -> datetime:
    return datetime.now().astimezone()


def _day(days: int) -> str:
    return (_now() + timedelta(days=days)).date().isoformat()


def _party(party_id: str, country: str) -> Event:
    names = [f"{party_id.title()} Trading Company"]
    return "party.upserted", {"party_id": party_id, "version": 1, "names": names, "aliases": [], "country": country,
                              "identifiers": [], "owners": []}  # fmt: skip


def _item(code: str) -> Event:
    return "item.upserted", {"item_no": f"ITEM-{code}", "version": 1, "classification": "CONTROLLED",
                             "control_codes": [code], "unit_factors": [], "hs_code": "8505119000"}  # fmt: skip


def _control(code: str) -> Event:
    return "control.upserted", {"control_code": code, "version": 1, "kind": "LISTED", "effective_from": "2025-04-04",
                                "effective_until": None, "suspensions": [], "prohibited_destinations": [],
                                "prohibited_end_uses": [], "prohibited_end_user_types": []}  # fmt: skip


def licence(exporter: int | str, code: str) -> Event:
    """A general licence of exporter EXP-`exporter` with room for whatever is drawn."""
    line = {"line_no": 1, "control_codes": [code], "item_nos": [],
            "quantity": {"value": "1000000000", "unit": "KGM"},
            "value": {"amount": "10000000000.00", "currency": "USD"}, "tolerance_percent": "0"}  # fmt: skip
    return "licence.upserted", {
        "licence_no": f"L-{exporter}-{code}", "version": 1,
        "authority_time": (_now() - timedelta(days=30)).isoformat(timespec="seconds"),
        "type": "GENERAL", "status": "ACTIVE", "exporter_id": f"EXP-{exporter}", "end_users": list(BUYERS),
        "end_uses": ["CIVIL_MRI"], "destinations": ["DE", "FR"], "importers": [], "consignees": [],
        "prohibited_transit": ["US"], "valid_from": _day(-30), "valid_until": _day(200), "max_uses": None,
        "lapses_on_completion": False, "answers_notices": [], "risk_report_on_file": True, "undertaking_on_file": True,
        "period_limits": [], "lines": [line],
    }  # fmt: skip


def rules() -> list[Event]:
    """Everything that the shipments refer to."""
    exporters = range(EXPORTERS)
    return [
        *(_party(f"EXP-{one}", "CN") for one in exporters),
        *(_party(one, "DE") for one in BUYERS),
        *(_party(one, "CN") for one in (FORWARDER, STOPPED_FORWARDER)),
        *(_item(code) for code in CODES),
        *(_control(code) for code in CODES),
        *(licence(one, code) for one in exporters for code in CODES),
    ]


def shipment(group: str, number: int, *, forwarder: str = FORWARDER, exporters: int = EXPORTERS) -> Event:
    """A shipment of one line that fits the licence of its exporter, one of `exporters`, for its item."""
    exporter, code = number % exporters, CODES[number // exporters % len(CODES)]
    buyer = {"party_id": BUYERS[number % len(BUYERS)]}
    departure = (_now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    return "shipment.upserted", {
        "shipment_id": f"{group}-2026-{number:07d}", "version": 1, "exporter_id": f"EXP-{exporter}",
        "movement": "EXPORT", "forwarder_id": forwarder,
        "parties": {"importer": buyer, "consignee": buyer, "end_user": buyer},
        "end_use": {"code": "CIVIL_MRI", "text": "magnets of civil scanners"}, "destination": "DE", "transit": ["SG"],
        "planned_departure": departure.isoformat(),
        "references": [{"scheme": "BOOKING", "value": f"BKG{number:09d}"},
                       {"scheme": "CONTAINER", "value": f"HGTU{number % 10_000_000:07d}"}],
        "lines": [{"line_no": 1, "item_no": f"ITEM-{code}", "net_quantity": {"value": "12.500", "unit": "KGM"},
                   "gross_quantity": {"value": "14.000", "unit": "KGM"},
                   "value": {"amount": "2250.00", "currency": "USD"}}],
    }  # fmt: skip


def shipments(group: str, first: int, count: int, *, forwarder: str = FORWARDER) -> Iterator[Sendable]:
    return (sendable(shipment(group, number, forwarder=forwarder)) for number in range(first, first + count))


_numbers = itertools.count(1)


def sendable(event: Event) -> Sendable:
    """An event of now as a record in binary mode, in the partition of its lane."""
    kind, data = event
    key = str(data[ID_FIELD[f"{kind}.v1"]])
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"bench-{next(_numbers)}",
        "ce_source": "//bench",
        "ce_type": f"{TYPE_PREFIX}{kind}.v1",
        "ce_subject": key,
        "ce_time": _now().isoformat(),
        "content-type": "application/json",
    }
    return Sendable(
        topic_of(f"{kind}.v1").name,
        lane_of(key, PARTITIONS),
        key.encode(),
        json.dumps(data, separators=(",", ":")).encode(),
        [(name, text.encode()) for name, text in headers.items()],
    )
