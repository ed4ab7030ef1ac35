"""Which topics there are, what they carry, and which event has which model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TYPE_PREFIX: Final = "io.holdgate."


class TopicKind(StrEnum):
    """TRADE events wait for RULE events (design.md §2); HOLDS is what Holdgate writes."""

    TRADE = "TRADE"
    RULE = "RULE"
    HOLDS = "HOLDS"


@dataclass(frozen=True, slots=True)
class Topic:
    """One Kafka topic: `types` without the prefix, `key` in words, `id_fields` of the data that may be the key."""

    name: str
    kind: TopicKind
    key: str
    types: tuple[str, ...]
    id_fields: tuple[str, ...]


ORDERS: Final = Topic(
    "trade.orders.v1", TopicKind.TRADE, "order id", ("order.upserted.v1", "order.cancelled.v1"), ("order_id",)
)
SHIPMENTS: Final = Topic(
    "trade.shipments.v1",
    TopicKind.TRADE,
    "shipment id",
    ("shipment.upserted.v1", "shipment.milestone.v1", "shipment.corrected.v1"),
    ("shipment_id",),
)
LICENCES: Final = Topic(
    "trade.licences.v1", TopicKind.RULE, "licence number", ("licence.upserted.v1",), ("licence_no",)
)
REFERENCE: Final = Topic(
    "trade.reference.v1",
    TopicKind.RULE,
    "entity id",
    (
        "party.upserted.v1",
        "list-entry.upserted.v1",
        "item.upserted.v1",
        "control.upserted.v1",
        "end-user-statement.upserted.v1",
        "fx-rate.upserted.v1",
        "feed.refreshed.v1",
    ),
    ("party_id", "entry_id", "item_no", "control_code", "statement_no", "rate_id", "feed"),
)
NOTICES: Final = Topic(
    "trade.notices.v1", TopicKind.RULE, "notice id", ("notice.upserted.v1", "notice.lifted.v1"), ("notice_id",)
)
HOLDS: Final = Topic(
    "holdgate.holds.v1",
    TopicKind.HOLDS,
    "shipment id; order id, licence number or notice id for the types that concern those",
    (
        "shipment.held.v1",
        "shipment.released.v1",
        "shipment.intercept.v1",
        "shipment.incident.v1",
        "shipment.closed.v1",
        "order.held.v1",
        "order.cleared.v1",
        "order.closed.v1",
        "notice.in-effect.v1",
        "notice.ended.v1",
        "violation.recorded.v1",
        "licence.alert.v1",
    ),
    ("shipment_id", "order_id", "notice_id", "licence_no"),
)

READ_TOPICS: Final = (ORDERS, SHIPMENTS, LICENCES, REFERENCE, NOTICES)
TRADE_TOPICS: Final = tuple(topic for topic in READ_TOPICS if topic.kind is TopicKind.TRADE)
RULE_TOPICS: Final = tuple(topic for topic in READ_TOPICS if topic.kind is TopicKind.RULE)
ALL_TOPICS: Final = (*READ_TOPICS, HOLDS)
TOPICS_BY_NAME: Final = {topic.name: topic for topic in ALL_TOPICS}

# The field of the data that is the entity's id, hence record key, subject and what the lane is computed from.
ID_FIELD: Final = {
    "order.upserted.v1": "order_id",
    "order.cancelled.v1": "order_id",
    "shipment.upserted.v1": "shipment_id",
    "shipment.milestone.v1": "shipment_id",
    "shipment.corrected.v1": "shipment_id",
    "licence.upserted.v1": "licence_no",
    "party.upserted.v1": "party_id",
    "list-entry.upserted.v1": "entry_id",
    "item.upserted.v1": "item_no",
    "control.upserted.v1": "control_code",
    "end-user-statement.upserted.v1": "statement_no",
    "fx-rate.upserted.v1": "rate_id",
    "feed.refreshed.v1": "feed",
    "notice.upserted.v1": "notice_id",
    "notice.lifted.v1": "notice_id",
}


def topic_of(type_suffix: str) -> Topic:
    """The topic that carries the type `type_suffix` (without prefix). Raises KeyError for a type that there isn't."""
    for topic in ALL_TOPICS:
        if type_suffix in topic.types:
            return topic
    raise KeyError(type_suffix)
