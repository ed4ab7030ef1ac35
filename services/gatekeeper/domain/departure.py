"""What a departure says about the release it should have had (D4.7), and milestones that can't have been."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from services.gatekeeper.domain.aggregates import Finding, Hold, Shipment, StandingHold, StateSpan
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.standing import moved_unreleased, with_standing
from services.gatekeeper.domain.vocabulary import ShipmentState, ViolationKind
from services.gatekeeper.domain.workspace import Violation, Workspace

SPANS_MAX = 51
PAST_HOLDS_MAX = 20
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


def with_ended(
    past: tuple[tuple[datetime, Hold], ...], before: tuple[Hold, ...], after: tuple[Hold, ...], at: datetime
) -> tuple[tuple[datetime, Hold], ...]:
    """`past` and those of `before` that ended just now; the newest PAST_HOLDS_MAX are kept."""
    still = {hold.hold_id for hold in after}
    ended = tuple((at, evolve(hold, detail={})) for hold in before if hold.hold_id not in still)
    return (*past, *ended)[-PAST_HOLDS_MAX:] if ended else past


def is_new_departure(before: Shipment, after: Shipment) -> bool:
    return after.progress.departed_at is not None and after.progress.exports > before.progress.exports


def is_undone_departure(before: Shipment, after: Shipment) -> bool:
    return before.progress.departed_at is not None and after.progress.departed_at is None


def standing_after(
    shipment: Shipment, findings: tuple[Finding, ...], as_of: datetime, *, departs: bool
) -> tuple[StandingHold, ...]:
    """The standing holds of a shipment; of one that `departs` now, unreleased, one more where nothing else holds it.

    MOVED_UNRELEASED: it left while CLOSED, or by a hold that is gone again when the report comes (D4.7).
    """
    left = _unreleased(shipment) if departs else None
    if left is None or (findings and not _hold_is_gone(shipment, left.state, left.at, findings)):
        return shipment.standing
    return with_standing(shipment.standing, moved_unreleased(left.event_id, left.at, as_of))


def record_departure(workspace: Workspace, before: Shipment, after: Shipment) -> None:
    """MOVED_WHILE_HELD for a new departure without a release (D4.7)."""
    left = _unreleased(after) if is_new_departure(before, after) else None
    if left is not None:
        detail = {"state": left.state.value if left.state is not None else UNKNOWN}
        _record(workspace, ViolationKind.MOVED_WHILE_HELD, after, left.event_id, left.at, detail)


class _Left(NamedTuple):
    at: datetime
    event_id: str
    state: ShipmentState | None


def _unreleased(shipment: Shipment) -> _Left | None:
    """When, by which event and in which state (None: nothing was known) it left; None: it did so RELEASED."""
    left_at = shipment.progress.departed_at
    state = None if left_at is None else state_at(shipment.states, left_at)
    if left_at is None or state is ShipmentState.RELEASED:
        return None
    return _Left(left_at, shipment.progress.departure_event or "", state)


def _hold_is_gone(
    shipment: Shipment, state: ShipmentState | None, left_at: datetime, findings: tuple[Finding, ...]
) -> bool:
    """Whether what held at that instant is gone by now, although something newer may hold. Nothing known: no.

    What was CLOSED had no holds, so whatever holds it now is newer. A reason that changed is still there (D1.6), and so
    is one that ended before the report came, but holds by the day of departure again.
    """
    then = {(hold.reason, hold.subject) for until, hold in shipment.past_holds if hold.placed_at <= left_at < until}
    if state is None or any((finding.reason, finding.subject) in then for finding in findings):
        return False
    newer = {(hold.reason, hold.subject) for hold in shipment.holds if hold.placed_at > left_at}
    held = any(hold.placed_at <= left_at for hold in shipment.holds)
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
