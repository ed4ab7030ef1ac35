"""What is so: for each expectation the same kind of thing, complete, whatever was asked (scenarios.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.topics import TYPE_PREFIX
from services.gatekeeper.api.licences import balance_view
from services.gatekeeper.api.notice_views import status_of
from services.gatekeeper.domain.aggregates import Hold, Order, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.quantity import EXACT, Quantity, show
from services.gatekeeper.pipeline.replay import replayed
from services.gatekeeper.pipeline.wire_out import directives
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.decisions import Selection
from services.gatekeeper.store.keys import Visibility
from services.gatekeeper.store.licences_read import read_licence
from services.gatekeeper.store.notices_read import read_notice
from services.kit.postgres import Connection
from services.local.scenarios.compare import includes
from services.local.scenarios.expectations import ANSWER
from services.local.scenarios.model import Expectation

UNKNOWN = "UNKNOWN"
BALANCES = ("reserved", "consumed", "free")
Actual = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Present:
    """Where an actual is read: a connection, the virtual time, and the answer to the step's call."""

    connection: Connection
    at: datetime
    partitions: int
    answer: tuple[int, Any] | None


async def read_actual(present: Present, expectation: Expectation) -> Actual:
    """The complete counterpart of `expectation`."""
    return await _READERS[expectation.form](present, expectation.given)


async def read_owner(connection: Connection, owner: str, owner_id: str) -> Shipment | Order | None:
    """A shipment or an order that something was decided about; one that is known by name only is unknown."""
    table = "shipment" if owner == "shipment" else "trade_order"
    body = await connection.fetchval(f"SELECT body FROM {table} WHERE {owner}_id = $1 AND sequence > 0", owner_id)
    kind: type[Shipment | Order] = Shipment if owner == "shipment" else Order
    return None if body is None else load(kind, body)


def holds_of(known: Shipment | Order | None, reason: str) -> list[Hold]:
    """The open holds of `known` with this reason, by subject."""
    holds = known.holds if known is not None else ()
    return sorted((hold for hold in holds if hold.reason.value == reason), key=_by_subject)


def _by_subject(hold: Hold) -> tuple[int, list[tuple[str, str]]]:
    subject = dict(hold.subject)
    line_no = subject.get("line_no", 0)
    rest = sorted((key, str(value)) for key, value in subject.items() if key != "line_no")
    return (line_no if isinstance(line_no, int) else 0), rest


def _reasons(known: Shipment | Order | None) -> list[str]:
    """Every reason once, most severe first."""
    return list(dict.fromkeys(hold.reason.value for hold in known.holds)) if known is not None else []


async def _shipment(present: Present, given: Mapping[str, Any]) -> Actual:
    known = await read_owner(present.connection, "shipment", given["shipment"])
    state = known.state.value if known is not None else UNKNOWN
    reasons = _reasons(known)
    return {"shipment": given["shipment"], "state": state, "reasons": reasons, "directives": directives(state)}


async def _order(present: Present, given: Mapping[str, Any]) -> Actual:
    known = await read_owner(present.connection, "order", given["order"])
    state = known.state.value if known is not None else UNKNOWN
    return {"order": given["order"], "state": state, "reasons": _reasons(known)}


async def _licence(present: Present, given: Mapping[str, Any]) -> Actual:
    """One line's balances, or those of the whole licence when no line is named and all its lines have one unit."""
    licence_no, line_no = given["licence"], given.get("line")
    named = {"licence": licence_no, **({"line": line_no} if line_no is not None else {})}
    stored = await read_licence(present.connection, licence_no, Visibility.everything())
    if stored is None:
        return {**named, "status": None}
    view = balance_view(stored, shanghai_day(present.at))
    lines = [line for line in view["lines"] if line_no in (None, line["line_no"])]
    values = [line["value"] for line in lines]
    return {
        **named,
        "status": view["status"],
        **{name: _sum([(line[name], line["unit"]) for line in lines]) for name in BALANCES},
        **{f"value_{name}": _sum([(value[name], value["currency"]) for value in values]) for name in BALANCES},
        "uses": view["uses"],
        "uses_reserved": view["uses_reserved"],
    }


