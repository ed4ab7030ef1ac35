"""What would lift a hold, in words (domain.md §2, `lifts_when`), and who may: what is known concretely comes first.

Of each reason's phrases those are said for which the facts are there; one of them needs none.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.domain.lifters import Lifter
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.texts.marking import Phrase, given, otherwise, phrase, several

BASIS = phrase("sentence", "Basis: {basis}.")
LIFTS = phrase("sentence", "It is lifted {remedy}.")
WHO = phrase("sentence", "Who can act: {who}.")

ON_REQUEST = given("review_allowed", "remedy", "by a release request that two persons approve")
"""Added to the remedies of every hold that a review may exempt (D1.4)."""

UNCONTROLLED = phrase("remedy", "on {uncontrolled_from}, when none of the item's control codes is in force any more")
"""Added to the remedies of every reason that comes of needing a licence (D3.2)."""

_ANOTHER = phrase("remedy", "when another licence covers the goods")
_COVERS = phrase("remedy", "when a licence covers the goods")
_AMENDED = phrase("remedy", "when licence {licence_no} is amended to cover this")
_RIGHT = phrase("remedy", "when the data, if wrong, has been corrected")
_KEY_ELEMENT = (
    phrase("remedy", "by a new licence (this element of licence {licence_no} cannot be amended)"),
    _ANOTHER,
    _RIGHT,
)
"""Item, destination, end user and end use are applied for anew (ECR 18, notice section 3)."""
_AMENDABLE = (_AMENDED, _ANOTHER, _RIGHT)
_MORE = phrase("remedy", "when licence {licence_no} is increased by {excess}")
_LESS = phrase("remedy", "when no more than {room} is requested")
_MISTAKEN = phrase("remedy", "by a finding of mistaken identity (the party is not the one listed)")
_LIST_ENDS = (
    phrase("remedy", "on {lifts_on}, when entry {entry_id} has ended or is suspended"),
    phrase("remedy", "when entry {entry_id} is ended, suspended or changed so that it no longer names the party"),
)
_NOTICE = (
    phrase("remedy", "on {lifts_on}, when notice {notice_id} ends"),
    phrase("remedy", "when notice {notice_id} is lifted or narrowed"),
    given(
        "release_by_licence",
        "remedy",
        "by a licence that has been granted in answer to the notice and covers the goods",
    ),
)
_NOT_NEEDED = given("unless", "remedy", "when the movement turns out to be domestic or into a bonded area")
_DATA = (
    phrase("remedy", "when {field} has been sent"),
    otherwise("remedy", "when the missing data has been sent"),
)

REMEDIES: Mapping[Reason, tuple[Phrase, ...]] = {
    Reason.STOP_NOTICE: (*_NOTICE, phrase("remedy", "when the notice no longer concerns the goods")),
    Reason.PROHIBITED: (
        phrase(
            "remedy", "on {lifts_on}, when the ban has ended or is suspended (no licence and no review can lift it)"
        ),
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
        phrase("remedy", "when a higher version of licence {licence_no} arrives that the authority has dated later"),
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
    Reason.MOVED_UNRELEASED: (phrase("remedy", "only when a person has dealt with it, never by itself"),),
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
    Reason.LICENCE_EXPIRED: (phrase("remedy", "when licence {licence_no} is extended to {day} or later"), _ANOTHER),
    Reason.LICENCE_CONSUMED: (_ANOTHER,),
    Reason.USES_EXCEEDED: (phrase("remedy", "when licence {licence_no} allows one more use"), _ANOTHER),
    Reason.QTY_EXCEEDED: (_MORE, _LESS, _ANOTHER),
    Reason.VALUE_EXCEEDED: (_MORE, _LESS, _ANOTHER),
    Reason.PERIOD_LIMIT_EXCEEDED: (
        phrase("remedy", "on {lifts_on}, when the next period begins"),
        _LESS,
        otherwise("remedy", "in a period in which enough of the limit is left"),
        _ANOTHER,
    ),
    Reason.WATCH_LISTED: (
        several(
            "remedy",
            "when both risk report and undertaking are on file for licence {incomplete}",
            "when both risk report and undertaking are on file for licences {incomplete}",
            "incomplete",
        ),
        phrase("remedy", "when an individual licence with both risk report and undertaking on file covers the goods"),
        *_LIST_ENDS,
        _MISTAKEN,
    ),
    Reason.SPLIT_SUSPECTED: (phrase("remedy", "when the exports taken together stay within the limit"),),
    Reason.PARTY_REVIEW: (
        given("entry_id", "remedy", "by a finding of mistaken identity (the party is not the one listed)"),
        *_LIST_ENDS,
        otherwise("remedy", "when data about the party has been sent"),
        phrase("remedy", "when the party no longer takes part"),
    ),
    Reason.CUSTOMS_CHALLENGE: (*_NOTICE, phrase("remedy", "when customs has withdrawn its challenge")),
    Reason.ITEM_UNCLASSIFIED: (
        phrase("remedy", "when item {item_no} has been classified"),
        otherwise("remedy", "when the item has been classified"),
    ),
    Reason.ORDER_UNKNOWN: (
        phrase("remedy", "when line {order_line} of order {order_id} has been sent"),
        otherwise("remedy", "when the order has been sent, or another one is named"),
    ),
    Reason.ORDER_CANCELLED: (phrase("remedy", "when the shipment names an order that is open"),),
    Reason.OVER_DELIVERY: (
        _LESS,
        phrase("remedy", "when the ordered quantity is raised by {excess}"),
        otherwise("remedy", "when enough of the order line is left"),
    ),
    Reason.MISSING_DATA: (phrase("remedy", "when data about party {party_id} has been sent"), *_DATA, _NOT_NEEDED),
    Reason.MISSING_NET: (phrase("remedy", "when the net quantity has been sent"),),
    Reason.UNIT_NOT_CONVERTIBLE: (
        phrase("remedy", "when item {item_no} has a conversion factor for {unit}"),
        phrase("remedy", "when the quantity is given in another unit"),
    ),
    Reason.FX_UNAVAILABLE: (
        phrase("remedy", "when a rate from {from} to {to} for {day} arrives"),
        otherwise("remedy", "when a usable rate arrives"),
    ),
    Reason.REFERENCE_UNAVAILABLE: (
        phrase("remedy", "when feed {feed} has been refreshed"),
        otherwise("remedy", "when the reference data has been refreshed"),
    ),
    Reason.EVENT_UNREADABLE: (
        phrase("remedy", "when event {event} has been repaired or dropped from quarantine"),
        phrase("remedy", "when a newer, readable version arrives (if the event was an upsert)"),
    ),
    Reason.ENGINE_ERROR: (phrase("remedy", "when the fault has been mended and the shipment or order judged again"),),
    Reason.MANUAL_HOLD: (phrase("remedy", "only by a release request that two persons approve, never by itself"),),
}

LIFTER_WORDS: Mapping[Lifter, Phrase] = {
    Lifter.LICENSING_DESK: phrase("who", "the exporter's licensing desk"),
    Lifter.COMPLIANCE: phrase("who", "the exporter's compliance office"),
    Lifter.SENDER: phrase("who", "the sender of the data"),
    Lifter.AUTHORITY: phrase("who", "the authority"),
    Lifter.CUSTOMS: phrase("who", "customs"),
    Lifter.REVIEWERS: phrase("who", "two persons, by a release request"),
    Lifter.IDENTITY_REVIEWERS: phrase("who", "two persons, by a finding of mistaken identity"),
    Lifter.OPERATIONS: phrase("who", "the operators of Holdgate"),
    Lifter.NOBODY: phrase("who", "nobody; only the end of the ban lifts it"),
}
