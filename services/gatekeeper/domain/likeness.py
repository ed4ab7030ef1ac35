"""Names that are merely alike (D5.1): the token-sort ratio, and a register of names to be searched by it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from services.gatekeeper.domain.buckets import Buckets

Likeness = Callable[[str, Sequence[str], int], Iterable[tuple[int, float]]]
"""(position, score 0-100) of each of the sequence whose ratio with the name is at least the threshold.

All were written by `tokens_sorted`. `indel_ratios` says what the ratio is; a process brings a faster one.
"""

NAMES_REMEMBERED_MAX = 50_000
CHANGED_MIN = 2_000
CHANGED_SHARE = 10
"""Once more names changed than this, and than a tenth of all, the register is made anew at its next use."""


class Alike(NamedTuple):
    """`key` of whom a registered `name` belongs that is alike, and how much, 0-100."""

    key: str
    name: str
    score: float


class Names(NamedTuple):
    """(key, name) of each, and beside it the name as it is compared."""

    named: tuple[tuple[str, str], ...]
    written: tuple[str, ...]


@lru_cache(maxsize=65_536)
def tokens_sorted(name: str) -> str:
    """NFKC and case folding; what is neither letter nor digit separates tokens, and these are sorted."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    letters = (each if unicodedata.category(each)[0] in "LNM" else " " for each in folded)
    return " ".join(sorted("".join(letters).split()))


def indel_ratios(name: str, listed: Sequence[str], threshold: int) -> list[tuple[int, float]]:
    """Likeness by the definition: 200 x longest common subsequence / both lengths. Slow."""
    found = []
    for position, other in enumerate(listed):
        length = len(name) + len(other)
        if 200 * min(len(name), len(other)) >= threshold * length:
            common = _common_length(name, other)
            if 200 * common >= threshold * length:
                found.append((position, 200 * common / length))
    return found


def _common_length(left: str, right: str) -> int:
    row = [0] * (len(right) + 1)
    for character in left:
        diagonal = 0
        for index, other in enumerate(right, start=1):
            above = row[index]
            row[index] = diagonal + 1 if character == other else max(above, row[index - 1])
            diagonal = above
    return row[-1]


class NameRegister:
    """The names of many by key; a change is a new value.

    `_found` remembers what was found among the names as they were when the register was last made: good for every value
    that descends from it. What changed since is compared at each question.
    """

    __slots__ = ("_changed", "_changed_count", "_found", "_likeness", "_made", "_searched")

    def __init__(self, likeness: Likeness = indel_ratios) -> None:
        self._likeness = likeness
        self._made: Names | None = None
        self._found: dict[tuple[str, int], tuple[Alike, ...]] = {}
        self._changed: Buckets[str, Names] = Buckets()
        self._changed_count = 0
        self._searched: Names | None = None

    def changed(self, several: Iterable[tuple[str, tuple[str, ...]]]) -> NameRegister:
        """With these keys under these names only. Nothing is done for a register that nobody has asked yet."""
        if self._made is None:
            return NameRegister(self._likeness)
        edit, count = self._changed.edit(), self._changed_count
        for key, names in several:
            edit.put(key, _names([(key, names)]))
            count += 1
        if count == self._changed_count:
            return self
        if count > max(CHANGED_MIN, len(self._made.named) // CHANGED_SHARE):
            return NameRegister(self._likeness)
        after = NameRegister(self._likeness)
        after._made, after._found, after._changed, after._changed_count = self._made, self._found, edit.done(), count
        return after

    def alike(
        self, name: str, threshold: int, everybody: Callable[[], Iterable[tuple[str, tuple[str, ...]]]]
    ) -> tuple[Alike, ...]:
        """Every name whose ratio with `name` is at least `threshold` (0-100), equal ones too, by key and likeness.

        `everybody`: (key, names) of all whom this value knows, asked for at the first question.
        """
        written = tokens_sorted(name)
        if not written:
            return ()
        if self._made is None:
            self._made = _names(everybody())
        if self._searched is None:
            several = list(self._changed.values())
            named = tuple(each for names in several for each in names.named)
            self._searched = Names(named, tuple(each for names in several for each in names.written))
        question = (written, threshold)
        if question not in self._found:
            if len(self._found) >= NAMES_REMEMBERED_MAX:
                self._found.clear()
            self._found[question] = self._among(self._made, *question)
        standing = (one for one in self._found[question] if self._changed.get(one.key) is None)
        return tuple(sorted((*standing, *self._among(self._searched, *question)), key=_order))

    def _among(self, names: Names, written: str, threshold: int) -> tuple[Alike, ...]:
        found = self._likeness(written, names.written, threshold)
        return tuple(Alike(*names.named[position], score) for position, score in found)


def _names(several: Iterable[tuple[str, tuple[str, ...]]]) -> Names:
    """Those of which something can be compared."""
    rows = [(key, name, written) for key, names in several for name in names if (written := tokens_sorted(name))]
    return Names(tuple((key, name) for key, name, _ in rows), tuple(written for _, _, written in rows))


def _order(one: Alike) -> tuple[str, float, str]:
    return one.key, -one.score, one.name
