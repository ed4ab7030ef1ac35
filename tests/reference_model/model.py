"""The rules of domain.md a second time, plainly: after every event everybody is judged again from what is known.

Takes the data of the events (contracts.md §2), well-formed and in order of arrival, and a clock. It shares no code
with the engine. Left out: unreadable events, persons' holds and releases, mistaken identities; policy that is off by
default (likeness, ownership, splitting, combination, catch-all, ages of feeds and rates); period limits; facts dated
ahead of the clock (D7.3); violations, alerts; rounding past 28 digits; a correction before what it corrects.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

Data = dict[str, Any]
Reason = tuple[Any, ...]
SHANGHAI = timezone(timedelta(hours=8))
KILOGRAMS = {"KGM": Decimal(1), "TNE": Decimal(1000), "GRM": Decimal("0.001"), "LBR": Decimal("0.45359237")}
EXPORTS = {"EXPORT", "TECHNOLOGY_TRANSFER", "OUT_OF_BONDED", "TRANSIT", "REPAIR_RETURN"}  # D3.1
SERVICES = {"carrier", "broker", "bank", "forwarder"}
KEYS = {"licence": "licence_no", "party": "party_id", "list-entry": "entry_id", "item": "item_no", "notice": "notice_id",
        "control": "control_code", "end-user-statement": "statement_no", "fx-rate": "rate_id"}  # fmt: skip
FIELDS = """LICENCE_CONFLICT NO_LICENCE EXPORTER_MISMATCH ITEM_MISMATCH END_USER_MISMATCH END_USE_MISMATCH
    DESTINATION_MISMATCH IMPORTER_MISMATCH CONSIGNEE_MISMATCH TRANSIT_PROHIBITED""".split()
BALANCES = ["LICENCE_CONSUMED", "USES_EXCEEDED", "QTY_EXCEEDED", "VALUE_EXCEEDED"]
STATUSES = ["LICENCE_REVOKED", "LICENCE_SUSPENDED", "LICENCE_RETURNED", "LICENCE_CHANGE_PENDING"]
DATES = ["LICENCE_NOT_YET_VALID", "LICENCE_EXPIRED"]
FACTS = ["MISSING_DATA", "MISSING_NET", "UNIT_NOT_CONVERTIBLE", "FX_UNAVAILABLE"]
SEVERITY = [*STATUSES, *FIELDS, *DATES, *BALANCES, *FACTS]  # §2, what a licence may lack
FORGIVEN = {*STATUSES, "LICENCE_CONFLICT", *DATES, *BALANCES}  # D4.7
ANEW = {*FIELDS, *STATUSES, *DATES, *BALANCES, "STOP_NOTICE", "CUSTOMS_CHALLENGE", "PROHIBITED", "CONTROL_LISTED",
        "WATCH_LISTED", "PARTY_REVIEW", *FACTS, "END_USER_STATEMENT_INVALID", "END_USE_CHANGED", "END_USER_CHANGED"}  # fmt: skip  # D1.7


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(SHANGHAI)


@lru_cache(None)
def normal(name: str) -> str:
    """D3.4: what is left of a name when writing doesn't count."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if unicodedata.category(c)[0] not in "PZ")


def day(text: str) -> str:
    return text if len(text) == 10 else instant(text).date().isoformat()


def more(now: Data | None, before: Data | None) -> bool:
    return now is not None and (before is None or (convert(now, before["unit"], None) or Decimal("inf")) > Decimal(before["value"]))


def group(reason: Reason) -> Reason:
    """D1.6, the reason may change: what its kind may turn into."""
    return ("ORDER", reason[1]) if reason[0] in ("ORDER_UNKNOWN", "ORDER_CANCELLED", "OVER_DELIVERY") else reason


def acts(window: Data, days: list[str]) -> bool:
    """D3.2, D5.2: whether the window holds one of `days`, outside its suspensions; both ends inclusive."""
    inside = [d for d in days if window["effective_from"] <= d <= (window["effective_until"] or "9999")]
    return any(not any(g["from"] <= d <= (g["until"] or "9999") for g in window["suspensions"]) for d in inside)


def convert(quantity: Data, unit: str, item: Data | None) -> Decimal | None:
    """D3.9: `quantity` in `unit`, by exact factors and the item's own; None when there is no way."""
    value, given = Decimal(quantity["value"]), quantity["unit"]
    for factor in [] if given == unit or item is None else item["unit_factors"]:
        if factor["unit"] == given:
            value, given = value * Decimal(factor["equals"]["value"]), factor["equals"]["unit"]
        elif factor["unit"] == unit and (base := convert(quantity, factor["equals"]["unit"], None)) is not None:
            return base / Decimal(factor["equals"]["value"])
    if given in KILOGRAMS and unit in KILOGRAMS:
        return value * KILOGRAMS[given] / KILOGRAMS[unit]
    return value if given == unit else None


@dataclass(frozen=True)
class Draw:
    licence: str
    line: int
    quantity: Decimal
    value: Decimal
    scale: Decimal  # the licence's unit for one of the line's
    rate: Decimal
    source: Data  # the line that draws


class Option(NamedTuple):
    """One licence line for one line of an order or shipment: what it lacks, and what would be drawn."""

    licence: Data
    of: Data
    full: bool  # covers every code
    lacks: set[Reason]
    draw: Draw | None

    @property
    def order(self) -> tuple[Any, ...]:
        """D3.5."""
        lic = self.licence
        return lic["type"] != "GENERAL", lic["valid_until"], lic["licence_no"], self.of["line_no"]

    @property
    def distance(self) -> tuple[Any, ...]:
        """D3.6."""
        severities = sorted(SEVERITY.index(r[0]) for r in self.lacks)
        return not self.full, len(severities), [-i for i in severities], self.order


