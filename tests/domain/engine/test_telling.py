"""What is written about a shipment and when, the alerts, and holds without a rule (contracts.md §3, D4.9, D8.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.gatekeeper.domain import engine
from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.departure import SPANS_MAX, state_at, with_span
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.vocabulary import LicenceStatus, ShipmentState
from services.gatekeeper.domain.workspace import Outcome, Workspace
from tests.domain.builders import NOW, licence_line
from tests.domain.story import Story

HOUR = timedelta(hours=1)


class Unreadable(dict[str, int]):
    """A setting that no rule can read."""

    def __iter__(self) -> Iterator[str]:
        raise ValueError("no hours")


def test_an_upsert_that_changes_nothing_that_others_obey_writes_no_event() -> None:
    story = Story()
    story.ship("S1")
    story.ship("S1", "299 KGM")
    story.milestone("S1", "PACKED")
    assert story.told("S1") == ["RELEASED"]


def test_a_new_forwarder_is_told_and_so_is_the_old_one_once() -> None:
    story = Story()
    story.ship("S1")
    story.ship("S1", forwarder_id="FWD-2")
    story.notice("N1", shipments=["S1"])
    events = [(e.shipment.sequence, e.previous_forwarder_id) for e in story.shipment_events]
    assert events == [(1, None), (2, "FWD-1"), (3, None)]


def test_a_hold_that_stays_keeps_its_id_and_the_moment_it_was_placed() -> None:
    story = Story()
    story.ship("S1", "1200 KGM")
    (first,) = story.shipments["S1"].holds
    story.advance_to(NOW + HOUR)
    story.ship("S1", "1300 KGM")
    (second,) = story.shipments["S1"].holds
    assert (second.hold_id, second.placed_at) == (first.hold_id, NOW)
    assert second.detail["requested"] == "1300 KGM"
    assert len(story.shipment_events) == 1


def test_a_lifted_notice_is_named_as_what_lifted_its_hold() -> None:
    story = Story()
    story.notice("N1", items=["MAG-ROD"])
    story.ship("S1", "1200 KGM")
    story.lift("N1")
    story.ship("S1", "100 KGM")
    lifted = [[(each.hold.reason.value, each.by) for each in e.lifted] for e in story.shipment_events]
    assert lifted == [[], [("STOP_NOTICE", "NOTICE_LIFTED")], [("QTY_EXCEEDED", "REEVALUATION")]]


def test_a_closed_shipment_has_had_its_last_event() -> None:
    story = Story()
    story.notice("N1", shipments=["S1"])
    story.ship("S1")
    story.milestone("S1", "CANCELLED")
    story.ship("S1", forwarder_id="FWD-2")
    story.lift("N1")
    story.rejudge("shipment", "S1", "timer")
    assert story.told("S1") == ["HELD", "CLOSED"]
    assert [each.hold.reason.value for each in story.shipment_events[-1].lifted] == ["STOP_NOTICE"]


def test_a_planned_departure_is_the_latest_received() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED", NOW.replace(month=9), classifier="PLANNED")
    assert story.state("S1") == "HELD LICENCE_EXPIRED"
    assert story.milestone("S1", "ARRIVED", classifier="ESTIMATED") is Outcome.TIMELINE_ONLY
    story.milestone("S1", "DEPARTED", NOW + HOUR, classifier="ESTIMATED")
    assert story.state("S1") == "RELEASED"
    assert story.milestone("S1", "DEPARTED", NOW + HOUR, classifier="PLANNED") is Outcome.TIMELINE_ONLY
    story.milestone("S1", "DEPARTED")
    assert story.milestone("S1", "DEPARTED", NOW.replace(month=9), classifier="PLANNED") is Outcome.TIMELINE_ONLY
    assert story.state("S1") == "RELEASED"


def test_a_shipment_dated_ahead_acts_when_its_time_comes() -> None:
    story = Story()
    story.ship("S1")
    story.ship("S1", "400 KGM", time=NOW + 2 * HOUR)
    assert story.ship("S1", "350 KGM", version=2) is Outcome.STALE
    story.ship("S2", time=NOW + HOUR)
    assert (story.balance(), story.state("S2")) == ("300/0 1/0", "HELD MISSING_DATA")
    story.advance_to(NOW + 2 * HOUR)
    assert (story.balance(), story.state("S2")) == ("700/0 2/0", "RELEASED")
    story.ship("S1", "500 KGM", time=NOW + 5 * HOUR)
    story.ship("S1", "450 KGM")
    story.advance_to(NOW + 6 * HOUR)
    assert story.balance() == "750/0 2/0"


def test_who_draws_more_than_a_share_of_a_licence_is_told_once_for_each_crossing() -> None:
    story = Story()
    story.ship("S1", "800 KGM")
    story.ship("S2", "160 KGM")
    story.ship("S2", "161 KGM")
    story.ship("S2", "100 KGM")
    story.ship("S2", "200 KGM")
    assert [alert.kind.value for alert in story.alerts] == ["DRAWN_80", "DRAWN_95", "DRAWN_100"]
    assert [alert.detail["drawn_percent"] for alert in story.alerts] == ["80.00", "96.00", "100.00"]


def test_a_licence_revoked_while_something_draws_on_it() -> None:
    story = Story()
    story.ship("S1")
    known = story.references.licence("M1")
    assert known is not None
    revoked = replace(known, version=2, status=LicenceStatus.REVOKED)
    story.rule(revoked)
    story.rule(replace(revoked, version=3))
    assert [alert.kind.value for alert in story.alerts] == ["REVOKED_WITH_OPEN"]
    story.order("O1", licences=["L1"], item="SM-OXIDE")
    story.rule(replace(revoked, version=3))
    assert [alert.kind.value for alert in story.alerts] == ["REVOKED_WITH_OPEN"], "once, when it is revoked"
    assert story.balance() == "0/0 0/0"


def test_a_cap_that_grows_lets_the_waiters_in() -> None:
    story = Story()
    story.ship("S1", "1100 KGM")
    known = story.references.licence("M1")
    assert known is not None
    line = licence_line(granted="1200 KGM", value="2000000 USD", codes=("1C904.a",))
    story.rule(replace(known, version=2, lines=(line,)))
    assert story.state("S1") == "RELEASED"


def test_an_unreadable_event_holds_its_shipment_until_a_readable_upsert_or_its_repair() -> None:
    story = Story()
    story.ship("S1")
    story.unreadable("shipment", "S1")
    story.unreadable("shipment", "S1", "q-2", upsert=False)
    assert story.unreadable("shipment", "S1") is Outcome.STALE
    story.ship("S1", "301 KGM")
    assert story.state("S1") == "HELD EVENT_UNREADABLE"
    story.repaired("shipment", "S1", "q-2")
    assert (story.state("S1"), story.told("S1")) == ("RELEASED", ["RELEASED", "HELD", "RELEASED"])
    assert story.repaired("shipment", "S1", "q-2") is Outcome.STALE


def test_an_unreadable_event_creates_its_shipment_and_adds_no_hold_to_goods_that_left() -> None:
    story = Story()
    story.unreadable("shipment", "S0")
    assert story.state("S0") == "HELD MISSING_DATA EVENT_UNREADABLE"
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    assert story.unreadable("shipment", "S1") is Outcome.TIMELINE_ONLY
    assert story.state("S1") == "RELEASED"


def test_a_hold_for_an_unreadable_event_that_was_open_at_departure_stays_until_settled() -> None:
    story = Story()
    story.ship("S1")
    story.unreadable("shipment", "S1")
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT EVENT_UNREADABLE", ["MOVED_WHILE_HELD"])
    story.repaired("shipment", "S1")
    assert story.state("S1") == "RELEASED"


def test_a_rule_that_fails_holds_what_it_judges_and_is_tried_again_later() -> None:
    story = Story()
    story.ship("S1")
    story.ship("S2", "1200 KGM")
    story.policy = replace(story.policy, version=2, feed_max_age_hours=Unreadable(CONTROL_LIST=1))
    story.rejudge("shipment", "S1", "timer")
    story.rejudge("shipment", "S2", "timer")
    story.order("O1")
    assert (story.state("S1"), story.balance()) == ("HELD ENGINE_ERROR", "0/0 0/0")
    assert story.state("S2") == "HELD QTY_EXCEEDED ENGINE_ERROR"
    story.rejudge("shipment", "S1", "timer")
    noted = [entry.owner_id for entry in story.timeline if entry.what == "ENGINE_ERROR"]
    assert noted == ["S1", "S2", "O1"], "once, as long as it stands"
    assert story.state("O1") == "HELD ENGINE_ERROR"
    assert {(each.owner, each.owner_id) for each in story.engine_errors} == {
        ("shipment", "S1"), ("shipment", "S2"), ("order", "O1"),
    }  # fmt: skip
    recheck_at = story.shipments["S1"].recheck_at
    assert recheck_at is not None
    assert recheck_at > NOW
    story.policy = replace(story.policy, version=3, feed_max_age_hours={})
    story.advance_to(recheck_at)
    assert (story.state("S1"), story.state("O1")) == ("RELEASED", "CLEARED")


def test_a_rule_that_fails_about_departed_goods_leaves_everything_as_it_is() -> None:
    story = Story()
    story.ship("S1")
    story.policy = replace(story.policy, version=2, feed_max_age_hours=Unreadable(CONTROL_LIST=1))
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")
    story.ship("S1", "200 KGM")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/200 0/1")


def test_a_row_that_was_not_gathered_is_asked_for_and_no_engine_error() -> None:
    story = Story()
    story.ship("S1")
    workspace = Workspace(
        as_of=NOW,
        references=story.references,
        policy=story.policy,
        shipments=dict(story.shipments),
        orders={},
        accounts={},
    )
    with pytest.raises(NotGathered, match="licence M1"):
        engine.rejudge(workspace, "shipment", "S1", "timer")
    story.order("O1")
    workspace.orders = dict(story.orders)
    with pytest.raises(NotGathered, match="licence M1"):
        engine.rejudge(workspace, "order", "O1", "timer")
    with pytest.raises(NotGathered, match="shipment S9"):
        engine.rejudge(workspace, "shipment", "S9", "timer")
    with pytest.raises(NotGathered, match="order O9"):
        engine.rejudge(workspace, "order", "O9", "timer")


def test_what_was_never_judged_is_not_looked_at_again() -> None:
    story = Story()
    story.shipments["S1"] = Shipment("S1", 1)
    story.rejudge("shipment", "S1", "sweep")
    assert story.decisions == []


def test_the_past_of_a_shipment_is_bounded_and_keeps_its_first_and_its_newest() -> None:
    states = (ShipmentState.HELD, ShipmentState.RELEASED)
    spans = with_span((), ShipmentState.HELD, NOW)
    for number in range(1, 2 * SPANS_MAX):
        spans = with_span(spans, states[number % 2], NOW + number * HOUR)
    assert (len(spans), spans[0].since) == (SPANS_MAX, NOW)
    assert state_at(spans, NOW - HOUR) is None
    assert state_at(spans, NOW + 1000 * HOUR) is states[(2 * SPANS_MAX - 1) % 2]
    assert with_span(spans, spans[-1].state, NOW + 1000 * HOUR) == spans


def test_an_event_names_the_holds_that_are_new_and_those_that_are_gone_and_none_that_stayed() -> None:
    story = Story()
    story.notice("N1", shipments=["S1"])
    story.ship("S1")
    story.ship("S1", "1200 KGM")
    story.lift("N1")
    said = [
        (
            sorted(hold.reason.value for hold in event.shipment.holds if hold.hold_id in event.placed),
            sorted(lifted.hold.reason.value for lifted in event.lifted),
        )
        for event in story.shipment_events
    ]
    assert said == [(["STOP_NOTICE"], []), (["QTY_EXCEEDED"], []), ([], ["STOP_NOTICE"])]
    assert [len(event.placed) for event in story.shipment_events] == [1, 1, 0]
