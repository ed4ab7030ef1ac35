"""States and reasons of Holdgate in the codes of other standards, for whoever passes them on.

A state that a standard has no word for gives None: nothing is said rather than something else. DCSA's HOLD and RELS are
shipment events about a document, so a reason also gives the type of document; X12's are codes of element 157.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Outbound:
    """`dcsa`: shipment event; `cbv`: business step; `x12`: element 157. None: the standard has no such thing."""

    dcsa: str | None
    cbv: str | None
    x12: str | None
    why: str


STATES: Final[Mapping[str, Outbound]] = {
    "HELD": Outbound("HOLD", "holding", "HG", "the goods wait until every hold is gone"),
    "RELEASED": Outbound("RELS", None, "HR", "they may move; the CBV has no step for a release"),
    "INTERCEPT": Outbound("HOLD", "holding", "HG", "they are under way and must be stopped where they are"),
    "INCIDENT": Outbound(None, None, None, "they are delivered: nobody on the way can hold them any more"),
    "CLOSED": Outbound(None, None, None, "nothing will move, and nothing is held"),
}

BOOKING: Final = "BKG"
CUSTOMS_INSPECTION: Final = "CUS"

DCSA_DOCUMENTS: Final[Mapping[str, str]] = {"CUSTOMS_CHALLENGE": CUSTOMS_INSPECTION}
"""Reason -> the document type under which its HOLD goes; every other reason holds the booking."""


def of_state(state: str) -> Outbound:
    """What `state` is elsewhere. A state nobody knows is HELD (contracts.md §3)."""
    return STATES.get(state, STATES["HELD"])


def dcsa_document(reason: str) -> str:
    """The DCSA document type code under which a HOLD for `reason`, and its RELS, is told."""
    return DCSA_DOCUMENTS.get(reason, BOOKING)
