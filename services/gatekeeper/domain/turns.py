"""Whose turn it is when something has come back to a licence (D4.4).

Whoever waits is looked at again in order of arrival, by a task of the licence. Meanwhile a sweep, a date or an order
may look at one of them for another reason, or at somebody else who was there all the time: if that one may go now by
what came back, it is left to the same task, so that it passes nobody who came earlier. An event that arrives just then
takes what it fits.
"""

from __future__ import annotations

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.deciding import RETRY_AFTER_ERROR
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.judging import licences_taken, soonest
from services.gatekeeper.domain.workspace import FollowUpKind, Workspace

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
    taken = back & licences_taken(workspace, waiting)
    for licence_no in sorted(taken):
        workspace.follow_up(FollowUpKind.WAITERS, licence_no)
    if taken:
        _put(workspace, waiting, taken)
    return bool(taken)


def _put(workspace: Workspace, waiting: Shipment | Order, taken: frozenset[str]) -> None:
    candidates = tuple(sorted(taken.union(waiting.candidates)))
    terms = waiting.terms.union(f"licence:{licence_no}" for licence_no in taken)
    recheck_at = soonest(workspace.as_of, waiting.recheck_at, workspace.as_of + RETRY_AFTER_ERROR)
    if isinstance(waiting, Shipment):
        workspace.put_shipment(evolve(waiting, candidates=candidates, terms=terms, recheck_at=recheck_at))
    else:
        workspace.put_order(evolve(waiting, candidates=candidates, terms=terms, recheck_at=recheck_at))
