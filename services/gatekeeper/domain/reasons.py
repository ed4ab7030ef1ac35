"""Reason codes, most severe first (domain.md §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.gatekeeper.domain.vocabulary import LiftsWhen


class Reason(StrEnum):
    """Declaration order is severity, most severe first."""

    STOP_NOTICE = "STOP_NOTICE"
    PROHIBITED = "PROHIBITED"
    CONTROL_LISTED = "CONTROL_LISTED"
    LICENCE_REVOKED = "LICENCE_REVOKED"
    LICENCE_SUSPENDED = "LICENCE_SUSPENDED"
    LICENCE_RETURNED = "LICENCE_RETURNED"
    LICENCE_CHANGE_PENDING = "LICENCE_CHANGE_PENDING"
    LICENCE_CONFLICT = "LICENCE_CONFLICT"
    CATCH_ALL = "CATCH_ALL"
    END_USER_STATEMENT_INVALID = "END_USER_STATEMENT_INVALID"
    END_USE_CHANGED = "END_USE_CHANGED"
    END_USER_CHANGED = "END_USER_CHANGED"
    MOVED_UNRELEASED = "MOVED_UNRELEASED"
    NO_LICENCE = "NO_LICENCE"
    EXPORTER_MISMATCH = "EXPORTER_MISMATCH"
    ITEM_MISMATCH = "ITEM_MISMATCH"
    END_USER_MISMATCH = "END_USER_MISMATCH"
    END_USE_MISMATCH = "END_USE_MISMATCH"
    DESTINATION_MISMATCH = "DESTINATION_MISMATCH"
    IMPORTER_MISMATCH = "IMPORTER_MISMATCH"
    CONSIGNEE_MISMATCH = "CONSIGNEE_MISMATCH"
    TRANSIT_PROHIBITED = "TRANSIT_PROHIBITED"
    LICENCE_NOT_YET_VALID = "LICENCE_NOT_YET_VALID"
    LICENCE_EXPIRED = "LICENCE_EXPIRED"
    LICENCE_CONSUMED = "LICENCE_CONSUMED"
    USES_EXCEEDED = "USES_EXCEEDED"
    QTY_EXCEEDED = "QTY_EXCEEDED"
    VALUE_EXCEEDED = "VALUE_EXCEEDED"
    PERIOD_LIMIT_EXCEEDED = "PERIOD_LIMIT_EXCEEDED"
    WATCH_LISTED = "WATCH_LISTED"
    SPLIT_SUSPECTED = "SPLIT_SUSPECTED"
    PARTY_REVIEW = "PARTY_REVIEW"
    CUSTOMS_CHALLENGE = "CUSTOMS_CHALLENGE"
    ITEM_UNCLASSIFIED = "ITEM_UNCLASSIFIED"
    ORDER_UNKNOWN = "ORDER_UNKNOWN"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    OVER_DELIVERY = "OVER_DELIVERY"
    MISSING_DATA = "MISSING_DATA"
    MISSING_NET = "MISSING_NET"
    UNIT_NOT_CONVERTIBLE = "UNIT_NOT_CONVERTIBLE"
    FX_UNAVAILABLE = "FX_UNAVAILABLE"
    REFERENCE_UNAVAILABLE = "REFERENCE_UNAVAILABLE"
    EVENT_UNREADABLE = "EVENT_UNREADABLE"
    ENGINE_ERROR = "ENGINE_ERROR"
    MANUAL_HOLD = "MANUAL_HOLD"


@dataclass(frozen=True, slots=True)
class ReasonInfo:
    """What is so of every hold with this reason (domain.md §2). `severity` 0 is the most severe.

    `reviewable`: a release request may exempt it; of STOP_NOTICE and CUSTOMS_CHALLENGE the notice says it, so there it
    is False. `legal_basis`: articles as "ECR-18(2)", "ECL-12(3)", "NOTICE-6"; empty where policy or plain care asks.
    """

    code: Reason
    severity: int
    reviewable: bool
    lifts_when: LiftsWhen
    legal_basis: tuple[str, ...]


_COVERS = LiftsWhen.LICENCE_COVERS
_DATA = LiftsWhen.DATA_ARRIVES

REVIEWABLE = frozenset({Reason.SPLIT_SUSPECTED, Reason.PARTY_REVIEW, Reason.OVER_DELIVERY, Reason.MANUAL_HOLD})

_TABLE: Mapping[Reason, tuple[LiftsWhen, tuple[str, ...]]] = {
    Reason.STOP_NOTICE: (LiftsWhen.NOTICE_ENDS, ("NOTICE-6", "ECL-12", "ECR-14", "ECR-35")),
    Reason.PROHIBITED: (LiftsWhen.ORDER_CHANGES, ("ECL-10", "ECR-13")),
    Reason.CONTROL_LISTED: (LiftsWhen.LIST_ENDS, ("ECL-18", "ECR-28", "ECR-29", "ECR-30")),
    Reason.LICENCE_REVOKED: (_COVERS, ("ECR-18", "ECR-20")),
    Reason.LICENCE_SUSPENDED: (_COVERS, ("ECR-18", "ECR-20")),
    Reason.LICENCE_RETURNED: (_COVERS, ("ECR-18", "ECR-20")),
    Reason.LICENCE_CHANGE_PENDING: (_COVERS, ("ECR-18", "ECR-20")),
    Reason.LICENCE_CONFLICT: (_DATA, ("ECR-18",)),
    Reason.CATCH_ALL: (_COVERS, ("ECL-12(3)", "ECR-14")),
    Reason.END_USER_STATEMENT_INVALID: (_DATA, ("ECR-24", "ECR-25")),
    Reason.END_USE_CHANGED: (_COVERS, ("ECR-18(2)", "ECR-25")),
    Reason.END_USER_CHANGED: (_COVERS, ("ECR-18(2)", "ECR-25")),
    Reason.MOVED_UNRELEASED: (LiftsWhen.PERSON, ("ECR-18", "ECR-39")),
    Reason.NO_LICENCE: (_COVERS, ("ECL-12", "ECR-14")),
    Reason.EXPORTER_MISMATCH: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.ITEM_MISMATCH: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.END_USER_MISMATCH: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.END_USE_MISMATCH: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.DESTINATION_MISMATCH: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.IMPORTER_MISMATCH: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.CONSIGNEE_MISMATCH: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.TRANSIT_PROHIBITED: (_COVERS, ("ECR-15", "ECR-18")),
    Reason.LICENCE_NOT_YET_VALID: (LiftsWhen.DATE, ("ECR-15",)),
    Reason.LICENCE_EXPIRED: (_COVERS, ("ECR-15",)),
    Reason.LICENCE_CONSUMED: (_COVERS, ("ECR-15",)),
    Reason.USES_EXCEEDED: (_COVERS, ("ECR-15",)),
    Reason.QTY_EXCEEDED: (_COVERS, ("ECR-15", "ECR-39")),
    Reason.VALUE_EXCEEDED: (_COVERS, ("ECR-15", "ECR-39")),
    Reason.PERIOD_LIMIT_EXCEEDED: (LiftsWhen.DATE, ("ECR-15", "ECR-39")),
    Reason.WATCH_LISTED: (_COVERS, ("ECR-26",)),
    Reason.SPLIT_SUSPECTED: (LiftsWhen.REVIEW, ("ECR-39",)),
    Reason.PARTY_REVIEW: (LiftsWhen.REVIEW, ()),
    Reason.CUSTOMS_CHALLENGE: (LiftsWhen.NOTICE_ENDS, ("ECR-22",)),
    Reason.ITEM_UNCLASSIFIED: (_DATA, ("ECR-14(4)",)),
    Reason.ORDER_UNKNOWN: (_DATA, ()),
    Reason.ORDER_CANCELLED: (LiftsWhen.ORDER_CHANGES, ()),
    Reason.OVER_DELIVERY: (LiftsWhen.ORDER_CHANGES, ()),
    Reason.MISSING_DATA: (_DATA, ()),
    Reason.MISSING_NET: (_DATA, ()),
    Reason.UNIT_NOT_CONVERTIBLE: (_DATA, ()),
    Reason.FX_UNAVAILABLE: (_DATA, ()),
    Reason.REFERENCE_UNAVAILABLE: (_DATA, ()),
    Reason.EVENT_UNREADABLE: (_DATA, ()),
    Reason.ENGINE_ERROR: (LiftsWhen.PERSON, ()),
    Reason.MANUAL_HOLD: (LiftsWhen.PERSON, ()),
}

REASONS: Mapping[Reason, ReasonInfo] = {
    reason: ReasonInfo(reason, severity, reason in REVIEWABLE, *_TABLE[reason])
    for severity, reason in enumerate(Reason)
}
