"""Cases that nobody would generate: events that contradict themselves, and what senders get wrong in earnest."""

from __future__ import annotations

import json
from collections.abc import Iterator

from schemas.topics import topic_of
from tests.corpus.cases import (
    ABSENT,
    CONTROL,
    ENTRY,
    ITEM,
    LICENCE,
    MILESTONE,
    NOTICE,
    ORDER,
    RATE,
    SHIPMENT,
    Case,
    case,
    name_of,
    sound,
    to_bytes,
)  # fmt: skip


def handmade() -> Iterator[Case]:
    """Every case, always in the same order."""
    yield from _foreign()
    yield from _contradictions()
    yield from _odd_shapes()


def _foreign() -> Iterator[Case]:
    """A type on the topic of another."""
    for suffix, other in (
        (ORDER, SHIPMENT),
        (SHIPMENT, ORDER),
        (NOTICE, SHIPMENT),
        (LICENCE, ORDER),
        (MILESTONE, NOTICE),
    ):
        topic = topic_of(other).name
        yield case("the topic", suffix, f"on {topic}", "ce_type", topic=topic)
    for suffix, other in ((ENTRY, LICENCE), (LICENCE, ENTRY), (ORDER, LICENCE), (ITEM, NOTICE)):
        topic = topic_of(other).name
        yield case("the topic", suffix, f"on {topic}", "ce_type", topic=topic)


def _contradictions() -> Iterator[Case]:
    """Each value is sound, but not beside the others."""
    kind = "a contradiction"
    net = {"value": "1", "unit": "KGM"}
    twice = [{"line_no": 1, "item_no": "x", "net_quantity": net}] * 2
    yield case(kind, SHIPMENT, "two lines of one number", "lines", data={"lines": twice})
    yield case(kind, ORDER, "two lines of one number", "lines", data={"lines": twice})
    yield case(kind, "shipment.corrected.v1", "two lines of one number", "lines", data={"lines": twice})
    yield case(kind, "shipment.corrected.v1", "lines of what did not occur", "lines", data={"reason": "DID_NOT_OCCUR"})
    itself = name_of("shipment.corrected.v1", "of itself")
    yield case(kind, "shipment.corrected.v1", "of itself", "corrects_event_id", data={"corrects_event_id": itself})
    inverted = [{"from": "2026-06-30", "until": "2026-04-01"}]
    for suffix in (ENTRY, CONTROL):
        yield case(kind, suffix, "a window that ends first", "suspensions.0.until", data={"suspensions": inverted})
        ends = {"effective_from": "2026-03-02", "effective_until": "2026-03-01"}
        yield case(kind, suffix, "that ends before it begins", "effective_until", data=ends)
    ends = {"valid_from": "2026-08-31", "valid_until": "2026-03-01"}
    yield case(kind, LICENCE, "that ends before it begins", "valid_until", data=ends)
    name = name_of(LICENCE, "that supersedes itself")
    yield case(kind, LICENCE, "that supersedes itself", "supersedes", data={"supersedes": ["L0", name]})
    limit = [{"line_no": 9, "quantity": net, "period": "DAY"}]
    yield case(kind, LICENCE, "a limit of a line it doesn't have", "period_limits", data={"period_limits": limit})
    line = {**sound(LICENCE, "x")["lines"][0]}
    yield case(kind, LICENCE, "two lines of one number", "lines", data={"lines": [line, line]})
    ends = {"effective_from": "2026-03-05T00:00:00+08:00", "effective_until": "2026-03-05T00:00:00+08:00"}
    yield case(kind, NOTICE, "that ends when it begins", "effective_until", data=ends)
    for what, scope in {
        "empty": {},
        "of empty lists": {"parties": [], "items": []},
        "misspelt": {"party": ["x"]},
    }.items():
        yield case(kind, NOTICE, f"a scope {what}", "scope", data={"scope": scope})
    factor = {"unit": "C62", "equals": net}
    yield case(kind, ITEM, "two factors of one pair", "unit_factors", data={"unit_factors": [factor, factor]})
    factors = [{"unit": "KGM", "equals": {"value": "2", "unit": "KGM"}}]
    yield case(kind, ITEM, "a factor to itself", "unit_factors.0.equals", data={"unit_factors": factors})
    yield case(kind, RATE, "a currency in itself", "quote", data={"base": "USD", "quote": "USD"})
    yield case(
        kind,
        "party.upserted.v1",
        "owned to 101 percent",
        "owners.0.percent",
        data={"owners": [{"party_id": "x", "percent": "101"}]},
    )
    for suffix in (SHIPMENT, LICENCE, NOTICE):
        what = "version given twice"
        whole = to_bytes(sound(suffix, name_of(suffix, what)))
        yield case(kind, suffix, what, "version", value=whole[:-1] + b', "version": 9}')
    what = "a quantity given twice"
    whole = to_bytes(sound(SHIPMENT, name_of(SHIPMENT, what))).replace(
        b'"net_quantity": {', b'"net_quantity": {"value": "1", ', 1
    )
    yield case(kind, SHIPMENT, what, "value", value=whole)


