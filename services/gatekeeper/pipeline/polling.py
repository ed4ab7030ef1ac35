"""Polls that give every partition its share: Kafka's client empties one buffer before it looks at the next."""

from __future__ import annotations

from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

FRESH_MS = 5
"""What lay in the buffers came while something else was done; what came behind it is fetched at once now."""
Polled = dict[TopicPartition, list[Any]]


class FairPoll:
    """One consumer's polls. A partition with a long backlog would otherwise keep the others waiting for its buffer."""

    def __init__(self) -> None:
        self._turn = 0

    async def __call__(
        self, consumer: Any, partitions: list[TopicPartition], *, timeout_ms: int, records_max: int
    ) -> Polled:
        """Up to `records_max` records, as evenly from `partitions` as they have some; waits for the first.

        Raises what the client raises, unless something was polled already: that is not lost, and the error comes again.
        """
        self._turn = (self._turn + 1) % max(1, len(partitions))
        asked = partitions[self._turn :] + partitions[: self._turn]
        polled: Polled = {}
        try:
            await _share_out(consumer, asked, records_max, polled)
            left = records_max - sum(map(len, polled.values()))
            if polled and left > 0:
                fresh: Polled = await consumer.getmany(*partitions, timeout_ms=FRESH_MS, max_records=left)
                for partition, records in fresh.items():
                    polled.setdefault(partition, []).extend(records)
        except KafkaError:
            if not polled:
                raise
        if polled:
            return polled
        waited: Polled = await consumer.getmany(*partitions, timeout_ms=timeout_ms, max_records=records_max)
        return waited


async def _share_out(consumer: Any, asked: list[TopicPartition], left: int, polled: Polled) -> None:
    """Fill `polled` from the buffers, in rounds: what one partition doesn't use of its share is the others'."""
    while left > 0 and asked:
        share, more = max(1, left // len(asked)), []
        for partition in asked[:left]:
            got = (await consumer.getmany(partition, timeout_ms=0, max_records=share)).get(partition, [])
            if got:
                polled.setdefault(partition, []).extend(got)
                left -= len(got)
            if len(got) == share:
                more.append(partition)
        asked = more
