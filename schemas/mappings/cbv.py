"""Business steps of EPCIS 2.0 / CBV 2.0 (GS1) and the milestones that they report.

EPCIS events come from whoever handles the goods, a warehouse first of all: most steps say what was done at a place and
not whether that place is this side of the border. The CBV's own example of departing is a truck that leaves a yard;
taken for the export it would draw the licence early and by the wrong day (D3.8). So only those steps stand for a
milestone that can mean nothing else, and beside every other one the sender says which milestone it was.
"""

from __future__ import annotations

from typing import Final

from schemas.mappings.row import CodeList, CodeRow
from schemas.vocabulary import Milestone as M

_PLACE = "says what happened at a place, not on which side of the border; give the milestone"
_OTHER = "says nothing about where the goods are on their way"

_NO_MILESTONE: Final = (
    ("departing", "goods leave a place for their destination: a yard, a port", _PLACE),
    ("arriving", "goods arrive at a place: a yard, a port", _PLACE),
    ("accepting", "possession or ownership changes hands", _PLACE),
    ("collecting", "used goods are picked up for disposal or return", _PLACE),
    ("consigning", "the whole of staging, loading, departing and accepting", _PLACE),
    ("loading", "goods are put into a means of transport", _PLACE),
    ("receiving", "goods are taken into the receiver's stock, which may be a warehouse on the way", _PLACE),
    ("shipping", "the whole outbound process, with or without the departure", _PLACE),
    ("staging_outbound", "goods wait for their transport", _PLACE),
    ("transporting", "goods are moved by a vehicle, within a country or across a border", _PLACE),
    ("unloading", "goods are taken out of a means of transport", _PLACE),
    ("entering_exiting", "goods or people pass a door of a facility", _PLACE),
    ("holding", "goods are set apart until somebody has looked at them", _OTHER),
    ("inspecting", "goods are looked at", _OTHER),
    ("storing", "goods are put into a storage place", _OTHER),
    ("unpacking", "goods are taken out of their package", _OTHER),
    ("repackaging", "goods get another package", _OTHER),
)

CBV: Final = CodeList(
    name="EPCIS 2.0 / CBV 2.0 business step",
    prefixes=("cbv", "epcis"),
    forms=(
        "urn:epcglobal:cbv:bizstep:",
        "https://ref.gs1.org/cbv/BizStep-",
        "https://ns.gs1.org/voc/Bizstep-",
        "BizStep-",
        "bizstep:",
    ),
    sources=(
        "https://ref.gs1.org/cbv/BizStep",
        "https://github.com/gs1/EPCIS/tree/master/JSON",
    ),
    rows=(
        CodeRow("picking", "goods are taken from stock for an order", M.PICKED, (), "the same act"),
        CodeRow("packing", "goods are put into a package", M.PACKED, (), "the same act"),
        CodeRow(
            "void_shipping",
            "an earlier departing or shipping did not happen",
            M.SHIPPING_VOIDED,
            (),
            "the milestone is this step",
        ),
        *(CodeRow(code, meaning, None, (), why) for code, meaning, why in _NO_MILESTONE),
    ),
)
