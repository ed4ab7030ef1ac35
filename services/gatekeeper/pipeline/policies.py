"""A policy is applied as a rule change: in effect for every decision from its commit on (design.md §4)."""

from __future__ import annotations

from dataclasses import dataclass

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rulebook import RuleOutcome
from services.gatekeeper.pipeline.gather import lock_rules
from services.gatekeeper.pipeline.rule_change import begin_change
from services.gatekeeper.store.policies import Author, audit_policy
from services.gatekeeper.wiring import Gate
from services.kit.postgres import retrying


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """`outcome`: APPLIED, or STALE when its version is not above the stored one. `in_effect` holds then."""

    outcome: RuleOutcome
    in_effect: Policy
    rules_version: int


async def record_policy(
    gate: Gate, policy: Policy, author: Author | None = None, *, patience_seconds: float | None = None
) -> PolicyOutcome:
    """Record `policy`, whose version must be above the stored one, and have everything open judged by it.

    With `author` the audit says in the same transaction who applied which file. A try whose commit nobody heard of is
    found in effect by the next one.
    """

    async def attempt() -> PolicyOutcome:
        async with gate.database.transaction() as tx:
            change = await begin_change(gate, tx)
            before = change.references.policy
            applied = await change.add(policy, None)
            if not applied.changed:
                return PolicyOutcome(applied.outcome, before, change.rules_version - 1)
            await change.store(tx)
            if author is not None:
                await audit_policy(tx, author, policy, before, change.rules_version)
        return PolicyOutcome(applied.outcome, policy, change.rules_version)

    async def catch_up() -> None:
        """Load the rules while decisions go on, so that the exclusive lock is held for a delta only."""
        async with gate.database.transaction() as tx:
            await lock_rules(gate, tx)

    if gate.references is None:
        await retrying(catch_up, what="policy", patience_seconds=patience_seconds)
    return await retrying(attempt, what="policy", patience_seconds=patience_seconds)
