"""What a shipment's orders say about it: ORDER_UNKNOWN, ORDER_CANCELLED, OVER_DELIVERY (D3.0, D4.3, D4.10, D8.2)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Finding, Order, Take
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.facts import OrderLine
from services.gatekeeper.domain.leaving import has_left, open_holds, released_at_departure, stays_open
from services.gatekeeper.domain.order_rest import in_unit, order_line, taken
from services.gatekeeper.domain.quantity import Quantity, show, to_decimal
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.subjects import about_line, about_order, missing, missing_net
from services.gatekeeper.domain.vocabulary import OrderStatus, ShipmentState

ORDER_REASONS = frozenset({Reason.ORDER_UNKNOWN, Reason.ORDER_CANCELLED, Reason.OVER_DELIVERY, Reason.MISSING_DATA})


def order_reasons(case: Case) -> Iterator[Finding]:
    """For each line of a shipment that names an order; on every movement (D3.1).

    After departure nothing of this is judged anew but a quantity that grew: what was open stays while it is so, and
    what was open because nothing was known of the line may turn into another of these (D1.6, D1.7).
    """
    if case.shipment is None:
        return
    for line in case.lines:
        if line.order_id is None:
            continue
        order = case.orders.get(line.order_id)
        for finding in (*_of_order(case, line, order), *_over_delivery(case, line, order)):
            if not has_left(case) or _is_judged(case, line, order) or stays_open(case, finding):
                yield finding


def _is_judged(case: Case, line: CaseLine, order: Order | None) -> bool:
    """Whether a departed line's order is still a question: it was when it left, or it takes more than it did.

    What left while CLOSED had no holds that could be open: it is opened again and asked like anything that is held.
    """
    if case.shipment is not None and case.shipment.state is ShipmentState.CLOSED:
        return True
    if not released_at_departure(case) and any(
        hold.reason in ORDER_REASONS and dict(hold.subject).get("line_no", line.line_no) == line.line_no
        for hold in open_holds(case)
    ):
        return True
    own = None if order is None else _own_take(case, line, order)
    return order is not None and own is not None and _asks_more(case, line, own)


def _of_order(case: Case, line: CaseLine, order: Order | None) -> Iterator[Finding]:
    if line.order_line is None:
        yield missing("order_line", line)
    facts = order.facts if order is not None else None
    if facts is None or (line.order_line is not None and order is not None and _ordered(line, order) is None):
        yield about_order(Reason.ORDER_UNKNOWN, line, _wanted(line))
    cancelled = order is not None and (order.cancelled or (facts is not None and facts.status is OrderStatus.CANCELLED))
    closed = case.shipment is not None and line.order_id in case.shipment.closed_orders
    if cancelled or closed:
        yield about_order(Reason.ORDER_CANCELLED, line, {"status": "CANCELLED" if cancelled else "CLOSED"})


def _wanted(line: CaseLine) -> dict[str, str | None]:
    return {"item_no": line.item_no, "order_line": None if line.order_line is None else str(line.order_line)}


def _over_delivery(case: Case, line: CaseLine, order: Order | None) -> Iterator[Finding]:
    """The line's released and departed takes plus this one, in line order, against the order line and its tolerance."""
    ordered = None if order is None else _ordered(line, order)
    if order is None or order.facts is None or ordered is None:
        return
    if ordered.quantity is None:
        yield missing("order_quantity", line)
        return
    if line.quantity is None:
        yield missing_net(line)
        return
    unit = ordered.quantity.unit
    asked = in_unit(case.references, line.item_no, line.quantity, unit)
    if asked is None:
        detail = {"unit": line.quantity.unit, "order_unit": unit, "item_no": line.item_no}
        yield about_line(Reason.UNIT_NOT_CONVERTIBLE, line, detail)
        return
    others = _taken_by_others(case, line, order, unit) + _taken_by_earlier_lines(case, line, unit)
    tolerance = order.facts.delivery_tolerance_percent
    limit = Fraction(ordered.quantity.value) * (1 + Fraction(tolerance) / 100)
    if others + asked > limit:
        detail = {
            "ordered": show(ordered.quantity),
            "tolerance_percent": f"{tolerance.normalize():f}",
            "taken": _shown(others, unit),
            "requested": _shown(asked, unit),
            "available": _shown(max(Fraction(0), limit - others), unit),
            "excess": _shown(others + asked - limit, unit),
        }
        yield about_order(Reason.OVER_DELIVERY, line, detail)


def _taken_by_others(case: Case, line: CaseLine, order: Order, unit: str) -> Fraction:
    """What other shipments hold or have shipped of the order line.

    A shipment that holds its own take already, and asks for no more, comes before those that came after it, even if one
    of these left while held: earlier ones stay (D4.3). What can't be converted holds its own shipment, not this one.
    """
    own = _own_take(case, line, order)
    stays = own is not None and not _asks_more(case, line, own)
    total = Fraction(0)
    for take in order.takes:
        if take.order_line != line.order_line or take.shipment_id == case.owner_id:
            continue
        later = stays and own is not None and take.arrival > own.arrival
        total += Fraction(0) if later else taken(case.references, unit, (take,)) or Fraction(0)
    return total


def _taken_by_earlier_lines(case: Case, line: CaseLine, unit: str) -> Fraction:
    earlier = (
        in_unit(case.references, other.item_no, other.quantity, unit)
        for other in case.lines
        if other.line_no < line.line_no
        and (other.order_id, other.order_line) == (line.order_id, line.order_line)
        and other.quantity is not None
    )
    return sum((amount for amount in earlier if amount is not None), Fraction(0))


def _own_take(case: Case, line: CaseLine, order: Order) -> Take | None:
    return next(
        (
            take
            for take in order.takes
            if take.shipment_id == case.owner_id and take.line_no == line.line_no and take.order_line == line.order_line
        ),
        None,
    )


def _asks_more(case: Case, line: CaseLine, own: Take) -> bool:
    if line.quantity is None or own.quantity is None:
        return line.quantity is not None
    asked = in_unit(case.references, line.item_no, line.quantity, own.quantity.unit)
    return asked is None or asked > Fraction(own.quantity.value)


def _ordered(line: CaseLine, order: Order) -> OrderLine | None:
    return None if line.order_line is None else order_line(order, line.order_line)


def _shown(amount: Fraction, unit: str) -> str:
    return show(Quantity(to_decimal(amount), unit))
