"""A trade of today: events whose dates are those of the database's own clock, and what must become of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from services.gatekeeper.domain.calendar import shanghai_day
from tests.pipeline import trade as builders
from tests.pipeline.trade import SHANGHAI, Event

STOPPED = "FWD-STOP"
"""The forwarder whom the notices of these tests stop."""


def _day(days: int) -> str:
    return (shanghai_day(datetime.now(UTC)) + timedelta(days=days)).isoformat()


def licence(licence_no: str = "M1", granted: str = "1000000 KGM", *, version: int = 1) -> Event:
    """A general licence that is in force today."""
    return builders.licence(
        licence_no, granted, version=version, valid_from=_day(-30), valid_until=_day(200),
        authority_time=(datetime.now(SHANGHAI) - timedelta(days=30) + timedelta(seconds=version)).isoformat(),
    )  # fmt: skip


def rules(*licences: Event) -> tuple[Event, ...]:
    """Parties, items and controls, with `licences` or else one that is large enough for everything."""
    known = [event for event in builders.RULES if event[0] != "licence.upserted"]
    return (*known, builders.party(STOPPED, "Halting Freight", "CN"), *(licences or (licence(),)))


def more_rules(count: int) -> list[Event]:
    """Parties that nobody trades with: a backlog of rule events."""
    return [builders.party(f"P{number}", f"Party {number}") for number in range(count)]


def shipment(
    shipment_id: str, net: str = "10 KGM", *, version: int = 1, order: str | None = None, **changes: Any
) -> Event:
    departs = (datetime.now(SHANGHAI) + timedelta(days=3)).isoformat(timespec="seconds")
    return builders.shipment(
        shipment_id, net, version=version, order=order, value="100 USD", **{"planned_departure": departs, **changes}
    )


def order(order_id: str, ordered: str = "10 KGM", *, version: int = 1, **changes: Any) -> Event:
    return builders.order(
        order_id, ordered, version=version, value="100 USD", **{"planned_export_date": _day(3), **changes}
    )


def milestone(shipment_id: str, what: str) -> Event:
    return builders.milestone(shipment_id, what, datetime.now(SHANGHAI))


def stop_notice(notice_id: str = "N1", *, version: int = 1) -> Event:
    """Stops whatever the forwarder STOPPED carries."""
    return builders.notice(notice_id, version=version, forwarders=[STOPPED])


def is_stopped(number: int) -> bool:
    """Which shipments of `stream` the forwarder STOPPED carries: one in four."""
    return number % 4 == 3


def stream(first: int, count: int, *, prefix: str = "S") -> Iterator[Event]:
    """Shipments `first` …, every fifth with an order, which comes before or after it, some with milestones."""
    for number in range(first, first + count):
        name = f"{prefix}{number}"
        forwarder = STOPPED if is_stopped(number) else "FWD-1"
        if number % 5:
            yield shipment(name, forwarder_id=forwarder)
        else:
            both = [order(f"O{name}"), shipment(name, order=f"O{name}", forwarder_id=forwarder)]
            yield from both if number % 2 else reversed(both)
        if number % 3 == 0:
            yield milestone(name, "PACKED")


def expected(first: int, count: int, *, noticed: bool, prefix: str = "S") -> dict[str, str]:
    """How the shipments of `stream` must stand in the end."""
    stopped = "HELD STOP_NOTICE" if noticed else "RELEASED"
    return {
        f"{prefix}{number}": stopped if is_stopped(number) else "RELEASED" for number in range(first, first + count)
    }


def matching(first: int, count: int, *, prefix: str = "S") -> set[str]:
    """The shipments of `stream` that `stop_notice` stops."""
    return {f"{prefix}{number}" for number in range(first, first + count) if is_stopped(number)}
