"""What counts as an amended order, and so as new, while a notice, list entry or control can't be read (D8.4)."""

from __future__ import annotations

from datetime import timedelta

from services.gatekeeper.domain.references import UnreadableRule
from services.gatekeeper.domain.vocabulary import RuleKind
from services.gatekeeper.domain.workspace import Outcome
from tests.domain.builders import NOW
from tests.domain.story import Story

BROKEN_NOTICE = UnreadableRule("q-9", "N9", RuleKind.NOTICE, "N9")
BROKEN_LIST = UnreadableRule("q-9", "CL-1", RuleKind.LIST_ENTRY, "CL-1")
BROKEN_CONTROL = UnreadableRule("q-9", "1C902", RuleKind.CONTROL, "1C902")


def test_an_unreadable_notice_list_entry_or_control_leaves_a_cleared_order_cleared_and_stops_a_new_one() -> None:
    for broken in (BROKEN_NOTICE, BROKEN_LIST, BROKEN_CONTROL):
        story = Story()
        story.order("O1", "300 KGM")
        story.unreadable_rule(broken)
        story.order("O2", "300 KGM")
        assert (story.state("O1"), story.state("O2")) == ("CLEARED", "HELD EVENT_UNREADABLE")
        story.settle_rule(broken)
        assert (story.state("O1"), story.state("O2")) == ("CLEARED", "CLEARED")


def test_the_same_full_state_under_a_newer_version_is_no_amendment() -> None:
    story = Story()
    story.order("O1")
    story.unreadable_rule(BROKEN_NOTICE)
    assert story.order("O1") is Outcome.APPLIED
    assert (story.state("O1"), story.balance(), story.told("O1")) == ("CLEARED", "500/0 0/0", ["CLEARED"])


def test_an_amended_order_counts_as_new_until_the_notice_is_repaired() -> None:
    story = Story()
    story.order("O1")
    story.unreadable_rule(BROKEN_NOTICE)
    story.order("O1", "400 KGM")
    assert (story.state("O1"), story.balance()) == ("HELD EVENT_UNREADABLE", "0/0 0/0")
    story.settle_rule(BROKEN_NOTICE)
    assert (story.state("O1"), story.balance()) == ("CLEARED", "400/0 0/0")


def test_a_shipment_that_came_under_a_cancelled_order_goes_on_when_that_turns_out_closed() -> None:
    """D4.10: only an order that was CLOSED before the shipment came holds it, or one that is cancelled now."""
    story = Story()
    story.order("O1")
    story.cancel("O1")
    story.ship("S1", order="O1")
    assert story.state("S1") == "HELD ORDER_CANCELLED"
    story.order("O1", status="CLOSED")
    assert (story.state("O1"), story.state("S1")) == ("CLOSED", "RELEASED")


def test_an_amendment_dated_ahead_keeps_its_time_though_the_order_is_judged_before() -> None:
    """D7.3."""
    story = Story()
    story.order("O1")
    tomorrow = NOW + timedelta(days=1)
    story.order("O1", "700 KGM", time=tomorrow)
    story.rejudge("order", "O1", "sweep")
    assert (story.balance(), story.orders["O1"].recheck_at) == ("500/0 0/0", tomorrow)
    story.advance_to(tomorrow)
    assert story.balance() == "700/0 0/0"


def test_a_shipment_is_amended_by_another_full_state_and_not_by_a_newer_version_of_the_same() -> None:
    story = Story()
    for name in ("S1", "S2"):
        story.ship(name)
    story.unreadable_rule(BROKEN_NOTICE)
    story.ship("S1")
    story.ship("S2", "200 KGM")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD EVENT_UNREADABLE")
    story.settle_rule(BROKEN_NOTICE)
    assert story.state("S2") == "RELEASED"
