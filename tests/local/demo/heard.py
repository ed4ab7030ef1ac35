"""Directives as a subscriber reads them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.produced import BothTexts, Directives, Draw, Hold, ShipmentState, WrittenQuantity
from schemas.reading import WrittenEvent, read_written
from schemas.topics import TYPE_PREFIX

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WORDS = {
    "HELD": ("STOP", "STOP"),
    "RELEASED": ("PROCEED", "PROCEED"),
    "INTERCEPT": ("RECALL", "STOP"),
    "INCIDENT": ("NONE", "STOP"),
    "CLOSED": ("STOP", "STOP"),
}


def state(
    shipment_id: str, state: str, sequence: int = 1, *, reasons: tuple[str, ...] = (), **changes: Any
) -> ShipmentState:
    goods, money = WORDS.get(state, ("PROCEED", "PROCEED"))
    directives = Directives(
        logistics=goods, freight=goods, customs=goods, delivery=goods, platform=money, payment=money
    )
    fields: dict[str, Any] = {
        "shipment_id": shipment_id,
        "sequence": sequence,
        "state": state,
        "may_move": state == "RELEASED",
        "milestone": None,
        "exporter_id": "HEXIN",
        "forwarder_id": "SINOWAY",
        "previous_forwarder_id": None,
        "destination": "DE",
        "references": (),
        "directives": directives,
        "holds": tuple(hold(reason) for reason in reasons),
        "placed": (),
        "lifted": (),
        "draws": (),
        "order_ids": (),
        "decided_at": NOW,
    }
    return ShipmentState(**(fields | changes))


def hold(reason: str, detail: dict[str, Any] | None = None) -> Hold:
    return Hold(
        hold_id=str(uuid.uuid4()),
        reason=reason,
        subject={"line_no": 1},
        detail=detail or {},
        text=BothTexts(en="Line 1: held.", zh="第1项货物：暂停。"),
        legal_basis=("ECR-15",),
        lifts_when="LICENCE_COVERS",
        review_allowed=False,
        placed_at=NOW,
    )


def draw(licence_no: str, quantity: int) -> Draw:
    return Draw(
        line_no=1,
        licence_no=licence_no,
        licence_line=1,
        quantity=WrittenQuantity(value=Decimal(quantity), unit="KGM"),
        balance="RESERVED",
    )


def event(model: ShipmentState, laneseq: int | None) -> WrittenEvent:
    """`model` as it comes out of the topic."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid.uuid4()),
        "ce_source": "holdgate/gatekeeper",
        "ce_type": f"{TYPE_PREFIX}shipment.{model.state.lower()}.v1",
        "ce_time": NOW.isoformat(),
    }
    if laneseq is not None:
        headers["ce_laneseq"] = str(laneseq)
    raw = [(name, value.encode()) for name, value in headers.items()]
    return read_written(raw, model.shipment_id.encode(), model.model_dump_json().encode())
