"""Lots of magnets on several licences, for the tests of combined licences (D3.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import M1, general, licence, licence_line
from tests.domain.properties.histories import (
    assert_the_accounts_are_the_ledgers_sum,
    assert_the_accounts_are_what_is_drawn,
)
from tests.domain.story import Story

GONE = replace(M1, version=2, status=LicenceStatus.REVOKED)


def lot(number: str, granted: str, value: str = "2000000 USD", **changes: Any) -> Licence:
    """A general licence for magnets to ALPHA."""
    return general(number, licence_line(granted=granted, value=value, codes=("1C904.a",)), **changes)


def single(number: str, granted: str, **changes: Any) -> Licence:
    """An individual one that one export ends."""
    return licence(number, licence_line(granted=granted, value="2000000 USD", codes=("1C904.a",)), **changes)


def story_with(*licences: Any, combine: bool = True) -> Story:
    story = Story(GONE)
    story.policy = Policy(combine_licences=combine)
    for each in licences:
        story.rule(each)
    return story


def drawn(story: Story, name: str) -> list[tuple[str, str, str]]:
    known: Shipment | Order = story.shipments.get(name) or story.orders[name]
    return [(draw.licence_no, f"{draw.quantity.value:f}", f"{draw.value.amount:f}") for draw in known.draws]


def sound(story: Story) -> None:
    assert_the_accounts_are_the_ledgers_sum(story)
    assert_the_accounts_are_what_is_drawn(story)
