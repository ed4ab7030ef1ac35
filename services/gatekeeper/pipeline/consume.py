"""A loop from a consumer group to batches: what both the trade loop and the rule loop do (design.md §2, §3).

PostgreSQL holds the positions. Memory is bounded: one batch under way, and at most one fetch for each partition.

Failpoints: trade.before_seek and rules.before_seek, between the look at the stored positions and the seek.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from services.gatekeeper.pipeline import metrics
from services.gatekeeper.pipeline.assignment import Assigned, GroupMembership
from services.gatekeeper.pipeline.decide_lag import forget
from services.gatekeeper.pipeline.polling import FairPoll
from services.gatekeeper.pipeline.records import BatchResult, Run
from services.gatekeeper.pipeline.starting import Inputs, read_stopped, record_of, starting_points, store_passed
from services.gatekeeper.wiring import Gate
from services.kit.failpoints import waiting_failpoint
from services.kit.kafka import DOUBTS, SESSION_TIMEOUT_MS, log_bounds, new_consumer, pause, start_client, stop_client

log = structlog.get_logger()

Apply = Callable[[Gate, Sequence[Run]], Awaitable[BatchResult]]

POLL_MS = 200
IDLE_MS = 100
STOPPED_LOOK_SECONDS = 5.0
PASSED_LOOK_SECONDS = 1.0
RESTART_SECONDS = 1.0
NOWHERE = TopicPartition("holdgate-nowhere", 0)
"""Polled when nothing may be: a member that doesn't poll would lose its lanes."""


class ConsumerLost(Exception):
    """Nobody knows what state the consumer is in: make a new one, from the stored positions."""


