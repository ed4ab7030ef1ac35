"""One line against one licence line: every reason why it doesn't fit, and what it would draw (D3.4, D3.8-D3.11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.fit import fixed_findings
from services.gatekeeper.domain.order_rest import in_unit, rest_of
from services.gatekeeper.domain.quantity import Money, Quantity, show, show_money, to_decimal
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import Room, is_completed, own_draws, uses_left
from services.gatekeeper.domain.room_amounts import Amounts, PeriodRoom
from services.gatekeeper.domain.subjects import about_licence, about_line, missing, missing_net
from services.gatekeeper.domain.values import Valued, valued
from services.gatekeeper.domain.vocabulary import Balance, LicenceType

ZERO = Fraction(0)
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one licence line says to one line. `quantity` in its unit, `value` in its currency; None: can't be told."""

    line: CaseLine
    candidate: Candidate
    findings: tuple[Finding, ...]
    quantity: Fraction | None = None
    value: Valued | None = None

    @property
    def fits(self) -> bool:
        return not self.findings

    @property
    def amounts(self) -> Amounts | None:
        """None: not even known how much it would draw."""
        if self.quantity is None or self.value is None:
            return None
        return Amounts(self.quantity, self.value.amount)

    def selection_key(self) -> tuple[bool, object, str, int]:
        """D3.5: GENERAL first, then the earliest end, lowest number, lowest line."""
        licence = self.candidate.licence
        ordinary = licence.type is not LicenceType.GENERAL
        return ordinary, licence.valid_until, licence.licence_no, self.candidate.line.line_no

    def draw(self, case: Case, balance: Balance) -> Draw | None:
        """What the line stands with there; None: the amounts can't be told."""
        amounts, granted = self.amounts, self.candidate.line
        if amounts is None or self.value is None:
            return None
        return Draw(
            line_no=self.line.line_no,
            licence_no=self.candidate.licence.licence_no,
            licence_line=granted.line_no,
            quantity=Quantity(to_decimal(amounts.quantity), granted.quantity.unit),
            value=Money(to_decimal(amounts.value), granted.value.currency),
            balance=balance,
            rate_id=self.value.rate_id,
            day=self._day(case, balance),
        )

    def _day(self, case: Case, balance: Balance) -> date:
        """The day that counts. What stands already for a day that has passed counts as today as it is (D3.8, D3.11)."""
        stood = (
            draw.day
            for draw in own_draws(case)
            if (draw.line_no, draw.licence_no, draw.licence_line) == (self.line.line_no, *self.candidate.key)
        )
        before = next(stood, None)
        if balance is Balance.RESERVED and before is not None and before <= case.today == case.days[-1]:
            return before
        return case.days[-1]


def judge(case: Case, line: CaseLine, candidate: Candidate, room: Room, current: Sequence[Draw]) -> Judgement:
    """Every reason of `candidate`. What doesn't cover the codes has its balance, unit and uses not judged.

    `current`: what the line stands with; on this very licence line it keeps its rate (D3.10).
    """
    fixed = case.scene.unfit.get((line.line_no, candidate.key)) if case.scene is not None else None
    findings = list(fixed_findings(case, line, candidate) if fixed is None else fixed)
    if not candidate.covers_all:
        return Judgement(line, candidate, tuple(findings))
    findings += use_findings(case, line, candidate)
    quantity, value, unknown = measured(case, line, candidate, current)
    findings += unknown
    findings += balance_findings(line, candidate, room, quantity, value)
    return Judgement(line, candidate, tuple(findings), quantity, value)


def use_findings(case: Case, line: CaseLine, candidate: Candidate) -> Iterator[Finding]:
    """LICENCE_CONSUMED replaces USES_EXCEEDED (D4.2)."""
    licence = candidate.licence
    if is_completed(case, licence):
        yield about_licence(Reason.LICENCE_CONSUMED, line, licence.licence_no, {"licence_type": licence.type.value})
        return
    left = uses_left(case, licence)
    if left is not None and left < 1:
        account = case.accounts[licence.licence_no]
        detail = {
            "max_uses": str(licence.max_uses),
            "uses": str(account.uses),
            "uses_reserved": str(account.uses_reserved),
        }
        yield about_licence(Reason.USES_EXCEEDED, line, licence.licence_no, detail)


