"""A database that holds many rules: rows as the gatekeeper writes them, made by PostgreSQL itself."""

from __future__ import annotations

from typing import Any

import asyncpg

from schemas.reading import read_event
from services.gatekeeper.domain.rule_entities import Licence, RuleEntity
from services.gatekeeper.domain.shelf import licence_terms
from services.gatekeeper.pipeline.translate_rules import rule_entity
from services.gatekeeper.store.codec import dump
from services.gatekeeper.store.rules import key_of
from tests.bench.trade import CODES, Event, licence, sendable

SECONDS_MAX = 600.0
LICENCES_EACH = len(CODES)
"""Every exporter has a licence for each code."""


async def fill(url: str, *, licences: int, notices: int, entries: int) -> None:
    """Record so many licences, notices and list entries as one rule change, none of which touches anybody else."""
    connection = await asyncpg.connect(url, timeout=30)
    try:
        async with connection.transaction():
            version = await connection.fetchval(
                "UPDATE rules_state SET rules_version = rules_version + 1 RETURNING rules_version"
            )
            for code in CODES:
                await _fill_licences(connection, code, licences // LICENCES_EACH, version)
            await _fill_kind(connection, _entity(_notice()), notices, version)
            await _fill_kind(connection, _entity(_entry()), entries, version)
        await connection.execute("VACUUM ANALYZE rule_row, licence_term", timeout=SECONDS_MAX)
    finally:
        await connection.close()


async def _fill_kind(connection: Any, entity: RuleEntity, count: int, version: int) -> None:
    """`entity` so many times, with the number of each in place of @."""
    kind, key = key_of(entity)
    await connection.execute(
        "INSERT INTO rule_row (kind, key, version, rules_version, body, recorded_at) SELECT $1,"
        " replace($2, '@', n::text), 1, $3, replace($4, '@', n::text)::jsonb, clock_timestamp()"
        " FROM generate_series(0, $5::int - 1) AS n",
        kind.value,
        key,
        version,
        dump(entity),
        count,
        timeout=SECONDS_MAX,
    )


async def _fill_licences(connection: Any, code: str, count: int, version: int) -> None:
    entity = _entity(licence("@", code))
    assert isinstance(entity, Licence)
    await _fill_kind(connection, entity, count, version)
    await connection.execute(
        "INSERT INTO licence_term (term, licence_no) SELECT replace(t, '@', n::text), replace($2, '@', n::text)"
        " FROM unnest($1::text[]) AS t, generate_series(0, $3::int - 1) AS n ON CONFLICT DO NOTHING",
        list(licence_terms(entity)),
        entity.licence_no,
        count,
        timeout=SECONDS_MAX,
    )


def _entity(event: Event) -> RuleEntity:
    record = sendable(event)
    return rule_entity(read_event(record.topic, tuple(record.headers), record.key, record.value))


def _notice() -> Event:
    """Four fields, so that its scope is neither tiny nor one that an index finds at once."""
    scope = {"parties": ["NOBODY-@", "Nobody @ Holdings"], "items": ["NOTHING-@"], "destinations": ["DE"]}
    data = {
        "notice_id": "N-@", "version": 1, "origin": "AUTHORITY", "authority_ref": "Reference no. @ of the authority",
        "text": {"en": "Exports to party @ are stopped.", "zh": "停止向@出口。"},
        "effective_from": "2026-01-02T00:00:00+08:00", "effective_until": None, "everything": False,
        "release_by_licence": True, "release_by_review": False, "scope": scope,
    }  # fmt: skip
    return "notice.upserted", data


def _entry() -> Event:
    data = {
        "entry_id": "E-@", "version": 1, "list": "CONTROL_LIST", "names": ["Listed Company @ Limited"],
        "aliases": ["LC @"], "identifiers": [{"scheme": "LEI", "value": "LEI@"}], "country": "US",
        "effective_from": "2026-01-02", "effective_until": None, "suspensions": [], "effect": "PROHIBIT",
        "authority_ref": "Announcement no. @",
    }  # fmt: skip
    return "list-entry.upserted", data
