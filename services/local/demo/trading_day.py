"""A trading day made from a seed: when which order and shipment is reported, as shares of the day."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.local.demo import story
from services.local.demo.consignments import Consignment, Pace, order_event, shipment_event, under
from services.local.demo.events import TradeEvent
from services.local.demo.world import FORWARDERS, HEXIN_RODS, LANTIAN_DY, LANTIAN_SM, ORDINARY, QINGHE_LASERS, Permit

SEED = 20260301
SHIPMENTS_PER_SECOND = 5
SHIPMENTS_MIN = 60
SHIPMENTS_MAX = 600
LAST_ORDER_AT = 0.90
PACES = (Pace.AIR, Pace.AIR, Pace.SEA, Pace.SEA, Pace.WAREHOUSE)
FAULTS = ("destination", "end user", "end use", "no end use", "item", "late order")
FAULTY_SHARE = 0.14
# How much of each licence the day asks for: one of them is to run out.
DEMAND = {HEXIN_RODS: 0.75, LANTIAN_DY: 0.55, LANTIAN_SM: 1.7, QINGHE_LASERS: 0.85}


@dataclass(frozen=True, slots=True)
class Planned:
    """An event and when it is reported, as a share of the day."""

    at: float
    event: TradeEvent


@dataclass(frozen=True, slots=True)
class TradingDay:
    """What is going to be reported, in order, and every consignment by its shipment id."""

    events: tuple[Planned, ...]
    consignments: Mapping[str, Consignment]

    @property
    def shipments(self) -> int:
        return len(self.consignments)

    @property
    def orders(self) -> int:
        return len({consignment.order_id for consignment in self.consignments.values()})


def trading_day(now: datetime, *, shipments: int, seed: int = SEED) -> TradingDay:
    """The same seed, number and `now` give the same day. What follows the notice is not in it, but for its goods."""
    chance = random.Random(seed)
    orders = list(_ordinary(chance, shipments))
    planned = [*_told(now), *(event for order in orders for event in _reported(chance, order, now))]
    everything = [*story.TOLD, *story.TO_GAMMA, *(one for order in orders for one in order.consignments)]
    return TradingDay(
        tuple(sorted(planned, key=lambda one: one.at)),
        {consignment.shipment_id: consignment for consignment in everything},
    )


def shipments_of_a_day(seconds: float) -> int:
    """How many ordinary shipments a day of so many seconds takes."""
    return max(SHIPMENTS_MIN, min(SHIPMENTS_MAX, round(seconds * SHIPMENTS_PER_SECOND)))


def _told(now: datetime) -> Iterator[Planned]:
    """The goods of the story, each after its order."""
    for at, consignment in zip(story.TOLD_AT, story.TOLD, strict=True):
        yield Planned(at - 0.01, order_event([consignment], now))
        yield Planned(at, shipment_event(consignment, now))
    yield Planned(story.GRAM_TAKEN_OFF_AT, order_event([story.ONE_GRAM_LESS], now))
    yield Planned(story.GRAM_TAKEN_OFF_AT + 0.005, shipment_event(story.ONE_GRAM_LESS, now))
    for number, consignment in enumerate(story.BEFORE_THE_NOTICE):
        yield Planned(story.TO_GAMMA_AT + 0.004 * number, order_event([consignment], now))
        yield Planned(story.TO_GAMMA_AT + 0.004 * number + 0.003, shipment_event(consignment, now))


@dataclass(frozen=True, slots=True)
class _Order:
    at: float
    late: bool
    consignments: tuple[Consignment, ...]


def _ordinary(chance: random.Random, shipments: int) -> Iterator[_Order]:
    """Orders of one to three shipments until there are `shipments` of them; some with a fault."""
    made = 0
    number = 0
    while made < shipments:
        number += 1
        permit = chance.choice(ORDINARY)
        fault = chance.choice(FAULTS) if chance.random() < FAULTY_SHARE else ""
        count = min(chance.choice((1, 2, 2, 3)), shipments - made)
        pace = chance.choice(PACES)
        end_user = chance.choice(permit.end_users)
        parts = tuple(
            _faulty(
                under(
                    permit,
                    f"S-{made + part + 1:04d}",
                    _quantity(chance, permit, shipments),
                    forwarder=chance.choice(FORWARDERS),
                    pace=pace,
                    order_id=f"O-{number:04d}",
                    end_user=end_user,
                ),
                fault,
            )
            for part in range(count)
        )
        made += count
        yield _Order(LAST_ORDER_AT * made / shipments, fault == "late order", parts)


def _quantity(chance: random.Random, permit: Permit, shipments: int) -> Decimal:
    """So that all shipments under `permit` together ask for about its share in DEMAND."""
    mean = permit.units * DEMAND[permit] / max(1.0, shipments / len(ORDINARY))
    if permit.unit == "C62":
        return Decimal(max(1, round(mean * chance.uniform(0.5, 1.5))))
    return Decimal(round(mean * chance.uniform(0.5, 1.5) * 1000)) / 1000


def _faulty(consignment: Consignment, fault: str) -> Consignment:
    changes: dict[str, dict[str, str | None]] = {
        "destination": {"destination": "US"},
        "end user": {"end_user": "DELTA"},
        "end use": {"end_use": "DRONE_ENGINE"},
        "no end use": {"end_use": None},
        "item": {"item": "GREY-POWDER"},
    }
    return replace(consignment, **changes.get(fault, {}))  # type: ignore[arg-type]


def _reported(chance: random.Random, order: _Order, now: datetime) -> Iterator[Planned]:
    """The order, then its shipments; the other way round when the order is late (D8.2)."""
    yield Planned(order.at + (0.05 if order.late else 0.0), order_event(order.consignments, now))
    for consignment in order.consignments:
        yield Planned(order.at + chance.uniform(0.005, 0.04), shipment_event(consignment, now))
