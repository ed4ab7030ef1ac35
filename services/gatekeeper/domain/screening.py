"""Which list entries mean a party, and by what (D5.1, D5.3): identifier, name, likeness of a name, or an owner."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.names import normalise_identifier, normalise_name
from services.gatekeeper.domain.ownership import Holding, owners_of
from services.gatekeeper.domain.parties import PARTIES_REMEMBERED_MAX, Known, known
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import ListEntry

IDENTIFIER, NAME, LIKENESS, OWNERSHIP = "IDENTIFIER", "NAME", "LIKENESS", "OWNERSHIP"


@dataclass(frozen=True, slots=True)
class Hit:
    """`weak`: a case for review whatever the list says. `detail`: for people, what was found how."""

    entry: ListEntry
    matched_by: str
    weak: bool
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Screened:
    """`hits`: each entry once, in force or not, the strongest ground first.

    `party_ids` and `entry_ids`: who and what was weighed, owners and hits by mistake (D5.5) included.
    """

    hits: tuple[Hit, ...]
    party_ids: frozenset[str]
    entry_ids: frozenset[str]


def screened(ref: PartyRef, references: References, policy: Policy) -> Screened:
    """Looked up once for each rules version and setting."""
    asked = (ref, policy.name_match_threshold, policy.ownership_percent)
    remembered = references.screened.get(asked)
    if remembered is None:
        if len(references.screened) >= PARTIES_REMEMBERED_MAX:
            references.screened.clear()
        remembered = references.screened[asked] = _screen(ref, references, policy)
    return remembered


def is_mistaken(party_ids: Collection[str], entry: ListEntry, references: References) -> bool:
    """D5.5: of each of `party_ids` it was found that this very version of `entry` means somebody else."""
    return bool(party_ids) and all(
        (finding := references.mistaken_identity(party_id, entry.entry_id)) is not None
        and not finding.withdrawn
        and finding.entry_version == entry.version
        for party_id in party_ids
    )


def _screen(ref: PartyRef, references: References, policy: Policy) -> Screened:
    party = known(ref, references)
    found = [(party.ids, hit) for hit in _own_hits(party, references)]
    owners: frozenset[str] = frozenset()
    if policy.ownership_percent is not None:
        held = owners_of(party.ids, policy.ownership_percent, references)
        owners = frozenset(holding.owner for holding in held)
        found += [(frozenset({one.owner}), hit) for one in held for hit in _hits_of_owner(one, references)]
    if policy.name_match_threshold is not None:
        found += [(party.ids, hit) for hit in _alike(ref, party, references, policy.name_match_threshold)]
    hits: dict[str, Hit] = {}
    for meant, hit in found:
        if not is_mistaken(meant, hit.entry, references):
            hits.setdefault(hit.entry.entry_id, hit)
    entry_ids = frozenset(hit.entry.entry_id for _, hit in found)
    return Screened(tuple(hits.values()), party.ids | owners, entry_ids)


def _hits_of_owner(holding: Holding, references: References) -> Iterator[Hit]:
    """D5.3. Only a finding about the owner itself clears these: that the party is somebody else says nothing of it."""
    detail = {"owner": holding.owner, "percent": f"{holding.percent.normalize():f}"}
    if holding.through:
        detail["through"] = ", ".join(reversed(holding.through))
    for hit in _own_hits(known(PartyRef(holding.owner), references), references):
        yield Hit(hit.entry, OWNERSHIP, weak=True, detail={**hit.detail, **detail})


def _own_hits(party: Known, references: References) -> Iterator[Hit]:
    """D5.1. By name alone, with every country known of the party another than the entry's, it is weak."""
    identifiers = _party_identifiers(party, references)
    for entry in party.entries:
        identified = bool(_identifiers(entry) & identifiers)
        elsewhere = bool(entry.country and party.countries and entry.country not in party.countries)
        listed = (*entry.names, *entry.aliases)
        same = (name for name in listed if normalise_name(name) in party.names)
        detail = {"listed_name": name} if (name := next(same, next(iter(listed), None))) else {}
        yield Hit(entry, IDENTIFIER if identified else NAME, weak=elsewhere and not identified, detail=detail)


def _alike(ref: PartyRef, party: Known, references: References, threshold: int) -> Iterator[Hit]:
    """D5.1: an entry with a name that is alike enough, by its most alike one."""
    names = [ref.name] if ref.name else []
    for party_id in sorted(party.ids):
        described = references.party(party_id)
        names += [*described.names, *described.aliases] if described is not None else []
    best: dict[str, tuple[float, str, str]] = {}
    for name in dict.fromkeys(names):
        for one in references.alike_entries(name, threshold):
            if one.key not in best or one.score > best[one.key][0]:
                best[one.key] = (one.score, one.name, name)
    entries = (entry for entry_id in sorted(best) if (entry := references.entry(entry_id)) is not None)
    for entry in entries:
        score, listed, name = best[entry.entry_id]
        yield Hit(entry, LIKENESS, weak=True, detail={"listed_name": listed, "name": name, "score": f"{score:.1f}"})


def _identifiers(entry: ListEntry) -> set[str]:
    written = (normalise_identifier(identifier.scheme, identifier.value) for identifier in entry.identifiers)
    return {identifier for identifier in written if identifier}


def _party_identifiers(party: Known, references: References) -> set[str]:
    parties = (references.party(party_id) for party_id in party.ids)
    every = (identifier for described in parties if described is not None for identifier in described.identifiers)
    written = (normalise_identifier(identifier.scheme, identifier.value) for identifier in every)
    return {identifier for identifier in written if identifier}
