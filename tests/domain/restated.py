"""A rule change in memory: a licence that restates a line on which something is drawn contradicts itself (D3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.gatekeeper.domain.rule_entities import Licence, RuleEntity
from services.gatekeeper.domain.rulebook import RuleChange, RuleOutcome, apply_rule, contradicted, restated_lines

if TYPE_CHECKING:
    from tests.domain.world import World


def rule_change(world: World, entity: RuleEntity) -> RuleChange:
    """What the rulebook says of `entity`, unless it would count a balance of this world in another unit."""
    change = apply_rule(world.references, entity, world.clock)
    stored, new = change.before, change.entity
    if change.outcome is not RuleOutcome.APPLIED or not (isinstance(stored, Licence) and isinstance(new, Licence)):
        return change
    drawn = tuple(line_no for line_no in restated_lines(stored, new) if _drawn(world, new.licence_no, line_no))
    return contradicted(world.references, stored, new, drawn) if drawn else change


def _drawn(world: World, licence_no: str, line_no: int) -> bool:
    account = world.accounts.get(licence_no)
    line = account.lines.get(line_no) if account is not None else None
    return line is not None and any((line.reserved, line.consumed, line.value_reserved, line.value_consumed))
