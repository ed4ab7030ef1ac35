"""What is known of parties, items, controls, lists, statements and notices, and what that says of a line.

The reference model's other half: see model.py, which says what is left out.
"""

# fmt: off
from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
KILOGRAMS = {"KGM": Decimal(1), "TNE": Decimal(1000), "GRM": Decimal("0.001"), "LBR": Decimal("0.45359237")}
KEYS = {"licence": "licence_no", "party": "party_id", "list-entry": "entry_id", "item": "item_no",
        "notice": "notice_id", "control": "control_code", "end-user-statement": "statement_no", "fx-rate": "rate_id"}


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


class Known:
    known: Any
    conflicts: set[str]

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

    def is_one_of(self, ref: Any, ids: list[str]) -> bool:
        """D3.4: the same id; or, given by name alone, a registered name of one of them and no other country."""
        parties = [self.known["party"][p] for p in ids if p in self.known["party"]]
        return ref["party_id"] in ids if ref.get("party_id") else any(
            normal(ref["name"]) in map(normal, [*p["names"], *p["aliases"]])
            and ref.get("country") in (None, p["country"]) for p in parties if ref.get("name"))

    def party(self, ref: Any) -> Any:
        """Who is meant, with every name that it has."""
        ids = [ref["party_id"]] if ref.get("party_id") else [p for p in self.known["party"] if self.is_one_of(ref, [p])]
        found = next((self.known["party"][p] for p in ids if p in self.known["party"]), {"names": [], "aliases": []})
        names = {normal(n) for n in [*found["names"], *found["aliases"], ref.get("name")] if n}
        return {"party_id": None, "types": [], "identifiers": [], "country": None, **found, "all": names}

    def described(self, ref: Any) -> bool:
        return bool(ref) and (bool(ref.get("name")) or ref["party_id"] in self.known["party"])

    def of_facts(self, x: Any, days: list[str], today: str) -> Any:
        """What is absent (D3.12), unclassified, prohibited (also from today on, D1.7), or stated otherwise."""
        user, found = x.parties.get("end_user"), set()
        found |= {("PARTY_REVIEW", role) if role in ("carrier", "broker", "bank") else ("MISSING_DATA",)
                  for role, ref in x.parties.items() if not self.described(ref)}
        if {"importer", "end_user"} - set(x.parties) or not x.destination or (x.codes and not x.use):
            found.add(("MISSING_DATA",))
        classified = x.item and x.item["classification"] in ("CONTROLLED", "NOT_CONTROLLED")
        if not classified or (x.item["classification"] == "CONTROLLED" and not x.item["control_codes"]):
            found.add(("ITEM_UNCLASSIFIED", x.no))
        for c in [c for code, c in self.known["control"].items() if code in x.all and acts(c, [*days, today])]:
            if (c["kind"] == "PROHIBITED" or x.destination in c["prohibited_destinations"]
                    or x.use in c["prohibited_end_uses"]
                    or (user and set(self.party(user)["types"]) & set(c["prohibited_end_user_types"]))):
                found.add(("PROHIBITED", x.no, c["control_code"]))
        for number in x.end_user_statements:
            st = self.known["end-user-statement"].get(number)
            ok = st and st["status"] == "VALID" and x.use in (None, *st["end_uses"]) and max(days) <= st["valid_until"]
            if not ok or (user and not self.is_one_of(user, [st["end_user"]])):
                found.add(("END_USER_STATEMENT_INVALID", number))
        return found

    def of_lists(self, s: Any, x: Any, draw: Any) -> Any:
        """D5.1-D5.3; WATCH_LISTED unless the licence is INDIVIDUAL with both papers on file."""
        found, lic = set(), self.known["licence"][draw.licence] if draw else {"type": ""}
        papers = lic["type"] == "INDIVIDUAL" and lic["risk_report_on_file"] and lic["undertaking_on_file"]
        days, roles = [*self.days(s), self.now.date().isoformat()], dict(x.parties)
        if (s.data or {}).get("forwarder_id"):
            roles["forwarder"] = {"party_id": s.data["forwarder_id"]}
        for e in [e for e in self.known["list-entry"].values() if acts(e, days)]:
            for role, ref in roles.items():
                party = self.party(ref)
                country = ref.get("country") or party["country"]
                known = any(i in party["identifiers"] for i in e["identifiers"])
                if known or party["all"] & {normal(n) for n in [*e["names"], *e["aliases"]]}:
                    doubtful = not known and None not in (country, e["country"]) and country != e["country"]
                    review = doubtful or e["list"] == "INTERNAL" or e["effect"] == "REVIEW" or not x.codes
                    if review or role not in ("importer", "end_user"):
                        found.add(("PARTY_REVIEW", e["entry_id"], role))
                    elif e["list"] == "CONTROL_LIST" or not papers:
                        found.add((e["list"].replace("_LIST", "_LISTED"), e["entry_id"], role))
        return found

    def start(self, notice: Any) -> datetime:
        return instant(notice.get("effective_from") or notice["at"])

    def touches(self, n: Any, s: Any, lines: list[Any], draws: Any) -> list[Any]:
        """D6.1, D6.2: the lines that a notice in effect means; what is no line field may be that of any line."""
        own, scope = s.data or {}, {f: set(v) for f, v in n.get("scope", {}).items() if v}
        if n["lifted"] or not self.start(n) <= self.now or (
                n["effective_until"] and instant(n["effective_until"]) <= self.now):
            return []
        sides = [{"party_id": own[k]} for k in ("exporter_id", "forwarder_id") if own.get(k)]
        refs = [*(ref for x in lines for ref in x.parties.values()), *sides]
        parties = [(ref.get("party_id"), self.party(ref)) for ref in refs] if "parties" in scope else []
        here = {"exporters": {own.get("exporter_id")}, "forwarders": {own.get("forwarder_id")},
                "end_uses": {x.use for x in lines}, "destinations": {x.destination or None for x in lines},
                "shipments": {s.id} if s.kind == "shipment" else set(),
                "parties": {v for v in scope.get("parties", ()) for i, p in parties
                            if v in (i, p["party_id"]) or normal(v) in p["all"]}}
        if any(f in scope and not scope[f] & here[f] for f in here):
            return []
        found = []
        for x in lines:
            item = x.item or {"control_codes": [], "hs_code": ""}
            mine = {"items": {x.item_no}, "orders": {s.id if s.kind == "order" else x.order_id},
                    "licences": {*x.licences, *([draws[x.no].licence] if x.no in draws else [])},
                    "hs_prefixes": {v for v in scope.get("hs_prefixes", ()) if item["hs_code"].startswith(v)},
                    "control_codes": {v for v in scope.get("control_codes", ()) for c in item["control_codes"]
                                      if (c + ".").startswith(v + ".")}}
            found += [] if any(f in scope and not scope[f] & mine[f] for f in mine) else [x]
        return found

    def covers(self, x: Any, of: Any) -> set[str]:
        """D3.4: which codes of the line the licence line covers; an unlisted item counts as the code ''."""
        codes = set(x.codes) or {""}
        if x.item_no not in (of["item_nos"] or [x.item_no]):
            return set()
        return codes & set(of["control_codes"]) if of["control_codes"] else codes if of["item_nos"] else set()
