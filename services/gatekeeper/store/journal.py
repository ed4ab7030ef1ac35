"""Append-only tables: ledger, timeline, violations, alerts; and the open holds that metrics count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.gatekeeper.domain.accounts import LedgerEntry
from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.domain.workspace import Alert, TimelineEntry, Violation

Connection = Any
ENGINE_VERSION = 1
"""Rises when the same inputs may give another decision; an older engine stops at a newer `min_engine`."""


async def append_ledger(connection: Connection, entries: Sequence[LedgerEntry], as_of: datetime) -> None:
    if entries:
        await connection.copy_records_to_table(
            "ledger",
            columns=[
                "licence_no",
                "licence_line",
                "owner",
                "owner_id",
                "line_no",
                "kind",
                "reserved",
                "consumed",
                "value_reserved",
                "value_consumed",
                "uses",
                "uses_reserved",
                "rate_id",
                "day",
                "unit",
                "currency",
                "as_of",
            ],
            records=[
                (
                    entry.licence_no,
                    entry.licence_line,
                    entry.owner,
                    entry.owner_id,
                    entry.line_no,
                    entry.kind,
                    entry.reserved,
                    entry.consumed,
                    entry.value_reserved,
                    entry.value_consumed,
                    entry.uses,
                    entry.uses_reserved,
                    entry.rate_id,
                    entry.day,
                    entry.unit,
                    entry.currency,
                    as_of,
                )
                for entry in entries
            ],
        )


async def append_timeline(connection: Connection, entries: Sequence[TimelineEntry]) -> None:
    if entries:
        await connection.copy_records_to_table(
            "timeline",
            columns=["owner", "owner_id", "at", "what", "detail"],
            records=[(entry.owner, entry.owner_id, entry.at, entry.what, _json(entry.detail)) for entry in entries],
        )


async def new_violations(connection: Connection, violations: Sequence[tuple[UUID, Violation]]) -> frozenset[UUID]:
    """Store violations; the ids of those that were not there yet. Each is recorded once."""
    if not violations:
        return frozenset()
    rows = await connection.fetch(
        "INSERT INTO violation (violation_id, kind, shipment_id, licence_no, detail, occurred_at)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])"
        " ON CONFLICT DO NOTHING RETURNING violation_id",
        [identity for identity, _ in violations],
        [violation.kind.value for _, violation in violations],
        [violation.shipment_id for _, violation in violations],
        [violation.licence_no for _, violation in violations],
        [_json(violation.detail) for _, violation in violations],
        [violation.occurred_at for _, violation in violations],
    )
    return frozenset(row["violation_id"] for row in rows)


async def append_alerts(connection: Connection, alerts: Sequence[Alert], as_of: datetime) -> None:
    if alerts:
        rows = [(alert.kind.value, *alert_subject(alert), alert.licence_line, _json(alert.detail)) for alert in alerts]
        await connection.execute(
            "INSERT INTO alert (kind, subject_kind, subject, licence_line, detail, recorded_at)"
            " SELECT k, s, i, l, d, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::jsonb[])"
            " WITH ORDINALITY AS u(k, s, i, l, d, n) ORDER BY n",
            *(list(column) for column in zip(*rows, strict=True)),
            as_of,
        )


def alert_subject(alert: Alert) -> tuple[str, str]:
    """What an alert is about: a licence, a feed, or a notice, list entry or control."""
    if alert.licence_no is not None:
        return "licence", alert.licence_no
    return ("feed" if alert.kind.value == "FEED_STALE" else "notice"), alert.subject or ""


async def replace_open_holds(connection: Connection, holds: Mapping[tuple[str, str], Sequence[Hold]]) -> None:
    """Make the open holds of each (owner, owner_id) exactly these."""
    if not holds:
        return
    rows = [(owner, owner_id, hold) for (owner, owner_id), several in holds.items() for hold in several]
    await connection.execute(
        "DELETE FROM open_hold AS h USING unnest($1::text[], $2::text[]) AS u(owner, owner_id)"
        " WHERE h.owner = u.owner AND h.owner_id = u.owner_id AND h.hold_id <> ALL($3::text[])",
        [owner for owner, _ in holds],
        [owner_id for _, owner_id in holds],
        [hold.hold_id for _, _, hold in rows],
    )
    if not rows:
        return
    await connection.execute(
        "INSERT INTO open_hold (owner, owner_id, hold_id, reason, placed_at) SELECT * FROM unnest($1::text[],"
        " $2::text[], $3::text[], $4::text[], $5::timestamptz[]) ON CONFLICT DO NOTHING",
        [owner for owner, _, _ in rows],
        [owner_id for _, owner_id, _ in rows],
        [hold.hold_id for _, _, hold in rows],
        [hold.reason.value for _, _, hold in rows],
        [hold.placed_at for _, _, hold in rows],
    )


def _json(detail: Mapping[str, Any]) -> str:
    return json.dumps(dict(detail), ensure_ascii=False, sort_keys=True)
