"""How a hold that isn't a licence's own tells which licence was nearest, and what that one lacks (D3.6)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.reasons import Reason


class Because(StrEnum):
    """What set the nearest apart from the next one, in the order of D3.6."""

    COVERS_EVERY_CODE = "COVERS_EVERY_CODE"
    FEWEST_REASONS = "FEWEST_REASONS"
    LEAST_SEVERE = "LEAST_SEVERE"
    FIRST_IN_ORDER = "FIRST_IN_ORDER"
    ONLY_CANDIDATE = "ONLY_CANDIDATE"
    BOOKED = "BOOKED"
    """Of departed goods: their consumption is booked on it, and no other is asked (D1.7)."""


def booked_on(licence_no: str, licence_line: int) -> dict[str, str]:
    """The licence line on which departed goods are booked, told as the nearest."""
    return {
        "nearest_licence": licence_no,
        "nearest_line": str(licence_line),
        "nearest_because": Because.BOOKED.value,
        "candidates": "1",
    }


def lacking(findings: Iterable[Finding]) -> dict[str, str]:
    """What keeps a licence from fitting, for a hold that stands for all of it: the most severe first.

    Detail: `nearest_lacks`, the reasons; of each its own facts as `REASON.fact`, such as `QTY_EXCEEDED.excess`. What
    several findings of one reason say (MISSING_DATA of several fields) stands side by side.
    """
    facts: dict[str, list[str]] = {}
    reasons: set[Reason] = set()
    for finding in findings:
        reasons.add(finding.reason)
        for fact, value in finding.detail.items():
            values = facts.setdefault(f"{finding.reason}.{fact}", [])
            values += [value] if value not in values else []
    told = {name: ", ".join(values) for name, values in facts.items()}
    return {"nearest_lacks": ", ".join(reason for reason in Reason if reason in reasons), **told} if reasons else {}
