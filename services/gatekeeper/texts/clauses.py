"""Articles in words: "ECR-18(2)" is "Regulations on Export Control of Dual-use Items art. 18(2)"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from services.gatekeeper.texts.marking import Phrase, phrase

CITATION = re.compile(r"(?P<law>ECL|ECR|NOTICE)-(?P<article>\d+)(?:\((?P<paragraph>\d+)\))?")
DIGITS = "零一二三四五六七八九"

LAWS: Mapping[str, Phrase] = {
    "ECL": phrase("law", "Export Control Law {articles}"),
    "ECR": phrase("law", "Regulations on Export Control of Dual-use Items {articles}"),
    "NOTICE": phrase("law", "Notice of the Ministry of Commerce of 12 February 2023 {articles}"),
}
ARTICLE = phrase("law", "art. {article}")
PARAGRAPH = phrase("law", "art. {article}({paragraph})")
SECTION = phrase("law", "section {article}")


def chinese_number(number: int) -> str:
    """As statutes write it, from 1 to 99: 18 is 十八."""
    tens, ones = divmod(number, 10)
    ten = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return ten + (DIGITS[ones] if ones or not tens else "")


def in_words(
    citations: Iterable[str],
    worded: Callable[[Phrase], str],
    numbered: Callable[[int], str],
    comma: str,
    semicolon: str,
) -> str:
    """All of `citations`, law by law in the order of their first mention; empty without any."""
    laws: dict[str, list[str]] = {}
    for citation in citations:
        found = CITATION.fullmatch(citation)
        if found is None:
            raise ValueError(f"no citation: {citation}")
        laws.setdefault(found["law"], []).append(_article(found, worded, numbered))
    return semicolon.join(worded(LAWS[law]).format(articles=comma.join(articles)) for law, articles in laws.items())


def _article(found: re.Match[str], worded: Callable[[Phrase], str], numbered: Callable[[int], str]) -> str:
    template = SECTION if found["law"] == "NOTICE" else PARAGRAPH if found["paragraph"] else ARTICLE
    numbers = {name: numbered(int(digits)) for name, digits in found.groupdict().items() if name != "law" and digits}
    return worded(template).format(**numbers)
