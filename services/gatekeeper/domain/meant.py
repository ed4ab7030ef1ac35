"""Whom a line's parties mean, and whether a licence means them (D3.4)."""

from __future__ import annotations

from collections.abc import Collection

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.case import CaseLine
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.names import normalise_name
from services.gatekeeper.domain.parties import known
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.subjects import missing


def described(references: References, ref: PartyRef) -> bool:
    """Whether `ref` says who is meant: it has a name, or an id that somebody described (D3.4)."""
    return known(ref, references).described


def missing_party(role: str, ref: PartyRef | None, line: CaseLine) -> Finding:
    """MISSING_DATA: of the line where nobody is given, of the whole where an id says nothing to anybody."""
    field = f"parties.{role}"
    if ref is None:
        return missing(field, line)
    return found(Reason.MISSING_DATA, {"field": field, "party_id": ref.party_id}, field=field)


def means(references: References, ref: PartyRef, party_ids: Collection[str]) -> bool:
    """Whether `ref` is one of `party_ids`: the same id, or a name equal to a registered one; never likeness."""
    return not references.resolve(ref).isdisjoint(party_ids)


def shown(ref: PartyRef) -> str:
    """For people: the id, else the name, with the country that was given."""
    named = ref.party_id or ref.name or ""
    return f"{named} ({ref.country})" if ref.country else named


def end_user_of(references: References, line: CaseLine) -> str | None:
    """One text for the end user, equal for the same party under another of its names; None: nobody knows whom."""
    return "|".join(end_users_of(references, line.parties.get("end_user"))) or None


def end_users_of(references: References, ref: PartyRef | None) -> tuple[str, ...]:
    """Everybody whom `ref` may mean, each by its party id, or by the name that it gives; (): nobody knows whom."""
    return () if ref is None or not described(references, ref) else whom(references, ref)


def whom(references: References, ref: PartyRef) -> tuple[str, ...]:
    """Everybody whom `ref` may mean, each by its party id, described or not, or by the name that it gives."""
    if ids := references.resolve(ref):
        return tuple(sorted(ids))
    return (f"name:{normalise_name(ref.name or '')}/{ref.country or ''}",)
