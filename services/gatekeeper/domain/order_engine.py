"""One order through one change: its pre-check, its reservation, what is told, and whom it concerns (D4.1, D4.10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.gatekeeper.domain.aggregates import Order
from services.gatekeeper.domain.deciding import is_closed
from services.gatekeeper.domain.emission import emit_order
from services.gatekeeper.domain.events import OrderCancelled, OrderUpserted
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts
from services.gatekeeper.domain.judging import judge_order, soonest
from services.gatekeeper.domain.reservations import fit_reservation
from services.gatekeeper.domain.standing import after_readable_upsert
from services.gatekeeper.domain.vocabulary import OrderState, OrderStatus
from services.gatekeeper.domain.workspace import FollowUpKind, Outcome, Workspace


def order_upserted(workspace: Workspace, event: OrderUpserted) -> Outcome:
    """A newer full state; not above what is stored, cancellations included: STALE (D8.1).

    One dated ahead waits for its time, but a cancellation acts at once (D7.3).
    """
    order = workspace.order(event.facts.order_id)
    if event.facts.version <= _version(order):
        return Outcome.STALE
    tolerance = timedelta(minutes=workspace.policy.future_event_tolerance_minutes)
    if event.meta.time > workspace.as_of + tolerance and event.facts.status is not OrderStatus.CANCELLED:
        due = soonest(workspace.as_of, order.recheck_at, event.meta.time)
        workspace.put_order(evolve(order, ahead=(event.meta.time, event.facts), recheck_at=due))
    else:
        apply_facts(workspace, order, event.facts)
    return Outcome.APPLIED


def apply_facts(workspace: Workspace, order: Order, facts: OrderFacts) -> None:
    """`facts` are the order's full state from now on."""
    amended = order.facts is None or evolve(facts, version=order.facts.version) != order.facts
    settle_order(
        workspace,
        evolve(
            order,
            facts=facts,
            ahead=None,
            cancelled=facts.status is OrderStatus.CANCELLED,
            standing=after_readable_upsert(order.standing),
            # D8.4: an amended order counts as new.
            state=OrderState.HELD if amended and order.state is OrderState.CLEARED else order.state,
        ),
    )


def order_cancelled(workspace: Workspace, event: OrderCancelled) -> Outcome:
    """Ordered against upserts by its version; acts at once, whatever its time (D7.3)."""
    order = workspace.order(event.order_id)
    if event.version <= _version(order):
        return Outcome.STALE
    settle_order(workspace, evolve(order, cancelled=True, cancelled_version=event.version, ahead=None))
    return Outcome.APPLIED


def _version(order: Order) -> int:
    known = (order.facts, order.ahead[1] if order.ahead else None)
    return max(*(facts.version if facts else 0 for facts in known), order.cancelled_version or 0)


def settle_order(workspace: Workspace, order: Order) -> None:
    """Stores `order`, whose facts or standing holds are new, with everything that follows from them.

    Needs the accounts of what it draws on and may draw on. Its shipments are looked at again when what they take from
    it, or what stands against it, is no longer the same.
    """
    before = workspace.order(order.order_id)
    if order.facts is not None or is_closed(order):
        order = _judge(workspace, before, order)
    fit_reservation(workspace, order, judged=True)
    workspace.put_order(emit_order(workspace, before, workspace.order(order.order_id)))
    followed = (before.facts, before.standing, before.cancelled) != (order.facts, order.standing, order.cancelled)
    if followed and order.shipments:
        workspace.follow_up(FollowUpKind.ORDER_SHIPMENTS, order.order_id)


def _waits_until(order: Order) -> datetime | None:
    return order.ahead[0] if order.ahead else None


def _judge(workspace: Workspace, before: Order, order: Order) -> Order:
    conclusion = judge_order(workspace, before, order)
    assessment = conclusion.assessment
    return evolve(
        order,
        holds=conclusion.holds,
        state=OrderState(conclusion.verdict.state),
        draws=conclusion.verdict.draws,
        candidates=assessment.candidates,
        terms=assessment.terms,
        recheck_at=soonest(workspace.as_of, assessment.recheck_at, _waits_until(order)),
        decided_at=workspace.as_of,
        rules_version=workspace.references.rules_version,
    )
