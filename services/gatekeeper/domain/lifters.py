"""Who may do what lifts a hold (domain.md §2): said to people, and to machines that route the work."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from services.gatekeeper.domain.aggregates import Finding, Hold
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import NoticeOrigin


class Lifter(StrEnum):
    """An open list on the wire."""

    LICENSING_DESK = "LICENSING_DESK"
    """The exporter's own: gets a licence, an amendment or an end-user statement."""
    COMPLIANCE = "COMPLIANCE"
    """The exporter's compliance office: classifies items, ends its own notices, answers for goods that moved."""
    SENDER = "SENDER"
    """Whoever sends the order, shipment or reference data."""
    AUTHORITY = "AUTHORITY"
    CUSTOMS = "CUSTOMS"
    REVIEWERS = "REVIEWERS"
    """Two persons, by a release request (D1.4)."""
    IDENTITY_REVIEWERS = "IDENTITY_REVIEWERS"
    """Two persons, by a finding of mistaken identity (D5.5)."""
    OPERATIONS = "OPERATIONS"
    """Who runs Holdgate and its feeds."""
    NOBODY = "NOBODY"
    """No person: only when the ban itself ends."""


_DESK = (Lifter.LICENSING_DESK,)
_DESK_OR_SENDER = (Lifter.LICENSING_DESK, Lifter.SENDER)
_SENDER = (Lifter.SENDER,)

LIFTERS: Mapping[Reason, tuple[Lifter, ...]] = {
    Reason.STOP_NOTICE: (Lifter.AUTHORITY,),
    Reason.PROHIBITED: (Lifter.NOBODY,),
    Reason.CONTROL_LISTED: (Lifter.AUTHORITY, Lifter.IDENTITY_REVIEWERS),
    Reason.LICENCE_REVOKED: _DESK,
    Reason.LICENCE_SUSPENDED: (Lifter.AUTHORITY, Lifter.LICENSING_DESK),
    Reason.LICENCE_RETURNED: _DESK,
    Reason.LICENCE_CHANGE_PENDING: (Lifter.AUTHORITY, Lifter.LICENSING_DESK),
    Reason.LICENCE_CONFLICT: _SENDER,
    Reason.CATCH_ALL: _DESK,
    Reason.END_USER_STATEMENT_INVALID: _DESK_OR_SENDER,
    Reason.END_USE_CHANGED: _DESK_OR_SENDER,
    Reason.END_USER_CHANGED: _DESK_OR_SENDER,
    Reason.MOVED_UNRELEASED: (Lifter.COMPLIANCE,),
    Reason.NO_LICENCE: _DESK,
    Reason.EXPORTER_MISMATCH: _DESK_OR_SENDER,
    Reason.ITEM_MISMATCH: _DESK_OR_SENDER,
    Reason.END_USER_MISMATCH: _DESK_OR_SENDER,
    Reason.END_USE_MISMATCH: _DESK_OR_SENDER,
    Reason.DESTINATION_MISMATCH: _DESK_OR_SENDER,
    Reason.IMPORTER_MISMATCH: _DESK_OR_SENDER,
    Reason.CONSIGNEE_MISMATCH: _DESK_OR_SENDER,
    Reason.TRANSIT_PROHIBITED: _DESK_OR_SENDER,
    Reason.LICENCE_NOT_YET_VALID: _DESK,
    Reason.LICENCE_EXPIRED: _DESK,
    Reason.LICENCE_CONSUMED: _DESK,
    Reason.USES_EXCEEDED: _DESK,
    Reason.QTY_EXCEEDED: _DESK_OR_SENDER,
    Reason.VALUE_EXCEEDED: _DESK_OR_SENDER,
    Reason.PERIOD_LIMIT_EXCEEDED: _DESK_OR_SENDER,
    Reason.WATCH_LISTED: (Lifter.LICENSING_DESK, Lifter.AUTHORITY, Lifter.IDENTITY_REVIEWERS),
    Reason.SPLIT_SUSPECTED: (Lifter.REVIEWERS,),
    Reason.PARTY_REVIEW: (Lifter.IDENTITY_REVIEWERS,),
    Reason.CUSTOMS_CHALLENGE: (Lifter.CUSTOMS,),
    Reason.ITEM_UNCLASSIFIED: (Lifter.COMPLIANCE,),
    Reason.ORDER_UNKNOWN: _SENDER,
    Reason.ORDER_CANCELLED: _SENDER,
    Reason.OVER_DELIVERY: _SENDER,
    Reason.MISSING_DATA: _SENDER,
    Reason.MISSING_NET: _SENDER,
    Reason.UNIT_NOT_CONVERTIBLE: _SENDER,
    Reason.FX_UNAVAILABLE: _SENDER,
    Reason.REFERENCE_UNAVAILABLE: (Lifter.SENDER, Lifter.OPERATIONS),
    Reason.EVENT_UNREADABLE: (Lifter.SENDER, Lifter.OPERATIONS),
    Reason.ENGINE_ERROR: (Lifter.OPERATIONS,),
    Reason.MANUAL_HOLD: (Lifter.REVIEWERS,),
}
"""REVIEWERS stands where nobody else may; elsewhere it is the hold's own property (`review_allowed`)."""

UNDESCRIBED = "UNDESCRIBED"


def lifters(hold: Finding | Hold) -> tuple[Lifter, ...]:
    """Who may lift `hold`, the nearest at hand first; never empty.

    A notice is ended by whoever placed it, and answered by a licence where it says so (D6.6). Nobody can be mistaken
    for a listed party who is held because nobody described them.
    """
    detail, able = hold.detail, LIFTERS[hold.reason]
    if hold.reason is Reason.STOP_NOTICE and detail.get("origin") == NoticeOrigin.OWN_DISCOVERY:
        able = (Lifter.COMPLIANCE,)
    elif hold.reason is Reason.PARTY_REVIEW and detail.get("matched_by") == UNDESCRIBED:
        able = _SENDER
    if detail.get("release_by_licence") == "true":
        able = (Lifter.LICENSING_DESK, *able)
    return (*able, Lifter.REVIEWERS) if hold.review_allowed and Lifter.REVIEWERS not in able else able
