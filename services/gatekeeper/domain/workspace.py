"""The rows that one transaction loaded and locked, and what deciding did to them. In memory and pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.gatekeeper.domain.accounts import LedgerEntry, LicenceAccount
from services.gatekeeper.domain.aggregates import Draw, Finding, Hold, Order, Shipment
from services.gatekeeper.domain.families import FamilyBook, FamilySum
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.vocabulary import AlertKind, RuleKind, ViolationKind


class Outcome(StrEnum):
    """What an event did."""

    APPLIED = "APPLIED"
    STALE = "STALE"
    TIMELINE_ONLY = "TIMELINE_ONLY"


class FollowUpKind(StrEnum):
    """Work that a decision causes elsewhere; never done in the transaction that caused it (design.md §2.3, §4)."""

    WAITERS = "WAITERS"
    ORDER_SHIPMENTS = "ORDER_SHIPMENTS"
    ORDER = "ORDER"
    LICENCE = "LICENCE"
    SPLIT_WAITERS = "SPLIT_WAITERS"
    SPLIT = "SPLIT"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`key`: the licence number (WAITERS: something came back to it; LICENCE: all that use it), the order id, or the
    text of a FamilyKey (SPLIT_WAITERS: something counts no more for it; SPLIT: all that count for it)."""

    kind: FollowUpKind
    key: str


@dataclass(frozen=True, slots=True)
class Lifted:
    hold: Hold
    by: str


@dataclass(frozen=True, slots=True)
class ShipmentChanged:
    """To be written as one event about the shipment: `shipment` is the new state, sequence included."""

    shipment: Shipment
    placed: tuple[str, ...]
    lifted: tuple[Lifted, ...]
    previous_forwarder_id: str | None
    causation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class OrderChanged:
    order: Order
    placed: tuple[str, ...]
    lifted: tuple[Lifted, ...]
    causation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """`key` makes its id: the same thing recorded twice is one violation."""

    kind: ViolationKind
    key: str
    detail: Mapping[str, str]
    occurred_at: datetime
    shipment_id: str | None = None
    licence_no: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """About a licence (the usual), or a notice or feed, whose key `licence_no` then is None."""

    kind: AlertKind
    detail: Mapping[str, str]
    licence_no: str | None = None
    licence_line: int | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What happened to a shipment or an order, for people; never read by a rule."""

    owner: str
    owner_id: str
    at: datetime
    what: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """The rule that raised, the type of its error, and what that said."""

    rule: str
    error: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a decision depends on besides the rules at its version: enough to decide again.

    `subject`: as it was to be judged; recorded without what no rule reads (its terms, numbers, and what waits).
    `orders`: those that a shipment's lines name, as far as these lines read them. `accounts`: every balance that was
    looked at, as it was before. `departs`: this change is the shipment's departure. `families`: every sum of other
    shipments' goods that was looked at (SPLIT_SUSPECTED).
    """

    as_of: datetime
    subject: Shipment | Order
    orders: tuple[Order, ...] = ()
    accounts: tuple[LicenceAccount, ...] = ()
    departs: bool = False
    families: tuple[FamilySum, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it: the state, every reason that holds (most severe first), and what is drawn on."""

    state: str
    findings: tuple[Finding, ...] = ()
    draws: tuple[Draw, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one order or shipment, and on what (design.md §4).

    `read`: (kind, key, version) of each reference. `failure`: the rule that raised, so that nothing could be judged.
    `event_hash`: hexadecimal, of the event that caused it; None when a date, a sweep or a task did.
    """

    owner: str
    owner_id: str
    rules_version: int
    policy_version: int
    cause: str
    previous: str
    seen: Seen
    verdict: Verdict
    read: tuple[tuple[RuleKind, str, int], ...] = ()
    failure: Failure | None = None
    event_hash: str | None = None


@dataclass(frozen=True, slots=True)
class EngineError:
    """A rule raised while judging (ENGINE_ERROR): the caller logs it and keeps the record for replay."""

    owner: str
    owner_id: str
    rule: str
    error: str


@dataclass(slots=True)
class Effects:
    """What one transaction writes besides the rows themselves, in the order in which it happened."""

    changes: list[ShipmentChanged | OrderChanged | Violation] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    licence_violations: list[Violation] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    follow_ups: dict[FollowUp, None] = field(default_factory=dict)
    engine_errors: list[EngineError] = field(default_factory=list)


@dataclass(slots=True)
class Workspace:
    """Loaded rows by key. Reading one that was not gathered raises NotGathered; writing marks it dirty.

    A key that was gathered and does not exist in the store is present with its stub (`Shipment(shipment_id, arrival)`,
    `Order(order_id, arrival)`, `LicenceAccount(licence_no)`). `families`: what counts in sums of families.
    `coming_back`: licences to which something came back before, whose waiters have not all been asked yet (D4.4).
    """

    as_of: datetime
    references: References
    policy: Policy
    shipments: dict[str, Shipment]
    orders: dict[str, Order]
    accounts: dict[str, LicenceAccount]
    effects: Effects = field(default_factory=Effects)
    dirty_shipments: set[str] = field(default_factory=set)
    dirty_orders: set[str] = field(default_factory=set)
    dirty_accounts: set[str] = field(default_factory=set)
    cause: str = ""
    event_hash: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    families: FamilyBook = field(default_factory=FamilyBook)
    coming_back: frozenset[str] = frozenset()

    def shipment(self, shipment_id: str) -> Shipment:
        try:
            return self.shipments[shipment_id]
        except KeyError:
            raise NotGathered("shipment", shipment_id) from None

    def order(self, order_id: str) -> Order:
        try:
            return self.orders[order_id]
        except KeyError:
            raise NotGathered("order", order_id) from None

    def account(self, licence_no: str) -> LicenceAccount:
        try:
            return self.accounts[licence_no]
        except KeyError:
            raise NotGathered("licence", licence_no) from None

    def put_shipment(self, shipment: Shipment) -> None:
        known = self.shipments.get(shipment.shipment_id)
        before = known.families if known is not None else ()
        if shipment.families != before:
            self.families.put(shipment.shipment_id, shipment.arrival, before, shipment.families)
        self.shipments[shipment.shipment_id] = shipment
        self.dirty_shipments.add(shipment.shipment_id)

    def put_order(self, order: Order) -> None:
        self.orders[order.order_id] = order
        self.dirty_orders.add(order.order_id)

    def put_account(self, account: LicenceAccount) -> None:
        self.accounts[account.licence_no] = account
        self.dirty_accounts.add(account.licence_no)

    def follow_up(self, kind: FollowUpKind, key: str) -> None:
        self.effects.follow_ups[FollowUp(kind, key)] = None
