"""Rule rows and the rules lock: shared by every decision, exclusive for every change (design.md §2.1, §4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.topics import LICENCES, NOTICES
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reference_indexes import entity_key, kind_of
from services.gatekeeper.domain.references import References, UnreadableRule
from services.gatekeeper.domain.rule_entities import (
    Control,
    Feed,
    FxRate,
    Item,
    Licence,
    ListEntry,
    MistakenIdentity,
    Notice,
    Party,
    RuleEntity,
    Statement,
)
from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.store.codec import dump, load
from services.gatekeeper.store.journal import ENGINE_VERSION
from services.gatekeeper.store.licence_shelf import note_terms
from services.gatekeeper.store.likeness import token_sort_ratios
from services.gatekeeper.store.quarantine import told

Connection = Any
RULES_LOCK = 0x52554C45
ROWS_AT_A_TIME = 2_000
ENTITIES_AT_A_TIME = 20_000

ENTITY_TYPES: dict[RuleKind, type[Any]] = {
    RuleKind.LICENCE: Licence,
    RuleKind.PARTY: Party,
    RuleKind.LIST_ENTRY: ListEntry,
    RuleKind.ITEM: Item,
    RuleKind.CONTROL: Control,
    RuleKind.STATEMENT: Statement,
    RuleKind.FX_RATE: FxRate,
    RuleKind.FEED: Feed,
    RuleKind.NOTICE: Notice,
    RuleKind.POLICY: Policy,
    RuleKind.MISTAKEN_IDENTITY: MistakenIdentity,
}


def key_of(entity: RuleEntity) -> tuple[RuleKind, str]:
    """Kind and key under which an entity is stored."""
    return kind_of(entity), entity_key(entity)


@dataclass(frozen=True, slots=True)
class NewRule:
    entity: RuleEntity
    event_id: str | None


async def lock_shared(connection: Connection) -> None:
    """A statement of its own: whatever is read after it sees every rule change that was committed before."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", RULES_LOCK)


async def lock_exclusive(connection: Connection) -> None:
    """Waits for every decision under way. Never taken by who holds it shared."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", RULES_LOCK)


class EngineTooOld(Exception):
    """The rules ask for a newer engine than this: what it would decide might be wrong. Ends the process."""


async def refresh(connection: Connection, cached: References | None) -> tuple[References, datetime]:
    """`cached` brought to the stored rules version by a delta, and the database's time. The caller holds the lock.

    Raises EngineTooOld.
    """
    version, min_engine, at = await connection.fetchrow(
        "SELECT rules_version, min_engine, clock_timestamp() FROM rules_state"
    )
    if min_engine > ENGINE_VERSION:
        raise EngineTooOld(f"the rules need engine {min_engine}, this is engine {ENGINE_VERSION}: install a newer one")
    references = cached or References.empty(token_sort_ratios, whole=False)
    if cached is not None and cached.rules_version == version:
        return cached, at
    since = references.rules_version if cached is not None else -1
    async for entities in _entities_since(connection, since, licences_too=cached is not None):
        references = references.with_changes(version, entities)
    unreadable, settled = await unreadable_at(connection, version, since)
    return references.with_changes(version, (), unreadable, settled), at


async def _entities_since(connection: Connection, since: int, *, licences_too: bool) -> AsyncIterator[list[RuleEntity]]:
    """The newest version of everything that changed after `since`, a portion at a time.

    There may be very many: neither memory nor the time between two statements may grow with them.
    """
    rows = connection.cursor(
        "SELECT DISTINCT ON (kind, key) kind, body FROM rule_row WHERE rules_version > $1 AND ($2 OR kind <> 'licence')"
        " ORDER BY kind, key, seq DESC",
        since,
        licences_too,
        prefetch=ROWS_AT_A_TIME,
    )
    portion: list[RuleEntity] = []
    async for row in rows:
        portion.append(load(ENTITY_TYPES[RuleKind(row["kind"])], row["body"]))
        if len(portion) == ENTITIES_AT_A_TIME:
            yield portion
            portion = []
    yield portion


async def unreadable_at(
    connection: Connection, rules_version: int, since: int
) -> tuple[list[UnreadableRule], list[str]]:
    """Broken rule events that came after `since` and were open at `rules_version`, and those settled in between."""
    rows = await connection.fetch(
        "SELECT quarantine_id, topic, event_key, event_type, owner_id, was_upsert, error_field, error,"
        " coalesce(settled_rules_version <= $2, false) AS settled FROM quarantine WHERE owner = 'rule'"
        " AND rules_version <= $2 AND (rules_version > $1 OR settled_rules_version > $1) ORDER BY rules_version",
        since,
        rules_version,
    )
    broken = [
        UnreadableRule(
            str(row["quarantine_id"]),
            row["event_key"],
            kind_of_record(row["topic"], row["event_type"]),
            row["owner_id"],
            row["was_upsert"],
            told(row["error_field"], row["error"]),
        )
        for row in rows
        if not row["settled"]
    ]
    return broken, [str(row["quarantine_id"]) for row in rows if row["settled"]]


_ONLY_KIND = {LICENCES.name: RuleKind.LICENCE, NOTICES.name: RuleKind.NOTICE}


_KINDS_OF_EVENTS = frozenset(RuleKind) - {RuleKind.POLICY, RuleKind.MISTAKEN_IDENTITY}
"""A policy comes by the command line only, a finding of mistaken identity by HTTP."""


def kind_of_record(topic: str, event_type: str | None) -> RuleKind | None:
    """What a broken record of a rule topic is about: its topic's only kind, else what its type says, else None."""
    if topic in _ONLY_KIND:
        return _ONLY_KIND[topic]
    stem = (event_type or "").split(".")[0]
    return RuleKind(stem) if stem in _KINDS_OF_EVENTS else None


