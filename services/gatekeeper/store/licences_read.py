"""A licence as it stands, with what has been drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.store.codec import load
from services.gatekeeper.store.keys import Visibility

Connection = Any


@dataclass(frozen=True, slots=True)
class StoredLicence:
    licence: Licence
    account: LicenceAccount
    rules_version: int


async def read_licence(connection: Connection, licence_no: str, visibility: Visibility) -> StoredLicence | None:
    """The newest version of a licence and its balances, in one snapshot; None when `visibility` doesn't show it."""
    rows = await connection.fetch(
        "SELECT n.body, n.rules_version, a.uses, a.uses_reserved, a.completed, b.line_no, b.reserved, b.consumed,"
        " b.value_reserved, b.value_consumed, b.unit, b.currency FROM (SELECT key, rules_version, body FROM rule_row"
        " WHERE kind = 'licence' AND key = $1 ORDER BY seq DESC LIMIT 1) AS n"
        " LEFT JOIN licence_account AS a ON a.licence_no = n.key"
        " LEFT JOIN licence_line_balance AS b ON b.licence_no = n.key"
        " WHERE $2::bool OR n.body->>'exporter_id' = ANY($3::text[])",
        licence_no,
        visibility.sees_everything,
        sorted(visibility.exporter_ids or ()),
    )
    if not rows:
        return None
    first = rows[0]
    lines = {
        row["line_no"]: LineBalance(
            row["line_no"],
            row["reserved"],
            row["consumed"],
            row["value_reserved"],
            row["value_consumed"],
            unit=row["unit"],
            currency=row["currency"],
        )
        for row in rows
        if row["line_no"] is not None
    }
    account = LicenceAccount(
        licence_no, lines, first["uses"] or 0, first["uses_reserved"] or 0, first["completed"] or False
    )
    return StoredLicence(load(Licence, first["body"]), account, first["rules_version"])
