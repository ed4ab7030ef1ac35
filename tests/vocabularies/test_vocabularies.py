"""Every code has its names in both languages, and the pages say what the tables say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from schemas.vocabulary import COUNTRIES, CURRENCIES
from services.gatekeeper.domain import vocabulary
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.units import DIMENSIONS, UNITS
from services.gatekeeper.pipeline.wire_out import ROLES
from services.gatekeeper.vocabularies import pages, places, reasons, states, units
from services.gatekeeper.vocabularies.names import Names, name_of
from services.gatekeeper.vocabularies.units_left_out import LEFT_OUT

TABLES = [
    pytest.param(places.countries(), COUNTRIES, id="countries"),
    pytest.param(places.currencies(), CURRENCIES, id="currencies"),
    pytest.param(units.UNITS, UNITS, id="units"),
    pytest.param(units.DIMENSIONS, DIMENSIONS, id="dimensions"),
    pytest.param(reasons.REASONS, Reason, id="reasons"),
    pytest.param(states.MILESTONES, vocabulary.Milestone, id="milestones"),
    pytest.param(states.CLASSIFIERS, vocabulary.Classifier, id="classifiers"),
    pytest.param(states.SHIPMENT_STATES, [*vocabulary.ShipmentState, "UNKNOWN"], id="shipment states"),
    pytest.param(states.ORDER_STATES, vocabulary.OrderState, id="order states"),
    pytest.param(states.DIRECTIVES, ["PROCEED", "STOP", "RECALL", "NONE"], id="directives"),
    pytest.param(states.ROLES, ROLES, id="roles"),
    pytest.param(states.MOVEMENTS, vocabulary.Movement, id="movements"),
]
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(("table", "codes"), TABLES)
def test_every_code_has_an_english_and_a_chinese_name_of_its_own(
    table: Mapping[str, Names], codes: frozenset[str]
) -> None:
    assert set(table) == {str(code) for code in codes}
    assert all(names.en and not HAN.search(names.en) and HAN.search(names.zh) for names in table.values())
    assert len({names.en for names in table.values()}) == len({names.zh for names in table.values()}) == len(table)


def test_units_and_reasons_stand_in_the_order_of_their_tables() -> None:
    assert list(units.UNITS) == list(UNITS)
    assert list(reasons.REASONS) == list(Reason)


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("HK", "Hong Kong, China", "中国香港"),
        ("MO", "Macao, China", "中国澳门"),
        ("TW", "Taiwan, China", "中国台湾"),
        ("DE", "Germany", "德国"),
    ],
)
def test_customs_territories_of_china_are_named_as_such(code: str, english: str, chinese: str) -> None:
    assert name_of(code, places.countries(), "en") == english
    assert name_of(code, places.countries(), "zh_CN") == chinese


def test_a_code_without_a_name_is_shown_as_it_is() -> None:
    assert name_of("NEW_REASON", reasons.REASONS, "en") == "NEW_REASON"
    assert name_of("STOP_NOTICE", reasons.REASONS, "zh-Hans") == "停止出口通知"
    assert name_of("CNY", places.currencies(), "zh") == "人民币"


def test_what_is_left_out_is_left_out_and_named_once() -> None:
    codes = [code for group, _ in LEFT_OUT for code in group.split()]
    assert not set(codes) & set(UNITS)
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("name", sorted(pages.PAGES))
def test_a_page_says_what_the_tables_say(name: str) -> None:
    committed = (pages.DOCS / name).read_text(encoding="utf-8")
    assert committed == pages.PAGES[name](), "run python -m services.gatekeeper.vocabularies.pages"


def test_the_pages_are_written_whole(tmp_path: Path) -> None:
    pages.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(pages.PAGES)
