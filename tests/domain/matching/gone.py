"""Goods that are gone, for the tests that judge them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.gatekeeper.domain.aggregates import LicenceCovered, Shipment
from services.gatekeeper.domain.vocabulary import (
    Balance,
)
from tests.domain.builders import (
    PLANNED,
    account,
    accounts,
    departed,
    draw,
    shipment,
)

BOOKED = draw(balance=Balance.CONSUMED)
SPENT = accounts(account(consumed="500", value_consumed="9000", uses=1, completed=True))
LATER = PLANNED + timedelta(days=3)
AFTER = PLANNED + timedelta(hours=1)
RELEASED = LicenceCovered(1, "ALPHA", "CIVIL_MRI", "SM-OXIDE")


def gone(*lines: Any, released: bool = True, **changes: Any) -> Shipment:
    more = {"released_as": (RELEASED,), **changes.pop("more", {})}
    return departed(shipment(*lines, draws=(BOOKED,), more=more, **changes), released=released)


def booked(found: Any) -> list[tuple[str, str, str]]:
    return [(one.licence_no, f"{one.quantity.value:f}", one.balance.value) for one in found.booking]
