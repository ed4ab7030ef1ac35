"""What is true after any history where periods are limited and licences may be combined (D3.7, D3.11)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.calendar import shanghai_day
from services.gatekeeper.domain.corrected import corrected_facts
from services.gatekeeper.domain.order_rest import in_unit
from services.gatekeeper.domain.periods import span_of, used_in
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.rule_entities import Licence, PeriodLimit
from services.gatekeeper.domain.vocabulary import Balance, Period, ShipmentState
from tests.domain.builders import L1, M1, at, general, licence_line, quantity
from tests.domain.day_sums import days_of
from tests.domain.properties.histories import (
    SHIPMENTS,
    Step,
    check,
    everything,
    histories,
    played,
    time,
    took_more,
    total,
    trade,
)
from tests.domain.story import Story

SOME = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
LIMITED = replace(
    M1,
    version=2,
    max_uses=None,
    period_limits=(
        PeriodLimit(1, quantity("600 KGM"), Period.DAY),
        PeriodLimit(1, quantity("0.7 TNE"), Period.CALENDAR_MONTH),
        PeriodLimit(1, quantity("1500 KGM"), Period.CALENDAR_YEAR),
    ),
)
MORE = tuple(
    general(number, licence_line(granted=granted, value=value, codes=("1C904.a",)))
    for number, granted, value in (("G1", "150 KGM", "2000000 USD"), ("G2", "333.3333333 KGM", "4000 USD"))
)
"""Smaller than what is usually asked; the second gives out by its value."""


@st.composite
def plans(draw: st.DrawFn) -> Step:
    name, text = draw(st.sampled_from(SHIPMENTS)), draw(st.sampled_from(["03-02", "03-03", "03-31", "04-01", "04-20"]))
    when = at(f"2026-{text} 18:00")
    return Step(
        f"{name} planned {when}", name, lambda story: story.milestone(name, "DEPARTED", when, classifier="PLANNED")
    )


busy = st.lists(st.one_of(trade, trade, plans(), time), max_size=14)


@pytest.mark.parametrize("combine", [False, True])
@SOME
@given(steps=st.one_of(busy, histories))
def test_sums_by_day_are_the_ledgers_and_no_limit_or_grant_is_exceeded(combine: bool, steps: list[Step]) -> None:
    story = Story(LIMITED, *MORE)
    story.policy = Policy(combine_licences=combine)
    for step in steps:
        played([step], story)
        check(story)
        assert_the_days_are_the_ledgers_sum(story)
        assert_no_limit_is_exceeded(story)
        assert_the_draws_are_what_is_asked(story, combine=combine)


@pytest.mark.parametrize("combine", [False, True])
@SOME
@given(steps=busy)
def test_nobody_is_forgotten_looking_again_releases_and_holds_nothing(combine: bool, steps: list[Step]) -> None:
    """Whoever could go by what came back, or by a period that began, was looked at (D4.4, D7.1).

    Without limits of uses: a cleared order reserves none, so that others can take the last one from under it.
    """
    story = Story(LIMITED, *MORE, replace(L1, version=2, max_uses=None))
    story.policy = Policy(combine_licences=combine)
    played(steps, story)
    before = _standing(story)
    for name in sorted(story.orders):
        story.rejudge("order", name, "sweep")
    for name in sorted(story.shipments):
        story.rejudge("shipment", name, "sweep")
    story.settle()
    assert _standing(story) == before


def _standing(story: Story) -> dict[str, object]:
    return {name: (each.state, each.draws) for name, each in everything(story).items()}


def assert_the_days_are_the_ledgers_sum(story: Story) -> None:
    for licence_no, account in story.accounts.items():
        for line_no, balance in account.lines.items():
            days = days_of(story.ledger, licence_no, line_no)
            assert balance.days is None or balance.days == days
            assert total(one.reserved for one in days.values()) == balance.reserved
            assert total(one.consumed for one in days.values()) == balance.consumed
            assert all(one.reserved >= 0 <= one.consumed for one in days.values())
    for name, each in everything(story).items():
        past = each.past_draws if isinstance(each, Shipment) else ()
        for draw in (*each.draws, *past):
            booked = [
                entry
                for entry in story.ledger
                if (entry.owner_id, entry.line_no, entry.licence_no, entry.day)
                == (name, draw.line_no, draw.licence_no, draw.day)
            ]
            assert draw.quantity.value <= total(
                amount for entry in booked for amount in (entry.reserved, entry.consumed)
            )


def assert_no_limit_is_exceeded(story: Story) -> None:
    """Unless goods that are gone, without a release or in another size, took what had been promised (D4.7)."""
    today = shanghai_day(story.clock)
    licence = story.references.licence("M1")
    balance = story.accounts["M1"].lines.get(1) if "M1" in story.accounts else None
    assert isinstance(licence, Licence)
    if balance is None or any(took_more(story, shipment, "M1") for shipment in story.shipments.values()):
        return
    assert balance.days is not None
    for limit in licence.period_limits:
        allowed = in_unit(story.references, "MAG-ROD", limit.quantity, "KGM")
        assert allowed is not None
        for day, one in balance.days.items():
            if one.reserved:
                assert used_in(balance, span_of(limit.period, max(day, today)), today) <= allowed


def assert_the_draws_are_what_is_asked(story: Story, *, combine: bool) -> None:
    for shipment in story.shipments.values():
        facts = corrected_facts(shipment)
        if shipment.state is not ShipmentState.RELEASED or facts is None:
            continue
        for line in facts.lines:
            draws = [draw for draw in shipment.draws if draw.line_no == line.line_no]
            assert line.net_quantity is not None
            assert len({draw.licence_no for draw in draws}) == len(draws) <= (3 if combine else 1)
            if draws and line.value is not None:
                asked = in_unit(story.references, line.item_no, line.net_quantity, "KGM")
                assert sum(Fraction(draw.quantity.value) for draw in draws) == asked
                assert total(draw.value.amount for draw in draws) == line.value.amount
    for order in story.orders.values():
        _assert_reserves_no_more_than_is_ordered(story, order)


def _assert_reserves_no_more_than_is_ordered(story: Story, order: Order) -> None:
    for line in order.facts.lines if order.facts else ():
        reserved = [draw for draw in order.draws if draw.line_no == line.line_no and draw.balance is Balance.RESERVED]
        kilograms = sum((Fraction(draw.quantity.value) for draw in reserved), Fraction(0))
        ordered = in_unit(story.references, line.item_no, line.quantity or Quantity(Decimal(0), "KGM"), "KGM")
        assert ordered is not None
        assert kilograms <= ordered
