"""Sums by day, when a period has room again, and who is then looked at (D3.11, D4.4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from services.gatekeeper.domain.accounts import DaySum, LedgerEntry, LineBalance
from services.gatekeeper.domain.engine import DATE
from services.gatekeeper.domain.periods import period_came_back, takes_too_much, with_entry
from tests.domain.builders import at, day, references
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


@pytest.mark.parametrize(
    ("days", "too_much"),
    [
        ({"2026-03-05": ("0", "400"), "2026-04-03": ("300", "0")}, False),
        ({"2026-03-05": ("0", "300"), "2026-03-20": ("0.5", "0"), "2026-04-03": ("300", "0")}, True),
        ({"2026-03-05": ("0", "299.5"), "2026-03-20": ("0.5", "0")}, False),
        ({"2026-03-05": ("0", "400")}, False),
        ({}, False),
    ],
    ids=["only what left is too much", "both together", "just enough", "nothing is reserved", "nothing at all"],
)
def test_who_reserves_gives_way_in_a_period_of_which_too_much_is_drawn(
    days: dict[str, tuple[str, str]], too_much: bool
) -> None:
    """D3.11, D4.5."""
    sums = {day(when): DaySum(Decimal(reserved), Decimal(consumed)) for when, (reserved, consumed) in days.items()}
    balance = LineBalance(1, days=sums)
    assert takes_too_much(references(), limited(("300 KGM", MONTH)), balance, day("2026-03-02")) is too_much


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
