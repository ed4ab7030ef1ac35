"""The reasons' phrases: for each what it says, then what its detail adds (domain.md §2).

A phrase whose facts are not all known is left out. English here is the message id; how it is worded in either language
stands in the catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.texts.licence_phrases import LICENCE_PHRASES
from services.gatekeeper.texts.marking import Phrase, given, numbered, phrase, several
from services.gatekeeper.texts.shared_phrases import BALANCE, FROM_TO, ITEM, LISTED, NOTICE

PHRASES: Mapping[Reason, tuple[Phrase, ...]] = {
    **LICENCE_PHRASES,
    Reason.STOP_NOTICE: (phrase("STOP_NOTICE", "a stop notice is in effect"), *NOTICE),
    Reason.PROHIBITED: (
        phrase("PROHIBITED", "this export is prohibited"),
        phrase("item", "control code {control_code}"),
        ITEM,
        phrase("PROHIBITED", "{ban}"),
        phrase("PROHIBITED", "destination {destination} is barred"),
        phrase("PROHIBITED", "end use {end_use} is barred"),
        phrase("PROHIBITED", "end users of type {end_user_type} are barred"),
        phrase("PROHIBITED", "in force since {effective_from}"),
        phrase("PROHIBITED", "in force until {effective_until}"),
    ),
    Reason.CONTROL_LISTED: (phrase("CONTROL_LISTED", "a party is on the control list"), *LISTED),
    Reason.END_USER_STATEMENT_INVALID: (
        phrase("END_USER_STATEMENT_INVALID", "the end-user statement cannot be relied on"),
        phrase("END_USER_STATEMENT_INVALID", "statement {statement_no}"),
        phrase("END_USER_STATEMENT_INVALID", "{fault}"),
        phrase("END_USER_STATEMENT_INVALID", "it is made out for {allowed}, not for {requested}"),
        phrase("END_USER_STATEMENT_INVALID", "valid until {valid_until}"),
        phrase("validity", "day that counts {day}"),
        several("END_USER_STATEMENT_INVALID", "named for line {lines}", "named for lines {lines}", "lines"),
    ),
    Reason.END_USE_CHANGED: (
        phrase("END_USE_CHANGED", "the end use has changed since the release, and no licence covers the new one"),
        FROM_TO,
    ),
    Reason.END_USER_CHANGED: (
        phrase("END_USER_CHANGED", "the end user has changed since the release, and no licence covers the new one"),
        FROM_TO,
    ),
    Reason.MOVED_UNRELEASED: (
        phrase("MOVED_UNRELEASED", "the goods left without being released"),
        phrase("MOVED_UNRELEASED", "left at {left_at}"),
        phrase("MOVED_UNRELEASED", "report {event_id}"),
    ),
    Reason.SPLIT_SUSPECTED: (
        phrase(
            "SPLIT_SUSPECTED", "exports of one item family to one end user may have been split to stay below the limit"
        ),
        phrase("SPLIT_SUSPECTED", "family {family}"),
        phrase("SPLIT_SUSPECTED", "end user {end_user}"),
        phrase("SPLIT_SUSPECTED", "together {total}, limit {limit}"),
        numbered("SPLIT_SUSPECTED", "within {days} day", "within {days} days", "days"),
        phrase("SPLIT_SUSPECTED", "not counted, because not convertible into the unit of the limit: {uncounted}"),
        *BALANCE,
    ),
    Reason.PARTY_REVIEW: (phrase("PARTY_REVIEW", "a party needs a review"), *LISTED),
    Reason.CUSTOMS_CHALLENGE: (
        phrase("CUSTOMS_CHALLENGE", "customs has challenged the goods"),
        phrase("CUSTOMS_CHALLENGE", "answer by {respond_by}"),
        *NOTICE,
    ),
    Reason.ITEM_UNCLASSIFIED: (
        phrase("ITEM_UNCLASSIFIED", "the item has not been classified"),
        ITEM,
        phrase("ITEM_UNCLASSIFIED", "{classification}"),
    ),
    Reason.ORDER_UNKNOWN: (
        phrase("ORDER_UNKNOWN", "the order or its line is not known"),
        phrase("ORDER_UNKNOWN", "order line {order_line}"),
        ITEM,
    ),
    Reason.ORDER_CANCELLED: (
        phrase("ORDER_CANCELLED", "the order is cancelled or closed"),
        phrase("ORDER_CANCELLED", "{status}"),
    ),
    Reason.OVER_DELIVERY: (
        phrase("OVER_DELIVERY", "the shipments exceed the order line"),
        phrase("OVER_DELIVERY", "ordered {ordered}"),
        phrase("OVER_DELIVERY", "already released or shipped {taken}"),
        phrase("OVER_DELIVERY", "tolerance {tolerance_percent}%"),
        *BALANCE,
    ),
    Reason.MISSING_DATA: (
        phrase("MISSING_DATA", "data that the decision needs is missing"),
        phrase("MISSING_DATA", "{field}"),
        phrase("MISSING_DATA", "no data about party {party_id} has been received"),
        given("unless", "MISSING_DATA", "not needed if the movement is domestic or into a bonded area"),
    ),
    Reason.MISSING_NET: (
        phrase("MISSING_NET", "the net quantity is missing, and the gross quantity cannot stand in for it"),
    ),
    Reason.UNIT_NOT_CONVERTIBLE: (
        phrase("UNIT_NOT_CONVERTIBLE", "the unit cannot be converted"),
        phrase("UNIT_NOT_CONVERTIBLE", "{unit} into {licence_unit}, the unit of the licence"),
        phrase("UNIT_NOT_CONVERTIBLE", "{unit} into {order_unit}, the unit of the order"),
        phrase("UNIT_NOT_CONVERTIBLE", "{unit} into {limit_unit}, the unit of the policy limit"),
        phrase("UNIT_NOT_CONVERTIBLE", "item {item_no} has no conversion factor for it"),
    ),
    Reason.FX_UNAVAILABLE: (
        phrase("FX_UNAVAILABLE", "no usable exchange rate is known"),
        phrase("FX_UNAVAILABLE", "{from} to {to}"),
        phrase("FX_UNAVAILABLE", "latest rate {rate_id} of {as_of}"),
        numbered(
            "FX_UNAVAILABLE",
            "a rate may be {limit_days} day old at most",
            "a rate may be {limit_days} days old at most",
            "limit_days",
        ),
        phrase("validity", "day that counts {day}"),
    ),
    Reason.REFERENCE_UNAVAILABLE: (
        phrase("REFERENCE_UNAVAILABLE", "reference data is too old"),
        phrase("REFERENCE_UNAVAILABLE", "feed {feed}"),
        phrase("REFERENCE_UNAVAILABLE", "last refreshed {as_of}"),
        numbered(
            "REFERENCE_UNAVAILABLE",
            "it may be {limit_hours} hour old at most",
            "it may be {limit_hours} hours old at most",
            "limit_hours",
        ),
        several("REFERENCE_UNAVAILABLE", "needed for line {lines}", "needed for lines {lines}", "lines"),
    ),
    Reason.EVENT_UNREADABLE: (
        phrase("EVENT_UNREADABLE", "an event could not be read"),
        phrase("EVENT_UNREADABLE", "about {about_kind} {about_key}"),
        phrase("EVENT_UNREADABLE", "event {event}"),
        phrase("EVENT_UNREADABLE", "fault: {error}"),
        phrase("EVENT_UNREADABLE", "in quarantine as {quarantine_id}"),
    ),
    Reason.ENGINE_ERROR: (
        phrase("ENGINE_ERROR", "a rule failed, so that nothing can be decided or released"),
        phrase("ENGINE_ERROR", "rule {rule}"),
        phrase("ENGINE_ERROR", "error {error}"),
    ),
    Reason.MANUAL_HOLD: (
        phrase("MANUAL_HOLD", "a person has placed a hold"),
        phrase("MANUAL_HOLD", "placed by {placed_by}"),
        phrase("MANUAL_HOLD", "“{text}”"),
    ),
}
