"""M1 with period limits, for the tests of them (D3.11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.gatekeeper.domain.aggregates import Hold
from services.gatekeeper.domain.rule_entities import Licence, PeriodLimit
from services.gatekeeper.domain.vocabulary import Period
from tests.domain.builders import M1, at, quantity
from tests.domain.story import Story

MONTH, DAY, YEAR = Period.CALENDAR_MONTH, Period.DAY, Period.CALENDAR_YEAR


def limited(*limits: tuple[str, Period], version: int = 2, **changes: Any) -> Licence:
    """M1 with limits on its one line, and as many uses as anybody likes."""
    made = tuple(PeriodLimit(1, quantity(net), period) for net, period in limits)
    return replace(M1, version=version, max_uses=None, period_limits=made, **changes)


def story_with(*limits: tuple[str, Period], **changes: Any) -> Story:
    return Story(limited(*limits, **changes))


def planned(text: str) -> datetime:
    return at(text)


def told(story: Story, name: str) -> Hold:
    known = story.shipments.get(name) or story.orders[name]
    (hold,) = known.holds
    return hold


def by_day(story: Story) -> dict[str, str]:
    """What M1 knows of its line: by day "reserved/consumed"."""
    days = story.accounts["M1"].lines[1].days
    assert days is not None
    return {str(when): f"{total.reserved:f}/{total.consumed:f}" for when, total in sorted(days.items())}
