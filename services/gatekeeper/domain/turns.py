"""Whose turn it is when something has come back to a licence (D4.4).

Whoever waits is looked at again in order of arrival, by a task of the licence. Meanwhile a sweep, a date or an order
may look at one of them for another reason, or at somebody else who was there all the time: if that one may go now by
what came back, it is left to the same task, so that it passes nobody who came earlier. An event that arrives just then
takes what it fits.
"""

from __future__ import annotations

from decimal import Decimal

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.deciding import RETRY_AFTER_ERROR
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.judging import draws_if_judged, soonest
from services.gatekeeper.domain.ledger_standing import ZERO
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.room import LineKey, place_of
from services.gatekeeper.domain.workspace import FollowUpKind, Workspace

Ordered = tuple[str | None, int | None]
"""An order and its line."""
NO_ORDER: Ordered = (None, None)
IN_TURN = frozenset({"waiters", "licence"})
"""Causes, by their first word, that look at everybody who may draw on a licence, in order of arrival."""


def leaves_to_waiters(workspace: Workspace, waiting: Shipment | Order) -> bool:
    """Whether `waiting`, not departed and held so far, has just been put among the waiters instead of being judged.

    It stays held until its turn, and is found by each licence that it may take from; its date comes again.
    """
    follow_ups = workspace.effects.follow_ups
    back = workspace.coming_back.union(task.key for task in follow_ups if task.kind is FollowUpKind.WAITERS)
    if not back or not waiting.holds or workspace.cause.partition(" ")[0] in IN_TURN:
        return False
    taken = _taken(workspace, waiting) & back
    for licence_no in sorted(taken):
        workspace.follow_up(FollowUpKind.WAITERS, licence_no)
    if taken:
        _put(workspace, waiting, taken)
    return bool(taken)


def _taken(workspace: Workspace, waiting: Shipment | Order) -> set[str]:
    """The licences of which it would take something if it were judged now, beyond what its own orders reserve for it.

    Of one whose uses or periods are limited in any case: an order reserves no use, and for another day.
    """
    facts = waiting.facts if isinstance(waiting, Shipment) else None
    ordered = {line.line_no: (line.order_id, line.order_line) for line in facts.lines} if facts else {}
    left: dict[tuple[Ordered, LineKey], tuple[Decimal, Decimal]] = {}
    taken = set()
    for draw in draws_if_judged(workspace, waiting):
        own, place = ordered.get(draw.line_no, NO_ORDER), place_of(draw)
        quantity, value = left.get((own, place)) or _reserved(workspace, own, place)
        rest = EXACT.subtract(quantity, draw.quantity.value), EXACT.subtract(value, draw.value.amount)
        left[own, place] = rest
        licence = workspace.references.licence(draw.licence_no)
        if min(rest) < 0 or licence is None or licence.max_uses is not None or licence.period_limits:
            taken.add(draw.licence_no)
    return taken


def _reserved(workspace: Workspace, own: Ordered, place: LineKey) -> tuple[Decimal, Decimal]:
    """What the order line `own` reserves on a licence line; a line has one draw on it."""
    order_id, order_line = own
    draws = workspace.order(order_id).draws if order_id is not None else ()
    reserved = (draw for draw in draws if draw.line_no == order_line and place_of(draw) == place)
    return next(((draw.quantity.value, draw.value.amount) for draw in reserved), (ZERO, ZERO))


def _put(workspace: Workspace, waiting: Shipment | Order, taken: set[str]) -> None:
    candidates = tuple(sorted(taken.union(waiting.candidates)))
    terms = waiting.terms.union(f"licence:{licence_no}" for licence_no in taken)
    recheck_at = soonest(workspace.as_of, waiting.recheck_at, workspace.as_of + RETRY_AFTER_ERROR)
    if isinstance(waiting, Shipment):
        workspace.put_shipment(evolve(waiting, candidates=candidates, terms=terms, recheck_at=recheck_at))
    else:
        workspace.put_order(evolve(waiting, candidates=candidates, terms=terms, recheck_at=recheck_at))
