"""Status and topic agree: what the API answers about a shipment is what a subscriber was told of it last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from services.gatekeeper.api.shipments import status_view
from tests.checking.lanes import TopicRecord
from tests.checking.stored import Stored

SAID = ("state", "may_move", "sequence", "directives")


def agree(stored: Stored, records: Iterable[TopicRecord] | None, *, idle: bool) -> Iterator[str]:
    """State, go, directives and holds of every shipment, by the topic (without `records`: by the outbox) and the API.

    Not `idle`: the topic may be behind, so the outbox is asked; an answer may be a no where the last word is a go.
    """
    last = _last_words(stored, records if idle else None)
    for shipment_id in sorted(last.keys() | stored.shipments.keys()):
        answer = status_view(shipment_id, stored.statuses.found.get(shipment_id), stored.statuses)
        said = last.get(shipment_id)
        if said is None:
            if answer["state"] != "UNKNOWN" or answer["may_move"]:
                yield f"status of {shipment_id}: {answer['state']}, and the topic never told of it"
            continue
        if answer["pending"]:
            if idle and answer["pending_because"] != "LANE_STOPPED":
                yield f"status of {shipment_id}: {answer['pending_because']} is pending, and nothing is left to do"
            if answer["may_move"]:
                yield f"status of {shipment_id}: a go although {answer['pending_because']} is pending"
            answer = {**answer, "state": answer["decided_state"], "may_move": said["may_move"], "directives": None}
        yield from _compared(shipment_id, answer, said)


def _compared(shipment_id: str, answer: dict[str, Any], said: dict[str, Any]) -> Iterator[str]:
    for field in SAID:
        if field == "directives" and answer[field] is None:
            continue
        if _plain(answer[field]) != said[field]:
            yield f"status of {shipment_id}: {field} is {_plain(answer[field])}, the topic says {said[field]}"
    answered, told = ({hold["hold_id"] for hold in _plain(one)} for one in (answer["holds"], said["holds"]))
    if answered != told:
        yield f"status of {shipment_id}: {len(answered)} holds, the topic tells of {len(told)}; or of others"


def _plain(value: Any) -> Any:
    """As it goes over the wire."""
    return json.loads(json.dumps(value, default=lambda one: one.model_dump(mode="json")))


def _last_words(stored: Stored, records: Iterable[TopicRecord] | None) -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    if records is None:
        for row in stored.outbox:
            if row["type"].startswith("shipment."):
                told[row["key"]] = json.loads(row["value"])
        return told
    for _, _, _, headers, value in sorted(records, key=lambda one: one[:2]):
        kind = dict(headers).get("ce_type", b"").decode().removeprefix("io.holdgate.")
        if kind.startswith("shipment.") and value is not None:
            data = json.loads(value)
            if "shipment_id" in data:
                told[data["shipment_id"]] = data
    return told
