"""All rule entities at one rules version, indexed for lookup.

A new version is a new value: every table is a `Buckets`, which copies only the buckets that a delta touches, so that a
delta costs its own size and not that of 200,000 entries, and a transaction that still holds the older version keeps
reading exactly that one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from services.gatekeeper.domain.alike_names import AlikeNames, names_of
from services.gatekeeper.domain.broken_rules import BrokenRules, UnreadableRule
from services.gatekeeper.domain.buckets import Buckets
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.likeness import Alike, Likeness, indel_ratios
from services.gatekeeper.domain.names import normalise_identifier, normalise_name
from services.gatekeeper.domain.policy import POLICY_KEY, Policy
from services.gatekeeper.domain.reference_indexes import Indexes, entity_key, kind_of
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
    mistaken_identity_key,
)
from services.gatekeeper.domain.shelf import Shelf, covering_terms, superseding_term
from services.gatekeeper.domain.vocabulary import RuleKind

__all__ = ["References", "UnreadableRule"]

_DEFAULT_POLICY = Policy()

if TYPE_CHECKING:
    from services.gatekeeper.domain.parties import Known
    from services.gatekeeper.domain.scene import Scene, Shape
    from services.gatekeeper.domain.screening import Screened


class References:
    """Every rule entity at its newest version, as of `rules_version`; immutable. Built empty, fed by `with_changes`."""

    __slots__ = (
        "_broken",
        "_entities",
        "_indexes",
        "_names",
        "known_parties",
        "licences",
        "rules_version",
        "scenes",
        "screened",
    )

    def __init__(
        self,
        rules_version: int,
        entities: Buckets[tuple[RuleKind, str], RuleEntity],
        indexes: Indexes,
        broken: BrokenRules,
        licences: Shelf,
        names: AlikeNames,
    ) -> None:
        self.rules_version = rules_version
        self.known_parties: dict[PartyRef, Known] = {}
        """What `parties.known` has already looked up in this version."""
        self.scenes: dict[Shape, Scene] = {}
        """What `scene.scene_of` has already worked out in this version."""
        self.licences = licences
        """Only `load` may put another in its place, with the same licences and more of them."""
        self.screened: dict[tuple[PartyRef, int | None, Decimal | None], Screened] = {}
        """What `screening.screened` has already looked up in this version."""
        self._entities = entities
        self._indexes = indexes
        self._broken = broken
        self._names = names

    @classmethod
    def empty(cls, likeness: Likeness = indel_ratios, *, whole: bool = True) -> References:
        """Nothing yet. `likeness` compares names for every version that comes of this one (D5.1).

        `whole` False: licences are loaded as they are asked for (shelf.py).
        """
        return cls(0, Buckets(), Indexes.empty(), BrokenRules(), Shelf(whole), AlikeNames.of(likeness))

    def with_changes(
        self,
        rules_version: int,
        entities: Iterable[RuleEntity],
        unreadable: Iterable[UnreadableRule] = (),
        settled: Iterable[str] = (),
    ) -> References:
        """A References at `rules_version` with `entities` replacing those of the same kind and key.

        `unreadable` adds broken rule events, `settled` removes them by quarantine id. This value stays as it is.
        """
        table, indexes, several = self._entities.edit(), self._indexes.edit(), tuple(entities)
        licences = [entity for entity in several if isinstance(entity, Licence)]
        for entity in several:
            if isinstance(entity, Licence):
                continue
            key = (kind_of(entity), entity_key(entity))
            indexes.replace(table.get(key), entity)
            table.put(key, entity)
        broken = self._broken.changed(unreadable, settled)
        shelf = self.licences.with_changes(licences) if licences else self.licences
        names = self._names.changed(several)
        return References(rules_version, table.done(), indexes.done(), broken, shelf, names)

    def entity(self, kind: RuleKind, key: str) -> RuleEntity | None:
        """The newest version. Raises NotGathered for a licence that nobody has asked for yet."""
        return self.licences.licence(key) if kind is RuleKind.LICENCE else self._entities.get((kind, key))

    def licence(self, licence_no: str) -> Licence | None:
        """Raises NotGathered when nobody has asked for it yet."""
        return self.licences.licence(licence_no)

    def load(self, licences: Collection[Licence], numbers: Iterable[str], terms: Iterable[str]) -> None:
        """Keep these too: all that there is, at this rules version, under `numbers` and `terms`."""
        self.licences = self.licences.with_loaded(licences, numbers, terms)

    def item(self, item_no: str) -> Item | None:
        return cast("Item | None", self._entities.get((RuleKind.ITEM, item_no)))

    def control(self, control_code: str) -> Control | None:
        return cast("Control | None", self._entities.get((RuleKind.CONTROL, control_code)))

    def party(self, party_id: str) -> Party | None:
        return cast("Party | None", self._entities.get((RuleKind.PARTY, party_id)))

    def statement(self, statement_no: str) -> Statement | None:
        return cast("Statement | None", self._entities.get((RuleKind.STATEMENT, statement_no)))

    def notice(self, notice_id: str) -> Notice | None:
        """The newest version, a lifted one too."""
        return cast("Notice | None", self._entities.get((RuleKind.NOTICE, notice_id)))

    def entry(self, entry_id: str) -> ListEntry | None:
        return cast("ListEntry | None", self._entities.get((RuleKind.LIST_ENTRY, entry_id)))

    @property
    def policy(self) -> Policy:
        """The policy that was applied last; its defaults before that."""
        applied = self._entities.get((RuleKind.POLICY, POLICY_KEY))
        return applied if isinstance(applied, Policy) else _DEFAULT_POLICY

    def feed(self, name: str) -> Feed | None:
        return cast("Feed | None", self._entities.get((RuleKind.FEED, name)))

    def _all(self, kind: RuleKind, keys: Collection[str]) -> tuple[RuleEntity, ...]:
        found = (self._entities.get((kind, key)) for key in sorted(keys))
        return tuple(entity for entity in found if entity is not None)

    def forget_licences(self) -> None:
        """Have them loaded anew as they are asked for."""
        self.licences = Shelf(whole=False)
        self.scenes.clear()

    def licences_covering(self, exporter_id: str, codes: Collection[str], item_no: str) -> tuple[Licence, ...]:
        """The exporter's licences one of whose lines names one of `codes` or the item, by number; in any status.

        Raises NotGathered when nobody has asked for them yet.
        """
        return self.licences.having(covering_terms(exporter_id, codes, item_no))

    def successors(self, licence_no: str) -> tuple[Licence, ...]:
        """Licences whose `supersedes` names `licence_no`, by number; in any status (D3.3). Raises NotGathered."""
        return self.licences.having((superseding_term(licence_no),))

    def resolve(self, ref: PartyRef) -> frozenset[str]:
        """The party ids that `ref` stands for (D3.4): its id, else every party with an equal name or alias.

        By name, parties of another country are left out when `ref` gives one.
        """
        if ref.party_id is not None:
            return frozenset({ref.party_id})
        ids = self.parties_named(ref.name) if ref.name is not None else frozenset[str]()
        if ref.country is None:
            return ids
        return frozenset(found for found in ids if (party := self.party(found)) and party.country == ref.country)

    def parties_named(self, name: str) -> frozenset[str]:
        """Ids of the parties registered with an equal name or alias, of any country."""
        written = normalise_name(name)
        return frozenset(self._indexes.parties.union((f"name:{written}",))) if written else frozenset()

    def parties_identified(self, scheme: str, value: str) -> frozenset[str]:
        """Ids of the parties that carry this identifier."""
        written = normalise_identifier(scheme, value)
        return frozenset(self._indexes.parties.union((f"identifier:{written}",))) if written else frozenset()

    def owned_by(self, party_id: str) -> frozenset[str]:
        """Ids of the parties that name `party_id` among their owners."""
        return frozenset(self._indexes.parties.union((f"owner:{party_id}",)))

    def has_notices(self) -> bool:
        """Whether any notice is recorded and not lifted."""
        return bool(self._indexes.notices)

    def notices(self) -> tuple[Notice, ...]:
        """The newest versions that are not lifted, begun or not, by id."""
        keys = {key for keys in self._indexes.notices.sets() for key in keys}
        return cast("tuple[Notice, ...]", self._all(RuleKind.NOTICE, keys))

    def notices_for(self, terms: Collection[str]) -> tuple[Notice, ...]:
        """Not lifted, and possibly matching something with `terms`: a superset, whose cost is that of its size."""
        return cast("tuple[Notice, ...]", self._all(RuleKind.NOTICE, self._indexes.notices.union((*terms, ""))))

    def entries_for(self, party_ids: Collection[str], names: Collection[str]) -> tuple[ListEntry, ...]:
        """Entries that share an identifier, or an equal name or alias, with one of these (D5.1), in force or not.

        `names` as given; the registered names, aliases and identifiers of `party_ids` are looked up here.
        """
        parties = [party for party_id in party_ids if (party := self.party(party_id)) is not None]
        written = [normalise_name(name) for name in names]
        written += [normalise_name(name) for party in parties for name in (*party.names, *party.aliases)]
        identifiers = [normalise_identifier(item.scheme, item.value) for party in parties for item in party.identifiers]
        terms = {f"name:{name}" for name in written if name}
        terms |= {f"identifier:{identifier}" for identifier in identifiers if identifier}
        return cast("tuple[ListEntry, ...]", self._all(RuleKind.LIST_ENTRY, self._indexes.entries.union(terms)))

    def alike_entries(self, name: str, threshold: int) -> tuple[Alike, ...]:
        """Names of list entries whose token-sort ratio with `name` is at least `threshold` (D5.1), by entry id."""
        return self._names.entries.alike(name, threshold, lambda: names_of(ListEntry, self._entities.values()))

    def alike_parties(self, name: str, threshold: int) -> tuple[Alike, ...]:
        """Registered names of parties that are as alike, by party id."""
        return self._names.parties.alike(name, threshold, lambda: names_of(Party, self._entities.values()))

    def mistaken_identity(self, party_id: str, entry_id: str) -> MistakenIdentity | None:
        """The newest finding about this pair (D5.5), of whatever version of the entry, a withdrawn one too."""
        found = self._entities.get((RuleKind.MISTAKEN_IDENTITY, mistaken_identity_key(party_id, entry_id)))
        return cast("MistakenIdentity | None", found)

    def rates(self, base: str, quote: str) -> tuple[FxRate, ...]:
        """1 `base` = rate `quote`: newest `as_of` first, of one day the highest id first (D3.10)."""
        return self._indexes.rates.get((base, quote)) or ()

    def unreadable_rules(self) -> tuple[UnreadableRule, ...]:
        return self._broken.every

    def unreadable_for(self, kind: RuleKind, key: str) -> tuple[UnreadableRule, ...]:
        """Broken events about this entity, or about this key and nobody knows which kind (D8.4)."""
        return tuple(rule for rule in self._broken.by_key.get(key, ()) if rule.kind in (kind, None))

    def unreadable_stops(self) -> tuple[UnreadableRule, ...]:
        """Broken notices, list entries, controls, and what can't be told from these: nothing new goes (D8.4)."""
        return self._broken.stops
