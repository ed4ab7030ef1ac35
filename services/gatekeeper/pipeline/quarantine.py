"""Settling quarantined records: replayed as they are or repaired, or dropped by a person with an audit row (D8.5)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.gatekeeper.domain import engine, events
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.pipeline.apply import Writer, store
from services.gatekeeper.pipeline.batch import wanted_for
from services.gatekeeper.pipeline.gather import Wanted, gather, lock_owners, lock_rules
from services.gatekeeper.pipeline.intake import RULE_FAILED, Parsed, once_only, parse
from services.gatekeeper.pipeline.records import Record
from services.gatekeeper.pipeline.rule_change import begin_change
from services.gatekeeper.store import positions, quarantine
from services.gatekeeper.store.audit import write_audit
from services.gatekeeper.store.quarantine import Quarantined
from services.gatekeeper.wiring import Gate
from services.kit.postgres import Connection, retrying

GATHER_TRIES_MAX = 50


class NotOpen(Exception):
    """No such quarantined record, or it was settled before."""


class StillUnreadable(Exception):
    """The record, repaired or not, can't be read, or a rule still raises at it; the message says where."""


async def settle(gate: Gate, quarantine_id: UUID, *, by: str, value: bytes | None = None, drop: bool = False) -> None:
    """Replay a quarantined record (with `value` in place of its body, if given), or drop it.

    The event, the end of its hold and the audit row are one transaction. Raises NotOpen, StillUnreadable. A record at
    which a rule raised was handled: its order or shipment is judged again.
    """
    extra = Wanted()
    for _ in range(GATHER_TRIES_MAX):
        try:
            await retrying(
                lambda: _attempt(gate, quarantine_id, by=by, value=value, drop=drop, extra=extra), what="quarantine"
            )
            return
        except NotGathered as missing:
            extra.add_missing(missing)
    raise RuntimeError("the engine keeps asking for rows that were not gathered")


async def _attempt(gate: Gate, quarantine_id: UUID, *, by: str, value: bytes | None, drop: bool, extra: Wanted) -> None:
    async with gate.database.reading() as connection:
        kept = await quarantine.get(connection, quarantine_id)
    if kept is None:
        raise NotOpen(f"no record {quarantine_id} is in quarantine")
    again = None if drop else _readable(kept, value)
    async with gate.database.transaction() as tx:
        if kept.owner == "rule":
            await _settle_rule(gate, tx, kept, again, by)
        else:
            await _settle_trade(gate, tx, kept, again, by, extra)


def _readable(kept: Quarantined, value: bytes | None) -> Parsed:
    headers = tuple((name, raw) for name, raw in kept.headers if raw is not None)
    body = kept.value if value is None else value
    parsed = parse(Record(kept.topic, kept.partition, kept.record_offset, 0, kept.key, body, headers))
    if parsed.error is not None:
        raise StillUnreadable(str(parsed.error))
    if kept.owner_id is not None and parsed.entity_key != kept.owner_id:
        raise StillUnreadable(f"it is about {parsed.entity_key}, and what was quarantined is about {kept.owner_id}")
    return parsed


async def _fresh(connection: Connection, again: Parsed | None) -> list[Parsed]:
    """The repaired event unless it was handled before; refused when its id came with other content."""
    records, _ = await once_only(connection, [again] if again is not None else [])
    if any(one.error is not None for one in records):
        raise StillUnreadable(str(records[0].error) + "; give the repaired event an id of its own")
    await positions.remember(connection, [(one.event_key, one.content) for one in records])
    return records


async def _mark(connection: Connection, kept: Quarantined, again: Parsed | None, by: str) -> None:
    """The witness: only an open record is settled, and the audit says by whom."""
    locked = await quarantine.get(connection, kept.quarantine_id, lock=True)
    if locked is None or locked.status != "OPEN":
        raise NotOpen(f"record {kept.quarantine_id} was settled before")
    action = "quarantine.dropped" if again is None else "quarantine.replayed"
    detail = {"topic": kept.topic, "partition": kept.partition, "offset": kept.record_offset, "error": kept.error}
    await write_audit(connection, by, action, str(kept.quarantine_id), detail)


async def _settle_rule(gate: Gate, tx: Connection, kept: Quarantined, again: Parsed | None, by: str) -> None:
    change = await begin_change(gate, tx)
    await _mark(tx, kept, again, by)
    await change.add_records(await _fresh(tx, again))
    await change.settle(kept.quarantine_id)
    await change.store(tx, by=by, status="DROPPED" if again is None else "REPLAYED")


async def _settle_trade(
    gate: Gate, tx: Connection, kept: Quarantined, again: Parsed | None, by: str, extra: Wanted
) -> None:
    references, as_of = await lock_rules(gate, tx)
    owner_ids = {key for key in (kept.owner_id, again.entity_key if again is not None else None) if key is not None}
    # Before the record itself: a batch that settles it by a newer upsert holds its lane by then.
    next_seqs, stopped = await lock_owners(gate, tx, [*owner_ids, *extra.shipments])
    if stopped:
        raise NotOpen(f"its lane is stopped: {next(iter(stopped.values()))}")
    await _mark(tx, kept, again, by)
    records = await _fresh(tx, again)
    wanted = wanted_for(records, extra)
    if kept.owner == "order" and kept.owner_id is not None:
        wanted.orders.add(kept.owner_id)
    elif kept.owner == "shipment" and kept.owner_id is not None:
        wanted.shipments[kept.owner_id] = None
    workspace = await gather(gate, tx, wanted, references, as_of)
    workspace.cause = f"quarantine {kept.quarantine_id}"
    workspace.event_hash = again.content.hex() if again is not None else None
    for one in records:
        if one.event is not None:
            engine.handle(workspace, one.event)
    if kept.error_field == RULE_FAILED and kept.owner_id is not None:
        engine.rejudge(workspace, kept.owner, kept.owner_id, workspace.cause)
    elif kept.owner_id is not None:
        engine.handle(workspace, events.QuarantineSettled(kept.owner, kept.owner_id, str(kept.quarantine_id)))
    errors = workspace.effects.engine_errors
    if errors and again is not None:
        raise StillUnreadable(f"the rule {errors[0].rule} still fails: {errors[0].error}")
    status = "DROPPED" if again is None else "REPLAYED"
    await quarantine.settle(tx, [kept.quarantine_id], status, by, as_of)
    await store(tx, workspace, Writer(gate, references.rules_version, next_seqs))


async def resume_partition(gate: Gate, topic: str, partition: int, *, by: str, at: int | None = None) -> bool:
    """Let a partition that stopped go on, at offset `at` if given; False when it wasn't stopped.

    What lies below `at` and was not read is given up: the audit row says from where to where.
    """
    async with gate.database.transaction() as tx:
        locked = await positions.lock_positions(tx, [(topic, partition)])
        position = locked.get((topic, partition))
        if position is None or position.stopped is None:
            return False
        resumed = replace(position, recent_good=0, recent_bad=0, stopped=None)
        detail: dict[str, object] = {"reason": position.stopped}
        if at is not None:
            resumed = replace(resumed, next_offset=at, last_hash=None)
            detail |= {"from": position.next_offset, "to": at}
        await positions.write_positions(tx, {(topic, partition): resumed})
        await write_audit(tx, by, "partition.resumed", f"{topic}/{partition}", detail)
        return True
