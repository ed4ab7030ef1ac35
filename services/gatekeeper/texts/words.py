"""Our own codes and field names in words. Ids, units, countries and what others wrote stand as they came."""

from __future__ import annotations

from collections.abc import Mapping

from services.gatekeeper.texts.marking import Phrase, phrase

_NONE = {"none": phrase("licence", "none")}

WORDS: Mapping[str, Mapping[str, Phrase]] = {
    "licensed": _NONE,
    "licensed_codes": _NONE,
    "licensed_items": _NONE,
    "control_codes": _NONE,
    "about_kind": {
        "licence": phrase("about_kind", "licence"),
        "party": phrase("about_kind", "party"),
        "list-entry": phrase("about_kind", "list entry"),
        "item": phrase("about_kind", "item"),
        "control": phrase("about_kind", "control code"),
        "end-user-statement": phrase("about_kind", "end-user statement"),
        "fx-rate": phrase("about_kind", "exchange rate"),
        "feed": phrase("about_kind", "feed"),
        "notice": phrase("about_kind", "notice"),
        "policy": phrase("about_kind", "policy"),
        "mistaken-identity": phrase("about_kind", "finding of mistaken identity"),
        "order": phrase("about_kind", "order"),
        "shipment": phrase("about_kind", "shipment"),
        "unknown": phrase("about_kind", "an unknown subject"),
    },
    "origin": {
        "AUTHORITY": phrase("origin", "the authority"),
        "OWN_DISCOVERY": phrase("origin", "own discovery"),
        "CUSTOMS": phrase("origin", "customs"),
    },
    "list": {
        "CONTROL_LIST": phrase("list", "control list"),
        "WATCH_LIST": phrase("list", "watch list"),
        "INTERNAL": phrase("list", "internal list"),
    },
    "effect": {
        "PROHIBIT": phrase("effect", "dealings prohibited"),
        "RESTRICT": phrase("effect", "dealings restricted"),
        "SUSPEND": phrase("effect", "exports suspended"),
        "REVIEW": phrase("effect", "review needed"),
    },
    "matched_by": {
        "IDENTIFIER": phrase("matched_by", "identifier"),
        "NAME": phrase("matched_by", "name"),
        "LIKENESS": phrase("matched_by", "likeness of the name"),
        "OWNERSHIP": phrase("matched_by", "ownership"),
        "UNDESCRIBED": phrase("matched_by", "no data about the party has been received"),
    },
    "role": {
        "exporter": phrase("role", "exporter"),
        "importer": phrase("role", "importer"),
        "consignee": phrase("role", "consignee"),
        "end_user": phrase("role", "end user"),
        "intermediary": phrase("role", "intermediary"),
        "carrier": phrase("role", "carrier"),
        "broker": phrase("role", "customs broker"),
        "bank": phrase("role", "bank"),
        "forwarder": phrase("role", "forwarder"),
    },
    "fault": {
        "UNKNOWN": phrase("fault", "it is not known"),
        "INVALID": phrase("fault", "it is invalid"),
        "WITHDRAWN": phrase("fault", "it has been withdrawn"),
        "EXPIRED": phrase("fault", "it has expired"),
        "OTHER_END_USER": phrase("fault", "it is for another end user"),
        "OTHER_END_USE": phrase("fault", "it is for another end use"),
    },
    "ban": {"ITEM": phrase("ban", "every export of this item is barred")},
    "classification": {
        "unknown": phrase("classification", "no data about it has been received"),
        "UNCLASSIFIED": phrase("classification", "its classification is still open"),
        "CONSULTATION_PENDING": phrase("classification", "a consultation with the ministry is pending"),
        "CONTROLLED": phrase("classification", "controlled, but without a control code"),
    },
    "status": {
        "CANCELLED": phrase("order status", "cancelled"),
        "CLOSED": phrase("order status", "closed before the shipment was announced"),
    },
    "licence_type": {
        "INDIVIDUAL": phrase("licence_type", "individual licence"),
        "GENERAL": phrase("licence_type", "general licence"),
        "REGISTRATION": phrase("licence_type", "export certificate by registration"),
    },
    "period": {
        "DAY": phrase("period", "day"),
        "CALENDAR_MONTH": phrase("period", "calendar month"),
        "CALENDAR_YEAR": phrase("period", "calendar year"),
    },
    "nearest_because": {
        "COVERS_EVERY_CODE": phrase("nearest_because", "because it covers every control code"),
        "FEWEST_REASONS": phrase("nearest_because", "because the fewest reasons stand against it"),
        "LEAST_SEVERE": phrase("nearest_because", "because the reasons against it are the least severe"),
        "FIRST_IN_ORDER": phrase("nearest_because", "as near as others, and the first of them in the order of use"),
        "ONLY_CANDIDATE": phrase("nearest_because", "the only one that could cover the goods"),
        "BOOKED": phrase("nearest_because", "on which the departed goods are booked"),
    },
    "field": {
        "exporter_id": phrase("field", "the exporter (exporter_id)"),
        "movement": phrase("field", "the kind of movement (movement)"),
        "lines": phrase("field", "at least one line of goods (lines)"),
        "item_no": phrase("field", "the item number (item_no)"),
        "order_line": phrase("field", "the number of the order line (order_line)"),
        "destination": phrase("field", "the final destination (destination)"),
        "planned_departure": phrase("field", "the planned departure (planned_departure)"),
        "planned_export_date": phrase("field", "the planned day of export (planned_export_date)"),
        "parties.importer": phrase("field", "the importer (parties.importer)"),
        "parties.consignee": phrase("field", "the consignee (parties.consignee)"),
        "parties.end_user": phrase("field", "the end user (parties.end_user)"),
        "parties.intermediary": phrase("field", "the intermediary (parties.intermediary)"),
        "end_use": phrase("field", "the code of the end use (end_use.code)"),
        "net_quantity": phrase("field", "the net quantity (net_quantity)"),
        "quantity": phrase("field", "the quantity (quantity)"),
        "order_quantity": phrase("field", "the quantity of the order line (quantity)"),
        "value": phrase("field", "the value (value)"),
    },
}
"""Name of the fact -> its code -> the words for it."""

LISTS = frozenset(
    {
        "lines",
        "named",
        "missing_codes",
        "restated",
        "transit",
        "barred",
        "end_user_type",
        "through",
        "incomplete",
        "drawn_licences",
        "no_risk_report",
        "no_undertaking",
        "not_individual",
    }
)
"""Facts that list ids and codes which stand as they came; between them stands the comma of the language."""
