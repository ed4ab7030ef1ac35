"""From findings to holds: ids that never change, who placed them when, and what lifted them (D1.2, D1.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid5

from services.gatekeeper.domain.aggregates import Finding, Hold, SubjectItems
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.vocabulary import LiftedBy
from services.gatekeeper.domain.workspace import Lifted

HOLD_NAMESPACE = UUID("6f0d2d0e-6d0c-5b52-9d0f-1d2f6f1c8b52")
SEVERITY = {reason: rank for rank, reason in enumerate(Reason)}
NOTICE_REASONS = frozenset({Reason.STOP_NOTICE, Reason.CUSTOMS_CHALLENGE})


def hold_id(owner: str, owner_id: str, reason: Reason, subject: SubjectItems) -> str:
    """UUIDv5 of (owner, reason, subject): the same reason about the same subject keeps its id (contracts.md §3).

    The subject of a manual hold is its own id already (domain.md §2).
    """
    if reason is Reason.MANUAL_HOLD:
        return str(dict(subject)["hold_id"])
    name = json.dumps([owner, owner_id, reason.value, subject], ensure_ascii=False, separators=(",", ":"))
    return str(uuid5(HOLD_NAMESPACE, name))


def manual_hold_id(shipment_id: str, request: str) -> str:
    """The id of a hold that a person asked for; `request` is unique to the asking."""
    name = json.dumps(["shipment", shipment_id, Reason.MANUAL_HOLD.value, request], ensure_ascii=False)
    return str(uuid5(HOLD_NAMESPACE, name))


def place_holds(
    owner: str,
    owner_id: str,
    findings: Iterable[Finding],
    open_before: Iterable[Hold],
    as_of: datetime,
) -> tuple[Hold, ...]:
    """One hold for each reason and subject in `findings`, most severe first; what was open keeps its `placed_at`."""
    placed_at = {hold.hold_id: hold.placed_at for hold in open_before}
    holds: dict[str, Hold] = {}
    for finding in sorted(findings, key=severity):
        identity = hold_id(owner, owner_id, finding.reason, finding.subject)
        holds.setdefault(
            identity,
            Hold(
                hold_id=identity,
                reason=finding.reason,
                subject=finding.subject,
                detail=finding.detail,
                review_allowed=finding.review_allowed,
                placed_at=placed_at.get(identity, as_of),
            ),
        )
    return tuple(holds.values())


def severity(finding: Finding) -> tuple[int, tuple[tuple[str, bool, str | int], ...]]:
    """Sort key: most severe reason first, then the subject, numbers before and in the order of numbers."""
    return SEVERITY[finding.reason], tuple((key, isinstance(value, str), value) for key, value in finding.subject)


def finding_of(hold: Hold) -> Finding:
    """What placed `hold`, for when it must stay although nothing could be judged."""
    return Finding(hold.reason, hold.subject, hold.detail, hold.review_allowed)


def lifted_between(
    before: Iterable[Hold], after: Iterable[Hold], references: References, as_of: datetime
) -> tuple[Lifted, ...]:
    """The holds of `before` that `after` has not, each with what lifted it."""
    still = {hold.hold_id for hold in after}
    return tuple(
        Lifted(hold, _lifted_by(hold, references, as_of).value) for hold in before if hold.hold_id not in still
    )


def placed_between(before: Iterable[Hold], after: Iterable[Hold]) -> tuple[str, ...]:
    """Ids of the holds of `after` that `before` has not."""
    known = {hold.hold_id for hold in before}
    return tuple(hold.hold_id for hold in after if hold.hold_id not in known)


def _lifted_by(hold: Hold, references: References, as_of: datetime) -> LiftedBy:
    if hold.reason not in NOTICE_REASONS:
        return LiftedBy.REEVALUATION
    notice = references.notice(str(dict(hold.subject).get("notice_id")))
    ended = notice is None or notice.lifted or (notice.ends_at is not None and notice.ends_at <= as_of)
    return LiftedBy.NOTICE_LIFTED if ended else LiftedBy.REEVALUATION
