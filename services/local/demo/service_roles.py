"""What the simulated systems do with their directives: goods move, space is booked, invoices are paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from services.local.demo.consignments import JOURNEY, Consignment
from services.local.demo.subscribers import PROCEED, RECALL, Change, Subscriber

DEPARTED_STEP = JOURNEY.index("DEPARTED")
# Trucks, ships and planes leave at fixed times: so many of them in a day.
DEPARTURES_A_DAY = 20
PAYMENT_AFTER = 0.06


@dataclass(slots=True)
class _Journey:
    step: int
    due: float


@dataclass(slots=True)
class Logistics:
    """Moves goods along their journey while they are RELEASED, and at no other time."""

    subscriber: Subscriber
    consignments: Mapping[str, Consignment]
    journeys: dict[str, _Journey] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=lambda: dict.fromkeys(JOURNEY, 0))

    def hear(self, change: Change, at: float) -> None:
        """A shipment that may go gets a journey, or goes on with it after its pause; `at` is a share of the day."""
        shipment_id = change.state.shipment_id
        if change.after != PROCEED or shipment_id not in self.consignments:
            return
        step = self.journeys[shipment_id].step if shipment_id in self.journeys else 0
        if step < len(JOURNEY):
            self.journeys[shipment_id] = _Journey(step, at + self._pause(shipment_id, step))

    def due(self, at: float, last_departure: float) -> list[tuple[str, str]]:
        """The shipments whose next milestone has come, with that milestone; DEPARTED only up to `last_departure`.

        Each is handed out once: whoever asks has to make it happen.
        """
        ready = []
        for shipment_id, journey in self.journeys.items():
            if journey.step >= len(JOURNEY) or journey.due > at:
                continue
            if journey.step == DEPARTED_STEP and journey.due > last_departure:
                continue
            if not self.subscriber.may_act(shipment_id):
                continue
            ready.append((shipment_id, JOURNEY[journey.step]))
            self.moved[JOURNEY[journey.step]] += 1
            journey.step += 1
            if journey.step < len(JOURNEY):
                journey.due = at + self._pause(shipment_id, journey.step)
        return ready

    def milestone(self, shipment_id: str) -> str | None:
        """The last milestone that was reported of a shipment."""
        journey = self.journeys.get(shipment_id)
        return JOURNEY[journey.step - 1] if journey is not None and journey.step > 0 else None

    def whereabouts(self, shipment_ids: Iterable[str]) -> dict[str, int]:
        """How many of those stand before departure, on their way, and delivered."""
        found = {"before departure": 0, "on the way": 0, "delivered": 0}
        for shipment_id in shipment_ids:
            milestone = self.milestone(shipment_id)
            step = JOURNEY.index(milestone) if milestone else -1
            where = "before departure" if step < DEPARTED_STEP else "on the way"
            found["delivered" if milestone == JOURNEY[-1] else where] += 1
        return found

    def _pause(self, shipment_id: str, step: int) -> float:
        return self.consignments[shipment_id].pace.value[step]


@dataclass(slots=True)
class Freight:
    """Books space for what may go, gives it back when it is stopped, and turns round what is recalled."""

    booked: set[str] = field(default_factory=set)
    given_back: set[str] = field(default_factory=set)
    turned_round: set[str] = field(default_factory=set)

    def hear(self, change: Change) -> None:
        shipment_id = change.state.shipment_id
        if change.after == PROCEED:
            self.booked.add(shipment_id)
            self.given_back.discard(shipment_id)
        elif change.after == RECALL:
            self.turned_round.add(shipment_id)
        elif shipment_id in self.booked:
            self.booked.discard(shipment_id)
            self.given_back.add(shipment_id)


@dataclass(slots=True)
class Payment:
    """Pays an invoice some time after its goods were released, if they still are; a STOP blocks it."""

    subscriber: Subscriber
    consignments: Mapping[str, Consignment]
    due: dict[str, float] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    def hear(self, change: Change, at: float) -> None:
        shipment_id = change.state.shipment_id
        if shipment_id in self.paid:
            return
        if change.after == PROCEED:
            self.due.setdefault(shipment_id, at + PAYMENT_AFTER)
            self.blocked.discard(shipment_id)
        else:
            self.due.pop(shipment_id, None)
            self.blocked.add(shipment_id)

    def pay(self, at: float) -> None:
        """Pay what is due and may be paid."""
        for shipment_id in list(self._payable(at)):
            del self.due[shipment_id]
            self.paid[shipment_id] = self.consignments[shipment_id].amount

    @property
    def total(self) -> Decimal:
        return sum(self.paid.values(), Decimal())

    def _payable(self, at: float) -> Iterator[str]:
        for shipment_id, due in self.due.items():
            if due <= at and shipment_id in self.consignments and self.subscriber.may_act(shipment_id):
                yield shipment_id
