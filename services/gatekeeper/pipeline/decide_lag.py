"""How far this process's input partitions are behind their topics, measured by the clock and not by batches.

Whatever holds a partition up (rules that are not in step, a stopped partition or lane, PostgreSQL away) is seen here.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from services.gatekeeper.pipeline import metrics
from services.gatekeeper.pipeline.starting import Inputs, Key
from services.gatekeeper.store.measures import read_positions
from services.gatekeeper.wiring import Gate
from services.kit.kafka import DOUBTS, LOOK_UP_SECONDS_MAX, bounded, new_consumer, pause, start_client, stop_client
from services.kit.postgres import CONNECTION_ERRORS, is_retryable

log = structlog.get_logger()

LOOK_SECONDS = 3.0
DATABASE_SECONDS_MAX = 5.0
OLDEST_SECONDS_MAX = 2.0
OLDEST_FETCH_BYTES_MAX = 16_384
POLL_MS = 100
STOP_SECONDS_MAX = 2.0

Assignment = Callable[[], frozenset[TopicPartition]]


def forget(inputs: Inputs, partitions: Iterable[TopicPartition]) -> None:
    """`partitions` are another process's now, which measures them."""
    for topic, partition in map(inputs.key, partitions):
        for gauge in (metrics.DECIDE_LAG, metrics.DECIDE_AGE):
            with contextlib.suppress(KeyError):
                gauge.remove(topic, str(partition))


class DecideLag:
    """Sets lag and age of the partitions that `assigned` names, every few seconds, until `stop`."""

    def __init__(self, gate: Gate, assigned: Assignment) -> None:
        settings = gate.settings
        self._inputs = Inputs(gate.database, settings.kafka_bootstrap_servers, settings.topic_prefix)
        self._assigned = assigned
        self._stopping = asyncio.Event()
        self._stored: dict[Key, int] | None = None
        self._oldest: dict[TopicPartition, tuple[int, float]] = {}
        self._behind_since: dict[TopicPartition, float] = {}

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Look until `stop`. Without an answer there is no measure, and nothing else suffers."""
        looking = asyncio.create_task(self._look_again_and_again(), name="decide lag")
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((looking, stopping), return_when=asyncio.FIRST_COMPLETED)
            if looking.done():
                looking.result()
        finally:
            stopping.cancel()
            looking.cancel()
            await asyncio.wait((looking,))

    async def _look_again_and_again(self) -> None:
        while True:
            consumer = new_consumer(
                self._inputs.bootstrap_servers,
                client_id="holdgate-lag",
                partition_fetch_bytes=OLDEST_FETCH_BYTES_MAX,
            )
            try:
                await start_client(consumer)
                while True:
                    await self.look(consumer)
                    await pause(LOOK_SECONDS)
            except DOUBTS as error:
                log.warning("lag_not_measured", error=repr(error))
            finally:
                await stop_client(consumer, seconds_max=STOP_SECONDS_MAX)
            await pause(LOOK_SECONDS)

    async def look(self, consumer: Any) -> None:
        """Measure once. `consumer` belongs to no group. Raises one of DOUBTS when Kafka doesn't answer."""
        partitions = sorted(self._assigned())
        if not partitions:
            return
        ends = await bounded(consumer.end_offsets(partitions), LOOK_UP_SECONDS_MAX)
        stored = await self._read_stored()
        if stored is None:
            return
        starts = {partition: stored.get(self._inputs.key(partition)) for partition in partitions}
        unknown = [partition for partition, start in starts.items() if start is None]
        firsts = await bounded(consumer.beginning_offsets(unknown), LOOK_UP_SECONDS_MAX) if unknown else {}
        behind = {
            partition: (position, ends[partition])
            for partition, start in starts.items()
            if (position := firsts[partition] if start is None else start) < ends[partition]
        }
        written_at = await self._find_oldest(consumer, behind)
        self._show(partitions, behind, written_at)

    async def _read_stored(self) -> dict[Key, int] | None:
        """Positions in PostgreSQL. When it doesn't answer, the last known: nothing is decided meanwhile."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS_MAX), self._inputs.database.reading() as connection:
                self._stored = await read_positions(connection)
        except CONNECTION_ERRORS as error:
            if not is_retryable(error):
                raise
            log.warning("positions_not_read", error=repr(error))
        return self._stored

    async def _find_oldest(
        self, consumer: Any, behind: Mapping[TopicPartition, tuple[int, int]]
    ) -> dict[TopicPartition, float | None]:
        """When the oldest undecided record of each was written (Unix time): None if unknown, left out if there is none.

        What lies behind a position may be nothing but markers of transactions.
        """
        found: dict[TopicPartition, float | None] = {
            partition: self._oldest[partition][1]
            for partition, (position, _) in behind.items()
            if self._oldest.get(partition, (None,))[0] == position
        }
        remaining = {partition: bounds for partition, bounds in behind.items() if partition not in found}
        if not remaining:
            return found
        consumer.assign(list(remaining))
        for partition, (position, _) in remaining.items():
            consumer.seek(partition, position)
        loop = asyncio.get_running_loop()
        until = loop.time() + OLDEST_SECONDS_MAX
        while remaining and loop.time() < until:
            try:
                fetched = await bounded(consumer.getmany(*remaining, timeout_ms=POLL_MS), LOOK_UP_SECONDS_MAX)
            except OffsetOutOfRangeError as error:
                fetched = {}
                for partition in error.args[0]:
                    found[partition] = None
            for partition, records in fetched.items():
                if records:
                    found[partition] = records[0].timestamp / 1000
                    self._oldest[partition] = behind[partition][0], records[0].timestamp / 1000
            for partition, (_, end) in list(remaining.items()):
                if partition in found or await consumer.position(partition) >= end:
                    consumer.pause(partition)
                    del remaining[partition]
        for partition in remaining:
            consumer.pause(partition)
            found[partition] = None
        return found

    def _show(
        self,
        partitions: Iterable[TopicPartition],
        behind: Mapping[TopicPartition, tuple[int, int]],
        written_at: Mapping[TopicPartition, float | None],
    ) -> None:
        """Of those that still are this process's."""
        now = time.time()
        still = self._assigned()
        self._behind_since = {
            partition: self._behind_since.get(partition, now) for partition in written_at if partition in still
        }
        self._oldest = {partition: known for partition, known in self._oldest.items() if partition in written_at}
        for partition in still.intersection(partitions):
            topic, number = self._inputs.key(partition)
            position, end = behind.get(partition, (0, 0)) if partition in written_at else (0, 0)
            metrics.DECIDE_LAG.labels(topic, number).set(end - position)
            since = written_at.get(partition)
            if since is None:
                since = self._behind_since.get(partition, now)
            metrics.DECIDE_AGE.labels(topic, number).set(max(0.0, now - since))
