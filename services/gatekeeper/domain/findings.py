"""How a rule says what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.gatekeeper.domain.aggregates import Finding, Hold, SubjectItems
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.reasons import REASONS, Reason

Detail = Mapping[str, str | None]
LINES = "lines"
"""Of a reason about no line of its own: the lines that it holds."""


def found(
    reason: Reason, detail: Detail | None = None, *, review_allowed: bool | None = None, **subject: str | int | None
) -> Finding:
    """`reason` about `subject` (keys that are None are left out, the rest sorted), with what is known of `detail`.

    Whether a review may exempt it is the reason's own property, unless a notice says otherwise (domain.md §2).
    """
    return Finding(
        reason,
        tuple(sorted((key, value) for key, value in subject.items() if value is not None)),
        {key: value for key, value in (detail or {}).items() if value is not None},
        REASONS[reason].reviewable if review_allowed is None else review_allowed,
    )


def each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each reason about a subject once, as it was found last; a licence's conflict with every line that it holds."""
    known: dict[tuple[Reason, SubjectItems], Finding] = {}
    for finding in findings:
        before = known.get((finding.reason, finding.subject))
        if before is not None and finding.reason is Reason.LICENCE_CONFLICT:
            lines = sorted({*lines_of(before), *lines_of(finding)})
            finding = evolve(finding, detail={**finding.detail, LINES: ", ".join(map(str, lines))})
        known[finding.reason, finding.subject] = finding
    return tuple(known.values())


def lines_of(found: Finding | Hold) -> frozenset[int]:
    """The lines that it says it holds; none: it doesn't say."""
    said = found.detail.get(LINES)
    return frozenset(map(int, said.split(", "))) if said else frozenset()