def _sum(amounts: list[tuple[str, str]]) -> str | None:
    """The sum of amounts in one unit; None of none, or of several units."""
    units = {unit for _, unit in amounts}
    if len(units) != 1:
        return None
    total = Decimal(0)
    for value, _ in amounts:
        total = EXACT.add(total, Decimal(value))
    return show(Quantity(total, units.pop()))


async def _notice(present: Present, given: Mapping[str, Any]) -> Actual:
    stored = await read_notice(present.connection, given["notice"], Visibility.everything())
    status = None if stored is None else status_of(stored, present.at, present.partitions)[0].value
    return {"notice": given["notice"], "status": status}


async def _violations(present: Present, given: Mapping[str, Any]) -> Actual:
    [(owner, owner_id)] = _about(given["violations"])
    rows = await present.connection.fetch(
        f"SELECT DISTINCT kind FROM violation WHERE {owner}_{'no' if owner == 'licence' else 'id'} = $1 ORDER BY kind",
        owner_id,
    )
    return {"violations": {owner: owner_id, "kinds": [row["kind"] for row in rows]}}


async def _alerts(present: Present, given: Mapping[str, Any]) -> Actual:
    [(owner, owner_id)] = _about(given["alerts"])
    rows = await present.connection.fetch(
        "SELECT DISTINCT kind FROM alert WHERE subject_kind = $1 AND subject = $2 ORDER BY kind", owner, owner_id
    )
    return {"alerts": {owner: owner_id, "kinds": [row["kind"] for row in rows]}}


async def _emitted(present: Present, given: Mapping[str, Any]) -> Actual:
    """State events in the outbox; a violation about the shipment is none."""
    shipment_id = given["emitted"]["shipment"]
    count = await present.connection.fetchval(
        "SELECT count(*) FROM outbox WHERE key = $1 AND (type LIKE $2 || 'shipment.%' OR type LIKE 'shipment.%')",
        shipment_id,
        TYPE_PREFIX,
    )
    return {"emitted": {"shipment": shipment_id, "count": count}}


async def _hold(present: Present, given: Mapping[str, Any]) -> Actual:
    """Of several holds with this reason the one whose detail is as expected, else the first by subject."""
    reason = given["hold"]["reason"]
    [(owner, owner_id)] = _about({key: value for key, value in given["hold"].items() if key != "reason"})
    holds = holds_of(await read_owner(present.connection, owner, owner_id), reason)
    wanted = given.get("detail_includes", {})
    fitting = [hold for hold in holds if includes(dict(hold.detail), wanted)]
    chosen = next(iter([*fitting, *holds]), None)
    found = {owner: owner_id, "reason": chosen.reason.value if chosen else None}
    return {"hold": found, "detail": dict(chosen.detail) if chosen else None}


async def _decision(present: Present, given: Mapping[str, Any]) -> Actual:
    """Whether every decision that was made about it so far comes out equal; None: there is none."""
    [(owner, owner_id)] = _about(given["decision"])
    equal = [not one.differences async for one in replayed(present.connection, Selection(owner, owner_id))]
    return {"decision": {owner: owner_id}, "equals_replay": all(equal) if equal else None}


async def _answer(present: Present, given: Mapping[str, Any]) -> Actual:
    status, body = present.answer if present.answer is not None else (None, None)
    return {"status": status, "body": body}


def _about(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, value) for key, value in given.items() if key not in ("kinds", "count")]


_READERS: Mapping[str, Callable[[Present, Mapping[str, Any]], Awaitable[Actual]]] = {
    "shipment": _shipment,
    "order": _order,
    "licence": _licence,
    "notice": _notice,
    "violations": _violations,
    "alerts": _alerts,
    "emitted": _emitted,
    "hold": _hold,
    "decision": _decision,
    ANSWER: _answer,
}
