"""A licence version that would count what is drawn in another unit or currency (D3.9, LICENCE_CONFLICT)."""

from __future__ import annotations

import structlog

from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.restated import restated_lines
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.rulebook import RuleChange, RuleOutcome, contradicted
from services.gatekeeper.store.aggregates import read_accounts
from services.kit.postgres import Connection

log = structlog.get_logger()


async def unless_restated(connection: Connection, references: References, change: RuleChange) -> RuleChange:
    """`change`, or a conflict in its place where it restates a line on which something is drawn.

    However many versions ago that was drawn, and whether the stored one still has the line or not. The caller holds
    the exclusive rules lock, so that nobody draws meanwhile.
    """
    stored, new = change.before, change.entity
    if change.outcome is not RuleOutcome.APPLIED or not (isinstance(stored, Licence) and isinstance(new, Licence)):
        return change
    accounts = await read_accounts(connection, [new.licence_no])
    restated = restated_lines(accounts[new.licence_no], new) if accounts else ()
    if not restated:
        return change
    lines = [line.line_no for line in restated]
    log.warning("licence_restates_drawn_lines", key=new.licence_no, version=new.version, lines=lines)
    return contradicted(references, stored, new, restated)
