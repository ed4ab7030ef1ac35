"""What shipments take of their orders, and what the orders then still reserve (D4.1, D4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, Order, Shipment, Take
from services.gatekeeper.domain.corrected import corrected_facts
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderLine
from services.gatekeeper.domain.ledger import book
from services.gatekeeper.domain.order_rest import in_unit, rest_of
from services.gatekeeper.domain.order_room import within_room
from services.gatekeeper.domain.order_shares import Moved, wanted_of_several
from services.gatekeeper.domain.quantity import Money, Quantity, to_decimal
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.restated import as_counted_now
from services.gatekeeper.domain.values import fixed_rate
from services.gatekeeper.domain.vocabulary import Balance, Movement, OrderState, ShipmentState
from services.gatekeeper.domain.workspace import FollowUpKind, Workspace

NOTHING = Fraction(0)
NOTHING_MOVED: Moved = {}


def takings_of(shipment: Shipment, order_id: str) -> tuple[Take, ...]:
    """What `shipment` has taken of that order: RESERVED once released, CONSUMED once departed (D4.3)."""
    progress = shipment.progress
    departed = progress.departed_at is not None or progress.returned_at is not None
    facts = corrected_facts(shipment)
    if facts is None or not (departed or shipment.state is ShipmentState.RELEASED):
        return ()
    drawn: dict[int, tuple[str, ...]] = {}
    for draw in shipment.draws:
        drawn[draw.line_no] = (*drawn.get(draw.line_no, ()), draw.licence_no)
    return tuple(
        Take(
            shipment_id=shipment.shipment_id,
            line_no=line.line_no,
            order_line=line.order_line,
            item_no=line.item_no,
            quantity=line.net_quantity,
            value=line.value,
            balance=Balance.CONSUMED if departed else Balance.RESERVED,
            arrival=shipment.arrival,
            licence_no=next(iter(drawn.get(line.line_no, ())), None),
            leaves=facts.movement not in (Movement.DOMESTIC, Movement.INTO_BONDED),
            others=drawn.get(line.line_no, ())[1:],
        )
        for line in facts.lines
        if line.order_id == order_id and line.order_line is not None
    )


def retake(workspace: Workspace, former: Shipment, shipment: Shipment, order_ids: Iterable[str]) -> None:
    """Writes what `shipment` takes now to each of its orders and fits their reservations to it.

    `former`: the shipment as it was. An order that reserves on several licences gives up and gets back where the
    shipment draws more and less than before (D3.7).

    An order of which something came back, or of which more left than it knew of, has its other shipments looked at
    again (OVER_DELIVERY, D1.3, D4.3); a held one is judged by what it still has to ship.
    """
    for order_id in sorted(order_ids):
        order = workspace.order(order_id)
        before = [take for take in order.takes if take.shipment_id == shipment.shipment_id]
        after = list(takings_of(shipment, order_id))
        if before == after:
            continue
        others = [take for take in order.takes if take.shipment_id != shipment.shipment_id]
        takes = tuple(sorted((*others, *after), key=lambda take: (take.arrival, take.shipment_id, take.line_no)))
        moved = _moved(former, shipment, order_id)
        fit_reservation(workspace, evolve(order, takes=takes), moved)
        given_back = _without(before, after)
        left_with_more = any(take.balance is Balance.CONSUMED for take in _without(after, before))
        alone = not set(order.shipments) - {shipment.shipment_id}
        if (given_back or left_with_more) and not alone:
            workspace.follow_up(FollowUpKind.ORDER_SHIPMENTS, order_id)
        if order.state is OrderState.HELD or _reserves_nowhere(order, given_back):
            workspace.follow_up(FollowUpKind.ORDER, order_id)


def _moved(former: Shipment, shipment: Shipment, order_id: str) -> Moved:
    moved: dict[tuple[int, str, int], Fraction] = {}
    for each, sign in ((shipment, 1), (former, -1)):
        lines = {line.line_no: line for line in each.facts.lines} if each.facts else {}
        for draw in each.draws:
            line = lines.get(draw.line_no)
            if line is not None and line.order_id == order_id and line.order_line is not None:
                place = (line.order_line, draw.licence_no, draw.licence_line)
                moved[place] = moved.get(place, NOTHING) + sign * Fraction(draw.quantity.value)
    return moved


def _without(takes: list[Take], others: list[Take]) -> list[Take]:
    """Those of `takes` that stand in `others` neither for the same order line nor in the same size."""
    known = {(take.line_no, take.order_line, take.quantity) for take in others}
    return [take for take in takes if (take.line_no, take.order_line, take.quantity) not in known]


def _reserves_nowhere(order: Order, given_back: list[Take]) -> bool:
    """Whether a line that had been taken whole, and so was not judged any more, got something back."""
    drawn = {draw.line_no for draw in order.draws if draw.quantity.value}
    return order.state is OrderState.CLEARED and any(take.order_line not in drawn for take in given_back)


def fit_reservation(workspace: Workspace, order: Order, moved: Moved = NOTHING_MOVED, *, judged: bool = False) -> None:
    """Stores `order` with its reservation fitted to what its shipments have not taken, as far as there is room.

    Where there is too little left for what an order gets back, it keeps what there is and is judged anew (D4.1).
    `judged`: the rules have just said that there is room.
    """
    before = workspace.order(order.order_id).draws
    wanted = wanted_draws(order, workspace.references, moved) if order.state is OrderState.CLEARED else ()
    fitted = wanted if judged else within_room(workspace, order, wanted)
    if fitted != wanted:
        workspace.follow_up(FollowUpKind.ORDER, order.order_id)
    book(workspace, "order", order.order_id, before, fitted)
    workspace.put_order(evolve(order, draws=fitted))


def emptied_draws(order: Order, judged: tuple[Draw, ...], references: References) -> tuple[Draw, ...]:
    """Draws of which shipments took everything: they reserve nothing, but know where it goes back to (D4.1).

    Of a line that was taken whole all of them; of one that stays where it stood on several licences the empty ones.
    """
    lines = {line.line_no: line for line in order.facts.lines} if order.facts else {}
    now, stood = _places(judged), _places(order.draws)
    return tuple(
        draw
        for draw in order.draws
        if draw.line_no in lines
        and (
            _is_empty(draw) and _place(draw) not in now[draw.line_no] <= stood[draw.line_no]
            if draw.line_no in now
            else rest_of(references, order, lines[draw.line_no]).is_nothing
        )
    )


def _is_empty(draw: Draw) -> bool:
    return not draw.quantity.value and not draw.value.amount


def _place(draw: Draw) -> tuple[str, int]:
    return draw.licence_no, draw.licence_line


def _places(draws: Iterable[Draw]) -> dict[int, set[tuple[str, int]]]:
    """By order line, the licence lines on which it draws."""
    places: dict[int, set[tuple[str, int]]] = {}
    for draw in draws:
        places.setdefault(draw.line_no, set()).add(_place(draw))
    return places


def wanted_draws(order: Order, references: References, moved: Moved = NOTHING_MOVED) -> tuple[Draw, ...]:
    """The order's draws, of each line as big as what is ordered less what its shipments hold or have taken (D4.1).

    `moved`: where a line that reserves on several licences is to shrink and grow, as far as it does.
    """
    lines = {line.line_no: line for line in order.facts.lines} if order.facts else {}
    reserved = tuple(as_counted_now(draw, references) for draw in order.draws)
    wanted: list[Draw] = []
    for line_no in dict.fromkeys(draw.line_no for draw in reserved if draw.line_no in lines):
        draws = tuple(draw for draw in reserved if draw.line_no == line_no)
        if len(draws) == 1:
            wanted.append(_wanted(order, lines[line_no], draws[0], references))
        else:
            wanted += wanted_of_several(order, lines[line_no], draws, references, moved)
    return tuple(wanted)


def _wanted(order: Order, line: OrderLine, draw: Draw, references: References) -> Draw:
    quantity, value = _left(order, line, draw, references)
    return evolve(
        draw,
        quantity=Quantity(to_decimal(quantity), draw.quantity.unit),
        value=Money(to_decimal(value), draw.value.currency),
        balance=Balance.RESERVED,
    )


def _left(order: Order, line: OrderLine, draw: Draw, references: References) -> tuple[Fraction, Fraction]:
    """Ordered less taken, in the draw's unit and currency; what cannot be converted reserves as much as it did."""
    rest = rest_of(references, order, line)
    if rest.is_nothing:
        return NOTHING, NOTHING
    quantity, value = Fraction(draw.quantity.value), Fraction(draw.value.amount)
    if line.quantity is not None and rest.quantity is not None:
        one = in_unit(references, line.item_no, Quantity(Decimal(1), line.quantity.unit), draw.quantity.unit)
        quantity = quantity if one is None else rest.quantity * one
    if line.value is None or rest.value is None:
        return quantity, value
    if line.value.currency == draw.value.currency:
        return quantity, rest.value
    rate = fixed_rate(references, line.value.currency, draw.value.currency, draw)
    return quantity, value if rate is None else rest.value * Fraction(rate.rate)
