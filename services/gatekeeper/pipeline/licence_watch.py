"""What a new version of a licence says of what was drawn under the old one: caps below use, revoked with open draws."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.gatekeeper.domain.alerts import watch_licence_change
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.workspace import Workspace
from services.gatekeeper.pipeline.apply import Writer, defer_news, store_accounts
from services.gatekeeper.store.aggregates import count_drawers, lock_accounts
from services.kit.postgres import Connection


async def watch_licences(
    connection: Connection,
    writer: Writer,
    changed: Iterable[tuple[Licence | None, Licence]],
    references: References,
    as_of: datetime,
) -> None:
    """CAP_BELOW_USED and REVOKED_WITH_OPEN of each (before, after); the caller holds the rules exclusively (D4.5)."""
    several = [(before, after) for before, after in changed if before is not None]
    if not several:
        return
    numbers = [after.licence_no for _, after in several]
    limited = {after.licence_no for _, after in several if after.period_limits}
    accounts = await lock_accounts(connection, numbers, limited)
    drawers = await count_drawers(connection, numbers)
    workspace = Workspace(as_of, references, references.policy, {}, {}, accounts)
    for licence_no in sorted(limited):
        # A limit may be new: the sums by day are counted from the ledger this once, and kept from now on.
        workspace.put_account(accounts[licence_no])
    for before, after in several:
        watch_licence_change(workspace, before, after, drawers.get(after.licence_no, 0))
    await store_accounts(connection, workspace)
    await defer_news(connection, workspace.effects, writer, as_of)
