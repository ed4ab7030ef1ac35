"""A licence line that the licence's newest version no longer has, as the goods see it that left on it (D1.6, D1.7)."""

from __future__ import annotations

from decimal import Decimal

from services.gatekeeper.domain.accounts import LineBalance
from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.candidates import Candidate
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.catch_all import left_as
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.leaving import released_lines
from services.gatekeeper.domain.quantity import EXACT, Money, Quantity
from services.gatekeeper.domain.room import own_draws, place_of
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine

Sizes = tuple[Decimal, Decimal]
"""Quantity and value, in the unit and currency of the draw."""


def dropped_line(case: Case, line: CaseLine, licence: Licence, booked: Draw) -> Candidate:
    """`licence` with the line on which it is `booked`, as far as that still stands: for what was released, no more.

    It covers the very item that was released: that its licence no longer has the line is no changed fact. What left
    while held fits no line that isn't there (D1.6). It gives what the release gave, and it answers no notice (D6.6).
    """
    quantity, value = _granted(case, line, booked)
    stands = LicenceLine(
        booked.licence_line,
        (),
        (),
        Quantity(quantity, booked.quantity.unit),
        Money(value, booked.value.currency),
    )
    left = left_as(case, line)
    is_same_item = left is not None and left.item_no == line.item_no
    return Candidate(evolve(licence, answers_notices=()), stands, is_same_item)


def _granted(case: Case, line: CaseLine, booked: Draw) -> Sizes:
    """What others have there, and what the release gave there to `line` and those before it, which are served first."""
    key = place_of(booked)
    balance = case.accounts[key[0]].lines.get(key[1], LineBalance(key[1]))
    quantity = EXACT.add(balance.reserved, balance.consumed)
    value = EXACT.add(balance.value_reserved, balance.value_consumed)
    for draw in own_draws(case):
        if place_of(draw) == key:
            quantity = EXACT.subtract(quantity, draw.quantity.value)
            value = EXACT.subtract(value, draw.value.amount)
    for known in released_lines(case):
        for licence_no, licence_line, given, worth in known.given if known.line_no <= line.line_no else ():
            if (licence_no, licence_line) == key and _is_counted_alike(given, worth, booked):
                quantity, value = EXACT.add(quantity, given.value), EXACT.add(value, worth.amount)
    return quantity, value


def _is_counted_alike(given: Quantity, worth: Money, booked: Draw) -> bool:
    return (given.unit, worth.currency) == (booked.quantity.unit, booked.value.currency)
