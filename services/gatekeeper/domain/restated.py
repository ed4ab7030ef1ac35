"""Licence lines whose unit or currency is another one than what is drawn on them was booked in (D3.9, D4.1)."""

from __future__ import annotations

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.ledger_standing import ZERO
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine


def restated_lines(account: LicenceAccount, licence: Licence) -> tuple[LicenceLine, ...]:
    """The lines of `licence` on which something is drawn that was booked in another unit or currency.

    Each as it can stand beside that: granting nothing, in the unit and currency of the draws. Whatever the versions in
    between said of the line: the balance knows what it is counted in.
    """
    return tuple(
        evolve(line, quantity=Quantity(ZERO, unit), value=Money(ZERO, currency), tolerance_percent=ZERO)
        for line in licence.lines
        if (balance := account.lines.get(line.line_no)) is not None and is_drawn(balance)
        for unit, currency in [(balance.unit or "", balance.currency or "")]
        if (unit, currency) != _counted_in(line)
    )


def is_drawn(balance: LineBalance) -> bool:
    """Whether anything is reserved or consumed."""
    return any((balance.reserved, balance.consumed, balance.value_reserved, balance.value_consumed))


def _counted_in(line: LicenceLine) -> tuple[str, str]:
    return line.quantity.unit, line.value.currency


def as_counted_now(draw: Draw, references: References) -> Draw:
    """An order's draw that reserves nothing, in its licence line's unit and currency of today; any other as it is.

    Such a draw only knows where a reservation goes back to (D4.1), so that its line may be restated meanwhile.
    """
    if draw.quantity.value or draw.value.amount:
        return draw
    licence = references.licence(draw.licence_no)
    for line in licence.lines if licence is not None else ():
        if line.line_no == draw.licence_line:
            unit, currency = _counted_in(line)
            return evolve(draw, quantity=evolve(draw.quantity, unit=unit), value=evolve(draw.value, currency=currency))
    return draw
