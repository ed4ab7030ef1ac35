"""Codes of X12 data element 157 (shipment status, sets 313 and 315) and the milestones that they report.

Element 157, not element 1650 of set 214: the two lists give some letters another meaning. The meanings are in our own
words; the list itself is published by X12.
"""

from __future__ import annotations

from typing import Final

from schemas.mappings.row import CodeList, CodeRow
from schemas.vocabulary import Milestone as M

_FORWARD = "in the carrier's hands; abroad, after the departure, it changes nothing (D8.3)"
_BOTH_ENDS = "used at both ends of a voyage; give the milestone"
_PAPER = "about documents or charges, not about the goods"
_HOLD = "somebody's hold or its end is no milestone; a stop comes as a notice"

_NO_MILESTONE: Final = (
    ("OA", "left a terminal", _BOTH_ENDS),
    ("UV", "unloaded from a vessel", _BOTH_ENDS),
    ("UR", "unloaded from a rail car", _BOTH_ENDS),
    ("RL", "left by rail", "within a country or across a border; give the milestone"),
    ("AR", "arrived by rail", "within a country or across a border; give the milestone"),
    ("EE", "empty container sent out", _BOTH_ENDS),
    ("RD", "empty container returned", _BOTH_ENDS),
    ("X6", "on the way to the place of delivery", _BOTH_ENDS),
    ("CR", "released by the carrier", _HOLD),
    ("HG", "held where it is", _HOLD),
    ("HR", "no longer held", _HOLD),
    ("SI", "shipping instructions received", _PAPER),
    ("OB", "original bill of lading received", _PAPER),
    ("FP", "freight paid", _PAPER),
    ("SA", "shipment split", _PAPER),
    ("SB", "shipments consolidated", _PAPER),
)

X12: Final = CodeList(
    name="X12 element 157",
    prefixes=("x12",),
    forms=("157:",),
    sources=(
        "https://x12.org/products/transaction-sets",
        "https://kasoftware.com/schema/edi/x12/00401/messages/315",
    ),
    rows=(
        CodeRow("BF", "booking confirmed", M.CREATED, (), "a booking is all that there is"),
        CodeRow("CO", "received at the agreed place of receipt", M.HANDED_OVER, (), _FORWARD),
        CodeRow("I", "entered a terminal", M.HANDED_OVER, (M.ARRIVED,), _FORWARD),
        CodeRow("AM", "loaded onto a truck", M.HANDED_OVER, (M.ARRIVED,), _FORWARD),
        CodeRow("AL", "loaded onto a train", M.HANDED_OVER, (M.ARRIVED,), _FORWARD),
        CodeRow(
            "AP", "loaded onto a feeder vessel", M.HANDED_OVER, (M.CUSTOMS_RELEASED, M.DEPARTED, M.ARRIVED), _FORWARD
        ),
        CodeRow("AE", "loaded onto a vessel", M.HANDED_OVER, (M.CUSTOMS_RELEASED, M.DEPARTED, M.ARRIVED), _FORWARD),
        CodeRow("CT", "released by customs", M.CUSTOMS_RELEASED, (M.ARRIVED,), "abroad it changes nothing (D8.3)"),
        CodeRow(
            "CU",
            "released by carrier and customs",
            M.CUSTOMS_RELEASED,
            (M.ARRIVED,),
            "abroad it changes nothing (D8.3)",
        ),
        CodeRow("VD", "a vessel left with the shipment", M.DEPARTED, (), "an ocean vessel leaves the country"),
        CodeRow("VA", "a vessel arrived with the shipment", M.ARRIVED, (M.RETURNED,), "the counterpart of VD"),
        CodeRow("AV", "ready for delivery", M.ARRIVED, (), "only what has arrived can be delivered"),
        CodeRow(
            "X1", "arrived at the place of delivery", M.ARRIVED, (M.DELIVERED, M.RETURNED), "arrived, not yet unloaded"
        ),
        CodeRow("D", "unloaded at the place of delivery", M.DELIVERED, (M.RETURNED,), "the same act"),
        *(CodeRow(code, meaning, None, (), why) for code, meaning, why in _NO_MILESTONE),
    ),
)
