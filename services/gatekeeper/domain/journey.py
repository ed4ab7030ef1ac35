"""Where the goods are, told anew from every ACTUAL milestone that was received (domain.md §1, table of milestones).

Told anew and not moved on step by step, so that a correction that says "did not occur" needs no way back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.gatekeeper.domain.aggregates import MilestoneReport, Progress
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.vocabulary import Milestone, Place

REPORTS_MAX = 200

BEFORE_THE_EXPORT = (
    Milestone.CREATED,
    Milestone.PICKED,
    Milestone.PACKED,
    Milestone.HANDED_OVER,
    Milestone.DECLARED,
    Milestone.CUSTOMS_RELEASED,
)
RANK = {milestone: rank for rank, milestone in enumerate(BEFORE_THE_EXPORT, start=1)}


@dataclass(frozen=True, slots=True)
class Journey:
    """What has been told so far; `preparing`: the furthest milestone before the export, where a void leads back to."""

    place: Place = Place.BEFORE_DEPARTURE
    milestone: Milestone | None = None
    preparing: Milestone | None = None
    departed_at: datetime | None = None
    departure_event: str | None = None
    implied: bool = False
    returned_at: datetime | None = None
    exports: int = 0
    impossible: tuple[str, ...] = ()


def add_report(reports: tuple[MilestoneReport, ...], report: MilestoneReport) -> tuple[MilestoneReport, ...]:
    """`reports` and `report`; above REPORTS_MAX the oldest that is no part of an export is forgotten."""
    if len(reports) >= REPORTS_MAX:
        oldest = next((known for known in reports if known.milestone in RANK), reports[0])
        reports = tuple(known for known in reports if known is not oldest)
    return (*reports, report)


def tell(progress: Progress, as_of: datetime, tolerance: timedelta) -> Progress:
    """`progress` as its reports tell it at `as_of`; reports dated further ahead than `tolerance` wait (D7.3)."""
    if not progress.reports:
        return progress
    standing = [(acts_at(report, tolerance), report) for report in progress.reports if not report.voided]
    standing.sort(key=lambda pair: pair[0])
    journey = Journey()
    for when, report in standing:
        if when <= as_of:
            journey = STEPS[report.milestone](journey, report)
    return evolve(
        progress,
        place=journey.place,
        milestone=journey.milestone,
        departed_at=journey.departed_at,
        departure_event=journey.departure_event,
        departure_implied=journey.implied,
        returned_at=journey.returned_at,
        exports=journey.exports,
        impossible=journey.impossible,
        resumes_at=min((when for when, _ in standing if when > as_of), default=None),
    )


def acts_at(report: MilestoneReport, tolerance: timedelta) -> datetime:
    """When `report` counts: when received, or at its own time if that lies ahead; a cancellation at once (D7.3)."""
    if report.milestone is Milestone.CANCELLED or report.occurred_at <= report.received_at + tolerance:
        return report.received_at
    return report.occurred_at


def _prepared(journey: Journey, report: MilestoneReport) -> Journey:
    if journey.place is not Place.BEFORE_DEPARTURE:
        return journey
    if RANK[report.milestone] <= (RANK[journey.preparing] if journey.preparing else 0):
        return journey
    return evolve(journey, milestone=report.milestone, preparing=report.milestone)


def _departed(journey: Journey, report: MilestoneReport) -> Journey:
    if journey.place is Place.CLOSED and journey.returned_at is not None:
        return _departed_after_return(journey, report)
    if journey.place in (Place.BEFORE_DEPARTURE, Place.CLOSED):
        return _export(journey, report, implied=False)
    if journey.implied:
        return evolve(journey, departed_at=report.occurred_at, implied=False)
    return journey


def _departed_after_return(journey: Journey, report: MilestoneReport) -> Journey:
    """A new export; an earlier departure that arrives only now is timeline (D8.3)."""
    if journey.returned_at is not None and report.occurred_at >= journey.returned_at:
        return _export(journey, report, implied=False)
    return journey


def _arrived(journey: Journey, report: MilestoneReport) -> Journey:
    if journey.place is Place.CLOSED and journey.returned_at is not None:
        return journey
    if journey.place in (Place.BEFORE_DEPARTURE, Place.CLOSED):
        journey = _export(journey, report, implied=True)
    if journey.place is Place.DELIVERED:
        return journey
    place = Place.DELIVERED if report.milestone is Milestone.DELIVERED else Place.UNDER_WAY
    return evolve(journey, place=place, milestone=report.milestone)


def _export(journey: Journey, report: MilestoneReport, *, implied: bool) -> Journey:
    return evolve(
        journey,
        place=Place.UNDER_WAY,
        milestone=report.milestone,
        departed_at=report.occurred_at,
        departure_event=report.event_id,
        implied=implied,
        returned_at=None,
        exports=journey.exports + 1,
        impossible=(*journey.impossible, report.event_id) if implied else journey.impossible,
    )


def _cancelled(journey: Journey, report: MilestoneReport) -> Journey:
    if journey.place is not Place.BEFORE_DEPARTURE:
        return journey
    return evolve(journey, place=Place.CLOSED, milestone=report.milestone)


def _voided(journey: Journey, report: MilestoneReport) -> Journey:
    if journey.departed_at is None:
        return journey
    return evolve(
        journey,
        place=Place.BEFORE_DEPARTURE,
        milestone=journey.preparing,
        departed_at=None,
        departure_event=None,
        implied=False,
        returned_at=None,
        exports=journey.exports - 1,
    )


def _returned(journey: Journey, report: MilestoneReport) -> Journey:
    if journey.returned_at is not None:
        return journey
    impossible = journey.impossible if journey.departed_at else (*journey.impossible, report.event_id)
    return evolve(
        journey,
        place=Place.CLOSED,
        milestone=report.milestone,
        returned_at=report.occurred_at,
        impossible=impossible,
    )


STEPS: dict[Milestone, Callable[[Journey, MilestoneReport], Journey]] = {
    **dict.fromkeys(BEFORE_THE_EXPORT, _prepared),
    Milestone.DEPARTED: _departed,
    Milestone.ARRIVED: _arrived,
    Milestone.DELIVERED: _arrived,
    Milestone.CANCELLED: _cancelled,
    Milestone.SHIPPING_VOIDED: _voided,
    Milestone.RETURNED: _returned,
}


def is_known(reports: Sequence[MilestoneReport], source: str, event_id: str) -> bool:
    """Whether that event was told before: the same (source, id) is one event (D8.1)."""
    return any(report.source == source and report.event_id == event_id for report in reports)
