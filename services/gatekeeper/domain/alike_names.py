"""The names of list entries and of parties, to be searched by likeness (D5.1); no work while policy asks for none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.gatekeeper.domain.likeness import Likeness, NameRegister
from services.gatekeeper.domain.rule_entities import ListEntry, Party, RuleEntity

Named = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AlikeNames:
    entries: NameRegister
    parties: NameRegister

    @classmethod
    def of(cls, likeness: Likeness) -> AlikeNames:
        return cls(NameRegister(likeness), NameRegister(likeness))

    def changed(self, entities: Iterable[RuleEntity]) -> AlikeNames:
        """With the names of `entities`, which replace those of the same kind and key."""
        several = tuple(entities)
        return AlikeNames(
            self.entries.changed(names_of(ListEntry, several)), self.parties.changed(names_of(Party, several))
        )


def names_of(kind: type[ListEntry] | type[Party], entities: Iterable[RuleEntity]) -> Iterator[Named]:
    """(key, names and aliases) of those that are of `kind`."""
    for entity in entities:
        if isinstance(entity, ListEntry) and kind is ListEntry:
            yield entity.entry_id, (*entity.names, *entity.aliases)
        elif isinstance(entity, Party) and kind is Party:
            yield entity.party_id, (*entity.names, *entity.aliases)
