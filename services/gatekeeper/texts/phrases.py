"""The reasons' phrases: for each what it says, then what its detail adds (domain.md §2).

A phrase whose facts are not all known is left out. English here is the message id; how it is worded in either language
stands in the catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.texts.marking import Phrase, phrase

WHERE = (
    phrase("where", "line {line_no}"),
    phrase("where", "order {order_id}"),
    phrase("where", "licence {licence_no}"),
)
_STATUS = (
    phrase("status", "since {authority_time}"),
    phrase("status", "licence version {version}"),
)
_REQUESTED = phrase("balance", "requested {requested}")
_AVAILABLE = phrase("balance", "available {available}")
_EXCESS = phrase("balance", "{excess} too much")
_BALANCE = (_REQUESTED, _AVAILABLE, _EXCESS)
_VALIDITY = (
    phrase("validity", "on {day}"),
    phrase("validity", "valid {valid_from} to {valid_until}"),
)
_LISTED = (
    phrase("listing", "{role} {party}"),
    phrase("listing", "listed as {listed_name}"),
    phrase("listing", "{list}, entry {entry_id}"),
    phrase("listing", "effect: {effect}"),
    phrase("listing", "matched by {matched_by}"),
    phrase("listing", "likeness {score} of 100"),
    phrase("listing", "name compared: {name}"),
    phrase("listing", "owner {owner} holds {percent}%"),
    phrase("listing", "by way of {through}"),
    phrase("listing", "country on the list {listed_country}"),
    phrase("listing", "reference {authority_ref}"),
)
_NOTICE = (
    phrase("notice", "notice {notice_id}"),
    phrase("notice", "from {origin}"),
    phrase("notice", "in effect since {since}"),
    phrase("notice", "reference {authority_ref}"),
    phrase("notice", "lines {lines}"),
    phrase("notice", "“{notice_text}”"),
)
_ITEM = phrase("item", "item {item_no}")
_CODES = phrase("item", "control codes {control_codes}")
_LICENSED = phrase("licence", "the licence names {licensed}")
_FROM_TO = phrase("change", "from {released} to {now}")

PHRASES: Mapping[Reason, tuple[Phrase, ...]] = {
    Reason.STOP_NOTICE: (phrase("STOP_NOTICE", "a stop notice is in effect"), *_NOTICE),
    Reason.PROHIBITED: (
        phrase("PROHIBITED", "this export is prohibited"),
        phrase("item", "control code {control_code}"),
        _ITEM,
        phrase("PROHIBITED", "{ban}"),
        phrase("PROHIBITED", "destination {destination} is barred"),
        phrase("PROHIBITED", "end use {end_use} is barred"),
        phrase("PROHIBITED", "end users of type {end_user_type} are barred"),
        phrase("PROHIBITED", "in force since {effective_from}"),
    ),
    Reason.CONTROL_LISTED: (phrase("CONTROL_LISTED", "a party is on the control list"), *_LISTED),
    Reason.LICENCE_REVOKED: (phrase("LICENCE_REVOKED", "the licence has been revoked"), *_STATUS),
    Reason.LICENCE_SUSPENDED: (phrase("LICENCE_SUSPENDED", "the licence is suspended"), *_STATUS),
    Reason.LICENCE_RETURNED: (phrase("LICENCE_RETURNED", "the licence has been handed back"), *_STATUS),
    Reason.LICENCE_CHANGE_PENDING: (
        phrase("LICENCE_CHANGE_PENDING", "a change of the licence is pending; it must not be used"),
        *_STATUS,
    ),
    Reason.LICENCE_CONFLICT: (
        phrase("LICENCE_CONFLICT", "the licence contradicts what came of it before"),
        phrase("LICENCE_CONFLICT", "drawn lines that a later version counts in another unit or currency: {restated}"),
        phrase("notice", "lines {lines}"),
        *_STATUS,
    ),
    Reason.CATCH_ALL: (
        phrase("CATCH_ALL", "an unlisted item of concern needs a licence"),
        _ITEM,
        phrase("CATCH_ALL", "end use {end_use}"),
        phrase("CATCH_ALL", "term “{term}”"),
        phrase("CATCH_ALL", "{role} {party}"),
    ),
    Reason.END_USER_STATEMENT_INVALID: (
        phrase("END_USER_STATEMENT_INVALID", "the end-user statement can't be relied on"),
        phrase("END_USER_STATEMENT_INVALID", "statement {statement_no}"),
        phrase("END_USER_STATEMENT_INVALID", "{fault}"),
        phrase("END_USER_STATEMENT_INVALID", "it names {allowed}, asked was {requested}"),
        phrase("END_USER_STATEMENT_INVALID", "valid until {valid_until}"),
        phrase("validity", "on {day}"),
        phrase("END_USER_STATEMENT_INVALID", "named by lines {lines}"),
    ),
    Reason.END_USE_CHANGED: (
        phrase("END_USE_CHANGED", "the end use changed after the release and no licence covers the new one"),
        _FROM_TO,
    ),
    Reason.END_USER_CHANGED: (
        phrase("END_USER_CHANGED", "the end user changed after the release and no licence covers the new one"),
        _FROM_TO,
    ),
    Reason.MOVED_UNRELEASED: (
        phrase("MOVED_UNRELEASED", "the goods left without being released"),
        phrase("MOVED_UNRELEASED", "left at {left_at}"),
        phrase("MOVED_UNRELEASED", "report {event_id}"),
    ),
    Reason.NO_LICENCE: (
        phrase("NO_LICENCE", "no licence of this exporter covers the item"),
        phrase("NO_LICENCE", "exporter {exporter_id}"),
        _ITEM,
        _CODES,
        phrase("NO_LICENCE", "named but unknown: {named}"),
    ),
    Reason.EXPORTER_MISMATCH: (
        phrase("EXPORTER_MISMATCH", "the exporter is not the licence's"),
        phrase("EXPORTER_MISMATCH", "exporter {exporter_id}"),
        _LICENSED,
    ),
    Reason.ITEM_MISMATCH: (
        phrase("ITEM_MISMATCH", "the licence does not cover the item"),
        _ITEM,
        _CODES,
        phrase(
            "ITEM_MISMATCH",
            "licence line {licence_line} covers codes {licensed_codes} and items {licensed_items}",
        ),
        phrase("ITEM_MISMATCH", "not covered: {missing_codes}"),
    ),
    Reason.END_USER_MISMATCH: (
        phrase("END_USER_MISMATCH", "the end user is not on the licence"),
        phrase("END_USER_MISMATCH", "end user {end_user}"),
        _LICENSED,
    ),
    Reason.END_USE_MISMATCH: (
        phrase("END_USE_MISMATCH", "the end use is not on the licence"),
        phrase("END_USE_MISMATCH", "end use {end_use}"),
        _LICENSED,
    ),
    Reason.DESTINATION_MISMATCH: (
        phrase("DESTINATION_MISMATCH", "the destination is not on the licence"),
        phrase("DESTINATION_MISMATCH", "destination {destination}"),
        _LICENSED,
    ),
    Reason.IMPORTER_MISMATCH: (
        phrase("IMPORTER_MISMATCH", "the importer is not on the licence"),
        phrase("IMPORTER_MISMATCH", "importer {importer}"),
        _LICENSED,
    ),
    Reason.CONSIGNEE_MISMATCH: (
        phrase("CONSIGNEE_MISMATCH", "the consignee is not on the licence"),
        phrase("CONSIGNEE_MISMATCH", "consignee {consignee}"),
        _LICENSED,
    ),
    Reason.TRANSIT_PROHIBITED: (
        phrase("TRANSIT_PROHIBITED", "the route passes where the licence forbids it"),
        phrase("TRANSIT_PROHIBITED", "via {transit}"),
        phrase("TRANSIT_PROHIBITED", "the licence forbids {barred}"),
    ),
    Reason.LICENCE_NOT_YET_VALID: (
        phrase("LICENCE_NOT_YET_VALID", "the licence is not yet valid"),
        *_VALIDITY,
        phrase("LICENCE_NOT_YET_VALID", "{days_short} day(s) too early"),
    ),
    Reason.LICENCE_EXPIRED: (
        phrase("LICENCE_EXPIRED", "the licence has expired"),
        *_VALIDITY,
        phrase("LICENCE_EXPIRED", "{days_short} day(s) too late"),
    ),
    Reason.LICENCE_CONSUMED: (
        phrase("LICENCE_CONSUMED", "the licence was used up by its one export"),
        phrase("LICENCE_CONSUMED", "type {licence_type}"),
    ),
    Reason.USES_EXCEEDED: (
        phrase("USES_EXCEEDED", "no use of the licence is left"),
        phrase("USES_EXCEEDED", "{uses} of {max_uses} used"),
        phrase("USES_EXCEEDED", "{uses_reserved} more reserved"),
        *_BALANCE,
    ),
    Reason.QTY_EXCEEDED: (phrase("QTY_EXCEEDED", "the quantity exceeds the licence's balance"), *_BALANCE),
    Reason.VALUE_EXCEEDED: (
        phrase("VALUE_EXCEEDED", "the value exceeds the licence's balance"),
        *_BALANCE,
        phrase("VALUE_EXCEEDED", "rate {rate_id}"),
    ),
    Reason.PERIOD_LIMIT_EXCEEDED: (
        phrase("PERIOD_LIMIT_EXCEEDED", "the quantity exceeds what the licence allows in the period"),
        *_BALANCE,
        phrase("PERIOD_LIMIT_EXCEEDED", "limit {limit}"),
        phrase("PERIOD_LIMIT_EXCEEDED", "{period} {period_start} to {period_end}"),
        phrase("PERIOD_LIMIT_EXCEEDED", "already used in it {used}"),
    ),
    Reason.WATCH_LISTED: (
        phrase(
            "WATCH_LISTED",
            "a party is on the watch list; an individual licence with risk report and undertaking is needed",
        ),
        *_LISTED,
    ),
    Reason.SPLIT_SUSPECTED: (
        phrase("SPLIT_SUSPECTED", "exports of one family to one end user may have been split"),
        phrase("SPLIT_SUSPECTED", "family {family}"),
        phrase("SPLIT_SUSPECTED", "end user {end_user}"),
        phrase("SPLIT_SUSPECTED", "together {total}, limit {limit}"),
        phrase("SPLIT_SUSPECTED", "within {days} days"),
        phrase("SPLIT_SUSPECTED", "of others {uncounted} cannot be converted into its unit"),
        *_BALANCE,
    ),
    Reason.PARTY_REVIEW: (phrase("PARTY_REVIEW", "a party must be reviewed"), *_LISTED),
    Reason.CUSTOMS_CHALLENGE: (
        phrase("CUSTOMS_CHALLENGE", "customs has challenged the goods"),
        phrase("CUSTOMS_CHALLENGE", "answer by {respond_by}"),
        *_NOTICE,
    ),
    Reason.ITEM_UNCLASSIFIED: (
        phrase("ITEM_UNCLASSIFIED", "the item has not been classified"),
        _ITEM,
        phrase("ITEM_UNCLASSIFIED", "{classification}"),
    ),
    Reason.ORDER_UNKNOWN: (
        phrase("ORDER_UNKNOWN", "the order line is not known"),
        phrase("ORDER_UNKNOWN", "order line {order_line}"),
        _ITEM,
    ),
    Reason.ORDER_CANCELLED: (
        phrase("ORDER_CANCELLED", "the order is cancelled or closed"),
        phrase("ORDER_CANCELLED", "{status}"),
    ),
    Reason.OVER_DELIVERY: (
        phrase("OVER_DELIVERY", "the shipments exceed the order line"),
        phrase("OVER_DELIVERY", "ordered {ordered}"),
        phrase("OVER_DELIVERY", "already taken {taken}"),
        phrase("OVER_DELIVERY", "tolerance {tolerance_percent}%"),
        *_BALANCE,
    ),
    Reason.MISSING_DATA: (
        phrase("MISSING_DATA", "data that the decision needs is missing"),
        phrase("MISSING_DATA", "{field}"),
        phrase("MISSING_DATA", "nobody has described {party_id}"),
    ),
    Reason.MISSING_NET: (phrase("MISSING_NET", "the net quantity is missing; the gross never stands in for it"),),
    Reason.UNIT_NOT_CONVERTIBLE: (
        phrase("UNIT_NOT_CONVERTIBLE", "the unit can't be converted"),
        phrase("UNIT_NOT_CONVERTIBLE", "{unit} into the licence's {licence_unit}"),
        phrase("UNIT_NOT_CONVERTIBLE", "{unit} into the order's {order_unit}"),
        phrase("UNIT_NOT_CONVERTIBLE", "{unit} into the policy limit's {limit_unit}"),
        phrase("UNIT_NOT_CONVERTIBLE", "item {item_no} has no factor for it"),
    ),
    Reason.FX_UNAVAILABLE: (
        phrase("FX_UNAVAILABLE", "no exchange rate can be used"),
        phrase("FX_UNAVAILABLE", "{from} to {to}"),
        phrase("FX_UNAVAILABLE", "latest rate {rate_id} of {as_of}"),
        phrase("FX_UNAVAILABLE", "limit {limit_days} day(s)"),
        phrase("validity", "on {day}"),
    ),
    Reason.REFERENCE_UNAVAILABLE: (
        phrase("REFERENCE_UNAVAILABLE", "reference data is too old"),
        phrase("REFERENCE_UNAVAILABLE", "feed {feed}"),
        phrase("REFERENCE_UNAVAILABLE", "last refreshed {as_of}"),
        phrase("REFERENCE_UNAVAILABLE", "limit {limit_hours} hours"),
        phrase("REFERENCE_UNAVAILABLE", "needed for lines {lines}"),
    ),
    Reason.EVENT_UNREADABLE: (
        phrase("EVENT_UNREADABLE", "an event could not be read"),
        phrase("EVENT_UNREADABLE", "about {about_kind} {about_key}"),
        phrase("EVENT_UNREADABLE", "event {event}"),
        phrase("EVENT_UNREADABLE", "{error}"),
        phrase("EVENT_UNREADABLE", "in quarantine as {quarantine_id}"),
    ),
    Reason.ENGINE_ERROR: (
        phrase("ENGINE_ERROR", "a rule failed; nothing is released on its word"),
        phrase("ENGINE_ERROR", "rule {rule}"),
        phrase("ENGINE_ERROR", "error {error}"),
    ),
    Reason.MANUAL_HOLD: (
        phrase("MANUAL_HOLD", "held by a person"),
        phrase("MANUAL_HOLD", "by {placed_by}"),
        phrase("MANUAL_HOLD", "“{text}”"),
    ),
}
NEAREST = phrase(
    "nearest",
    "Nearest licence: {nearest_licence}, line {nearest_line}, {nearest_because} ({candidates} looked at).",
)
