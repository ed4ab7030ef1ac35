"""Lists, controls and statements act on the days of their windows, both ends included (D3.2, D5.2, D7.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Control, ListEntry, RuleEntity, Window
from services.gatekeeper.domain.vocabulary import ControlKind, ListName
from tests.domain.boundaries.steps import DAY, MICROSECOND, closes, opens
from tests.domain.builders import NOW, licence, line, parties, party, references, shipment
from tests.domain.matching.judged import judged, reasons
from tests.domain.rulebook.examples import control, entry, statement
from tests.domain.story import Story

L1 = licence(valid_until=date(2031, 12, 31), version=2)
TO = parties(consignee="BETA")
WIRE = {role: {"party_id": ref.party_id} for role, ref in TO.items()}
"""The consignee is nobody who is listed, so that one list gives one reason."""

ACTS_FROM = st.dates(date(2026, 3, 10), date(2028, 12, 31))
LENGTHS = st.integers(0, 60).map(lambda days: timedelta(days=days))


@st.composite
def windows(draw: st.DrawFn) -> tuple[date, date, Window]:
    """(first, last, suspension): a day at least acts before the suspension and one after it."""
    first = draw(ACTS_FROM)
    start = first + DAY + draw(LENGTHS)
    until = start + draw(LENGTHS)
    return first, until + DAY + draw(LENGTHS), Window(start, until)


def changes_of(first: date, last: date, suspended: Window) -> list[tuple[datetime, bool]]:
    """Every midnight at which something begins (True) or ceases to act."""
    assert suspended.until is not None
    return [
        (opens(first), True),
        (opens(suspended.start), False),
        (opens(suspended.until + DAY), True),
        (opens(last + DAY), False),
    ]


def check_today(refs: References, changes: list[tuple[datetime, bool]], reason: str, item_no: str = "SM-OXIDE") -> None:
    """One millisecond before each midnight it is still as it was, at midnight it has changed; nothing else holds."""
    for midnight, begins in changes:
        for now, acts in ((closes(midnight.date() - DAY), not begins), (midnight, begins)):
            found = reasons(judged(shipment(line(item_no=item_no), parties=TO, planned_departure=now), refs, as_of=now))
            assert list(dict.fromkeys(found)) == ([reason] if acts else []), now


def listed(window: tuple[date, date, Window], name: ListName = ListName.CONTROL_LIST, **changes: Any) -> ListEntry:
    first, last, suspended = window
    return entry(list=name, effective_from=first, effective_until=last, suspensions=(suspended,), **changes)


def controlled(code: str, window: tuple[date, date, Window], **changes: Any) -> Control:
    first, last, suspended = window
    return control(code, version=2, effective_from=first, effective_until=last, suspensions=(suspended,), **changes)


LISTS = [
    (ListName.CONTROL_LIST, "CONTROL_LISTED"),
    (ListName.WATCH_LIST, "WATCH_LISTED"),
    (ListName.INTERNAL, "PARTY_REVIEW"),
]


@pytest.mark.parametrize(("name", "reason"), LISTS)
@given(window=windows())
def test_an_entry_acts_on_each_day_of_its_term_but_those_of_a_suspension(
    name: ListName, reason: str, window: tuple[date, date, Window]
) -> None:
    check_today(references(L1, listed(window, name)), changes_of(*window), reason)


@given(window=windows())
def test_a_code_needs_a_licence_on_each_day_that_it_is_in_force(window: tuple[date, date, Window]) -> None:
    """D3.2: nobody has a licence for the laser."""
    refs = references(controlled("6A911.a", window))
    check_today(refs, changes_of(*window), "NO_LICENCE", "LASER-HEAD")


BANS: list[dict[str, Any]] = [
    {"kind": ControlKind.PROHIBITED},
    {"prohibited_destinations": ("FR", "DE")},
    {"prohibited_end_uses": ("CIVIL_MRI",)},
    {"prohibited_end_user_types": ("MILITARY",)},
]


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: next(iter(ban)))
@given(window=windows())
def test_a_ban_holds_on_each_day_of_its_term_but_those_of_a_suspension(
    ban: dict[str, Any], window: tuple[date, date, Window]
) -> None:
    alpha = replace(party("ALPHA", "Alpha GmbH", "DE"), types=("MILITARY",))
    refs = references(L1, alpha, controlled("1C902.b", window, **ban))
    check_today(refs, changes_of(*window), "PROHIBITED")


ELSEWHERE: list[dict[str, Any]] = [
    {"prohibited_destinations": ("FR",)},
    {"prohibited_end_uses": ("CIVIL_MR",)},
    {"prohibited_end_uses": ("CIVIL_MRI2",)},
    {"prohibited_end_user_types": ("MILITAR",)},
]


@pytest.mark.parametrize("ban", ELSEWHERE)
def test_a_ban_on_anything_else_is_no_ban(ban: dict[str, Any]) -> None:
    """D3.4: codes are compared whole; a character more or less is another code."""
    alpha = replace(party("ALPHA", "Alpha GmbH", "DE"), types=("MILITARY",))
    assert reasons(judged(shipment(), references(alpha, control("1C902.b", **ban)))) == []


Made = Callable[[tuple[date, date, Window]], RuleEntity]
ACTING: list[tuple[Made, str, str]] = [
    (lambda window: listed(window), "CONTROL_LISTED", "SM-OXIDE"),
    (lambda window: controlled("6A911.a", window), "NO_LICENCE", "LASER-HEAD"),
    (lambda window: controlled("1C902.b", window, kind=ControlKind.PROHIBITED), "PROHIBITED", "SM-OXIDE"),
]


@pytest.mark.parametrize(("made", "reason", "item_no"), ACTING, ids=["list", "code", "ban"])
@given(window=windows())
def test_what_acts_on_the_planned_day_acts_now(
    made: Made, reason: str, item_no: str, window: tuple[date, date, Window]
) -> None:
    """D3.2, D5.2: today *or* the planned day; the licence in force is the same on all of them."""
    refs = references(L1, made(window))

    def planned(departure: datetime) -> list[str]:
        found = judged(shipment(line(item_no=item_no), parties=TO, planned_departure=departure), refs)
        return list(dict.fromkeys(reasons(found)))

    for midnight, begins in changes_of(*window):
        assert planned(closes(midnight.date() - DAY)) == ([] if begins else [reason])
        assert planned(midnight) == ([reason] if begins else [])


@pytest.mark.parametrize(("made", "reason", "item_no"), ACTING, ids=["list", "code", "ban"])
@given(window=windows())
def test_the_ends_of_a_window_are_timers(
    made: Made, reason: str, item_no: str, window: tuple[date, date, Window]
) -> None:
    """D7.1: a shipment that stands still is held and released at the midnights themselves."""
    story = Story(L1, made(window))
    story.ship("S1", item=item_no, parties=WIRE, planned_departure=NOW)
    for midnight, begins in changes_of(*window):
        story.advance_to(midnight - MICROSECOND)
        assert story.state("S1") == ("RELEASED" if begins else f"HELD {reason}")
        story.advance_to(midnight)
        assert story.state("S1") == (f"HELD {reason}" if begins else "RELEASED")


@given(first=ACTS_FROM)
def test_a_window_without_an_end_has_none(first: date) -> None:
    refs = references(L1, entry(effective_from=first))
    for now in (opens(first), opens(date(2031, 12, 31))):
        found = reasons(judged(shipment(parties=TO, planned_departure=now), refs, as_of=now))
        assert found == ["CONTROL_LISTED", "CONTROL_LISTED"]
    before = closes(first - DAY)
    assert reasons(judged(shipment(parties=TO, planned_departure=before), refs, as_of=before)) == []


@given(last=ACTS_FROM)
def test_a_statement_speaks_to_the_last_millisecond_of_its_last_day(last: date) -> None:
    """Of today and of the planned day the later counts."""
    refs = references(L1, statement(valid_until=last))

    def asked(departure: datetime, now: datetime = NOW) -> list[str]:
        named = shipment(planned_departure=departure, end_user_statements=("EUC-1",))
        return reasons(judged(named, refs, as_of=now))

    assert asked(closes(last)) == []
    assert asked(opens(last + DAY)) == ["END_USER_STATEMENT_INVALID"]
    assert asked(NOW, closes(last)) == []
    assert asked(NOW, opens(last + DAY)) == ["END_USER_STATEMENT_INVALID"]


@given(last=ACTS_FROM)
def test_the_end_of_a_statement_is_a_timer(last: date) -> None:
    story = Story(L1, statement(valid_until=last))
    story.ship("S1", item="SM-OXIDE", planned_departure=NOW, end_user_statements=["EUC-1"])
    story.advance_to(opens(last + DAY) - MICROSECOND)
    assert story.state("S1") == "RELEASED"
    story.advance_to(opens(last + DAY))
    assert story.state("S1") == "HELD END_USER_STATEMENT_INVALID"
