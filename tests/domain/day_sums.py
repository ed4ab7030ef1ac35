"""Sums by day as the store gives them: kept with the account, or counted from the ledger once (D3.11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from services.gatekeeper.domain.accounts import DaySum, LedgerEntry, LicenceAccount
from services.gatekeeper.domain.periods import has_limits, with_entry
from services.gatekeeper.domain.references import References


def days_of(ledger: Iterable[LedgerEntry], licence_no: str, line_no: int) -> Mapping[date, DaySum]:
    days: Mapping[date, DaySum] = {}
    for entry in ledger:
        if (entry.licence_no, entry.licence_line) == (licence_no, line_no):
            assert entry.day is not None
            days = with_entry(days, entry)
    return days


def with_days(account: LicenceAccount, ledger: list[LedgerEntry], references: References) -> LicenceAccount:
    """`account` with the sums that a period limit needs; without a limit as it is."""
    if not has_limits(references, account.licence_no):
        return account
    lines = {
        line_no: line if line.days is not None else replace(line, days=days_of(ledger, account.licence_no, line_no))
        for line_no, line in account.lines.items()
    }
    return replace(account, lines=lines)
