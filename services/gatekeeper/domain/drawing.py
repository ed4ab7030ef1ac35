"""What a shipment draws on licences, by where the goods are (D4.1, D4.7)."""

from __future__ import annotations

from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.corrected import corrected_facts
from services.gatekeeper.domain.decide import Assessment
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import ShipmentLine
from services.gatekeeper.domain.line_shares import asked_of, net_in, resized_together
from services.gatekeeper.domain.quantity import Money, Quantity, to_decimal
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.vocabulary import Balance, Milestone, Place, ShipmentState


def draws_after(
    shipment: Shipment, state: ShipmentState, assessment: Assessment, references: References
) -> tuple[Draw, ...]:
    """Reserved before departure if it may go; after departure what it consumed, on whichever licence covers it now.

    A line for which nothing can be booked keeps what it consumed, as big as its facts say now: goods that are gone
    give nothing back (D4.7).
    """
    if shipment.progress.place is Place.BEFORE_DEPARTURE:
        return assessment.draws if state is ShipmentState.RELEASED else ()
    booked = {draw.line_no for draw in assessment.booking}
    kept = (draw for draw in consumed_draws(shipment, references) if draw.line_no not in booked)
    return tuple(sorted((*assessment.booking, *kept), key=_place))


def draws_when_closed(shipment: Shipment, references: References) -> tuple[Draw, ...]:
    """Cancelled: nothing, the reservation goes back. Returned: nothing comes back, a reservation is consumed (§1)."""
    if shipment.progress.milestone is Milestone.RETURNED:
        return consumed_draws(shipment, references)
    return ()


def consumed_draws(shipment: Shipment, references: References) -> tuple[Draw, ...]:
    """The shipment's draws as consumption, each as big as the facts and their corrections say now.

    A line that a newer full state leaves out was not shipped; one without any line says nothing of what was.
    """
    facts = corrected_facts(shipment)
    lines = {line.line_no: line for line in facts.lines} if facts else {}
    if not lines:
        return tuple(_consumed(shipment, draw) for draw in shipment.draws)
    resized: list[Draw] = []
    for line_no, line in lines.items():
        draws = tuple(draw for draw in shipment.draws if draw.line_no == line_no)
        resized += resized_together(draws, line, references) if len(draws) > 1 else _resized(draws, line, references)
    return tuple(sorted((_consumed(shipment, draw) for draw in resized), key=_place))


def _consumed(shipment: Shipment, draw: Draw) -> Draw:
    """Consumed on the day of departure as it is known now, or of the return without one (D3.11)."""
    left_at = shipment.progress.departed_at or shipment.progress.returned_at
    return evolve(draw, balance=Balance.CONSUMED, day=draw.day if left_at is None else shanghai_day(left_at))


def _resized(draws: tuple[Draw, ...], line: ShipmentLine, references: References) -> tuple[Draw, ...]:
    """Each in the size of `line`; what cannot be converted stays as it was booked, value then in proportion.

    What the line still asks stays in the size in which it was measured (D1.7).
    """
    resized = []
    for draw in draws:
        same = draw.still_asks(line.item_no, line.net_quantity)
        net = Fraction(draw.quantity.value) if same else net_in(line, draw.quantity.unit, references)
        if net is None or (same and draw.still_asks_value(line.value)):
            resized.append(draw)
        else:
            value = _value(draw, line, net)
            quantity = Quantity(to_decimal(net), draw.quantity.unit)
            resized.append(evolve(draw, quantity=quantity, value=value, **asked_of(line, draw)))
    return tuple(resized)


def _value(draw: Draw, line: ShipmentLine, net: Fraction) -> Money:
    if line.value is not None and line.value.currency == draw.value.currency:
        return line.value
    before = Fraction(draw.quantity.value)
    if not before or net == before:
        return draw.value
    return Money(to_decimal(Fraction(draw.value.amount) * net / before), draw.value.currency)


def _place(draw: Draw) -> tuple[int, str, int]:
    return draw.line_no, draw.licence_no, draw.licence_line
