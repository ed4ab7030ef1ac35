"""Which licence was nearest, and why it was: what a person needs who has to find or amend one (D3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.matching import Judgement
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.selection import distance

UNLICENSED = frozenset({Reason.MISSING_DATA, Reason.MISSING_NET})
"""What is said whichever licence is nearest."""


class Because(StrEnum):
    """What set the nearest apart from the next one, in the order of D3.6."""

    COVERS_EVERY_CODE = "COVERS_EVERY_CODE"
    FEWEST_REASONS = "FEWEST_REASONS"
    LEAST_SEVERE = "LEAST_SEVERE"
    FIRST_IN_ORDER = "FIRST_IN_ORDER"
    ONLY_CANDIDATE = "ONLY_CANDIDATE"


def nearest_findings(closest: Judgement, judgements: Sequence[Judgement]) -> tuple[Finding, ...]:
    """The findings of `closest`, the nearest of `judgements`; each says which licence line that is and why (D3.6).

    Detail: `nearest_licence`, `nearest_line`, `nearest_because` (Because), `candidates` (how many licence lines).
    """
    told = {
        "nearest_licence": closest.candidate.licence.licence_no,
        "nearest_line": str(closest.candidate.line.line_no),
        "nearest_because": _because(closest, judgements).value,
        "candidates": str(len(judgements)),
    }
    return tuple(
        finding if finding.reason in UNLICENSED else evolve(finding, detail={**finding.detail, **told})
        for finding in closest.findings
    )


def _because(closest: Judgement, judgements: Iterable[Judgement]) -> Because:
    """The first thing in which the nearest differs from the one that comes next."""
    others = (distance(judgement) for judgement in judgements if judgement is not closest)
    following = min(others, default=None)
    if following is None:
        return Because.ONLY_CANDIDATE
    pairs = zip(distance(closest), following, strict=True)
    return next(because for because, (ours, theirs) in zip(Because, pairs, strict=False) if ours != theirs)
