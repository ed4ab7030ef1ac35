"""The gettext catalogues, read straight from their .po files with Babel, once for each process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from services.gatekeeper.texts.marking import Phrase

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "holdgate"
ENGLISH, CHINESE = "en", "zh"
LOCALE_OF = {ENGLISH: "en", CHINESE: "zh_CN"}


def po_file(locale: str) -> Path:
    return LOCALES / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def catalogue(language: str) -> Mapping[tuple[str, str], str]:
    """(context, English phrase) -> the phrase in `language`, "en" or "zh"; an English plural has its own entry.

    Chinese words one as it words many. OSError without the catalogue.
    """
    from babel.messages.pofile import read_po

    locale = LOCALE_OF[language]
    with po_file(locale).open("rb") as file:
        messages = read_po(file, locale=locale, domain=DOMAIN)
    return {
        (message.context or "", english): said
        for message in messages
        if message.id and not message.fuzzy
        for english, said in zip_longest(forms(message.id), forms(message.string), fillvalue=forms(message.string)[-1])
        if said
    }


def forms(wording: Any) -> tuple[str, ...]:
    """Of what Babel holds of a message, its id or its string: one form, or singular and plural; "" where none is."""
    return (wording or "",) if isinstance(wording, str | None) else tuple(form or "" for form in wording)


def worded(language: str, phrase: Phrase) -> str:
    """`phrase` in `language`, its placeholders as they stand; its English where the catalogue doesn't have it."""
    return catalogue(language).get((phrase.context, phrase.english), phrase.english)
