"""How much of a reservation an order gets back: no more than there is room for (D4.1, D3.11)."""

from __future__ import annotations

from decimal import Decimal

from services.gatekeeper.domain.accounts import LineBalance
from services.gatekeeper.domain.aggregates import Draw, Order
from services.gatekeeper.domain.alerts import granted
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.ledger import free_of
from services.gatekeeper.domain.ledger_standing import ZERO
from services.gatekeeper.domain.periods import counted_day, limit_in, limits_on, span_of, used_in
from services.gatekeeper.domain.quantity import EXACT, to_decimal
from services.gatekeeper.domain.vocabulary import Balance
from services.gatekeeper.domain.workspace import Workspace


def within_room(workspace: Workspace, order: Order, wanted: tuple[Draw, ...]) -> tuple[Draw, ...]:
    """`wanted`, or as much of each as is free beyond what the order already reserves on that licence line."""
    before = workspace.order(order.order_id).draws
    items = {line.line_no: line.item_no for line in order.facts.lines} if order.facts else {}
    had = {(draw.line_no, draw.licence_no, draw.licence_line): draw for draw in before}
    room: dict[tuple[str, int], tuple[Decimal, Decimal]] = {}
    fitted: list[Draw] = []
    for draw in wanted:
        place = (draw.licence_no, draw.licence_line)
        old = had.get((draw.line_no, *place))
        old_quantity = old.quantity.value if old else ZERO
        old_value = old.value.amount if old else ZERO
        free, free_value = room.get(place) or _free(workspace, draw, items[draw.line_no])
        more = min(free, max(ZERO, EXACT.subtract(draw.quantity.value, old_quantity)))
        more_value = min(free_value, max(ZERO, EXACT.subtract(draw.value.amount, old_value)))
        room[place] = EXACT.subtract(free, more), EXACT.subtract(free_value, more_value)
        quantity = min(draw.quantity.value, EXACT.add(old_quantity, more))
        value = min(draw.value.amount, EXACT.add(old_value, more_value))
        fitted.append(
            evolve(draw, quantity=evolve(draw.quantity, value=quantity), value=evolve(draw.value, amount=value))
        )
    return tuple(fitted)


def _free(workspace: Workspace, draw: Draw, item_no: str) -> tuple[Decimal, Decimal]:
    """Of quantity and value beyond what is drawn, and no more than period limits leave for the day (D3.11)."""
    licence = workspace.references.licence(draw.licence_no)
    line = next((each for each in licence.lines if each.line_no == draw.licence_line), None) if licence else None
    if licence is None or line is None:
        return ZERO, ZERO
    account = workspace.account(draw.licence_no)
    free, free_value = free_of(account, draw.licence_line, *granted(line))
    today = shanghai_day(workspace.as_of)
    day = counted_day(draw.day or today, Balance.RESERVED, today)
    balance = account.lines.get(line.line_no, LineBalance(line.line_no, days={}))
    for limit in limits_on(licence, line.line_no):
        allowed = limit_in(workspace.references, item_no, limit, line)
        used = used_in(balance, span_of(limit.period, day), today)
        free = ZERO if allowed is None else min(free, max(ZERO, EXACT.subtract(to_decimal(allowed), used)))
    return free, free_value
