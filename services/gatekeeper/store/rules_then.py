"""The rules as they were at an earlier version: every version of every entity is kept (design.md §4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import RuleEntity
from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.likeness import token_sort_ratios
from services.gatekeeper.store.rules import ENTITY_TYPES, unreadable_at

Connection = Any


class RuleNotReadable(Exception):
    """A stored version of a rule can't be read: somebody changed it, or a newer engine wrote it."""


async def references_at(connection: Connection, rules_version: int, known: References | None = None) -> References:
    """What every decision at `rules_version` read, a later one in this transaction's sight or not; no lock is needed.

    `known`: a value that this returned before; from an earlier version on only what is new is loaded. Raises
    RuleNotReadable.
    """
    if known is not None and known.rules_version == rules_version:
        return known
    reached = known if known is not None and known.rules_version < rules_version else None
    since = -1 if reached is None else reached.rules_version
    rows = await connection.fetch(
        "SELECT DISTINCT ON (kind, key) kind, key, version, body FROM rule_row"
        " WHERE rules_version > $1 AND rules_version <= $2 ORDER BY kind, key, seq DESC",
        since,
        rules_version,
    )
    entities = [_entity(row) for row in rows]
    unreadable, settled = await unreadable_at(connection, rules_version, since)
    return (reached or References.empty(token_sort_ratios)).with_changes(rules_version, entities, unreadable, settled)


async def versions_read(
    connection: Connection, read: Iterable[tuple[RuleKind, str, int]], rules_version: int
) -> Sequence[Any]:
    """Of each reference the row that was so at `rules_version`: kind, key, version, body, recorded_at."""
    pairs = [(kind.value, key) for kind, key, _ in read]
    rows: Sequence[Any] = await connection.fetch(
        "SELECT DISTINCT ON (r.kind, r.key) r.kind, r.key, r.version, r.body, r.recorded_at FROM rule_row AS r"
        " JOIN unnest($1::text[], $2::text[]) AS u(kind, key) ON r.kind = u.kind AND r.key = u.key"
        " WHERE r.rules_version <= $3 ORDER BY r.kind, r.key, r.seq DESC",
        [kind for kind, _ in pairs],
        [key for _, key in pairs],
        rules_version,
    )
    return rows


def _entity(row: Any) -> RuleEntity:
    try:
        entity: RuleEntity = load(ENTITY_TYPES[RuleKind(row["kind"])], row["body"])
    except ValidationError as error:
        where = f"{row['kind']} {row['key']} version {row['version']}"
        raise RuleNotReadable(f"{where} cannot be read: {error.error_count()} faults") from None
    return entity
