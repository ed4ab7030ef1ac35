"""The table of units against what the Recommendation prints, and against the definitions behind it (D3.9)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from services.gatekeeper.domain.quantity import Quantity, convert, known_unit
from services.gatekeeper.domain.units import DIMENSIONS, UNITS

PRINTED = {
    # mass in kg
    "LBR": "0.45359237", "ONZ": "2.834952e-2", "GRN": "64.79891e-6", "STI": "6.350293",
    "QTR": "12.70059", "CWI": "50.80235", "LTN": "1.016047e3", "CWA": "45.3592", "CNT": "45.359237",
    "STN": "0.9071847e3", "LBT": "373.2417e-3", "DWT": "1.555174e-3", "F13": "1.459390e1",
    "M85": "2.916667e-2", "M86": "0.5", "CTM": "200e-6", "DTN": "1e2", "KTN": "1e6", "2U": "1e3", "TNE": "1e3",
    "HGM": "1e-1", "DJ": "1e-2", "GRM": "1e-3", "DG": "1e-4", "CGM": "1e-5", "MGM": "1e-6", "MC": "1e-9",
    # volume in m³
    "INQ": "16.387064e-6", "FTQ": "2.831685e-2", "YDQ": "0.764555", "M69": "4.168182e9", "L84": "1.1893",
    "L86": "1.1326", "M70": "2.831685", "M68": "3.624556", "M67": "1.233489e3", "QTI": "1.1365225e-3",
    "PTI": "5.68261e-4", "GII": "1.420653e-4", "OZI": "2.841306e-5", "L43": "9.092181e-3", "BUI": "3.636872e-2",
    "J57": "0.15911315", "GLL": "3.785412e-3", "QTL": "9.463529e-4", "QT": "0.9463529e-3", "PTL": "4.731765e-4",
    "PT": "4.73176e-4", "GIA": "1.182941e-4", "OZA": "2.957353e-5", "G21": "2.365882e-4", "G24": "1.478676e-5",
    "G25": "4.928922e-6", "BLL": "158.9873e-3", "BUA": "3.523907e-2", "G23": "8.809768e-3", "GLD": "4.404884e-3",
    "QTD": "1.101221e-3", "PTD": "5.506105e-4", "BLD": "1.15627e-1", "R9": "1e3", "DMA": "1e3", "H19": "1e6",
    "H20": "1e9", "MAL": "1e3", "A44": "1e-2", "HLT": "1e-1", "DLT": "1e-4", "CLT": "1e-5", "MLT": "1e-6",
    "4G": "1e-9", "Q34": "1e-12", "Q33": "1e-15", "Q32": "1e-18", "CMQ": "1e-6", "MMQ": "1e-9", "DMQ": "1e-3",
    "LTR": "1e-3", "K6": "1", "G26": "1",
    # length in m
    "INH": "25.4e-3", "M7": "25.4e-9", "77": "25.4e-6", "H82": "0.3527778e-3", "H80": "4.445e-2", "FOT": "0.3048",
    "YRD": "0.9144", "AK": "1.8288", "X1": "20.1168", "M50": "2.01168e2", "SMI": "1609.344", "M51": "3.048006e-1",
    "M49": "2.011684e1", "M52": "1.609347e3", "NMI": "1852", "H79": "0.333333333e-3", "A12": "1.49597870e11",
    "B57": "9.46073e15", "A11": "1e-10", "C45": "1e-9", "C52": "1e-12", "A71": "1e-15", "4H": "1e-6", "MAM": "1e6",
    "DMT": "1e-1", "CMT": "1e-2", "MMT": "1e-3", "A45": "10", "HMT": "1e2", "KMT": "1e3",
    # area in m²
    "INK": "6.4516e-4", "FTK": "9.290304e-2", "YDK": "8.361274e-1", "MIK": "2.589988e6", "M48": "2.589998e6",
    "A14": "1e-28", "H30": "1e-12", "ARE": "1e2", "H16": "1e2", "DAA": "1e3", "HAR": "1e4", "H18": "1e4",
    "KMK": "1e6", "DMK": "1e-2", "CMK": "1e-4", "MMK": "1e-6",
    # energy in J
    "BTU": "1.055056e3", "N70": "1.055056e18", "N72": "1.054804e8", "85": "1.355818", "N46": "4.214011e-2",
    "D70": "4.1868", "E14": "4.1868e3", "D35": "4.184", "K53": "4.184e3", "A57": "1e-7",
    "WHR": "3.6e3", "KWH": "3.6e6", "MWH": "3.6e9", "GWH": "3.6e12", "D32": "3.6e15", "J55": "1", "KJO": "1e3",
    "3B": "1e6", "GV": "1e9", "D30": "1e12", "C68": "1e15", "A68": "1e18", "C15": "1e-3", "A70": "1e-15",
    "A13": "1e-18",
    # count
    "PR": "2", "DZN": "12", "SCO": "20", "CEN": "100", "GRO": "144", "GGR": "1728", "MIL": "1e3", "MIO": "1e6",
    "MLD": "1e9", "BIL": "1e12", "TRL": "1e18",
}  # fmt: skip
"""Factors to the base as the Recommendation prints them: mostly seven digits, rounded."""

OTHERWISE_PRINTED = {
    "GLI": "4.546092e-3", "A53": "1.602176487e-19", "DRI": "1.771745e-3", "SCR": "1.295982e-3", "N47": "3.511677e-3",
}  # fmt: skip
"""Printed by the Recommendation, though the unit was defined anew since (UK gallon, SI of 2019) or a digit is off."""


@pytest.mark.parametrize("unit", sorted(PRINTED))
def test_a_factor_is_what_the_recommendation_prints(unit: str) -> None:
    exact, printed = UNITS[unit][1], Decimal(PRINTED[unit])
    exponent = printed.as_tuple().exponent
    assert isinstance(exponent, int)
    # Half a unit of its last digit, or a whole one: some are cut off instead of rounded.
    assert abs(exact - Fraction(printed)) <= Fraction(10) ** exponent


@pytest.mark.parametrize("unit", sorted(OTHERWISE_PRINTED))
def test_where_the_recommendation_prints_another_factor_the_definition_counts(unit: str) -> None:
    assert 0 < abs(UNITS[unit][1] / Fraction(OTHERWISE_PRINTED[unit]) - 1) < Fraction(1, 10_000)


@pytest.mark.parametrize(
    ("number", "unit", "equals", "other"),
    [
        (7000, "GRN", 1, "LBR"), (480, "GRN", 1, "APZ"), (12, "APZ", 1, "LBT"), (24, "GRN", 1, "DWT"),
        (20, "GRN", 1, "SCR"), (256, "DRI", 1, "LBR"), (14, "LBR", 1, "STI"), (2, "STI", 1, "QTR"),
        (4, "QTR", 1, "CWI"), (20, "CWI", 1, "LTN"), (2240, "LBR", 1, "LTN"), (2000, "LBR", 1, "STN"),
        (100, "LBR", 1, "CWA"), (1, "CNT", 1, "CWA"), (5000, "CTM", 1, "KGM"), (2, "M86", 1, "KGM"),
        (231, "INQ", 1, "GLL"), (1, "WG", 1, "GLL"), (4, "QTL", 1, "GLL"), (8, "PTL", 1, "GLL"), (1, "PT", 1, "PTL"),
        (1, "QT", 1, "QTL"), (32, "GIA", 1, "GLL"), (128, "OZA", 1, "GLL"), (16, "G21", 1, "GLL"),
        (2, "G24", 1, "OZA"), (3, "G25", 1, "G24"), (42, "GLL", 1, "BLL"), (215042, "INQ", 100, "BUA"),
        (4, "G23", 1, "BUA"), (2, "GLD", 1, "G23"), (4, "QTD", 1, "GLD"), (2, "PTD", 1, "QTD"),
        (7056, "INQ", 1, "BLD"), (4, "QTI", 1, "GLI"), (2, "PTI", 1, "QTI"), (4, "GII", 1, "PTI"),
        (5, "OZI", 1, "GII"), (2, "GLI", 1, "L43"), (4, "L43", 1, "BUI"), (35, "GLI", 1, "J57"), (36, "GLI", 1, "B4"),
        (1728, "INQ", 1, "FTQ"), (27, "FTQ", 1, "YDQ"), (42, "FTQ", 1, "L84"), (40, "FTQ", 1, "L86"),
        (100, "FTQ", 1, "M70"), (128, "FTQ", 1, "M68"), (100, "FTQ", 1, "HH"), (10, "HH", 1, "FC"),
        (1760**3, "YDQ", 1, "M69"), (100, "MTQ", 1, "FF"), (1000, "R9", 1, "HMQ"),
        (12, "INH", 1, "FOT"), (3, "FOT", 1, "YRD"), (1000, "77", 1, "INH"), (1000, "M7", 1, "77"),
        (72, "H82", 1, "INH"),
        (4, "H80", 7, "INH"), (2, "YRD", 1, "AK"), (22, "YRD", 1, "X1"), (10, "X1", 1, "M50"), (8, "M50", 1, "SMI"),
        (3937, "M51", 1200, "MTR"), (66, "M51", 1, "M49"), (5280, "M51", 1, "M52"), (3, "H79", 1, "MMT"),
        (1, "LM", 1, "MTR"), (1, "LF", 1, "FOT"), (1, "LY", 1, "YRD"), (1, "JPS", 1, "HMT"),
        (144, "INK", 1, "FTK"), (9, "FTK", 1, "YDK"), (1000, "INK", 1, "TI"), (100, "FTK", 1, "SQR"),
        (31360, "INK", 1, "BB"), (1760**2, "YDK", 1, "MIK"), (1, "56", 100, "MTK"),
        (1000, "D70", 1, "E14"), (1000, "D35", 1, "K53"), (10**15, "BTU", 1, "N70"), (10**3, "A53", 1, "B29"),
        (10**3, "B29", 1, "B71"), (10**3, "B71", 1, "A85"), (12, "N47", 1, "N46"), (1000, "KWH", 1, "MWH"),
        (1, "H87", 1, "C62"), (1, "NAR", 1, "EA"), (1, "NPR", 1, "PR"), (10, "PR", 1, "TPR"), (12, "PR", 1, "DPR"),
        (1, "DPC", 1, "DZN"), (12, "GRO", 1, "GGR"), (1, "HC", 1, "CEN"), (1, "T3", 1, "MIL"),
    ],
)  # fmt: skip
def test_units_stand_to_each_other_as_they_are_defined(number: int, unit: str, equals: int, other: str) -> None:
    assert convert(Quantity(Decimal(number), unit), other) == equals


def test_an_acre_foot_is_an_acre_by_the_survey_foot_one_foot_deep() -> None:
    assert UNITS["M67"][1] == 43560 * UNITS["M51"][1] ** 3
    assert UNITS["M48"][1] == UNITS["M52"][1] ** 2


def test_heat_and_work_follow_from_pound_foot_and_standard_gravity() -> None:
    pound, foot, gravity = UNITS["LBR"][1], UNITS["FOT"][1], Fraction("9.80665")
    assert UNITS["85"][1] == pound * foot * gravity
    assert UNITS["N46"][1] == pound * foot**2
    assert UNITS["F13"][1] == pound * gravity / foot
    # A Btu (IT) heats a pound by 5/9 K at 4186.8 J/(kg K).
    assert UNITS["BTU"][1] == pound * Fraction(5, 9) * Fraction("4186.8")


def test_an_assay_ton_holds_as_many_milligrams_as_a_short_ton_has_troy_ounces() -> None:
    assert UNITS["M85"][1] / UNITS["MGM"][1] == UNITS["STN"][1] / UNITS["APZ"][1]


def test_the_uk_gallon_the_troy_ounce_and_the_electronvolt_are_those_in_force() -> None:
    assert UNITS["GLI"] == ("MTQ", Fraction("0.00454609"))
    # The Recommendation prints 3.110348 × 10⁻³ kg, a tenth of the ounce.
    assert UNITS["APZ"] == ("KGM", Fraction("0.0311034768"))
    assert UNITS["A53"] == ("JOU", Fraction("1.602176634e-19"))


def test_no_unit_stands_in_two_dimensions_and_every_base_is_one_of_itself() -> None:
    assert sum(len(table) for table in DIMENSIONS.values()) == len(UNITS)
    assert {base: UNITS[base] for base in DIMENSIONS} == {base: (base, Fraction(1)) for base in DIMENSIONS}
    assert all(factor > 0 for _, factor in UNITS.values())


@pytest.mark.parametrize(
    "unit",
    ["BX", "SET", "LO", "CY", "KGM ", "kgm", "ACR", "DRA", "BFT", "NT", "58", "M47", "WSD", "QR", "RM", "E11", "P5"],
)
def test_what_depends_on_the_item_or_isnt_exact_is_no_known_unit(unit: str) -> None:
    assert not known_unit(unit)
