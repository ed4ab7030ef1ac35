"""The rules of domain.md a second time, plainly: after every event everybody is judged again from what is known.

Takes the data of the events (contracts.md §2), well-formed and in order of arrival, and a clock; shares no code with
the engine. Left out, and tested in tests/domain (boundaries, engine, matching, rulebook) and tests/scenarios instead:
unreadable events; persons' holds and releases; mistaken identities; policies that are off by default; violations and
alerts; facts dated ahead; units, rates, statements, MISSING_NET, transit, limits of importer and consignee, period
limits, service roles but the forwarder; LICENCE_CONFLICT; licences that answer a notice (D6.6); END_USE_CHANGED,
END_USER_CHANGED; milestones but the actual ones until DELIVERED, and CANCELLED; corrections; a departure unheard of
before, or with a corrected day; and what changes once goods have left: amounts, items, controls' windows, their orders.
"""

# fmt: off
from __future__ import annotations

import unicodedata
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace as Thing
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
KEYS = {"licence": "licence_no", "party": "party_id", "list-entry": "entry_id", "item": "item_no",
        "notice": "notice_id", "control": "control_code"}
SEVERITY = ["LICENCE_REVOKED", "LICENCE_SUSPENDED", "LICENCE_RETURNED", "LICENCE_CHANGE_PENDING", "NO_LICENCE",
            "EXPORTER_MISMATCH", "ITEM_MISMATCH", "END_USER_MISMATCH", "END_USE_MISMATCH", "DESTINATION_MISMATCH",
            "LICENCE_NOT_YET_VALID", "LICENCE_EXPIRED", "LICENCE_CONSUMED", "USES_EXCEEDED", "QTY_EXCEEDED",
            "VALUE_EXCEEDED", "MISSING_DATA"]  # §2, what a licence may lack
HARD = {code for code in SEVERITY if code.endswith("_MISMATCH")} | {"MISSING_DATA"}  # D1.7, D4.7
OF_ORDER = ("ORDER_UNKNOWN", "ORDER_CANCELLED", "OVER_DELIVERY")  # D1.6: one may turn into another; by line
Draw = namedtuple("Draw", "at x")  # at: number and line of the licence; x: the line that draws
Option = namedtuple("Option", "draw counts full lacks anew order")  # one licence line for one line; order: D3.5

@lru_cache(None)
def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(SHANGHAI)

