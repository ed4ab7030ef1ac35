"""Orders and shipments: what was said of each last, what its row says, its state, and how sweeps and dates find it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.facts import ShipmentFacts
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import OrderState, Place, ShipmentState
from services.gatekeeper.store.term_keys import term_keys
from services.kit.partitioning import lane_of
from tests.checking.stored import Owner, Stored

STATE_TYPES = ("shipment.", "order.")
WITHOUT_LINES = ("exporter", "forwarder")
"""Terms of facts that have no lines yet."""


def sequences(stored: Stored) -> Iterator[str]:
    """Events about one shipment or order count 1, 2, 3 …, and the last says what is stored."""
    last: dict[Owner, dict[str, Any]] = {}
    for row in stored.outbox:
        if not row["type"].startswith(STATE_TYPES):
            continue
        owner, data = (row["type"].split(".")[0], row["key"]), json.loads(row["value"])
        expected = last[owner]["sequence"] + 1 if owner in last else 1
        if data["sequence"] != expected:
            yield f"{' '.join(owner)}: sequence {data['sequence']} where {expected} is next"
        if row["type"] != f"{owner[0]}.{data['state'].lower()}.v1":
            yield f"{' '.join(owner)}: type {row['type']} with state {data['state']}"
        last[owner] = data
    for owner, body in stored.bodies.items():
        if body.sequence or owner in last:
            yield from _last_word(owner, body, last.pop(owner, None))
    yield from (f"{' '.join(owner)}: events without a row" for owner in last if owner not in stored.bodies)


def _last_word(owner: Owner, body: Shipment | Order, said: Mapping[str, Any] | None) -> Iterator[str]:
    name = " ".join(owner)
    if said is None:
        yield f"{name}: sequence {body.sequence} and no event"
        return
    if said["sequence"] != body.sequence:
        yield f"{name}: sequence {body.sequence} is stored, {said['sequence']} was said last"
    if said["state"] != body.state.value:
        yield f"{name}: {body.state} is stored, {said['state']} was said last"
    told, kept = {hold["hold_id"] for hold in said["holds"]}, {hold.hold_id for hold in body.holds}
    if told != kept:
        reasons = {hold.hold_id: hold.reason.value for hold in body.holds}
        untold = [reasons[key] for key in kept - told]
        gone = [hold["reason"] for hold in said["holds"] if hold["hold_id"] not in kept]
        yield f"{name}: holds {untold} are stored and were not said; {gone} were said last and are not stored"


def rows_and_bodies(stored: Stored) -> Iterator[str]:
    """The columns of a row say what its body says."""
    for (owner, owner_id), body in stored.bodies.items():
        row = (stored.shipments if owner == "shipment" else stored.orders)[owner_id]
        known = body.facts.exporter_id if body.facts else None
        expected = {
            "lane": lane_of(owner_id, stored.partitions),
            "arrival": body.arrival,
            "state": body.state.value,
            "sequence": body.sequence,
            "exporter_id": known,
            "rules_version": body.rules_version,
        }
        if isinstance(body, Shipment):
            expected["forwarder_id"] = body.facts.forwarder_id if body.facts else None
            expected["recheck_at"] = body.recheck_at
        for column, value in expected.items():
            if row[column] != value:
                yield f"{owner} {owner_id}: {column} is {row[column]}, its body says {value}"
    arrivals = Counter((owner, body.arrival) for (owner, _), body in stored.bodies.items())
    yield from (f"{owner}s: arrival {number} is given twice" for (owner, number), n in arrivals.items() if n > 1)


_WHERE = {
    Place.BEFORE_DEPARTURE: ShipmentState.HELD,
    Place.UNDER_WAY: ShipmentState.INTERCEPT,
    Place.DELIVERED: ShipmentState.INCIDENT,
    Place.CLOSED: ShipmentState.CLOSED,
}


def states(stored: Stored) -> Iterator[str]:
    """D1.5, and that what holds for an unreadable event is still in quarantine."""
    still_open = {str(row["quarantine_id"]) for row in stored.rows["quarantine"] if row["status"] == "OPEN"}
    for (owner, owner_id), body in stored.bodies.items():
        if isinstance(body, Shipment) and body.sequence:
            closed = body.progress.place is Place.CLOSED
            held = _WHERE[body.progress.place]
            due = held if body.holds or closed else ShipmentState.RELEASED
            if body.state is not due:
                yield f"shipment {owner_id}: {body.state} with {len(body.holds)} holds, {body.progress.place}"
        if isinstance(body, Order) and body.sequence and (body.state is OrderState.HELD) != bool(body.holds):
            yield f"order {owner_id}: {body.state} with {len(body.holds)} holds"
        for standing in body.standing:
            if standing.finding.reason.value == "EVENT_UNREADABLE" and standing.key not in still_open:
                yield f"{owner} {owner_id}: held for {standing.key}, which is not open in quarantine"
    rows = {(row["owner"], row["owner_id"], row["hold_id"], row["reason"]) for row in stored.rows["holds"]}
    kept = {(*owner, hold.hold_id, hold.reason.value) for owner, body in stored.bodies.items() for hold in body.holds}
    yield from (f"{' '.join(hold)}: an open hold that its owner does not have" for hold in sorted(rows - kept))
    yield from (f"{' '.join(hold)}: a hold that is missing among the open ones" for hold in sorted(kept - rows))


def selection(stored: Stored) -> Iterator[str]:
    """Timers say what the bodies say; terms stand for exactly what is open, and name what its facts name."""
    timers = {(row["owner"], row["owner_id"]): (row["lane"], row["due_at"]) for row in stored.rows["timers"]}
    terms = {(row["owner"], row["owner_id"]): row for row in stored.rows["terms"]}
    for owner, body in stored.bodies.items():
        name, lane = " ".join(owner), lane_of(owner[1], stored.partitions)
        timer = timers.pop(owner, None)
        if timer != (None if body.recheck_at is None else (lane, body.recheck_at)):
            yield f"{name}: its timer is {timer}, its body says {body.recheck_at}"
        yield from _terms(name, lane, body, terms.pop(owner, None))
    yield from (f"{' '.join(owner)}: a timer of nobody" for owner in timers)
    yield from (f"{' '.join(owner)}: scope terms of nobody" for owner in terms)


def _terms(name: str, lane: int, body: Shipment | Order, row: Any) -> Iterator[str]:
    is_open = body.state.value != "CLOSED"
    if row is None:
        if is_open and body.sequence:
            yield f"{name}: open, and no sweep can find it: its scope terms are missing"
        return
    if not is_open:
        yield f"{name}: its scope terms are {row['terms']}, though it is CLOSED"
    due, kept = set(term_keys(_named(name, body))), set(row["terms"])
    if not due <= kept:
        yield f"{name}: its scope terms are {row['terms']}, without {sorted(due - kept)}"
    elif (row["lane"], row["arrival"]) != (lane, body.arrival):
        yield f"{name}: its scope terms lie in lane {row['lane']} with arrival {row['arrival']}"


def _named(name: str, body: Shipment | Order) -> frozenset[str]:
    """The least that notices, lists and rule changes must find it by: itself, and all that its own facts name.

    Of what no rule could judge only itself: it is held whatever comes.
    """
    named = {name.replace(" ", ":", 1), "open"}
    failed = any(hold.reason is Reason.ENGINE_ERROR for hold in body.holds)
    facts = body.facts
    if not body.sequence or facts is None or failed:
        return frozenset(named)
    given = [("exporter", facts.exporter_id), ("dest", facts.destination)]
    given += [("enduse", facts.end_use.code if facts.end_use is not None else None)]
    given += [("party", ref.party_id) for ref in facts.parties.values()]
    given += [("licence", number) for number in facts.licences]
    given += [("licence", draw.licence_no) for draw in body.draws if draw.quantity.value]
    given += [("statement", number) for number in facts.end_user_statements]
    given += [("item", line.item_no) for line in facts.lines]
    given += [("fx", line.value.currency) for line in facts.lines if line.value is not None]
    if isinstance(facts, ShipmentFacts):
        given += [("forwarder", facts.forwarder_id), *(("order", line.order_id) for line in facts.lines)]
    named |= {f"{kind}:{value}" for kind, value in given if value and (facts.lines or kind in WITHOUT_LINES)}
    return frozenset(named)
