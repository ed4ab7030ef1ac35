"""Request and response models of the HTTP API: wire shapes, documented in openapi.json. Answers only gain fields."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from schemas.notices import NoticeScope, NoticeText, NoticeUpserted
from schemas.produced import Directives, Hold
from schemas.values import Code, Count, Flag, Id, Instant, LineNo, Text, Version, Wire, WrittenAmount
from services.gatekeeper.api.limits import IDS_MAX

CONFIRMATION = "everything"


class FieldFault(Wire):
    """One field that is wrong."""

    field: str
    """Its path, such as `scope.destinations.0`."""
    message: str


class ProblemView(Wire):
    """An error (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"title": "Problem"})
    type: str
    """Which kind of error: `urn:holdgate:problem:…`, stable; `about:blank` says no more than the status."""
    title: str
    status: int
    detail: str = ""
    errors: tuple[FieldFault, ...] = ()
    """With 422: each field that is wrong."""


class ShipmentStatusView(Wire):
    """What everybody has to do about a shipment now. Only `may_move: true` is a go; anything else is a stop."""

    shipment_id: str
    state: Code
    """HELD, RELEASED, INTERCEPT, INCIDENT, CLOSED, or UNKNOWN: not known, or not yours to see."""
    may_move: Flag
    milestone: Code | None
    directives: Directives
    holds: tuple[Hold, ...]
    """All that are open, most severe first."""
    sequence: Annotated[int, Field(ge=0)]
    """Of the last event about the shipment; 0 with UNKNOWN."""
    as_of: Instant
    """When this answer was so."""
    rules_version: Count
    """Of the rules it was decided with; with UNKNOWN, of those in effect."""
    pending: Flag
    """True: something that may add a hold is recorded and not decided yet. A released shipment is then answered as
    HELD, without a hold; ask again in a second."""
    pending_because: Code | None
    """RECHECK_DUE: a date that counts has come. RULE_CHANGE: a notice, list, control, licence or order changed.
    LANE_STOPPED: nothing about it is judged until operations have mended its lane."""
    decided_state: Code | None
    """The state as it was last decided and sent, while `pending`."""
    decided_at: Instant | None


class ShipmentIds(Wire):
    """Up to 500 shipments to ask about at once."""

    shipment_ids: Annotated[tuple[Id, ...], Field(max_length=IDS_MAX, fail_fast=True)]


class StatusesView(Wire):
    """One status for each id, in the order in which they were asked; all are so at the same instant."""

    statuses: tuple[ShipmentStatusView, ...]


class NoticeData(NoticeUpserted):
    """A stop notice: data of `notice.upserted` without `version`, which the service sets."""

    version: SkipJsonSchema[Annotated[int, BeforeValidator(lambda _given: 1)]] = 1
    confirm: Text | None = None
    """Must be `everything` when `everything` is true."""

    @property
    def is_confirmed(self) -> bool:
        return not self.everything or self.confirm == CONFIRMATION


class Lift(Wire):
    """Why a notice ends."""

    reason: Annotated[Text, Field(min_length=1)]


class HoldRequest(Wire):
    """Why a person holds a shipment: shown with the hold, to everybody who sees the shipment."""

    text: Annotated[Text, Field(min_length=1)]


class LanesView(Wire):
    """In how many lanes the notice's last word is published, of how many."""

    published: Count
    total: Count


class NoticeRecorded(Wire):
    """A notice was recorded: from now on no decision is made without it."""

    notice_id: Id
    version: Version
    status: Code
    """RECORDED: in effect for every new decision, being published. SCHEDULED: begins later. EFFECTIVE: every lane has
    published it. ENDED."""
    effective_at: Instant
    """From when it is in effect: its `effective_from`, else when it was recorded."""
    lanes: LanesView


class NoticeView(NoticeRecorded):
    """A notice at its newest version; its `ETag` is for If-Match."""

    origin: Code
    authority_ref: Text | None
    text: NoticeText
    effective_from: Instant | None
    effective_until: Instant | None
    everything: Flag
    release_by_licence: Flag
    release_by_review: Flag
    scope: NoticeScope
    lift_reason: Text | None
    recorded_at: Instant
    recorded_through: Code
    """HTTP or KAFKA: only there it can be changed."""
    rules_version: Count


class NoticePage(Wire):
    """Notices by id."""

    notices: tuple[NoticeView, ...]
    next_cursor: str | None
    """Give it as `cursor` for the next page; null: this was the last."""


class ValueBalanceView(Wire):
    """Money of a licence line; `free` is never below zero."""

    currency: Code
    granted: WrittenAmount
    reserved: WrittenAmount
    consumed: WrittenAmount
    free: WrittenAmount


class LineBalanceView(Wire):
    """One licence line, in its own unit; `free` is never below zero, and doesn't count the tolerance."""

    line_no: LineNo
    unit: Code
    granted: WrittenAmount
    reserved: WrittenAmount
    consumed: WrittenAmount
    free: WrittenAmount
    value: ValueBalanceView
    uses: Count
    """Completed exports, of the whole licence."""
    uses_reserved: Count
    """Released shipments that have not left, of the whole licence."""


class BalanceView(Wire):
    """What is granted, reserved, consumed and free."""

    licence_no: Id
    status: Code
    """As the authority gives it, or EXPIRED or CONSUMED."""
    uses: Count
    uses_reserved: Count
    max_uses: Count | None
    lines: tuple[LineBalanceView, ...]


class LicenceView(BalanceView):
    """A licence at its newest version."""

    version: Version
    authority_time: Instant
    authority_status: Code
    type: Code
    exporter_id: Id
    facts: dict[str, Any]
    """The rest of `licence.upserted`: end users, end uses, destinations, dates, limits and the lines' codes."""
    conflict: Flag
    """The same version came with other content (LICENCE_CONFLICT)."""
    rules_version: Count