def _odd_shapes() -> Iterator[Case]:
    """What senders get wrong in earnest."""
    kind = "a shape"
    for role in ("importer", "consignee", "end_user", "carrier"):
        yield case(
            kind,
            SHIPMENT,
            f"{role} without id and name",
            f"parties.{role}",
            data={f"parties.{role}": {"country": "DE"}},
        )
        yield case(
            kind, SHIPMENT, f"{role} with an empty name", f"parties.{role}.name", data={f"parties.{role}": {"name": ""}}
        )
        yield case(kind, SHIPMENT, f"{role} a text", f"parties.{role}", data={f"parties.{role}": "ALPHA"})
    for path in ("licences", "transit", "end_user_statements", "lines", "references"):
        yield case(kind, SHIPMENT, f"{path} a list in a list", f"{path}.0", data={path: [["x"]]})
        yield case(kind, SHIPMENT, f"{path} by number", path, data={path: {"0": "x"}})
    for path in ("licences", "transit", "lines"):
        yield case(kind, SHIPMENT, f"{path} with null in it", f"{path}.0", data={path: [None]})
    yield case(kind, SHIPMENT, "a line without an item", "lines.0.item_no", data={"lines": [{"line_no": 1}]})
    yield case(kind, SHIPMENT, "a line without a number", "lines.0.line_no", data={"lines": [{"item_no": "x"}]})
    for unit in ("", "KILOGRAMMES " * 4, "K\nM", 5):
        net = {"value": "1", "unit": unit}
        line = {"line_no": 1, "item_no": "x", "net_quantity": net}
        yield case(kind, SHIPMENT, f"the unit {unit!r:.12}", "lines.0.net_quantity.unit", data={"lines": [line]})
    yield case(kind, NOTICE, "a text in one language", "text.en", data={"text": {"zh": "停"}})
    yield case(kind, NOTICE, "a text of no languages", "text", data={"text": "stop"})
    yield case(kind, NOTICE, "an end left out", "effective_until", data={"effective_until": ABSENT})
    yield case(kind, LICENCE, "uses left out", "max_uses", data={"max_uses": ABSENT})
    yield case(kind, LICENCE, "a status that is derived", "status", data={"status": "EXPIRED"})
    yield case(
        kind, LICENCE, "a tolerance below zero", "lines.0.tolerance_percent", data={"lines.0.tolerance_percent": "-1"}
    )
    yield case(
        kind, ORDER, "a tolerance below zero", "delivery_tolerance_percent", data={"delivery_tolerance_percent": "-1"}
    )
    yield case(
        kind, MILESTONE, "occurred in the year 9999", "occurred_at", data={"occurred_at": "9999-12-31T00:00:00Z"}
    )
    wrapped = json.dumps({"payload": sound(SHIPMENT, "x")}).encode()
    yield case(kind, SHIPMENT, "inside something else", "shipment_id", value=wrapped)
