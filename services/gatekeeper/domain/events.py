"""Trade events as the engine handles them, translated from the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.gatekeeper.domain.facts import OrderFacts, ShipmentFacts
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.vocabulary import Classifier, CorrectionReason, Milestone


@dataclass(frozen=True, slots=True)
class Meta:
    """`event_id` is the ce id; `key` identifies the event for holds and quarantine; `time` the fact's own time."""

    event_id: str
    source: str
    time: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class OrderUpserted:
    meta: Meta
    facts: OrderFacts


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    meta: Meta
    order_id: str
    version: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class ShipmentUpserted:
    meta: Meta
    facts: ShipmentFacts


@dataclass(frozen=True, slots=True)
class MilestoneReported:
    """`source_code` is the sender's own; `code_unknown`: its prefix names a public list that has no such code."""

    meta: Meta
    shipment_id: str
    milestone: Milestone
    classifier: Classifier
    occurred_at: datetime
    source_code: str | None
    code_unknown: bool


@dataclass(frozen=True, slots=True)
class ShipmentCorrected:
    meta: Meta
    shipment_id: str
    corrects_event_id: str
    reason: CorrectionReason
    lines: tuple[tuple[int, Quantity], ...]


@dataclass(frozen=True, slots=True)
class TradeUnreadable:
    """An event about an order or a shipment that could not be read (D8.4).

    `owner` is "order" or "shipment"; `quarantine_id` the hold's key; `was_upsert`: an upsert or of unknown type (D8.5).
    """

    owner: str
    owner_id: str
    quarantine_id: str
    event_key: str
    was_upsert: bool
    detail: str


@dataclass(frozen=True, slots=True)
class QuarantineSettled:
    """The broken event was repaired and replayed, or dropped by a person (D8.5): its hold goes."""

    owner: str
    owner_id: str
    quarantine_id: str


@dataclass(frozen=True, slots=True)
class ManualHoldPlaced:
    """A person holds a shipment, known or not (D1.3). `hold_id` is the hold's own and its subject (§2)."""

    shipment_id: str
    hold_id: str
    placed_by: str
    text: str


TradeEvent = (
    OrderUpserted
    | OrderCancelled
    | ShipmentUpserted
    | MilestoneReported
    | ShipmentCorrected
    | TradeUnreadable
    | QuarantineSettled
    | ManualHoldPlaced
)