@lru_cache(None)
def normal(name: str) -> str:
    """D3.4: what is left of a name when writing doesn't count."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if unicodedata.category(c)[0] not in "PZ")


def acts(window: Any, days: list[str]) -> bool:
    """D3.2, D5.2: whether the window holds one of `days`, outside its suspensions; both ends inclusive."""
    inside = [d for d in days if window["effective_from"] <= d <= (window["effective_until"] or "9999")]
    return any(not any(g["from"] <= d <= (g["until"] or "9999") for g in window["suspensions"]) for d in inside)


class Model:
    def __init__(self, now: str) -> None:
        self.now, self.seen = instant(now), set[str]()
        self.known: Any = {kind: {} for kind in KEYS}
        self.subjects: Any = {}  # orders and shipments by kind and id, in order of arrival

    def advance_to(self, until: str) -> None:
        """D7.1: every midnight and every instant that a notice names comes, one after the other."""
        midnight, end = self.now.replace(hour=0, minute=0, second=0, microsecond=0), instant(until)
        moments = {end, *(midnight + timedelta(days) for days in range((end - midnight).days + 1))}
        ends = [n.get(k) for n in self.known["notice"].values() for k in ("effective_from", "effective_until")]
        for self.now in sorted(m for m in moments.union(map(instant, filter(None, ends))) if self.now < m <= end):
            self.settle(set())

    def take(self, kind: str, event_id: str, when: str, data: Any) -> None:
        """One event; the second time, or older than what is known, it changes nothing (D8.1, D4.6)."""
        name, what = kind.split(".")
        if name in KEYS and event_id not in self.seen:
            stored, key = self.known[name], data[KEYS[name]]
            before = stored.get(key, {"version": 0, "authority_time": "2000-01-01T00:00:00+08:00"})
            older = name == "licence" and instant(data["authority_time"]) < instant(before["authority_time"])
            if data["version"] > before["version"] and not older:
                known_as = {normal(n) for n in [*data.get("names", ()), *data.get("aliases", ())]}
                stored[key] = {**data, "lifted": what == "lifted", "at": when, "known_as": known_as}
                self.settle({key} if name == "licence" else set())
        elif name in ("order", "shipment") and event_id not in self.seen:
            s = self.subjects.setdefault((name, data[name + "_id"]), Thing(
                kind=name, id=data[name + "_id"], arrival=len(self.subjects), version=0, data={"lines": []}, past=[],
                state="", reasons=set(), draws={}, took={}, closed=False, departure=None, fit=set(), delivered=False))
            milestone, at = data.get("milestone"), data.get("occurred_at")
            if milestone in ("DEPARTED", "ARRIVED", "DELIVERED"):
                if not s.departure:  # the first alone counts; D4.7: by what it was when it left
                    s.departure, s.closed, s.open, s.moved = at, False, None, {("MOVED_UNRELEASED", event_id)}
                    s.left, s.left_with = ([p[1:] for p in s.past if p[0] <= instant(at)] or [("", set())])[-1]
                s.delivered = s.delivered or milestone == "DELIVERED"
            elif milestone:
                s.closed = s.closed or (milestone == "CANCELLED" and not s.departure)
            elif data["version"] > s.version:
                s.version, s.data = data["version"], data if what == "upserted" else {**s.data, "status": "CANCELLED"}
                s.closed = s.closed if name == "shipment" else s.data["status"] != "OPEN"
            self.judge(s)
            for order in [x.order for x in {**s.had, **s.took}.values() if x.order]:  # D4.1, before others are judged
                self.judge(order)
            self.settle({d.at[0] for d in s.draws.values()})
        self.seen.add(event_id)

    def settle(self, changed: set[str]) -> None:
        """Judges those on changed licences, latest first (D4.5), others who draw, who waits (D4.4); to the end."""
        everyone, before = self.subjects.values(), None
        for _ in range(9):
            if before == (before := [(s.state, s.reasons, [d.at for d in s.draws.values()]) for s in everyone]):
                return
            on_it = [s for s in everyone if changed & {d.at[0] for d in s.draws.values()}]
            for s in [*reversed(on_it), *sorted((s for s in everyone if s not in on_it), key=lambda s: not s.draws)]:
                self.judge(s)

    def judge(self, s: Any) -> None:
        """D1.1, D1.5; D1.6: what was open at departure stays while it is so; D1.7: the rest is judged anew."""
        today = self.now.date().isoformat()
        planned = s.data.get("planned_departure") or s.data.get("planned_export_date") or ""
        planned = instant(planned).date().isoformat() if len(planned) > 10 else planned
        s.days = [instant(s.departure).date().isoformat()] if s.departure else [today, max(today, planned)]  # D3.8
        lines, s.had = [] if s.closed else self.lines(s), dict(s.took)
        draws, found = self.plan(s, lines)
        found |= set() if s.closed or (lines and s.data.get("exporter_id") and planned) else {("MISSING_DATA",)}
        for n in [n for n in self.known["notice"].values() if not s.closed and self.touches(n, s, lines, draws)]:
            found.add(("CUSTOMS_CHALLENGE" if n["origin"] == "CUSTOMS" else "STOP_NOTICE", n["notice_id"]))
        for x in lines:
            found |= self.of_line(s, x, lines, draws)
        if s.departure:
            kinds = {r[1] if r[0] in OF_ORDER else r[0] for r in found}
            if s.open is None:  # the report; D4.7: a hold that is gone again, or that came later
                later = s.left == "HELD" and (s.state == "CLOSED" or found <= s.reasons - s.left_with)
                s.moved = s.moved if s.left == "CLOSED" or later or (s.left != "RELEASED" and not found) else set()
                s.open = set() if s.left == "RELEASED" else kinds
            s.open = kinds if "MISSING_DATA" in s.open else s.open & kinds
            found = {r for r in found if r[0] not in OF_ORDER or r[1] in s.open} | s.moved
        held = "HELD" if not s.departure else "INCIDENT" if s.delivered else "INTERCEPT"
        free = "CLEARED" if s.kind == "order" else "RELEASED"
        s.state, s.reasons = "CLOSED" if s.closed else held if found else free, frozenset(found)
        s.draws = draws if s.departure or s.state == free else {}
        s.took = {x.line_no: x for x in lines} if s.departure or s.state == "RELEASED" else {}
        s.past.append((self.now, s.state, s.reasons))

    def lines(self, s: Any) -> list[Any]:
        """D3.0: each line with what it takes from its own order; D3.2: its codes that need a licence."""
        own, controls, result = s.data, self.known["control"], []
        told = {"forwarder": {"party_id": own.get("forwarder_id", "-")}, **own.get("parties", {})}
        abroad = own.get("movement") not in ("DOMESTIC", "INTO_BONDED")  # D3.1
        for raw in sorted(own["lines"], key=lambda line: line["line_no"]):
            item = self.known["item"].get(raw["item_no"], {"classification": "", "control_codes": [], "hs_code": ""})
            order = self.subjects.get(("order", raw.get("order_id")))
            above: Any = order.data if order else {"lines": [], "status": ""}
            codes = item["control_codes"] if abroad and item["classification"] == "CONTROLLED" else []
            parties = {role: self.party(ref) for role, ref in {**above.get("parties", {}), **told}.items()}
            result.append(Thing(
                **{"order_id": None, "order_line": None, **raw}, item=item, order=order, above=above, abroad=abroad,
                all=codes, codes={c for c in codes if c not in controls or acts(controls[c], s.days)},
                use=(own.get("end_use") or above.get("end_use") or {}).get("code"), exporter=own.get("exporter_id"),
                destination=own.get("destination") or above.get("destination"), parties=parties,
                licences=set(own.get("licences") or above.get("licences") or []), worth=Decimal(raw["value"]["amount"]),
                user=parties.get("end_user"), net=Decimal((raw.get("net_quantity") or raw["quantity"])["value"])))
        return result

    def party(self, ref: Any) -> Any:
        """D3.4: who is meant: the same id; or, by name alone, of a registered name and no other country."""
        known, name, country = self.known["party"], {normal(ref.get("name", ""))} - {""}, ref.get("country")
        ids = {ref["party_id"]} if ref.get("party_id") else {
            p for p in known if name & known[p]["known_as"] and country in (None, known[p]["country"])}
        told: Any = next((known[p] for p in ids if p in known), {"known_as": set(), "identifiers": [], "country": None})
        return Thing(ids=ids, names=name | told["known_as"], described=bool(name or ids & set(known)),
                     types=set(told.get("types", ())), papers=told["identifiers"], country=country or told["country"])

    def of_line(self, s: Any, x: Any, lines: list[Any], draws: Any) -> Any:
        """Its order (D8.2, D4.10, D4.3); what is absent or unclear (D3.12); bans and lists (D5.1-D5.3), today's too."""
        ordered = [Decimal(o["quantity"]["value"]) for o in x.above["lines"] if o["line_no"] == x.order_line]
        stays = x.line_no in s.had and x.net <= s.had[x.line_no].net
        others = [t for t in self.subjects.values() if t is not s and (t.arrival < s.arrival or not stays)]
        every = [y for y in lines if y.line_no <= x.line_no] + [y for t in others for y in t.took.values()]
        shipped = sum(y.net for y in every if (y.order_id, y.order_line) == (x.order_id, x.order_line))
        tolerated = 1 + Decimal(x.above["delivery_tolerance_percent"]) / 100 if ordered else 0
        wrong = {"ORDER_UNKNOWN": not ordered, "ORDER_CANCELLED": x.above["status"] == "CANCELLED",
                 "OVER_DELIVERY": ordered and shipped > ordered[0] * tolerated}
        found: Any = {(code, x.line_no, x.order_id) for code, is_so in wrong.items() if is_so and x.order_id}
        if not x.abroad:
            return found
        days = ([] if s.departure and s.left == "RELEASED" else s.days) + [self.now.date().isoformat()]  # D1.7
        absent = {"importer", "end_user"} - set(x.parties) or not x.destination or (x.codes and not x.use)
        unclear = not all(p.described for role, p in x.parties.items() if role != "forwarder")
        found |= {("MISSING_DATA",)} if absent or unclear else set()
        found |= set() if x.all or x.item["classification"] == "NOT_CONTROLLED" else {("ITEM_UNCLASSIFIED", x.line_no)}
        for c in [c for code, c in self.known["control"].items() if code in x.all and acts(c, days)]:
            banned = x.destination in c["prohibited_destinations"] or x.use in c["prohibited_end_uses"] or (
                x.user and x.user.types & set(c["prohibited_end_user_types"]))
            found |= {("PROHIBITED", x.line_no, c["control_code"])} if banned or c["kind"] == "PROHIBITED" else set()
        lic = self.known["licence"][draws[x.line_no].at[0]] if x.line_no in draws else {"type": ""}
        papers = lic["type"] == "INDIVIDUAL" and lic["risk_report_on_file"] and lic["undertaking_on_file"]
        for e in [e for e in self.known["list-entry"].values() if acts(e, days)]:
            for role, p in x.parties.items():
                certain = any(i in p.papers for i in e["identifiers"])
                if certain or p.names & e["known_as"]:
                    doubtful = not certain and None not in (p.country, e["country"]) and p.country != e["country"]
                    review = doubtful or e["list"] == "INTERNAL" or e["effect"] == "REVIEW" or not x.codes
                    review = review or role not in ("importer", "end_user")
                    code = "PARTY_REVIEW" if review else e["list"].replace("_LIST", "_LISTED")
                    found |= set() if papers and code == "WATCH_LISTED" else {(code, e["entry_id"], role)}
        return found

    def touches(self, n: Any, s: Any, lines: list[Any], draws: Any) -> bool:
        """D6.1, D6.2: whether a notice in effect means `s`; what is no line field may be that of any line."""
        own, scope = s.data, {f: set(v) for f, v in n.get("scope", {}).items() if v}
        ends = n.get("effective_until") or "9999-01-01T00:00:00+08:00"
        in_effect = not n["lifted"] and instant(n.get("effective_from") or n["at"]) <= self.now < instant(ends)
        parties = {own.get("exporter_id")}.union(*(p.ids | p.names for x in lines for p in x.parties.values()))
        here: Any = {"exporters": {own.get("exporter_id")}, "forwarders": {own.get("forwarder_id")},
                     "end_uses": {x.use for x in lines}, "destinations": {x.destination for x in lines},
                     "shipments": {s.id if s.kind == "shipment" else ""},
                     "parties": {v for v in scope.get("parties", ()) if {v, normal(v)} & parties}}
        each: Any = [{"items": {x.item_no}, "orders": {s.id if s.kind == "order" else x.order_id},
                      "licences": x.licences | ({draws[x.line_no].at[0]} if x.line_no in draws else set()),
                      "hs_prefixes": {x.item["hs_code"][:n] for n in range(1, 20)}, "control_codes": {
                          ".".join(code.split(".")[:n]) for code in x.item["control_codes"] for n in (1, 2, 3)}}
                     for x in lines] or [{}]
        return in_effect and any(all(v & {**here, **line}.get(f, set()) for f, v in scope.items()) for line in each)

    def plan(self, s: Any, lines: list[Any]) -> tuple[Any, Any]:
        """D1.6, D1.7, D3.3-D3.6, D4.7: what each line draws, or took all the same; what the nearest licence lacks."""
        draws, lacks, known = dict[int, Draw](), set[Any](), self.known["licence"]
        there = {no: lic for no, lic in known.items() if lic["status"] != "DRAFT"}
        over = {old for lic in there.values() if lic["valid_from"] <= s.days[0] for old in lic.get("supersedes", ())}
        for x in lines:
            s.took |= {x.line_no: x} if s.departure else {}
            held, reserved = s.draws.get(x.line_no), x.order.draws.get(x.order_line) if x.order else None
            if not x.codes or (s.kind == "order" and not self.rest(s, x, s, {})[0]):  # nothing to ask, or to reserve
                draws |= {x.line_no: held._replace(x=x)} if held and (x.codes or s.departure) else {}
                stay = [r for r in s.reasons if s.departure and held and x.line_no not in s.fit and r[0] in SEVERITY]
                lacks |= {r for r in stay if r[1:-1] == (x.line_no,) and (r[0] not in HARD or held.at[0] not in r)}
                continue
            named = x.licences | {no for no, lic in there.items() if x.licences & set(lic.get("supersedes", ()))}
            kept, asked = held.at if held and s.departure else None, {*there} & (named or {*there}) - over
            options = [self.option(s, x, lic, of, draws, kept) for lic in known.values() for of in lic["lines"]]
            options = [o for o in options if o.draw.at == kept or (o.draw.at[0] in asked and (named or o.counts))]
            best = min((o for o in options if not o.lacks), default=None, key=lambda o: (
                o.draw.at != (held and held.at), o.draw.at != (reserved and reserved.at), o.order))
            if best:
                draws[x.line_no], lacks = best.draw, lacks | best.anew
                s.fit |= {x.line_no} if s.departure else set()
            else:
                near = sorted(options, key=lambda o: (  # of the most severe reasons the least severe is nearest
                    x.line_no in s.fit and o.draw.at != kept, not o.full, len(o.lacks | o.anew),
                    [-i for i in sorted(SEVERITY.index(r[0]) for r in o.lacks | o.anew)], o.order))
                lacks |= near[0].lacks | near[0].anew if near else {("NO_LICENCE", x.line_no)}
                booked = [held] if held else [o.draw for o in near if not HARD & {r[0] for r in o.lacks}]
                draws |= {x.line_no: booked[0]} if s.departure and booked else {}
        return draws, lacks

    def option(self, s: Any, x: Any, lic: Any, of: Any, draws: Any, kept: Any) -> Option:
        """D3.4, D3.8, D3.9, D4.1, D4.2, D7.2: what keeps `x` from drawing on the licence line `of`."""
        at, days, user = (lic["licence_no"], of["line_no"]), s.days[s.kind == "order":], x.user
        listed = set(of["control_codes"]) if of["control_codes"] or not of["item_nos"] else x.codes
        covers = x.codes & listed if x.item_no in (of["item_nos"] or [x.item_no]) else set()
        status, later = lic["status"], s.departure and instant(lic["authority_time"]) > instant(s.departure)
        late, mine = later and (at == kept or status != "REVOKED"), at == kept and x.line_no in s.fit  # D7.2, D1.7
        full, owned, draw = covers == x.codes, lic["exporter_id"] == x.exporter, Draw(at, x)
        account = self.account(lic, of, s, {**draws, x.line_no: draw})
        granted = Decimal(of["quantity"]["value"]) * (1 + Decimal(of["tolerance_percent"]) / 100)
        wrong = {
            "LICENCE_" + status: status not in ("ACTIVE", "DRAFT") and not late,
            "EXPORTER_MISMATCH": not owned, "ITEM_MISMATCH": not full,
            "END_USER_MISMATCH": user and user.described and not user.ids & set(lic["end_users"]),
            "END_USE_MISMATCH": x.use and x.use not in lic["end_uses"],
            "DESTINATION_MISMATCH": x.destination and x.destination not in lic["destinations"],
            "LICENCE_NOT_YET_VALID": min(days) < lic["valid_from"], "LICENCE_EXPIRED": max(days) > lic["valid_until"],
            "LICENCE_CONSUMED": full and account.lapsed, "QTY_EXCEEDED": full and account.net > granted,
            "USES_EXCEEDED": full and not account.lapsed and lic["max_uses"] and account.used >= lic["max_uses"],
            "VALUE_EXCEEDED": full and account.value > Decimal(of["value"]["amount"])}
        lacks: Any = {(code, x.line_no, lic["licence_no"]) for code, is_so in wrong.items() if is_so}
        lacks |= set() if user and user.described and x.use and x.destination else {("MISSING_DATA",)}
        lacks = {r for r in lacks if r[0] in HARD} if mine else lacks  # D1.7
        anew = {("LICENCE_REVOKED", x.line_no, at[0])} if status == "REVOKED" and (late or mine) else set()
        return Option(draw, covers and owned, full, lacks, anew, (lic["type"] != "GENERAL", lic["valid_until"], *at))

    def account(self, lic: Any, of: Any, s: Any, draws: Any) -> Any:
        """D4.1, D4.2, when `s` draws `draws`: what is reserved or consumed of a licence line, and others' uses."""
        rows = [(t, d.x, d.at) for t in self.subjects.values() for d in (draws if t is s else t.draws).values()]
        here = [(t, x) for t, x, at in rows if at == (lic["licence_no"], of["line_no"])]
        amounts = [self.rest(t, x, s, draws) if t.kind == "order" else (x.net, x.worth) for t, x in here]
        others = [(t, x) for t, x, at in rows if at[0] == lic["licence_no"] and t is not s and t.kind == "shipment"]
        own = {t.id for t, x in others if s and s.kind == "order" and x.order_id == s.id}
        used, left = len({t.id for t, _ in others} - own), len({t.id for t, _ in others if t.departure})
        net, value = sum(a[0] for a in amounts), sum(a[1] for a in amounts)
        return Thing(net=net, value=value, used=used, left=left, gone=sum(x.net for t, x in here if t.departure),
                     lapsed=left > 0 and lic.get("lapses_on_completion", lic["type"] != "GENERAL"))

    def rest(self, order: Any, line: Any, s: Any, draws: Any) -> tuple[Any, Any]:
        """D4.1: what an order line reserves is what was ordered less what shipments, and `s`, hold or have taken."""
        quantity, value = line.net, line.worth
        for t in self.subjects.values():
            for x in [d.x for d in draws.values()] if t is s and not s.departure else t.took.values():
                if (x.order_id, x.order_line) == (order.id, line.line_no) and x.abroad:
                    quantity, value = quantity - x.net, value - x.worth
        return max(quantity, Decimal(0)), max(value, Decimal(0)) if quantity > 0 else Decimal(0)

    def answer(self) -> tuple[Any, ...]:
        """Orders, shipments: state and reasons; licence lines: reserved, consumed, uses, uses reserved, CONSUMED."""
        every, lines = self.subjects.values(), {}
        for lic, of in [(each, of) for each in self.known["licence"].values() for of in each["lines"]]:
            a = self.account(lic, of, None, {})
            lines[lic["licence_no"], of["line_no"]] = a.net - a.gone, a.gone, a.left, a.used - a.left, a.lapsed
        return (*({s.id: (s.state, s.reasons) for s in every if s.kind == k} for k in ("order", "shipment")), lines)
