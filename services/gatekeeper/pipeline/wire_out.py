"""Domain changes to wire events: what is said on `holdgate.holds.v1` and in status answers (contracts.md §3)."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import BaseModel

from schemas import envelope, parts, produced
from schemas.topics import TYPE_PREFIX
from services.gatekeeper.domain.aggregates import Draw, Hold, Order, Shipment
from services.gatekeeper.domain.lifters import lifters
from services.gatekeeper.domain.reasons import REASONS
from services.gatekeeper.domain.rule_entities import Notice
from services.gatekeeper.domain.vocabulary import ShipmentState
from services.gatekeeper.domain.workspace import Alert, Lifted, OrderChanged, ShipmentChanged, Violation
from services.gatekeeper.store.outbox import OutboxRecord
from services.gatekeeper.texts.telling import text

SOURCE = "holdgate/gatekeeper"
ROLES = ("logistics", "freight", "customs", "delivery", "platform", "payment")
VIOLATION_NAMESPACE = uuid.UUID("9be0a5f5-4a0f-5f5e-9d53-93b5a4b5f2f1")
PAYLOAD_BYTES_MAX = 900_000
"""Below the topic's record limit: a record that the broker refuses would stall its lane for ever."""

_DIRECTIVES = {
    ShipmentState.HELD: dict.fromkeys(ROLES, "STOP"),
    ShipmentState.RELEASED: dict.fromkeys(ROLES, "PROCEED"),
    ShipmentState.INTERCEPT: dict.fromkeys(ROLES[:4], "RECALL") | dict.fromkeys(ROLES[4:], "STOP"),
    ShipmentState.INCIDENT: dict.fromkeys(ROLES[:4], "NONE") | dict.fromkeys(ROLES[4:], "STOP"),
    ShipmentState.CLOSED: dict.fromkeys(ROLES, "STOP"),
}


class RecordTooLarge(Exception):
    """A record of ours would exceed PAYLOAD_BYTES_MAX even without its details."""


def directives(state: str) -> dict[str, str]:
    """What each service role has to do in `state`; STOP for a state nobody knows."""
    known = _DIRECTIVES.get(ShipmentState(state)) if state in set(ShipmentState) else None
    return dict(known or _DIRECTIVES[ShipmentState.HELD])


@cache
def _directive_model(state: ShipmentState) -> produced.Directives:
    return produced.Directives(**directives(state))


def hold_model(hold: Hold) -> produced.Hold:
    info = REASONS[hold.reason]
    return produced.Hold(
        hold_id=hold.hold_id,
        reason=hold.reason.value,
        subject=dict(hold.subject),
        detail=dict(hold.detail),
        text=produced.BothTexts(**text(hold)),
        legal_basis=info.legal_basis,
        lifts_when=info.lifts_when.value,
        review_allowed=hold.review_allowed,
        placed_at=hold.placed_at,
        lifted_by_whom=tuple(lifter.value for lifter in lifters(hold)),
        lifts_on=hold.detail.get("lifts_on"),
    )


def hold_view(hold: Hold) -> dict[str, Any]:
    """A hold as status answers show it: the same shape as in the events."""
    return hold_model(hold).model_dump(mode="json")


