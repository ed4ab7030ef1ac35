"""Sums of families as a decision looks at them: the fullest days in a row, what was gathered, what others keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.engine import families_for_shipment
from services.gatekeeper.domain.families import (
    SPLIT,
    Counted,
    Families,
    FamilyBook,
    FamilyEntry,
    FamilyKey,
    FamilySum,
    asked_for,
    recorded_families,
)
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.together import shifted, together
from services.gatekeeper.domain.vocabulary import Balance, ShipmentState
from tests.domain.builders import PLANNED, at, day, item, line, quantity, references, shipment
from tests.domain.engine.splits import begun, send
from tests.domain.matching.judged import judged, reasons

KEY = FamilyKey("valves", "ALPHA")
TODAY = day("2026-03-02")


def entry(net: str, on: str, balance: Balance | None = Balance.RESERVED, line_no: int = 1) -> FamilyEntry:
    return FamilyEntry(line_no, *KEY, day(on), "VALVE", quantity(net), balance)


def sums(book: FamilyBook, asking: str = "S9", arrival: int = 9) -> list[tuple[str, str, bool]]:
    found = book.sums(asking, arrival, KEY, TODAY, day("2026-12-31"))
    return [(one.day.isoformat(), f"{one.quantity.value:f}" if one.quantity else "?", one.later) for one in found]


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 9), st.booleans())),
    st.integers(1, 20),
    st.booleans(),
)
def test_the_fullest_days_in_a_row_are_those_that_one_finds_by_trying_all(
    others: list[tuple[int, int, bool]], window: int, earlier: bool
) -> None:
    made = [
        FamilySum(*KEY, TODAY + timedelta(days=place), "VALVE", Quantity(Decimal(amount), "KGM"), later)
        for place, amount, later in others
    ]
    known = Families(lambda *_: tuple(made))
    found = together(known, KEY, References.empty(), "KGM", Fraction(5), TODAY, window, earlier=earlier)
    every = (
        sum(n for place, n, later in others if first <= place < first + window and not (earlier and later))
        for first in range(1 - window, 1)
    )
    assert found.total - 5 == found.others == max(every)


def test_days_are_shifted_within_the_calendar() -> None:
    assert shifted(TODAY, -1) == day("2026-03-01")
    assert (shifted(date.max, 1), shifted(date.min, -1)) == (date.max, date.min)


def test_what_was_not_locked_or_not_loaded_far_enough_is_asked_for() -> None:
    book = FamilyBook(TODAY, {KEY: TODAY})
    book.needs(KEY)
    book.needs(KEY, TODAY)
    for first, asked in ((day("2026-03-01"), day("2026-03-01")), (None, None)):
        with pytest.raises(NotGathered) as missing:
            book.needs(KEY if first else FamilyKey("valves", "BETA"), first)
        assert missing.value.kind == SPLIT
        key, since = asked_for(missing.value.key)
        assert (key.end_user, since) == ("ALPHA" if first else "BETA", asked or TODAY)
    with pytest.raises(NotGathered):
        book.sums("S9", 9, KEY, day("2026-03-01"), TODAY)


def test_a_book_counts_what_others_have_and_the_workspace_s_own_shipments_as_they_change() -> None:
    book = FamilyBook(TODAY, {KEY: TODAY}, {KEY: (Counted(8, TODAY, "VALVE", quantity("1 KGM")),)})
    book.add("S5", 5, (entry("2 KGM", "2026-03-02"), entry("4 KGM", "2026-03-02", line_no=2)))
    book.add("S9", 9, (entry("8 KGM", "2026-03-02"),))
    book.add("S7", 7, (entry("16 KGM", "2026-03-02", None),))
    assert sums(book) == [("2026-03-02", "7", False)]
    assert sums(book, "S6", 6) == [("2026-03-02", "6", False), ("2026-03-02", "9", True)]
    assert not book.changed
    book.put("S5", 5, (entry("2 KGM", "2026-03-02"),), (entry("2 KGM", "2026-03-01"), entry("3 KGM", "2026-03-04")))
    assert sums(book) == [("2026-03-02", "3", False), ("2026-03-04", "3", False)]
    book.put("S5", 5, (entry("2 KGM", "2026-03-01"),), (entry("2 KGM", "2026-03-01", None),))
    assert sums(book) == [("2026-03-02", "1", False)]
    assert book.changed == {"S5"}


def test_only_what_counts_or_did_is_a_change() -> None:
    book = FamilyBook(TODAY)
    book.put("S1", 1, (), (entry("2 KGM", "2026-03-02", None),))
    assert not book.changed


def test_an_overdue_plan_counts_as_today_what_left_on_its_day() -> None:
    book = FamilyBook(TODAY, {KEY: date.min})
    book.add("S1", 1, (entry("2 KGM", "2026-02-20"), entry("4 KGM", "2026-02-20", Balance.CONSUMED)))
    found = book.sums("S9", 9, KEY, date.min, date.max)
    assert [(one.day, one.quantity) for one in found] == [
        (day("2026-02-20"), quantity("4 KGM")),
        (TODAY, quantity("2 KGM")),
    ]


def test_what_was_recorded_answers_by_key_and_day() -> None:
    kept = [FamilySum(*KEY, day(f"2026-03-0{number}"), "VALVE", quantity("1 KGM")) for number in (1, 2, 3)]
    other = FamilySum("valves", "BETA", day("2026-03-02"), "VALVE", quantity("1 KGM"))
    again = recorded_families((*kept, other))
    assert again.sums(KEY, day("2026-03-02"), day("2026-03-03")) == tuple(kept[1:])
    assert list(again.seen) == kept[1:]
    assert not any(one.later for one in kept)


def test_alone_a_shipment_is_judged_by_what_it_sends_itself() -> None:
    refs = references(item("VALVE", family="valves"))
    policy = Policy(split_limit=quantity("100 KGM"))
    assert reasons(judged(shipment(line(item_no="VALVE", net="100 KGM")), refs, policy=policy)) == []
    assert reasons(judged(shipment(line(item_no="VALVE", net="100.001 KGM")), refs, policy=policy)) == [
        "SPLIT_SUSPECTED"
    ]


def test_on_the_last_day_of_the_calendar_nothing_comes_after() -> None:
    refs = references(item("VALVE", family="valves"))
    policy = Policy(split_limit=quantity("100 KGM"))
    overdue = shipment(line(item_no="VALVE", net="1 KGM"), planned_departure=at("9999-12-30 12:00"))
    assert judged(overdue, refs, as_of=at("9999-12-31 12:00"), policy=policy).recheck_at is None


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 4), st.integers(1, 14)), min_size=1, max_size=25),
)
def test_what_stands_never_adds_up_past_the_limit_and_who_waits_would_be_too_much(
    steps: list[tuple[int, int, int]],
) -> None:
    """Shipments come, change and are cancelled (amount 0) in any order; a window has five days."""
    story = begun(split_limit=quantity("10 KGM"), split_window_days=5)
    for number, amount, planned in steps:
        name = f"S{number}"
        if amount or name not in story.shipments:
            send(story, name, f"{2 * amount + 1} KGM", f"2026-04-{planned:02d}")
        else:
            story.milestone(name, "CANCELLED")
        _assert_full_and_not_too_full(story.shipments.values())


def _assert_full_and_not_too_full(shipments: Iterable[Shipment]) -> None:
    open_ones = [one for one in shipments if one.state is not ShipmentState.CLOSED]
    stand = [entry for one in open_ones for entry in one.families if entry.balance is Balance.RESERVED]
    wait = [entry for one in open_ones for entry in one.families if entry.balance is None]
    assert _fullest(stand) <= 10
    assert all(_fullest([*stand, entry]) > 10 for entry in wait)


def _fullest(entries: list[FamilyEntry]) -> int:
    firsts = {entry.day - timedelta(days=back) for entry in entries for back in range(5)}
    within = [[e for e in entries if first <= e.day < first + timedelta(days=5)] for first in firsts]
    return max((int(sum(e.quantity.value for e in several if e.quantity)) for several in within), default=0)


def test_the_sums_that_a_shipment_may_count_for_are_those_of_its_families_now_and_when_a_newer_state_acts() -> None:
    """What isn't locked can't be counted; an item without a family, or that nobody described, counts for nothing."""
    refs = references(item("VALVE", family="valves"), item("PIPE", family="pipes"))
    known = shipment(line(item_no="VALVE"), line(2, item_no="STEEL-BOLT"), line(3, item_no="NOBODYS"))
    newer = shipment(line(item_no="PIPE")).facts
    assert newer is not None
    ahead = replace(known, ahead=(PLANNED, newer))
    for asked, facts, families in (
        (None, newer, {"pipes"}),
        (known, None, {"valves"}),
        (known, newer, {"valves", "pipes"}),
        (ahead, None, {"valves", "pipes"}),
    ):
        assert {key.family for key in families_for_shipment(asked, facts, (), refs)} == families
