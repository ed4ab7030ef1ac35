"""Names compared by rapidfuzz, in C: the fast one of the domain's two ways (D5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

SCORE_DIGITS = 9
MARGIN = 1e-3
"""What reaches the threshold exactly must not fail it by a rounding.

A cut-off is rounded to seven digits or so on its way into C: nearer to the threshold than 1e-5 it is the threshold
itself, and a score like 44.99999999999999, which is 45, falls below it. What comes through is judged here.
"""


def token_sort_ratios(name: str, listed: Sequence[str], threshold: int) -> list[tuple[int, float]]:
    """A `Likeness`. The tokens of all names are sorted already, so that the plain ratio is the token-sort ratio."""
    found = process.extract(
        name, listed, scorer=fuzz.ratio, processor=None, score_cutoff=max(0, threshold - MARGIN), limit=None
    )
    rounded = ((position, round(score, SCORE_DIGITS)) for _, score, position in found)
    return [(position, score) for position, score in rounded if score >= threshold]
