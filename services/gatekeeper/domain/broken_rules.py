"""Rule events that could not be read and are neither repaired nor dropped (D8.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.gatekeeper.domain.vocabulary import RuleKind

STOPPING_KINDS = frozenset({RuleKind.NOTICE, RuleKind.LIST_ENTRY, RuleKind.CONTROL, None})
"""Broken events of these kinds (or of no kind that can be told) stop every release (D8.4)."""


@dataclass(frozen=True, slots=True)
class UnreadableRule:
    """A rule event that could not be read and is neither repaired nor dropped (D8.4).

    `kind` None: nothing readable told what it was. `key` is the entity's key where known; `event_key` the subject.
    `error`: what is wrong with which field, for people ("data.valid_until: …"); None: not told.
    """

    quarantine_id: str
    event_key: str
    kind: RuleKind | None
    key: str | None
    was_upsert: bool = True
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BrokenRules:
    """`every` by quarantine id; `by_key` and `stops` are views of it."""

    every: tuple[UnreadableRule, ...] = ()
    by_key: Mapping[str, tuple[UnreadableRule, ...]] = field(default_factory=dict)
    stops: tuple[UnreadableRule, ...] = ()

    def changed(self, added: Iterable[UnreadableRule], settled: Iterable[str]) -> BrokenRules:
        new, gone = tuple(added), frozenset(settled)
        if not new and not gone:
            return self
        rules = {rule.quarantine_id: rule for rule in (*self.every, *new) if rule.quarantine_id not in gone}
        every = tuple(rules[quarantine_id] for quarantine_id in sorted(rules))
        by_key: dict[str, tuple[UnreadableRule, ...]] = {}
        for rule in every:
            if rule.key is not None:
                by_key[rule.key] = (*by_key.get(rule.key, ()), rule)
        return BrokenRules(every, by_key, tuple(rule for rule in every if rule.kind in STOPPING_KINDS))
