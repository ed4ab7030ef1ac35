"""Event codes of DCSA Track & Trace (transport, equipment and shipment events) and the milestones that they report.

A milestone before the departure only moves forward (D8.3): a gate-in or a customs release abroad, after the departure,
changes nothing. That makes these codes safe though they are used at both ends of a voyage.
"""

from __future__ import annotations

from typing import Final

from schemas.mappings.row import CodeList, CodeRow
from schemas.vocabulary import Milestone as M

_FORWARD = "in the carrier's hands; abroad, after the departure, it changes nothing (D8.3)"
_DOCUMENT = "about a document or booking, not about the goods"
_BOTH_ENDS = "happens to empty containers before the export and to full ones abroad; give the milestone"
_SEAL = "an inspection says nothing about where the goods are on their way"

_NO_MILESTONE: Final = (
    (
        "ARRI",
        "a means of transport arrived",
        "the vessel also arrives at the port of loading, and an arrival before the departure would count as one; "
        "give the milestone",
    ),
    ("DISC", "unloaded from a vessel or vehicle", "at a port on the way or at the last one; give the milestone"),
    ("GTOT", "left a terminal", _BOTH_ENDS),
    ("DROP", "delivered at the customer's place", _BOTH_ENDS),
    ("STRP", "cargo taken out of a container", _BOTH_ENDS),
    ("AVPU", "ready to be picked up", _BOTH_ENDS),
    ("AVDO", "ready to be dropped off", _BOTH_ENDS),
    ("CROS", "crossed a point of the route", "the point isn't part of the code; give the milestone"),
    ("CUSS", "chosen by customs for a scan", _SEAL),
    ("CUSI", "chosen by customs for an inspection", _SEAL),
    ("INSP", "seal inspected", _SEAL),
    ("RSEA", "sealed again", _SEAL),
    ("RMVD", "seal removed", _SEAL),
    ("RECE", "document received", _DOCUMENT),
    ("DRFT", "document drafted", _DOCUMENT),
    ("PENA", "document waits for approval", _DOCUMENT),
    ("PENU", "document waits for an update", _DOCUMENT),
    ("REJE", "document rejected", _DOCUMENT),
    ("APPR", "document approved", _DOCUMENT),
    ("ISSU", "document issued", _DOCUMENT),
    ("SURR", "document surrendered", _DOCUMENT),
    ("SUBM", "document submitted", _DOCUMENT),
    ("VOID", "document void", _DOCUMENT),
    ("CONF", "document confirmed", _DOCUMENT),
    ("REQS", "document requested", _DOCUMENT),
    ("CMPL", "document completed", _DOCUMENT),
    ("HOLD", "on hold", "somebody's hold is no milestone; a stop comes as a notice"),
    ("RELS", "released", "somebody's release is no milestone and lifts nothing here"),
)

DCSA: Final = CodeList(
    name="DCSA Track & Trace event",
    prefixes=("dcsa",),
    forms=(),
    sources=(
        "https://app.swaggerhub.com/apis/dcsaorg/DCSA_TNT",
        "https://github.com/dcsaorg/DCSA-OpenAPI/tree/master/tnt",
    ),
    rows=(
        CodeRow(
            "DEPA",
            "a means of transport left with the shipment",
            M.DEPARTED,
            (M.HANDED_OVER,),
            "the shipment's own departure; a truck or barge to the port is sent with HANDED_OVER",
        ),
        CodeRow(
            "STUF", "cargo put into a container", M.PACKED, (M.HANDED_OVER,), "the goods are packed for the voyage"
        ),
        CodeRow("PICK", "container collected at the customer's place", M.HANDED_OVER, (M.DELIVERED,), _FORWARD),
        CodeRow("GTIN", "entered a terminal", M.HANDED_OVER, (M.ARRIVED,), _FORWARD),
        CodeRow(
            "LOAD",
            "loaded onto a vessel or vehicle",
            M.HANDED_OVER,
            (M.CUSTOMS_RELEASED, M.DEPARTED, M.ARRIVED),
            _FORWARD,
        ),
        CodeRow(
            "CUSR",
            "released by customs",
            M.CUSTOMS_RELEASED,
            (M.ARRIVED,),
            "before the departure it is the export's release; abroad it changes nothing (D8.3)",
        ),
        *(CodeRow(code, meaning, None, (), why) for code, meaning, why in _NO_MILESTONE),
    ),
)
