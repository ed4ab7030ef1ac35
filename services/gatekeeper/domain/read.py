"""Which references a decision looked at, at which version (design.md §4): what its replay needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.notices import matching_notices
from services.gatekeeper.domain.parties import case_roles
from services.gatekeeper.domain.rule_entities import RuleEntity, mistaken_identity_key
from services.gatekeeper.domain.screening import screened
from services.gatekeeper.domain.vocabulary import RuleKind

Read = tuple[RuleKind, str, int]


def references_read(case: Case, candidates: Iterable[Candidate], findings: Iterable[Finding]) -> tuple[Read, ...]:
    """(kind, key, version), each once and sorted: items, controls, parties, candidates, rates, statements, notices …"""
    shared = read_by_scene(case, ()) if case.scene is None else case.scene.read
    keys = {(RuleKind.LICENCE, candidate.licence.licence_no) for candidate in candidates}
    draws = case.shipment.draws if case.shipment is not None else ()
    keys |= {(RuleKind.LICENCE, draw.licence_no) for draw in (*draws, *case.planned)}
    keys |= {(RuleKind.NOTICE, notice.notice_id) for notice in matching_notices(case)}
    keys |= {(RuleKind.FX_RATE, draw.rate_id) for draw in case.planned if draw.rate_id is not None}
    keys |= {(RuleKind.FX_RATE, rate_id) for finding in findings if (rate_id := finding.detail.get("rate_id"))}
    keys |= {(RuleKind.ITEM, one.item_no) for one in case.families.seen}
    own = set(_versions(case, keys)).difference(shared)
    return tuple(sorted((*shared, *own))) if own else shared


def read_by_scene(case: Case, candidates: Iterable[Candidate]) -> tuple[Read, ...]:
    """What every case of a shape looks at; `candidates`: those that it is judged by."""
    keys = {*_of_lines(case), *_of_parties(case)}
    keys |= {(RuleKind.LICENCE, candidate.licence.licence_no) for candidate in candidates}
    keys |= {(RuleKind.FEED, feed) for feed in case.policy.feed_max_age_hours}
    return tuple(sorted(_versions(case, keys)))


def _of_lines(case: Case) -> Iterator[tuple[RuleKind, str]]:
    for line in case.lines:
        yield RuleKind.ITEM, line.item_no
        if line.item is not None:
            yield from ((RuleKind.CONTROL, code) for code in line.item.control_codes)
        yield from ((RuleKind.LICENCE, number) for number in line.licences)
        yield from ((RuleKind.STATEMENT, number) for number in line.end_user_statements)


def _of_parties(case: Case) -> Iterator[tuple[RuleKind, str]]:
    """Whoever takes part or owns whoever does, the entries that mean them, and what was found of such pairs (D5.5)."""
    for _, ref in case_roles(case):
        looked_at = screened(ref, case.references, case.policy)
        yield from ((RuleKind.PARTY, party_id) for party_id in looked_at.party_ids)
        for entry_id in looked_at.entry_ids:
            yield RuleKind.LIST_ENTRY, entry_id
            for party_id in looked_at.party_ids:
                yield RuleKind.MISTAKEN_IDENTITY, mistaken_identity_key(party_id, entry_id)


def _versions(case: Case, keys: Iterable[tuple[RuleKind, str]]) -> Iterator[Read]:
    for kind, key in keys:
        entity: RuleEntity | None = case.references.entity(kind, key)
        if entity is not None:
            yield kind, key, entity.version
