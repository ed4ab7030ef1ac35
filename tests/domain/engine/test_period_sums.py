"""Sums by day, when a period has room again, and who is then looked at (D3.11, D4.4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from services.gatekeeper.domain.accounts import DaySum, LedgerEntry
from services.gatekeeper.domain.engine import DATE
from services.gatekeeper.domain.periods import period_came_back, with_entry
from tests.domain.builders import at, day
from tests.domain.engine.limits import MONTH, limited, planned, story_with

NOTHING = Decimal(0)


def test_an_amount_without_a_day_is_in_no_period() -> None:
    entry = LedgerEntry("M1", 1, "shipment", "S1", 1, "RESERVE", Decimal(5), NOTHING, NOTHING, NOTHING)
    assert with_entry({}, entry) == {}
    days = with_entry({}, replace(entry, day=day("2026-03-05")))
    assert days == {day("2026-03-05"): DaySum(Decimal(5))}
    assert with_entry(days, entry) == days


def test_a_period_has_room_again_only_when_less_counts_in_it_than_before() -> None:
    """D3.11, D4.4: less than a whole unit is enough, and what is consumed instead of reserved is none."""
    (limit,) = limited(("300 KGM", MONTH)).period_limits
    entry = LedgerEntry(
        "M1", 1, "shipment", "S1", 1, "ADJUST", NOTHING, NOTHING, NOTHING, NOTHING, day=day("2026-03-05")
    )
    for reserved, consumed, room in (("-0.001", "0", True), ("0", "0", False), ("0.5", "0", False), ("-5", "5", False)):
        changed = replace(entry, reserved=Decimal(reserved), consumed=Decimal(consumed))
        others = replace(changed, licence_line=2, reserved=Decimal(9))
        assert period_came_back([limit], [others, changed], day("2026-03-02")) is room


def test_the_date_of_one_that_waits_for_a_period_stands_a_little_later_until_it_was_looked_at() -> None:
    """D4.4, D7.1: it is judged with those that wait for the same licence, in order of arrival."""
    story = story_with(("300 KGM", MONTH))
    story.ship("S1", "300 KGM", planned_departure=planned("2026-03-31 12:00"))
    story.ship("S2", "300 KGM", planned_departure=planned("2026-03-31 12:00"))
    assert (story.state("S2"), story.shipments["S2"].recheck_at) == (
        "HELD PERIOD_LIMIT_EXCEEDED",
        at("2026-04-01 00:00"),
    )
    story.clock = at("2026-04-01 00:00")
    story.rejudge("shipment", "S2", DATE)
    assert story.shipments["S2"].recheck_at == at("2026-04-01 00:05")


def test_two_lines_of_one_shipment_count_together_in_a_period() -> None:
    """D3.11."""
    story = story_with(("300 KGM", MONTH))
    for second, state in (("100", "RELEASED"), ("100.001", "HELD PERIOD_LIMIT_EXCEEDED")):
        lines = [
            {"line_no": no, "item_no": "MAG-ROD", "net_quantity": {"value": net, "unit": "KGM"},
             "value": {"amount": "100", "currency": "USD"}}
            for no, net in ((1, "200"), (2, second))
        ]  # fmt: skip
        story.ship("S1", lines=lines)
        assert story.state("S1") == state
