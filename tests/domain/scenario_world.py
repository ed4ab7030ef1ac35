"""Runs one scenario (scenarios.md) through `World`. Calls of the API and replays of decisions are not for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from services.gatekeeper.domain.accounts import LineBalance
from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.domain.alerts import granted
from services.gatekeeper.domain.events import TradeUnreadable
from services.gatekeeper.domain.quantity import Money, Quantity, show
from services.gatekeeper.domain.vocabulary import ShipmentState
from services.local.scenarios.policy_overrides import overridden
from tests.domain.world import World

DIRECTIVES = {
    ShipmentState.HELD: ("STOP",) * 6,
    ShipmentState.RELEASED: ("PROCEED",) * 6,
    ShipmentState.INTERCEPT: ("RECALL",) * 4 + ("STOP",) * 2,
    ShipmentState.INCIDENT: ("NONE",) * 4 + ("STOP",) * 2,
    ShipmentState.CLOSED: ("STOP",) * 6,
}
ROLES = ("logistics", "freight", "customs", "delivery", "platform", "payment")
BEYOND_MEMORY = ("call",)
ZERO = Decimal(0)


def scenarios_of(path: Path) -> list[dict[str, Any]]:
    """The scenarios of a file, each with the `given` of its fixture before its own."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    fixture: list[Any] = []
    if document.get("fixture"):
        fixture = yaml.safe_load((path.parent / document["fixture"]).read_text(encoding="utf-8"))["given"]
    return [{**scenario, "given": [*fixture, *scenario.get("given", [])]} for scenario in document["scenarios"]]


def needs_more_than_memory(scenario: Mapping[str, Any]) -> bool:
    return any(key in step for step in scenario["steps"] for key in BEYOND_MEMORY)


def run(scenario: Mapping[str, Any]) -> list[str]:
    """What was not as expected, in words; nothing: the scenario passes."""
    world = _begun(scenario)
    failures: list[str] = []
    for number, step in enumerate(scenario["steps"], start=1):
        _step(world, step)
        for expected in step.get("expect", ()):
            failures.extend(f"step {number}: {text}" for text in _differences(world, expected))
    return failures


def holds_told(scenario: Mapping[str, Any]) -> list[Hold]:
    """Every hold that an event about a shipment or order of the scenario told of."""
    world = _begun(scenario)
    for step in scenario["steps"]:
        _step(world, step)
    told = [hold for change in world.shipment_events for hold in change.shipment.holds]
    return told + [hold for order in world.orders.values() for hold in order.holds]


def _begun(scenario: Mapping[str, Any]) -> World:
    world = World(scenario["clock"])
    if scenario.get("policy"):
        policy = overridden(scenario["policy"])
        world.with_policy(**{setting.name: getattr(policy, setting.name) for setting in fields(policy)})
    for event in scenario["given"]:
        world.feed(event["type"], event["data"], event_id=event.get("id"), time=event.get("time"))
    return world


def _step(world: World, step: Mapping[str, Any]) -> None:
    if "event" in step:
        event = step["event"]
        time, source = event.get("time"), event.get("source")
        world.feed(event["type"], event["data"], event_id=event.get("id"), time=time, source=source)
    elif "advance_to" in step:
        until: datetime = step["advance_to"]
        world.advance_to(until)
    elif "raw" in step:
        owner = "shipment" if step["topic"] == "trade.shipments.v1" else "order"
        key = step["key"]
        world.trade(TradeUnreadable(owner, key, f"quarantine-{world.events}", key, True, "not JSON"))


def _differences(world: World, expected: Mapping[str, Any]) -> list[str]:
    actual = _actual(world, expected)
    found: list[str] = []
    for name, value in expected.items():
        if name in actual and not _equal(value, actual[name]):
            found.append(f"{dict(expected)}: {name} is {actual[name]}")
    return found


def _equal(expected: Any, actual: Any) -> bool:
    if isinstance(expected, Mapping):
        return all(_equal(value, actual.get(key)) for key, value in expected.items())
    if isinstance(actual, frozenset):
        return set(expected) <= actual
    if isinstance(actual, list):
        return sorted(expected) == sorted(actual)
    if isinstance(expected, str) and isinstance(actual, str) and " " in expected:
        (left, unit), (right, other) = expected.split(" "), actual.split(" ")
        return unit == other and Decimal(left) == Decimal(right)
    return bool(expected == actual)


def _actual(world: World, expected: Mapping[str, Any]) -> dict[str, Any]:
    if "decision" in expected:
        return {}
    if "violations" in expected:
        about = expected["violations"]
        kinds = {
            each.kind.value
            for each in world.violations.values()
            if (each.shipment_id, each.licence_no) == (about.get("shipment"), about.get("licence"))
        }
        return {"violations": {"kinds": sorted(kinds)}} if sorted(about["kinds"]) != sorted(kinds) else {}
    if "emitted" in expected:
        name = expected["emitted"]["shipment"]
        count = sum(1 for change in world.shipment_events if change.shipment.shipment_id == name)
        return {"emitted": {"shipment": name, "count": count}}
    if "shipment" in expected:
        return _shipment(world, expected["shipment"])
    if "order" in expected:
        order = world.orders[expected["order"]]
        reasons = sorted({hold.reason.value for hold in order.holds})
        return {"state": order.state.value, "reasons": reasons, "reasons_include": frozenset(reasons)}
    if "licence" in expected:
        return _licence(world, expected["licence"], expected.get("line"))
    raise AssertionError(f"unknown expectation {expected}")


def _shipment(world: World, shipment_id: str) -> dict[str, Any]:
    shipment = world.shipments[shipment_id]
    reasons = sorted({hold.reason.value for hold in shipment.holds})
    return {
        "state": shipment.state.value,
        "reasons": reasons,
        "reasons_include": frozenset(reasons),
        "directives": dict(zip(ROLES, DIRECTIVES[shipment.state], strict=True)),
    }


def _licence(world: World, licence_no: str, line_no: int | None) -> dict[str, Any]:
    licence = world.references.licence(licence_no)
    account = world.accounts.get(licence_no)
    assert licence is not None
    answer: dict[str, Any] = {
        "uses": account.uses if account else 0,
        "uses_reserved": account.uses_reserved if account else 0,
        "status": "CONSUMED" if account and account.completed else licence.status.value,
    }
    line = next((each for each in licence.lines if each.line_no == line_no), None)
    if line is None:
        return answer
    balance = account.lines.get(line.line_no, LineBalance(line.line_no)) if account else LineBalance(line.line_no)
    cap, value_cap = granted(line)
    free = max(ZERO, cap - balance.reserved - balance.consumed)
    value_free = max(ZERO, value_cap - balance.value_reserved - balance.value_consumed)
    unit = line.quantity.unit
    amounts = {"reserved": balance.reserved, "consumed": balance.consumed, "free": free}
    shown = {name: show(Quantity(amount, unit)) for name, amount in amounts.items()}
    money = Money(value_free, line.value.currency)
    return {**answer, **shown, "value_free": f"{money.amount} {money.currency}"}
