"""Valves, of which a policy lets 100 kg go to one end user within 30 days, for the tests of SPLIT_SUSPECTED."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.domain.reasons import Reason
from tests.domain.builders import at, item, quantity
from tests.domain.story import Story

HELD = "HELD SPLIT_SUSPECTED"
LIMIT = {"split_limit": quantity("100 KGM")}


def begun(*rules: Any, **policy: Any) -> Story:
    """Valves of one family, 100 kg of which may go to one end user within 30 days."""
    story = Story(
        item("VALVE", family="valves"),
        item("SEAL", family="valves", factors={"C62": "0.5 KGM"}),
        item("PIPE", family="pipes"),
        item("ODD"),
        *rules,
    )
    story.with_policy(**{**LIMIT, **policy})
    return story


def send(story: Story, name: str, net: str, planned: str = "2026-03-05", **changes: Any) -> str:
    story.ship(name, net, planned_departure=at(f"{planned} 18:00"), **{"item": "VALVE", **changes})
    return story.state(name)


def told(story: Story, name: str) -> Hold:
    return next(hold for hold in story.shipments[name].holds if hold.reason is Reason.SPLIT_SUSPECTED)


def to(end_user: dict[str, str]) -> dict[str, Any]:
    return {"importer": {"party_id": "ALPHA"}, "consignee": {"party_id": "ALPHA"}, "end_user": end_user}


def departs(story: Story, name: str, occurred: datetime | None = None, **event: Any) -> None:
    story.milestone(name, "DEPARTED", occurred, **event)
