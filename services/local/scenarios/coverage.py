"""What scenarios have exercised, read from what was told and recorded, and what of it all they have not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.notices import NoticeScope
from schemas.topics import TYPE_PREFIX
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import NoticeOrigin, OrderState, ShipmentState
from services.kit.postgres import Connection

_OPTIONS: Final = {
    "authority_ref": "authority_ref",
    "effective_from": "starts_at",
    "effective_until": "ends_at",
    "everything": "everything",
    "release_by_licence": "release_by_licence",
    "release_by_review": "release_by_review",
}
"""Field of the event -> field of the rule that is recorded of it."""

EVERY: Final[Mapping[str, tuple[str, ...]]] = {
    "reasons": tuple(Reason),
    "states": tuple(ShipmentState),
    "order_states": tuple(OrderState),
    "notice_fields": (
        *(f"origin.{origin}" for origin in NoticeOrigin),
        *_OPTIONS,
        *(f"scope.{name}" for name in NoticeScope.model_fields),
    ),
}
"""What there is to exercise, in the order of the specification."""


@dataclass(slots=True)
class Coverage:
    """How often each was exercised: holds that were open at some time, states that were told, notices with that field.

    A field of a notice counts when it is given and neither empty nor false; an origin counts for itself.
    """

    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in EVERY})

    def add(self, other: Coverage) -> None:
        for name, counted in other.counts.items():
            self.counts[name].update(counted)

    def missing(self, name: str) -> list[str]:
        """What of `name` was never exercised."""
        return [str(one) for one in EVERY[name] if not self.counts[name][one]]

    def as_document(self) -> dict[str, Any]:
        """Counts of what was exercised, and under `missing` the names of what was not."""
        shown: dict[str, Any] = {
            name: {str(one): self.counts[name][one] for one in EVERY[name] if self.counts[name][one]} for name in EVERY
        }
        return {**shown, "missing": {name: self.missing(name) for name in EVERY}}

    def summary(self) -> list[str]:
        """One line, and one for what is missing of each."""
        parts = [
            f"{len(every) - len(self.missing(name))} of {len(every)} {_said(name)}" for name, every in EVERY.items()
        ]
        lines = [f"coverage: {', '.join(parts)}"]
        return lines + [f"  no {_said(name)}: {', '.join(gone)}" for name in EVERY if (gone := self.missing(name))]

    def table(self) -> list[str]:
        """One line for everything that there is to exercise."""
        return [f"{self.counts[name][one]:6}  {_said(name)}  {one}" for name, every in EVERY.items() for one in every]


def _said(name: str) -> str:
    return name.replace("_", " ")


def covered_by(several: Iterable[Coverage]) -> Coverage:
    """All of them together."""
    total = Coverage()
    for one in several:
        total.add(one)
    return total


async def read_coverage(connection: Connection) -> Coverage:
    """What one scenario's database says: every state event since it began, what is open now, every notice recorded."""
    found = Coverage()
    told = await connection.fetch(
        "SELECT replace(type, $1, '') AS type, value FROM outbox WHERE replace(type, $1, '') ~ '^(shipment|order)[.]'",
        TYPE_PREFIX,
    )
    holds: dict[str, str] = {}
    for row in told:
        document = json.loads(row["value"])
        states = "states" if row["type"].startswith("shipment.") else "order_states"
        found.counts[states][document["state"]] += 1
        holds |= _by_id(document["holds"])
    # An event tells of the most severe only, when there are very many.
    for row in await connection.fetch("SELECT body FROM shipment UNION ALL SELECT body FROM trade_order"):
        holds |= _by_id(json.loads(row["body"])["holds"])
    found.counts["reasons"].update(holds.values())
    for row in await connection.fetch("SELECT body FROM rule_row WHERE kind = 'notice'"):
        found.counts["notice_fields"].update(_notice_fields(json.loads(row["body"])))
    return found


def _by_id(holds: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {hold["hold_id"]: hold["reason"] for hold in holds}


def _notice_fields(notice: Mapping[str, Any]) -> list[str]:
    """What a notice gives; the row of its end repeats it and doesn't count."""
    if notice.get("lifted"):
        return []
    options = [name for name, kept in _OPTIONS.items() if notice.get(kept)]
    scope = [f"scope.{name}" for name, given in notice.get("scope", {}).items() if given]
    return [f"origin.{notice['origin']}", *options, *scope]