def at(held: Draw | None, licence: Data, of: Data) -> bool:
    return held is not None and (held.licence, held.line) == (licence["licence_no"], of["line_no"])


@dataclass(eq=False)
class Subject:
    """An order or a shipment: its facts, the answer, what it draws, and what the rules must remember of it."""

    kind: str
    id: str
    arrival: int
    version: int = 0
    data: Data | None = None
    planned: str | None = None
    state: str = "UNKNOWN"
    reasons: frozenset[Reason] = frozenset()
    draws: dict[int, Draw] = field(default_factory=dict)
    too_late: set[str] = field(default_factory=set)  # orders that were CLOSED when it first named them
    milestones: list[Data] = field(default_factory=list)
    corrected: dict[tuple[str, int], Data] = field(default_factory=dict)
    departure: Data | None = None
    delivered: dict[str, Data | None] | None = None  # its orders as they were then
    spent: list[list[Draw]] = field(default_factory=list)  # by exports that RETURNED ended
    fit: dict[int, str] = field(default_factory=dict)  # line -> item, of the lines that fitted after departure
    open: set[Reason] | None = None  # D1.6: the kinds of reason open since departure; None until judged then
    unreleased: set[Reason] = field(default_factory=set)  # MOVED_UNRELEASED, of each such departure
    asked: str = ""  # the departure of which that is known
    promised: dict[int, Data] = field(default_factory=dict)  # end use and end user at the last release
    past: list[tuple[datetime, str, frozenset[Reason]]] = field(default_factory=list)
    closed: str = ""
    voided: set[str] = field(default_factory=set)  # milestones that did not occur
    took: dict[int, Data] = field(default_factory=dict)  # the lines as they were released or left
    left_as: tuple[str, frozenset[Reason]] = ("", frozenset())  # state and reasons at departure


