"""A notice from its first instant to before its last, its scope to the character (D6.1, D6.2, D6.6; ECR 22)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.calendar import is_working_day, working_days_after
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Scope
from services.gatekeeper.domain.scope import HS_PREFIX_MAX, HS_PREFIX_MIN
from services.gatekeeper.domain.vocabulary import NoticeOrigin
from tests.domain.boundaries.steps import DAY, MICROSECOND, closes, opens
from tests.domain.builders import NOW, control, item, licence, licence_line, line, notice, references, shipment
from tests.domain.matching.judged import judged, reasons
from tests.domain.story import Story

ALPHA = Scope(parties=("ALPHA",))
LATER = st.timedeltas(timedelta(minutes=1), timedelta(days=60))
STARTS = LATER.map(lambda later: NOW + later)


@given(start=STARTS, length=LATER)
def test_a_notice_begins_with_its_first_microsecond_and_ends_before_its_last(
    start: datetime, length: timedelta
) -> None:
    """D6.1: `effective_from` is inclusive, `effective_until` exclusive."""
    refs = references(notice(scope=ALPHA, starts_at=start, ends_at=start + length))

    def asked(now: datetime) -> list[str]:
        return reasons(judged(shipment(), refs, as_of=now))

    assert asked(start - MICROSECOND) == []
    assert asked(start) == ["STOP_NOTICE"]
    assert asked(start + length - MICROSECOND) == ["STOP_NOTICE"]
    assert asked(start + length) == []


@given(start=STARTS, length=LATER)
def test_both_ends_of_a_notice_are_timers(start: datetime, length: timedelta) -> None:
    """D7.1, D6.3: it takes effect for what is open at that instant."""
    story = Story(notice(scope=ALPHA, starts_at=start, ends_at=start + length))
    story.ship("S1")
    seen = []
    for instant in (start - MICROSECOND, start, start + length - MICROSECOND, start + length):
        story.advance_to(instant)
        seen.append(story.state("S1"))
    assert seen == ["RELEASED", "HELD STOP_NOTICE", "HELD STOP_NOTICE", "RELEASED"]


@given(since=st.timedeltas(MICROSECOND, timedelta(days=9)))
def test_a_notice_without_a_beginning_is_in_effect_as_soon_as_it_is_known(since: timedelta) -> None:
    """D6.1, design.md §4: clocks are not compared then, even where its sender's is fast."""
    for recorded_at in (NOW - since, NOW, NOW + since):
        assert reasons(judged(shipment(), references(notice(scope=ALPHA, recorded_at=recorded_at)))) == ["STOP_NOTICE"]


@given(after=st.timedeltas(MICROSECOND, timedelta(days=9)), explicit=st.booleans())
def test_only_a_licence_granted_after_a_notice_began_answers_it(after: timedelta, explicit: bool) -> None:
    """D6.6: not one of the same instant."""
    start = NOW - timedelta(days=10)
    stop = notice(scope=ALPHA, starts_at=start if explicit else None, recorded_at=start)

    def granted(authority_time: datetime) -> list[str]:
        answer = licence(authority_time=authority_time, answers_notices=("N1",))
        return reasons(judged(shipment(), references(stop, answer)))

    assert granted(start) == ["STOP_NOTICE"]
    assert granted(start - MICROSECOND) == ["STOP_NOTICE"]
    assert granted(start + MICROSECOND) == []
    assert granted(start + after) == []


PART = st.text("0123456789ABCDEFabcdef", min_size=1, max_size=5)


def stops(scope: Scope, code: str, hs_code: str = "2846901910") -> bool:
    described = item("SM-OXIDE", code, hs_code=hs_code)
    granting = licence("L1", licence_line(codes=(code,)))
    refs = references(described, control(code), granting, notice(scope=scope))
    found = reasons(judged(shipment(), refs))
    assert found in ([], ["STOP_NOTICE"])
    return bool(found)


@given(parts=st.lists(PART, min_size=2, max_size=4), data=st.data())
def test_a_code_prefix_matches_whole_parts_and_neither_a_character_less_nor_more(
    parts: list[str], data: st.DataObject
) -> None:
    """D6.2: `1C902` matches `1C902.b`, not `1C9021`."""
    count = data.draw(st.integers(1, len(parts)))
    code, prefix = ".".join(parts), ".".join(parts[:count])
    assert stops(Scope(control_codes=(prefix,)), code)
    assert not stops(Scope(control_codes=(prefix + "0",)), code)
    assert not stops(Scope(control_codes=(code + ".0",)), code)
    if len(parts[count - 1]) > 1:
        assert not stops(Scope(control_codes=(prefix[:-1],)), code)


def test_the_prefixes_of_the_rule_itself() -> None:
    assert stops(Scope(control_codes=("1C902",)), "1C902.b")
    assert not stops(Scope(control_codes=("1C902",)), "1C9021")


