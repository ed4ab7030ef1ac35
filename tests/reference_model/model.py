"""The rules of domain.md a second time, plainly: after every event everybody is judged again from what is known.

Takes the data of the events (contracts.md §2), well-formed and in order of arrival, and a clock; shares no code with the
engine. Left out: unreadable events, persons' holds and releases, mistaken identities; policy that is off by default;
period limits; facts dated ahead of the clock (D7.3); violations, alerts; what happens to a shipment that RETURNED;
rounding past 28 digits.
"""
# fmt: off
from __future__ import annotations

import re
import unicodedata
from collections import namedtuple
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace as Thing
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
KILOGRAMS = {"KGM": Decimal(1), "TNE": Decimal(1000), "GRM": Decimal("0.001"), "LBR": Decimal("0.45359237")}
EXPORTS = (None, "EXPORT", "TECHNOLOGY_TRANSFER", "OUT_OF_BONDED", "TRANSIT", "REPAIR_RETURN")  # D3.1
KEYS = {"licence": "licence_no", "party": "party_id", "list-entry": "entry_id", "item": "item_no", "notice": "notice_id",
        "control": "control_code", "end-user-statement": "statement_no", "fx-rate": "rate_id"}
STATUSES = ["LICENCE_REVOKED", "LICENCE_SUSPENDED", "LICENCE_RETURNED", "LICENCE_CHANGE_PENDING", "LICENCE_CONFLICT"]
FIELDS = ["EXPORTER_MISMATCH", "ITEM_MISMATCH", "END_USER_MISMATCH", "END_USE_MISMATCH", "DESTINATION_MISMATCH",
          "IMPORTER_MISMATCH", "CONSIGNEE_MISMATCH", "TRANSIT_PROHIBITED"]
DATES, USES = ["LICENCE_NOT_YET_VALID", "LICENCE_EXPIRED"], ["LICENCE_CONSUMED", "USES_EXCEEDED"]
ROOM, FACTS = ["QTY_EXCEEDED", "VALUE_EXCEEDED"], ["MISSING_DATA", "MISSING_NET", "UNIT_NOT_CONVERTIBLE", "FX_UNAVAILABLE"]
SEVERITY = [*STATUSES, "NO_LICENCE", *FIELDS, *DATES, *USES, *ROOM, *FACTS]  # §2, what a licence may lack
ANEW = {*SEVERITY, "STOP_NOTICE", "CUSTOMS_CHALLENGE", "PROHIBITED", "CONTROL_LISTED", "WATCH_LISTED", "PARTY_REVIEW",
        "END_USE_CHANGED", "END_USER_CHANGED", "END_USER_STATEMENT_INVALID"}  # D1.7
ORDERS = ("ORDER_UNKNOWN", "ORDER_CANCELLED", "OVER_DELIVERY")
Draw = namedtuple("Draw", "licence line quantity value scale rate source")  # source: the line that draws
Option = namedtuple("Option", "lic of full lacks draw order")  # one licence line for one line; order: D3.5


@lru_cache(None)
def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(SHANGHAI)


def day(text: str) -> str:
    return text if len(text) == 10 else instant(text).date().isoformat()


@lru_cache(None)
def normal(name: str) -> str:
    """D3.4: what is left of a name when writing doesn't count."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if unicodedata.category(c)[0] not in "PZ")


def acts(window: Any, days: list[str]) -> bool:
    """D3.2, D5.2: whether the window holds one of `days`, outside its suspensions; both ends inclusive."""
    inside = [d for d in days if window["effective_from"] <= d <= (window["effective_until"] or "9999")]
    return any(not any(g["from"] <= d <= (g["until"] or "9999") for g in window["suspensions"]) for d in inside)


def convert(quantity: Any, unit: str, item: Any) -> Decimal | None:
    """D3.9: `quantity` in `unit`, by exact factors and the item's own; None: nothing given, or no way."""
    if quantity is None:
        return None
    value, given = Decimal(quantity["value"]), quantity["unit"]
    for f in [] if given == unit or item is None else item["unit_factors"]:
        if f["unit"] == given:
            value, given = value * Decimal(f["equals"]["value"]), f["equals"]["unit"]
        elif f["unit"] == unit and (whole := convert(quantity, f["equals"]["unit"], None)) is not None:
            return whole / Decimal(f["equals"]["value"])
    if given in KILOGRAMS and unit in KILOGRAMS:
        return value * KILOGRAMS[given] / KILOGRAMS[unit]
    return value if given == unit else None


def grew(now: Any, before: Any) -> bool:
    return now is not None and (before is None or convert(now, before["unit"], None) != min(
        convert(now, before["unit"], None) or Decimal("inf"), Decimal(before["value"])))


