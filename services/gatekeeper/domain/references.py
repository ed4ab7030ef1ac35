"""All rule entities at one rules version, indexed for lookup; a new version is a new value that shares what stayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.gatekeeper.domain.rule_entities import RuleEntity
from services.gatekeeper.domain.vocabulary import RuleKind


@dataclass(frozen=True, slots=True)
class UnreadableRule:
    """A rule event that could not be read and is neither repaired nor dropped (D8.4).

    `kind` None: nothing readable told what it was. `key` is the entity's key where known; `event_key` the subject.
    """

    quarantine_id: str
    event_key: str
    kind: RuleKind | None
    key: str | None
    was_upsert: bool = True


class References:
    """See the module's contract; built empty and then fed with `with_changes`."""

    def with_changes(
        self,
        rules_version: int,
        entities: Iterable[RuleEntity],
        unreadable: Iterable[UnreadableRule],
        settled: Iterable[str],
    ) -> References:
        """A References at `rules_version` with `entities` replacing those of the same kind and key.

        `unreadable` adds broken rule events, `settled` removes them by quarantine id.
        """
        raise NotImplementedError
