"""What a hold tells people: what was asked, what there is, what is missing, the clause, what lifts it and who may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

from services.gatekeeper.domain.aggregates import Finding, Hold
from services.gatekeeper.domain.lifters import Lifter, lifters
from services.gatekeeper.domain.reasons import REASONS, Reason
from services.gatekeeper.texts.catalogues import CHINESE, ENGLISH, worded
from services.gatekeeper.texts.clauses import chinese_number, in_words
from services.gatekeeper.texts.licence_phrases import NEAREST
from services.gatekeeper.texts.marking import SEPARATOR, Phrase
from services.gatekeeper.texts.phrases import PHRASES
from services.gatekeeper.texts.remedies import BASIS, LIFTER_WORDS, LIFTS, ON_REQUEST, REMEDIES, UNCONTROLLED, WHO
from services.gatekeeper.texts.shared_phrases import WHERE
from services.gatekeeper.texts.words import LISTS, WORDS

TOLD_LENGTH_MAX = 600
"""Of where, what and details; notices may be long, and the whole of one is in the notice itself."""
FACT_LENGTH_MAX = 300
REMEDY_LENGTH_MAX = 600

Both = tuple[str, str]
"""English and Chinese."""

PAPERS = ("no_risk_report", "no_undertaking")
COMMAS: Both = (SEPARATOR, "、")

IN_BOTH_LANGUAGES = {"notice_text": ("text_en", "text_zh"), "lacks": ("lacks_en", "lacks_zh")}
"""Placeholders whose facts are two: what others wrote, in either language."""


@dataclass(frozen=True, slots=True)
class _Template:
    """A phrase made ready: all of `needs` must be there; `facts`, `words` and `say` by language.

    `plain`: it says what it needs, word for word, the same in both languages. `many`: as `say`, for a plural, when
    `is_many` the fact `counts`.
    """

    needs: tuple[str, ...]
    facts: tuple[Both, ...]
    words: tuple[Mapping[str, Both] | None, ...]
    say: tuple[Callable[..., str], Callable[..., str]]
    plain: bool
    last: bool
    many: tuple[Callable[..., str], Callable[..., str]] | None = None
    counts: str = ""
    is_many: Callable[[str], bool] = bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything about a reason that doesn't depend on the hold. The first template is the reason itself."""

    base: Both
    details: tuple[_Template, ...]
    remedies: tuple[_Template, ...]
    basis: Both


def text(hold: Finding | Hold) -> dict[str, str]:
    """{"en": …, "zh": …} for a finding or hold of any reason; what its detail lacks is left out."""
    plan, facts = _plan(hold.reason), _facts(hold)
    where = _said(_where(), facts)
    details = _said(plan.details, facts)
    nearest = _nearest_told(facts) if "candidates" in facts else ([], [])
    remedies = _said(plan.remedies, facts)
    basis, who, lifts = plan.basis, _who(lifters(hold)), _lifts()
    english = _told(", ".join(where[0]), plan.base[0], "; ".join(details[0]), ": ")
    chinese = _told("，".join(where[1]), plan.base[1], "；".join(details[1]), "：")
    english = f"{english[0].upper()}{english[1:]}."
    tail = (*nearest[0], basis[0], lifts[0](_cut("; or ".join(remedies[0]), REMEDY_LENGTH_MAX)), who[0])
    ending = (*nearest[1], basis[1], lifts[1](_cut("；或者".join(remedies[1]), REMEDY_LENGTH_MAX)), who[1])
    return {
        ENGLISH: " ".join((english, *filter(None, tail))),
        CHINESE: "".join((chinese, "。", *ending)),
    }


def _told(where: str, base: str, details: str, colon: str) -> str:
    return _cut(colon.join(filter(None, (where, base, details))), TOLD_LENGTH_MAX)


def _cut(said: str, length_max: int) -> str:
    return said if len(said) <= length_max else said[: length_max - 1] + "…"


def _facts(hold: Finding | Hold) -> dict[str, str]:
    """Detail and subject, and what follows from them: `room`, what may still be asked for, where there is some.

    `no_candidate`: no licence was there to compare. `incomplete`: the licences that lack one of the two papers.

    What others wrote in one language stands for the other too. What is very long is cut.
    """
    facts = dict(hold.detail)
    for key, value in hold.subject:
        facts[key] = str(value)
    available = facts.get("available")
    if available is not None and available.split(" ")[0].strip("0."):
        facts["room"] = available
    if "text_en" in facts or "text_zh" in facts:
        facts["text_en"] = facts.get("text_en") or facts.get("text_zh", "")
        facts["text_zh"] = facts.get("text_zh") or facts["text_en"]
    papers = [number for key in PAPERS for number in facts.get(key, "").split(SEPARATOR) if number]
    if papers:
        facts["incomplete"] = SEPARATOR.join(dict.fromkeys(papers))
    if facts.get("candidates") == "0":
        facts["no_candidate"] = "true"
    if hold.review_allowed:
        facts["review_allowed"] = "true"
    if facts and max(map(len, facts.values())) > FACT_LENGTH_MAX:
        return {key: _cut(value, FACT_LENGTH_MAX) for key, value in facts.items()}
    return facts


