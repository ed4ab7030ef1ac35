"""A person holds a shipment: wherever the goods are, and until people release it (D1.3, domain.md §2)."""

from __future__ import annotations

from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.domain.events import ManualHoldPlaced
from services.gatekeeper.domain.holds import hold_id, manual_hold_id
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.workspace import Outcome
from tests.domain.builders import at
from tests.domain.story import Story


def hold(story: Story, name: str, request: str = "r-1", text: str = "ask me first") -> Outcome:
    return story.trade(ManualHoldPlaced(name, manual_hold_id(name, request), "officer-1", text))


def manual(story: Story, name: str) -> list[Hold]:
    return [one for one in story.shipments[name].holds if one.reason is Reason.MANUAL_HOLD]


def test_a_released_shipment_is_held_and_gives_back_what_it_reserved() -> None:
    story = Story()
    story.ship("S1")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "300/0 1/0")
    assert hold(story, "S1") is Outcome.APPLIED
    assert (story.state("S1"), story.balance()) == ("HELD MANUAL_HOLD", "0/0 0/0")
    assert story.told("S1") == ["RELEASED", "HELD"]
    [placed] = manual(story, "S1")
    assert placed.detail == {"placed_by": "officer-1", "text": "ask me first"}
    assert placed.review_allowed
    assert story.timeline[-1].what == "MANUAL_HOLD"


def test_the_subject_of_the_hold_is_its_own_id() -> None:
    story = Story()
    story.ship("S1")
    hold(story, "S1")
    [placed] = manual(story, "S1")
    assert placed.hold_id == manual_hold_id("S1", "r-1")
    assert placed.subject == (("hold_id", placed.hold_id),)
    assert hold_id("shipment", "S1", placed.reason, placed.subject) == placed.hold_id
    assert manual_hold_id("S2", "r-1") != placed.hold_id


def test_under_way_it_is_an_intercept_and_at_the_customers_an_incident() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    hold(story, "S1")
    assert (story.state("S1"), story.balance()) == ("INTERCEPT MANUAL_HOLD", "0/300 0/1")
    story.milestone("S1", "DELIVERED")
    assert story.state("S1") == "INCIDENT MANUAL_HOLD"
    story.ship("S2", item="STEEL-BOLT")
    story.milestone("S2", "DEPARTED")
    story.milestone("S2", "DELIVERED")
    hold(story, "S2")
    assert story.state("S2") == "INCIDENT MANUAL_HOLD"
    assert story.kinds("S1") == story.kinds("S2") == []


def test_goods_that_leave_under_it_moved_while_held() -> None:
    story = Story()
    story.ship("S1")
    hold(story, "S1")
    story.milestone("S1", "DEPARTED")
    assert story.state("S1") == "INTERCEPT MANUAL_HOLD"
    assert story.kinds("S1") == ["MOVED_WHILE_HELD"]


def test_a_shipment_that_nobody_has_heard_of_waits_held() -> None:
    story = Story()
    hold(story, "S1")
    assert story.shipments["S1"].facts is None
    assert story.told("S1") == ["HELD"]
    assert [one.hold_id for one in manual(story, "S1")] == [manual_hold_id("S1", "r-1")]
    story.ship("S1")
    assert story.state("S1") == "HELD MANUAL_HOLD"


def test_no_rule_no_date_and_no_newer_version_lifts_it() -> None:
    story = Story()
    story.ship("S1", "2000 KGM")
    hold(story, "S1")
    placed_at = manual(story, "S1")[0].placed_at
    assert story.state("S1") == "HELD QTY_EXCEEDED MANUAL_HOLD"
    story.advance_to(at("2026-03-03 09:00"))
    story.ship("S1", "300 KGM")
    story.unreadable("shipment", "S1")
    story.repaired("shipment", "S1")
    story.notice("N1", shipments=["S1"])
    story.lift("N1")
    story.rejudge("shipment", "S1", "sweep")
    assert story.state("S1") == "HELD MANUAL_HOLD"
    assert manual(story, "S1")[0].placed_at == placed_at


def test_several_stand_side_by_side_and_one_twice_is_one() -> None:
    story = Story()
    story.ship("S1")
    hold(story, "S1", "r-1")
    hold(story, "S1", "r-2", "me too")
    assert len(manual(story, "S1")) == 2
    assert hold(story, "S1", "r-2", "me too") is Outcome.STALE
    assert len(manual(story, "S1")) == 2
    assert story.told("S1") == ["RELEASED", "HELD", "HELD"]


def test_what_is_closed_has_no_holds() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "CANCELLED")
    assert hold(story, "S1") is Outcome.STALE
    assert story.state("S1") == "CLOSED"
    assert story.shipments["S1"].standing == ()


def test_it_holds_again_what_was_cancelled_under_it_and_left_all_the_same() -> None:
    """D1.3: only people lift it; while the shipment is CLOSED it is not open (D1.5)."""
    story = Story()
    story.ship("S1")
    hold(story, "S1")
    story.milestone("S1", "CANCELLED")
    assert story.state("S1") == "CLOSED"
    story.milestone("S1", "DEPARTED")
    assert "MANUAL_HOLD" in story.state("S1")
    assert story.shipments["S1"].state.value == "INTERCEPT"
