"""Who takes part in a case: every role with everything that is known about who fills it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.names import normalise_name
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import ListEntry

EXPORTER = "exporter"
FORWARDER = "forwarder"
PARTIES_REMEMBERED_MAX = 50_000
SERVICE_ROLES = frozenset({"carrier", "broker", "bank", FORWARDER})


@dataclass(frozen=True, slots=True)
class Known:
    """Who a PartyRef is: the ids that it stands for, all their names and its own (normalised), their countries."""

    ids: frozenset[str]
    namesakes: frozenset[str]
    """`ids`, and every party with its name in whatever country: a stop means them too, a licence doesn't (D3.4)."""
    names: frozenset[str]
    countries: frozenset[str]
    described: bool
    """False: a party id that nobody described, without a name (D3.4)."""
    entries: tuple[ListEntry, ...]
    """List entries that share an identifier or a name with it, in force or not (D5.1), by id."""


def known(ref: PartyRef, references: References) -> Known:
    """Looked up once for each rules version."""
    remembered = references.known_parties.get(ref)
    if remembered is None:
        if len(references.known_parties) >= PARTIES_REMEMBERED_MAX:
            references.known_parties.clear()
        remembered = references.known_parties[ref] = _look_up(ref, references)
    return remembered


def _look_up(ref: PartyRef, references: References) -> Known:
    ids = references.resolve(ref)
    parties = [party for party_id in sorted(ids) if (party := references.party(party_id)) is not None]
    written = [ref.name] if ref.name else []
    written += [name for party in parties for name in (*party.names, *party.aliases)]
    countries = {party.country for party in parties} | ({ref.country} if ref.country else set())
    names = frozenset(normalised for name in written if (normalised := normalise_name(name)))
    entries = references.entries_for(ids, [ref.name] if ref.name else [])
    namesakes = ids if ref.party_id is not None else ids | references.parties_named(ref.name or "")
    return Known(ids, namesakes, names, frozenset(countries), bool(parties) or bool(ref.name), entries)


def case_roles(case: Case) -> tuple[tuple[str, PartyRef], ...]:
    """Every role on any line, each pair once, in order of lines and roles, then exporter and forwarder (D6.2)."""
    if case.scene is not None:
        return case.scene.roles
    roles = {role: None for line in case.lines for role in sorted(line.parties.items())}
    own = dict.fromkeys(_own_roles(case))
    return (*roles, *(role for role in own if role not in roles))


def _own_roles(case: Case) -> Iterator[tuple[str, PartyRef]]:
    for role, party_id in ((EXPORTER, case.exporter_id), (FORWARDER, case.forwarder_id)):
        if party_id is not None:
            yield role, PartyRef(party_id)
