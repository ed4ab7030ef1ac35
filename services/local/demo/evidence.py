"""What is known when the day is over, from every side: subscribers, the topic itself, the API and the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.produced import ShipmentState, ViolationRecorded
from services.local.demo.consignments import Consignment
from services.local.demo.listening import WholeTopic
from services.local.demo.service_roles import Freight, Logistics, Payment
from services.local.demo.subscribers import Subscriber


@dataclass(slots=True)
class Notice:
    """The stop notice as the API answered it, when, and after how many seconds."""

    answer: dict[str, Any]
    seconds: float
    answered_at: datetime


@dataclass(slots=True)
class TakeOver:
    """A gatekeeper killed with SIGKILL; `seconds` until its successor had caught up, None when it never did."""

    lanes: int
    undecided_at_kill: int
    unpublished_at_kill: int
    exit_code: int | None
    seconds: float | None = None
    published_after: int = 0


@dataclass(slots=True)
class Ledger:
    """`wrong`: licence lines whose balance isn't the sum of their ledger; `overdrawn`: those above their grant."""

    entries: int
    wrong: tuple[str, ...]
    overdrawn: tuple[str, ...]


@dataclass(slots=True)
class Evidence:
    """Everything that the checks look at."""

    consignments: Mapping[str, Consignment]
    subscribers: Sequence[Subscriber]
    logistics: Logistics
    freight: Freight
    payment: Payment
    histories: dict[str, list[ShipmentState]] = field(default_factory=dict)
    violations: list[ViolationRecorded] = field(default_factory=list)
    notice: Notice | None = None
    take_over: TakeOver | None = None
    take_over_left_out: str | None = None
    settled: bool = False
    topic: WholeTopic = field(default_factory=WholeTopic)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    stranger: dict[str, Any] = field(default_factory=dict)
    ledger: Ledger | None = None

    def history(self, shipment_id: str) -> list[ShipmentState]:
        """Every state of a shipment that was heard, oldest first."""
        return self.histories.get(shipment_id, [])
