"""The reference model itself gives the answers of the scenario files that lie within its rules."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.reference_model.model import Model

SHARED = Path(__file__).resolve().parents[3] / "shared"
FILES = sorted((SHARED / "scenarios").glob("*.yaml"))
OUT_OF_SCOPE = {"call", "raw"}
"""Steps that the model doesn't answer: calls and unreadable bytes."""
LEFT_OUT = {
    "USE-3": "END_USE_CHANGED",
    "USE-4": "END_USER_CHANGED",
    "USE-7": "end-user statements",
    "LIC-15": "RETURNED",
    "QTY-3": "units",
    "QTY-4": "units",
    "QTY-5": "units",
    "QTY-6": "MISSING_NET",
    "QTY-11": "exchange rates",
    "STR-4": "planned and estimated milestones",
}
"""Scenarios outside the model's rules, as its first lines say, and what of them. The engine is held to all of them."""


class Plain(yaml.SafeLoader):
    """Dates stay text, as they are on the wire."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def scenarios() -> list[Any]:
    found = []
    for path in FILES:
        document = yaml.load(path.read_text(), Plain)
        fixture = yaml.load((path.parent / document["fixture"]).read_text(), Plain)["given"]
        found += [
            pytest.param({**s, "fixture": fixture}, id=s["id"])
            for s in document["scenarios"]
            if not any(OUT_OF_SCOPE & set(step) for step in s["steps"])
            and "policy" not in s
            and s["id"] not in LEFT_OUT
        ]
    return found


def take(model: Model, event: dict[str, Any], number: int) -> None:
    at = event.get("time", model.now.isoformat())
    model.take(event["type"], event.get("id", f"event-{number}"), at, event["data"])


def check(model: Model, expected: dict[str, Any]) -> None:
    orders, shipments, lines = model.answer()
    for kind, states in (("order", orders), ("shipment", shipments)):
        if kind in expected:
            state, reasons = states[expected[kind]]
            codes = {r[0] for r in reasons}
            assert state == expected.get("state", state)
            assert codes == set(expected.get("reasons", codes))
            assert codes >= set(expected.get("reasons_include", ()))
    if "licence" in expected and "line" in expected:
        reserved, consumed, uses, _, _ = lines[expected["licence"], expected["line"]]
        for name, amount in (("reserved", reserved), ("consumed", consumed)):
            if name in expected:
                assert amount == Decimal(expected[name].split()[0]), (name, amount)
        assert uses == expected.get("uses", uses)


@pytest.mark.parametrize("scenario", scenarios())
def test_the_model_answers_as_the_scenarios_expect(scenario: dict[str, Any]) -> None:
    model = Model(scenario["clock"])
    number = 0
    for event in [*scenario["fixture"], *scenario.get("given", ())]:
        take(model, event, number := number + 1)
    for step in scenario["steps"]:
        if "advance_to" in step:
            model.advance_to(step["advance_to"])
        if "event" in step:
            take(model, step["event"], number := number + 1)
        for expected in step.get("expect", ()):
            check(model, expected)
