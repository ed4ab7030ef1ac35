"""A batch of trade events, from bytes to directives, in one transaction (design.md §2).

Failpoints, in order: batch.after_rules, batch.after_positions, batch.after_gather, batch.after_decide,
batch.after_state, batch.after_journal, batch.after_outbox, batch.before_commit, batch.after_commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.gatekeeper.domain import engine, events
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.workspace import EngineError, Outcome, Workspace
from services.gatekeeper.pipeline import metrics, outcomes
from services.gatekeeper.pipeline.apply import Writer, store
from services.gatekeeper.pipeline.gather import Wanted, gather, lock_owners, lock_rules
from services.gatekeeper.pipeline.intake import (
    Admission,
    Coordinates,
    Parsed,
    admit,
    coordinates,
    failed,
    once_only,
    parse,
    quarantined,
)
from services.gatekeeper.pipeline.records import BatchResult, Run
from services.gatekeeper.pipeline.refused import without_refused
from services.gatekeeper.store import positions, quarantine
from services.gatekeeper.store.quarantine import Quarantined
from services.gatekeeper.wiring import Gate
from services.kit.failpoints import failpoint
from services.kit.partitioning import lane_of
from services.kit.postgres import retrying

GATHER_TRIES_MAX = 50
RECORDS_AT_A_TIME = 32
"""After so many the event loop looks after publishers and consumers: some ten milliseconds."""


async def decide_batch(gate: Gate, runs: Sequence[Run]) -> BatchResult:
    """Decide every record of `runs` exactly once: positions, holds, draws and directives commit together or not at all.

    Waits for PostgreSQL as long as it takes. A record that PostgreSQL refuses as data is found by bisection and
    quarantined. Anything unexpected is raised.
    """
    parsed = {coordinates(record): parse(record) for run in runs for record in run.records}
    return await without_refused(lambda some: _decide(gate, some, parsed), runs, parsed)


async def _decide(gate: Gate, runs: Sequence[Run], parsed: Mapping[Coordinates, Parsed]) -> BatchResult:
    wanted = Wanted()
    for _ in range(GATHER_TRIES_MAX):
        try:
            return await retrying(lambda: _attempt(gate, runs, parsed, wanted), what="batch")
        except NotGathered as missing:
            wanted.add_missing(missing)
    raise RuntimeError("the engine keeps asking for rows that were not gathered")


async def _attempt(gate: Gate, runs: Sequence[Run], parsed: Mapping[Coordinates, Parsed], extra: Wanted) -> BatchResult:
    """Gather, decide, apply: once."""
    result = BatchResult()
    async with gate.database.transaction() as tx:
        references, as_of = await lock_rules(gate, tx)
        failpoint("batch.after_rules")
        before = await positions.lock_positions(tx, [(run.topic, run.partition) for run in runs])
        admission = admit(runs, parsed, before, result)
        failpoint("batch.after_positions")
        owners = [one.entity_key for one in admission.in_order() if one.entity_key is not None]
        next_seqs, stopped = await lock_owners(gate, tx, [*owners, *extra.shipments])
        _wait_for_lanes(gate, admission, stopped)
        moved = admission.positions(gate.settings)
        records, duplicates = await once_only(tx, admission.in_order())
        wanted = wanted_for(records, extra)
        workspace = await gather(gate, tx, wanted, references, as_of)
        failpoint("batch.after_gather")
        handled = await _handle_all(workspace, records)
        failpoint("batch.after_decide")
        writer = Writer(gate, references.rules_version, next_seqs)
        await positions.remember(tx, [(one.event_key, one.content) for one in records])
        await quarantine.add(tx, handled.kept)
        await quarantine.settle(tx, handled.superseded, "SUPERSEDED", "a newer readable event", as_of)
        await store(tx, workspace, writer)
        await positions.write_positions(tx, moved)
        failpoint("batch.before_commit")
    failpoint("batch.after_commit")
    _count_foreign(records, gate.partitions)
    outcomes.report(result, admission, moved, writer, handled=len(records), duplicates=duplicates, stale=handled.stale)
    return result


def _count_foreign(records: Sequence[Parsed], partitions: int) -> None:
    """Senders that partition differently stay correct and are slower; people should hear of them (design.md §3)."""
    for one in records:
        if one.entity_key is not None and lane_of(one.entity_key, partitions) != one.record.partition:
            metrics.FOREIGN_PARTITION.labels(one.record.topic).inc()


def _wait_for_lanes(gate: Gate, admission: Admission, stopped: Mapping[int, str]) -> None:
    """Records for a stopped lane wait, and with them what follows in their partition."""
    if not stopped:
        return
    for partition, several in list(admission.lists.items()):
        for index, one in enumerate(several):
            if one.entity_key is None:
                continue
            lane = lane_of(one.entity_key, gate.partitions)
            if lane in stopped:
                admission.wait_from(partition, index, f"lane {lane} is stopped: {stopped[lane]}")
                break


def wanted_for(records: Sequence[Parsed], extra: Wanted) -> Wanted:
    """What these records are about, in order of arrival, and what an earlier try missed."""
    wanted = extra.besides()
    for one in records:
        if one.owner == "order" and one.entity_key is not None:
            wanted.orders.add(one.entity_key)
        elif one.owner == "shipment" and one.entity_key is not None:
            wanted.shipments[one.entity_key] = None
        if isinstance(one.event, (events.OrderUpserted, events.ShipmentUpserted)):
            wanted.facts.append(one.event.facts)
    return wanted


@dataclass(slots=True)
class Handled:
    """`kept` in quarantine: the unreadable, which hold what they are about, and those at which a rule raised.

    `superseded`: what newer upserts settled there (D8.5). `stale`: how many changed nothing.
    """

    kept: list[Quarantined] = field(default_factory=list)
    superseded: list[UUID] = field(default_factory=list)
    stale: int = 0


async def _handle_all(workspace: Workspace, records: Sequence[Parsed]) -> Handled:
    """Hand every record to the engine, a few at a time."""
    handled = Handled()
    errors = workspace.effects.engine_errors
    for number, one in enumerate(records, 1):
        if number % RECORDS_AT_A_TIME == 0:
            await asyncio.sleep(0)  # A turn of the loop for the others.
        if one.read is None:
            handled.kept.append(quarantined(one, workspace.as_of))
        if one.entity_key is None or one.owner == "none":
            continue
        before = _standing(workspace, one)
        _cause(workspace, one)
        begun = len(errors)
        outcome = engine.handle(workspace, one.event or _unreadable(one, workspace.as_of))
        if outcome is Outcome.STALE:
            handled.stale += 1
        elif one.read is not None and before:
            handled.superseded += [UUID(key) for key in before - _standing(workspace, one)]
        if one.read is not None and len(errors) > begun:
            handled.kept.append(failed(one, workspace.as_of, _said(errors[begun:])))
    return handled


def _said(errors: Sequence[EngineError]) -> str:
    return "; ".join(dict.fromkeys(f"{error.owner} {error.owner_id}: {error.rule}: {error.error}" for error in errors))


def _standing(workspace: Workspace, one: Parsed) -> set[str]:
    """Quarantine ids that hold what this record is about."""
    key = one.entity_key or ""
    owner = workspace.order(key) if one.owner == "order" else workspace.shipment(key)
    return {standing.key for standing in owner.standing if standing.finding.reason.value == "EVENT_UNREADABLE"}


def _cause(workspace: Workspace, one: Parsed) -> None:
    record = one.record
    envelope = one.read.envelope if one.read is not None else None
    workspace.cause = f"{record.topic}/{record.partition}/{record.offset}"
    workspace.event_hash = one.content.hex()
    workspace.causation_id = envelope.id if envelope else None
    workspace.traceparent = envelope.traceparent if envelope else None


def _unreadable(one: Parsed, as_of: datetime) -> events.TradeEvent:
    row = quarantined(one, as_of)
    return events.TradeUnreadable(
        owner=row.owner,
        owner_id=row.owner_id or "",
        quarantine_id=str(row.quarantine_id),
        event_key=row.event_key,
        was_upsert=row.was_upsert,
        detail=row.told,
    )
