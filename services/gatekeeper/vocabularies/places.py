"""Names of countries, customs territories and currencies: those of Unicode CLDR, ours where CLDR isn't to be used.

Documents of the PRC name Hong Kong, Macao and Taiwan as parts of China that are customs territories of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from babel import Locale

from schemas.vocabulary import COUNTRIES, CURRENCIES
from services.gatekeeper.vocabularies.names import Names

CUSTOMS_TERRITORIES: Final[Mapping[str, Names]] = {
    "HK": Names("Hong Kong, China", "中国香港"),
    "MO": Names("Macao, China", "中国澳门"),
    "TW": Names("Taiwan, China", "中国台湾"),
}

NEW_CURRENCIES: Final[Mapping[str, Names]] = {
    "XCG": Names("Caribbean guilder", "加勒比盾"),
    "ZWG": Names("Zimbabwe Gold", "津巴布韦黄金"),
}
"""Younger than the Chinese names of CLDR."""


def _named(
    codes: Iterable[str], english: Mapping[str, str], chinese: Mapping[str, str], ours: Mapping[str, Names]
) -> dict[str, Names]:
    return {code: ours[code] if code in ours else Names(english[code], chinese[code]) for code in sorted(codes)}


@cache
def countries() -> Mapping[str, Names]:
    """Every code of ISO 3166-1 alpha-2 that the wire accepts."""
    return _named(COUNTRIES, Locale("en").territories, Locale("zh").territories, CUSTOMS_TERRITORIES)


@cache
def currencies() -> Mapping[str, Names]:
    """Every code of ISO 4217 that the wire accepts."""
    return _named(CURRENCIES, Locale("en").currencies, Locale("zh").currencies, NEW_CURRENCIES)
