"""The shipment moves when the last hold is gone, and each goes by itself (D1.2, D1.3, D1.5, D4.8)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.aggregates import Finding, StandingHold
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import ShipmentState, ViolationKind
from tests.domain.boundaries.steps import DAY, opens
from tests.domain.builders import NOW, PLANNED, general, licence_line
from tests.domain.story import Story

NOTICES = st.integers(1, 5).flatmap(lambda count: st.permutations([f"N{number}" for number in range(1, count + 1)]))


def open_holds(story: Story) -> dict[str, str]:
    return {str(dict(hold.subject)["notice_id"]): hold.hold_id for hold in story.shipments["S1"].holds}


@given(order=NOTICES)
def test_a_shipment_moves_when_the_last_of_its_holds_is_lifted_and_not_before(order: list[str]) -> None:
    """D1.2: each hold has an id of its own; lifting one leaves the others as they were."""
    story = Story()
    for name in sorted(order):
        story.notice(name, shipments=["S1"])
    story.ship("S1")
    held = open_holds(story)
    assert len(set(held.values())) == len(order)
    for count, name in enumerate(order, start=1):
        assert story.shipments["S1"].state is ShipmentState.HELD
        story.lift(name)
        [lifted] = story.shipment_events[-1].lifted
        assert lifted.hold.hold_id == held[name]
        assert open_holds(story) == {name: held[name] for name in order[count:]}
    assert story.shipments["S1"].state is ShipmentState.RELEASED


@given(cap=st.integers(1, 10**6))
def test_a_hold_of_a_rule_lifts_by_itself_when_the_rule_no_longer_applies(cap: int) -> None:
    """D1.3: one unit too much holds, one unit more on the licence lifts it; nobody needs to ask."""
    story = Story(general("M1", licence_line(granted=f"{cap} KGM", codes=("1C904.a",)), version=2))
    story.ship("S1", f"{cap + 1} KGM")
    assert story.state("S1") == "HELD QTY_EXCEEDED"
    story.rule(general("M1", licence_line(granted=f"{cap + 1} KGM", codes=("1C904.a",)), version=3))
    assert story.state("S1") == "RELEASED"


HAPPENINGS = st.lists(st.sampled_from(("notice", "lift", "amend", "licence", "night", "depart")), max_size=6)


@given(happenings=HAPPENINGS)
def test_a_hold_placed_by_a_person_stands_whatever_happens_until_people_end_it(happenings: list[str]) -> None:
    """D1.3: no rule, fact, date or departure lifts it; once it has ended nothing brings it back."""
    story = Story()
    story.ship("S1")
    placed = StandingHold("H1", Finding(Reason.MANUAL_HOLD, (("hold_id", "H1"),)), NOW)
    story.shipments["S1"] = replace(story.shipments["S1"], standing=(placed,))
    story.rejudge("shipment", "S1", "hold")
    story.settle()
    [held] = story.shipments["S1"].holds
    for number, happening in enumerate(happenings, start=2):
        match happening:
            case "notice":
                story.notice("N1", shipments=["S1"])
            case "lift":
                story.lift("N1")
            case "amend":
                story.ship("S1", f"{number} KGM")
            case "licence":
                story.rule(general("M1", licence_line(codes=("1C904.a",)), version=number))
            case "night":
                story.advance_to(opens(story.clock.date() + DAY))
            case _:
                story.milestone("S1", "DEPARTED")
        assert held.hold_id in [hold.hold_id for hold in story.shipments["S1"].holds]
        assert story.shipments["S1"].state in (ShipmentState.HELD, ShipmentState.INTERCEPT)
    story.shipments["S1"] = replace(story.shipments["S1"], standing=())
    story.rejudge("shipment", "S1", "release")
    story.settle()
    assert held.hold_id not in [hold.hold_id for hold in story.shipments["S1"].holds]


def test_each_kind_of_violation_that_goods_give_is_recorded_once() -> None:
    """D4.8; CANNOT_OBEY and MOVED_AFTER_ACK are about what receivers report."""
    story = Story()
    story.notice("N1", shipments=["S1"])
    story.ship("S1")
    story.ship("S2")
    for _ in range(2):
        story.milestone("S1", "DEPARTED", event_id="left")
        story.milestone("S2", "ARRIVED", event_id="arrived")
        story.rule(general("M1", licence_line(granted="1 KGM", codes=("1C904.a",)), version=2))
        story.advance_to(opens(PLANNED.date()))
    assert (story.kinds("S1"), story.kinds("S2")) == (["MOVED_WHILE_HELD"], ["IMPOSSIBLE_MILESTONE"])
    assert story.kinds("M1") == ["CAP_BELOW_USED"]
    assert {kind.value for kind in ViolationKind} == {
        "MOVED_WHILE_HELD",
        "IMPOSSIBLE_MILESTONE",
        "CAP_BELOW_USED",
        "CANNOT_OBEY",
        "MOVED_AFTER_ACK",
    }
