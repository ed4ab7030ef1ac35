"""Milestones on their way from the wire into the domain: what the sender's own code adds (contracts.md §2)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.envelope import Envelope
from schemas.reading import ReadEvent
from schemas.shipments import ShipmentMilestone
from services.gatekeeper.domain.events import MilestoneReported
from services.gatekeeper.pipeline.translate import trade_event

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)


def _translated(**given: Any) -> MilestoneReported:
    model = ShipmentMilestone.model_validate(
        {"shipment_id": "S1", "classifier": "ACTUAL", "occurred_at": NOON, **given}
    )
    type_ = "io.holdgate.shipment.milestone.v1"
    envelope = Envelope("e1", "/tms", type_, "S1", NOON, traceparent=None, extensions={}, data=b"")
    event = trade_event(ReadEvent(envelope, "shipment.milestone.v1", model))
    assert isinstance(event, MilestoneReported)
    return event


@pytest.mark.parametrize(
    ("given", "milestone", "unknown"),
    [
        ({"milestone": "PACKED"}, "PACKED", False),
        ({"source_code": "dcsa:DEPA"}, "DEPARTED", False),
        ({"milestone": "HANDED_OVER", "source_code": "dcsa:DEPA"}, "HANDED_OVER", False),
        ({"milestone": "PACKED", "source_code": "dcsa:WXYZ"}, "PACKED", True),
        ({"milestone": "PACKED", "source_code": "acme:17"}, "PACKED", False),
    ],
)
def test_a_milestone_comes_from_the_event_or_else_from_its_code(
    given: dict[str, str], milestone: str, unknown: bool
) -> None:
    event = _translated(**given)
    assert (event.milestone, event.source_code, event.code_unknown) == (milestone, given.get("source_code"), unknown)
