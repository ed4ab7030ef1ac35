"""Status codes of IATA ONE Record and Cargo-IMP / Cargo-XML (FSU, XFSU) and the milestones that they report."""

from __future__ import annotations

from typing import Final

from schemas.mappings.row import CodeList, CodeRow
from schemas.vocabulary import Milestone as M

_FORWARD = "in the airline's hands; at a transfer, after the departure, it changes nothing (D8.3)"
_THERE = "only what has flown can be there"
_PAPER = "about documents, not about the goods"
_NEITHER = "doesn't say where the goods are on their way"

_NO_MILESTONE: Final = (
    ("AWR", "documents received from a flight", _PAPER),
    ("DOC", "documents received by the handling party", _PAPER),
    ("DIS", "something is wrong with the goods or their documents", _NEITHER),
    ("OCI", "customs, security or regulatory information", _NEITHER),
    ("OSI", "other service information", _NEITHER),
    ("FIW", "taken into the warehouse", _NEITHER),
    ("FOW", "taken out of the warehouse", _NEITHER),
    ("TGC", "given into the hands of customs or another authority", _NEITHER),
)

IATA: Final = CodeList(
    name="IATA ONE Record / Cargo-IMP status",
    prefixes=("iata",),
    forms=(
        "https://onerecord.iata.org/ns/code-lists/StatusCode#",
        "https://onerecord.iata.org/ns/coreCodeLists#StatusCode_",
    ),
    sources=(
        "https://onerecord.iata.org/ns/code-lists/ontology.ttl",
        "https://github.com/IATA-Cargo/ONE-Record",
    ),
    rows=(
        CodeRow("BKD", "space is booked on a flight", M.CREATED, (), "a booking is all that there is"),
        CodeRow("DPU", "picked up at the shipper's door", M.HANDED_OVER, (), _FORWARD),
        CodeRow("FOH", "with the carrier, not yet ready for carriage", M.HANDED_OVER, (), _FORWARD),
        CodeRow("RCS", "received from the shipper, ready for carriage", M.HANDED_OVER, (), _FORWARD),
        CodeRow("RCT", "received from another carrier", M.HANDED_OVER, (M.ARRIVED,), _FORWARD),
        CodeRow("TRM", "to be transferred to another carrier", M.HANDED_OVER, (M.ARRIVED,), _FORWARD),
        CodeRow("TFD", "transferred to another carrier", M.HANDED_OVER, (M.ARRIVED,), _FORWARD),
        CodeRow("PRE", "made ready for loading", M.HANDED_OVER, (M.CUSTOMS_RELEASED, M.ARRIVED), _FORWARD),
        CodeRow("MAN", "on the manifest of a flight", M.HANDED_OVER, (M.CUSTOMS_RELEASED, M.ARRIVED), _FORWARD),
        CodeRow("CRC", "reported to customs", M.DECLARED, (M.ARRIVED,), "abroad it changes nothing (D8.3)"),
        CodeRow("CCD", "cleared by customs", M.CUSTOMS_RELEASED, (M.ARRIVED,), "abroad it changes nothing (D8.3)"),
        CodeRow(
            "DEP",
            "left with a flight",
            M.DEPARTED,
            (M.HANDED_OVER,),
            "a truck under a flight number inside the country is sent with HANDED_OVER",
        ),
        CodeRow("ARR", "arrived with a flight", M.ARRIVED, (M.HANDED_OVER, M.RETURNED), "the counterpart of DEP"),
        CodeRow("RCF", "received from a flight", M.ARRIVED, (M.HANDED_OVER, M.RETURNED), "the counterpart of DEP"),
        CodeRow("NFD", "consignee told of the arrival", M.ARRIVED, (), _THERE),
        CodeRow("AWD", "arrival documents given to the consignee", M.ARRIVED, (M.DELIVERED,), _THERE),
        CodeRow("DLV", "delivered to the consignee or its agent", M.DELIVERED, (M.RETURNED,), "the same act"),
        CodeRow("DDL", "delivered to the consignee's door", M.DELIVERED, (M.RETURNED,), "the same act"),
        *(CodeRow(code, meaning, None, (), why) for code, meaning, why in _NO_MILESTONE),
    ),
)
