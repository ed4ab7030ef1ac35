"""The gettext catalogues, read straight from their .po files with Babel, once for each process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.gatekeeper.texts.marking import Phrase

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "holdgate"
ENGLISH, CHINESE = "en", "zh"
LOCALE_OF = {ENGLISH: "en", CHINESE: "zh_CN"}


def po_file(locale: str) -> Path:
    return LOCALES / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def catalogue(language: str) -> Mapping[tuple[str, str], str]:
    """(context, English phrase) -> the phrase in `language`, "en" or "zh". OSError without the catalogue."""
    from babel.messages.pofile import read_po

    locale = LOCALE_OF[language]
    with po_file(locale).open("rb") as file:
        messages = read_po(file, locale=locale, domain=DOMAIN)
    return {
        (message.context or "", message.id): message.string
        for message in messages
        if message.id
        and isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.string
        and not message.fuzzy
    }


def worded(language: str, phrase: Phrase) -> str:
    """`phrase` in `language`, its placeholders as they stand; its English where the catalogue doesn't have it."""
    return catalogue(language).get((phrase.context, phrase.english), phrase.english)
