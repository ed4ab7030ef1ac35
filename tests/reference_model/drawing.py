"""Which licence line a line draws on, what the nearest lacks, and what the licence has left (domain.md §3, §4).

A third of the reference model: see model.py, which says what is left out.
"""

# fmt: off
from __future__ import annotations

from collections import namedtuple
from decimal import Decimal
from typing import Any

from tests.reference_model.known import Known, convert, instant

STATUSES = ["LICENCE_REVOKED", "LICENCE_SUSPENDED", "LICENCE_RETURNED", "LICENCE_CHANGE_PENDING", "LICENCE_CONFLICT"]
FIELDS = ["EXPORTER_MISMATCH", "ITEM_MISMATCH", "END_USER_MISMATCH", "END_USE_MISMATCH", "DESTINATION_MISMATCH",
          "IMPORTER_MISMATCH", "CONSIGNEE_MISMATCH", "TRANSIT_PROHIBITED"]
DATES, USES = ["LICENCE_NOT_YET_VALID", "LICENCE_EXPIRED"], ["LICENCE_CONSUMED", "USES_EXCEEDED"]
ROOM = ["QTY_EXCEEDED", "VALUE_EXCEEDED"]
FACTS = ["MISSING_DATA", "MISSING_NET", "UNIT_NOT_CONVERTIBLE", "FX_UNAVAILABLE"]
SEVERITY = [*STATUSES, "NO_LICENCE", *FIELDS, *DATES, *USES, *ROOM, *FACTS]  # §2, what a licence may lack
Draw = namedtuple("Draw", "licence line quantity value scale rate source")  # source: the line that draws
Option = namedtuple("Option", "lic of full lacks draw order")  # one licence line for one line; order: D3.5


def at(held: Draw | None, lic: Any, of: Any) -> bool:
    return held is not None and (held.licence, held.line) == (lic["licence_no"], of["line_no"])


