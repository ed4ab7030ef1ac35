"""Sums of a licence line by day, for period limits (D3.11): kept with the balances from their first use on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from services.gatekeeper.domain.accounts import DaySum, LicenceAccount
from services.gatekeeper.domain.evolve import evolve

Connection = Any
Days = dict[date, DaySum]


async def with_days(
    connection: Connection, accounts: dict[str, LicenceAccount], limited: Collection[str]
) -> dict[str, LicenceAccount]:
    """`accounts`, which the caller has locked; a line of `limited` that has no sums yet gets them from its ledger.

    They are stored with the account's next change, and never counted again after that.
    """
    lacking = sorted(number for number in limited if number in accounts and _lacks(accounts[number]))
    if not lacking:
        return accounts
    rows = await connection.fetch(
        "SELECT licence_no, licence_line, day, sum(reserved) AS reserved, sum(consumed) AS consumed FROM ledger"
        " WHERE licence_no = ANY($1::text[]) AND licence_line <> 0 AND day IS NOT NULL"
        " GROUP BY licence_no, licence_line, day HAVING sum(reserved) <> 0 OR sum(consumed) <> 0",
        lacking,
    )
    sums: dict[tuple[str, int], Days] = {}
    for row in rows:
        total = DaySum(row["reserved"], row["consumed"])
        sums.setdefault((row["licence_no"], row["licence_line"]), {})[row["day"]] = total
    return {**accounts, **{number: _completed(accounts[number], sums) for number in lacking}}


def _lacks(account: LicenceAccount) -> bool:
    return any(line.days is None for line in account.lines.values())


def _completed(account: LicenceAccount, sums: Mapping[tuple[str, int], Days]) -> LicenceAccount:
    lines = {
        line_no: evolve(line, days=sums.get((account.licence_no, line_no), {})) if line.days is None else line
        for line_no, line in account.lines.items()
    }
    return evolve(account, lines=lines)
