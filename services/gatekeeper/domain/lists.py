"""The party lists (domain.md §5): who is listed, in which role, and what that gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.calendar import acts_on, window_instants
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.ceasing import ceases_on
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.parties import SERVICE_ROLES, case_roles, known
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import ListEntry
from services.gatekeeper.domain.screening import Hit, screened
from services.gatekeeper.domain.vocabulary import ListEffect, ListName
from services.gatekeeper.domain.watched import wanting, watched_with_care

STATUTORY_ROLES = frozenset({"importer", "end_user"})
NEEDED_ROLES = frozenset({"importer", "consignee", "end_user", "intermediary"})
STATUTORY_LISTS = {ListName.CONTROL_LIST: Reason.CONTROL_LISTED, ListName.WATCH_LIST: Reason.WATCH_LISTED}


def list_hits(case: Case) -> Iterator[Finding]:
    """CONTROL_LISTED, WATCH_LISTED or PARTY_REVIEW for each entry in force and each role that it hits (D5.1-D5.3)."""
    if not case.leaves_territory or (case.scene is not None and not case.scene.listed):
        return
    given: set[tuple[Reason, str, str]] = set()
    for role, ref in _screened_roles(case):
        for hit in screened(ref, case.references, case.policy).hits:
            if not _acts(hit.entry, case):
                continue
            for reason in _reasons(case, role, ref, hit):
                if (reason, hit.entry.entry_id, role) not in given:
                    given.add((reason, hit.entry.entry_id, role))
                    detail = _detail(case, hit, ref)
                    if reason is Reason.WATCH_LISTED:
                        detail |= wanting(case, [line for line in case.lines if line.parties.get(role) == ref])
                    yield found(reason, detail, entry_id=hit.entry.entry_id, role=role)


def undescribed_parties(case: Case) -> Iterator[Finding]:
    """A party id that nobody described and that has no name: MISSING_DATA, in a service role PARTY_REVIEW (D3.4)."""
    if not case.leaves_territory:
        return
    told: set[str] = set()
    for role, ref in _screened_roles(case):
        if role in told or known(ref, case.references).described:
            continue
        told.add(role)
        if role in NEEDED_ROLES:
            field = f"parties.{role}"
            yield found(Reason.MISSING_DATA, {"field": field, "party_id": ref.party_id}, field=field)
        elif role in case.policy.service_party_roles:
            yield found(Reason.PARTY_REVIEW, {"party": ref.party_id, "matched_by": "UNDESCRIBED"}, role=role)


def anybody_listed(case: Case) -> bool:
    """Whether a list entry, in force or not, means anybody who is screened."""
    return any(screened(ref, case.references, case.policy).hits for _, ref in _screened_roles(case))


def next_dates(case: Case) -> Iterator[datetime]:
    """When an entry that means one of the case's parties begins or ceases to act (D5.2, D7.1)."""
    if not case.leaves_territory:
        return
    for _, ref in _screened_roles(case):
        for hit in screened(ref, case.references, case.policy).hits:
            yield from window_instants(hit.entry.effective_from, hit.entry.effective_until, hit.entry.suspensions)


def _screened_roles(case: Case) -> Iterator[tuple[str, PartyRef]]:
    """All but the service roles that policy leaves out (`service_party_roles`)."""
    for role, ref in case_roles(case):
        if role not in SERVICE_ROLES or role in case.policy.service_party_roles:
            yield role, ref


def _acts(entry: ListEntry, case: Case) -> bool:
    window = (entry.effective_from, entry.effective_until, entry.suspensions)
    return any(acts_on(day, *window) for day in case.days_of_bans)


def _reasons(case: Case, role: str, ref: PartyRef, hit: Hit) -> set[Reason]:
    """What the hit gives on each of the lines on which `ref` fills `role`; usually one reason."""
    statutory = STATUTORY_LISTS.get(hit.entry.list)
    if statutory is None or hit.weak or hit.entry.effect is ListEffect.REVIEW or role not in STATUTORY_ROLES:
        return {Reason.PARTY_REVIEW}
    lines = [line for line in case.lines if line.parties.get(role) == ref]
    reasons = {_line_reason(case, line, statutory) for line in lines}
    return {reason for reason in reasons if reason is not None}


def _line_reason(case: Case, line: CaseLine, statutory: Reason) -> Reason | None:
    if not line.needs_licence:
        return Reason.PARTY_REVIEW
    return None if statutory is Reason.WATCH_LISTED and watched_with_care(case, line) else statutory


def _detail(case: Case, hit: Hit, ref: PartyRef) -> dict[str, str | None]:
    entry = hit.entry
    ceases = ceases_on(case, entry)
    return {
        "party": ref.party_id or ref.name,
        "list": entry.list.value,
        "matched_by": hit.matched_by,
        "listed_country": entry.country,
        "effect": entry.effect.value,
        "authority_ref": entry.authority_ref,
        "lifts_on": None if ceases is None else ceases.isoformat(),
        **hit.detail,
    }
