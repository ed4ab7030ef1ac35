"""One line against one licence line: every reason why it doesn't fit, and what it would draw (D3.4, D3.8-D3.11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.balance_reasons import balance_findings
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.fit import fixed_findings
from services.gatekeeper.domain.order_rest import in_unit, rest_of
from services.gatekeeper.domain.quantity import Money, Quantity, to_decimal
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.room import Room, own_draws
from services.gatekeeper.domain.room_amounts import Amounts
from services.gatekeeper.domain.subjects import about_licence, about_line, missing, missing_net
from services.gatekeeper.domain.uses import is_completed, uses_left
from services.gatekeeper.domain.values import Valued, latest_rate, valued
from services.gatekeeper.domain.vocabulary import Balance, LicenceType

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
            rate=self.value.rate,
            asked=None if case.shipment is None else self.line.quantity,
            asked_value=None if case.shipment is None else self.line.value,
            asked_item=None if case.shipment is None else self.line.item_no,
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
        unknown.append(_no_rate(case, line, money[1], granted.value.currency))
    return quantity, value, tuple(unknown)


def _no_rate(case: Case, line: CaseLine, base: str, quote: str) -> Finding:
    """FX_UNAVAILABLE; where there is a rate, but a too old one, it is named."""
    detail = {"from": base, "to": quote, "day": case.days[-1].isoformat()}
    too_old = latest_rate(case, base, quote)
    if too_old is not None:
        limit = str(case.policy.fx_max_age_days)
        detail |= {"rate_id": too_old.rate_id, "as_of": too_old.as_of.isoformat(), "limit_days": limit}
    return about_line(Reason.FX_UNAVAILABLE, line, detail)


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
