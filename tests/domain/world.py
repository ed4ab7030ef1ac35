"""A whole Holdgate in memory: rule and trade events, follow-ups, timers and rule boundaries on a virtual clock.

It loads and locks as the pipeline does: only the rows that the engine's own gathering functions name are there.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.gatekeeper.domain import engine
from services.gatekeeper.domain.accounts import LedgerEntry, LicenceAccount
from services.gatekeeper.domain.aggregates import Draw, Order, Shipment
from services.gatekeeper.domain.alerts import watch_licence_change
from services.gatekeeper.domain.events import Meta, OrderUpserted, ShipmentUpserted, TradeEvent
from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reference_indexes import entity_key
from services.gatekeeper.domain.references import References, UnreadableRule
from services.gatekeeper.domain.rule_entities import Licence, RuleEntity
from services.gatekeeper.domain.rulebook import boundaries, unreadable_touches
from services.gatekeeper.domain.terms import Touches, touched
from services.gatekeeper.domain.touches import touches_of
from services.gatekeeper.domain.vocabulary import OrderState, Place, ShipmentState
from services.gatekeeper.domain.workspace import (
    Alert,
    Decision,
    EngineError,
    FollowUp,
    FollowUpKind,
    OrderChanged,
    Outcome,
    ShipmentChanged,
    TimelineEntry,
    Violation,
    Workspace,
)
from tests.domain.again import assert_decided_again
from tests.domain.day_sums import with_days
from tests.domain.family_sums import counting_for, families_known
from tests.domain.reading import trade_event
from tests.domain.reading_rules import RULE_READERS, rule_entity
from tests.domain.restated import rule_change

FOLLOW_UPS_MAX = 2000


@dataclass
class World:
    clock: datetime
    policy: Policy = field(default_factory=Policy)
    references: References = field(default_factory=References.empty)
    shipments: dict[str, Shipment] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    accounts: dict[str, LicenceAccount] = field(default_factory=dict)
    rules: dict[tuple[str, str], RuleEntity] = field(default_factory=dict)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    shipment_events: list[ShipmentChanged] = field(default_factory=list)
    order_events: list[OrderChanged] = field(default_factory=list)
    violations: dict[str, Violation] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    engine_errors: list[EngineError] = field(default_factory=list)
    queue: deque[FollowUp] = field(default_factory=deque)
    arrivals: int = 0
    events: int = 0

    # Events

    def feed(self, kind: str, data: Mapping[str, Any], *, event_id: str | None = None, **attributes: Any) -> Outcome:
        """One event of the wire; a repeated (source, id) is one event."""
        self.events += 1
        time = attributes.get("time") or self.clock
        source = attributes.get("source") or "test"
        event_id = event_id or f"event-{self.events}"
        content = json.dumps([kind, data], default=str, sort_keys=True)
        if (source, event_id) in self.seen:
            return Outcome.STALE
        self.seen[(source, event_id)] = content
        if kind in RULE_READERS:
            self.rule(rule_entity(kind, data, time))
            return Outcome.APPLIED
        return self.trade(trade_event(kind, data, Meta(event_id, source, time)))

    def trade(self, event: TradeEvent) -> Outcome:
        needs = engine.needs_of(event)
        outcome: list[Outcome] = []
        self._transact(
            lambda workspace: outcome.append(engine.handle(workspace, event)),
            needs.shipment_ids,
            needs.order_ids,
            event.facts if isinstance(event, ShipmentUpserted | OrderUpserted) else None,
            cause=type(event).__name__,
        )
        self.settle()
        return outcome[0]

    def rule(self, entity: RuleEntity) -> None:
        if not (change := rule_change(self, entity)).changed:
            return
        version = self.references.rules_version + 1
        healed = [rule for rule in self.references.unreadable_rules() if rule.quarantine_id in change.settles]
        self.references = self.references.with_changes(version, [change.entity], (), change.settles)
        self.rules[(type(entity).__name__, entity_key(entity))] = change.entity
        self.alerts.extend(change.alerts)
        if isinstance(change.entity, Licence):
            self._licence_changed(change.before, change.entity)
        self.sweep(change.touches, licence_no=entity.licence_no if isinstance(entity, Licence) else None)
        for rule in healed:
            self.sweep(unreadable_touches(rule, self.references))
        if isinstance(entity, Licence):
            self.queue.append(FollowUp(FollowUpKind.WAITERS, entity.licence_no))
        self.settle()

    def unreadable_rule(self, rule: UnreadableRule) -> None:
        version = self.references.rules_version + 1
        self.references = self.references.with_changes(version, (), (rule,), ())
        self.sweep(unreadable_touches(rule, self.references))
        self.settle()

    def settle_rule(self, rule: UnreadableRule) -> None:
        version = self.references.rules_version + 1
        self.references = self.references.with_changes(version, (), (), (rule.quarantine_id,))
        self.sweep(unreadable_touches(rule, self.references))
        self.settle()

    def _licence_changed(self, before: RuleEntity | None, after: Licence) -> None:
        open_draws = sum(1 for _, draws in self._open() if any(d.licence_no == after.licence_no for d in draws))
        known = before if isinstance(before, Licence) else None
        watch = lambda workspace: watch_licence_change(workspace, known, after, open_draws)  # noqa: E731
        self._transact(watch, licences=(after.licence_no,))

    def _open(self) -> Iterable[tuple[str, tuple[Draw, ...]]]:
        yield from ((s.shipment_id, s.draws) for s in self.shipments.values() if s.state is not ShipmentState.CLOSED)
        yield from ((o.order_id, o.draws) for o in self.orders.values() if o.state is not OrderState.CLOSED)

    def advance_to(self, until: datetime) -> None:
        """Fires every timer and rule boundary that is due until then, in order of time."""
        for _ in range(FOLLOW_UPS_MAX):
            due = min(self._due(), default=None, key=lambda pair: pair[0])
            if due is None or due[0] > until:
                self.clock = until
                return
            self.clock = max(self.clock, due[0])
            due[1]()
            self.settle()
        raise AssertionError("timers without an end")

    def _due(self) -> Iterable[tuple[datetime, Callable[[], None]]]:
        for shipment in self.shipments.values():
            if shipment.recheck_at is not None:
                yield shipment.recheck_at, self._timer("shipment", shipment.shipment_id)
        for order in self.orders.values():
            if order.recheck_at is not None:
                yield order.recheck_at, self._timer("order", order.order_id)
        for entity in self.rules.values():
            yield from ((at, self._boundary(entity)) for at in boundaries(entity) if at > self.clock)

    def _timer(self, owner: str, owner_id: str) -> Callable[[], None]:
        return lambda: self.rejudge(owner, owner_id, engine.DATE)

    def _boundary(self, entity: RuleEntity) -> Callable[[], None]:
        return lambda: self.sweep(touches_of(entity, entity, self.references))

    # Looking again

    def sweep(self, touches: Touches, *, licence_no: str | None = None) -> None:
        """By arrival; of a changed licence first who draws on it, the latest first (D4.5), last who waits (D4.4)."""
        every: list[tuple[int, str, str, Order | Shipment]] = []
        every += [(order.arrival, "order", order.order_id, order) for order in self.orders.values()]
        every += [
            (shipment.arrival, "shipment", shipment.shipment_id, shipment) for shipment in self.shipments.values()
        ]
        found = [row for row in every if row[3].state.value != "CLOSED" and touched(touches, row[3].terms)]
        drawing = [row for row in found if any(draw.licence_no == licence_no for draw in row[3].draws)]
        rest = [row for row in found if row not in drawing]
        rest.sort(key=lambda row: (licence_no is not None and not row[3].draws, row[:3]))
        drawing.sort(key=lambda row: row[:3], reverse=True)
        for _, owner, owner_id, _ in (*drawing, *rest):
            self.rejudge(owner, owner_id, "licence" if licence_no else "sweep")

    def rejudge(self, owner: str, owner_id: str, cause: str) -> None:
        shipments, orders = ({owner_id}, set()) if owner == "shipment" else (set(), {owner_id})
        self._transact(
            lambda workspace: engine.rejudge(workspace, owner, owner_id, cause), shipments, orders, cause=cause
        )

    def settle(self) -> None:
        """Runs what follows, in order of arrival, until nothing does."""
        for _ in range(FOLLOW_UPS_MAX):
            if not self.queue:
                return
            self._follow(self.queue.popleft())
        raise AssertionError("follow-ups without an end")

    def _follow(self, task: FollowUp) -> None:
        match task.kind:
            case FollowUpKind.ORDER:
                found = [("order", task.key)]
            case FollowUpKind.ORDER_SHIPMENTS:
                every = sorted((self.shipments[i] for i in self.orders[task.key].shipments), key=lambda s: s.arrival)
                found = [("shipment", s.shipment_id) for s in every if s.progress.place is not Place.CLOSED]
            case FollowUpKind.WAITERS | FollowUpKind.LICENCE:
                waiting = task.kind is FollowUpKind.WAITERS
                found = self._candidates(task.key, waiting=waiting)[:: 1 if waiting else -1]
            case _:
                found = [("shipment", shipment_id) for shipment_id in counting_for(self, task)]
        for owner, owner_id in found:
            self.rejudge(owner, owner_id, task.kind.lower())

    def _candidates(self, licence_no: str, *, waiting: bool) -> list[tuple[str, str]]:
        """By arrival: what draws or may draw on the licence; `waiting`: what is held of it."""
        known = (*self.orders.items(), *self.shipments.items())
        rows = [
            (each.arrival, "order" if isinstance(each, Order) else "shipment", owner_id)
            for owner_id, each in known
            if licence_no in {*each.candidates, *(draw.licence_no for draw in each.draws)}
            and (each.holds or not waiting)
        ]
        return [(owner, owner_id) for _, owner, owner_id in sorted(rows)]

    # One transaction

    def _transact(
        self,
        work: Callable[[Workspace], object],
        shipment_ids: Iterable[str] = (),
        order_ids: Iterable[str] = (),
        facts: ShipmentFacts | OrderFacts | None = None,
        *,
        licences: Iterable[str] = (),
        cause: str = "",
    ) -> None:
        shipments = {key: self.shipments.get(key) or Shipment(key, self._arrival()) for key in sorted(shipment_ids)}
        named = set(order_ids).union(*(engine.order_ids_of_shipment(each) for each in shipments.values()))
        orders = {key: self.orders.get(key) or Order(key, self._arrival()) for key in sorted(named)}
        numbers = set(licences)
        for shipment in shipments.values():
            newest = facts if isinstance(facts, ShipmentFacts) else None
            numbers |= engine.licences_for_shipment(shipment, newest, orders.values(), self.references)
        for order in orders.values():
            newest_order = facts if isinstance(facts, OrderFacts) else None
            if not shipments:
                numbers |= engine.licences_for_order(order, newest_order, self.references)
        workspace = Workspace(
            as_of=self.clock,
            references=self.references,
            policy=self.policy,
            shipments=shipments,
            orders=orders,
            accounts={
                no: with_days(self.accounts.get(no, LicenceAccount(no)), self.ledger, self.references) for no in numbers
            },
            cause=cause,
            families=families_known(self, shipments, facts, orders.values()),
            coming_back=frozenset(task.key for task in self.queue if task.kind is FollowUpKind.WAITERS),
        )
        work(workspace)
        self._store(workspace)

    def _arrival(self) -> int:
        self.arrivals += 1
        return self.arrivals

    def _store(self, workspace: Workspace) -> None:
        self.shipments.update({key: workspace.shipments[key] for key in workspace.dirty_shipments})
        self.orders.update({key: workspace.orders[key] for key in workspace.dirty_orders})
        self.accounts.update({key: workspace.accounts[key] for key in workspace.dirty_accounts})
        effects = workspace.effects
        for change in effects.changes:
            match change:
                case ShipmentChanged():
                    self.shipment_events.append(change)
                case OrderChanged():
                    self.order_events.append(change)
                case Violation():
                    self.violations.setdefault(change.key, change)
        for violation in effects.licence_violations:
            self.violations.setdefault(violation.key, violation)
        self.alerts.extend(effects.alerts)
        self.ledger.extend(effects.ledger)
        self.check(workspace)
        self.decisions.extend(effects.decisions)
        self.timeline.extend(effects.timeline)
        self.engine_errors.extend(effects.engine_errors)
        self.queue.extend(task for task in effects.follow_ups if task not in self.queue)

    def check(self, workspace: Workspace) -> None:
        """Holds of every transaction: its decisions can be made again from what they say they were made from."""
        assert_decided_again(workspace)

    def with_policy(self, **settings: Any) -> None:
        self.policy = replace(self.policy, **{"version": self.policy.version + 1, **settings})
        self.references = self.references.with_changes(self.references.rules_version, [self.policy])
