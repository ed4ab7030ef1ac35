"""Where the goods are, as the milestones tell it (domain.md §1)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.gatekeeper.domain.aggregates import MilestoneReport, Progress
from services.gatekeeper.domain.calendar import SHANGHAI
from services.gatekeeper.domain.journey import REPORTS_MAX, add_report, tell
from services.gatekeeper.domain.vocabulary import Milestone, Place

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=SHANGHAI)
TOLERANCE = timedelta(minutes=10)
DAY = timedelta(days=1)


def told(*milestones: str | MilestoneReport, as_of: datetime = NOON + timedelta(days=30)) -> Progress:
    reports = tuple(
        each if isinstance(each, MilestoneReport) else reported(each, hour=number)
        for number, each in enumerate(milestones)
    )
    return tell(Progress(reports=reports), as_of, TOLERANCE)


def reported(
    milestone: str, *, hour: int = 0, occurred: datetime | None = None, voided: bool = False
) -> MilestoneReport:
    at = NOON + timedelta(hours=hour)
    return MilestoneReport(f"{milestone}-{hour}", Milestone(milestone), occurred or at, at, voided)


@pytest.mark.parametrize(
    ("milestones", "place", "milestone"),
    [
        ((), Place.BEFORE_DEPARTURE, None),
        (("PICKED", "DECLARED"), Place.BEFORE_DEPARTURE, "DECLARED"),
        (("DECLARED", "PICKED"), Place.BEFORE_DEPARTURE, "DECLARED"),
        (("DEPARTED",), Place.UNDER_WAY, "DEPARTED"),
        (("DEPARTED", "PACKED"), Place.UNDER_WAY, "DEPARTED"),
        (("DEPARTED", "ARRIVED"), Place.UNDER_WAY, "ARRIVED"),
        (("DEPARTED", "DELIVERED", "ARRIVED"), Place.DELIVERED, "DELIVERED"),
        (("DEPARTED", "CANCELLED"), Place.UNDER_WAY, "DEPARTED"),
        (("PICKED", "CANCELLED"), Place.CLOSED, "CANCELLED"),
        (("CANCELLED", "PICKED"), Place.CLOSED, "CANCELLED"),
        (("CANCELLED", "DEPARTED"), Place.UNDER_WAY, "DEPARTED"),
        (("DEPARTED", "RETURNED"), Place.CLOSED, "RETURNED"),
        (("DEPARTED", "RETURNED", "DELIVERED"), Place.CLOSED, "RETURNED"),
        (("DEPARTED", "RETURNED", "RETURNED"), Place.CLOSED, "RETURNED"),
        (("PACKED", "DEPARTED", "SHIPPING_VOIDED"), Place.BEFORE_DEPARTURE, "PACKED"),
        (("PACKED", "SHIPPING_VOIDED"), Place.BEFORE_DEPARTURE, "PACKED"),
        (("DEPARTED", "SHIPPING_VOIDED", "DEPARTED"), Place.UNDER_WAY, "DEPARTED"),
    ],
)
def test_milestones_only_move_forward(milestones: tuple[str, ...], place: Place, milestone: str | None) -> None:
    progress = told(*milestones)
    assert (progress.place, progress.milestone) == (place, milestone)


def test_departed_and_its_synonyms_count_one_export() -> None:
    progress = told("DEPARTED", "DEPARTED", "ARRIVED")
    assert (progress.exports, progress.departure_event, progress.departed_at) == (1, "DEPARTED-0", NOON)


def test_an_arrival_without_departure_counts_as_it_and_a_later_departure_corrects_its_day_only() -> None:
    progress = told("ARRIVED", reported("DEPARTED", hour=1, occurred=NOON - timedelta(days=2)))
    assert progress.departed_at == NOON - timedelta(days=2)
    assert (progress.exports, progress.milestone, progress.impossible) == (1, "ARRIVED", ("ARRIVED-0",))


def test_a_departure_that_did_not_occur_leaves_the_synonym() -> None:
    progress = told(reported("DEPARTED", voided=True), "DEPARTED")
    assert (progress.exports, progress.departure_event) == (1, "DEPARTED-1")
    assert told(reported("DEPARTED", voided=True)).place is Place.BEFORE_DEPARTURE


def test_a_departure_after_the_return_is_a_new_export_and_a_late_report_of_the_first_is_none() -> None:
    again = told("DEPARTED", "RETURNED", "DEPARTED")
    assert (again.place, again.exports) == (Place.UNDER_WAY, 2)
    assert (again.departure_implied, again.impossible) == (False, ())
    late = told("DEPARTED", "RETURNED", reported("DEPARTED", hour=9, occurred=NOON))
    assert (late.place, late.exports) == (Place.CLOSED, 1)


def test_a_return_without_a_departure_cannot_have_been() -> None:
    progress = told("RETURNED")
    assert (progress.place, progress.impossible, progress.exports) == (Place.CLOSED, ("RETURNED-0",), 0)


def test_a_fact_dated_ahead_acts_when_its_time_comes_and_a_cancellation_at_once() -> None:
    ahead = reported("DEPARTED", occurred=NOON + timedelta(hours=2))
    assert told(ahead, as_of=NOON).place is Place.BEFORE_DEPARTURE
    assert told(ahead, as_of=NOON).resumes_at == NOON + timedelta(hours=2)
    assert told(ahead, as_of=NOON + timedelta(hours=2)).place is Place.UNDER_WAY
    assert told(ahead, as_of=NOON + timedelta(hours=2)).resumes_at is None
    within = reported("DEPARTED", occurred=NOON + timedelta(minutes=10))
    assert told(within, as_of=NOON).place is Place.UNDER_WAY
    assert told(reported("CANCELLED", occurred=NOON + timedelta(days=1)), as_of=NOON).place is Place.CLOSED


def test_the_oldest_steps_before_the_export_are_forgotten_first() -> None:
    reports: tuple[MilestoneReport, ...] = (reported("DEPARTED"),)
    for hour in range(1, REPORTS_MAX + 50):
        reports = add_report(reports, reported("PICKED", hour=hour))
    assert len(reports) == REPORTS_MAX
    assert reports[0].milestone is Milestone.DEPARTED


def test_after_an_arrival_the_first_departure_that_is_told_gives_the_day_and_a_second_changes_nothing() -> None:
    first = reported("DEPARTED", hour=1, occurred=NOON - timedelta(days=2))
    second = reported("DEPARTED", hour=2, occurred=NOON - timedelta(days=1))
    assert told("ARRIVED", first, second).departed_at == NOON - timedelta(days=2)


def test_facts_act_in_the_order_of_their_times_and_not_in_that_of_their_arrival() -> None:
    """D7.3: a return dated ahead was told before the departure, and comes after it."""
    ahead = reported("RETURNED", occurred=NOON + timedelta(hours=5))
    progress = told(ahead, reported("DEPARTED", hour=1))
    assert (progress.place, progress.exports, progress.impossible) == (Place.CLOSED, 1, ())


def test_what_has_not_left_counts_no_export_and_implies_none() -> None:
    progress = told("PICKED")
    assert (progress.exports, progress.departure_implied, progress.departed_at) == (0, False, None)


def test_where_nothing_but_exports_was_told_the_oldest_is_forgotten() -> None:
    reports: tuple[MilestoneReport, ...] = ()
    for hour in range(REPORTS_MAX + 1):
        reports = add_report(reports, reported("ARRIVED", hour=hour))
    assert [report.event_id for report in (reports[0], reports[-1])] == ["ARRIVED-1", f"ARRIVED-{REPORTS_MAX}"]
    assert len(reports) == REPORTS_MAX


def test_a_void_takes_back_one_export_and_what_was_implied_with_it() -> None:
    again = told("DEPARTED", "SHIPPING_VOIDED", "DEPARTED")
    assert again.exports == 1
    void = told("ARRIVED", "SHIPPING_VOIDED")
    assert (void.exports, void.departure_implied) == (0, False)
    assert told("ARRIVED").departure_implied


def test_of_several_facts_dated_ahead_the_first_is_waited_for() -> None:
    ahead = (reported("ARRIVED", occurred=NOON + timedelta(hours=5)), reported("DEPARTED", occurred=NOON + DAY / 8))
    assert told(*ahead, as_of=NOON).resumes_at == NOON + timedelta(hours=3)


def test_the_first_word_of_a_shipment_is_a_milestone_too() -> None:
    assert told("CREATED").milestone == "CREATED"
