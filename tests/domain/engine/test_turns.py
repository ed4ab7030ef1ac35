"""Who was there before goes first when something comes back to a licence (D4.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.engine import DATE
from services.gatekeeper.domain.rule_entities import PeriodLimit
from services.gatekeeper.domain.vocabulary import Period
from services.gatekeeper.domain.workspace import FollowUp, FollowUpKind
from tests.domain.builders import NOW, general, licence_line, notice, quantity
from tests.domain.story import TO_ALPHA, Story
from tests.domain.world import World

WAITERS = FollowUp(FollowUpKind.WAITERS, "M1")


def _one_stopped_behind_one_that_waits() -> Story:
    """S1 draws all of M1; W1 waits for room, W2 for that and for the end of a notice."""
    story = Story()
    story.ship("S1", "1000 KGM")
    story.ship("W1", "500 KGM")
    story.notice("N1", shipments=["W2"])
    story.ship("W2", "1000 KGM")
    assert [story.state(name) for name in ("W1", "W2")] == ["HELD QTY_EXCEEDED", "HELD STOP_NOTICE QTY_EXCEEDED"]
    return story


def test_one_that_a_notice_lets_go_passes_nobody_who_waits_longer() -> None:
    """The notice now stops S1, whose quantity comes back, instead of W2: both are looked at before W1 is."""
    story = _one_stopped_behind_one_that_waits()
    story.notice("N1", shipments=["S1"])
    assert [story.state(name) for name in ("S1", "W1", "W2")] == ["HELD STOP_NOTICE", "RELEASED", "HELD QTY_EXCEEDED"]


def test_one_that_came_first_goes_first_although_a_notice_stopped_it_meanwhile() -> None:
    story = Story()
    story.notice("N1", shipments=["W1"])
    story.ship("S1", "1000 KGM")
    story.ship("W1", "700 KGM")
    story.ship("W2", "500 KGM")
    story.notice("N1", shipments=["S1"])
    assert [story.state(name) for name in ("W1", "W2")] == ["RELEASED", "HELD QTY_EXCEEDED"]


def test_an_order_waits_for_its_turn_too() -> None:
    story = Story()
    story.ship("S1", "1000 KGM")
    story.order("O1", "500 KGM")
    story.notice("N1", orders=["O2"])
    story.order("O2", "1000 KGM")
    story.notice("N1", shipments=["S1"])
    assert [story.state(name) for name in ("O1", "O2")] == ["CLEARED", "HELD QTY_EXCEEDED"]


def test_a_smaller_one_that_arrives_meanwhile_takes_what_it_fits() -> None:
    """D4.4: what is new is judged at once."""
    story = _one_stopped_behind_one_that_waits()
    story.queue.append(WAITERS)
    story.shipments["S1"] = replace(story.shipments["S1"], draws=())
    story.accounts.clear()
    story.ship("NEW", "600 KGM")
    assert [story.state(name) for name in ("NEW", "W1")] == ["RELEASED", "HELD QTY_EXCEEDED"]


@pytest.fixture
def room() -> Story:
    """S1 waits and might go now, but nobody has asked M1's waiters yet."""
    story = Story()
    story.ship("S0", "1000 KGM")
    story.ship("S1")
    story.shipments["S0"] = replace(story.shipments["S0"], draws=())
    story.accounts.clear()
    story.queue.append(WAITERS)
    return story


def _asked(world: World, cause: str) -> str:
    world.rejudge("shipment", "S1", cause)
    return world.shipments["S1"].state.value


@pytest.mark.parametrize("cause", ["sweep", "sweep N1", "order", "order O1", DATE])
def test_whoever_is_looked_at_for_another_reason_is_left_to_the_waiters(room: Story, cause: str) -> None:
    shipment = replace(room.shipments["S1"], terms=frozenset(), candidates=(), recheck_at=None)
    room.shipments["S1"] = shipment
    told = len(room.decisions)
    assert _asked(room, cause) == "HELD"
    left = room.shipments["S1"]
    assert (left.terms, left.candidates) == ({"licence:M1"}, ("M1",))
    assert left.recheck_at == NOW + timedelta(minutes=5)
    assert (list(room.queue), len(room.decisions)) == ([WAITERS], told)
    room.settle()
    assert room.state("S1") == "RELEASED"


@pytest.mark.parametrize("cause", ["waiters", "waiters M1", "licence", "licence M1"])
def test_whose_turn_it_is_takes_what_came_back(room: Story, cause: str) -> None:
    assert _asked(room, cause) == "RELEASED"


def test_an_earlier_date_of_its_own_stands(room: Story) -> None:
    room.shipments["S1"] = replace(room.shipments["S1"], recheck_at=NOW + timedelta(minutes=1))
    assert _asked(room, "sweep") == "HELD"
    assert room.shipments["S1"].recheck_at == NOW + timedelta(minutes=1)


