from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.quantity import (
    EXACT,
    Money,
    Quantity,
    convert,
    known_unit,
    show,
    show_money,
    to_decimal,
)
from services.gatekeeper.domain.rule_entities import UnitFactor

PIECE = UnitFactor("C62", Quantity(Decimal("2.5"), "KGM"))
AMOUNTS = st.decimals("0.000001", "1e15", places=6)


def qty(value: str, unit: str) -> Quantity:
    return Quantity(Decimal(value), unit)


@pytest.mark.parametrize(
    ("given_quantity", "unit", "expected"),
    [
        (qty("1", "LBR"), "KGM", "0.45359237"),
        (qty("1.000001", "TNE"), "KGM", "1000.001"),
        (qty("1", "ONZ"), "GRM", "28.349523125"),
        (qty("16", "ONZ"), "LBR", "1"),
        (qty("1", "STN"), "LBR", "2000"),
        (qty("1", "LTN"), "LBR", "2240"),
        (qty("3", "MTQ"), "LTR", "3000"),
        (qty("1", "GLL"), "LTR", "3.785411784"),
        (qty("2", "DZN"), "C62", "24"),
        (qty("4", "PR"), "EA", "8"),
    ],
)
def test_units_of_one_dimension_convert_exactly(given_quantity: Quantity, unit: str, expected: str) -> None:
    assert convert(given_quantity, unit) == Fraction(expected)


def test_pieces_become_mass_only_through_the_items_factor() -> None:
    assert convert(qty("400", "C62"), "KGM") is None
    assert convert(qty("400", "C62"), "KGM", [PIECE]) == 1000
    assert convert(qty("2", "DZN"), "TNE", [PIECE]) == Fraction("0.06")


def test_a_factor_may_be_given_in_any_unit_of_its_two_dimensions() -> None:
    by_the_dozen = [UnitFactor("DZN", qty("600", "GRM"))]
    assert convert(qty("40", "C62"), "KGM", by_the_dozen) == 2
    assert convert(qty("2", "KGM"), "C62", by_the_dozen) == 40


def test_a_factor_that_names_the_unit_is_taken_before_one_of_another_and_one_of_nothing_before_none() -> None:
    by_the_dozen = UnitFactor("DZN", qty("24", "KGM"))
    assert convert(qty("10", "C62"), "KGM", [by_the_dozen, PIECE]) == 25
    assert convert(qty("10", "KGM"), "DZN", [PIECE, by_the_dozen]) == Fraction(10, 24)
    assert convert(qty("10", "C62"), "KGM", [UnitFactor("C62", qty("0", "LTR")), PIECE]) == 25


def test_a_factor_is_read_in_both_directions() -> None:
    assert convert(qty("1000", "KGM"), "EA", [PIECE]) == 400


def test_two_factors_chain_over_three_dimensions() -> None:
    factors = [PIECE, UnitFactor("LTR", qty("0.5", "KGM"))]
    assert convert(qty("1", "C62"), "LTR", factors) == 5


def test_a_package_that_only_the_item_knows_converts() -> None:
    assert convert(qty("3", "BX"), "KGM", [UnitFactor("BX", qty("20", "KGM"))]) == 60


def test_a_unit_nobody_knows_converts_into_nothing_not_even_itself() -> None:
    assert convert(qty("1", "XYZ"), "KGM", [PIECE]) is None
    assert convert(qty("1", "XYZ"), "XYZ") is None
    assert not known_unit("XYZ")


def test_a_factor_never_overrules_the_table() -> None:
    assert convert(qty("1", "TNE"), "KGM", [UnitFactor("TNE", qty("900", "KGM"))]) == 1000


@given(AMOUNTS, st.sampled_from(["KGM", "LBR", "ONZ", "TNE", "MTQ", "GLL", "C62", "PR"]), st.data())
def test_there_and_back_again_is_the_same_quantity(value: Decimal, unit: str, data: st.DataObject) -> None:
    factors = [PIECE, UnitFactor("LTR", qty("0.7", "KGM"))]
    other = data.draw(st.sampled_from(["GRM", "LTR", "DZN", "LTN"]))
    there = convert(Quantity(value, unit), other, factors)
    one_back = convert(Quantity(Decimal(1), other), unit, factors)
    assert there is not None
    assert one_back is not None
    assert there * one_back == Fraction(value)


@given(st.fractions(min_value=0, max_value=10**20))
def test_a_decimal_of_a_fraction_is_never_less_and_at_most_the_24th_place_more(value: Fraction) -> None:
    written = Fraction(to_decimal(value))
    assert value <= written < value + Fraction(1, 10**24)
    assert written == value or (value * 10**24).denominator != 1


def test_a_third_is_written_to_the_24th_place_and_rounded_up_there() -> None:
    assert str(to_decimal(Fraction(1, 3))) == f"0.{'3' * 23}4"


def test_what_is_rounded_up_to_a_round_number_is_written_out() -> None:
    for whole in (1, 10, 100):
        assert str(to_decimal(whole - Fraction(1, 10**30))) == str(whole)


@given(AMOUNTS)
def test_a_finite_value_is_written_as_it_is(value: Decimal) -> None:
    assert to_decimal(Fraction(value)) == value


def test_sums_beyond_28_digits_stay_exact() -> None:
    big = Decimal("123456789012345678901234567890.000000000000000000000001")
    assert EXACT.subtract(EXACT.add(big, Decimal("0.1")), Decimal("0.1")) == big


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1000.001", "1000.001 KGM"),
        ("1E+3", "1000 KGM"),
        ("12.500", "12.5 KGM"),
        ("0", "0 KGM"),
        ("1E-7", "0.0000001 KGM"),
    ],
)
def test_a_quantity_is_shown_plainly(value: str, shown: str) -> None:
    assert show(qty(value, "KGM")) == shown


def test_money_keeps_its_cents() -> None:
    assert show_money(Money(Decimal("180000.00"), "USD")) == "180000.00 USD"
