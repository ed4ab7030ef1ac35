"""The limit: a transactional consumer and producer that parses and writes again every shipment, and decides nothing.

Run as a process: `python -m tests.bench.passthrough`, with the settings of a gatekeeper.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition

from schemas.envelope import write_binary
from schemas.reading import read_event
from schemas.topics import HOLDS, SHIPMENTS
from services.gatekeeper.wiring import Settings
from services.kit.kafka import log_bounds, new_consumer, new_producer, start_client, stop_client
from tests.bench.trade import PARTITIONS

RECORDS_MAX = 1_000
REST_SECONDS = 0.002


class Passthrough:
    """One transaction for what one poll gives; input offsets are committed with it."""

    def __init__(self, settings: Settings, consumer: Any, producer: Any) -> None:
        self._settings = settings
        self._consumer = consumer
        self._producer = producer
        self._counts: Counter[int] = Counter()
        self._group = f"{settings.environment}.passthrough"

    async def run(self) -> None:
        while True:
            fetched = await self._consumer.getmany(timeout_ms=200, max_records=RECORDS_MAX)
            if not fetched:
                continue
            await self._producer.begin_transaction()
            topic = self._settings.topic_prefix + HOLDS.name
            deliveries = [
                await self._producer.send_batch(batch, topic, partition=partition.partition)
                for partition, records in fetched.items()
                for batch in self._batches(partition.partition, records)
            ]
            await asyncio.gather(*deliveries)
            offsets = {partition: records[-1].offset + 1 for partition, records in fetched.items()}
            await self._producer.send_offsets_to_transaction(offsets, self._group)
            await self._producer.commit_transaction()
            await asyncio.sleep(REST_SECONDS)

    def _batches(self, lane: int, records: list[Any]) -> list[Any]:
        """Written again, in their order, in as few batches as their bytes allow."""
        batches = [self._producer.create_batch()]
        for record in records:
            event = read_event(SHIPMENTS.name, record.headers, record.key, record.value)
            self._counts[lane] += 1
            seq = self._counts[lane]
            headers, value = write_binary(
                event.model,
                id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{lane}:{seq}")),
                source="bench/passthrough",
                type="io.holdgate.shipment.released.v1",
                subject=event.entity_key,
                time=datetime.now(UTC),
                laneseq=seq,
                rulesversion=1,
                causationid=event.envelope.id,
            )
            fields = {"key": event.entity_key.encode(), "value": value, "timestamp": None, "headers": headers}
            if batches[-1].append(**fields) is None:
                batches.append(self._producer.create_batch())
                batches[-1].append(**fields)
        for batch in batches:
            batch.close()
        return batches


async def main() -> None:
    settings = Settings.from_environment()
    servers = settings.kafka_bootstrap_servers
    consumer = new_consumer(servers, client_id="bench-passthrough")
    producer = new_producer(servers, client_id="bench-passthrough", transactional_id=f"{settings.environment}.pass")
    await start_client(consumer)
    await start_client(producer)
    try:
        partitions = [TopicPartition(settings.topic_prefix + SHIPMENTS.name, one) for one in range(PARTITIONS)]
        consumer.assign(partitions)
        for partition, (start, _) in (await log_bounds(consumer, partitions)).items():
            consumer.seek(partition, start)
        await Passthrough(settings, consumer, producer).run()
    finally:
        await stop_client(producer)
        await stop_client(consumer)


if __name__ == "__main__":
    asyncio.run(main())
