"""The trade's side of Kafka: events go in here, and how far they went is known."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from services.kit.kafka import start_client, stop_client
from services.local.demo.events import TradeEvent, record_of

SOURCE = "//erp.demo.holdgate"
SEND_SECONDS_MAX = 30.0


class Feed:
    """Sends events in order, keyed by what they are about; `ends` is the offset after the last one of a partition."""

    def __init__(self, producer: Any, topic_prefix: str) -> None:
        self._producer = producer
        self._prefix = topic_prefix
        self._numbers = itertools.count(1)
        self.ends: dict[tuple[str, int], int] = {}
        self.sent = 0

    async def send(self, events: Sequence[TradeEvent]) -> None:
        """Returns when the broker has all of `events`; raises KafkaError or TimeoutError when it won't take one."""
        async with asyncio.timeout(SEND_SECONDS_MAX):
            waiting = [(event.topic, await self._hand_over(event)) for event in events]
            for topic, future in waiting:
                where = await future
                place = (topic, where.partition)
                self.ends[place] = max(self.ends.get(place, 0), where.offset + 1)
                self.sent += 1

    async def _hand_over(self, event: TradeEvent) -> Any:
        record = record_of(event, event_id=f"demo-{next(self._numbers)}", source=SOURCE, at=datetime.now(UTC))
        return await self._producer.send(
            self._prefix + event.topic, key=record.key, value=record.value, headers=list(record.headers)
        )


@asynccontextmanager
async def open_feed(bootstrap_servers: str, topic_prefix: str, *, idempotent: bool) -> AsyncIterator[Feed]:
    """A feed; without idempotence where the broker knows none (the mock)."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        client_id=f"{topic_prefix}trade",
        acks="all",
        enable_idempotence=idempotent,
    )
    await start_client(producer)
    try:
        yield Feed(producer, topic_prefix)
    finally:
        await stop_client(producer)
