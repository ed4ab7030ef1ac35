"""Every decision that was recorded, decided again from what is stored; reads only, and disturbs nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.replaying import Difference, replay
from services.gatekeeper.store.decisions import Selection, StoredDecision, decisions_of, output_hash
from services.gatekeeper.store.journal import ENGINE_VERSION
from services.gatekeeper.store.rules_then import RuleNotReadable, references_at
from services.kit.postgres import Connection


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision that was decided again. `failed_then`: a rule raised at it, and raises no more: it follows from that
    failure, and nobody can tell more. `engine_version`: of who decided; another one may decide otherwise."""

    seq: int
    owner: str
    owner_id: str
    as_of: datetime
    engine_version: int
    differences: tuple[Difference, ...]
    failed_then: bool = False

    @property
    def by_other_engine(self) -> bool:
        return self.engine_version != ENGINE_VERSION


async def replayed(connection: Connection, selection: Selection) -> AsyncIterator[Replayed]:
    """Each decision of `selection`, one after another, in bounded memory. Statements are short; no lock is taken."""
    references: References | None = None
    async for stored in decisions_of(connection, selection):
        if stored.decision is None:
            yield _said(stored, (Difference("record", "readable", stored.fault or ""),))
            continue
        try:
            references = await references_at(connection, stored.rules_version, references)
        except RuleNotReadable as error:
            yield _said(stored, (Difference("rules", f"version {stored.rules_version}", str(error)),))
            continue
        again = replay(stored.decision, references, references.policy)
        differences = list(again.differences)
        if stored.fault is not None:
            differences.append(Difference("record", "as it was written", stored.fault))
        digest = output_hash(again.verdict)
        if digest != stored.output_hash:
            differences.append(Difference("output_hash", stored.output_hash.hex(), digest.hex()))
        yield _said(stored, tuple(differences), failed_then=again.failed_then)


def _said(stored: StoredDecision, differences: tuple[Difference, ...], *, failed_then: bool = False) -> Replayed:
    return Replayed(
        stored.seq, stored.owner, stored.owner_id, stored.as_of, stored.engine_version, differences, failed_then
    )