def test_what_draws_on_other_licences_waits_for_nobody(room: Story) -> None:
    room.queue[0] = FollowUp(FollowUpKind.WAITERS, "L1")
    assert _asked(room, "sweep") == "RELEASED"
    assert list(room.queue) == [FollowUp(FollowUpKind.WAITERS, "L1")]


def test_what_still_may_not_go_is_told_why_at_once(room: Story) -> None:
    room.references = room.references.with_changes(room.references.rules_version + 1, [notice(everything=True)])
    assert _asked(room, "sweep") == "HELD"
    assert room.state("S1") == "HELD STOP_NOTICE"


def test_goods_that_left_wait_for_no_turn_when_the_notice_against_them_is_lifted() -> None:
    """D4.4: what they took is consumed, and comes back to nobody; INTERCEPT ends at once (D1.3)."""
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.notice("N1", shipments=["S1"])
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    story.references = story.references.with_changes(
        story.references.rules_version + 1, [notice(version=2, lifted=True)]
    )
    story.queue.append(WAITERS)
    assert _asked(story, "sweep") == "RELEASED"


def _of_an_order(*, net: str = "300 KGM", lines: int = 1, value: str = "100 USD", **licensed: Any) -> str:
    """The state of S1, which a notice lets go, after a look for another reason; its order reserves 500 KGM for it."""
    line = licence_line(granted="1000 KGM", value="2000000 USD", codes=("1C904.a",))
    story = Story(general("M1", line, version=2, **licensed))
    story.order("O1", "500 KGM", value="200 USD", delivery_tolerance_percent="50")
    story.notice("N1", shipments=["S1"])
    one = {
        "item_no": "MAG-ROD",
        "net_quantity": {"value": net.removesuffix(" KGM"), "unit": "KGM"},
        "value": {"amount": value.removesuffix(" USD"), "currency": "USD"},
        "order_id": "O1",
        "order_line": 1,
    }
    story.ship("S1", lines=[{**one, "line_no": number + 1} for number in range(lines)], **TO_ALPHA)
    assert story.state("S1") == "HELD STOP_NOTICE"
    story.references = story.references.with_changes(story.references.rules_version + 1, [notice(lifted=True)])
    story.queue.append(WAITERS)
    return _asked(story, "sweep")


def test_what_its_own_order_reserves_is_taken_from_nobody_who_waits() -> None:
    assert _of_an_order() == "RELEASED"
    assert _of_an_order(net="500 KGM", value="200 USD") == "RELEASED"
    assert _of_an_order(net="250 KGM", lines=2) == "RELEASED"


@pytest.mark.parametrize(
    "beyond",
    [
        {"net": "500.001 KGM"},
        {"value": "200.01 USD"},
        {"lines": 2},
        {"max_uses": 5},
        {"period_limits": (PeriodLimit(1, quantity("1000 KGM"), Period.CALENDAR_MONTH),)},
    ],
)
def test_what_goes_beyond_its_order_waits_for_its_turn(beyond: dict[str, Any]) -> None:
    """More quantity or value, by all its lines together, a use, or another day of a limited period."""
    assert _of_an_order(**beyond) == "HELD"


def test_what_another_line_of_its_order_reserves_is_none_of_its_own() -> None:
    line = licence_line(granted="1000 KGM", value="2000000 USD", codes=("1C904.a",))
    story = Story(general("M1", line, version=2))
    ordered = [
        {"line_no": number, "item_no": "MAG-ROD", "quantity": {"value": net, "unit": "KGM"},
         "value": {"amount": "200", "currency": "USD"}}
        for number, net in ((1, "500"), (2, "200"))
    ]  # fmt: skip
    story.order("O1", lines=ordered, delivery_tolerance_percent="50")
    story.notice("N1", shipments=["S1"])
    taken = {"line_no": 1, "item_no": "MAG-ROD", "net_quantity": {"value": "300", "unit": "KGM"},
             "value": {"amount": "200", "currency": "USD"}, "order_id": "O1", "order_line": 2}  # fmt: skip
    story.ship("S1", lines=[taken], **TO_ALPHA)
    story.references = story.references.with_changes(story.references.rules_version + 1, [notice(lifted=True)])
    story.queue.append(WAITERS)
    assert _asked(story, "sweep") == "HELD"


def test_goods_that_may_go_keep_their_place_before_those_that_wait_when_their_licence_is_superseded() -> None:
    story = Story()
    story.ship("S1", "700 KGM")
    story.ship("W1", "400 KGM")
    story.ship("S2", "300 KGM")
    line = licence_line(granted="1200 KGM", value="2000000 USD", codes=("1C904.a",))
    story.rule(general("M2", line, supersedes=("M1",)))
    assert [story.state(name) for name in ("S1", "W1", "S2")] == ["RELEASED", "HELD QTY_EXCEEDED", "RELEASED"]
    assert (story.balance("M1"), story.balance("M2")) == ("0/0 0/0", "1000/0 2/0")
