"""What a licence line has for a case, while the case's lines take from it one after another (D4.1, D3.11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.accounts import LineBalance
from services.gatekeeper.domain.aggregates import Draw, Take
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.periods import counted_day, counted_in, limit_in, limits_on, span_of, used_in
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.reservations import wanted_draws
from services.gatekeeper.domain.room_amounts import NOTHING, Amounts, PeriodRoom, draw_amounts
from services.gatekeeper.domain.vocabulary import Balance, OrderState

LineKey = tuple[str, int]
Parts = Mapping[LineKey, Fraction]
"""What one line takes already of other licence lines, each in its own unit (D3.7)."""
NO_PARTS: Parts = {}
HUNDRED = Decimal(100)
ZERO = Fraction(0)


def place_of(draw: Draw) -> LineKey:
    return draw.licence_no, draw.licence_line


def own_draws(case: Case) -> tuple[Draw, ...]:
    """What the case stands with on licences already; the accounts count it in."""
    if case.shipment is not None:
        return case.shipment.draws
    return case.order.draws if case.order is not None else ()


def _less(granted: Decimal, *taken: Decimal, own: Iterable[Decimal]) -> Decimal:
    """`granted` less `taken`, but for the case's own part of it; exact."""
    for amount in taken:
        granted = EXACT.subtract(granted, amount)
    for amount in own:
        granted = EXACT.add(granted, amount)
    return granted


def order_draws(case: Case, line: CaseLine) -> tuple[Draw, ...]:
    """What the line's own order reserves for it now (shipments only)."""
    if case.shipment is None or line.order_id is None:
        return ()
    order = case.orders.get(line.order_id)
    draws = order.draws if order is not None else ()
    return tuple(d for d in draws if d.line_no == line.order_line)


def _emptied(draw: Draw) -> Draw:
    nothing = Decimal(0)
    return evolve(draw, quantity=evolve(draw.quantity, value=nothing), value=evolve(draw.value, amount=nothing))


