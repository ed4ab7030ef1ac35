"""What Holdgate itself knows about orders and shipments: the rows that a batch locks and writes.

Frozen: a change is a new value (`evolve`), so that a workspace can tell what is dirty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.families import FamilyEntry
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import Balance, Milestone, OrderState, Place, ShipmentState

SubjectItems = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason about one subject, as a rule found it (D1.1). `subject` is sorted by key; None keys are left out."""

    reason: Reason
    subject: SubjectItems
    detail: Mapping[str, str] = field(default_factory=dict)
    review_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """One open reason about one subject. `hold_id` is UUIDv5 of (owner, reason, subject): it never changes."""

    hold_id: str
    reason: Reason
    subject: SubjectItems
    detail: Mapping[str, str]
    review_allowed: bool
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Draw:
    """What one line stands with on one licence line. `quantity` in the licence line's unit, `value` in its currency.

    `day`: of what was consumed the day of departure; of what is reserved the planned one. Once that has passed it
    counts as today (D3.8), whatever day is written here. `rate`: what `rate_id` said when it was fixed (D3.10).
    `asked`, `asked_item`, `asked_value`: what the whole shipment line said when this was measured (D1.7); None of an
    order, and where the amounts don't follow from what the line says.
    """

    line_no: int
    licence_no: str
    licence_line: int
    quantity: Quantity
    value: Money
    balance: Balance
    rate_id: str | None = None
    day: date | None = None
    rate: Decimal | None = None
    asked: Quantity | None = None
    asked_value: Money | None = None
    asked_item: str | None = None

    def still_asks(self, item_no: str, quantity: Quantity | None) -> bool:
        """Whether the line is as much of the same item as when this was measured."""
        return self.asked is not None and (self.asked_item, self.asked) == (item_no, quantity)

    def still_asks_value(self, value: Money | None) -> bool:
        return self.asked_value is not None and self.asked_value == value


@dataclass(frozen=True, slots=True)
class Take:
    """What one shipment line has taken of one order line, RESERVED or CONSUMED (D4.1, D4.3).

    `quantity` is the shipment's own (its unit); `value` likewise. Kept on the order. `licence_no` is what the shipment
    line draws on (None: it needs no licence), `others` what it draws on besides (D3.7): uses of an order's own
    shipments don't count against the order (D4.1). `leaves`: by a movement that may need a licence (D3.1); one that
    draws nothing leaves the order's reservation alone.
    """

    shipment_id: str
    line_no: int
    order_line: int
    item_no: str
    quantity: Quantity | None
    value: Money | None
    balance: Balance
    arrival: int
    licence_no: str | None = None
    leaves: bool = True
    others: tuple[str, ...] = ()

    @property
    def licences(self) -> tuple[str, ...]:
        """Every licence that the shipment line draws on."""
        return self.others if self.licence_no is None else (self.licence_no, *self.others)


@dataclass(frozen=True, slots=True)
class LicenceCovered:
    """The end user and end use under which a line was last released (END_USER_CHANGED, END_USE_CHANGED).

    `licensed`: whether it needed a licence then, and for which item: goods that left lawfully without one, because
    none was needed, aren't asked for one because the item is judged otherwise later (D1.7). `leaves`: by a movement
    that may need one (D3.1); what was said to move inside the country and was exported is asked.
    """

    line_no: int
    end_user: str | None
    end_use: str | None
    item_no: str | None = None
    licensed: bool = True
    leaves: bool = True


@dataclass(frozen=True, slots=True)
class StandingHold:
    """A hold that no rule derives from facts: unreadable events, MOVED_UNRELEASED, manual holds, engine errors.

    `key` identifies it for its removal (the quarantine id, the event id, the hold's own id).
    """

    key: str
    finding: Finding
    placed_at: datetime
    from_upsert: bool = False
    event_version: int | None = None


