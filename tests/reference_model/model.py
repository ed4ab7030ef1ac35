"""The rules of domain.md a second time, plainly: after every event everybody is judged again from what is known.

Takes the data of the events (contracts.md §2), well-formed and in order of arrival, and a clock; shares no code with
the engine. Three files are the model: known.py (what is known, and what that says of a line), drawing.py (licences)
and this one (where the goods are, what stays open, and in which order everybody is judged). Left out:
unreadable events, persons' holds and releases, mistaken identities; policy that is off by default; period limits;
facts dated ahead of the clock (D7.3); violations, alerts; what becomes of a shipment that RETURNED; rounding past 28
digits.
"""

# fmt: off
from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace as Thing
from typing import Any

from tests.reference_model.drawing import SEVERITY, Drawing, at
from tests.reference_model.known import KEYS, SHANGHAI, acts, convert, day, instant

EXPORTS = (None, "EXPORT", "TECHNOLOGY_TRANSFER", "OUT_OF_BONDED", "TRANSIT", "REPAIR_RETURN")  # D3.1
ANEW = {*SEVERITY, "STOP_NOTICE", "CUSTOMS_CHALLENGE", "PROHIBITED", "CONTROL_LISTED", "WATCH_LISTED", "PARTY_REVIEW",
        "END_USE_CHANGED", "END_USER_CHANGED", "END_USER_STATEMENT_INVALID"}  # D1.7
ORDERS = ("ORDER_UNKNOWN", "ORDER_CANCELLED", "OVER_DELIVERY")


def grew(now: Any, before: Any) -> bool:
    return now is not None and (before is None or convert(now, before["unit"], None) != min(
        convert(now, before["unit"], None) or Decimal("inf"), Decimal(before["value"])))


def group(reason: Any) -> Any:
    """D1.6, the reason may change: of these one may turn into another."""
    return ("ORDER", reason[1]) if reason[0] in ORDERS else reason


class Model(Drawing):
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
            was, now = ({x["line_no"]: x.get("net_quantity") for x in facts["lines"]} for facts in (old, new))
            s.corrected = {k: n for k, n in s.corrected.items() if k[1] in now and was.get(k[1]) == now[k[1]]}
            s.version, s.data = data["version"], new
            s.planned = data.get("planned_departure") or data.get("planned_export_date") or s.planned
        return s

    def settle(self, first: Any) -> None:
        """Judges the event's own subject, then who may move, latest first (D4.5), then who waits (D4.4); to the end."""
        before: Any = None if first is None else self.judge(first)
        for _ in range(9):
            if before == (before := [(s.state, s.reasons, [d[:4] for d in s.draws.values()]) for s in self.subjects]):
                return
            over = self.superseded(self.now.date().isoformat())
            free = [s for s in self.subjects if s.draws and s.state in ("RELEASED", "CLEARED")
                    and not over & {d.licence for d in s.draws.values()}]
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
            s.moved, s.fit, s.open, s.asked = set(), {}, None, ""
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
                s.open |= {r for r in found if r[0] not in ANEW}
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
            if s.state == "RELEASED" and not gone:
                s.promised = {no: self.promise(x) for no, x in lines.items()}
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
                no=no, item_no=raw["item_no"], item=item, order=order, order_id=raw.get("order_id"), all=codes,
                abroad=abroad,
                key=(raw.get("order_id"), raw.get("order_line")), value=raw["value"], exporter=own.get("exporter_id"),
                codes=[c for c in codes if c not in controls or acts(controls[c], days)], answered=False, **taken,
                parties={**above.get("parties", {}), **own.get("parties", {})}, transit=own.get("transit", []),
                net=net.get(no) or raw.get("net_quantity") or raw.get("quantity"),
                use=(own.get("end_use") or above.get("end_use") or {}).get("code")))
        return result

    def assess(self, s: Any) -> tuple[Any, Any]:
        """Every reason (D1.1); what `s` draws if it may go, or takes if it went all the same (D4.7)."""
        own, lines, found = s.data or {}, self.lines(s), set()
        abroad = s.kind == "order" or own.get("movement") in EXPORTS
        told = s.kind == "order" or own.get("movement")
        if not lines or not own.get("exporter_id") or not told or (abroad and not s.planned):
            found.add(("MISSING_DATA",))
        fit = dict(s.fit)
        draws, lacks = self.plan(s, lines, set())
        nothing = Thing(no=0, parties={}, use=None, destination=None, item=None, item_no="", licences=[], order_id=None)
        stops = [(n, m) for n in self.known["notice"].values() if (m := self.touches(n, s, lines or [nothing], draws))]
        answers = {n["notice_id"]: {
            no for no, lic in self.known["licence"].items() if n["notice_id"] in lic["answers_notices"]
            and n["release_by_licence"] and instant(lic["authority_time"]) > self.start(n)} for n, _ in stops}
        if preferred := set().union(*answers.values()):
            for x in [x for _, m in stops for x in m]:
                x.answered = True
            s.fit = fit
            draws, lacks = self.plan(s, lines, preferred)
        for n, m in stops:
            unfit = {r[1] for r in lacks if len(r) > 1}
            answered = {no for no, d in draws.items() if no not in unfit and d.licence in answers[n["notice_id"]]}
            if {x.no for x in m} - answered:
                found.add(("CUSTOMS_CHALLENGE" if n["origin"] == "CUSTOMS" else "STOP_NOTICE", n["notice_id"]))
        for x in lines:
            found |= self.of_order(s, x)
            if x.abroad:
                found |= self.of_facts(x, self.days(s), self.now.date().isoformat())
                found |= self.of_lists(s, x, draws.get(x.no))
        return found | {r[:1] if r[0] == "MISSING_DATA" else r for r in lacks}, draws

    def of_order(self, s: Any, x: Any) -> Any:
        """ORDER_UNKNOWN, ORDER_CANCELLED; OVER_DELIVERY (D4.3) with what others have of the line, but later ones."""
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
        others = [t for t in self.subjects if t is not s and (t.arrival < s.arrival or not stays)]
        lines = [y for y in self.lines(s) if y.no <= x.no] + [y for t in others for y in t.took.values()]
        shipped = sum(convert(y.net, unit, y.item) or 0 for y in lines if y.key == x.key)
        limit = Decimal(ordered["quantity"]["value"]) * (1 + Decimal(x.order["delivery_tolerance_percent"]) / 100)
        if convert(x.net, unit, x.item) is None:
            return found | {("UNIT_NOT_CONVERTIBLE", x.no)}
        return found | ({("OVER_DELIVERY", x.no, x.order_id)} if shipped > limit else set())

    def answer(self) -> tuple[Any, ...]:
        """Orders, shipments: state and reasons; licence lines: reserved, consumed, uses, uses reserved, CONSUMED."""
        states = [{s.id: (s.state, s.reasons) for s in self.subjects if s.kind == k} for k in ("order", "shipment")]
        lines, gone = {}, [d for t in self.subjects if t.departure or t.closed == "RETURNED" for d in t.draws.values()]
        for number, lic in self.known["licence"].items():
            (used, done), lapses = self.uses(number, None), lic.get("lapses_on_completion", lic["type"] != "GENERAL")
            for of in lic["lines"]:
                taken = sum((d.quantity for d in gone if at(d, lic, of)), Decimal(0))
                reserved = self.total(number, of["line_no"], None, {})[0] - taken
                lines[number, of["line_no"]] = (reserved, taken, done, used - done, bool(lapses and done))
        return (*states, lines)
