"""Which lane a key belongs to: Kafka's own murmur2 partitioner, so that input, lane and output partition agree."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=200_000)
def lane_of(key: str, partitions: int) -> int:
    """The lane of an id, from 0 to `partitions` - 1, as the default partitioner of the JVM client computes it."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
