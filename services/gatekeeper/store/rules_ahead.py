"""Rules that wait for their time (D7.3), by what they are about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.gatekeeper.domain.rule_entities import RuleEntity
from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.rules import ENTITY_TYPES, NewRule

Connection = Any


async def waiting_for(connection: Connection, keys: Iterable[tuple[RuleKind, str]]) -> list[NewRule]:
    """What still waits of these kinds and keys, in the order in which it came."""
    several = sorted(set(keys))
    if not several:
        return []
    rows = await connection.fetch(
        "SELECT kind, body, event_id FROM rule_ahead WHERE (kind, key) IN"
        " (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY seq",
        [kind.value for kind, _ in several],
        [key for _, key in several],
    )
    return [NewRule(_entity(row), row["event_id"]) for row in rows]


def _entity(row: Any) -> RuleEntity:
    entity: RuleEntity = load(ENTITY_TYPES[RuleKind(row["kind"])], row["body"])
    return entity
