"""Which licence was nearest, and why it was: what a person needs who has to find or amend one (D3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.lacking import Because
from services.gatekeeper.domain.matching import Judgement
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.selection import distance

UNLICENSED = frozenset({Reason.MISSING_DATA, Reason.MISSING_NET})
"""What is said whichever licence is nearest."""


def nearest_findings(closest: Judgement, judgements: Sequence[Judgement]) -> tuple[Finding, ...]:
    """The findings of `closest`, the nearest of `judgements`; each says which licence line that is and why (D3.6).

    Detail: `nearest_licence`, `nearest_line`, `nearest_because` (Because), `candidates` (how many licence lines).
    """
    told = told_of(closest, judgements)
    return tuple(
        finding if finding.reason in UNLICENSED else evolve(finding, detail={**finding.detail, **told})
        for finding in closest.findings
    )


def told_of(closest: Judgement, judgements: Sequence[Judgement]) -> dict[str, str]:
    """Which licence line `closest` is, and why it was the nearest of `judgements`."""
    return {
        "nearest_licence": closest.candidate.licence.licence_no,
        "nearest_line": str(closest.candidate.line.line_no),
        "nearest_because": _because(closest, judgements).value,
        "candidates": str(len(judgements)),
    }


def _because(closest: Judgement, judgements: Iterable[Judgement]) -> Because:
    """The first thing in which the nearest differs from the one that comes next."""
    others = (distance(judgement) for judgement in judgements if judgement is not closest)
    following = min(others, default=None)
    if following is None:
        return Because.ONLY_CANDIDATE
    pairs = zip(distance(closest), following, strict=True)
    return next(because for because, (ours, theirs) in zip(Because, pairs, strict=False) if ours != theirs)
