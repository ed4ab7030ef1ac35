"""What a decision about a shipment or an order reads of its orders: little, however much was shipped before.

An order of a thousand shipments is decided by what they took of it in all, so that is what is looked at and recorded
(design.md §4: sums seen); else the records of its shipments would grow with the square of their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from services.gatekeeper.domain.aggregates import Order, Shipment, Take
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts
from services.gatekeeper.domain.quantity import EXACT, Money, Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.vocabulary import OrderStatus
from services.gatekeeper.domain.workspace import Seen

SUMMED = ""
"""The shipment of a take that is the sum of several."""
Kind = tuple[str, int, str, str | None, str | None, str, int, tuple[str, ...], bool]
"""What takes that are summed have in common: see `_kind`."""


def orders_as_seen(shipment: Shipment, orders: Iterable[Order]) -> tuple[Order, ...]:
    """The orders that `shipment` names, cut down to the lines that it names; from DELIVERED on with the facts that
    they had then (D1.7)."""
    delivered_under = {facts.order_id: facts for facts in shipment.delivered_under}
    return tuple(_of_shipment(order, shipment, delivered_under.get(order.order_id)) for order in orders)


def _of_shipment(order: Order, shipment: Shipment, delivered_under: OrderFacts | None) -> Order:
    lines = shipment.facts.lines if shipment.facts is not None else ()
    named = {line.order_line for line in lines if line.order_id == order.order_id}
    facts, cancelled = order.facts, order.cancelled
    if delivered_under is not None:
        facts, cancelled = delivered_under, delivered_under.status is OrderStatus.CANCELLED
    if facts is not None and any(line.line_no not in named for line in facts.lines):
        facts = evolve(facts, lines=tuple(line for line in facts.lines if line.line_no in named))
    own = (take for take in order.takes if take.shipment_id == shipment.shipment_id)
    others = (take for take in order.takes if take.shipment_id != shipment.shipment_id and take.order_line in named)
    return Order(
        order_id=order.order_id,
        arrival=order.arrival,
        facts=facts,
        state=order.state,
        standing=order.standing,
        draws=tuple(draw for draw in order.draws if draw.line_no in named),
        takes=(*own, *_summed((_kind(take, SUMMED, (), shipment.arrival), take) for take in others)),
        cancelled=cancelled,
    )


def order_as_judged(order: Order, references: References) -> Order:
    """An order for its own pre-check: the takes of a licence whose uses are limited keep their shipments (D4.1)."""
    if len(order.takes) < 2:
        return order
    return evolve(order, takes=_summed((_kind(take, *_user(take, references), 0), take) for take in order.takes))


def _user(take: Take, references: References) -> tuple[str, tuple[str, ...]]:
    drawn_on = (references.licence(licence_no) for licence_no in take.licences)
    limited = any(licence is not None and licence.max_uses is not None for licence in drawn_on)
    return (take.shipment_id if limited else SUMMED), take.licences


def _kind(take: Take, user: str, licences: tuple[str, ...], arrival: int) -> Kind:
    """`arrival`: of who asks. Whether a take came after that one is all that is asked of it (D4.3)."""
    unit = None if take.quantity is None else take.quantity.unit
    currency = None if take.value is None else take.value.currency
    came = arrival + 1 if take.arrival > arrival else arrival
    return user, take.order_line, take.item_no, unit, currency, take.balance, came, licences, take.leaves


def _summed(several: Iterable[tuple[Kind, Take]]) -> tuple[Take, ...]:
    """One take for each kind, as large as all of that kind together."""
    sums: dict[Kind, tuple[Take, Decimal, Decimal]] = {}
    for kind, take in several:
        known = sums.get(kind)
        quantity = Decimal(0) if take.quantity is None else take.quantity.value
        value = Decimal(0) if take.value is None else take.value.amount
        if known is not None:
            quantity, value = EXACT.add(known[1], quantity), EXACT.add(known[2], value)
        sums[kind] = take, quantity, value
    return tuple(_sum(kind, *summed) for kind, summed in sums.items())


def _sum(kind: Kind, one: Take, quantity: Decimal, value: Decimal) -> Take:
    user, _, _, unit, currency, _, came, licences, _ = kind
    return evolve(
        one,
        shipment_id=user,
        line_no=0,
        quantity=None if unit is None else Quantity(quantity, unit),
        value=None if currency is None else Money(value, currency),
        arrival=came,
        licence_no=licences[0] if licences else None,
        others=licences[1:],
    )


def as_recorded(seen: Seen) -> Shipment | Order:
    """What was judged without what no rule reads: its terms, numbers, timer, and what waits for its time.

    The facts under which it was delivered stand in its orders as seen. Only a departure reads which holds ended (D4.7).
    """
    subject = seen.subject
    if isinstance(subject, Order):
        return Order(
            order_id=subject.order_id,
            arrival=subject.arrival,
            facts=subject.facts,
            state=subject.state,
            holds=subject.holds,
            standing=subject.standing,
            draws=subject.draws,
            takes=subject.takes,
            cancelled=subject.cancelled,
            cancelled_version=subject.cancelled_version,
        )
    return evolve(
        subject,
        sequence=0,
        candidates=(),
        delivered_under=(),
        forwarder_emitted=None,
        recheck_at=None,
        decided_at=None,
        rules_version=0,
        past_draws=(),
        terms=frozenset(),
        ahead=None,
        past_holds=subject.past_holds if seen.departs else (),
    )
