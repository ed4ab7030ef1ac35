"""Notices as they stand: the newest version of each, and how far the lanes have published its last word."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.keys import Visibility

Connection = Any


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """`said`: for "in-effect" and "ended" of this version, in how many lanes it stands and in how many it is out."""

    notice: Notice
    rules_version: int
    recorded_at: datetime
    said: dict[str, tuple[int, int]]


# A principal that doesn't see everything sees the notices that are limited to its own forwarders or exporters.
_VISIBLE = """($1::bool
    OR (n.body->'scope'->'forwarders' <> '[]' AND n.body->'scope'->'forwarders' <@ to_jsonb($2::text[]))
    OR (n.body->'scope'->'exporters' <> '[]' AND n.body->'scope'->'exporters' <@ to_jsonb($3::text[])))"""

_SAID = """(
    SELECT coalesce(json_object_agg(b.what, json_build_array(b.lanes, b.published)), '{}') FROM (
        SELECT what, count(*) AS lanes, count(*) FILTER (WHERE p.published_seq >= seq) AS published
        FROM notice_barrier AS b LEFT JOIN lane_progress AS p USING (lane)
        WHERE b.notice_id = n.key AND b.version = n.version GROUP BY what
    ) AS b) AS said"""


async def read_notice(connection: Connection, notice_id: str, visibility: Visibility) -> StoredNotice | None:
    """The newest version of a notice; None when there is none that `visibility` shows."""
    row = await connection.fetchrow(
        f"SELECT n.body, n.rules_version, n.recorded_at, {_SAID} FROM (SELECT key, version, rules_version, body,"
        " recorded_at FROM rule_row WHERE kind = 'notice' AND key = $4 ORDER BY seq DESC LIMIT 1) AS n"
        f" WHERE {_VISIBLE}",
        *visibility.arguments(),
        notice_id,
    )
    return None if row is None else _stored(row)


async def list_notices(
    connection: Connection, visibility: Visibility, *, after: str, rows_max: int
) -> list[StoredNotice]:
    """Up to `rows_max` notices by id, those above `after`."""
    rows = await connection.fetch(
        f"SELECT n.body, n.rules_version, n.recorded_at, {_SAID} FROM (SELECT DISTINCT ON (key) key, version,"
        " rules_version, body, recorded_at FROM rule_row WHERE kind = 'notice' AND key > $4 ORDER BY key, seq DESC)"
        f" AS n WHERE {_VISIBLE} ORDER BY n.key LIMIT $5",
        *visibility.arguments(),
        after,
        rows_max,
    )
    return [_stored(row) for row in rows]


def _stored(row: Any) -> StoredNotice:
    said = {what: (lanes, published) for what, (lanes, published) in json.loads(row["said"]).items()}
    return StoredNotice(load(Notice, row["body"]), row["rules_version"], row["recorded_at"], said)