class Drawing(Known):
    subjects: list[Any]

    def superseded(self, on: str) -> set[str]:
        there = [lic for lic in self.known["licence"].values() if lic["status"] != "DRAFT" and lic["valid_from"] <= on]
        return {old for lic in there for old in lic.get("supersedes", ())}

    def candidates(self, s: Any, x: Any, preferred: Any) -> list[tuple[Any, Any]]:
        """D3.3; for a line that needs none, the licences that answer a notice about it (D6.6)."""
        there, on = {no: lic for no, lic in self.known["licence"].items() if lic["status"] != "DRAFT"}, self.days(s)[0]
        names, wider = set(), set(x.licences)
        while names != wider:
            names, wider = wider, wider | {no for no, lic in there.items() if wider & set(lic.get("supersedes", ()))}
        over = self.superseded(on)
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
            if (s.kind == "order" and self.rest(s, x.no, s, {})[0] == 0) or (
                    s.departure and ((fitted and not (held and mine)) or (held and not x.codes))):
                draws |= {x.no: held} if held else {}  # nothing left to reserve; or nothing to ask any more
                continue
            options += [o for o in mine if not any(at(held, *other[:2]) for other in options)]
            best = min((o for o in options if not o.lacks), default=None, key=lambda o: (
                o.lic["licence_no"] not in preferred, not at(held, *o[:2]), not at(reserved, *o[:2]), o.order))
            if mine and fitted:
                bigger = mine[0].draw and (mine[0].draw.quantity > held.quantity or mine[0].draw.value > held.value)
                ask = {*FIELDS, *FACTS, "LICENCE_REVOKED", *(ROOM if bigger else [])}
                bad = {r for r in mine[0].lacks if r[0] in ask}
                answers = best is not None and best.lic["licence_no"] in preferred
                if not answers and (best is None or {r[0] for r in bad} <= {"LICENCE_REVOKED"}):
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
        pairs = zip(s.promised.get(x.no, (None, None)), self.promise(x), strict=True)
        return {(code, x.no) for code, (old, new) in zip(("END_USE_CHANGED", "END_USER_CHANGED"), pairs, strict=True)
                if old and new and old != new}

    def promise(self, line: Any) -> Any:
        """The end use and the end user for which it was released; None: not told."""
        ref = line.parties.get("end_user") or {}
        return line.use, self.party(ref)["party_id"] or ref.get("name")

    def option(self, s: Any, x: Any, lic: Any, of: Any, draws: Any) -> Option:
        """D3.4, D3.8-D3.10, D4.1, D4.2: what keeps `x` from drawing on the licence line `of`."""
        number, full = lic["licence_no"], self.covers(x, of) == (set(x.codes) or {""})
        days = self.days(s)[s.kind == "order":]
        late = s.departure and instant(lic["authority_time"]) > instant(s.departure["occurred_at"])  # D7.2
        user, importer, consignee = (x.parties.get(role) for role in ("end_user", "importer", "consignee"))
        roles = [("END_USER", user, lic["end_users"])] + [(c, r, ids) for c, r, ids in (
            ("IMPORTER", importer, lic["importers"]), ("CONSIGNEE", consignee, lic["consignees"])) if ids]
        wrong = {
            "LICENCE_" + lic["status"]: lic["status"] not in ("ACTIVE", "DRAFT", None if not late else lic["status"]),
            "LICENCE_REVOKED": lic["status"] == "REVOKED",
            "EXPORTER_MISMATCH": lic["exporter_id"] != x.exporter, "ITEM_MISMATCH": not full,
            "END_USE_MISMATCH": x.use and x.use not in lic["end_uses"],
            "DESTINATION_MISMATCH": x.destination and x.destination not in lic["destinations"],
            "TRANSIT_PROHIBITED": set(x.transit) & set(lic["prohibited_transit"]),
            "LICENCE_NOT_YET_VALID": min(days) < lic["valid_from"], "LICENCE_EXPIRED": max(days) > lic["valid_until"],
            **{c + "_MISMATCH": self.described(ref) and not self.is_one_of(ref, ids) for c, ref, ids in roles}}
        missing = [c for c, ref, _ in roles if not self.described(ref)]
        missing += [f for f in ("use", "destination") if not getattr(x, f)]
        scale = x.net and convert({"value": "1", "unit": x.net["unit"]}, of["quantity"]["unit"], x.item)
        rate, lapses = self.rate(s, x, lic, of, max(days)), lic.get("lapses_on_completion", lic["type"] != "GENERAL")
        amounts = Decimal(x.net["value"]) * scale if scale else Decimal(0), Decimal(x.value["amount"]) * (rate or 0)
        draw = Draw(number, of["line_no"], *amounts, scale or Decimal(0), rate or Decimal(0), x)
        if full:
            quantity, value = self.total(number, of["line_no"], s, {**draws, x.no: draw})
            granted = Decimal(of["quantity"]["value"]) * (1 + Decimal(of["tolerance_percent"]) / 100)
            used, done = self.uses(number, s)
            wrong |= {
                "LICENCE_CONSUMED": lapses and done, "QTY_EXCEEDED": scale and quantity > granted,
                "USES_EXCEEDED": not (lapses and done) and lic["max_uses"] is not None and used >= lic["max_uses"],
                "VALUE_EXCEEDED": rate and value > Decimal(of["value"]["amount"])}
        lacks = {(code, x.no, number) for code, is_so in wrong.items() if is_so}
        lacks |= {("MISSING_DATA", name) for name in missing}
        lacks |= {("LICENCE_CONFLICT", number)} if number in self.conflicts and not late else set()
        lacks |= {(code, x.no) for code, is_so in (("MISSING_NET", not x.net), ("FX_UNAVAILABLE", not rate),
                                                   ("UNIT_NOT_CONVERTIBLE", x.net and not scale)) if is_so and full}
        order = lic["type"] != "GENERAL", lic["valid_until"], number, of["line_no"]
        return Option(lic, of, full, lacks, draw if scale and rate else None, order)

    def rate(self, s: Any, x: Any, lic: Any, of: Any, on: str) -> Decimal | None:
        """D3.10: fixed when reserved, and again at departure."""
        pair, held = (x.value["currency"], of["value"]["currency"]), s.draws.get(x.no)
        if pair[0] == pair[1]:
            return Decimal(1)
        rates = [r for r in self.known["fx-rate"].values() if r["as_of"] <= on and (r["base"], r["quote"]) == pair]
        again = s.departure and s.open is None and rates
        if at(held, lic, of) and held.source.value["currency"] == pair[0] and not again:
            return held.rate
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
            asking = self.lines(s) if t is s and s.departure else [d.source for d in draws.values()]
            for x in asking if t is s else t.took.values():
                if x.key == (order.id, no) and x.abroad:
                    taken = convert(x.net, line["quantity"]["unit"], x.item)
                    quantity -= quantity if taken is None else taken
                    same = x.value["currency"] == line["value"]["currency"]
                    value -= Decimal(x.value["amount"]) if same else worth * (taken or 0) / ordered
        return max(quantity, Decimal(0)), max(value, Decimal(0)) if quantity > 0 else Decimal(0)

    def uses(self, licence: str, s: Any) -> tuple[int, int]:
        """Uses that others hold or took (of an order: others than its shipments, D4.1); those that are exports."""
        others = [t for t in self.subjects if t is not s and t.kind == "shipment"]
        drawing = [(t, d) for t in others for d in t.draws.values() if d.licence == licence]
        own = {t.id for t, d in drawing if s and s.kind == "order" and d.source.order_id == s.id}
        exports = {t.id for t, _ in drawing if t.departure or t.closed == "RETURNED"}
        return len({t.id for t, _ in drawing} - own), len(exports)
