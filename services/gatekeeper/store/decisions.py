"""Decisions as they are recorded, each with everything that it was decided on, and read again (design.md §4)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.domain.workspace import Decision, Failure, Seen, Verdict
from services.gatekeeper.store.codec import dump_compact, load
from services.gatekeeper.store.journal import ENGINE_VERSION

Connection = Any
PAGE = 200
BOUNDS_SECONDS_MAX = 600
_COLUMNS = (
    "owner, owner_id, as_of, engine_version, rules_version, policy_version, cause, state, body, output_hash,"
    " record_hash, event_hash"
)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What of a decision is neither seen nor its verdict nor a column."""

    previous: str
    read: tuple[tuple[RuleKind, str, int], ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class _Body:
    seen: Seen
    verdict: Verdict
    rest: _Rest


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """One row. `decision` None: it can't be read (`fault`), as when an engine of another version wrote it.

    `fault` too when a column says something else than the body, or the row is not what its own hash was made of.
    """

    seq: int
    owner: str
    owner_id: str
    as_of: datetime
    engine_version: int
    rules_version: int
    output_hash: bytes
    decision: Decision | None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which decisions: of one owner, decided at or after `since` and before `until`; None: whichever.

    `above`: only those with a higher number.
    """

    owner: str | None = None
    owner_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    above: int = 0


def output_hash(verdict: Verdict) -> bytes:
    """SHA-256 of what was decided: equal engine and equal inputs give an equal hash (design.md §4)."""
    return hashlib.sha256(dump_compact(verdict).encode()).digest()


async def append_decisions(connection: Connection, decisions: Sequence[Decision]) -> None:
    if decisions:
        await connection.copy_records_to_table(
            "decision", columns=_COLUMNS.split(", "), records=[_row(decision) for decision in decisions]
        )


def _row(decision: Decision) -> tuple[Any, ...]:
    """In the order of _COLUMNS. What is decided is written out once, for the body and for its hash."""
    verdict = dump_compact(decision.verdict)
    rest = dump_compact(_Rest(decision.previous, decision.read, decision.failure))
    body = f'{{"seen":{dump_compact(decision.seen)},"verdict":{verdict},"rest":{rest}}}'
    event_hash = bytes.fromhex(decision.event_hash) if decision.event_hash is not None else None
    said = (
        decision.owner,
        decision.owner_id,
        decision.seen.as_of,
        ENGINE_VERSION,
        decision.rules_version,
        decision.policy_version,
        decision.cause,
        decision.verdict.state,
        body,
    )
    return *said, hashlib.sha256(verdict.encode()).digest(), _record_hash(said, event_hash), event_hash


def _record_hash(said: Sequence[Any], event_hash: bytes | None) -> bytes:
    """SHA-256 of everything that a row says, inputs included; `said`: the first nine of _COLUMNS."""
    owner, owner_id, as_of, engine_version, rules_version, policy_version, cause, state, body = said
    told = f"{engine_version} {rules_version} {policy_version} {as_of.timestamp():.6f} {state}"
    parts = (told, owner, owner_id, cause, "" if event_hash is None else event_hash.hex(), body)
    return hashlib.sha256("\x00".join(parts).encode()).digest()


async def decisions_of(connection: Connection, selection: Selection, page: int = PAGE) -> AsyncIterator[StoredDecision]:
    """The selected decisions in the order of their making, which is that of their rules versions, a page at a time."""
    first, last = await _bounds(connection, selection)
    after = max(first - 1, selection.above)
    while after < last:
        rows = await connection.fetch(
            f"SELECT seq, {_COLUMNS} FROM decision WHERE seq > $1 AND seq <= $2{_owned(selection, 6)}"
            " AND ($3::timestamptz IS NULL OR as_of >= $3) AND ($4::timestamptz IS NULL OR as_of < $4)"
            " ORDER BY seq LIMIT $5",
            after,
            last,
            selection.since,
            selection.until,
            page,
            *_owner(selection),
        )
        for row in rows:
            yield _stored(row)
        after = rows[-1]["seq"] if len(rows) == page else last


async def _bounds(connection: Connection, selection: Selection) -> tuple[int, int]:
    """The first and the last number that may be selected, by whichever index tells; (0, 0): none.

    OFFSET 0: else a first number is looked for from the very first row on.
    """
    if selection.owner is None and selection.since is None and selection.until is None:
        return 0, await connection.fetchval("SELECT coalesce(max(seq), 0) FROM decision")
    row = await connection.fetchrow(
        "SELECT min(seq) AS first, max(seq) AS last FROM (SELECT seq FROM decision"
        " WHERE ($1::timestamptz IS NULL OR as_of >= $1) AND ($2::timestamptz IS NULL OR as_of < $2)"
        f"{_owned(selection, 3)} OFFSET 0) AS selected",
        selection.since,
        selection.until,
        *_owner(selection),
        timeout=BOUNDS_SECONDS_MAX,
    )
    return (0, 0) if row["first"] is None else (row["first"], row["last"])


def _owned(selection: Selection, number: int) -> str:
    return "" if selection.owner is None else f" AND owner = ${number} AND owner_id = ${number + 1}"


def _owner(selection: Selection) -> tuple[str | None, ...]:
    return () if selection.owner is None else (selection.owner, selection.owner_id)


async def decision_in_force(
    connection: Connection, owner: str, owner_id: str, at: datetime | None
) -> StoredDecision | None:
    """The last decision about an order or shipment that was made by `at` (None: of all); None: there was none yet."""
    row = await connection.fetchrow(
        f"SELECT seq, {_COLUMNS} FROM decision WHERE owner = $1 AND owner_id = $2"
        " AND ($3::timestamptz IS NULL OR as_of <= $3) ORDER BY seq DESC LIMIT 1",
        owner,
        owner_id,
        at,
    )
    return None if row is None else _stored(row)


def _stored(row: Any) -> StoredDecision:
    decision, fault = None, None
    try:
        decision = _decision(row)
    except ValidationError as error:
        fault = f"its body cannot be read: {error.error_count()} faults"
    if decision is not None:
        fault = next(_faults(row, decision), None)
    return StoredDecision(
        seq=row["seq"],
        owner=row["owner"],
        owner_id=row["owner_id"],
        as_of=row["as_of"],
        engine_version=row["engine_version"],
        rules_version=row["rules_version"],
        output_hash=row["output_hash"],
        decision=decision,
        fault=fault,
    )


def _decision(row: Any) -> Decision:
    body = load(_Body, row["body"])
    return Decision(
        owner=row["owner"],
        owner_id=row["owner_id"],
        rules_version=row["rules_version"],
        policy_version=row["policy_version"],
        cause=row["cause"],
        previous=body.rest.previous,
        seen=body.seen,
        verdict=body.verdict,
        read=body.rest.read,
        failure=body.rest.failure,
        event_hash=row["event_hash"].hex() if row["event_hash"] is not None else None,
    )


def _faults(row: Any, decision: Decision) -> Iterator[str]:
    """What is no longer as it was written."""
    event_hash: bytes | None = row["event_hash"]
    values = [row[name] for name in _COLUMNS.split(", ")[:9]]
    if _record_hash(values, event_hash) != row["record_hash"]:
        yield "its row is not what was written: the hash of the record differs"
    if decision.verdict.state != row["state"]:
        yield f"its row says {row['state']}, its body {decision.verdict.state}"
