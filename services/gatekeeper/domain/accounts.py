"""What has been drawn from licences: balances, and the ledger's entries that they are the sums of (D4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class DaySum:
    """What is reserved for one day, and was consumed on it, of one licence line in its own unit."""

    reserved: Decimal = Decimal(0)
    consumed: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineBalance:
    """Sums of the ledger for one licence line, in `unit` and `currency`: those that its draws were booked in (D4.1).

    `days`: the quantities by the draws' days, without days on which nothing is left; None: not kept. They are kept from
    the first time on that a licence with a period limit is looked at (D3.11).
    """

    line_no: int
    reserved: Decimal = Decimal(0)
    consumed: Decimal = Decimal(0)
    value_reserved: Decimal = Decimal(0)
    value_consumed: Decimal = Decimal(0)
    days: Mapping[date, DaySum] | None = None
    unit: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class LicenceAccount:
    """What has been drawn from a licence. `uses` departed, `uses_reserved` released; `completed`: CONSUMED (D4.2)."""

    licence_no: str
    lines: Mapping[int, LineBalance] = field(default_factory=dict)
    uses: int = 0
    uses_reserved: int = 0
    completed: bool = False
    alerts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change of a balance, never updated (D4.1). Deltas: positive adds. `licence_line` 0: uses only, no unit.

    `day`: the one that the changed draw is for; what moves to another day is two entries.
    """

    licence_no: str
    licence_line: int
    owner: str
    owner_id: str
    line_no: int
    kind: str
    reserved: Decimal
    consumed: Decimal
    value_reserved: Decimal
    value_consumed: Decimal
    uses: int = 0
    uses_reserved: int = 0
    rate_id: str | None = None
    day: date | None = None
    unit: str | None = None
    currency: str | None = None
