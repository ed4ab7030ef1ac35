"""What a departure says about the release it should have had (D4.7), and milestones that can't have been."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.gatekeeper.domain.aggregates import Finding, Shipment, StateSpan
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.standing import moved_unreleased, with_standing
from services.gatekeeper.domain.vocabulary import ShipmentState, ViolationKind
from services.gatekeeper.domain.workspace import Violation, Workspace

SPANS_MAX = 51
UNKNOWN = "UNKNOWN"


def state_at(spans: tuple[StateSpan, ...], at: datetime) -> ShipmentState | None:
    """The state at that instant; None: nothing was known of the shipment yet."""
    return next((span.state for span in reversed(spans) if span.since <= at), None)


def with_span(spans: tuple[StateSpan, ...], state: ShipmentState, since: datetime) -> tuple[StateSpan, ...]:
    """`spans` and the present; the first and the newest are kept, SPANS_MAX in all."""
    if spans and spans[-1].state is state:
        return spans
    spans = (*spans, StateSpan(since, state))
    return spans if len(spans) <= SPANS_MAX else (spans[0], *spans[2:])


def is_new_departure(before: Shipment, after: Shipment) -> bool:
    return after.progress.departed_at is not None and after.progress.exports > before.progress.exports


def is_undone_departure(before: Shipment, after: Shipment) -> bool:
    return before.progress.departed_at is not None and after.progress.departed_at is None


def judge_departure(workspace: Workspace, before: Shipment, after: Shipment, findings: tuple[Finding, ...]) -> Shipment:
    """A new departure without a release: MOVED_WHILE_HELD, and a hold where nothing else holds the goods.

    MOVED_UNRELEASED: they left while CLOSED, or by a hold that is gone again when the report comes.
    """
    left_at, event_id = after.progress.departed_at, after.progress.departure_event
    if left_at is None or event_id is None or not is_new_departure(before, after):
        return after
    state = state_at(before.states, left_at)
    if state is ShipmentState.RELEASED:
        return after
    _record(workspace, ViolationKind.MOVED_WHILE_HELD, after, event_id, left_at, {"state": state or UNKNOWN})
    if findings and not _hold_is_gone(before, state, left_at, findings):
        return after
    return evolve(after, standing=with_standing(after.standing, moved_unreleased(event_id, left_at, workspace.as_of)))


def _hold_is_gone(
    before: Shipment, state: ShipmentState | None, left_at: datetime, findings: tuple[Finding, ...]
) -> bool:
    """Whether what held at that instant is gone by now, although something newer may hold. Nothing known: no.

    What was CLOSED had no holds, so whatever holds it now is newer. A reason that changed is still there (D1.6).
    """
    if state is None:
        return False
    newer = {(hold.reason, hold.subject) for hold in before.holds if hold.placed_at > left_at}
    held = any(hold.placed_at <= left_at for hold in before.holds)
    return not held or all((finding.reason, finding.subject) in newer for finding in findings)


def record_impossible(workspace: Workspace, before: Shipment, after: Shipment) -> None:
    """IMPOSSIBLE_MILESTONE for each event that can't have been and was not told before."""
    reports = {report.event_id: report for report in after.progress.reports}
    for event_id in after.progress.impossible:
        if event_id not in before.progress.impossible and event_id in reports:
            report = reports[event_id]
            detail = {"milestone": report.milestone.value}
            _record(workspace, ViolationKind.IMPOSSIBLE_MILESTONE, after, event_id, report.occurred_at, detail)


def _record(
    workspace: Workspace,
    kind: ViolationKind,
    shipment: Shipment,
    event_id: str,
    occurred_at: datetime,
    detail: Mapping[str, str],
) -> None:
    key = f"{kind}:{shipment.shipment_id}:{event_id}"
    workspace.effects.changes.append(
        Violation(kind, key, {"event_id": event_id, **detail}, occurred_at, shipment_id=shipment.shipment_id)
    )