@dataclass(slots=True)
class Room:
    """Mutable for the length of one plan: what planned lines have taken, and how far orders' reservations shrink."""

    case: Case
    _moved: dict[LineKey, Amounts] = field(default_factory=dict)
    _days: dict[LineKey, list[tuple[date, Fraction]]] = field(default_factory=dict)
    _takes: dict[tuple[str, int | None], list[Take]] = field(default_factory=dict)
    _reserved: dict[tuple[str, int | None], tuple[Draw, ...]] = field(default_factory=dict)
    _shrunk: dict[int, tuple[Draw, ...]] = field(default_factory=dict)

    def available(self, line: CaseLine, candidate: Candidate, parts: Parts = NO_PARTS) -> Amounts:
        """granted × (1 + tolerance) − reserved − consumed + the case's own + what the line's order gives up there."""
        free = self._free_of(candidate)
        for draw, given_up in self._given_up(line, candidate.key, parts):
            free = free + given_up if place_of(draw) == candidate.key else free
        return free

    def periods(self, line: CaseLine, candidate: Candidate, parts: Parts = NO_PARTS) -> tuple[PeriodRoom, ...]:
        """For each period limit of the licence line: what of it is used in the period of the case's day (D3.11)."""
        case, key, found = self.case, candidate.key, []
        for limit in limits_on(candidate.licence, candidate.line.line_no):
            span = span_of(limit.period, case.days[-1])
            balance = case.accounts[key[0]].lines.get(key[1], LineBalance(key[1], days={}))
            used = Fraction(used_in(balance, span, case.today))
            counts_all = balance.days is None
            own = (draw for draw in own_draws(case) if place_of(draw) == key)
            used -= sum(
                Fraction(draw.quantity.value) for draw in own if counts_all or counted_in(draw, span, case.today)
            )
            for draw, given_up in self._given_up(line, key, parts):
                if place_of(draw) == key and (counts_all or counted_in(draw, span, case.today)):
                    used -= given_up.quantity
            used -= sum(moved for day, moved in self._days.get(key, ()) if counts_all or day in span)
            allowed = limit_in(case.references, line.item_no, limit, candidate.line)
            found.append(PeriodRoom(limit, span, used, None if allowed is None else allowed - used))
        return tuple(found)

    def take(self, line: CaseLine, taken: Mapping[LineKey, Amounts]) -> None:
        """`line` takes these amounts: the next line finds less, and its order reserves less, wherever it did."""
        parts = {key: amounts.quantity for key, amounts in taken.items()}
        draws = self._reserved_of(line)
        if draws:
            after = self._after(line, parts)
            for draw, kept in zip(draws, after, strict=True):
                day = None if draw.day is None else counted_day(draw.day, draw.balance, self.case.today)
                self._move(place_of(draw), draw_amounts(draw) - draw_amounts(kept), day)
            self._reserved[(line.order_id or "", line.order_line)] = after
        if line.order_id is not None:
            self._takes.setdefault((line.order_id, line.order_line), []).append(self._take_of(line))
        for key, amounts in taken.items():
            self._move(key, NOTHING - amounts, self.case.days[-1])

    def _move(self, key: LineKey, amounts: Amounts, day: date | None) -> None:
        self._moved[key] = self._moved.get(key, NOTHING) + amounts
        if day is not None:
            self._days.setdefault(key, []).append((day, amounts.quantity))

    def _free_of(self, candidate: Candidate) -> Amounts:
        key, granted = candidate.key, candidate.line
        balance = self.case.accounts[key[0]].lines.get(key[1], LineBalance(key[1]))
        own = [draw for draw in own_draws(self.case) if place_of(draw) == key]
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

    def _reserved_of(self, line: CaseLine) -> tuple[Draw, ...]:
        """What the line's order reserves for it after the lines before."""
        return self._reserved.get((line.order_id or "", line.order_line)) or order_draws(self.case, line)

    def _given_up(self, line: CaseLine, key: LineKey, parts: Parts) -> Iterable[tuple[Draw, Amounts]]:
        """By how much the order's reservation shrinks when `line` is taken: it keeps what is then still to ship.

        Of several licences it shrinks where the line draws, as far as it reserves there: `parts`, then all at `key`.
        """
        draws = self._reserved_of(line)
        if not draws:
            return ()
        here = {place_of(draw): Fraction(draw.quantity.value) for draw in draws if place_of(draw) == key}
        own = self._own_of(line) if here else {}
        after = self._after(line, {**parts, **{place: own.get(place, ZERO) + all_of for place, all_of in here.items()}})
        return [(draw, draw_amounts(draw) - draw_amounts(kept)) for draw, kept in zip(draws, after, strict=True)]

    def _after(self, line: CaseLine, parts: Parts) -> tuple[Draw, ...]:
        """The order's draws for the line once it has been taken. Of a single one they don't depend on `parts`."""
        draws = self._reserved_of(line)
        if len(draws) == 1 and line.line_no in self._shrunk:
            return self._shrunk[line.line_no]
        kept: dict[LineKey, Draw] = {}
        order = self.case.orders[line.order_id or ""]
        if order.state is OrderState.CLEARED:
            others = tuple(take for take in order.takes if take.shipment_id != self.case.owner_id)
            planned = self._takes.get((order.order_id, line.order_line), [])
            after = evolve(order, draws=draws, takes=(*others, *planned, self._take_of(line)))
            own = self._own_of(line)
            more = {key: parts.get(key, ZERO) - own.get(key, ZERO) for key in (*parts, *own)}
            moved = {(line.order_line or 0, *key): quantity for key, quantity in more.items()}
            kept = {place_of(draw): draw for draw in wanted_draws(after, self.case.references, moved)}
        self._shrunk[line.line_no] = tuple(kept.get(place_of(draw)) or _emptied(draw) for draw in draws)
        return self._shrunk[line.line_no]

    def _own_of(self, line: CaseLine) -> Parts:
        own = (draw for draw in own_draws(self.case) if draw.line_no == line.line_no)
        return {place_of(draw): Fraction(draw.quantity.value) for draw in own}

    def _take_of(self, line: CaseLine) -> Take:
        return Take(
            self.case.owner_id, line.line_no, line.order_line or 0, line.item_no, line.quantity, line.value,
            Balance.RESERVED, 0,
        )  # fmt: skip
