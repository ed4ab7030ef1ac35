"""What would lift a hold, in words (domain.md §2, `lifts_when`), and who may: what is known concretely comes first.

Of each reason's phrases those are said for which the facts are there; one of them needs none.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.domain.lifters import Lifter
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.texts.marking import Phrase, given, otherwise, phrase

BASIS = phrase("sentence", "Basis: {basis}.")
LIFTS = phrase("sentence", "Lifts {remedy}.")
WHO = phrase("sentence", "Who may: {who}.")

ON_REQUEST = given("review_allowed", "remedy", "by a release request that two persons approve")
"""Added to the remedies of every hold that a review may exempt (D1.4)."""

_ANOTHER = phrase("remedy", "when another licence covers the goods")
_COVERS = phrase("remedy", "when a licence covers the goods")
_AMENDED = phrase("remedy", "when licence {licence_no} is amended to cover this")
_RIGHT = phrase("remedy", "when the data, if it was wrong, is put right")
_KEY_ELEMENT = (phrase("remedy", "by a new licence (licence {licence_no} can't be amended in this)"), _ANOTHER, _RIGHT)
"""Item, destination, end user and end use are applied for anew (ECR 18, notice section 3)."""
_AMENDABLE = (_AMENDED, _ANOTHER, _RIGHT)
_MORE = phrase("remedy", "by {excess} more on licence {licence_no}")
_LESS = phrase("remedy", "when no more than {room} is asked for")
_MISTAKEN = phrase("remedy", "by a finding that party and entry are not the same")
_LIST_ENDS = (
    phrase("remedy", "when entry {entry_id} ends or is suspended on {lifts_on}"),
    phrase("remedy", "when entry {entry_id} ends, is suspended or no longer names the party"),
)
_NOTICE = (
    phrase("remedy", "when notice {notice_id} ends on {lifts_on}"),
    phrase("remedy", "when notice {notice_id} is lifted or narrowed"),
    given("release_by_licence", "remedy", "by a licence granted for the notice that covers the goods"),
)
_DATA = (
    phrase("remedy", "when {field} is sent"),
    otherwise("remedy", "when the data arrives"),
)

REMEDIES: Mapping[Reason, tuple[Phrase, ...]] = {
    Reason.STOP_NOTICE: (*_NOTICE, phrase("remedy", "when it no longer touches the goods")),
    Reason.PROHIBITED: (
        phrase("remedy", "when the ban ends after {effective_until} (no licence and no review can lift it)"),
        otherwise("remedy", "when the ban no longer applies to the goods (no licence and no review can lift it)"),
    ),
    Reason.CONTROL_LISTED: (*_LIST_ENDS, otherwise("remedy", "when the party is no longer listed"), _MISTAKEN),
    Reason.LICENCE_REVOKED: (_ANOTHER,),
    Reason.LICENCE_SUSPENDED: (phrase("remedy", "when licence {licence_no} is active again"), _ANOTHER),
    Reason.LICENCE_RETURNED: (_ANOTHER,),
    Reason.LICENCE_CHANGE_PENDING: (
        phrase("remedy", "when the change of licence {licence_no} has been granted"),
        _ANOTHER,
    ),
    Reason.LICENCE_CONFLICT: (
        phrase("remedy", "when a higher version of licence {licence_no} with a newer time of the authority arrives"),
        _ANOTHER,
    ),
    Reason.CATCH_ALL: (
        phrase("remedy", "when a licence that names item {item_no} covers the goods"),
        otherwise("remedy", "when a licence that names the item covers the goods"),
    ),
    Reason.END_USER_STATEMENT_INVALID: (
        phrase("remedy", "when statement {statement_no} is valid for this end user and end use"),
        phrase("remedy", "when a valid statement is named in its place"),
    ),
    Reason.END_USE_CHANGED: (phrase("remedy", "when the end use is {released} again"), _COVERS),
    Reason.END_USER_CHANGED: (phrase("remedy", "when the end user is {released} again"), _COVERS),
    Reason.MOVED_UNRELEASED: (phrase("remedy", "when a person has dealt with it; it never lifts by itself"),),
    Reason.NO_LICENCE: (
        phrase("remedy", "when a licence for exporter {exporter_id} covers {control_codes}"),
        otherwise("remedy", "when a licence covers the goods"),
    ),
    Reason.EXPORTER_MISMATCH: _KEY_ELEMENT,
    Reason.ITEM_MISMATCH: _KEY_ELEMENT,
    Reason.END_USER_MISMATCH: _KEY_ELEMENT,
    Reason.END_USE_MISMATCH: _KEY_ELEMENT,
    Reason.DESTINATION_MISMATCH: _KEY_ELEMENT,
    Reason.IMPORTER_MISMATCH: _AMENDABLE,
    Reason.CONSIGNEE_MISMATCH: _AMENDABLE,
    Reason.TRANSIT_PROHIBITED: (phrase("remedy", "when the route avoids {transit}"), *_AMENDABLE),
    Reason.LICENCE_NOT_YET_VALID: (
        phrase("remedy", "on {lifts_on}, when licence {licence_no} becomes valid"),
        _ANOTHER,
    ),
    Reason.LICENCE_EXPIRED: (phrase("remedy", "when licence {licence_no} is extended to {day}"), _ANOTHER),
    Reason.LICENCE_CONSUMED: (_ANOTHER,),
    Reason.USES_EXCEEDED: (phrase("remedy", "by one more use of licence {licence_no}"), _ANOTHER),
    Reason.QTY_EXCEEDED: (_MORE, _LESS, _ANOTHER),
    Reason.VALUE_EXCEEDED: (_MORE, _LESS, _ANOTHER),
    Reason.PERIOD_LIMIT_EXCEEDED: (
        phrase("remedy", "on {lifts_on}, when the next period begins"),
        _LESS,
        otherwise("remedy", "in a period in which the limit leaves room"),
        _ANOTHER,
    ),
    Reason.WATCH_LISTED: (
        phrase("remedy", "by an individual licence with risk report and undertaking on file"),
        *_LIST_ENDS,
        _MISTAKEN,
    ),
    Reason.SPLIT_SUSPECTED: (phrase("remedy", "when the exports together stay within the limit"),),
    Reason.PARTY_REVIEW: (
        given("entry_id", "remedy", "by a finding that party and entry are not the same"),
        *_LIST_ENDS,
        phrase("remedy", "when the party no longer takes part, or is described"),
    ),
    Reason.CUSTOMS_CHALLENGE: (*_NOTICE, phrase("remedy", "when customs has ended its challenge")),
    Reason.ITEM_UNCLASSIFIED: (
        phrase("remedy", "when the classification of item {item_no} arrives"),
        otherwise("remedy", "when the item has been classified"),
    ),
    Reason.ORDER_UNKNOWN: (
        phrase("remedy", "when line {order_line} of order {order_id} arrives"),
        otherwise("remedy", "when the order arrives, or another one is named"),
    ),
    Reason.ORDER_CANCELLED: (phrase("remedy", "when the shipment names an order that is open"),),
    Reason.OVER_DELIVERY: (
        _LESS,
        phrase("remedy", "when the order is raised by {excess}"),
        otherwise("remedy", "when the order line has room for it"),
    ),
    Reason.MISSING_DATA: (phrase("remedy", "when party {party_id} is described"), *_DATA),
    Reason.MISSING_NET: (phrase("remedy", "when the net quantity is sent"),),
    Reason.UNIT_NOT_CONVERTIBLE: (
        phrase("remedy", "when item {item_no} has a factor for {unit}"),
        phrase("remedy", "when another unit is given"),
    ),
    Reason.FX_UNAVAILABLE: (
        phrase("remedy", "when a rate from {from} to {to} for {day} arrives"),
        otherwise("remedy", "when a usable rate arrives"),
    ),
    Reason.REFERENCE_UNAVAILABLE: (
        phrase("remedy", "when feed {feed} is refreshed"),
        otherwise("remedy", "when the reference data is fresh again"),
    ),
    Reason.EVENT_UNREADABLE: (
        phrase("remedy", "when event {event} has been repaired or dropped from quarantine"),
        phrase("remedy", "when a readable newer state arrives, if it was an upsert"),
    ),
    Reason.ENGINE_ERROR: (phrase("remedy", "when the fault is mended and the shipment or order is judged again"),),
    Reason.MANUAL_HOLD: (phrase("remedy", "only by a release request that two persons approve, never by itself"),),
}

LIFTER_WORDS: Mapping[Lifter, Phrase] = {
    Lifter.LICENSING_DESK: phrase("who", "the exporter's licensing desk"),
    Lifter.COMPLIANCE: phrase("who", "the exporter's compliance office"),
    Lifter.SENDER: phrase("who", "the sender of the data"),
    Lifter.AUTHORITY: phrase("who", "the authority"),
    Lifter.CUSTOMS: phrase("who", "customs"),
    Lifter.REVIEWERS: phrase("who", "two persons by a release request"),
    Lifter.IDENTITY_REVIEWERS: phrase("who", "two persons by a finding of mistaken identity"),
    Lifter.OPERATIONS: phrase("who", "the operators of Holdgate"),
    Lifter.NOBODY: phrase("who", "nobody by hand"),
}