def shortened(data: BaseModel, holds_max: int) -> BaseModel:
    """A state event that fits into a record: the most severe holds, without details; the rest is in the API.

    Of every list at most `holds_max` entries are said, and of holds and references no more than a quarter of a record.
    """
    holds = [hold.model_copy(update={"detail": {}}) for hold in getattr(data, "holds", ())[:holds_max]]
    cut = {name: getattr(data, name)[:holds_max] for name in _LISTS if hasattr(data, name)}
    cut["holds"] = _within(holds, PAYLOAD_BYTES_MAX // 4)
    if "references" in cut:
        cut["references"] = _within(cut["references"], PAYLOAD_BYTES_MAX // 4)
    return data.model_copy(update=cut)


_LISTS = ("placed", "lifted", "draws", "references", "order_ids")


def _within(models: Sequence[BaseModel], bytes_max: int) -> tuple[BaseModel, ...]:
    """As many of the first `models` as have at most `bytes_max` bytes together."""
    sizes = itertools.accumulate(len(model.model_dump_json().encode()) for model in models)
    return tuple(model for model, size in zip(models, sizes, strict=True) if size <= bytes_max)


def _draws(draws: tuple[Draw, ...]) -> tuple[produced.Draw, ...]:
    return tuple(
        produced.Draw(
            line_no=draw.line_no,
            licence_no=draw.licence_no,
            licence_line=draw.licence_line,
            quantity=produced.WrittenQuantity(value=draw.quantity.value, unit=draw.quantity.unit),
            balance=draw.balance.value,
        )
        for draw in draws
    )


def _lifted(lifted: tuple[Lifted, ...]) -> tuple[produced.Lifted, ...]:
    return tuple(produced.Lifted(hold_id=one.hold.hold_id, by=one.by) for one in lifted)


def order_ids(shipment: Shipment) -> tuple[str, ...]:
    lines = shipment.facts.lines if shipment.facts else ()
    return tuple(dict.fromkeys(line.order_id for line in lines if line.order_id))


def destination(shipment: Shipment, orders: Mapping[str, Order]) -> str | None:
    """The shipment's own destination, else the first one that its orders give (D3.0)."""
    if shipment.facts is not None and shipment.facts.destination:
        return shipment.facts.destination
    for order_id in order_ids(shipment):
        order = orders.get(order_id)
        if order is not None and order.facts is not None and order.facts.destination:
            return order.facts.destination
    return None


def shipment_state(change: ShipmentChanged, orders: Mapping[str, Order]) -> tuple[str, BaseModel]:
    """Type and data of the event about a shipment's new state."""
    shipment, known = change.shipment, change.shipment.facts
    return f"shipment.{shipment.state.value.lower()}.v1", produced.ShipmentState(
        shipment_id=shipment.shipment_id,
        sequence=shipment.sequence,
        state=shipment.state.value,
        may_move=shipment.state is ShipmentState.RELEASED,
        milestone=shipment.progress.milestone.value if shipment.progress.milestone else None,
        exporter_id=known.exporter_id if known else None,
        forwarder_id=known.forwarder_id if known else None,
        previous_forwarder_id=change.previous_forwarder_id,
        destination=destination(shipment, orders),
        references=tuple(
            parts.Reference(scheme=reference.scheme, value=reference.value)
            for reference in (known.references if known else ())
        ),
        directives=_directive_model(shipment.state),
        holds=tuple(hold_model(hold) for hold in shipment.holds),
        placed=change.placed,
        lifted=_lifted(change.lifted),
        draws=_draws(shipment.draws),
        order_ids=order_ids(shipment),
        decided_at=_decided(shipment.decided_at),
    )


def _decided(at: datetime | None) -> datetime:
    if at is None:
        raise ValueError("a change without a decision")
    return at


def order_state(change: OrderChanged) -> tuple[str, BaseModel]:
    """Type and data of the event about an order's pre-check."""
    order = change.order
    return f"order.{order.state.value.lower()}.v1", produced.OrderState(
        order_id=order.order_id,
        sequence=order.sequence,
        state=order.state.value,
        exporter_id=order.facts.exporter_id if order.facts else None,
        holds=tuple(hold_model(hold) for hold in order.holds),
        placed=change.placed,
        lifted=_lifted(change.lifted),
        draws=_draws(order.draws),
        decided_at=_decided(order.decided_at),
    )


def violation_id(violation: Violation) -> uuid.UUID:
    """The same thing recorded twice is one violation."""
    about = violation.shipment_id or violation.licence_no
    return uuid.uuid5(VIOLATION_NAMESPACE, f"{violation.kind}|{about}|{violation.key}")


def violation_recorded(violation: Violation) -> tuple[str, BaseModel]:
    return "violation.recorded.v1", produced.ViolationRecorded(
        violation_id=str(violation_id(violation)),
        kind=violation.kind.value,
        shipment_id=violation.shipment_id,
        licence_no=violation.licence_no,
        detail=dict(violation.detail),
        occurred_at=violation.occurred_at,
    )


def licence_alert(alert: Alert) -> tuple[str, BaseModel]:
    is_feed = alert.kind.value == "FEED_STALE"
    return "licence.alert.v1", produced.LicenceAlert(
        kind=alert.kind.value,
        licence_no=alert.licence_no,
        licence_line=alert.licence_line,
        notice_id=None if is_feed else alert.subject,
        feed=alert.subject if is_feed else None,
        detail=dict(alert.detail),
    )


def _notice_data(notice: Notice) -> dict[str, Any]:
    words = dict(notice.text)
    scope = {name: list(getattr(notice.scope, name)) for name in notice.scope.__dataclass_fields__}
    return {
        "notice_id": notice.notice_id,
        "version": notice.version,
        "origin": notice.origin.value,
        "authority_ref": notice.authority_ref,
        "text": {"zh": words.get("zh", ""), "en": words.get("en", "")},
        "effective_from": notice.starts_at.isoformat() if notice.starts_at else None,
        "effective_until": notice.ends_at.isoformat() if notice.ends_at else None,
        "everything": notice.everything,
        "release_by_licence": notice.release_by_licence,
        "release_by_review": notice.release_by_review,
        "scope": scope,
    }


def notice_in_effect(notice: Notice, barrier: int) -> tuple[str, BaseModel]:
    data = _notice_data(notice) | {"barrier": barrier}
    return "notice.in-effect.v1", produced.NoticeInEffect.model_validate_json(json.dumps(data))


def notice_ended(notice: Notice, barrier: int) -> tuple[str, BaseModel]:
    data = _notice_data(notice) | {"barrier": barrier, "reason": notice.lift_reason}
    return "notice.ended.v1", produced.NoticeEnded.model_validate_json(json.dumps(data))


def outbox_record(
    incarnation: uuid.UUID,
    lane: int,
    seq: int,
    *,
    key: str,
    type_suffix: str,
    data: BaseModel,
    time: datetime,
    rules_version: int,
    causation_id: str | None = None,
    traceparent: str | None = None,
) -> OutboxRecord:
    """The record as it will be published, byte for byte; its id is UUIDv5 of (incarnation, lane, seq)."""
    headers, value = envelope.write_binary(
        data,
        id=str(uuid.uuid5(incarnation, f"{lane}:{seq}")),
        source=SOURCE,
        type=TYPE_PREFIX + type_suffix,
        subject=key,
        time=time,
        laneseq=seq,
        rulesversion=rules_version,
        causationid=causation_id,
        traceparent=traceparent,
    )
    if len(value) > PAYLOAD_BYTES_MAX:
        raise RecordTooLarge(f"{type_suffix} about {key} has {len(value)} bytes")
    texts = [[name, raw.decode()] for name, raw in headers]
    return OutboxRecord(lane, seq, key, type_suffix, json.dumps(texts, ensure_ascii=False), value)
