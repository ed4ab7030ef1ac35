"""A rule change in memory: a licence that restates a line on which something is drawn contradicts itself (D3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.gatekeeper.domain.accounts import LicenceAccount
from services.gatekeeper.domain.restated import restated_lines
from services.gatekeeper.domain.rule_entities import Licence, RuleEntity
from services.gatekeeper.domain.rulebook import RuleChange, RuleOutcome, apply_rule, contradicted

if TYPE_CHECKING:
    from tests.domain.world import World


def rule_change(world: World, entity: RuleEntity) -> RuleChange:
    """What the rulebook says of `entity`, unless it would count a balance of this world in another unit."""
    change = apply_rule(world.references, entity, world.clock)
    stored, new = change.before, change.entity
    if change.outcome is not RuleOutcome.APPLIED or not (isinstance(stored, Licence) and isinstance(new, Licence)):
        return change
    drawn = restated_lines(world.accounts.get(new.licence_no, LicenceAccount(new.licence_no)), new)
    return contradicted(world.references, stored, new, drawn) if drawn else change