def at(held: Draw | None, lic: Any, of: Any) -> bool:
    return held is not None and (held.licence, held.line) == (lic["licence_no"], of["line_no"])


def group(reason: Any) -> Any:
    """D1.6, the reason may change: of these one may turn into another."""
    return ("ORDER", reason[1]) if reason[0] in ORDERS else reason


class Model:
    def __init__(self, now: str) -> None:
        self.now, self.seen, self.conflicts = instant(now), set(), set()
        self.known: Any = {kind: {} for kind in KEYS}
        self.subjects: list[Any] = []  # orders and shipments, in order of arrival

    def find(self, kind: str, key: str | None) -> Any:
        return next((s for s in self.subjects if s.kind == kind and s.id == key), None)

    def advance_to(self, until: str) -> None:
        """D7.1: every day and every instant that anybody named comes, one after the other."""
        text = repr([self.known, [(s.data, s.planned) for s in self.subjects]])
        moments = {instant(t) for t in re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+\+08:00", text)} | {instant(until)}
        for named in re.findall(r"\d{4}-\d\d-\d\d", text):
            midnight = datetime.combine(date.fromisoformat(named), time(), SHANGHAI)
            moments |= {midnight, midnight + timedelta(1)}
        for self.now in sorted(m for m in moments if self.now < m <= instant(until)):
            self.settle(None)

    def take(self, kind: str, event_id: str, when: str, data: Any) -> None:
        """One event; the second time, or older than what is known, it changes nothing (D8.1)."""
        name, what = kind.split(".")
        if event_id not in self.seen and name in KEYS:
            self.learn(name, data[KEYS[name]], {**data, "lifted": what == "lifted", "at": when})
            self.settle(None)
        elif event_id not in self.seen and name in ("order", "shipment"):
            self.settle(self.heard(name, what, event_id, data))
        self.seen.add(event_id)

    def learn(self, name: str, key: str, data: Any) -> None:
        stored = self.known[name].get(key, {"version": 0, "authority_time": "2000-01-01T00:00:00+08:00"})
        if name == "licence":  # D4.6 and LICENCE_CONFLICT
            older, newer = instant(stored["authority_time"]), instant(data["authority_time"])
            if data["version"] == stored["version"] and data != {**stored, "at": data["at"]}:
                self.conflicts.add(key)
                latest = max(stored["authority_time"], data["authority_time"], key=instant)
                self.known[name][key] = {**stored, "authority_time": latest}
            if data["version"] > stored["version"] and newer > older:
                self.conflicts.discard(key)
        if data["version"] > stored["version"] and (name != "licence" or newer >= older):
            self.known[name][key] = data

    def heard(self, name: str, what: str, event_id: str, data: Any) -> Any:
        s = self.find(name, data[name + "_id"])
        if s is None:
            s = Thing(kind=name, id=data[name + "_id"], arrival=len(self.subjects), version=0, data=None, planned=None,
                      state="", reasons=frozenset(), draws={}, took={}, milestones=[], corrected={}, departure=None,
                      closed="", delivered=None, left_as=("", frozenset()), asked="", moved=set(), open=None, fit={},
                      promised={}, too_late=set(), past=[])
            self.subjects.append(s)
        if what == "milestone" and data["classifier"] == "ACTUAL":
            s.milestones.append({**data, "id": event_id})
        elif what == "milestone" and data["milestone"] == "DEPARTED":
            s.planned = data["occurred_at"]
        elif what == "corrected":  # D4.1: a second correction of the same event replaces the first
            s.corrected = {k: net for k, net in s.corrected.items() if k[0] != data["corrects_event_id"]}
            s.corrected |= {(data["corrects_event_id"], x["line_no"]): x["net_quantity"] for x in data["lines"]}
            if data["reason"] == "DID_NOT_OCCUR":
                s.milestones = [m for m in s.milestones if m["id"] != data["corrects_event_id"]]
        elif what != "milestone" and data["version"] > s.version:
            old, new = s.data or {"lines": []}, data if what == "upserted" else {
                "lines": [], **(s.data or {}), "status": "CANCELLED"}
            orders = {x.get("order_id") for x in new["lines"]} - {x.get("order_id") for x in old["lines"]}
            s.too_late |= {o.id for o in self.subjects if o.id in orders and o.data and o.data["status"] == "CLOSED"}
            nets = [{x["line_no"]: x.get("net_quantity") for x in facts["lines"]} for facts in (old, new)]
            s.corrected = {k: n for k, n in s.corrected.items() if k[1] in nets[1] and nets[0].get(k[1]) == nets[1][k[1]]}
            s.version, s.data = data["version"], new
            s.planned = data.get("planned_departure") or data.get("planned_export_date") or s.planned
        return s

    def settle(self, first: Any) -> None:
        """Judges the event's own subject, then who may move, latest first (D4.5), then who waits (D4.4); to the end."""
        before: Any = None if first is None else self.judge(first)
        for _ in range(9):
            if before == (before := [(s.state, s.reasons, [d[:4] for d in s.draws.values()]) for s in self.subjects]):
                return
            free = [s for s in self.subjects if s.draws and s.state in ("RELEASED", "CLEARED")]
            for s in [*reversed(free), *(s for s in self.subjects if s not in free)]:
                self.judge(s)

    def travel(self, s: Any) -> None:
        """The milestones of §1, from the first to the last: where the goods are, and why `s` is closed, if it is."""
        departure, delivered, closed = None, False, ""
        for m in s.milestones:
            kind = m["milestone"]
            if kind == "DEPARTED" and departure and not closed and departure["milestone"] != kind:
                departure = {**departure, "occurred_at": m["occurred_at"], "milestone": kind}
            elif kind in ("DEPARTED", "ARRIVED", "DELIVERED") and closed != "RETURNED":
                departure, closed = departure or m, ""
                delivered = delivered or kind == "DELIVERED"
            elif kind == "SHIPPING_VOIDED" and departure:
                departure, delivered, closed = None, False, ""
            elif kind == "RETURNED" or (kind == "CANCELLED" and not departure):
                closed = closed if closed == "RETURNED" else kind
        old, new = [(d or {"id": "", "occurred_at": "2000-01-01T00:00:00+08:00"}) for d in (s.departure, departure)]
        if old["id"] != new["id"]:
            told = {m["id"] for m in s.milestones}
            if s.departure:  # it did not happen
                s.draws, s.corrected = {}, {k: n for k, n in s.corrected.items() if departure or k[0] not in told}
            s.moved, s.fit, s.open = set(), {}, None
            s.left_as = ([p[1:] for p in s.past if p[0] <= instant(new["occurred_at"])] or [("", frozenset())])[-1]
        elif day(old["occurred_at"]) != day(new["occurred_at"]):
            s.fit = {}
        named = {x.get("order_id") for x in (s.data or {"lines": []})["lines"]}
        orders = {o.id: o.data for o in self.subjects if o.id in named and o.data and o.data["lines"]}
        s.departure, s.closed = departure, closed
        s.delivered = {**orders, **(s.delivered or {})} if delivered and not closed else None

    def judge(self, s: Any) -> None:
        if s.kind == "shipment":
            self.travel(s)
        elif s.data["status"] != "OPEN":
            s.closed = s.data["status"]
        else:
            s.closed = ""
        found, draws = (set(), {}) if s.closed else self.assess(s)
        gone = s.departure or s.closed == "RETURNED"
        if s.departure and not s.closed:
            if s.asked != s.departure["id"] and s.left_as[0] != "RELEASED":  # D4.7
                newer = s.left_as[0] == "HELD" and found <= s.reasons - s.left_as[1]
                if not found or s.left_as[0] == "CLOSED" or newer or (s.left_as[0] == "HELD" and s.state == "CLOSED"):
                    s.moved = {("MOVED_UNRELEASED", s.departure["id"])}
            s.asked = s.departure["id"]
            if s.data:  # D1.6: what was open when it left stays while it is so
                kinds, unknown = found | {group(r) for r in found}, s.open is not None and ("MISSING_DATA",) in s.open
                s.open = kinds & s.open if s.open is not None else set() if s.left_as[0] == "RELEASED" else kinds
                more = {x.no for x in self.lines(s) if x.no in s.took and grew(x.net, s.took[x.no].net)}
                found = {r for r in found if r[0] in ANEW or {r, group(r)} & s.open
                         or (r[0] in ORDERS and (unknown or r[1] in more))
                         or (r[0] == "ITEM_UNCLASSIFIED" and r[1] not in {**s.fit, **draws})}
                s.open |= found
            found |= s.moved
        elif found:
            draws = {}
        s.draws = draws if not s.closed else s.draws if gone else {}
        held = "HELD" if not s.departure else "INTERCEPT" if s.delivered is None else "INCIDENT"
        free = "CLEARED" if s.kind == "order" else "RELEASED"
        s.state, s.reasons = "CLOSED" if s.closed else held if found else free, frozenset(found)
        if s.kind == "shipment":
            lines = {x.no: x for x in self.lines(s)}
            s.took = lines if gone or s.state == "RELEASED" else {}
            s.promised = {no: self.promise(x) for no, x in lines.items()} if s.state == "RELEASED" and not gone else s.promised
            s.past.append((self.now, s.state, s.reasons))

    def days(self, s: Any) -> list[str]:
        """D3.8: the day of departure; before it today and the planned day, which counts as today once it has passed."""
        today = self.now.date().isoformat()
        return [day(s.departure["occurred_at"])] if s.departure else [today, max(today, day(s.planned or today))]

    def lines(self, s: Any) -> list[Any]:
        """D3.0: each line with what it takes from its own order; D3.2: its codes that need a licence."""
        own, days, result = s.data or {"lines": []}, self.days(s), []
        net = {no: quantity for (_, no), quantity in s.corrected.items()}
        abroad = s.kind == "order" or own.get("movement") in EXPORTS
        for raw in sorted(own["lines"], key=lambda line: line["line_no"]):
            order = self.find("order", raw.get("order_id"))
            order = (s.delivered or {}).get(raw.get("order_id"), order.data if order else None)
            above, item, no = order or {}, self.known["item"].get(raw["item_no"]), raw["line_no"]
            codes = item["control_codes"] if abroad and item and item["classification"] == "CONTROLLED" else []
            controls = self.known["control"]
            taken = {k: own.get(k) or above.get(k) or [] for k in ("destination", "licences", "end_user_statements")}
            result.append(Thing(
                no=no, item_no=raw["item_no"], item=item, order=order, order_id=raw.get("order_id"), abroad=abroad,
                key=(raw.get("order_id"), raw.get("order_line")), value=raw["value"], exporter=own.get("exporter_id"),
                codes=[c for c in codes if c not in controls or acts(controls[c], days)], transit=own.get("transit", []),
                parties={**above.get("parties", {}), **own.get("parties", {})}, answered=False, **taken,
                net=net.get(no) or raw.get("net_quantity") or raw.get("quantity"),
                use=(own.get("end_use") or above.get("end_use") or {}).get("code")))
        return result

    def is_one_of(self, ref: Any, ids: list[str]) -> bool:
        """D3.4: the same id; or, given by name alone, a registered name of one of them and no other country."""
        parties = [self.known["party"][p] for p in ids if p in self.known["party"]]
        return ref["party_id"] in ids if ref.get("party_id") else any(
            normal(ref["name"]) in map(normal, [*p["names"], *p["aliases"]]) and ref.get("country") in (None, p["country"])
            for p in parties if ref.get("name"))

    def party(self, ref: Any) -> Any:
        """Who is meant, with every name that it has."""
        ids = [ref["party_id"]] if ref.get("party_id") else [p for p in self.known["party"] if self.is_one_of(ref, [p])]
        found = next((self.known["party"][p] for p in ids if p in self.known["party"]), {"names": [], "aliases": []})
        names = {normal(n) for n in [*found["names"], *found["aliases"], ref.get("name")] if n}
        return {"party_id": None, "types": [], "identifiers": [], "country": None, **found, "all": names}

    def described(self, ref: Any) -> bool:
        return bool(ref) and (bool(ref.get("name")) or ref["party_id"] in self.known["party"])

    def promise(self, line: Any) -> Any:
        """The end use and the end user for which it was released; None: not told."""
        ref = line.parties.get("end_user") or {}
        return line.use, self.party(ref)["party_id"] or ref.get("name")

    def assess(self, s: Any) -> tuple[Any, Any]:
        """Every reason (D1.1); what `s` draws if it may go, or takes if it went all the same (D4.7)."""
        own, lines, found = s.data or {}, self.lines(s), set()
        abroad = s.kind == "order" or own.get("movement") in EXPORTS
        told = s.kind == "order" or own.get("movement")
        if not lines or not own.get("exporter_id") or not told or (abroad and not s.planned):
            found.add(("MISSING_DATA",))
        draws, lacks = self.plan(s, lines, set())
        nothing = Thing(no=0, parties={}, use=None, destination=None, item=None, item_no="", licences=[], order_id=None)
        stops = [(n, m) for n in self.known["notice"].values() if (m := self.touches(n, s, lines or [nothing], draws))]
        answers = {n["notice_id"]: {no for no, lic in self.known["licence"].items() if n["notice_id"] in lic["answers_notices"]
                                    and n["release_by_licence"] and instant(lic["authority_time"]) > self.start(n)}
                   for n, _ in stops}
        if preferred := set().union(*answers.values()):
            for x in [x for _, m in stops for x in m]:
                x.answered = True
            draws, lacks = self.plan(s, lines, preferred)
        for n, m in stops:
            if not all(x.no in draws and draws[x.no].licence in answers[n["notice_id"]] for x in m):
                found.add(("CUSTOMS_CHALLENGE" if n["origin"] == "CUSTOMS" else "STOP_NOTICE", n["notice_id"]))
        for x in lines:
            found |= self.of_order(s, x)
            if x.abroad:
                found |= self.of_facts(x, self.days(s)) | self.of_lists(s, x, draws.get(x.no))
        return found | {r[:1] if r[0] == "MISSING_DATA" else r for r in lacks}, draws

    def of_order(self, s: Any, x: Any) -> Any:
        """ORDER_UNKNOWN, ORDER_CANCELLED; OVER_DELIVERY (D4.3): with what others have of the line, earlier ones stay."""
        status = x.order["status"] if x.order else ""
        if s.kind == "order" or not x.order_id:
            return set()
        ordered = next((o for o in (x.order or {"lines": []})["lines"] if o["line_no"] == x.key[1]), None)
        found = {(code, x.no, x.order_id) for code, so in (
            ("ORDER_UNKNOWN", not ordered),
            ("ORDER_CANCELLED", status == "CANCELLED" or (status == "CLOSED" and x.order_id in s.too_late))) if so}
        if not ordered or not x.net:
            return found | ({("MISSING_NET", x.no)} if ordered else set())
        old, unit = s.took.get(x.no), ordered["quantity"]["unit"]
        stays = old and old.key == x.key and not grew(x.net, old.net)
        lines = [y for t in self.subjects if t is not s and (t.arrival < s.arrival or not stays) for y in t.took.values()]
        lines += [y for y in self.lines(s) if y.no <= x.no]
        shipped = sum(convert(y.net, unit, y.item) or 0 for y in lines if y.key == x.key)
        limit = Decimal(ordered["quantity"]["value"]) * (1 + Decimal(x.order["delivery_tolerance_percent"]) / 100)
        if convert(x.net, unit, x.item) is None:
            return found | {("UNIT_NOT_CONVERTIBLE", x.no)}
        return found | ({("OVER_DELIVERY", x.no, x.order_id)} if shipped > limit else set())

    def of_facts(self, x: Any, days: list[str]) -> Any:
        """What is absent (D3.12), unclassified, prohibited, or stated otherwise."""
        user, found = x.parties.get("end_user"), set()
        found |= {("PARTY_REVIEW", role) if role in ("carrier", "broker", "bank") else ("MISSING_DATA",)
                  for role, ref in x.parties.items() if not self.described(ref)}
        if {"importer", "end_user"} - set(x.parties) or not x.destination or (x.codes and not x.use):
            found.add(("MISSING_DATA",))
        classified = x.item and x.item["classification"] in ("CONTROLLED", "NOT_CONTROLLED")
        if not classified or (x.item["classification"] == "CONTROLLED" and not x.item["control_codes"]):
            found.add(("ITEM_UNCLASSIFIED", x.no))
        for c in [self.known["control"][code] for code in x.codes if code in self.known["control"]]:
            if (c["kind"] == "PROHIBITED" or x.destination in c["prohibited_destinations"] or x.use in c["prohibited_end_uses"]
                    or (user and set(self.party(user)["types"]) & set(c["prohibited_end_user_types"]))):
                found.add(("PROHIBITED", x.no, c["control_code"]))
        for number in x.end_user_statements:
            st = self.known["end-user-statement"].get(number)
            ok = st and st["status"] == "VALID" and x.use in (None, *st["end_uses"]) and max(days) <= st["valid_until"]
            if not ok or (user and not self.is_one_of(user, [st["end_user"]])):
                found.add(("END_USER_STATEMENT_INVALID", number))
        return found

    def of_lists(self, s: Any, x: Any, draw: Draw | None) -> Any:
        """D5.1-D5.3; WATCH_LISTED unless the licence is INDIVIDUAL with both papers on file."""
        found, lic = set(), self.known["licence"][draw.licence] if draw else {"type": ""}
        papers = lic["type"] == "INDIVIDUAL" and lic["risk_report_on_file"] and lic["undertaking_on_file"]
        days, forwarder = [*self.days(s), self.now.date().isoformat()], (s.data or {}).get("forwarder_id")
        acting = [e for e in self.known["list-entry"].values() if acts(e, days)]
        for role, ref in [*x.parties.items(), *([("forwarder", {"party_id": forwarder})] if forwarder else [])] if acting else []:
            party = self.party(ref)
            for entry in acting:
                known = any(i in party["identifiers"] for i in entry["identifiers"])
                doubtful = not known and entry["country"] not in (ref.get("country") or party["country"] or entry["country"], None)
                if known or party["all"] & {normal(n) for n in [*entry["names"], *entry["aliases"]]}:
                    review = doubtful or entry["list"] == "INTERNAL" or entry["effect"] == "REVIEW" or not x.codes
                    if review or role not in ("importer", "end_user"):
                        found.add(("PARTY_REVIEW", entry["entry_id"], role))
                    elif entry["list"] == "CONTROL_LIST" or not papers:
                        found.add((entry["list"].replace("_LIST", "_LISTED"), entry["entry_id"], role))
        return found

    def start(self, notice: Any) -> datetime:
        return instant(notice.get("effective_from") or notice["at"])

    def touches(self, notice: Any, s: Any, lines: list[Any], draws: Any) -> list[Any]:
        """D6.1, D6.2: the lines that a notice in effect means."""
        if notice["lifted"] or not self.start(notice) <= self.now < instant(notice["effective_until"] or "2999-01-01T00:00:00+08:00"):
            return []
        own, scope = s.data or {}, {f: set(v) for f, v in notice.get("scope", {}).items() if v}
        refs = [*(r for x in lines for r in x.parties.values()), *({"party_id": own.get(k)} for k in ("exporter_id", "forwarder_id"))]
        known = [(r.get("party_id"), self.party(r)) for r in refs] if "parties" in scope else []
        here = {"exporters": {own.get("exporter_id")}, "forwarders": {own.get("forwarder_id")}, "end_uses": {x.use for x in lines},
                "destinations": {str(x.destination) for x in lines}, "shipments": {s.id} if s.kind == "shipment" else set(),
                "parties": {v for v in scope.get("parties", ()) for i, p in known if v in (i, p["party_id"]) or normal(v) in p["all"]}}
        if any(f in scope and not scope[f] & here[f] for f in here):
            return []
        def in_line(x: Any) -> bool:
            codes, hs = (x.item or {"control_codes": []})["control_codes"], (x.item or {}).get("hs_code") or ""
            mine = {"items": {x.item_no}, "control_codes": {v for v in scope.get("control_codes", ()) for c in codes if (c + ".").startswith(v + ".")},
                    "hs_prefixes": {v for v in scope.get("hs_prefixes", ()) if hs.startswith(v)},
                    "licences": {*x.licences, *([draws[x.no].licence] if x.no in draws else [])},
                    "orders": {s.id if s.kind == "order" else x.order_id}}
            return not any(f in scope and not scope[f] & mine[f] for f in mine)
        return [x for x in lines if in_line(x)]

    def covers(self, x: Any, of: Any) -> set[str]:
        """D3.4: which codes of the line the licence line covers; an unlisted item counts as the code ''."""
        codes = set(x.codes) or {""}
        if x.item_no not in (of["item_nos"] or [x.item_no]):
            return set()
        return codes & set(of["control_codes"]) if of["control_codes"] else codes if of["item_nos"] else set()

    def candidates(self, s: Any, x: Any, preferred: Any) -> list[tuple[Any, Any]]:
        """D3.3; for a line that needs none, the licences that answer a notice about it (D6.6)."""
        there, on = {no: lic for no, lic in self.known["licence"].items() if lic["status"] != "DRAFT"}, self.days(s)[0]
        names, wider = set(), set(x.licences)
        while names != wider:
            names, wider = wider, wider | {no for no, lic in there.items() if wider & set(lic.get("supersedes", ()))}
        over = {old for lic in there.values() if lic["valid_from"] <= on for old in lic.get("supersedes", ())}
        return [(lic, of) for no, lic in there.items() for of in lic["lines"] if no not in over
                and (no in names if names else lic["exporter_id"] == x.exporter and self.covers(x, of))
                and (x.codes or (x.answered and no in preferred and self.covers(x, of)))]

    def plan(self, s: Any, lines: list[Any], preferred: Any) -> tuple[Any, Any]:
        """D3.5, D3.6, D1.7, D4.7: what each line draws, or took all the same; what the nearest licence lacks."""
        draws, lacks = {}, set()
        for x in lines:
            held, fitted, order = s.draws.get(x.no), s.fit.get(x.no) == x.item_no, self.find("order", x.order_id)
            reserved = order.draws.get(x.key[1]) if order else None
            options = [self.option(s, x, *pair, draws) for pair in self.candidates(s, x, preferred)]
            mine = [self.option(s, x, lic, of, draws) for lic in self.known["licence"].values() for of in lic["lines"]
                    if s.departure and at(held, lic, of)]
            if s.kind == "order" and self.rest(s, x.no, s, {})[0] == 0 or s.departure and (
                    (fitted and not (held and mine)) or (held and not x.codes)):
                draws |= {x.no: held} if held else {}  # nothing left to reserve; or nothing to ask any more
                continue
            options += [o for o in mine if not any(at(held, *other[:2]) for other in options)]
            best = min((o for o in options if not o.lacks), default=None, key=lambda o: (
                o.lic["licence_no"] not in preferred, not at(held, *o[:2]), not at(reserved, *o[:2]), o.order))  # noqa: B023
            if mine and fitted:
                bigger = mine[0].draw and (mine[0].draw.quantity > held.quantity or mine[0].draw.value > held.value)
                ask = {*FIELDS, *FACTS, "LICENCE_REVOKED", *(ROOM if bigger else [])}
                bad = {r for r in mine[0].lacks if r[0] in ask}
                stays = best is None or (not preferred and {r[0] for r in bad} <= {"LICENCE_REVOKED"})
                if not bad or stays:
                    draws[x.no], lacks = mine[0].draw or held, lacks | bad | (self.changed(s, x) if bad else set())
                    s.fit = {no: i for no, i in s.fit.items() if no != x.no or not {r[0] for r in bad} & {*ROOM}}
                    continue
            if best:
                draws[x.no], s.fit[x.no] = best.draw, x.item_no
            elif x.codes:
                near = sorted(options, key=self.distance)
                lacks |= (near[0].lacks if near else {("NO_LICENCE", x.no)}) | self.changed(s, x)
                soft = [o.draw for o in near if o.draw and {r[0] for r in o.lacks} <= {*STATUSES, *DATES, *USES, *ROOM}]
                booked = [o.draw for o in mine if o.draw] or ([held] if held else soft)
                draws |= {x.no: booked[0]} if s.departure and booked else {}
                s.fit.pop(x.no, None)
            elif s.left_as[0] == "RELEASED" or not s.departure:
                s.fit[x.no] = x.item_no
        return draws, lacks

    def distance(self, o: Option) -> Any:
        """D3.6: the most severe reasons are compared first, the least severe of them wins."""
        return not o.full, len(o.lacks), [-i for i in sorted(SEVERITY.index(r[0]) for r in o.lacks)], o.order

    def changed(self, s: Any, x: Any) -> Any:
        pairs = zip(("END_USE_CHANGED", "END_USER_CHANGED"), s.promised.get(x.no, (None, None)), self.promise(x), strict=True)
        return {(code, x.no) for code, old, new in pairs if old and new and old != new}

    def option(self, s: Any, x: Any, lic: Any, of: Any, draws: Any) -> Option:
        """D3.4, D3.8-D3.10, D4.1, D4.2: what keeps `x` from drawing on the licence line `of`."""
        number, full, days = lic["licence_no"], self.covers(x, of) == (set(x.codes) or {""}), self.days(s)[s.kind == "order":]
        late = s.departure and instant(lic["authority_time"]) > instant(s.departure["occurred_at"])  # D7.2
        user, importer, consignee = (x.parties.get(role) for role in ("end_user", "importer", "consignee"))
        roles = [("END_USER", user, lic["end_users"])] + [(c, r, ids) for c, r, ids in (
            ("IMPORTER", importer, lic["importers"]), ("CONSIGNEE", consignee, lic["consignees"])) if ids]
        wrong = {
            "LICENCE_" + lic["status"]: lic["status"] == "REVOKED" or (lic["status"] not in ("ACTIVE", "DRAFT") and not late),
            "EXPORTER_MISMATCH": lic["exporter_id"] != x.exporter, "ITEM_MISMATCH": not full,
            "END_USE_MISMATCH": x.use and x.use not in lic["end_uses"],
            "DESTINATION_MISMATCH": x.destination and x.destination not in lic["destinations"],
            "TRANSIT_PROHIBITED": set(x.transit) & set(lic["prohibited_transit"]),
            "LICENCE_NOT_YET_VALID": min(days) < lic["valid_from"], "LICENCE_EXPIRED": max(days) > lic["valid_until"],
            **{c + "_MISMATCH": self.described(ref) and not self.is_one_of(ref, ids) for c, ref, ids in roles}}
        missing = [c for c, ref, _ in roles if not self.described(ref)] + [f for f in ("use", "destination") if not getattr(x, f)]
        scale = x.net and convert({"value": "1", "unit": x.net["unit"]}, of["quantity"]["unit"], x.item)
        rate, lapses = self.rate(s, x, lic, of, max(days)), lic.get("lapses_on_completion", lic["type"] != "GENERAL")
        draw = Draw(number, of["line_no"], Decimal(x.net["value"]) * scale, Decimal(x.value["amount"]) * rate, scale, rate, x
                    ) if scale and rate else None
        if full:
            asked = {**draws, x.no: draw or Draw(number, of["line_no"], *(
                Decimal(q["value" if q is x.net else "amount"]) * f if f else Decimal(0) for q, f in ((x.net, scale), (x.value, rate))),
                scale or Decimal(0), rate or Decimal(0), x)}
            quantity, value = self.total(number, of["line_no"], s, asked)
            used, done = self.uses(number, s)
            wrong |= {
                "LICENCE_CONSUMED": lapses and done,
                "USES_EXCEEDED": not (lapses and done) and lic["max_uses"] is not None and used >= lic["max_uses"],
                "QTY_EXCEEDED": scale and quantity > Decimal(of["quantity"]["value"]) * (1 + Decimal(of["tolerance_percent"]) / 100),
                "VALUE_EXCEEDED": rate and value > Decimal(of["value"]["amount"])}
        lacks = {(code, x.no, number) for code, is_so in wrong.items() if is_so} | {("MISSING_DATA", m) for m in missing}
        lacks |= {("LICENCE_CONFLICT", number)} if number in self.conflicts and not late else set()
        lacks |= {(code, x.no) for code, is_so in (("MISSING_NET", not x.net), ("FX_UNAVAILABLE", not rate),
                                                   ("UNIT_NOT_CONVERTIBLE", x.net and not scale)) if is_so and full}
        return Option(lic, of, full, lacks, draw, (lic["type"] != "GENERAL", lic["valid_until"], number, of["line_no"]))

    def rate(self, s: Any, x: Any, lic: Any, of: Any, on: str) -> Decimal | None:
        """D3.10: fixed when reserved, and again at departure."""
        pair, held = (x.value["currency"], of["value"]["currency"]), s.draws.get(x.no)
        if pair[0] == pair[1]:
            return Decimal(1)
        if at(held, lic, of) and held.source.value["currency"] == pair[0] and not (s.departure and s.open is None):
            return held.rate
        rates = [r for r in self.known["fx-rate"].values() if r["as_of"] <= on and (r["base"], r["quote"]) == pair]
        return Decimal(max(rates, key=lambda r: r["as_of"])["rate"]) if rates else None

    def total(self, licence: str, line: int, s: Any, draws: Any) -> tuple[Decimal, Decimal]:
        """What is reserved and consumed of a licence line when `s` draws `draws`."""
        quantity = value = Decimal(0)
        for t in self.subjects:
            for d in (draws if t is s else t.draws).values():
                if (d.licence, d.line) == (licence, line):
                    rest = self.rest(t, d.source.no, s, draws) if t.kind == "order" else None
                    quantity += rest[0] * d.scale if rest else d.quantity
                    value += rest[1] * d.rate if rest else d.value
        return quantity, value

    def rest(self, order: Any, no: int, s: Any, draws: Any) -> tuple[Decimal, Decimal]:
        """D4.1: what an order line reserves is what was ordered less what shipments, and `s`, hold or have taken."""
        line = next(x for x in order.data["lines"] if x["line_no"] == no)
        ordered, worth = Decimal(line["quantity"]["value"]), Decimal(line["value"]["amount"])
        quantity, value = ordered, worth
        for t in self.subjects:
            for x in [d.source for d in draws.values()] if t is s and not s.departure else t.took.values():
                if x.key == (order.id, no) and x.abroad:
                    taken = convert(x.net, line["quantity"]["unit"], x.item)
                    quantity -= quantity if taken is None else taken
                    same = x.value["currency"] == line["value"]["currency"]
                    value -= Decimal(x.value["amount"]) if same else worth * (taken or 0) / ordered
        return max(quantity, Decimal(0)), max(value, Decimal(0)) if quantity > 0 else Decimal(0)

    def uses(self, licence: str, s: Any) -> tuple[int, int]:
        """Uses that others hold or took (of an order: others than its shipments, D4.1); those that are exports."""
        drawing = [(t, d) for t in self.subjects if t is not s and t.kind == "shipment" for d in t.draws.values() if d.licence == licence]
        own = {t.id for t, d in drawing if s and s.kind == "order" and d.source.order_id == s.id}
        exports = {t.id for t, _ in drawing if t.departure or t.closed == "RETURNED"}
        return len({t.id for t, _ in drawing} - own), len(exports)

    def answer(self) -> tuple[Any, ...]:
        """Orders, shipments: state and reasons; licence lines: reserved, consumed, uses, uses reserved, CONSUMED."""
        states = [{s.id: (s.state, s.reasons) for s in self.subjects if s.kind == kind} for kind in ("order", "shipment")]
        lines, gone = {}, [d for t in self.subjects if t.departure or t.closed == "RETURNED" for d in t.draws.values()]
        for number, lic in self.known["licence"].items():
            (used, done), lapses = self.uses(number, None), lic.get("lapses_on_completion", lic["type"] != "GENERAL")
            for of in lic["lines"]:
                taken = sum((d.quantity for d in gone if at(d, lic, of)), Decimal(0))
                reserved = self.total(number, of["line_no"], None, {})[0] - taken
                lines[number, of["line_no"]] = (reserved, taken, done, used - done, bool(lapses and done))
        return (*states, lines)
