"""When people are told that a feed became too old by policy: a date of the rules like a notice's (D4.9, FEED_STALE)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.feeds import is_stale, stale_from
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.vocabulary import AlertKind, RuleKind

Connection = Any


async def replace_feed_dates(
    connection: Connection, feeds: Collection[str], before: References, after: References, as_of: datetime
) -> None:
    """Keep the date of each of `feeds`, which a change (`before`, `after`) refreshed or policy limits otherwise now.

    Told once for each time: what is too old by now gets the date `as_of`, unless it was so before and people know.
    """
    if not feeds:
        return
    gone = await connection.fetch(
        "DELETE FROM rule_boundary WHERE kind = $1 AND key = ANY($2::text[]) RETURNING key, due_at",
        RuleKind.FEED.value,
        sorted(feeds),
    )
    untold = {row["key"] for row in gone if row["due_at"] <= as_of}
    rows: list[tuple[str, int, datetime]] = []
    for name in sorted(feeds):
        since, known = stale_from(after, after.policy, name), after.feed(name)
        known_to_people = is_stale(before, before.policy, name, as_of) and name not in untold
        if since is not None and (since > as_of or not known_to_people):
            rows.append((name, known.version if known is not None else 0, max(since, as_of)))
    await connection.executemany(
        "INSERT INTO rule_boundary (kind, key, version, what, due_at) VALUES ($1, $2, $3, $4, $5)",
        [(RuleKind.FEED.value, name, version, AlertKind.FEED_STALE.value, at) for name, version, at in rows],
    )
