"""What a hold tells people, in English and in Chinese: the reason, what was asked, what there is, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from string import Formatter

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.reason_phrases import PHRASES, Phrase
from services.gatekeeper.domain.reason_words import FIELDS_ZH, WORDS

ENGLISH, CHINESE = "en", "zh"
TEXT_LENGTH_MAX = 600
"""Notices may be long; the whole of them is in the notice itself."""

_WHERE: tuple[Phrase, ...] = (
    ("line {line_no}", "第{line_no}项货物"),
    ("order {order_id}", "订单{order_id}"),
    ("licence {licence_no}", "许可证{licence_no}"),
)


def text(finding: Finding) -> dict[str, str]:
    """{"en": …, "zh": …} for a finding or hold of any reason; what its detail lacks is left out."""
    facts = {**finding.detail, **{key: str(value) for key, value in finding.subject}}
    return {
        ENGLISH: _sentence(finding, facts, 0, ", ", ": ", "; ", "."),
        CHINESE: _sentence(finding, facts, 1, "，", "：", "；", "。"),
    }


def _sentence(
    finding: Finding, facts: Mapping[str, str], language: int, comma: str, colon: str, semicolon: str, stop: str
) -> str:
    """ "Line 1, licence L1: <reason>: <detail>; <detail>." """
    base, *details = PHRASES[finding.reason]
    where = comma.join(_said(_WHERE, facts, language))
    told = semicolon.join(_said(details, facts, language))
    parts = [part for part in (where, base[language], told) if part]
    sentence = colon.join(parts)
    if len(sentence) > TEXT_LENGTH_MAX:
        sentence = sentence[: TEXT_LENGTH_MAX - 1] + "…"
    return sentence[0].upper() + sentence[1:] + stop


def _said(phrases: tuple[Phrase, ...] | list[Phrase], facts: Mapping[str, str], language: int) -> list[str]:
    """Those phrases for which every fact is there."""
    said = []
    for phrase in phrases:
        template = phrase[language]
        fields = _fields(template)
        if all(facts.get(name) for name in fields):
            said.append(template.format_map({name: _word(name, facts[name], language) for name in fields}))
    return said


@lru_cache(maxsize=512)
def _fields(template: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)


def _word(name: str, value: str, language: int) -> str:
    """Codes that are ours are said in words; everything else stands as it came."""
    if name == "field":
        return FIELDS_ZH.get(value, value) if language else value
    return WORDS[value][language] if name in _CODED and value in WORDS else value


_CODED = frozenset({"origin", "list", "matched_by", "role", "fault", "status", "effect", "ban", "classification"})
