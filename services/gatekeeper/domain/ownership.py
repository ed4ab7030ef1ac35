"""Whose owners are whom (D5.3): chains of shares, each at least as large as policy says."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from services.gatekeeper.domain.references import References


class Holding(NamedTuple):
    """`owner` holds `percent` of the last of `through`, who hold one another down to the party; () of the party."""

    owner: str
    percent: Decimal
    through: tuple[str, ...] = ()


def owners_of(party_ids: Collection[str], percent_min: Decimal, references: References) -> tuple[Holding, ...]:
    """Every owner through any number of hands, each once by its shortest chain; nobody is its own owner."""
    found: dict[str, Holding] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(party_id, ()) for party_id in sorted(party_ids)]
    while waiting:
        following: list[tuple[str, tuple[str, ...]]] = []
        for party_id, through in waiting:
            party = references.party(party_id)
            for owner in party.owners if party is not None else ():
                if owner.percent >= percent_min and owner.party_id not in found and owner.party_id not in party_ids:
                    found[owner.party_id] = Holding(owner.party_id, owner.percent, through)
                    following.append((owner.party_id, (*through, owner.party_id)))
        waiting = following
    return tuple(found.values())
