"""What a licence line has for a case, while the case's lines take from it one after another (D4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, LineBalance, Order, Take
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.reservations import wanted_draws
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import Balance, OrderState

LineKey = tuple[str, int]
ZERO = Fraction(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Amounts:
    """A quantity in the licence line's unit and a value in its currency."""

    quantity: Fraction
    value: Fraction

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.quantity + other.quantity, self.value + other.value)

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(self.quantity - other.quantity, self.value - other.value)


NOTHING = Amounts(ZERO, ZERO)


def own_draws(case: Case) -> tuple[Draw, ...]:
    """What the case stands with on licences already; the accounts count it in."""
    if case.shipment is not None:
        return case.shipment.draws
    return case.order.draws if case.order is not None else ()


def draw_amounts(draw: Draw) -> Amounts:
    return Amounts(Fraction(draw.quantity.value), Fraction(draw.value.amount))


def _less(granted: Decimal, *taken: Decimal, own: Iterable[Decimal]) -> Decimal:
    """`granted` less `taken`, but for the case's own part of it; exact."""
    for amount in taken:
        granted = EXACT.subtract(granted, amount)
    for amount in own:
        granted = EXACT.add(granted, amount)
    return granted


def order_draw(case: Case, line: CaseLine) -> Draw | None:
    """What the line's own order reserves for it now (shipments only)."""
    if case.shipment is None or line.order_id is None:
        return None
    order = case.orders.get(line.order_id)
    draws = order.draws if order is not None else ()
    return next((d for d in draws if d.line_no == line.order_line and d.balance is Balance.RESERVED), None)


def uses_left(case: Case, licence: Licence) -> int | None:
    """Uses that this case may still take or stand on; None: not limited.

    A shipment's own use doesn't count against it, nor do those of an order's own shipments against the order (D4.1).
    """
    if licence.max_uses is None:
        return None
    account = case.accounts[licence.licence_no]
    return licence.max_uses - account.uses - account.uses_reserved + own_uses(case, licence.licence_no)


def own_uses(case: Case, licence_no: str) -> int:
    if case.order is not None:
        return len({take.shipment_id for take in case.order.takes if take.licence_no == licence_no})
    return int(any(draw.licence_no == licence_no for draw in own_draws(case)))


def is_completed(case: Case, licence: Licence) -> bool:
    """D4.2: its first completed export has ended it; a shipment's own departure doesn't end it for that shipment."""
    if not licence.lapses_on_completion:
        return False
    consumed = {draw.licence_no for draw in own_draws(case) if draw.balance is Balance.CONSUMED}
    return case.accounts[licence.licence_no].uses > int(licence.licence_no in consumed)


@dataclass(slots=True)
class Room:
    """Mutable for the length of one plan: what planned lines have taken, and how far orders' reservations shrink."""

    case: Case
    _moved: dict[LineKey, Amounts] = field(default_factory=dict)
    _takes: dict[tuple[str, int | None], list[Take]] = field(default_factory=dict)
    _reserved: dict[tuple[str, int | None], Amounts] = field(default_factory=dict)
    _given: dict[int, Amounts] = field(default_factory=dict)

    def available(self, line: CaseLine, candidate: Candidate) -> Amounts:
        """granted × (1 + tolerance) − reserved − consumed + the case's own + what the line's order gives up there."""
        free = self._free_of(candidate)
        draw = order_draw(self.case, line)
        if draw is None or (draw.licence_no, draw.licence_line) != candidate.key:
            return free
        return free + self._given_up(line, draw)

    def take(self, line: CaseLine, candidate: Candidate, amounts: Amounts) -> None:
        """`line` takes `amounts` there: the next line finds less, and its order reserves less, wherever it did."""
        draw = order_draw(self.case, line)
        if draw is not None:
            given_up = self._given_up(line, draw)
            self._reserved[(line.order_id or "", line.order_line)] = self._reserved_of(line, draw) - given_up
            self._move((draw.licence_no, draw.licence_line), given_up)
        if line.order_id is not None:
            self._takes.setdefault((line.order_id, line.order_line), []).append(self._take_of(line))
        self._move(candidate.key, NOTHING - amounts)

    def _move(self, key: LineKey, amounts: Amounts) -> None:
        self._moved[key] = self._moved.get(key, NOTHING) + amounts

    def _free_of(self, candidate: Candidate) -> Amounts:
        key, granted = candidate.key, candidate.line
        balance = self.case.accounts[key[0]].lines.get(key[1], LineBalance(key[1]))
        own = [draw for draw in own_draws(self.case) if (draw.licence_no, draw.licence_line) == key]
        tolerated = EXACT.multiply(granted.quantity.value, EXACT.add(HUNDRED, granted.tolerance_percent)).scaleb(
            -2, EXACT
        )
        quantity = _less(tolerated, balance.reserved, balance.consumed, own=(draw.quantity.value for draw in own))
        value = _less(
            granted.value.amount,
            balance.value_reserved,
            balance.value_consumed,
            own=(draw.value.amount for draw in own),
        )
        free = Amounts(Fraction(quantity), Fraction(value))
        return free + self._moved[key] if key in self._moved else free

    def _reserved_of(self, line: CaseLine, draw: Draw) -> Amounts:
        return self._reserved.get((line.order_id or "", line.order_line), draw_amounts(draw))

    def _given_up(self, line: CaseLine, draw: Draw) -> Amounts:
        """By how much the order's reservation shrinks when `line` is taken: it keeps what is then still to ship."""
        if line.line_no not in self._given:
            order = self.case.orders[line.order_id or ""]
            self._given[line.line_no] = self._reserved_of(line, draw) - self._kept(order, line, draw)
        return self._given[line.line_no]

    def _kept(self, order: Order, line: CaseLine, draw: Draw) -> Amounts:
        if order.state is not OrderState.CLEARED:
            return NOTHING
        others = tuple(take for take in order.takes if take.shipment_id != self.case.owner_id)
        planned = self._takes.get((order.order_id, line.order_line), [])
        after = evolve(order, draws=(draw,), takes=(*others, *planned, self._take_of(line)))
        return sum((draw_amounts(kept) for kept in wanted_draws(after, self.case.references)), NOTHING)

    def _take_of(self, line: CaseLine) -> Take:
        return Take(
            self.case.owner_id, line.line_no, line.order_line or 0, line.item_no, line.quantity, line.value,
            Balance.RESERVED, 0,
        )  # fmt: skip
