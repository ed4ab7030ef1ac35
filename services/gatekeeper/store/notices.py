"""Dates of notices and licences that come by themselves, and how far each lane has been told of a notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.expiry import expiry_alerts
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence, Notice
from services.gatekeeper.domain.terms import Touches
from services.gatekeeper.domain.touches import touches_of
from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.store.rules import key_of

Connection = Any
START = "start"
END = "end"


def touches(references: References, notice: Notice) -> Touches:
    """Whom a notice touches that begins or ends."""
    return touches_of(None, notice, references)


async def replace_boundaries(connection: Connection, entities: Sequence[Notice | Licence], as_of: datetime) -> None:
    """Keep the future dates of these entities' newest versions, and of no older ones."""
    newest = {key_of(entity): entity for entity in entities}
    await connection.execute(
        "DELETE FROM rule_boundary AS b USING unnest($1::text[], $2::text[]) AS u(kind, key)"
        " WHERE b.kind = u.kind AND b.key = u.key",
        [kind.value for kind, _ in newest],
        [key for _, key in newest],
    )
    rows = [
        (kind.value, key, entity.version, what, at)
        for (kind, key), entity in newest.items()
        for what, at in _dates(entity)
        if at is not None and at > as_of
    ]
    if rows:
        await connection.execute(
            "INSERT INTO rule_boundary (kind, key, version, what, due_at) SELECT * FROM unnest($1::text[], $2::text[],"
            " $3::bigint[], $4::text[], $5::timestamptz[])",
            *(list(column) for column in zip(*rows, strict=True)),
        )


def _dates(entity: Notice | Licence) -> list[tuple[str, datetime | None]]:
    if isinstance(entity, Licence):
        return [(kind.value, at) for kind, at in expiry_alerts(entity)]
    return [] if entity.lifted else [(START, entity.starts_at), (END, entity.ends_at)]


@dataclass(frozen=True, slots=True)
class Due:
    """A date that came: of a notice START or END, of a licence the kind of its alert."""

    kind: RuleKind
    key: str
    version: int
    what: str


async def take_due(connection: Connection, as_of: datetime) -> list[Due]:
    """Remove and return what is due, by date; the caller holds the exclusive rules lock."""
    rows = await connection.fetch(
        "DELETE FROM rule_boundary WHERE due_at <= $1 RETURNING kind, key, version, what, due_at", as_of
    )
    ordered = sorted(rows, key=lambda row: (row["due_at"], row["kind"], row["key"], row["what"]))
    return [Due(RuleKind(row["kind"]), row["key"], row["version"], row["what"]) for row in ordered]


async def add_barriers(
    connection: Connection,
    notice: Notice,
    what: str,
    barriers: Sequence[tuple[int, int]],
    rules_version: int,
    as_of: datetime,
) -> None:
    """Where in each lane (lane, seq) the notice's record stands; EFFECTIVE once all of them are published."""
    await connection.execute(
        "INSERT INTO notice_barrier (notice_id, version, what, lane, seq, rules_version, recorded_at)"
        " SELECT $1, $2, $3, l, s, $6, $7 FROM unnest($4::int[], $5::bigint[]) AS u(l, s) ON CONFLICT DO NOTHING",
        notice.notice_id,
        notice.version,
        what,
        [lane for lane, _ in barriers],
        [seq for _, seq in barriers],
        rules_version,
        as_of,
    )
