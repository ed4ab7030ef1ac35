"""How a phrase stands in the code: marked, so that Babel finds it, and told only when its facts are there."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

KEYWORDS = {"phrase": ((1, "c"), 2), "otherwise": ((1, "c"), 2), "given": ((2, "c"), 3)}
"""Babel's keywords: in which argument of a marking function the context stands, and in which the phrase."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """`english` is the message id, `context` its msgctxt: a reason code, or what several reasons share.

    Placeholders are names of facts. It is said when each of them, and of `needs`, is known and not empty; if it is the
    `last` resort, only when nothing else of its kind is.
    """

    context: str
    english: str
    needs: tuple[str, ...] = ()
    last: bool = False

    @property
    def placeholders(self) -> tuple[str, ...]:
        return placeholders(self.english)


def phrase(context: str, english: str) -> Phrase:
    return Phrase(context, english)


def given(needs: str, context: str, english: str) -> Phrase:
    """A phrase that is said only where the fact `needs` is there too."""
    return Phrase(context, english, (needs,))


def otherwise(context: str, english: str) -> Phrase:
    """A phrase that is said only where none of its kind can be."""
    return Phrase(context, english, last=True)


def placeholders(template: str) -> tuple[str, ...]:
    """The names in braces, in order. ValueError: no template."""
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)
