"""Apply: write what was decided, as sets, and say it in the lanes that are locked (design.md §2.5-§2.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import BaseModel

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.terms import FAMILY
from services.gatekeeper.domain.vocabulary import OrderState, ShipmentState
from services.gatekeeper.domain.workspace import (
    Effects,
    FollowUpKind,
    OrderChanged,
    ShipmentChanged,
    Violation,
    Workspace,
)
from services.gatekeeper.pipeline import wire_out
from services.gatekeeper.store import aggregates, journal, lanes, outbox, splitting, work
from services.gatekeeper.store.decisions import append_decisions
from services.gatekeeper.store.outbox import OutboxRecord
from services.gatekeeper.wiring import Gate
from services.kit.failpoints import failpoint
from services.kit.overlapping import meanwhile
from services.kit.partitioning import lane_of
from services.kit.postgres import Connection

log = structlog.get_logger()
HOLDS_SHOWN_MAX = 50
"""Of a state event that would exceed the record limit: as many holds as are shown, without their details."""


@dataclass(slots=True)
class Writer:
    """Numbers records for the lanes that a transaction has locked, and collects them."""

    gate: Gate
    rules_version: int
    next_seqs: dict[int, int]
    records: dict[int, list[OutboxRecord]] = field(default_factory=dict)

    def say(
        self,
        lane: int,
        key: str,
        type_suffix: str,
        data: BaseModel,
        time: datetime,
        *,
        causation_id: str | None = None,
        traceparent: str | None = None,
    ) -> int:
        """Append one record to a locked lane; its sequence number. Raises KeyError for a lane that is not locked."""
        seq = self.next_seqs[lane]
        record = wire_out.outbox_record(
            self.gate.incarnation,
            lane,
            seq,
            key=key,
            type_suffix=type_suffix,
            data=data,
            time=time,
            rules_version=self.rules_version,
            causation_id=causation_id,
            traceparent=traceparent,
        )
        self.next_seqs[lane] = seq + 1
        self.records.setdefault(lane, []).append(record)
        return seq

    async def store(self, connection: Connection) -> None:
        """Write the records, move the lanes, wake owners elsewhere."""
        await outbox.append(connection, [record for several in self.records.values() for record in several])
        failpoint("batch.after_outbox")
        await lanes.advance(connection, {lane: self.next_seqs[lane] for lane in self.records})
        await lanes.notify(connection, self.records.keys() - self.gate.owned_lanes)


async def store(connection: Connection, workspace: Workspace, writer: Writer) -> None:
    """Write every change of `workspace`: rows, journals, records, follow-up work. The caller commits."""
    effects = workspace.effects
    violations = [change for change in effects.changes if isinstance(change, Violation)]
    rows = _store_rows(connection, workspace, writer.gate)
    if violations:
        await rows
        fresh = await journal.new_violations(connection, [(wire_out.violation_id(one), one) for one in violations])
        _say_changes(workspace, writer, fresh)
    else:
        await meanwhile(rows, lambda: _say_changes(workspace, writer, frozenset()))
    failpoint("batch.after_state")
    for error in effects.engine_errors:
        log.error("rule_failed", owner=error.owner, owner_id=error.owner_id, rule=error.rule, error=error.error)
    await journal.append_ledger(connection, effects.ledger, workspace.as_of)
    await append_decisions(connection, effects.decisions)
    await journal.append_timeline(connection, effects.timeline)
    failpoint("batch.after_journal")
    await defer_news(connection, effects, writer, workspace.as_of)
    await _follow_up(connection, effects, writer.rules_version, workspace.as_of)
    await writer.store(connection)


async def _store_rows(connection: Connection, workspace: Workspace, gate: Gate) -> None:
    shipments = [workspace.shipments[key] for key in sorted(workspace.dirty_shipments)]
    orders = [workspace.orders[key] for key in sorted(workspace.dirty_orders)]
    lanes_of = {key: lane_of(key, gate.partitions) for key in workspace.dirty_shipments | workspace.dirty_orders}
    await aggregates.write_shipments(connection, shipments, lanes_of)
    await aggregates.write_orders(connection, orders)
    await store_accounts(connection, workspace)
    await splitting.write_entries(connection, shipments, workspace.families.changed)
    await _store_selection(connection, shipments, orders, lanes_of)
    await journal.replace_open_holds(
        connection,
        {("shipment", shipment.shipment_id): shipment.holds for shipment in shipments}
        | {("order", order.order_id): order.holds for order in orders},
    )


async def store_accounts(connection: Connection, workspace: Workspace) -> None:
    """Write the licence accounts that changed."""
    await aggregates.write_accounts(connection, [workspace.accounts[key] for key in sorted(workspace.dirty_accounts)])


async def _store_selection(
    connection: Connection, shipments: Sequence[Shipment], orders: Sequence[Order], lanes_of: Mapping[str, int]
) -> None:
    """Timers and scope terms: what sweeps, notices and dates find an open order or shipment by."""
    owners: list[tuple[str, str, Shipment | Order, bool]] = [
        ("shipment", one.shipment_id, one, one.state is not ShipmentState.CLOSED) for one in shipments
    ]
    owners += [("order", one.order_id, one, one.state is not OrderState.CLOSED) for one in orders]
    due, undue, terms, termless = [], [], [], []
    for owner, owner_id, one, is_open in owners:
        lane = lanes_of[owner_id]
        if one.recheck_at is not None:
            due.append((owner, owner_id, lane, one.recheck_at))
        else:
            undue.append((owner, owner_id))
        if is_open and one.terms:
            terms.append((owner, owner_id, lane, one.arrival, one.terms))
        else:
            termless.append((owner, owner_id))
    await aggregates.write_timers(connection, due, undue)
    await aggregates.write_terms(connection, terms, termless)


def _say_changes(workspace: Workspace, writer: Writer, fresh: frozenset[UUID]) -> None:
    """Say every change in its order; of violations the `fresh` ones, each once."""
    said: set[UUID] = set()
    for change in workspace.effects.changes:
        if isinstance(change, Violation):
            identity = wire_out.violation_id(change)
            if identity in fresh and identity not in said:
                said.add(identity)
                _say_violation(change, workspace, writer)
        else:
            _say_state(change, workspace, writer)


def _say_violation(violation: Violation, workspace: Workspace, writer: Writer) -> None:
    key = violation.shipment_id or violation.licence_no or ""
    type_suffix, data = wire_out.violation_recorded(violation)
    writer.say(lane_of(key, writer.gate.partitions), key, type_suffix, data, workspace.as_of)


def _say_state(change: ShipmentChanged | OrderChanged, workspace: Workspace, writer: Writer) -> None:
    if isinstance(change, ShipmentChanged):
        key = change.shipment.shipment_id
        type_suffix, data = wire_out.shipment_state(change, workspace.orders)
    else:
        key = change.order.order_id
        type_suffix, data = wire_out.order_state(change)
    lane = lane_of(key, writer.gate.partitions)
    cause = {"causation_id": change.causation_id, "traceparent": change.traceparent}
    try:
        writer.say(lane, key, type_suffix, data, workspace.as_of, **cause)
    except wire_out.RecordTooLarge:
        log.warning("record_shortened", key=key, type=type_suffix)
        writer.say(lane, key, type_suffix, wire_out.shortened(data, HOLDS_SHOWN_MAX), workspace.as_of, **cause)


async def defer_news(connection: Connection, effects: Effects, writer: Writer, as_of: datetime) -> None:
    """Licences' alerts and violations belong to lanes that this transaction may not have locked."""
    await journal.append_alerts(connection, effects.alerts, as_of)
    fresh = await journal.new_violations(
        connection, [(wire_out.violation_id(one), one) for one in effects.licence_violations]
    )
    said = [wire_out.licence_alert(alert) for alert in effects.alerts]
    keys = [journal.alert_subject(alert)[1] for alert in effects.alerts]
    for violation in {wire_out.violation_id(one): one for one in effects.licence_violations}.values():
        if wire_out.violation_id(violation) in fresh:
            said.append(wire_out.violation_recorded(violation))
            keys.append(violation.licence_no or violation.shipment_id or "")
    await work.add_deferred(
        connection,
        [
            (lane_of(key, writer.gate.partitions), key, type_suffix, data.model_dump_json())
            for key, (type_suffix, data) in zip(keys, said, strict=True)
        ],
        as_of,
    )


_FOLLOW_UP_TERM = {
    FollowUpKind.WAITERS: "licence",
    FollowUpKind.LICENCE: "licence",
    FollowUpKind.ORDER_SHIPMENTS: "order",
    FollowUpKind.ORDER: "order",
    FollowUpKind.SPLIT_WAITERS: FAMILY,
    FollowUpKind.SPLIT: FAMILY,
}
_FREEING = (FollowUpKind.WAITERS, FollowUpKind.SPLIT_WAITERS)


async def _follow_up(connection: Connection, effects: Effects, rules_version: int, as_of: datetime) -> None:
    tasks = [
        work.NewTask(
            follow_up.kind.value,
            follow_up.key,
            ((frozenset({f"{_FOLLOW_UP_TERM[follow_up.kind]}:{follow_up.key}"}),),),
            can_add_hold=follow_up.kind not in _FREEING,
        )
        for follow_up in effects.follow_ups
    ]
    await work.add_tasks(connection, tasks, rules_version, as_of)
