"""The engine's answers: the same events as bytes, through the real reading and translation, in the in-memory world."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from schemas.envelope import Envelope
from schemas.events import READ_MODELS
from schemas.reading import ReadEvent
from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.domain.rulebook import boundaries
from services.gatekeeper.domain.workspace import Workspace
from services.gatekeeper.pipeline.translate import trade_event
from services.gatekeeper.pipeline.translate_rules import rule_entity
from tests.domain.world import World
from tests.reference_model.vocabulary import START, Step, base

TRADE = ("order.", "shipment.")
SUBJECT = (
    "line_no",
    "control_code",
    "entry_id",
    "notice_id",
    "licence_no",
    "order_id",
    "event_id",
    "role",
)
NOT_COMPARED = {"END_USE_CHANGED", "END_USER_CHANGED"}
"""The model doesn't remember for what a release was given. Beside them always stands what the nearest licence lacks."""


@dataclass
class EngineWorld(World):
    """A world whose events are read and translated as the pipeline does it."""

    from_records: bool = True

    def check(self, workspace: Workspace) -> None:
        if self.from_records:
            super().check(workspace)

    def wire(self, step: Step) -> None:
        kind, event_id, time, data = step
        if ("wire", event_id) in self.seen:
            return
        self.seen["wire", event_id] = kind
        body = json.dumps(data).encode()
        envelope = Envelope(event_id, "wire", kind, None, datetime.fromisoformat(time), None, {}, body)
        read = ReadEvent(envelope, f"{kind}.v1", READ_MODELS[f"{kind}.v1"].model_validate_json(body))
        if kind.startswith(TRADE):
            self.trade(trade_event(read))
        else:
            self.rule(rule_entity(read))

    def _due(self) -> Iterable[tuple[datetime, Callable[[], None]]]:
        """As the pipeline's work loop: boundaries of rules with their sweeps before anybody's own timer; by arrival."""
        for entity in self.rules.values():
            yield from ((at, self._boundary(entity)) for at in boundaries(entity) if at > self.clock)
        for _, at, owner, owner_id in sorted(
            [(s.arrival, s.recheck_at, "shipment", s.shipment_id) for s in self.shipments.values() if s.recheck_at]
            + [(o.arrival, o.recheck_at, "order", o.order_id) for o in self.orders.values() if o.recheck_at]
        ):
            yield at, self._timer(owner, owner_id)


@lru_cache(None)
def _base() -> EngineWorld:
    world = EngineWorld(datetime.fromisoformat(START))
    for step in base():
        world.wire(step)
    return world


def new_world(*, from_records: bool) -> EngineWorld:
    """A world that knows the base already; `from_records`: each decision is made a second time from its record."""
    world = _base()
    copies: dict[str, Any] = {"seen": dict(world.seen), "rules": dict(world.rules), "accounts": dict(world.accounts)}
    empty: dict[str, Any] = {"shipments": {}, "orders": {}, "violations": {}, "queue": deque()}
    names = (
        "shipment_events",
        "order_events",
        "alerts",
        "ledger",
        "decisions",
        "timeline",
        "engine_errors",
    )
    logs: dict[str, Any] = {name: [] for name in names}
    return replace(world, from_records=from_records, **copies, **empty, **logs)


def apply_step(world: EngineWorld, step: Step) -> None:
    if step[0] == "clock":
        world.advance_to(datetime.fromisoformat(step[2]))
    else:
        world.wire(step)


def _reason(hold: Hold) -> tuple[Any, ...]:
    subject = dict(hold.subject)
    if hold.reason.value == "MISSING_DATA":
        return ("MISSING_DATA",)
    return (hold.reason.value, *(subject[key] for key in SUBJECT if key in subject))


def _reasons(holds: Iterable[Hold]) -> frozenset[tuple[Any, ...]]:
    return frozenset(_reason(hold) for hold in holds if hold.reason.value not in NOT_COMPARED)


def answer(world: EngineWorld) -> tuple[dict[str, Any], dict[str, Any], dict[Any, Any]]:
    """As `Model.answer` gives it."""
    orders = {
        o.order_id: (o.state.value, _reasons(o.holds)) for o in world.orders.values() if o.facts or o.cancelled_version
    }
    shipments = {s.shipment_id: (s.state.value, _reasons(s.holds)) for s in world.shipments.values()}
    lines = {}
    for (kind, number), entity in world.rules.items():
        if kind == "Licence":
            account = world.accounts.get(number, LicenceAccount(number))
            for line in entity.lines:  # type: ignore[union-attr]
                b = account.lines.get(line.line_no, LineBalance(line.line_no))
                lines[number, line.line_no] = (
                    b.reserved,
                    b.consumed,
                    account.uses,
                    account.uses_reserved,
                    account.completed,
                )
    return orders, shipments, lines
