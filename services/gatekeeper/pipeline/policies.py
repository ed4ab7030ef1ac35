"""A policy is applied as a rule change: in effect for every decision from its commit on (design.md §4)."""

from __future__ import annotations

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rulebook import RuleOutcome
from services.gatekeeper.pipeline.rule_change import begin_change
from services.gatekeeper.wiring import Gate
from services.kit.postgres import retrying


async def record_policy(gate: Gate, policy: Policy) -> tuple[RuleOutcome, int]:
    """Record `policy`, whose version must be above the stored one, and have everything open judged by it.

    The outcome, STALE when it is not above, and the rules version that holds then.
    """

    async def attempt() -> tuple[RuleOutcome, int]:
        async with gate.database.transaction() as tx:
            change = await begin_change(gate, tx)
            applied = await change.add(policy, None)
            await change.store(tx)
        return applied.outcome, change.rules_version if applied.changed else change.rules_version - 1

    return await retrying(attempt, what="policy")
