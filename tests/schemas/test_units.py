"""Spellings of units: read as their code at the edge, and never guessed."""

from __future__ import annotations

import json

import pytest

from schemas.orders import OrderUpserted
from schemas.references import ItemUpserted
from schemas.units import ALIASES, AMBIGUOUS, SPELLINGS, normalised
from schemas.values import Quantity
from services.gatekeeper.domain.units import DIMENSIONS, UNITS

CUSTOMS = {
    "001": "H87", "007": "C62", "011": "H87", "025": "PR", "030": "MTR", "032": "MTK", "033": "MTQ", "035": "KGM",
    "036": "GRM", "043": "CEN", "047": "DTN", "054": "MIL", "062": "KWH", "063": "K6", "067": "FOT", "070": "TNE",
    "071": "LTN", "072": "STN", "076": "LBR", "078": "CWI", "079": "CWA", "084": "CTM", "086": "YRD", "088": "INH",
    "095": "LTR", "096": "MLT", "097": "GLI", "098": "GLL", "099": "FTQ", "110": "YDK", "111": "FTK", "127": "DZN",
    "129": "GRO", "147": "KMT",
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(CUSTOMS))
def test_a_customs_code_is_read_as_its_unit(code: str) -> None:
    assert normalised(code) == CUSTOMS[code]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("kg", "KGM"), ("KG", "KGM"), ("千克", "KGM"), ("公斤", "KGM"), ("g", "GRM"), ("克", "GRM"), ("t", "TNE"),
        ("吨", "TNE"), ("L", "LTR"), ("升", "LTR"), ("m", "MTR"), ("米", "MTR"), ("个", "C62"), ("件", "H87"),
        ("台", "H87"), ("kWh", "KWH"), ("千瓦时", "KWH"), ("m²", "MTK"), ("㎡", "MTK"), ("㎏", "KGM"), ("ｋｇ", "KGM"),
        ("０３５", "KGM"), (" kg ", "KGM"), ("µg", "MC"), ("m³", "MTQ"), ("MJ", "3B"), ("lb", "LBR"), ("NMB", "C62"),
    ],
)  # fmt: skip
def test_a_spelling_of_the_trade_is_read_as_its_code(written: str, code: str) -> None:
    assert normalised(written) == code


@pytest.mark.parametrize("written", ["BUSHEL", "kgm", "ＫＧＭ！", "36", "35", "0035", " ", "套", "XYZ "])
def test_a_unit_nobody_knows_stays_as_it_is(written: str) -> None:
    assert normalised(written) == written


@pytest.mark.parametrize("written", sorted(AMBIGUOUS))
def test_what_could_mean_two_things_is_not_guessed(written: str) -> None:
    assert normalised(written) == written
    assert written not in UNITS


def test_every_code_stays_itself_and_every_spelling_leads_to_a_unit_that_converts() -> None:
    assert {unit: normalised(unit) for unit in UNITS} == {unit: unit for unit in UNITS}
    assert set(ALIASES.values()) == set(SPELLINGS) <= set(UNITS)
    assert len(ALIASES) == sum(len(spellings.split()) for spellings in SPELLINGS.values())


def test_every_dimension_has_a_chinese_spelling_of_its_base() -> None:
    assert all(not SPELLINGS[base].isascii() for base in DIMENSIONS)


def test_what_is_kept_of_an_event_has_the_code_and_not_the_spelling() -> None:
    quantity = Quantity.model_validate_json('{"value": "500", "unit": "千克"}')
    assert quantity.model_dump_json() == '{"value":"500","unit":"KGM"}'


def test_the_same_order_in_other_spellings_is_the_same_content() -> None:
    def order(unit: str) -> OrderUpserted:
        line = {"line_no": 1, "item_no": "A", "quantity": {"value": "5", "unit": unit}}
        return OrderUpserted.model_validate_json(json.dumps({"order_id": "O1", "version": 1, "lines": [line]}))

    assert order("035") == order("kg") == order("KGM") != order("GRM")


def test_two_spellings_of_one_factor_are_two_factors_between_the_same_units() -> None:
    factors = [{"unit": unit, "equals": {"value": "2", "unit": "KGM"}} for unit in ("个", "C62")]
    with pytest.raises(ValueError, match="two factors between the same units"):
        ItemUpserted.model_validate_json(json.dumps({"item_no": "A", "version": 1, "unit_factors": factors}))
