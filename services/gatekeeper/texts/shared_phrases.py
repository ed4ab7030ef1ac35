"""Phrases that several reasons share, and where a hold stands."""

from __future__ import annotations

from services.gatekeeper.texts.marking import phrase, several

WHERE = (
    phrase("where", "line {line_no}"),
    phrase("where", "order {order_id}"),
    phrase("where", "licence {licence_no}"),
)
STATUS = (
    phrase("status", "since {authority_time}"),
    phrase("status", "licence version {version}"),
)
REQUESTED = phrase("balance", "requested {requested}")
AVAILABLE = phrase("balance", "available {available}")
EXCESS = phrase("balance", "{excess} too much")
BALANCE = (REQUESTED, AVAILABLE, EXCESS)
VALIDITY = (
    phrase("validity", "day that counts {day}"),
    phrase("validity", "valid {valid_from} to {valid_until}"),
)
LISTED = (
    phrase("listing", "{role} {party}"),
    phrase("listing", "listed as {listed_name}"),
    phrase("listing", "{list}, entry {entry_id}"),
    phrase("listing", "effect: {effect}"),
    phrase("listing", "ground: {matched_by}"),
    phrase("listing", "likeness {score} of 100"),
    phrase("listing", "name compared: {name}"),
    phrase("listing", "owner {owner} holds {percent}%"),
    phrase("listing", "through {through}"),
    phrase("listing", "listed country {listed_country}"),
    phrase("listing", "reference {authority_ref}"),
)
NOTICE = (
    phrase("notice", "notice {notice_id}"),
    phrase("notice", "from {origin}"),
    phrase("notice", "in effect since {since}"),
    phrase("notice", "reference {authority_ref}"),
    several("notice", "line {lines}", "lines {lines}", "lines"),
    phrase("notice", "“{notice_text}”"),
)
ITEM = phrase("item", "item {item_no}")
CODES = several("item", "control code {control_codes}", "control codes {control_codes}", "control_codes")
LICENSED = phrase("licence", "named on the licence: {licensed}")
FROM_TO = phrase("change", "from {released} to {now}")
