"""As-of questions: what was known of an order or shipment at an instant, and what was decided on it (design.md §4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.families import FamilySum
from services.gatekeeper.domain.holds import place_holds
from services.gatekeeper.domain.quantity import show, show_money
from services.gatekeeper.domain.workspace import Decision
from services.gatekeeper.pipeline.wire_out import hold_view
from services.gatekeeper.store.codec import dump
from services.gatekeeper.store.decisions import StoredDecision, decision_in_force
from services.gatekeeper.store.rules_then import versions_read
from services.kit.postgres import Connection

Shown = dict[str, Any]


async def known_at(connection: Connection, owner: str, owner_id: str, at: datetime | None) -> Shown:
    """The decision in force at `at` (None: now) with everything that it was decided on; `known` False: there was none.

    `fault`: the record can't be trusted, or not be read at all; a replay says more.
    """
    stored = await decision_in_force(connection, owner, owner_id, at)
    asked = {"owner": owner, "id": owner_id, "at": None if at is None else at.isoformat(), "known": stored is not None}
    if stored is None:
        return asked
    decision = stored.decision
    rest = {} if decision is None else await _decided(connection, decision)
    return {**asked, **_record(stored), **rest}


def _record(stored: StoredDecision) -> Shown:
    return {
        "decision": stored.seq,
        "decided_at": stored.as_of.isoformat(),
        "engine_version": stored.engine_version,
        "rules_version": stored.rules_version,
        "output_hash": stored.output_hash.hex(),
        "fault": stored.fault,
    }


async def _decided(connection: Connection, decision: Decision) -> Shown:
    seen, verdict = decision.seen, decision.verdict
    holds = place_holds(decision.owner, decision.owner_id, verdict.findings, seen.subject.holds, seen.as_of)
    facts = seen.subject.facts
    rows = await versions_read(connection, decision.read, decision.rules_version)
    return {
        "policy_version": decision.policy_version,
        "cause": _cause(decision.cause),
        "event_hash": decision.event_hash,
        "failure": None if decision.failure is None else f"{decision.failure.rule}: {decision.failure.error}",
        "previous": decision.previous,
        "state": verdict.state,
        "holds": [hold_view(hold) for hold in holds],
        "draws": [_draw(draw) for draw in verdict.draws],
        "facts_version": None if facts is None else facts.version,
        "facts": _facts(facts),
        "orders": [
            {"order_id": order.order_id, "state": order.state.value, "cancelled": order.cancelled}
            | {"facts_version": None if order.facts is None else order.facts.version, "facts": _facts(order.facts)}
            for order in seen.orders
        ],
        "balances": [_balance(account) for account in seen.accounts],
        "families": [_family(one) for one in seen.families],
        "references": list(_references(decision, rows)),
    }


def _cause(cause: str) -> Shown:
    """The record that was decided on, or the task, date or person."""
    parts = cause.rsplit("/", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        return {"topic": parts[0], "partition": int(parts[1]), "offset": int(parts[2])}
    return {"task": cause}


def _facts(facts: ShipmentFacts | OrderFacts | None) -> Any:
    return None if facts is None else json.loads(dump(facts))


def _draw(draw: Draw) -> Shown:
    return {
        "line_no": draw.line_no,
        "licence_no": draw.licence_no,
        "licence_line": draw.licence_line,
        "quantity": show(draw.quantity),
        "value": show_money(draw.value),
        "balance": draw.balance.value,
        "rate_id": draw.rate_id,
        "day": None if draw.day is None else draw.day.isoformat(),
    }


def _balance(account: LicenceAccount) -> Shown:
    """As it was before the decision; what the order or shipment itself stood with is counted in."""
    return {
        "licence_no": account.licence_no,
        "uses": account.uses,
        "uses_reserved": account.uses_reserved,
        "lines": [_line(line) for _, line in sorted(account.lines.items())],
    }


def _line(line: LineBalance) -> Shown:
    amounts = ("reserved", "consumed", "value_reserved", "value_consumed")
    sums = {name: f"{getattr(line, name):f}" for name in amounts}
    return {"line_no": line.line_no, "unit": line.unit, "currency": line.currency, **sums}


def _family(one: FamilySum) -> Shown:
    """What the other shipments counted for; `quantity` None: nobody had said how much that was."""
    return {
        "family": one.family,
        "end_user": one.end_user,
        "day": one.day.isoformat(),
        "item_no": one.item_no,
        "quantity": None if one.quantity is None else show(one.quantity),
        "later": one.later,
    }


def _references(decision: Decision, rows: Iterable[Mapping[str, Any]]) -> Iterable[Shown]:
    """Each reference that was read, in the version of then; `body` None: that version is stored no more."""
    found = {(row["kind"], row["key"]): row for row in rows}
    for kind, key, version in decision.read:
        row = found.get((kind.value, key))
        known = row is not None and row["version"] == version
        body = json.loads(row["body"]) if row is not None and known else None
        yield {"kind": kind.value, "key": key, "version": version, "body": body}