def measured(
    case: Case, line: CaseLine, candidate: Candidate, current: Sequence[Draw]
) -> tuple[Fraction | None, Valued | None, tuple[Finding, ...]]:
    """What `line` would draw there, and why that can't be told: MISSING_*, UNIT_NOT_CONVERTIBLE, FX_UNAVAILABLE."""
    granted, unknown = candidate.line, []
    kept = next((draw for draw in current if (draw.licence_no, draw.licence_line) == candidate.key), None)
    needed, money = _needed(case, line)
    quantity = None
    if needed is None:
        unknown.append(missing_net(line) if case.shipment is not None else missing("quantity", line))
    else:
        scale = in_unit(case.references, line.item_no, Quantity(ONE, needed[1]), granted.quantity.unit)
        if scale is None:
            detail = {"unit": needed[1], "licence_unit": granted.quantity.unit, "item_no": line.item_no}
            unknown.append(about_line(Reason.UNIT_NOT_CONVERTIBLE, line, detail))
        else:
            quantity = needed[0] if scale == 1 else needed[0] * scale
    value = None if money is None else valued(case, money[0], money[1], granted.value.currency, kept)
    if money is None:
        unknown.append(missing("value", line))
    elif value is None:
        detail = {"from": money[1], "to": granted.value.currency, "day": case.days[-1].isoformat()}
        unknown.append(about_line(Reason.FX_UNAVAILABLE, line, detail))
    return quantity, value, tuple(unknown)


def balance_findings(
    line: CaseLine, candidate: Candidate, room: Room, quantity: Fraction | None, value: Valued | None
) -> Iterator[Finding]:
    """What is asked may equal the balance, exactly; likewise what a period limit leaves (D3.11)."""
    licence, granted = candidate.licence, candidate.line
    available = room.available(line, candidate)
    if quantity is not None and quantity > available.quantity:
        unit, has = granted.quantity.unit, max(ZERO, available.quantity)
        detail = {
            "requested": _shown(quantity, unit),
            "available": _shown(has, unit),
            "excess": _shown(quantity - has, unit),
            "licence_line": str(granted.line_no),
        }
        yield about_licence(Reason.QTY_EXCEEDED, line, licence.licence_no, detail)
    if value is not None and value.amount > available.value:
        currency, worth = granted.value.currency, max(ZERO, available.value)
        detail = {
            "requested": _worth(value.amount, currency),
            "available": _worth(worth, currency),
            "excess": _worth(value.amount - worth, currency),
            "licence_line": str(granted.line_no),
        }
        if value.rate_id is not None:
            detail["rate_id"] = value.rate_id
        yield about_licence(Reason.VALUE_EXCEEDED, line, licence.licence_no, detail)
    if quantity is not None and licence.period_limits:
        yield from _period_findings(line, candidate, room.periods(line, candidate), quantity)


def _period_findings(
    line: CaseLine, candidate: Candidate, periods: Sequence[PeriodRoom], quantity: Fraction
) -> Iterator[Finding]:
    """One reason: of several limits that are exceeded the one that leaves least is told.

    A limit in a unit that can't be converted for this item can't be counted: UNIT_NOT_CONVERTIBLE.
    """
    unit = candidate.line.quantity.unit
    for found in periods:
        if found.left is None:
            detail = {"unit": found.limit.quantity.unit, "licence_unit": unit, "item_no": line.item_no}
            yield about_line(Reason.UNIT_NOT_CONVERTIBLE, line, detail)
            return
    exceeded = [(found.left, found) for found in periods if found.left is not None and quantity > found.left]
    if not exceeded:
        return
    left, found = min(exceeded, key=lambda pair: pair[0])
    has = max(ZERO, left)
    detail = {
        "requested": _shown(quantity, unit),
        "available": _shown(has, unit),
        "excess": _shown(quantity - has, unit),
        "licence_line": str(candidate.line.line_no),
        "limit": show(found.limit.quantity),
        "period": found.limit.period.value,
        "period_start": found.span.first.isoformat(),
        "period_end": found.span.last.isoformat(),
        "used": _shown(found.used, unit),
    }
    yield about_licence(Reason.PERIOD_LIMIT_EXCEEDED, line, candidate.licence.licence_no, detail)


def _needed(case: Case, line: CaseLine) -> tuple[tuple[Fraction, str] | None, tuple[Fraction, str] | None]:
    """Quantity and value that the line asks for: its own, of an order what its shipments have not taken (D4.1)."""
    if case.order is None:
        quantity = None if line.quantity is None else Fraction(line.quantity.value)
        value = None if line.value is None else Fraction(line.value.amount)
    else:
        rest = rest_of(case.references, case.order, line)
        quantity, value = rest.quantity, rest.value
    return (
        None if quantity is None or line.quantity is None else (quantity, line.quantity.unit),
        None if value is None or line.value is None else (value, line.value.currency),
    )


def _shown(amount: Fraction, unit: str) -> str:
    return show(Quantity(to_decimal(amount), unit))


def _worth(amount: Fraction, currency: str) -> str:
    return show_money(Money(to_decimal(amount), currency))
