"""What an order keeps of several licences, when parts of it can't be converted or valued (D3.7, D4.1)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw, Order
from services.gatekeeper.domain.order_shares import Moved
from services.gatekeeper.domain.reservations import wanted_draws
from tests.domain.builders import draw, order, rate, references, take

ON_TWO = (draw("300 KGM", "5400 USD"), draw("200 KGM", "3600 USD", licence_no="M1"))
HALF = (take("S1", "250 KGM", value="4500 USD"),)


def wanted(known: Order, *rules: object, moved: Moved | None = None) -> list[tuple[str, str]]:
    found: tuple[Draw, ...] = wanted_draws(known, references(*rules), moved or {})  # type: ignore[arg-type]
    return [(f"{one.quantity.value:f}", f"{one.value.amount:f}") for one in found]


def test_it_shrinks_from_the_last_and_grows_there() -> None:
    assert wanted(order(draws=ON_TWO, takes=HALF)) == [("250", "4500"), ("0", "0")]
    assert wanted(order((1, "SM-OXIDE", "600 KGM", "10800 USD"), draws=ON_TWO)) == [("300", "5400"), ("300", "5400")]


def test_it_shrinks_where_a_shipment_draws_more() -> None:
    moved = {(1, "L1", 1): Fraction(250)}
    assert wanted(order(draws=ON_TWO, takes=HALF), moved=moved) == [("50", "900"), ("200", "3600")]
    assert wanted(order(draws=ON_TWO), moved={(1, "L1", 1): Fraction(-10)}) == [("310", "5580"), ("190", "3420")]


def test_all_taken_leaves_nothing() -> None:
    assert wanted(order(draws=ON_TWO, takes=(take("S1", "500 KGM"),))) == [("0", "0"), ("0", "0")]


def test_what_can_not_be_converted_stays() -> None:
    pieces = (draw("300 KGM", "5400 USD"), draw("4 XYZ", "3600 USD", licence_no="M1"))
    assert wanted(order(draws=pieces, takes=HALF)) == [("300", "5400"), ("4", "3600")]
    known = order(draws=ON_TWO)
    assert known.facts is not None
    (line,) = known.facts.lines
    unsaid = replace(known, facts=replace(known.facts, lines=(replace(line, quantity=None),)))
    assert wanted(unsaid) == [("300", "5400"), ("200", "3600")]


def test_values_follow_at_the_rate_that_was_reserved_or_stay() -> None:
    euros = rate("USD", "EUR", "0.5", "2026-03-01")
    valued = (draw("300 KGM", "5400 USD"), draw("200 KGM", "1800 EUR", licence_no="M1", rate_id=euros.rate_id))
    assert wanted(order((1, "SM-OXIDE", "600 KGM", "10800 USD"), draws=valued), euros) == [
        ("300", "5400"), ("300", "2700"),
    ]  # fmt: skip
    assert wanted(order((1, "SM-OXIDE", "600 KGM", "10800 USD"), draws=valued)) == [("300", "5400"), ("300", "1800")]
