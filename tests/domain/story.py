"""A day's trade told in few words, over the in-memory `World` with the builders' parties, items and licences."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.events import QuarantineSettled, TradeUnreadable
from services.gatekeeper.domain.workspace import Outcome
from tests.domain.builders import NOW, WORLD, at
from tests.domain.world import World

TO_ALPHA = {
    "parties": {role: {"party_id": "ALPHA"} for role in ("importer", "consignee", "end_user")},
    "end_use": {"code": "CIVIL_MRI"},
    "destination": "DE",
}


class Story(World):
    """Versions count up by themselves; everything goes to ALPHA in Germany unless a word says otherwise."""

    def __init__(self, *rules: Any) -> None:
        super().__init__(NOW)
        self.versions: dict[str, int] = {}
        for entity in (*WORLD, *rules):
            self.rule(entity)

    def _version(self, key: str) -> int:
        self.versions[key] = self.versions.get(key, 0) + 1
        return self.versions[key]

    def ship(self, name: str, net: str = "300 KGM", *, order: str | None = None, **changes: Any) -> Outcome:
        """A shipment of magnets, or of `item`; with an order its parties are the order's."""
        event = {key: changes.pop(key) for key in ("event_id", "time") if key in changes}
        line = {
            "line_no": 1,
            "item_no": changes.pop("item", "MAG-ROD"),
            "net_quantity": _quantity(net),
            "value": _money(changes.pop("value", "9000 USD")),
        }
        if order is not None:
            line |= {"order_id": order, "order_line": 1}
        data = {
            "shipment_id": name,
            "version": changes.pop("version", None) or self._version(name),
            "exporter_id": "E1",
            "movement": "EXPORT",
            "forwarder_id": "FWD-1",
            "planned_departure": at("2026-03-05 18:00"),
            **({} if order else TO_ALPHA),
            "lines": [line],
            **changes,
        }
        return self.feed("shipment.upserted", data, **event)

    def order(self, name: str, ordered: str = "500 KGM", **changes: Any) -> Outcome:
        event = {key: changes.pop(key) for key in ("event_id", "time") if key in changes}
        line = {
            "line_no": 1,
            "item_no": changes.pop("item", "MAG-ROD"),
            "quantity": _quantity(ordered),
            "value": _money(changes.pop("value", "15000 USD")),
        }
        data = {
            "order_id": name,
            "version": changes.pop("version", None) or self._version(name),
            "exporter_id": "E1",
            **TO_ALPHA,
            "planned_export_date": "2026-03-05",
            "lines": [line],
            **changes,
        }
        return self.feed("order.upserted", data, **event)

    def cancel(self, name: str, version: int | None = None) -> Outcome:
        data = {"order_id": name, "version": version or self._version(name), "reason": "not needed"}
        return self.feed("order.cancelled", data)

    def milestone(
        self, name: str, milestone: str, occurred: datetime | None = None, *, event_id: str | None = None,
        classifier: str = "ACTUAL",
    ) -> Outcome:  # fmt: skip
        occurred_at = occurred or self.clock
        data = {"shipment_id": name, "milestone": milestone, "classifier": classifier, "occurred_at": occurred_at}
        return self.feed("shipment.milestone", data, event_id=event_id)

    def correct(self, name: str, event_id: str, net: str | None = None, **attributes: Any) -> Outcome:
        """INCORRECT_DATA with the net quantity that was really so; without one DID_NOT_OCCUR."""
        lines = [{"line_no": 1, "net_quantity": _quantity(net)}] if net else []
        reason = "INCORRECT_DATA" if net else "DID_NOT_OCCUR"
        data = {"shipment_id": name, "corrects_event_id": event_id, "reason": reason, "lines": lines}
        return self.feed("shipment.corrected", data, **attributes)

    def notice(self, name: str, **scope: Any) -> None:
        data = {
            "notice_id": name, "version": self._version(name), "origin": "AUTHORITY", "authority_ref": "A 1",
            "text": {"en": "stop"}, "everything": not scope, "release_by_licence": True, "scope": scope,
        }  # fmt: skip
        self.feed("notice.upserted", data)

    def lift(self, name: str) -> None:
        self.feed("notice.lifted", {"notice_id": name, "version": self._version(name), "reason": "over"})

    def unreadable(self, owner: str, name: str, quarantine_id: str = "q-1", *, upsert: bool = True) -> Outcome:
        return self.trade(TradeUnreadable(owner, name, quarantine_id, f"{name}/broken", upsert, "not JSON"))

    def repaired(self, owner: str, name: str, quarantine_id: str = "q-1") -> Outcome:
        return self.trade(QuarantineSettled(owner, name, quarantine_id))

    def state(self, name: str) -> str:
        known = self.shipments.get(name) or self.orders[name]
        return " ".join((known.state.value, *dict.fromkeys(hold.reason.value for hold in known.holds)))

    def balance(self, licence_no: str = "M1") -> str:
        """ "reserved/consumed uses reserved/used", of line 1."""
        account = self.accounts.get(licence_no, LicenceAccount(licence_no))
        line = account.lines.get(1, LineBalance(1))
        return f"{_plain(line.reserved)}/{_plain(line.consumed)} {account.uses_reserved}/{account.uses}"

    def kinds(self, about: str) -> list[str]:
        """Violations of a shipment or a licence."""
        return sorted(v.kind.value for v in self.violations.values() if about in (v.shipment_id, v.licence_no))

    def told(self, name: str) -> list[str]:
        """The states of the events that were written about a shipment or an order."""
        shipped = [e.shipment.state.value for e in self.shipment_events if e.shipment.shipment_id == name]
        return shipped or [e.order.state.value for e in self.order_events if e.order.order_id == name]


def _quantity(text: str) -> dict[str, str]:
    value, unit = text.split()
    return {"value": value, "unit": unit}


def _money(text: str) -> dict[str, str]:
    amount, currency = text.split()
    return {"amount": amount, "currency": currency}


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
