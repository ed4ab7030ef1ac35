"""One order through one change: its pre-check, its reservation, what is told, and whom it concerns (D4.1, D4.10)."""

from __future__ import annotations

from dataclasses import replace

from services.gatekeeper.domain.aggregates import Order
from services.gatekeeper.domain.emission import emit_order
from services.gatekeeper.domain.events import OrderCancelled, OrderUpserted
from services.gatekeeper.domain.holds import place_holds
from services.gatekeeper.domain.judging import balances_seen, judge_order, record_decision, soonest
from services.gatekeeper.domain.reservations import fit_reservation
from services.gatekeeper.domain.standing import after_readable_upsert
from services.gatekeeper.domain.vocabulary import OrderState, OrderStatus
from services.gatekeeper.domain.workspace import FollowUpKind, Outcome, Workspace


def order_upserted(workspace: Workspace, event: OrderUpserted) -> Outcome:
    """A newer full state; not above what is stored, cancellations included: STALE (D8.1)."""
    order = workspace.order(event.facts.order_id)
    if event.facts.version <= _version(order):
        return Outcome.STALE
    amended = order.facts is None or replace(event.facts, version=order.facts.version) != order.facts
    settle_order(
        workspace,
        replace(
            order,
            facts=event.facts,
            cancelled=event.facts.status is OrderStatus.CANCELLED,
            standing=after_readable_upsert(order.standing),
            # D8.4: an amended order counts as new.
            state=OrderState.HELD if amended and order.state is OrderState.CLEARED else order.state,
        ),
    )
    return Outcome.APPLIED


def order_cancelled(workspace: Workspace, event: OrderCancelled) -> Outcome:
    """Ordered against upserts by its version; acts at once, whatever its time (D7.3)."""
    order = workspace.order(event.order_id)
    if event.version <= _version(order):
        return Outcome.STALE
    settle_order(workspace, replace(order, cancelled=True, cancelled_version=event.version))
    return Outcome.APPLIED


def _version(order: Order) -> int:
    return max(order.facts.version if order.facts else 0, order.cancelled_version or 0)


def settle_order(workspace: Workspace, order: Order) -> None:
    """Stores `order`, whose facts or standing holds are new, with everything that follows from them.

    Needs the accounts of what it draws on and may draw on. Its shipments are looked at again when what they take from
    it, or what stands against it, is no longer the same.
    """
    before = workspace.order(order.order_id)
    if _is_closed(order):
        order = replace(order, state=OrderState.CLOSED, holds=(), candidates=(), terms=frozenset(), recheck_at=None)
    elif order.facts is not None:
        order = _judge(workspace, before, order)
    fit_reservation(workspace, order, judged=True)
    workspace.put_order(emit_order(workspace, before, workspace.order(order.order_id)))
    followed = (before.facts, before.standing, before.cancelled) != (order.facts, order.standing, order.cancelled)
    if followed and order.shipments:
        workspace.follow_up(FollowUpKind.ORDER_SHIPMENTS, order.order_id)


def _is_closed(order: Order) -> bool:
    return order.cancelled or (order.facts is not None and order.facts.status is not OrderStatus.OPEN)


def _judge(workspace: Workspace, before: Order, order: Order) -> Order:
    assessment = judge_order(workspace, order)
    balances = balances_seen(workspace, assessment, order.draws)
    findings = (*assessment.findings, *(known.finding for known in order.standing))
    holds = place_holds("order", order.order_id, findings, before.holds, workspace.as_of)
    after = replace(
        order,
        holds=holds,
        state=OrderState.HELD if holds else OrderState.CLEARED,
        draws=() if holds else assessment.draws,
        candidates=assessment.candidates,
        terms=assessment.terms,
        recheck_at=soonest(workspace.as_of, assessment.recheck_at),
        decided_at=workspace.as_of,
        rules_version=workspace.references.rules_version,
    )
    record_decision(workspace, before, after, assessment, balances)
    return after
