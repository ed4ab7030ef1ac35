"""What events about shipments change of them before they are judged (domain.md §1, D4.1, D8.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.gatekeeper.domain.aggregates import MilestoneReport, Shipment
from services.gatekeeper.domain.corrected import after_upsert, corrected_facts, replace_correction, stated_by
from services.gatekeeper.domain.events import Meta, MilestoneReported, ShipmentCorrected, ShipmentUpserted
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.journey import add_report, is_known, tell
from services.gatekeeper.domain.shipment_engine import settle_shipment
from services.gatekeeper.domain.standing import after_readable_upsert
from services.gatekeeper.domain.vocabulary import Classifier, CorrectionReason, Milestone, Place, ShipmentState
from services.gatekeeper.domain.workspace import Outcome, TimelineEntry, Workspace


def told_at(workspace: Workspace, shipment: Shipment) -> Shipment:
    """`shipment` where its reports place it now; those dated further ahead than the policy tolerates wait (D7.3)."""
    progress = tell(shipment.progress, workspace.as_of, tolerance(workspace))
    return shipment if progress == shipment.progress else evolve(shipment, progress=progress)


def tolerance(workspace: Workspace) -> timedelta:
    return timedelta(minutes=workspace.policy.future_event_tolerance_minutes)


def shipment_upserted(workspace: Workspace, event: ShipmentUpserted) -> Outcome:
    """A newer full state; not above the stored version: STALE (D8.1). One dated ahead waits for its time (D7.3)."""
    facts = event.facts
    shipment = workspace.shipment(facts.shipment_id)
    if facts.version <= max(version_of(shipment.facts), version_of(shipment.ahead[1] if shipment.ahead else None)):
        return Outcome.STALE
    if event.meta.time > workspace.as_of + tolerance(workspace):
        waiting = evolve(shipment, ahead=(event.meta.time, facts), ahead_by=event.meta.event_id)
        if shipment.sequence:
            workspace.put_shipment(_with_timer(waiting, event.meta.time))
        else:
            settle_shipment(workspace, waiting)
        return Outcome.APPLIED
    apply_facts(workspace, shipment, facts, event.meta.event_id)
    return Outcome.APPLIED


def version_of(facts: ShipmentFacts | OrderFacts | None) -> int:
    return facts.version if facts else 0


def apply_facts(workspace: Workspace, shipment: Shipment, facts: ShipmentFacts, event_id: str) -> None:
    """`facts`, said by `event_id`, are the shipment's full state from now on; they also give the planned departure."""
    known = shipment.facts
    amended = known is not None and evolve(facts, version=known.version) != known
    planned = facts.planned_departure or _planned_by_milestone(shipment)
    changed = evolve(
        shipment,
        facts=facts,
        ahead=None,
        progress=evolve(shipment.progress, planned_departure=planned),
        standing=after_readable_upsert(shipment.standing),
        corrections=after_upsert(shipment.corrections, known, facts, event_id),
        stated=stated_by(shipment.stated, known, facts, event_id, workspace.as_of),
        # D8.4: what is amended counts as new.
        state=ShipmentState.HELD if amended and shipment.state is ShipmentState.RELEASED else shipment.state,
    )
    settle_shipment(workspace, told_at(workspace, changed))


def _planned_by_milestone(shipment: Shipment) -> datetime | None:
    """What only a milestone said of the planned departure: a full state that says nothing of it leaves that standing.

    What the former full state said is not said any more.
    """
    planned, known = shipment.progress.planned_departure, shipment.facts
    return None if known is not None and planned == known.planned_departure else planned


def milestone_reported(workspace: Workspace, event: MilestoneReported) -> Outcome:
    """Only ACTUAL moves anything, and only forward; a planned or estimated departure is the planned day (§1)."""
    shipment = workspace.shipment(event.shipment_id)
    if event.classifier is not Classifier.ACTUAL:
        return _planned(workspace, shipment, event)
    if is_known(shipment.progress.reports, event.meta.source, event.meta.event_id):
        return Outcome.STALE
    late = workspace.as_of - event.occurred_at > tolerance(workspace)
    detail = {"late": "true"} if late else {}
    note(workspace, event.meta, shipment.shipment_id, event.milestone.value, {**detail, **_code(event)})
    report = MilestoneReport(
        event.meta.event_id, event.milestone, event.occurred_at, workspace.as_of, source=event.meta.source
    )
    reports = add_report(shipment.progress.reports, report)
    changed = told_at(workspace, evolve(shipment, progress=evolve(shipment.progress, reports=reports)))
    return _moved(workspace, shipment, changed)


