"""The phrases of the reasons that a licence lifts, and which licence is nearest to that (D3.6)."""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.texts.marking import Phrase, given, numbered, phrase, several
from services.gatekeeper.texts.shared_phrases import BALANCE, CODES, ITEM, LICENSED, LISTED, STATUS, VALIDITY

LICENCE_PHRASES: Mapping[Reason, tuple[Phrase, ...]] = {
    Reason.LICENCE_REVOKED: (phrase("LICENCE_REVOKED", "the licence has been revoked"), *STATUS),
    Reason.LICENCE_SUSPENDED: (phrase("LICENCE_SUSPENDED", "the licence is suspended"), *STATUS),
    Reason.LICENCE_RETURNED: (phrase("LICENCE_RETURNED", "the licence has been handed back"), *STATUS),
    Reason.LICENCE_CHANGE_PENDING: (
        phrase("LICENCE_CHANGE_PENDING", "a change of the licence is pending; it must not be used"),
        *STATUS,
    ),
    Reason.LICENCE_CONFLICT: (
        phrase("LICENCE_CONFLICT", "the data received about this licence is contradictory"),
        several(
            "LICENCE_CONFLICT",
            "a later version counts licence line {restated}, which is in use, in another unit or currency",
            "a later version counts licence lines {restated}, which are in use, in another unit or currency",
            "restated",
        ),
        several("LICENCE_CONFLICT", "it holds line {lines}", "it holds lines {lines}", "lines"),
        *STATUS,
    ),
    Reason.CATCH_ALL: (
        phrase("CATCH_ALL", "an item that is not listed, but of concern, needs a licence"),
        ITEM,
        phrase("CATCH_ALL", "end use {end_use}"),
        phrase("CATCH_ALL", "the description of the end use contains “{term}”"),
        phrase("CATCH_ALL", "{role} {party}"),
    ),
    Reason.NO_LICENCE: (
        phrase("NO_LICENCE", "no licence of this exporter covers the item"),
        phrase("NO_LICENCE", "exporter {exporter_id}"),
        ITEM,
        CODES,
        several(
            "NO_LICENCE",
            "the licence named, {named}, is not known",
            "the licences named, {named}, are not known",
            "named",
        ),
    ),
    Reason.EXPORTER_MISMATCH: (
        phrase("EXPORTER_MISMATCH", "the exporter is not the one on the licence"),
        phrase("EXPORTER_MISMATCH", "exporter {exporter_id}"),
        LICENSED,
    ),
    Reason.ITEM_MISMATCH: (
        phrase("ITEM_MISMATCH", "the licence does not cover the item"),
        ITEM,
        CODES,
        phrase(
            "ITEM_MISMATCH",
            "licence line {licence_line} names codes: {licensed_codes}; items: {licensed_items}",
        ),
        several(
            "ITEM_MISMATCH",
            "code {missing_codes} is not covered",
            "codes {missing_codes} are not covered",
            "missing_codes",
        ),
    ),
    Reason.END_USER_MISMATCH: (
        phrase("END_USER_MISMATCH", "the end user is not on the licence"),
        phrase("END_USER_MISMATCH", "end user {end_user}"),
        LICENSED,
    ),
    Reason.END_USE_MISMATCH: (
        phrase("END_USE_MISMATCH", "the end use is not on the licence"),
        phrase("END_USE_MISMATCH", "end use {end_use}"),
        LICENSED,
    ),
    Reason.DESTINATION_MISMATCH: (
        phrase("DESTINATION_MISMATCH", "the destination is not on the licence"),
        phrase("DESTINATION_MISMATCH", "destination {destination}"),
        LICENSED,
    ),
    Reason.IMPORTER_MISMATCH: (
        phrase("IMPORTER_MISMATCH", "the importer is not on the licence"),
        phrase("IMPORTER_MISMATCH", "importer {importer}"),
        LICENSED,
    ),
    Reason.CONSIGNEE_MISMATCH: (
        phrase("CONSIGNEE_MISMATCH", "the consignee is not on the licence"),
        phrase("CONSIGNEE_MISMATCH", "consignee {consignee}"),
        LICENSED,
    ),
    Reason.TRANSIT_PROHIBITED: (
        phrase("TRANSIT_PROHIBITED", "the route passes through a country or region that the licence prohibits"),
        phrase("TRANSIT_PROHIBITED", "via {transit}"),
        phrase("TRANSIT_PROHIBITED", "prohibited by the licence: {barred}"),
    ),
    Reason.LICENCE_NOT_YET_VALID: (
        phrase("LICENCE_NOT_YET_VALID", "the licence is not yet valid"),
        *VALIDITY,
        numbered("LICENCE_NOT_YET_VALID", "{days_short} day too early", "{days_short} days too early", "days_short"),
    ),
    Reason.LICENCE_EXPIRED: (
        phrase("LICENCE_EXPIRED", "the licence has expired"),
        *VALIDITY,
        numbered("LICENCE_EXPIRED", "{days_short} day too late", "{days_short} days too late", "days_short"),
    ),
    Reason.LICENCE_CONSUMED: (
        phrase("LICENCE_CONSUMED", "the licence has lapsed with its first completed export"),
        phrase("LICENCE_CONSUMED", "licence type: {licence_type}"),
    ),
    Reason.USES_EXCEEDED: (
        phrase("USES_EXCEEDED", "no use of the licence is left"),
        phrase("USES_EXCEEDED", "uses made: {uses} of {max_uses}"),
        phrase("USES_EXCEEDED", "uses reserved: {uses_reserved}"),
        *BALANCE,
    ),
    Reason.QTY_EXCEEDED: (phrase("QTY_EXCEEDED", "the quantity exceeds the licence's balance"), *BALANCE),
    Reason.VALUE_EXCEEDED: (
        phrase("VALUE_EXCEEDED", "the value exceeds the licence's balance"),
        *BALANCE,
        phrase("VALUE_EXCEEDED", "rate {rate_id}"),
    ),
    Reason.PERIOD_LIMIT_EXCEEDED: (
        phrase("PERIOD_LIMIT_EXCEEDED", "the quantity exceeds what the licence allows in the period"),
        *BALANCE,
        phrase("PERIOD_LIMIT_EXCEEDED", "limit {limit}"),
        phrase("PERIOD_LIMIT_EXCEEDED", "{period} {period_start} to {period_end}"),
        phrase("PERIOD_LIMIT_EXCEEDED", "already used in this period {used}"),
    ),
    Reason.WATCH_LISTED: (
        phrase(
            "WATCH_LISTED",
            "a party is on the watch list, so only an individual licence with both risk report and undertaking counts",
        ),
        several("WATCH_LISTED", "needed for line {lines}", "needed for lines {lines}", "lines"),
        several(
            "WATCH_LISTED", "licence in use {drawn_licences}", "licences in use {drawn_licences}", "drawn_licences"
        ),
        several(
            "WATCH_LISTED",
            "no risk report on file for licence {no_risk_report}",
            "no risk report on file for licences {no_risk_report}",
            "no_risk_report",
        ),
        several(
            "WATCH_LISTED",
            "no undertaking on file for licence {no_undertaking}",
            "no undertaking on file for licences {no_undertaking}",
            "no_undertaking",
        ),
        several(
            "WATCH_LISTED",
            "licence {not_individual} is not an individual licence and does not count",
            "licences {not_individual} are not individual licences and do not count",
            "not_individual",
        ),
        *LISTED,
    ),
}
NEAREST = (
    phrase(
        "nearest",
        "Nearest licence: {nearest_licence}, line {nearest_line}, {nearest_because} (lines compared: {candidates}).",
    ),
    phrase("nearest", "What it lacks: {lacks}."),
    given("no_candidate", "nearest", "There is no licence of this exporter that names the item."),
)
