"""Every event that Holdgate writes, `holdgate.holds.v1`.

Codes in them (states, reasons, directives, kinds …) are open lists: a consumer must live with one that it has never
seen, and treat a shipment whose state it doesn't know as HELD. Inside `.v1` these models only ever gain fields.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, JsonValue

from schemas.notices import NoticeState
from schemas.parts import Reference
from schemas.values import Code, Count, Flag, Id, Instant, LineNo, Text, Version, Wire, WrittenAmount


def _in_order(value: Any) -> Any:
    """`value` with the keys of its objects sorted, so that the same facts give the same bytes."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_in_order(item) for item in value]
    return value


Detail = Annotated[dict[str, JsonValue], AfterValidator(_in_order)]
"""Facts behind a reason or violation. Keys and values are open; quantities stand as text, such as `0.001 KGM`."""

Subject = Annotated[dict[str, str | int], AfterValidator(_in_order)]
"""What a hold is about: the keys that domain.md §2 gives for its reason."""


class WrittenQuantity(Wire):
    """An exact quantity, as computed."""

    value: WrittenAmount
    unit: Code


class BothTexts(Wire):
    """A sentence for people, in English and Chinese."""

    en: str
    zh: str


class Hold(Wire):
    """One open reason about one subject (D1.2)."""

    hold_id: Id
    """UUIDv5 of shipment, reason and subject: the same reason about the same subject keeps its id."""
    reason: Code
    """Such as QTY_EXCEEDED, STOP_NOTICE, MISSING_DATA; an open list."""
    subject: Subject
    detail: Detail
    text: BothTexts
    legal_basis: tuple[str, ...]
    """Articles, such as ECR-15."""
    lifts_when: Code
    """LICENCE_COVERS, NOTICE_ENDS, LIST_ENDS, REVIEW, PERSON, DATA_ARRIVES, ORDER_CHANGES or DATE; an open list."""
    review_allowed: Flag
    placed_at: Instant
    lifted_by_whom: tuple[Code, ...] = ()
    """Who may do what lifts it: LICENSING_DESK, COMPLIANCE, SENDER, AUTHORITY, CUSTOMS, REVIEWERS, IDENTITY_REVIEWERS,
    OPERATIONS or NOBODY; an open list. Empty in events from before this field."""
    lifts_on: str | None = None
    """The day or instant on which it lifts by the passing of time, if nothing else comes in between and that is known:
    `2026-03-01` (an Asia/Shanghai day) or RFC 3339; null: not known, or not by time."""


class Lifted(Wire):
    """A hold that this event lifted."""

    hold_id: Id
    by: Code
    """REEVALUATION, NOTICE_LIFTED or REVIEW; an open list."""


class Draw(Wire):
    """What one line takes from one licence line (D3.7)."""

    line_no: LineNo
    licence_no: Id
    licence_line: LineNo
    quantity: WrittenQuantity
    balance: Code
    """RESERVED or CONSUMED; an open list."""


class Directives(Wire):
    """What each service role has to do: STOP, PROCEED, RECALL or NONE; an open list. An unknown one means STOP."""

    logistics: Code
    freight: Code
    customs: Code
    delivery: Code
    platform: Code
    payment: Code


class ShipmentState(Wire):
    """A shipment's state, its holds and what every role has to do; one model for the five states."""

    shipment_id: Id
    sequence: Version
    """For each shipment, one more with each event: obey the highest."""
    state: Code
    """HELD, RELEASED, INTERCEPT, INCIDENT or CLOSED; an open list. An unknown one means HELD."""
    may_move: Flag
    """True only in RELEASED."""
    milestone: Code | None
    exporter_id: Id | None
    forwarder_id: Id | None
    previous_forwarder_id: Id | None
    """Set once, when the forwarder changed: the old one must stop too."""
    destination: Code | None
    references: tuple[Reference, ...]
    directives: Directives
    holds: tuple[Hold, ...]
    """All that are open, most severe first."""
    placed: tuple[Id, ...]
    """Ids of the holds that this event placed."""
    lifted: tuple[Lifted, ...]
    draws: tuple[Draw, ...]
    order_ids: tuple[Id, ...]
    decided_at: Instant


class OrderState(Wire):
    """The state of an order's pre-check."""

    order_id: Id
    sequence: Version
    """For each order, one more with each event: obey the highest."""
    state: Code
    """HELD, CLEARED or CLOSED; an open list. An unknown one means HELD."""
    exporter_id: Id | None
    holds: tuple[Hold, ...]
    """All that are open, most severe first."""
    placed: tuple[Id, ...]
    lifted: tuple[Lifted, ...]
    draws: tuple[Draw, ...]
    decided_at: Instant


class NoticeInEffect(NoticeState):
    """A notice in effect: first in every lane, before the shipments that it touches. It carries the notice whole."""

    barrier: Count
    """The rules version from which every decision knows the notice: one with a lower `rulesversion` doesn't."""


class NoticeEnded(NoticeState):
    """A notice that was in effect has ended: its last data, whole."""

    barrier: Count
    """The rules version from which no decision heeds the notice any more."""
    reason: Text | None = None
    """What the lift gave; null when `effective_until` or a revision ended it."""


class ViolationRecorded(Wire):
    """Goods moved against a hold, an impossible milestone and the like (D4.8)."""

    violation_id: Id
    kind: Code
    """MOVED_WHILE_HELD, IMPOSSIBLE_MILESTONE, CAP_BELOW_USED, CANNOT_OBEY or MOVED_AFTER_ACK; an open list."""
    shipment_id: Id | None = None
    licence_no: Id | None = None
    """Given instead of `shipment_id` when the violation is a licence's."""
    detail: Detail
    occurred_at: Instant


class LicenceAlert(Wire):
    """Something that people should look at (D4.9)."""

    kind: Code
    """DRAWN_80 … DRAWN_100, EXPIRES_30D, EXPIRES_7D, EXPIRES_1D, CONSUMED, REVOKED_WITH_OPEN, NOTICE_UNREADABLE or
    FEED_STALE; an open list."""
    licence_no: Id | None = None
    """Null for NOTICE_UNREADABLE and FEED_STALE, which concern no licence."""
    licence_line: LineNo | None = None
    notice_id: Id | None = None
    """The notice, list entry or control that NOTICE_UNREADABLE is about."""
    feed: Code | None = None
    """The feed that FEED_STALE is about."""
    detail: Detail


WrittenModel = ShipmentState | OrderState | NoticeInEffect | NoticeEnded | ViolationRecorded | LicenceAlert

WRITTEN_MODELS: Final[dict[str, type[WrittenModel]]] = {
    "shipment.held.v1": ShipmentState,
    "shipment.released.v1": ShipmentState,
    "shipment.intercept.v1": ShipmentState,
    "shipment.incident.v1": ShipmentState,
    "shipment.closed.v1": ShipmentState,
    "order.held.v1": OrderState,
    "order.cleared.v1": OrderState,
    "order.closed.v1": OrderState,
    "notice.in-effect.v1": NoticeInEffect,
    "notice.ended.v1": NoticeEnded,
    "violation.recorded.v1": ViolationRecorded,
    "licence.alert.v1": LicenceAlert,
}
