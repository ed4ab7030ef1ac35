"""By what an order or shipment is found and looked at again, whatever it was judged by last (D4.4, D7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.gatekeeper.domain.deciding import RETRY_AFTER_ERROR
from services.gatekeeper.domain.families import FamilyBook, FamilyEntry
from services.gatekeeper.domain.family_news import follow_families
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.judging import soonest
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.vocabulary import Balance
from services.gatekeeper.domain.workspace import Workspace
from tests.domain.builders import M1, NOW, PLANNED, general, item, quantity, references, shipment
from tests.domain.story import Story

HOUR = timedelta(hours=1)


class Unreadable(dict[str, int]):
    """A setting that no rule can read."""

    def __iter__(self) -> Iterator[str]:
        raise ValueError("no hours")


def test_what_a_failing_rule_held_is_found_by_its_item_as_before_and_when_everything_is_looked_at() -> None:
    """ENGINE_ERROR takes away nothing by which a sweep finds a shipment, and adds what a new one had not yet (D7.1)."""
    story = Story()
    story.ship("S1")
    story.policy = replace(story.policy, version=2, feed_max_age_hours=Unreadable(CONTROL_LIST=1))
    story.rejudge("shipment", "S1", "timer")
    story.order("O1")
    assert (story.state("S1"), story.state("O1")) == ("HELD ENGINE_ERROR", "HELD ENGINE_ERROR")
    assert story.orders["O1"].terms == {"order:O1", "open"}
    story.policy = replace(story.policy, version=3, feed_max_age_hours={})
    story.rule(item("MAG-ROD", "1C904.a", version=2))
    assert story.state("S1") == "RELEASED"


def test_goods_that_left_while_held_are_looked_at_when_a_licence_that_may_take_them_over_has_room_again() -> None:
    """D1.6, D4.4: of two licences that were used up the nearest has the consumption, and either may cover it."""
    story = Story(general("M2", *M1.lines))
    for name, net in (("S1", "900 KGM"), ("S2", "900 KGM"), ("S3", "500 KGM")):
        story.ship(name, net)
    story.milestone("S1", "DEPARTED")
    story.milestone("S3", "DEPARTED")
    assert (story.state("S3"), story.balance("M1"), story.balance("M2")) == (
        "INTERCEPT QTY_EXCEEDED", "0/1400 0/2", "900/0 1/0",
    )  # fmt: skip
    story.milestone("S2", "CANCELLED")
    assert (story.state("S3"), story.balance("M2")) == ("RELEASED", "0/500 0/1")


def test_whoever_waits_for_a_use_alone_goes_when_one_comes_back_without_any_quantity() -> None:
    """D4.1, D4.4: what the held shipment had reserved goes back to its order, which holds no use itself."""
    story = Story(replace(M1, version=2, max_uses=1))
    story.order("O1")
    story.ship("S1", order="O1")
    story.ship("S2", "100 KGM")
    assert (story.state("S2"), story.balance()) == ("HELD USES_EXCEEDED", "500/0 1/0")
    story.notice("N1", shipments=["S1"])
    assert (story.state("S2"), story.state("O1")) == ("RELEASED", "HELD USES_EXCEEDED")


def test_goods_are_counted_in_no_sum_that_was_not_locked() -> None:
    """SPLIT_SUSPECTED: two at once would both go."""
    workspace = Workspace(NOW, references(), Policy(split_limit=quantity("100 KGM")), {}, {}, {}, families=FamilyBook())
    entry = FamilyEntry(1, "valves", "ALPHA", PLANNED.date(), "VALVE", quantity("5 KGM"), Balance.RESERVED)
    with pytest.raises(NotGathered):
        follow_families(workspace, shipment(), shipment(more={"families": (entry,)}))


def test_a_date_that_is_due_already_is_asked_a_little_later_and_not_for_ever() -> None:
    assert soonest(NOW, None) is None
    assert soonest(NOW, NOW + HOUR, None, NOW + 2 * HOUR) == NOW + HOUR
    assert soonest(NOW, NOW) == soonest(NOW, NOW - HOUR) == NOW + RETRY_AFTER_ERROR