class ConsumeLoop(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hands what it polls to `apply`, one batch at a time, and follows what that says. Subclasses say what to poll."""

    def __init__(
        self,
        gate: Gate,
        apply: Apply,
        *,
        name: str,
        group: str,
        topics: Iterable[str],
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
    ) -> None:
        settings = gate.settings
        self.gate = gate
        self.name = name
        self.membership = GroupMembership()
        self.ended = asyncio.Event()
        self.inputs = Inputs(gate.database, settings.kafka_bootstrap_servers, settings.topic_prefix)
        self.assigned = Assigned()
        self._apply = apply
        self._group = f"{settings.environment}.{group}{settings.topic_prefix}"
        self._topics = [settings.topic_prefix + topic for topic in topics]
        self._session_timeout_ms = session_timeout_ms
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._interruptible = False
        self._fair_poll = FairPoll()
        self._looked_at_stopped = 0.0
        self._looked_at_passed = 0.0
        self._log = log.bind(loop=name)

    async def choose(self, sought: list[TopicPartition]) -> list[TopicPartition]:
        """Which of the partitions that may be polled are polled now."""
        return sought

    def applied(self, result: BatchResult) -> None:
        """A batch was committed."""

    async def new_assignment(self, partitions: frozenset[TopicPartition]) -> None:
        """These partitions are this process's now."""

    async def released(self, *, at_end: bool) -> None:
        """No partition is this process's any more; `at_end`: because the process ends, not by a rebalance."""

    def _unassign(self) -> None:
        forget(self.inputs, self.assigned.partitions)
        self.assigned = Assigned()

    async def on_partitions_revoked(self, revoked: Any) -> None:
        self._unassign()
        self.membership.revoked()
        await self.released(at_end=False)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self.assigned = Assigned(frozenset(assigned))
        self.membership.assigned()
        self._log.info("partitions_assigned", partitions=sorted(self.inputs.key(one) for one in assigned))
        await self.new_assignment(self.assigned.partitions)

    def stop(self) -> None:
        """Finish the batch under way, then leave the group; `ended` is set when that is done."""
        self._stopping.set()
        if self._interruptible and self._task is not None:
            self._interruptible = False
            self._task.cancel()

    async def run(self) -> None:
        """Consume until `stop`, with as many consumers, one after the other, as Kafka's failures make necessary."""
        self._task = asyncio.current_task()
        try:
            while not self._stopping.is_set():
                await self._consume()
                await pause(RESTART_SECONDS, self._stopping)
        finally:
            self.ended.set()

    async def _consume(self) -> None:
        consumer = new_consumer(
            self.inputs.bootstrap_servers,
            client_id=f"holdgate-{self.name}",
            group_id=self._group,
            session_timeout_ms=self._session_timeout_ms,
        )
        consumer.subscribe(self._topics, listener=self)
        confirming: asyncio.Task[None] | None = None
        try:
            self._interruptible = True
            await _unless_lost(start_client(consumer))
            confirming = asyncio.create_task(self.membership.run(consumer, lambda: self.assigned.begins_at))
            confirming.add_done_callback(self._group_is_silent)
            while not self._stopping.is_set():
                await self._turn(consumer)
                if confirming.done():
                    confirming.result()
                    raise ConsumerLost("the group is silent")
        except ConsumerLost as lost:
            self._log.warning("consumer_lost", error=str(lost))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            silent = confirming is not None and confirming.done()
            if task is None or not (self._stopping.is_set() or silent):
                raise
            task.uncancel()
            self._log.info("consumer_ended", group_is_silent=silent)
        finally:
            self._interruptible = False
            self._unassign()
            if confirming is not None:
                confirming.cancel()
                await asyncio.wait((confirming,))
            await self.released(at_end=self._stopping.is_set())
            await stop_client(consumer)
        if confirming is not None and not confirming.cancelled():
            confirming.result()

    def _group_is_silent(self, confirming: asyncio.Task[None]) -> None:
        """The poll under way may never return: end it. A batch under way ends first."""
        if not confirming.cancelled() and self._interruptible and self._task is not None:
            self._interruptible = False
            self._task.cancel()

    async def _turn(self, consumer: Any) -> None:
        """Seek what is new, poll once, apply what came."""
        self._interruptible = True
        await self._retry_stopped()
        await self._store_passed(consumer)
        if self.assigned.unsought():
            await self._seek_new(consumer)
        chosen = await self.choose(list(self.assigned.begins_at))
        fetched = await self._poll(consumer, chosen)
        runs, assigned = self._runs(fetched), self.assigned
        if not runs:
            return
        self._interruptible = False
        if self._stopping.is_set():
            return
        started = time.monotonic()
        result = await self._apply(self.gate, runs)
        metrics.BATCH_SECONDS.labels(self.name).observe(time.monotonic() - started)
        metrics.BATCH_RECORDS.labels(self.name).observe(sum(len(run.records) for run in runs))
        self.applied(result)
        if assigned is self.assigned:
            for run in runs:
                self._move_on(consumer, run, result)

    async def _seek_new(self, consumer: Any) -> None:
        assigned = self.assigned
        try:
            bounds = await log_bounds(consumer, assigned.unsought())
            starts = await starting_points(self.inputs, bounds)
        except DOUBTS as error:
            self._log.warning("positions_not_found", error=repr(error))
            await pause(RESTART_SECONDS, self._stopping)
            return
        await waiting_failpoint(f"{self.name}.before_seek")
        if assigned is not self.assigned:
            return
        for partition, start in starts.items():
            if start.stopped is not None:
                self._stand_still(partition, start.stopped)
            else:
                self._seek(consumer, partition, start.offset)

    async def _retry_stopped(self) -> None:
        """Somebody may have cleared what stopped a partition."""
        now = time.monotonic()
        if not self.assigned.stopped or now - self._looked_at_stopped < STOPPED_LOOK_SECONDS:
            return
        self._looked_at_stopped = now
        assigned = self.assigned
        still = await read_stopped(self.inputs, assigned.stopped)
        for partition in assigned.stopped.keys() - still:
            del assigned.stopped[partition]

    async def _store_passed(self, consumer: Any) -> None:
        """Store how far the end of a partition was read: behind its last record lie markers and what was aborted.

        When the broker deletes these before anything new comes, a successor must not take them for lost records.
        """
        now, assigned = time.monotonic(), self.assigned
        if now - self._looked_at_passed < PASSED_LOOK_SECONDS:
            return
        self._looked_at_passed = now
        passed = {}
        for partition, begins_at in list(assigned.begins_at.items()):
            # Not assigned any more, as in `_seek`.
            with contextlib.suppress(IllegalStateError):
                if (position := await consumer.position(partition)) > begins_at:
                    passed[partition] = begins_at, position
        for partition in await store_passed(self.inputs, passed) if passed else ():
            assigned.begins_at[partition] = passed[partition][1]

    async def _poll(self, consumer: Any, chosen: list[TopicPartition]) -> dict[TopicPartition, list[Any]]:
        try:
            most = self.gate.settings.batch_records_max
            patience = POLL_MS if chosen else IDLE_MS
            return await self._fair_poll(consumer, chosen or [NOWHERE], timeout_ms=patience, records_max=most)
        except OffsetOutOfRangeError as error:
            # The log was cut while it was being read: look at its bounds again, which stops the partition.
            for partition in error.args[0]:
                self.assigned.begins_at.pop(partition, None)
            return {}
        except NoOffsetForPartitionError:
            return {}
        except DOUBTS as error:
            raise ConsumerLost(repr(error)) from error

    def _runs(self, fetched: dict[TopicPartition, list[Any]]) -> list[Run]:
        """What came, as runs; of a partition that nothing was sought for in this assignment: nothing."""
        return [
            Run(*self.inputs.key(partition), begins_at, tuple(record_of(raw, self.inputs) for raw in records))
            for partition, records in fetched.items()
            if records and (begins_at := self.assigned.begins_at.get(partition)) is not None
        ]

    def _move_on(self, consumer: Any, run: Run, result: BatchResult) -> None:
        """Where the next run of a partition begins: behind this one, unless the batch says otherwise."""
        key = run.topic, run.partition
        partition = TopicPartition(self.inputs.topic_prefix + run.topic, run.partition)
        behind = run.records[-1].offset + 1
        stored = result.next_offsets.get(key)
        if key in result.stopped:
            self._stand_still(partition, result.stopped[key])
        elif key in result.seeks:
            self._seek(consumer, partition, result.seeks[key])
        elif stored is None:
            self.assigned.begins_at.pop(partition, None)
        elif stored < behind:
            self._seek(consumer, partition, stored)
        else:
            self.assigned.begins_at[partition] = behind

    def _seek(self, consumer: Any, partition: TopicPartition, offset: int) -> None:
        # Not assigned any more, and the listener hasn't been told yet: it will begin anew.
        with contextlib.suppress(IllegalStateError):
            consumer.seek(partition, offset)
            self.assigned.begins_at[partition] = offset

    def _stand_still(self, partition: TopicPartition, reason: str) -> None:
        self._log.error("partition_stopped", topic=partition.topic, partition=partition.partition, reason=reason)
        self.assigned.begins_at.pop(partition, None)
        self.assigned.stopped[partition] = reason
        self._looked_at_stopped = time.monotonic()


async def _unless_lost(starting: Awaitable[None]) -> None:
    try:
        await starting
    except DOUBTS as error:
        raise ConsumerLost(repr(error)) from error
