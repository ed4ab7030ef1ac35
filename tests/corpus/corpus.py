"""The whole corpus."""

from __future__ import annotations

from functools import cache

from tests.corpus.broken import broken
from tests.corpus.cases import Case
from tests.corpus.generated import generated
from tests.corpus.handmade import handmade


@cache
def corpus() -> tuple[Case, ...]:
    """Every case, always in the same order."""
    return (*handmade(), *broken(), *generated())
