"""Events of the trade in few words.

An event is (type, data) with the type as in contracts.md, without `io.holdgate.` and `.v1`. Everything goes from E1 to
ALPHA in Germany unless a test says otherwise: item MAG-ROD, which needs licence M1 (1,000 KGM, any number of exports).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
NOW = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
Event = tuple[str, dict[str, Any]]


def at(text: str) -> datetime:
    """A time in Shanghai: `at("2026-03-05 18:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def quantity(text: str) -> dict[str, str]:
    value, unit = text.split()
    return {"value": value, "unit": unit}


def money(text: str) -> dict[str, str]:
    amount, currency = text.split()
    return {"amount": amount, "currency": currency}


TO_ALPHA: Mapping[str, Any] = {
    "parties": {role: {"party_id": "ALPHA"} for role in ("importer", "consignee", "end_user")},
    "end_use": {"code": "CIVIL_MRI", "text": "civil MRI magnets"},
    "destination": "DE",
}


def shipment(
    shipment_id: str, net: str = "300 KGM", *, version: int = 1, order: str | None = None, item: str = "MAG-ROD",
    value: str = "9000 USD", **changes: Any,
) -> Event:  # fmt: skip
    """A shipment of one line; with an `order` its parties, end use and destination are the order's."""
    line = {"line_no": 1, "item_no": item, "net_quantity": quantity(net), "value": money(value)}
    if order is not None:
        line |= {"order_id": order, "order_line": 1}
    return "shipment.upserted", {
        "shipment_id": shipment_id,
        "version": version,
        "exporter_id": "E1",
        "movement": "EXPORT",
        "forwarder_id": "FWD-1",
        "transit": [],
        "planned_departure": "2026-03-05T18:00:00+08:00",
        **({} if order else TO_ALPHA),
        "lines": [line],
        **changes,
    }


def order(
    order_id: str, ordered: str = "500 KGM", *, version: int = 1, item: str = "MAG-ROD", value: str = "15000 USD",
    **changes: Any,
) -> Event:  # fmt: skip
    """An order of one line."""
    line = {"line_no": 1, "item_no": item, "quantity": quantity(ordered), "value": money(value)}
    return "order.upserted", {
        "order_id": order_id,
        "version": version,
        "status": "OPEN",
        "exporter_id": "E1",
        **TO_ALPHA,
        "planned_export_date": "2026-03-05",
        "lines": [line],
        **changes,
    }


def cancelled(order_id: str, version: int = 2) -> Event:
    return "order.cancelled", {"order_id": order_id, "version": version, "reason": "not needed"}


def milestone(shipment_id: str, what: str, occurred: datetime | str = NOW, *, classifier: str = "ACTUAL") -> Event:
    when = occurred if isinstance(occurred, str) else occurred.isoformat()
    return "shipment.milestone", {
        "shipment_id": shipment_id,
        "milestone": what,
        "classifier": classifier,
        "occurred_at": when,
    }


def corrected(shipment_id: str, event_id: str, net: str | None = None) -> Event:
    """INCORRECT_DATA with what was really so; without a quantity DID_NOT_OCCUR."""
    lines = [{"line_no": 1, "net_quantity": quantity(net)}] if net else []
    reason = "INCORRECT_DATA" if net else "DID_NOT_OCCUR"
    data = {"shipment_id": shipment_id, "corrects_event_id": event_id, "reason": reason, "lines": lines}
    return "shipment.corrected", data


def licence(
    licence_no: str, granted: str = "1000 KGM", *, version: int = 1, code: str = "1C904.a", **changes: Any
) -> Event:
    """A general licence of E1 for ALPHA, one line, any number of exports."""
    line = {
        "line_no": 1,
        "control_codes": [code],
        "item_nos": [],
        "quantity": quantity(granted),
        "value": money("2000000.00 USD"),
        "tolerance_percent": "0",
    }
    return "licence.upserted", {
        "licence_no": licence_no,
        "version": version,
        "authority_time": f"2026-02-20T10:00:{version % 60:02d}+08:00",
        "type": "GENERAL",
        "status": "ACTIVE",
        "exporter_id": "E1",
        "end_users": ["ALPHA"],
        "end_uses": ["CIVIL_MRI"],
        "destinations": ["DE"],
        "importers": [],
        "consignees": [],
        "prohibited_transit": [],
        "valid_from": "2026-03-01",
        "valid_until": "2026-08-31",
        "max_uses": None,
        "lapses_on_completion": False,
        "answers_notices": [],
        "risk_report_on_file": False,
        "undertaking_on_file": False,
        "period_limits": [],
        "lines": [line],
        **changes,
    }


def party(party_id: str, name: str, country: str = "DE", *, version: int = 1, **changes: Any) -> Event:
    return "party.upserted", {
        "party_id": party_id,
        "version": version,
        "names": [name],
        "aliases": [],
        "country": country,
        "identifiers": [],
        "owners": [],
        **changes,
    }


def item(item_no: str, *codes: str, version: int = 1, **changes: Any) -> Event:
    return "item.upserted", {
        "item_no": item_no,
        "version": version,
        "classification": "CONTROLLED" if codes else "NOT_CONTROLLED",
        "control_codes": list(codes),
        "unit_factors": [],
        "hs_code": "8505119000",
        **changes,
    }


def control(code: str, *, version: int = 1, **changes: Any) -> Event:
    return "control.upserted", {
        "control_code": code,
        "version": version,
        "kind": "LISTED",
        "effective_from": "2025-04-04",
        "effective_until": None,
        "suspensions": [],
        "prohibited_destinations": [],
        "prohibited_end_uses": [],
        "prohibited_end_user_types": [],
        **changes,
    }


def list_entry(entry_id: str, name: str, *, version: int = 1, **changes: Any) -> Event:
    return "list-entry.upserted", {
        "entry_id": entry_id,
        "version": version,
        "list": "CONTROL_LIST",
        "names": [name],
        "aliases": [],
        "identifiers": [],
        "country": "DE",
        "effective_from": "2026-01-02",
        "effective_until": None,
        "suspensions": [],
        "effect": "PROHIBIT",
        "authority_ref": "A 1",
        **changes,
    }


def statement(statement_no: str, *, version: int = 1) -> Event:
    return "end-user-statement.upserted", {
        "statement_no": statement_no,
        "version": version,
        "end_user": "ALPHA",
        "end_uses": ["CIVIL_MRI"],
        "valid_until": "2026-12-31",
        "status": "VALID",
    }


def fx_rate(rate_id: str, *, version: int = 1) -> Event:
    data = {"rate_id": rate_id, "version": version, "base": "EUR", "quote": "USD", "rate": "1.1", "as_of": "2026-03-01"}
    return "fx-rate.upserted", data


def feed_refreshed(feed: str, *, version: int = 1) -> Event:
    data = {"feed": feed, "version": version, "as_of": "2026-03-01T00:00:00+08:00", "entries": 153}
    return "feed.refreshed", data


def notice(notice_id: str, *, version: int = 1, **changes: Any) -> Event:
    """A stop notice of the authority; fields of the scope and of the notice by name. No scope: everything."""
    own: dict[str, Any] = {key: changes.pop(key) for key in ("effective_from", "effective_until") if key in changes}
    return "notice.upserted", {
        "notice_id": notice_id,
        "version": version,
        "origin": "AUTHORITY",
        "authority_ref": f"notice {notice_id}",
        "text": {"zh": "停止出口", "en": "stop this export"},
        "effective_until": None,
        "everything": not changes,
        "release_by_licence": True,
        "release_by_review": False,
        "scope": changes,
        **own,
    }


def lifted(notice_id: str, *, version: int = 2) -> Event:
    return "notice.lifted", {"notice_id": notice_id, "version": version, "reason": "over"}


RULES: Sequence[Event] = (
    party("E1", "Hexin Magnetics", "CN"),
    party("ALPHA", "Alpha GmbH"),
    party("FWD-1", "Sinoway Forwarding", "CN"),
    item("MAG-ROD", "1C904.a"),
    item("STEEL-BOLT"),
    control("1C904.a"),
    licence("M1"),
)
