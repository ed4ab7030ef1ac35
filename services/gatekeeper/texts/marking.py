"""How a phrase stands in the code: marked, so that Babel finds it, and told only when its facts are there."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

KEYWORDS = {
    "phrase": ((1, "c"), 2),
    "otherwise": ((1, "c"), 2),
    "given": ((2, "c"), 3),
    "numbered": ((1, "c"), 2, 3),
    "several": ((1, "c"), 2, 3),
}
"""Babel's keywords: in which argument of a marking function the context stands, and in which phrase and plural."""
SEPARATOR = ", "
"""Between the parts of a fact that lists several."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """`english` is the message id, `context` its msgctxt: a reason code, or what several reasons share.

    Placeholders are names of facts. It is said when each of them, and of `needs`, is known and not empty; if it is the
    `last` resort, only when nothing else of its kind is. `many`, where there is one, is its plural, by `counts`: a fact
    that is a number, or `in_parts` one that lists things ("1, 2").
    """

    context: str
    english: str
    needs: tuple[str, ...] = ()
    last: bool = False
    many: str = ""
    counts: str = ""
    in_parts: bool = False

    @property
    def placeholders(self) -> tuple[str, ...]:
        return placeholders(self.english)

    @property
    def plural(self) -> Phrase:
        """Itself, of more than one."""
        return Phrase(self.context, self.many, self.needs, self.last)

    def is_many(self, value: str) -> bool:
        """Whether `value`, that of the fact `counts`, means anything but one."""
        return SEPARATOR in value if self.in_parts else value.strip() != "1"


def phrase(context: str, english: str) -> Phrase:
    return Phrase(context, english)


def given(needs: str, context: str, english: str) -> Phrase:
    """A phrase that is said only where the fact `needs` is there too."""
    return Phrase(context, english, (needs,))


def otherwise(context: str, english: str) -> Phrase:
    """A phrase that is said only where none of its kind can be."""
    return Phrase(context, english, last=True)


def numbered(context: str, english: str, many: str, counts: str) -> Phrase:
    """A phrase with a plural; `counts` names the fact that is the number."""
    return Phrase(context, english, many=many, counts=counts)


def several(context: str, english: str, many: str, counts: str) -> Phrase:
    """A phrase with a plural; `counts` names the fact that lists what it is about."""
    return Phrase(context, english, many=many, counts=counts, in_parts=True)


def placeholders(template: str) -> tuple[str, ...]:
    """The names in braces, in order. ValueError: no template."""
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)