@dataclass(frozen=True, slots=True)
class MilestoneReport:
    """One ACTUAL milestone as it was received: what corrections and voids refer to.

    `voided`: a correction said that it did not occur. One dated ahead (D7.3) waits here until its time comes.
    """

    event_id: str
    milestone: Milestone
    occurred_at: datetime
    received_at: datetime
    voided: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the goods are. `departed_at` is the ACTUAL departure's `occurred_at`; `departure_event` its event id.

    `exports` counts the departures that stand, those that ended with RETURNED included; `impossible` names the events
    that can't have been (IMPOSSIBLE_MILESTONE); `resumes_at` is when the next report that is dated ahead acts (D7.3).
    """

    place: Place = Place.BEFORE_DEPARTURE
    milestone: Milestone | None = None
    departed_at: datetime | None = None
    departure_event: str | None = None
    departure_implied: bool = False
    planned_departure: datetime | None = None
    reports: tuple[MilestoneReport, ...] = ()
    returned_at: datetime | None = None
    exports: int = 0
    impossible: tuple[str, ...] = ()
    resumes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StateSpan:
    """From `since` on the shipment was in `state`; the last one is the present (D4.7 asks about the past)."""

    since: datetime
    state: ShipmentState


@dataclass(frozen=True, slots=True)
class Stated:
    """By which full states, the latest last, a line has the net quantity that it has, and since when."""

    line_no: int
    since: datetime
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment as Holdgate knows it. `sequence` 0: nothing written about it yet. `arrival` orders the first sights.

    `closed_orders`: orders that were CLOSED before this shipment named them (ORDER_CANCELLED).
    `past_draws`: what earlier exports of this shipment consumed that ended with RETURNED; never given back.
    `ahead`: a newer full state, dated ahead, and when it acts (D7.3); `ahead_by`: its event's id.
    `corrections`: (event id, line, what was really so), the latest last; `stated`: what they may refer to.
    `terms`: what sweeps and notices select it by.
    `recheck_at`: the next instant at which a date that the decision read changes something (D7.1); None: never.
    `delivered_under`: its orders' facts as they were at delivery; from then on it no longer follows them (D1.7).
    `families`: what its uncontrolled lines count for, or would if it were RELEASED (SPLIT_SUSPECTED).
    `past_holds`: the last holds that ended, without their details, and when each did (D4.7 asks about the past).
    """

    shipment_id: str
    arrival: int
    facts: ShipmentFacts | None = None
    progress: Progress = Progress()
    state: ShipmentState = ShipmentState.HELD
    sequence: int = 0
    holds: tuple[Hold, ...] = ()
    standing: tuple[StandingHold, ...] = ()
    draws: tuple[Draw, ...] = ()
    corrections: tuple[tuple[str, int, Quantity], ...] = ()
    released_as: tuple[LicenceCovered, ...] = ()
    closed_orders: tuple[str, ...] = ()
    delivered_under: tuple[OrderFacts, ...] = ()
    states: tuple[StateSpan, ...] = ()
    candidates: tuple[str, ...] = ()
    forwarder_emitted: str | None = None
    recheck_at: datetime | None = None
    decided_at: datetime | None = None
    rules_version: int = 0
    past_draws: tuple[Draw, ...] = ()
    terms: frozenset[str] = frozenset()
    ahead: tuple[datetime, ShipmentFacts] | None = None
    families: tuple[FamilyEntry, ...] = ()
    past_holds: tuple[tuple[datetime, Hold], ...] = ()
    stated: tuple[Stated, ...] = ()
    ahead_by: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as Holdgate knows it. `facts` None: only named by shipments so far (a stub, ORDER_UNKNOWN)."""

    order_id: str
    arrival: int
    facts: OrderFacts | None = None
    state: OrderState = OrderState.HELD
    sequence: int = 0
    holds: tuple[Hold, ...] = ()
    standing: tuple[StandingHold, ...] = ()
    draws: tuple[Draw, ...] = ()
    takes: tuple[Take, ...] = ()
    shipments: tuple[str, ...] = ()
    cancelled: bool = False
    cancelled_version: int | None = None
    candidates: tuple[str, ...] = ()
    recheck_at: datetime | None = None
    decided_at: datetime | None = None
    rules_version: int = 0
    terms: frozenset[str] = frozenset()
    ahead: tuple[datetime, OrderFacts] | None = None
