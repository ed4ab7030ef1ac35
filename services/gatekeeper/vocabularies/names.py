"""A name in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Names(NamedTuple):
    """One code's name, English and Chinese."""

    en: str
    zh: str


def name_of(code: str, table: Mapping[str, Names], language: str) -> str:
    """The name of `code` in `language` ("zh", "zh_CN", "zh-Hans" …: Chinese, any other: English), else the code."""
    names = table.get(code)
    if names is None:
        return code
    return names.zh if language.lower().startswith("zh") else names.en