def _said(templates: Iterable[_Template], facts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Those for which every fact is there, in both languages; a last resort only where nothing was said before it."""
    english: list[str] = []
    chinese: list[str] = []
    for template in templates:
        if not all(map(facts.get, template.needs)) or (template.last and english):
            continue
        if template.plain:
            values = [facts[name] for name in template.needs]
            english.append(template.say[0](*values))
            chinese.append(template.say[1](*values))
        else:
            say = template.say
            if template.many is not None and template.is_many(facts[template.counts]):
                say = template.many
            english.append(say[0](*_values(template, facts, 0)))
            chinese.append(say[1](*_values(template, facts, 1)))
    return english, chinese


def _values(template: _Template, facts: Mapping[str, str], language: int) -> list[str]:
    """Codes that are ours are said in words; everything else stands as it came."""
    values = []
    for names, words in zip(template.facts, template.words, strict=True):
        value = facts[names[language]]
        values.append(value if words is None else _in_words(value, words, language))
    return values


def _in_words(value: str, words: Mapping[str, Both], language: int) -> str:
    """A code, or several; what isn't one of ours stands as it came."""
    parts = value.split(SEPARATOR)
    return COMMAS[language].join(words[part][language] if part in words else part for part in parts)


@cache
def _plan(reason: Reason) -> _Plan:
    base, *details = PHRASES[reason]
    remedies = REMEDIES[reason] if reason is Reason.MANUAL_HOLD else (*REMEDIES[reason], UNCONTROLLED, ON_REQUEST)
    return _Plan(
        base=_both(base),
        details=tuple(map(_template, details)),
        remedies=tuple(map(_template, remedies)),
        basis=_basis(REASONS[reason].legal_basis),
    )


@cache
def _where() -> tuple[_Template, ...]:
    return tuple(map(_template, WHERE))


def _nearest_told(facts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Which licence was nearest, why, and, of a hold that isn't one of its reasons, what it lacks; or that none is."""
    lacks = facts.get("nearest_lacks")
    if not lacks:
        return _said(_nearest(), facts)
    told = [_lacking(Reason(code), facts) for code in lacks.split(SEPARATOR) if code in Reason.__members__]
    both = (
        _cut("; ".join(one[0] for one in told), TOLD_LENGTH_MAX),
        _cut("；".join(one[1] for one in told), TOLD_LENGTH_MAX),
    )
    return _said(_nearest(), {**facts, "lacks_en": both[0], "lacks_zh": both[1]})


def _lacking(reason: Reason, facts: Mapping[str, str]) -> Both:
    """One reason of the nearest licence with its own facts, which are named `REASON.fact`."""
    plan, prefix = _plan(reason), f"{reason}."
    own = {name.removeprefix(prefix): value for name, value in facts.items() if name.startswith(prefix)}
    english, chinese = _said(plan.details, own)
    return (
        f"{plan.base[0]} ({SEPARATOR.join(english)})" if english else plan.base[0],
        f"{plan.base[1]}（{'，'.join(chinese)}）" if chinese else plan.base[1],
    )


@cache
def _nearest() -> tuple[_Template, ...]:
    return tuple(map(_template, NEAREST))


@cache
def _lifts() -> tuple[Callable[..., str], Callable[..., str]]:
    return _template(LIFTS).say


@cache
def _who(able: tuple[Lifter, ...]) -> Both:
    english, chinese = _both(WHO)
    names = [_both(LIFTER_WORDS[one]) for one in able]
    return english.format(who="; ".join(name for name, _ in names)), chinese.format(who="、".join(n for _, n in names))


def _basis(citations: tuple[str, ...]) -> Both:
    """Empty where policy or plain care asks."""
    if not citations:
        return "", ""
    english = in_words(citations, lambda one: worded(ENGLISH, one), str, ", ", "; ")
    chinese = in_words(citations, lambda one: worded(CHINESE, one), chinese_number, "、", "；")
    return worded(ENGLISH, BASIS).format(basis=english), worded(CHINESE, BASIS).format(basis=chinese)


def _both(phrase: Phrase) -> Both:
    return worded(ENGLISH, phrase), worded(CHINESE, phrase)


def _template(phrase: Phrase) -> _Template:
    names = tuple(dict.fromkeys(phrase.placeholders))
    facts = tuple(IN_BOTH_LANGUAGES.get(name, (name, name)) for name in names)
    words = tuple(_words(name) for name in names)
    return _Template(
        needs=(*phrase.needs, *(name for pair in facts for name in dict.fromkeys(pair))),
        facts=facts,
        words=words,
        say=_say(phrase, names),
        plain=not phrase.needs
        and not phrase.many
        and all(word is None for word in words)
        and all(one == other for one, other in facts),
        last=phrase.last,
        many=_say(phrase.plural, names) if phrase.many else None,
        counts=phrase.counts,
        is_many=phrase.is_many,
    )


def _say(phrase: Phrase, names: tuple[str, ...]) -> tuple[Callable[..., str], Callable[..., str]]:
    english, chinese = _both(phrase)
    return _by_number(english, names).format, _by_number(chinese, names).format


@cache
def _words(name: str) -> Mapping[str, Both] | None:
    if name not in WORDS:
        return {} if name in LISTS else None
    return {code: _both(words) for code, words in WORDS[name].items()}


def _by_number(template: str, names: tuple[str, ...]) -> str:
    """`template` with numbers for names, which are filled in faster: "{1} of {0}"."""
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if name is not None:
            parts.append(f"{{{names.index(name)}}}")
    return "".join(parts)