async def insert_rules(
    connection: Connection, rules: Sequence[NewRule], rules_version: int, recorded_at: datetime
) -> None:
    """Append versions of rule entities; never an update."""
    if not rules:
        return
    keys = [key_of(rule.entity) for rule in rules]
    await connection.execute(
        "INSERT INTO rule_row (kind, key, version, rules_version, body, event_id, recorded_at)"
        " SELECT k, i, v, $5, b, e, $6 FROM unnest($1::text[], $2::text[], $3::bigint[], $4::jsonb[], $7::text[])"
        " WITH ORDINALITY AS u(k, i, v, b, e, n) ORDER BY n",
        [kind.value for kind, _ in keys],
        [key for _, key in keys],
        [rule.entity.version for rule in rules],
        [dump(rule.entity) for rule in rules],
        rules_version,
        recorded_at,
        [rule.event_id for rule in rules],
    )
    await note_terms(connection, [rule.entity for rule in rules if isinstance(rule.entity, Licence)])


async def keep_ahead(connection: Connection, rules: Sequence[tuple[NewRule, datetime]]) -> None:
    """Keep rules that count only from their time on (D7.3)."""
    if rules:
        rows = [(*key_of(rule.entity), dump(rule.entity), rule.event_id, due_at) for rule, due_at in rules]
        await connection.execute(
            "INSERT INTO rule_ahead (kind, key, body, event_id, due_at) SELECT k, i, b, e, d"
            " FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::timestamptz[])"
            " WITH ORDINALITY AS u(k, i, b, e, d, n) ORDER BY n",
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def take_ahead(connection: Connection, as_of: datetime) -> list[NewRule]:
    """Remove and return the rules whose time has come, in the order of their times."""
    rows = await connection.fetch(
        "DELETE FROM rule_ahead WHERE due_at <= $1 RETURNING seq, kind, body, event_id, due_at", as_of
    )
    ordered = sorted(rows, key=lambda row: (row["due_at"], row["seq"]))
    return [NewRule(load(ENTITY_TYPES[RuleKind(row["kind"])], row["body"]), row["event_id"]) for row in ordered]


async def raise_version(connection: Connection) -> int:
    """The next rules version; the caller holds the exclusive lock."""
    version: int = await connection.fetchval(
        "UPDATE rules_state SET rules_version = rules_version + 1 RETURNING rules_version"
    )
    return version