@given(digits=st.text("0123456789", min_size=HS_PREFIX_MAX, max_size=HS_PREFIX_MAX), data=st.data())
def test_an_hs_prefix_matches_digit_by_digit(digits: str, data: st.DataObject) -> None:
    """However either is punctuated."""
    length = data.draw(st.integers(HS_PREFIX_MIN, HS_PREFIX_MAX))
    prefix = digits[:length]
    other = prefix[:-1] + str((int(prefix[-1]) + 1) % 10)
    written = f"{digits[:4]}.{digits[4:6]} {digits[6:]}"
    for hs_code in (digits, written):
        assert stops(Scope(hs_prefixes=(prefix,)), "1C902.b", hs_code)
        assert stops(Scope(hs_prefixes=(f"{prefix[:-1]}.{prefix[-1]}",)), "1C902.b", hs_code)
        assert not stops(Scope(hs_prefixes=(other,)), "1C902.b", hs_code)
    assert not stops(Scope(hs_prefixes=(digits,)), "1C902.b", digits[:-1])


@given(stopped=st.integers(1, 3), fields=st.sets(st.sampled_from(("items", "hs_prefixes", "licences"))))
def test_line_fields_match_in_one_line_or_not_at_all(stopped: int, fields: set[str]) -> None:
    """D6.2: what only two lines have between them isn't stopped."""
    refs_of = {"items": "STEEL-BOLT", "hs_prefixes": "2846", "licences": "L1"}
    scope = Scope(**{name: (value,) for name, value in refs_of.items() if name in fields}, destinations=("DE",))
    several = [line(number, net="1 KGM", value="1 USD") for number in range(1, 4) if number != stopped]
    found = reasons(judged(shipment(*several, line(stopped, item_no="STEEL-BOLT")), references(notice(scope=scope))))
    of_one_line = not fields or fields == {"items"} or "items" not in fields
    assert found == (["STOP_NOTICE"] if of_one_line else [])


# Customs: working days to answer

HOLIDAYS = [
    # Friday 13 February 2026, Saturday worked, Spring Festival to Monday 23; Saturday 28 is worked.
    (date(2026, 2, 13), 1, date(2026, 2, 14)),
    (date(2026, 2, 13), 2, date(2026, 2, 24)),
    (date(2026, 2, 14), 5, date(2026, 2, 28)),
    (date(2026, 2, 14), 6, date(2026, 3, 2)),
    (date(2026, 2, 20), 1, date(2026, 2, 24)),
    # National Day 2026: 20 September (Sunday) and 10 October (Saturday) are worked, 25 September is off.
    (date(2026, 9, 18), 1, date(2026, 9, 20)),
    (date(2026, 9, 24), 1, date(2026, 9, 28)),
    (date(2026, 9, 30), 1, date(2026, 10, 8)),
    (date(2026, 9, 30), 3, date(2026, 10, 10)),
    (date(2026, 9, 30), 4, date(2026, 10, 12)),
    (date(2025, 12, 31), 1, date(2026, 1, 4)),
]


@pytest.mark.parametrize(("day", "count", "due"), HOLIDAYS)
def test_working_days_step_over_holidays_and_count_the_weekends_worked_instead(
    day: date, count: int, due: date
) -> None:
    assert working_days_after(day, count) == due


@given(day=st.dates(date(2023, 12, 1), date(2027, 12, 31)), count=st.integers(1, 40))
def test_the_last_of_so_many_working_days_is_one_and_no_day_less_is_enough(day: date, count: int) -> None:
    due = working_days_after(day, count)
    between = [day + timedelta(days=days) for days in range(1, (due - day).days + 1)]
    assert sum(map(is_working_day, between)) == count
    assert is_working_day(due)
    assert working_days_after(day, count - 1) < due < working_days_after(day, count + 1)


@given(first=st.dates(date(2026, 1, 1), date(2026, 12, 31)), count=st.integers(1, 20))
def test_a_challenge_is_counted_from_the_shanghai_day_on_which_it_begins(first: date, count: int) -> None:
    """23:59:59.999 is still that day, 00:00 the next one; the first day itself doesn't count."""

    def respond_by(start: datetime) -> str:
        challenge = notice(scope=ALPHA, origin=NoticeOrigin.CUSTOMS, starts_at=start)
        refs = references(challenge, licence(valid_from=date(2025, 1, 1), valid_until=date(2027, 12, 31)))
        policy = Policy(customs_challenge_days=count)
        [found] = judged(shipment(planned_departure=start), refs, as_of=start, policy=policy).findings
        assert found.reason.value == "CUSTOMS_CHALLENGE"
        return str(found.detail["respond_by"])

    assert respond_by(opens(first)) == respond_by(closes(first)) == working_days_after(first, count).isoformat()
    assert respond_by(opens(first + DAY)) == working_days_after(first + DAY, count).isoformat()
