"""Names compared as D3.4 compares them: equal after normalisation, never merely alike."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

NAMES_REMEMBERED_MAX = 65_536

_LEFT_OUT = "PZC"
"""Unicode categories: punctuation, separators, control and format characters."""

_ASCII_LEFT_OUT = {code: None for code in range(128) if unicodedata.category(chr(code))[0] in _LEFT_OUT}


@lru_cache(maxsize=NAMES_REMEMBERED_MAX)
def normalise_name(name: str) -> str:
    """NFKC, case folding, punctuation and spaces removed; invisible format characters go with them.

    Normalising twice changes nothing more. A name of punctuation alone becomes "", which equals no other name.
    """
    if name.isascii():
        return name.lower().translate(_ASCII_LEFT_OUT)
    before, after = "", name
    while after != before:
        before = after
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", before).casefold())
        after = "".join(character for character in folded if unicodedata.category(character)[0] not in _LEFT_OUT)
    return after


def normalise_identifier(scheme: str, value: str) -> str:
    """One key for a register number however it is spaced: "LEI:529900alpha…"; "" when there is no value."""
    written = normalise_name(value)
    return f"{normalise_name(scheme)}:{written}" if written else ""