class Model:
    def __init__(self, now: str) -> None:
        self.now = instant(now)
        self.seen: set[str] = set()
        self.known: dict[str, dict[str, Data]] = {kind: {} for kind in KEYS}
        self.conflicts: set[str] = set()
        self.subjects: list[Subject] = []  # in order of arrival

    def find(self, kind: str, key: str | None) -> Subject | None:
        return next((s for s in self.subjects if s.kind == kind and s.id == key), None)

    def advance_to(self, until: str) -> None:
        """D7.1: every day and every instant that anybody named comes, one after the other."""
        text = repr([self.known, [(s.data, s.planned) for s in self.subjects]])
        moments = {instant(t) for t in re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+\+08:00", text)} | {instant(until)}
        for day in re.findall(r"\d{4}-\d\d-\d\d", text):
            midnight = datetime.combine(date.fromisoformat(day), time(), SHANGHAI)
            moments |= {midnight, midnight + timedelta(1)}
        for moment in sorted(m for m in moments if self.now < m <= instant(until)):
            self.now = moment
            self.settle(None)

    def take(self, kind: str, event_id: str, at: str, data: Data) -> None:
        """One event; the second time, or older than what is known, it changes nothing (D8.1)."""
        name, what = kind.split(".")
        if event_id not in self.seen:
            self.seen.add(event_id)
            self.settle(self.heard(name, what, event_id, data) if name in ("order", "shipment") else None)
            if name in KEYS:
                self.learn(name, data[KEYS[name]], data, {"lifted": what == "lifted", "at": at})
                self.settle(None)

    def learn(self, name: str, key: str, data: Data, how: Data) -> None:
        stored = self.known[name].get(key, {"version": 0, "authority_time": "0001-01-02T00:00:00+00:00"})
        if name == "licence":  # D4.6 and LICENCE_CONFLICT
            older, newer = instant(stored["authority_time"]), instant(data["authority_time"])
            if data["version"] == stored["version"] and data != {k: v for k, v in stored.items() if k not in how}:
                self.conflicts.add(key)
                latest = max(stored["authority_time"], data["authority_time"], key=instant)
                self.known[name][key] = {**stored, "authority_time": latest}
            if data["version"] > stored["version"] and newer > older:
                self.conflicts.discard(key)
            if newer < older:
                return
        if data["version"] > stored["version"]:
            self.known[name][key] = {**data, **how}

    def heard(self, name: str, what: str, event_id: str, data: Data) -> Subject:
        s = self.find(name, data[name + "_id"])
        if s is None:
            s = Subject(name, data[name + "_id"], len(self.subjects))
            self.subjects.append(s)
        if what == "milestone" and data["classifier"] == "ACTUAL":
            s.milestones.append({**data, "id": event_id})
        elif what == "milestone" and data["milestone"] == "DEPARTED":
            s.planned = data["occurred_at"]
        elif what == "corrected" and data["reason"] == "DID_NOT_OCCUR":
            s.voided.add(data["corrects_event_id"])
            s.milestones = [m for m in s.milestones if m["id"] != data["corrects_event_id"]]
            s.corrected = {k: net for k, net in s.corrected.items() if k[0] != data["corrects_event_id"]}
        elif what == "corrected" and data["corrects_event_id"] not in s.voided:
            s.corrected = {k: net for k, net in s.corrected.items() if k[0] != data["corrects_event_id"]}
            s.corrected |= {(data["corrects_event_id"], x["line_no"]): x["net_quantity"] for x in data["lines"]}
        elif what in ("upserted", "cancelled") and data["version"] > s.version:
            named = {x.get("order_id") for x in (s.data or {"lines": []})["lines"]}
            orders = [self.find("order", x.get("order_id")) for x in data.get("lines", []) if x.get("order_id") not in named]
            s.too_late |= {o.id for o in orders if o and o.data and o.data["status"] == "CLOSED"}
            cancelled = {"lines": [], **(s.data or {}), "status": "CANCELLED"}
            old = {x["line_no"]: x.get("net_quantity") for x in (s.data or cancelled)["lines"]}
            s.version, s.data = data["version"], cancelled if what == "cancelled" else data
            new = {x["line_no"]: x.get("net_quantity") for x in s.data["lines"]}
            s.corrected = {k: net for k, net in s.corrected.items() if k[1] in new and new[k[1]] == old.get(k[1])}
            s.planned = data.get("planned_departure") or data.get("planned_export_date") or s.planned
        return s

    def settle(self, first: Subject | None) -> None:
        """Judges the event's own subject, then who holds something, latest first (D4.5), then who waits (D4.4)."""
        if first is not None:
            self.judge(first)
        before: object = None
        for _ in range(9):
            if before == (before := [(s.state, s.reasons, s.took, list(s.draws.values())) for s in self.subjects]):
                return
            held = [s for s in self.subjects if not s.draws or s.state not in ("RELEASED", "CLEARED")]
            for s in [*(s for s in reversed(self.subjects) if s not in held), *held]:
                self.judge(s)

    def travel(self, s: Subject) -> None:
        """The milestones of §1, from the first to the last: where the goods are, and why `s` is closed, if it is."""
        departure, delivered, closed, returned = None, False, "", ""
        for m in s.milestones:
            kind, at = m["milestone"], m["occurred_at"]
            if kind == "DEPARTED" and departure and not closed and departure["milestone"] != kind:
                departure = {**departure, "occurred_at": at, "milestone": kind}
            elif kind in ("DEPARTED", "ARRIVED", "DELIVERED"):
                if closed == "RETURNED" and (kind != "DEPARTED" or instant(at) < instant(returned)):
                    continue
                if departure is None or closed:
                    departure, delivered, closed = m, False, ""
                delivered = delivered or kind == "DELIVERED"
            elif kind == "SHIPPING_VOIDED" and departure:
                departure, delivered, closed = None, False, ""
            elif kind == "RETURNED" and closed != kind:
                closed, returned = kind, at
            elif kind == "CANCELLED" and not departure:
                closed = closed or kind
        if (departure or {}).get("id") != (s.departure or {}).get("id"):
            if s.closed == "RETURNED" and departure:
                s.spent.append(list(s.draws.values()))
            if s.departure or s.closed:
                s.draws = {}
                milestones = {m["id"] for m in s.milestones}
                s.corrected = {k: net for k, net in s.corrected.items() if departure or k[0] not in milestones}
                s.unreleased -= {("MOVED_UNRELEASED", s.departure["id"])} if s.departure and s.closed != "RETURNED" else set()
            s.fit, s.open = {}, None
            then = [p[1:] for p in s.past if departure and p[0] <= instant(departure["occurred_at"])]
            s.left_as = then[-1] if then else ("", frozenset())
        elif departure and s.departure and day(departure["occurred_at"]) != day(s.departure["occurred_at"]):
            s.fit = {}
        named = {x.get("order_id") for x in (s.data or {"lines": []})["lines"]}
        orders = {o.id: o.data for o in self.subjects if o.id in named and o.data and o.data["lines"]}
        s.departure, s.closed = departure, closed
        s.delivered = {**orders, **(s.delivered or {})} if delivered and not closed else None

    def judge(self, s: Subject) -> None:
        if s.kind == "shipment":
            self.travel(s)
        closed = s.closed if s.kind == "shipment" else s.data and s.data["status"] != "OPEN"
        found, draws = (set[Reason](), dict[int, Draw]()) if closed else self.assess(s)
        if s.departure and not closed:
            if s.asked != s.departure["id"]:  # D4.7
                s.asked = s.departure["id"]
                gone = not found or "CLOSED" in (s.left_as[0], s.state) or (s.left_as[0] == "HELD" and found <= s.reasons - s.left_as[1])
                s.unreleased |= {("MOVED_UNRELEASED", s.asked)} if gone and s.left_as[0] != "RELEASED" else set()
            if s.data:  # D1.6: what was open when it left stays while it is so
                kinds = found | {group(r) for r in found}
                s.open = kinds & s.open if s.open is not None else set() if s.left_as[0] == "RELEASED" else kinds
                grew = {x["no"] for x in self.lines(s, []) if x["no"] in s.took and more(x["net"], s.took[x["no"]]["net"])}
                found = {r for r in found if r[0] in ANEW or {r, group(r)} & s.open
                         or (group(r)[0] == "ORDER" and (("MISSING_DATA",) in s.open or r[1] in grew))
                         or (r[0] == "ITEM_UNCLASSIFIED" and r[1] not in s.fit)}  # fmt: skip
                s.open |= found
            found |= s.unreleased
        elif found:
            draws = {}
        held = "HELD" if not s.departure else "INCIDENT" if s.delivered is not None else "INTERCEPT"
        free = "CLEARED" if s.kind == "order" else "RELEASED"
        s.draws = draws if not closed else self.kept(s) if s.departure or closed == "RETURNED" else {}
        s.state, s.reasons = "CLOSED" if closed else held if found else free, frozenset(found)
        if s.state == "RELEASED" and not s.departure:
            s.promised = {line["no"]: self.use_and_user(line) for line in self.lines(s, self.days(s))}
        if s.kind == "shipment":
            gone = s.departure or closed == "RETURNED"
            s.took = {x["no"]: x for x in self.lines(s, [])} if gone or s.state == "RELEASED" else {}
            s.past.append((self.now, s.state, s.reasons))

    def kept(self, s: Subject) -> dict[int, Draw]:
        """What goods that are gone have taken, as big as their facts say now (D4.1)."""
        lines = {x["no"]: x for x in self.lines(s, [])}
        draws = {}
        for no, d in s.draws.items():
            if x := lines.get(no):
                net = convert(x["net"], self.unit(d), x["item"]) if x["net"] else None
                rate = d.rate if x["value"]["currency"] == d.source["value"]["currency"] else None
                value = Decimal(x["value"]["amount"]) * rate if rate is not None else d.value
                draws[no] = d if net is None else replace(d, quantity=net, value=value, source=x)
        return draws if lines else s.draws

    def unit(self, d: Draw) -> str:
        of = next((x for x in self.known["licence"][d.licence]["lines"] if x["line_no"] == d.line), None)
        return of["quantity"]["unit"] if of else ""

    def days(self, s: Subject) -> list[str]:
        """D3.8: the day of departure; before it today and the planned day, which counts as today once it has passed."""
        today = self.now.date().isoformat()
        return [day(s.departure["occurred_at"])] if s.departure else [today, max(today, day(s.planned or today))]

    def use_and_user(self, line: Data) -> list[Any]:
        ref = line["parties"].get("end_user") or {}
        return [(line["end_use"] or {}).get("code"), self.party(ref).get("party_id") or ref.get("name")]

    def lines(self, s: Subject, days: list[str]) -> list[Data]:
        """D3.0: each line with what it takes from its own order; D3.2: its codes that need a licence."""
        own, result = s.data or {"lines": []}, []
        net = {no: quantity for (_, no), quantity in s.corrected.items()}
        abroad = s.kind == "order" or own.get("movement", "EXPORT") in EXPORTS
        for raw in sorted(own["lines"], key=lambda line: line["line_no"]):
            found = self.find("order", raw.get("order_id"))
            order = s.delivered.get(raw.get("order_id"), found and found.data) if s.delivered is not None else found and found.data
            item, above = self.known["item"].get(raw["item_no"]), order or {}
            line = {k: own.get(k) or above.get(k) for k in ("end_use", "destination", "licences", "end_user_statements")}
            codes = item["control_codes"] if item and item["classification"] == "CONTROLLED" and abroad else []
            controls = [(c, self.known["control"].get(c)) for c in codes]
            result.append({
                **line, **raw, "no": raw["line_no"], "item": item, "order": order, "abroad": abroad,
                "exporter": own.get("exporter_id"), "transit": own.get("transit") or [], "value": raw.get("value"),
                "codes": [c for c, control in controls if control is None or acts(control, days)],
                "parties": {**above.get("parties", {}), **own.get("parties", {})},
                "net": net.get(raw["line_no"]) or raw.get("net_quantity") or raw.get("quantity"),
            })  # fmt: skip
        return result

    def is_one_of(self, ref: Data, ids: list[str]) -> bool:
        """D3.4: the same id; or, given by name alone, a registered name of one of them and no other country."""
        if ref.get("party_id"):
            return ref["party_id"] in ids
        parties = [self.known["party"][p] for p in ids if p in self.known["party"]]
        return any(
            normal(ref["name"]) in map(normal, [*p["names"], *p["aliases"]])
            and ref.get("country") in (None, p["country"])
            for p in parties if ref.get("name")
        )  # fmt: skip

    def party(self, ref: Data) -> Data:
        nobody: Data = {"names": [], "aliases": [], "identifiers": []}
        if ref.get("party_id"):
            return self.known["party"].get(ref["party_id"], nobody)
        return next((p for i, p in self.known["party"].items() if self.is_one_of(ref, [i])), nobody)

    def names(self, ref: Data) -> set[str]:
        party = self.party(ref)
        return set(map(normal, [*party["names"], *party["aliases"], *filter(None, [ref.get("name")])]))

    def described(self, ref: Data) -> bool:
        return bool(ref.get("name")) or ref["party_id"] in self.known["party"]

    def assess(self, s: Subject) -> tuple[set[Reason], dict[int, Draw]]:
        """Every reason (D1.1); what `s` draws if it may go, or takes if it went all the same (D4.7)."""
        days, own = self.days(s), s.data or {}
        lines, found = self.lines(s, days), set[Reason]()
        movement = s.kind == "order" or own.get("movement")
        if not lines or not own.get("exporter_id") or not movement or (lines[0]["abroad"] and not s.planned):
            found.add(("MISSING_DATA",))
        draws, near, lacks = self.plan(s, lines, days, set())
        nothing = {"no": 0, "parties": {}, "end_use": None, "destination": None, "item": None, "item_no": "", "licences": []}
        stops = [(n, m) for n in self.notices() if (m := self.touches(n, s, lines or [nothing], draws))]
        answers = {n["notice_id"]: {no for no, lic in self.known["licence"].items() if n["notice_id"] in lic["answers_notices"]
                                    and n["release_by_licence"] and instant(lic["authority_time"]) > n["start"]}
                   for n, _ in stops}  # fmt: skip
        if preferred := set[str]().union(*answers.values()):
            draws, near, lacks = self.plan(s, [x | {"answered": any(x in m for _, m in stops)} for x in lines], days, preferred)
        for notice, touched in stops:
            key = notice["notice_id"]
            if not all(x["no"] in draws and draws[x["no"]].licence in answers[key] for x in touched):
                found.add(("CUSTOMS_CHALLENGE" if notice["origin"] == "CUSTOMS" else "STOP_NOTICE", key))
        for line in lines:
            found |= self.of_order(s, line)
            if line["abroad"]:
                listed = [*days, self.now.date().isoformat()]
                found |= self.of_facts(line, days) | self.of_lists(s, line, listed, draws.get(line["no"]))
        return found | {r[:1] if r[0] == "MISSING_DATA" else r for r in lacks}, draws

    def of_order(self, s: Subject, line: Data) -> set[Reason]:
        """ORDER_UNKNOWN, ORDER_CANCELLED, OVER_DELIVERY (D4.3) of a shipment's line."""
        key, order = line.get("order_id"), line["order"]
        if s.kind == "order" or not key:
            return set()
        if not line.get("order_line"):
            return {("MISSING_DATA",)}
        ordered = [x for x in (order or {"lines": []})["lines"] if x["line_no"] == line["order_line"]]
        found = {("ORDER_UNKNOWN", line["no"], key)} if not ordered else set()
        if order and (order["status"] == "CANCELLED" or (order["status"] == "CLOSED" and key in s.too_late)):
            found.add(("ORDER_CANCELLED", line["no"], key))
        if not ordered or not line["net"]:
            return found | ({("MISSING_NET", line["no"])} if ordered else set())
        unit, old = ordered[0]["quantity"]["unit"], s.took.get(line["no"])
        stays = old and old.get("order_id") == key and not more(line["net"], old["net"])
        limit = Decimal(ordered[0]["quantity"]["value"]) * (1 + Decimal(order["delivery_tolerance_percent"]) / 100)
        others = [x for t in self.subjects if t is not s and (t.arrival < s.arrival or not stays) for x in t.took.values()]
        others += [x for x in self.lines(s, []) if x["no"] <= line["no"]]
        same = [x for x in others if (x.get("order_id"), x.get("order_line")) == (key, line["order_line"])]
        shipped = sum((x["net"] and convert(x["net"], unit, x["item"])) or 0 for x in same)
        if convert(line["net"], unit, line["item"]) is None:
            return found | {("UNIT_NOT_CONVERTIBLE", line["no"])}
        return found | ({("OVER_DELIVERY", line["no"], key)} if shipped > limit else set())

    def of_facts(self, line: Data, days: list[str]) -> set[Reason]:
        """What is absent (D3.12), unclassified, prohibited, or stated wrongly."""
        no, item, parties, found = line["no"], line["item"], line["parties"], set()
        use = (line["end_use"] or {}).get("code")
        user = self.known["party"].get((parties.get("end_user") or {}).get("party_id"), {})
        nobody = [r for r, ref in parties.items() if not self.described(ref)]
        if {"importer", "end_user"} - set(parties) or not line["destination"] or (line["codes"] and not use):
            found.add(("MISSING_DATA",))
        found |= {("PARTY_REVIEW", r) if r in SERVICES else ("MISSING_DATA",) for r in nobody}
        unclear = not item or item["classification"] in ("UNCLASSIFIED", "CONSULTATION_PENDING")
        if unclear or (item["classification"] == "CONTROLLED" and not item["control_codes"]):
            found.add(("ITEM_UNCLASSIFIED", no))
        for code in line["codes"]:
            c = self.known["control"].get(code)
            if c and (c["kind"] == "PROHIBITED" or line["destination"] in c["prohibited_destinations"]
                      or use in c["prohibited_end_uses"]
                      or set(user.get("types", [])) & set(c["prohibited_end_user_types"])):  # fmt: skip
                found.add(("PROHIBITED", no, code))
        for number in line["end_user_statements"] or ():
            st = self.known["end-user-statement"].get(number)
            ok = st and st["status"] == "VALID" and use in (None, *st["end_uses"]) and max(days) <= st["valid_until"]
            if not ok or ("end_user" in parties and not self.is_one_of(parties["end_user"], [st["end_user"]])):
                found.add(("END_USER_STATEMENT_INVALID", number))
        return found

    def of_lists(self, s: Subject, line: Data, days: list[str], draw: Draw | None) -> set[Reason]:
        """D5.1-D5.3; WATCH_LISTED unless the licence is INDIVIDUAL with both papers on file."""
        found: set[Reason] = set()
        if not self.known["list-entry"]:
            return found
        lic = self.known["licence"][draw.licence] if draw else {"type": None}
        papers = lic["type"] == "INDIVIDUAL" and lic["risk_report_on_file"] and lic["undertaking_on_file"]
        roles = {**line["parties"], **({"forwarder": {"party_id": f}} if (f := (s.data or {}).get("forwarder_id")) else {})}
        for role, ref in roles.items():
            party, names = self.party(ref), self.names(ref)
            countries = {ref.get("country") or party.get("country")}
            for key, entry in self.known["list-entry"].items():
                known = any(i in party["identifiers"] for i in entry["identifiers"])
                named = names & set(map(normal, [*entry["names"], *entry["aliases"]]))
                if (known or named) and acts(entry, days):
                    doubtful = not known and None not in countries and entry["country"] not in (None, *countries)
                    review = doubtful or entry["list"] == "INTERNAL" or entry["effect"] == "REVIEW"
                    if review or role not in ("importer", "end_user") or not line["codes"]:
                        found.add(("PARTY_REVIEW", key, role))
                    elif entry["list"] == "CONTROL_LIST" or not papers:
                        found.add(("CONTROL_LISTED" if entry["list"] == "CONTROL_LIST" else "WATCH_LISTED", key, role))
        return found

    def notices(self) -> list[Data]:
        """D6.1."""
        return [
            {**n, "start": start} for n in self.known["notice"].values() if not n["lifted"]
            and (start := instant(n.get("effective_from") or n["at"])) <= self.now
            and not (n.get("effective_until") and instant(n["effective_until"]) <= self.now)
        ]  # fmt: skip

    def touches(self, notice: Data, s: Subject, lines: list[Data], draws: dict[int, Draw]) -> list[Data]:
        """D6.2: the lines that its scope means; none where what concerns the whole doesn't match."""
        own, scope = s.data or {}, notice["scope"]
        refs = [*(r for x in lines for r in x["parties"].values()), *({"party_id": own.get(k)} for k in ("exporter_id", "forwarder_id"))]
        names = [(r.get("party_id"), self.party(r).get("party_id"), self.names(r)) for r in refs] if scope.get("parties") else []
        whole = {
            "parties": lambda v: any(v in ids or normal(v) in known for *ids, known in names),
            "exporters": lambda v: v == own.get("exporter_id"),
            "forwarders": lambda v: v == own.get("forwarder_id"),
            "destinations": lambda v: any(v == x["destination"] for x in lines),
            "end_uses": lambda v: any(v == (x["end_use"] or {}).get("code") for x in lines),
            "shipments": lambda v: s.kind == "shipment" and v == s.id,
        }
        in_line = {
            "items": lambda v, x: v == x["item_no"],
            "control_codes": lambda v, x: any((c + ".").startswith(v + ".") for c in (x["item"] or {"control_codes": []})["control_codes"]),
            "hs_prefixes": lambda v, x: ((x["item"] or {}).get("hs_code") or "").startswith(v),
            "licences": lambda v, x: v in (x["licences"] or ()) or (x["no"] in draws and v == draws[x["no"]].licence),
            "orders": lambda v, x: v == (s.id if s.kind == "order" else x.get("order_id")),
        }
        if not all(any(whole[f](v) for v in scope[f]) for f in whole if scope.get(f)):
            return []
        return [x for x in lines if all(any(in_line[f](v, x) for v in scope[f]) for f in in_line if scope.get(f))]

    def covers(self, line: Data, of: Data) -> set[str]:
        """D3.4: which codes of the line the licence line covers; an unlisted item counts as the code ''."""
        codes = set(line["codes"]) or {""}
        if line["item_no"] not in (of["item_nos"] or [line["item_no"]]):
            return set()
        return codes & set(of["control_codes"]) if of["control_codes"] else codes if of["item_nos"] else set()

    def candidates(self, line: Data, day: str, preferred: set[str]) -> list[tuple[Data, Data]]:
        """D3.3; for a line that needs none, the licences that answer a notice about it (D6.6)."""
        there = {no: lic for no, lic in self.known["licence"].items() if lic["status"] != "DRAFT"}
        names, wider = set[str](), set(line["licences"] or ())
        while names != wider:
            names, wider = wider, wider | {n for n, lic in there.items() if wider & set(lic.get("supersedes", ()))}
        begun = [lic for lic in there.values() if lic["valid_from"] <= day]
        over = {old for lic in begun for old in lic.get("supersedes", ())}
        pairs = [(lic, of) for no, lic in there.items() for of in lic["lines"] if no not in over
                 and (no in names if names else lic["exporter_id"] == line["exporter"] and self.covers(line, of))]  # fmt: skip
        if line["codes"]:
            return pairs
        return [(lic, of) for lic, of in pairs if lic["licence_no"] in preferred and line.get("answered") and self.covers(line, of)]

    def plan(self, s: Subject, lines: list[Data], days: list[str], preferred: set[str]) -> Any:
        """D3.5, D3.6: what each line draws, its licence or else the nearest, and what that lacks."""
        draws, near, lacks = dict[int, Draw](), dict[int, Data](), set[Reason]()
        for line in lines:
            no, held, own = line["no"], s.draws.get(line["no"]), s.fit.get(line["no"]) == line["item_no"]
            order = self.find("order", line.get("order_id"))
            reserved = order.draws.get(line.get("order_line", 0)) if order and s.kind == "shipment" else None
            if s.kind == "order" and self.rest(s, no, s, {})[0] == 0:
                draws |= {no: held} if held else {}  # nothing left to reserve, but it knows where
                continue
            options = [self.option(s, line, lic, of, draws, days) for lic, of in self.candidates(line, days[0], preferred)]
            mine = [self.option(s, line, lic, of, draws, days) for lic in self.known["licence"].values() for of in lic["lines"]
                    if at(held, lic, of)] if s.departure else []  # fmt: skip
            options += [o for o in mine if line["codes"] and not any(at(held, *x[:2]) for x in options)]
            if s.departure and ((own and (not held or not mine)) or (held and not line["codes"])):
                draws |= {no: held} if held else {}
                continue
            if not line["codes"] and not options:
                if s.left_as[0] == "RELEASED" or not s.departure:
                    s.fit[no] = line["item_no"]
                continue
            key = lambda o: (o.licence["licence_no"] not in preferred, not at(held, *o[:2]), not at(reserved, *o[:2]), o.order)  # noqa: E731,B023
            best = min([o for o in options if not o.lacks], key=key, default=None)
            if mine and own:
                bad = self.at_sea(held, mine[0])
                if not bad or (best is None or {r[0] for r in bad} <= {"LICENCE_REVOKED", *BALANCES}) and not (best and preferred):
                    draws[no], near[no] = mine[0].draw or held, mine[0].licence
                    lacks |= bad | self.changed(s, line) if bad else bad
                    if {r[0] for r in bad} & {*BALANCES}:
                        del s.fit[no]
                    continue
            if best is not None:
                draws[no], near[no], s.fit[no] = best.draw, best.licence, line["item_no"]
            elif line["codes"]:
                nearest = min(options, key=lambda o: o.distance, default=None)
                lacks |= (nearest.lacks if nearest else {("NO_LICENCE", no)}) | self.changed(s, line)
                soft = min([o for o in options if o.draw and {r[0] for r in o.lacks} <= FORGIVEN], key=lambda o: o.distance, default=None)
                booked = [o for o in options if at(held, *o[:2]) and o.draw]
                near |= {no: nearest.licence} if nearest else {}
                if s.departure and (booked or soft):
                    draws[no] = booked[0].draw if booked else soft.draw
                elif s.departure and held:
                    draws[no] = held
                s.fit.pop(no, None)
        return draws, near, lacks

    def changed(self, s: Subject, line: Data) -> set[Reason]:
        """END_USE_CHANGED, END_USER_CHANGED, of a line that no licence covers."""
        now, no = self.use_and_user(line), line["no"]
        pairs = zip(("END_USE_CHANGED", "END_USER_CHANGED"), s.promised.get(no, now), now, strict=True)
        return {(code, no) for code, old, new in pairs if old != new and old and new}

    def at_sea(self, held: Draw, now: Option) -> set[Reason]:
        """D1.7: what goods that left under `held` still lack: its fields, revocation, room for more than it took."""
        more = now.draw and (now.draw.quantity > held.quantity or now.draw.value > held.value)
        bad = {*FIELDS[1:], *FACTS, "LICENCE_REVOKED", *(BALANCES[2:] if more else [])}
        return {r for r in now.lacks if r[0] in bad}

    def option(self, s: Subject, line: Data, lic: Data, of: Data, draws: dict[int, Draw], days: list[str]) -> Option:
        """D3.4, D3.8-D3.10, D4.1: what keeps `line` from drawing on the licence line `of`."""
        no, number, parties, covered = line["no"], lic["licence_no"], line["parties"], self.covers(line, of)
        days = days if s.kind == "shipment" else days[-1:]
        use, user, importer = (line["end_use"] or {}).get("code"), parties.get("end_user"), parties.get("importer")
        consignee = parties.get("consignee")
        late = s.departure and instant(lic["authority_time"]) > instant(s.departure["occurred_at"])  # D7.2
        wrong = {
            "LICENCE_" + lic["status"]: lic["status"] == "REVOKED" or (lic["status"] not in ("ACTIVE", "DRAFT") and not late),
            "EXPORTER_MISMATCH": lic["exporter_id"] != line["exporter"],
            "ITEM_MISMATCH": covered != (set(line["codes"]) or {""}),
            "END_USER_MISMATCH": user and self.described(user) and not self.is_one_of(user, lic["end_users"]),
            "END_USE_MISMATCH": use and use not in lic["end_uses"],
            "DESTINATION_MISMATCH": line["destination"] and line["destination"] not in lic["destinations"],
            "IMPORTER_MISMATCH": importer and self.described(importer) and lic["importers"] and not self.is_one_of(importer, lic["importers"]),
            "CONSIGNEE_MISMATCH": consignee and self.described(consignee) and lic["consignees"] and not self.is_one_of(consignee, lic["consignees"]),
            "TRANSIT_PROHIBITED": set(line["transit"]) & set(lic["prohibited_transit"]),
            "LICENCE_NOT_YET_VALID": min(days) < lic["valid_from"],
            "LICENCE_EXPIRED": max(days) > lic["valid_until"],
        }
        lacks: set[Reason] = {(code, no, number) for code, is_so in wrong.items() if is_so}
        lacks |= {("LICENCE_CONFLICT", number)} if number in self.conflicts and not late else set()
        asked_for = {"user": user, **({"importer": importer} if lic["importers"] else {}), **({"consignee": consignee} if lic["consignees"] else {})}
        lacks |= {("MISSING_DATA", no, role) for role, ref in asked_for.items() if not ref or not self.described(ref)}
        lacks |= {("MISSING_DATA", no, "use")} if not use else set()
        lacks |= {("MISSING_DATA", no, "destination")} if not line["destination"] else set()
        scale = convert({"value": "1", "unit": line["net"]["unit"]}, of["quantity"]["unit"], line["item"]) if line["net"] else None
        rate = self.rate(s, line, lic, of, days)
        asked, worth = (Decimal(line["net"]["value"]) if line["net"] else Decimal(0), Decimal(line["value"]["amount"]))
        draw = Draw(number, of["line_no"], asked * (scale or 0), worth * (rate or 0), scale or Decimal(0), rate or Decimal(0), line)
        if wrong["ITEM_MISMATCH"]:
            return Option(lic, of, False, lacks, draw if scale and rate else None)
        lacks |= {("MISSING_NET", no)} if not line["net"] else {("UNIT_NOT_CONVERTIBLE", no)} if scale is None else set()
        lacks |= {("FX_UNAVAILABLE", no)} if rate is None else set()
        total, total_value = self.total(number, of["line_no"], s, {**draws, no: draw})
        granted = Decimal(of["quantity"]["value"]) * (1 + Decimal(of["tolerance_percent"]) / 100)
        limited = lic["max_uses"] is not None or lic.get("lapses_on_completion", lic["type"] != "GENERAL")
        used, completed = self.uses(number, s) if limited else (0, 0)
        single = lic.get("lapses_on_completion", lic["type"] != "GENERAL") and completed
        over = {"LICENCE_CONSUMED": single, "QTY_EXCEEDED": scale and total > granted,
                "USES_EXCEEDED": not single and lic["max_uses"] is not None and used >= lic["max_uses"],
                "VALUE_EXCEEDED": rate and total_value > Decimal(of["value"]["amount"])}  # fmt: skip
        lacks |= {(code, no, number) for code, is_so in over.items() if is_so}
        return Option(lic, of, True, lacks, draw if scale and rate else None)

    def rate(self, s: Subject, line: Data, lic: Data, of: Data, days: list[str]) -> Decimal | None:
        """D3.10: fixed when reserved, and again at departure."""
        currency, held = (line["value"] or of["value"])["currency"], s.draws.get(line["no"])
        if currency == of["value"]["currency"]:
            return Decimal(1)
        if held and at(held, lic, of) and held.source["value"]["currency"] == currency and not (s.departure and s.open is None):
            return held.rate
        rates = [r for r in self.known["fx-rate"].values() if r["as_of"] <= max(days)
                 and (r["base"], r["quote"]) == (currency, of["value"]["currency"])]  # fmt: skip
        return Decimal(max(rates, key=lambda r: r["as_of"])["rate"]) if rates else None

    def total(self, licence: str, line: int, s: Subject, draws: dict[int, Draw]) -> tuple[Decimal, Decimal]:
        """What is reserved and consumed of a licence line if `s` draws `draws`."""
        quantity = value = Decimal(0)
        for t in self.subjects:
            for d in [*(draws if t is s else t.draws).values(), *(d for export in t.spent for d in export)]:
                if (d.licence, d.line) == (licence, line):
                    rest = self.rest(t, d.source["no"], s, draws) if t.kind == "order" else (Decimal(1), Decimal(1))
                    quantity += rest[0] * d.scale if t.kind == "order" else d.quantity
                    value += rest[1] * d.rate if t.kind == "order" else d.value
        return quantity, value

    def rest(self, order: Subject, no: int, s: Subject | None, draws: dict[int, Draw]) -> tuple[Decimal, Decimal]:
        """D4.1: what an order line reserves is what was ordered less what shipments, and `s`, hold or have taken."""
        line = next(x for x in (order.data or {})["lines"] if x["line_no"] == no)
        ordered, worth = Decimal(line["quantity"]["value"]), Decimal(line["value"]["amount"])
        quantity, value = ordered, worth
        for t in [t for t in self.subjects if t.kind == "shipment"]:
            for x in [d.source for d in draws.values()] if t is s else t.took.values():
                if (x.get("order_id"), x.get("order_line")) == (order.id, no) and x["abroad"]:
                    taken = convert(x["net"], line["quantity"]["unit"], x["item"]) if x["net"] else None
                    same = x["value"]["currency"] == line["value"]["currency"]
                    quantity = quantity - taken if taken is not None else Decimal(0)
                    value -= Decimal(x["value"]["amount"]) if same else worth * (taken or 0) / ordered
        return max(quantity, Decimal(0)), max(value, Decimal(0)) if quantity > 0 else Decimal(0)

    def uses(self, licence: str, s: Subject | None) -> tuple[int, int]:
        """Uses held or taken by others than `s` (of an order: by others than its shipments); those completed."""
        used = completed = 0
        for t in [t for t in self.subjects if t.kind == "shipment"]:
            now = [d for d in t.draws.values() if d.licence == licence]
            past = sum(any(d.licence == licence for d in export) for export in t.spent)
            of_order = s and s.kind == "order" and any(d.source.get("order_id") == s.id for d in now)
            gone = bool(now) and (t.departure is not None or t.closed == "RETURNED") and t is not s
            used, completed = used + past + (bool(now) and t is not s and not of_order), completed + past + gone
        return used, completed

    def answer(self) -> tuple[Data, Data, Data]:
        """Orders, shipments: state and reasons; licence lines: reserved, consumed, uses, uses reserved, consumed status."""
        states = [{s.id: (s.state, s.reasons) for s in self.subjects if s.kind == kind} for kind in ("order", "shipment")]
        lines = {}
        for number, lic in self.known["licence"].items():
            used, done = self.uses(number, None)
            for of in lic["lines"]:
                gone = [d for t in self.subjects for d in [*(d for e in t.spent for d in e), *(t.draws.values() if t.departure or t.closed == "RETURNED" else [])]]
                taken = sum((d.quantity for d in gone if (d.licence, d.line) == (number, of["line_no"])), Decimal(0))
                reserved = self.total(number, of["line_no"], Subject("", "", 0), {})[0] - taken
                status = bool(done and lic.get("lapses_on_completion", lic["type"] != "GENERAL"))
                lines[number, of["line_no"]] = (reserved, taken, done, used - done, status)
        return states[0], states[1], lines