def _code(event: MilestoneReported) -> dict[str, str]:
    """The sender's own code for the timeline, and that a public list doesn't have it."""
    if event.source_code is None:
        return {}
    return {"source_code": event.source_code, **({"source_code_unknown": "true"} if event.code_unknown else {})}


def _planned(workspace: Workspace, shipment: Shipment, event: MilestoneReported) -> Outcome:
    what = f"{event.milestone} {event.classifier}"
    detail = {"occurred_at": event.occurred_at.isoformat(), **_code(event)}
    note(workspace, event.meta, shipment.shipment_id, what, detail)
    if event.milestone is not Milestone.DEPARTED:
        if not shipment.sequence:
            settle_shipment(workspace, shipment)
        return Outcome.TIMELINE_ONLY
    if shipment.progress.planned_departure == event.occurred_at and shipment.sequence:
        return Outcome.TIMELINE_ONLY
    changed = evolve(shipment, progress=evolve(shipment.progress, planned_departure=event.occurred_at))
    if shipment.progress.place is Place.BEFORE_DEPARTURE:
        settle_shipment(workspace, changed)
        return Outcome.APPLIED
    workspace.put_shipment(changed)
    return Outcome.TIMELINE_ONLY


def shipment_corrected(workspace: Workspace, event: ShipmentCorrected) -> Outcome:
    """An earlier milestone did not occur, or its quantities were others; a second correction replaces the first."""
    shipment = workspace.shipment(event.shipment_id)
    note(workspace, event.meta, shipment.shipment_id, f"CORRECTED {event.reason}", {"event": event.corrects_event_id})
    if event.reason is CorrectionReason.DID_NOT_OCCUR:
        reports = tuple(
            evolve(report, voided=True) if report.event_id == event.corrects_event_id else report
            for report in shipment.progress.reports
        )
        changed = told_at(workspace, evolve(shipment, progress=evolve(shipment.progress, reports=reports)))
        return _moved(workspace, shipment, changed)
    corrections = replace_correction(shipment.corrections, event.corrects_event_id, event.lines)
    if corrections == shipment.corrections and shipment.sequence:
        return Outcome.TIMELINE_ONLY
    settle_shipment(workspace, evolve(shipment, corrections=corrections))
    return Outcome.APPLIED


def _moved(workspace: Workspace, before: Shipment, after: Shipment) -> Outcome:
    """Judged anew when the goods are somewhere else for the rules, or when corrections say otherwise how many they are.

    A step on the way is only written down.
    """
    old, new = before.progress, after.progress
    if not before.sequence or _matters(before, after) or corrected_facts(before) != corrected_facts(after):
        settle_shipment(workspace, after)
        return Outcome.APPLIED
    if new != old:
        workspace.put_shipment(_with_timer(after, new.resumes_at))
    return Outcome.APPLIED if new.milestone is not old.milestone else Outcome.TIMELINE_ONLY


def _matters(before: Shipment, after: Shipment) -> bool:
    old, new = before.progress, after.progress
    was = (old.place, old.departed_at, old.departure_event, old.exports, old.impossible, old.returned_at)
    now = (new.place, new.departed_at, new.departure_event, new.exports, new.impossible, new.returned_at)
    return was != now


def _with_timer(shipment: Shipment, at: datetime | None) -> Shipment:
    """What waits for its time needs the shipment's timer to be no later (D7.3)."""
    if at is None or (shipment.recheck_at is not None and shipment.recheck_at <= at):
        return shipment
    return evolve(shipment, recheck_at=at)


def note(workspace: Workspace, meta: Meta, shipment_id: str, what: str, detail: dict[str, str]) -> None:
    """One line of the shipment's timeline."""
    entry = {"event_id": meta.event_id, **detail}
    workspace.effects.timeline.append(TimelineEntry("shipment", shipment_id, meta.time, what, entry))
