"""Short seeded histories over a small vocabulary, so that orders, shipments, licences and notices collide often.

Steps are events `(type, id, time, data)`, well-formed, or `("clock", "", time, {})`. They stay within what the model
answers (its first lines): kilograms and dollars alone, no version of a licence twice, no departure of what nobody has
described; once goods have left, their amounts, items, the windows of controls, and the parties, end use and destination
of their orders stay as they are, and orders of what was delivered are not heard of again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.reference_model import vocabulary as words
from tests.reference_model.vocabulary import Data, Step


class Teller:
    """Tells one history; remembers versions and ids, so that stale versions and repeats are as intended."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = datetime.fromisoformat(words.START)
        self.steps: list[Step] = []
        self.versions: dict[str, int] = {"L1": 1, "ROD": 1, "DISC": 1, "BOLT": 1, "1C1.a": 1}
        self.orders: dict[str, Data] = {}
        self.shipments: dict[str, Data] = {}
        self.licences: dict[str, Data] = {"L1": words.licence("L1", 1)}
        self.left: set[str] = set()
        self.arrived: list[str] = []
        self.named: dict[str, int] = {}
        self.asked: dict[str, datetime] = {}
        self.gone: set[str] = set()
        self.delivered: set[str] = set()
        self.unclear: set[str] = set()
        self.window: Data = {}
        self.ordered = {"O1": "ROD", "O2": self.one(("ROD", "ROD", "DISC", "BOLT"))}

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def one(self, values: Any) -> Any:
        return values[int(self.random.random() * len(values))]

    def version(self, key: str, *, stale: bool = True) -> int:
        """The next; sometimes one that was there before."""
        if stale and key in self.versions and self.chance(0.04):
            return self.versions[key]
        self.versions[key] = self.versions.get(key, 0) + 1
        return self.versions[key]

    def keep(self, known: dict[str, Data], key: str, data: Data) -> None:
        """As it will be known: a stale version changes nothing."""
        if data["version"] > known.get(key, {"version": 0})["version"]:
            known[key] = data

    def time(self, at: datetime | None = None) -> str:
        return (at or self.now).isoformat(timespec="milliseconds")

    def say(self, kind: str, data: Data) -> None:
        subject = data.get("shipment_id") or data.get("order_id")
        if subject:
            self.arrived += [] if subject in self.arrived else [subject]
            self.asked[subject] = self.now
        self.steps.append((kind, f"e{len(self.steps)}", self.time(), data))

    def tell(self) -> list[Step]:
        for _ in range(3 + int(self.random.random() ** 3 * 8)):
            step = self.one(WEIGHTED)
            step(self)
        return self.steps

    def speaks(self, order: str) -> bool:
        """Whether more is heard of it. One that was named before it came, comes before anybody else does, or never:
        domain.md leaves open whose turn it is among those who came in between (D4.4).
        """
        overtaken = order not in self.arrived and self.named.get(order, len(self.arrived)) != len(self.arrived)
        return self.status(order) != "CLOSED" and order not in self.delivered and not overtaken

    def status(self, order: str) -> str:
        return str(self.orders.get(order, {"status": ""})["status"])

    # Steps

    def clock(self) -> None:
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        later = (
            self.now + timedelta(hours=1), midnight + timedelta(days=1), midnight + timedelta(days=1, milliseconds=-1),
            midnight + timedelta(days=3, hours=10), datetime.fromisoformat(f"{words.LAST}T23:59:59.999+08:00"),
            datetime.fromisoformat("2026-03-09T00:00:00+08:00"),
        )  # fmt: skip
        self.now = max(self.now, self.one(later))
        self.steps.append(("clock", "", self.time(), {}))

    def repeat(self) -> None:
        events = [step for step in self.steps if step[0] != "clock"]
        if events:
            self.steps.append(self.one(events))

    def refs(self) -> Data:
        chosen = {}
        for role in ("importer", "consignee", "end_user"):
            by_name = {"name": self.one(("Alpha GmbH", "ALPHA g.m.b.h.", "阿尔法", "Alfa"))}
            other = self.one(({"party_id": "BETA"}, {"party_id": "NOBODY"}, by_name, {**by_name, "country": "DE"}))
            chosen[role] = other if self.chance(0.1) and not self.left else {"party_id": "ALPHA"}
        return chosen

    def facts(self, *, complete: bool = False) -> Data:
        facts = {"parties": self.refs(), "end_use": {"code": self.one(words.USES) if self.chance(0.15) else "MRI"},
                 "destination": self.one(words.LANDS) if self.chance(0.15) else "DE"}  # fmt: skip
        if not complete and self.chance(0.03):
            facts.pop(self.one(list(facts)))
        if self.chance(0.15):
            facts["licences"] = self.one((["L1"], ["L2"], ["L1", "L2"], ["L9"]))
        return facts

    def amount(self) -> tuple[Data, Data]:
        worth = self.one(("100.00", "400.00", "600.00", "1000.00", "1000.01")) if self.chance(0.3) else "100.00"
        return {"value": self.one(words.NET), "unit": "KGM"}, {"amount": worth, "currency": "USD"}

    def order(self) -> None:
        key = self.one(("O1", "O2"))
        before = self.orders.get(key)
        if not self.speaks(key):
            return
        quantity, value = self.amount()
        lines = [{"line_no": 1, "item_no": self.ordered[key], "quantity": quantity, "value": value}]
        data = {
            "order_id": key, "version": self.version(key), "status": "OPEN",
            "exporter_id": "E2" if self.chance(0.05) else "E1", **self.facts(),
            "planned_export_date": self.one(words.DEPARTURES)[:10],
            "delivery_tolerance_percent": self.one(("0", "0", "20")), "lines": lines,
        }  # fmt: skip
        if before and self.chance(0.6):
            data = {**before, "version": data["version"]}
            data |= self.one(({"status": "CLOSED"}, {"status": "CANCELLED"}, {"lines": lines}, self.facts()))
        if before and key in self.gone:
            data = {**before, **{name: data[name] for name in ("version", "status", "lines")}}
        self.keep(self.orders, key, data)
        self.say("order.upserted", data)

    def cancel_order(self) -> None:
        key = self.one(("O1", "O2"))
        if not self.speaks(key):
            return
        version = self.version(key)
        if key in self.orders:
            self.orders[key] = {**self.orders[key], "version": version}
        self.say("order.cancelled", {"order_id": key, "version": version, "reason": "not needed"})

    def shipment(self) -> None:
        key = self.one(("S1", "S2", "S3"))
        before = self.shipments.get(key)
        lines, order = [], self.one([o for o in ("O1", "O1", "O2") if self.status(o) != "CLOSED"] or ("O9",))
        numbers = (1, 2) if self.chance(0.12) else (1,)
        for no in numbers:
            net, value = self.amount()
            item = self.one(("ROD", "DISC", "BOLT", "NEW")) if self.chance(0.2) else "ROD"
            line: Data = {"line_no": no, "item_no": item, "net_quantity": net, "value": value}
            if len(numbers) > 1:
                line["value"] = {"amount": "100.00", "currency": "USD"}
            if order in self.ordered and self.chance(0.7 if order in self.orders else 0.15):
                line |= {"order_id": order, "order_line": 1, "item_no": self.ordered[order]}
            lines.append(line)
        own = not all("order_id" in line for line in lines) or self.chance(0.5)
        data = {
            "shipment_id": key, "version": self.version(key), "exporter_id": "E2" if self.chance(0.05) else "E1",
            "movement": self.one(("DOMESTIC", "INTO_BONDED", "TRANSIT")) if self.chance(0.06) else "EXPORT",
            "forwarder_id": "SHIPCO", **(self.facts(complete=any("order_id" in line for line in lines)) if own else {}),
            "planned_departure": self.one(words.DEPARTURES),
            "transit": [], "lines": lines,
        }  # fmt: skip
        if before:
            resized = [
                {**old, "net_quantity": {"value": self.one(words.NET), "unit": "KGM"}} for old in before["lines"]
            ]
            moved = {"planned_departure": data["planned_departure"]}
            facts = self.facts(complete=True)
            changes = (facts, moved) if key in self.left else ({"lines": resized}, facts, moved, {"lines": resized})
            data = {**before, "version": data["version"], **self.one(changes)}
        self.keep(self.shipments, key, data)
        self.say("shipment.upserted", data)
        for named in {line.get("order_id", "") for line in data["lines"]}:
            self.named.setdefault(named, len(self.arrived))

    def milestone(self) -> None:
        if not self.shipments and self.chance(0.8):
            self.shipment()
            return
        known = list(self.shipments) or ["S1"]
        key = self.one(known) if self.chance(0.97) else "S3"
        kind = self.one(words.MILESTONES) if key in self.shipments else "PACKED"
        leaves = kind in ("DEPARTED", "ARRIVED", "DELIVERED")
        if kind == "DEPARTED" and key in self.left:
            kind = "ARRIVED"
        ago = self.one((timedelta(hours=2), timedelta(days=1))) if self.chance(0.25) else timedelta(0)
        if key in self.unclear or any(at > self.now - ago for other, at in self.asked.items() if other != key):
            # That others have taken what it needs since it left is seen when it is looked at, not when they take it.
            ago = timedelta(0)
        self.unclear |= {key} if kind == "CANCELLED" or key not in self.shipments else set()
        if leaves:
            self.left.add(key)
            self.gone |= {line.get("order_id", "") for line in self.shipments[key]["lines"]}
        if kind == "DELIVERED":
            self.delivered |= {line.get("order_id", "") for line in self.shipments[key]["lines"]}
        self.say("shipment.milestone", {"shipment_id": key, "milestone": kind, "classifier": "ACTUAL",
                                        "occurred_at": self.time(self.now - ago)})  # fmt: skip
        if leaves:
            # What comes next comes later than the departure.
            self.now += timedelta(minutes=1)
            self.steps.append(("clock", "", self.time(), {}))

    def licence(self) -> None:
        key = self.one(("L1", "L1", "L2", "L2", "L3"))
        version = self.version(key, stale=False)  # the same version with other content is a conflict
        changes: Data = {}
        if key == "L2":
            changes |= {"type": "INDIVIDUAL", "max_uses": 1, "lapses_on_completion": self.chance(0.7)}
            changes |= {"risk_report_on_file": self.chance(0.5), "undertaking_on_file": True}
        if key == "L3":
            codes = self.one((["1C1.a", "1C2"], ["1C2"], []))
            second = words.licence_line(2, ["1C1.a"], value={"amount": "900.00", "currency": "USD"})
            changes["lines"] = [words.licence_line(1, codes, item_nos=[] if codes else ["ROD"]), second]
            changes |= {"supersedes": ["L1"]} if self.chance(0.3) else {}
        for _ in range(int(self.random.random() * 3)):
            changes |= self.one(words.LICENCE_CHANGES)
        if key != "L3" and self.chance(0.3):
            line = words.licence_line(1, ["1C1.a"])
            line |= self.one((
                {"quantity": {"value": "600", "unit": "KGM"}}, {"quantity": {"value": "2000", "unit": "KGM"}},
                {"quantity": {"value": "500", "unit": "KGM"}}, {"tolerance_percent": "10"},
                {"value": {"amount": "300.00", "currency": "USD"}},
            ))  # fmt: skip
            changes["lines"] = [line]
        at = self.now - timedelta(hours=self.one((1, 1, 1, 1, 30 * 24)))
        data = words.licence(key, version, **{"authority_time": self.time(at), **changes})
        if data["status"] == "REVOKED" and key in self.licences:
            # What a version fixes that revokes at the same time isn't said by domain.md (D1.6, D1.7).
            data = {**self.licences[key], **{name: data[name] for name in ("version", "authority_time", "status")}}
        self.licences[key] = data
        self.say("licence.upserted", data)

    def notice(self) -> None:
        key = self.one(("N1", "N2"))
        if key in self.versions and self.chance(0.5):
            self.say("notice.lifted", {"notice_id": key, "version": self.version(key), "reason": "over"})
            return
        scope = dict(self.one(words.SCOPES))
        data = {"notice_id": key, "version": self.version(key), "authority_ref": "A",
                "origin": self.one(("AUTHORITY", "AUTHORITY", "CUSTOMS")), "text": {"zh": "停", "en": "stop"},
                "effective_until": None, "everything": not scope, "release_by_licence": False,
                "release_by_review": False, "scope": scope}  # fmt: skip
        if self.chance(0.3):
            data["effective_from"] = self.time(self.now + timedelta(hours=self.one((-24, 1, 24))))
        if self.chance(0.2):
            data["effective_until"] = self.time(self.now + timedelta(hours=self.one((26, 48))))
        self.say("notice.upserted", data)

    def list_entry(self) -> None:
        key = self.one(("C1", "W1"))
        name, country = self.one((("Alpha GmbH", "DE"), ("Alpha GmbH", "US"), ("Ship Co", "SG"), ("Beta KK", "JP")))
        data = {"entry_id": key, "version": self.version(key), "list": "CONTROL_LIST" if key == "C1" else "WATCH_LIST",
                "names": [name], "aliases": [], "identifiers": [], "country": country,
                "effective_from": self.one(("2026-01-01", "2026-01-01", "2026-03-05")),
                "effective_until": self.one((None, None, "2026-03-04")), "suspensions": [], "effect": "PROHIBIT",
                "authority_ref": "A"}  # fmt: skip
        changes: Any = ({}, {}, {}, {"list": "INTERNAL"}, {"list": "WATCH_LIST"}, {"effect": "REVIEW"},
                        {"names": ["X"]}, {"suspensions": [{"from": "2026-03-02", "until": "2026-03-04"}]},
                        {"names": [], "identifiers": [{"scheme": "LEI", "value": "ALPHA"}]})  # fmt: skip
        begun = {"effective_from": "2026-01-01"} if data["effective_until"] else {}
        self.say("list-entry.upserted", {**data, **begun, **self.one(changes)})

    def rule(self) -> None:
        """An item or a control changes; once goods have left, a control's bans alone."""
        if not self.left and self.chance(0.5):
            number = self.one(("ROD", "BOLT", "NEW"))
            codes: Any = self.one((("CONTROLLED", ["1C1.a"]), ("CONTROLLED", ["1C1.a"]), ("NOT_CONTROLLED", []),
                                   ("UNCLASSIFIED", []), ("CONTROLLED", []), ("CONTROLLED", ["1C2"])))  # fmt: skip
            self.say("item.upserted", words.item(number, self.version(number), *codes))
            return
        bans: Any = ({}, {"prohibited_destinations": ["KP"]}, {"prohibited_end_uses": ["ARMS"]},
                {"prohibited_end_user_types": ["MILITARY"]}, {"kind": "PROHIBITED"})  # fmt: skip
        windows = ({"suspensions": [{"from": "2026-03-02", "until": "2026-03-04"}]},
                   {"effective_until": "2026-03-03"}, {"effective_from": "2026-03-05"})  # fmt: skip
        self.window = self.window if self.left or self.chance(0.6) else self.one(windows)
        changes = {**self.window, **self.one(bans)}
        self.say("control.upserted", words.control("1C1.a", self.version("1C1.a"), **changes))


WEIGHTED = (
    *[Teller.shipment] * 9, *[Teller.milestone] * 7, *[Teller.order] * 6, *[Teller.licence] * 5, *[Teller.clock] * 4,
    *[Teller.notice] * 3, *[Teller.list_entry] * 2, *[Teller.rule] * 2, Teller.cancel_order, Teller.repeat,
)  # fmt: skip


def history(seed: int) -> list[Step]:
    """The history of a seed: the same on every machine."""
    return Teller(seed).tell()
