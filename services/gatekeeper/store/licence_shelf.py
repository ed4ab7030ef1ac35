"""Licences as they are asked for: from PostgreSQL into References (domain/shelf.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.shelf import licence_terms, superseding_term
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.term_keys import term_key

Connection = Any


async def note_terms(connection: Connection, licences: Collection[Licence]) -> None:
    """Remember by which terms each may be asked for. What an older version had stays: it may lead to the newest."""
    pairs = sorted({(term_key(term), licence.licence_no) for licence in licences for term in licence_terms(licence)})
    if pairs:
        await connection.execute(
            "INSERT INTO licence_term (term, licence_no) SELECT * FROM unnest($1::text[], $2::text[])"
            " ON CONFLICT DO NOTHING",
            *(list(column) for column in zip(*pairs, strict=True)),
        )


async def load_licences(
    connection: Connection, references: References, numbers: Iterable[str], terms: Iterable[str]
) -> None:
    """Have `references` know these numbers, what has one of these terms, and whatever supersedes any of them."""
    every = set(numbers)
    first, asked = references.licences.missing(every, (*terms, *map(superseding_term, every)))
    while first or asked:
        wanted = {*first, *await _numbers_of(connection, asked)}
        licences = await _newest(connection, wanted, references.rules_version)
        references.load(licences, wanted, asked)
        first, asked = references.licences.missing((), map(superseding_term, wanted))


async def _numbers_of(connection: Connection, terms: Collection[str]) -> list[str]:
    if not terms:
        return []
    rows = await connection.fetch(
        "SELECT DISTINCT licence_no FROM licence_term WHERE term = ANY($1::text[])", [term_key(term) for term in terms]
    )
    return [row["licence_no"] for row in rows]


async def _newest(connection: Connection, numbers: Collection[str], rules_version: int) -> list[Licence]:
    if not numbers:
        return []
    rows = await connection.fetch(
        "SELECT DISTINCT ON (key) body FROM rule_row WHERE kind = 'licence' AND key = ANY($1::text[])"
        " AND rules_version <= $2 ORDER BY key, seq DESC",
        sorted(numbers),
        rules_version,
    )
    return [load(Licence, row["body"]) for row in rows]
