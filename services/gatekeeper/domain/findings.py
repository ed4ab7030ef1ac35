"""How a rule says what it found."""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.reasons import REASONS, Reason

Detail = Mapping[str, str | None]


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
