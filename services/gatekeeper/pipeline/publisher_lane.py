"""The publisher of one lane (design.md §3): exactly once, in order, and provable.

Failpoints, in order: publish.before_begin, publish.after_begin, publish.after_send, publish.before_commit,
publish.after_commit (all here), publish.after_progress_hint (publish.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog
from aiokafka import TopicPartition

from services.gatekeeper.pipeline import metrics
from services.gatekeeper.pipeline.progress import judge, laneseq, read_lane, reset_hint, wire_headers
from services.gatekeeper.pipeline.publisher_backlog import Backlog, is_urgent
from services.gatekeeper.pipeline.publisher_budget import TransactionBudget
from services.gatekeeper.pipeline.tail import read_tails
from services.gatekeeper.store.lanes import LaneStopped, stop_lane
from services.gatekeeper.store.outbox import OutboxRecord
from services.kit.failpoints import FailpointError, failpoint
from services.kit.kafka import DOUBTS, bounded, discard_producer, new_producer, pause, start_client
from services.kit.postgres import Database, retrying

log = structlog.get_logger()
Result = TypeVar("Result")

START_SECONDS_MAX = 30.0
SEND_SECONDS_MAX = 10.0
COMMIT_SECONDS_MAX = 10.0
REST_SECONDS = 0.002
RESTART_SECONDS_MIN = 0.05
RESTART_SECONDS_MAX = 5.0
STOPPED_LOOK_SECONDS = 1.0


class Membership(Protocol):
    """Who may say that the lanes still are this process's."""

    async def confirmed_after(self, at: float) -> None:
        """Return once the assignment was confirmed later than `at` (loop time)."""


@dataclass(frozen=True, slots=True)
class Publishing:
    """What the publishers of a process share. `topic` and `transactional_prefix` are full names."""

    database: Database
    bootstrap_servers: str
    topic: str
    transactional_prefix: str
    transactions: bool
    budget: TransactionBudget
    membership: Membership
    published: dict[int, int]
    on_checked: Callable[[int], None]
    on_stopped: Callable[[int], None]


class LanePublisher:
    """Publishes one lane until `stop`. `published` is the last number known to be committed in the topic."""

    def __init__(self, lane: int, shared: Publishing, backlog: Backlog) -> None:
        self.lane = lane
        self.published = 0
        self.backlog = backlog
        self._shared = shared
        self._next_seq = 1
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._check = True
        self._log = log.bind(lane=lane)

    def stop(self) -> None:
        """Finish the transaction under way and return."""
        self._stopping.set()
        self._wake.set()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def check_again(self) -> None:
        """The database may be another one now: nothing is published before it was compared with the topic."""
        self._check = True
        self._wake.set()

    def saw_next_seq(self, next_seq: int) -> None:
        if next_seq > self._next_seq:
            self._next_seq = next_seq
            self._wake.set()

    def hand_over(self, records: Sequence[OutboxRecord]) -> None:
        self.backlog.hand_over(records)
        self.saw_next_seq(records[-1].seq + 1)

    @property
    def drained(self) -> bool:
        return self.published >= self._next_seq - 1

    @property
    def lag(self) -> int:
        return max(0, self._next_seq - 1 - self.published)

    async def run(self) -> None:
        """Steps 1 to 6 of design.md §3, again after every doubt; ends by `stop`."""
        loop = asyncio.get_running_loop()
        delay = RESTART_SECONDS_MIN
        while not self._stopping.is_set():
            began, failed_at, stopped = loop.time(), None, None
            producer = self._producer()
            try:
                await start_client(producer, seconds_max=START_SECONDS_MAX)
                await self._serve(producer)
            except LaneStopped as error:
                stopped = error
            except (*DOUBTS, FailpointError) as error:
                failed_at = loop.time()
                metrics.PRODUCER_RESTARTS.labels(self.lane).inc()
                self._log.warning("producer_discarded", error=repr(error))
            finally:
                await discard_producer(producer)
            if stopped is not None:
                await self._stand_still(stopped)
            elif failed_at is not None:
                was_calm = failed_at - began > 2 * RESTART_SECONDS_MAX
                delay = RESTART_SECONDS_MIN if was_calm else min(delay * 2, RESTART_SECONDS_MAX)
                await self._before_restart(failed_at, delay)

    async def _before_restart(self, failed_at: float, delay: float) -> None:
        """Wait out the back-off, and for a confirmation of the assignment later than the error.

        A process that was frozen and fenced would fence the rightful owner for ever otherwise.
        """
        await pause(delay, self._stopping)
        if not self._stopping.is_set():
            await self._shared.membership.confirmed_after(failed_at)

    def _producer(self) -> Any:
        identity = f"{self._shared.transactional_prefix}.{self.lane}"
        return new_producer(
            self._shared.bootstrap_servers,
            client_id=identity,
            transactional_id=identity if self._shared.transactions else None,
        )

    async def _serve(self, producer: Any) -> None:
        while not self._stopping.is_set():
            self._check = False
            await self._establish()
            while not self._stopping.is_set() and not self._check:
                self._wake.clear()
                records = await self._next_records()
                if self._check:
                    break
                if records:
                    await self._publish(producer, records)
                else:
                    await self._wake.wait()

    async def _establish(self) -> None:
        """Progress from the topic, then the check of the database against it, before anything else is written."""
        partition = TopicPartition(self._shared.topic, self.lane)
        tails = await read_tails(
            self._shared.bootstrap_servers, (partition,), lambda record: laneseq(record) is not None
        )
        tail = tails[partition]
        found = (laneseq(tail.record) or 0) if tail.record is not None else 0
        state = await self._from_database(lambda connection: read_lane(connection, self.lane, found), "read_lane")
        self.published, alarm = judge(self.lane, tail, state)
        if alarm is not None:
            metrics.LANE_ALARMS.labels(self.lane).inc()
            self._log.error("lane_end_lost", reason=alarm)
        self._shared.published[self.lane] = self.published
        self._next_seq = max(state.next_seq, self.published + 1)
        self.backlog.clear()
        await self._from_database(lambda connection: reset_hint(connection, self.lane, self.published), "reset_hint")
        self._log.info("lane_checked", published=self.published, next_seq=state.next_seq)
        if not self._check:
            self._shared.on_checked(self.lane)

    async def _next_records(self) -> list[OutboxRecord]:
        handed = self.backlog.take_handed(self.published)
        if handed or self.drained:
            return handed
        return await self._from_database(
            lambda connection: self.backlog.read(connection, self.published), "read_outbox"
        )

    async def _publish(self, producer: Any, records: list[OutboxRecord]) -> None:
        await self._shared.budget.take(urgent=is_urgent(records))
        if self._stopping.is_set():
            return
        if len(records) < 100:
            records = records + self.backlog.take_handed(records[-1].seq)
        started = asyncio.get_running_loop().time()
        await self._send(producer, records)
        self.published = self._shared.published[self.lane] = records[-1].seq
        metrics.PUBLISHED.labels(self.lane).inc(len(records))
        metrics.PUBLISH_SECONDS.observe(asyncio.get_running_loop().time() - started)
        await asyncio.sleep(REST_SECONDS)

    async def _send(self, producer: Any, records: Sequence[OutboxRecord]) -> None:
        """One transaction; returns only when its commit is known. Every error is a doubt: the producer is lost."""
        failpoint("publish.before_begin")
        await bounded(self._deliver(producer, records), SEND_SECONDS_MAX)
        failpoint("publish.after_send")
        failpoint("publish.before_commit")
        if self._shared.transactions:
            await bounded(producer.commit_transaction(), COMMIT_SECONDS_MAX)
        failpoint("publish.after_commit")

    async def _deliver(self, producer: Any, records: Sequence[OutboxRecord]) -> None:
        """Begin, send, and await every delivery: a commit succeeds although a batch failed."""
        if self._shared.transactions:
            await producer.begin_transaction()
        failpoint("publish.after_begin")
        deliveries = []
        for batch in in_batches(producer, records):
            delivery = await producer.send_batch(batch, self._shared.topic, partition=self.lane)
            delivery.add_done_callback(_looked_at)
            deliveries.append(delivery)
        await asyncio.gather(*deliveries)

    async def _stand_still(self, stopped: LaneStopped) -> None:
        """Store and say that the lane is STOPPED, then wait until somebody has cleared it."""
        self._shared.on_stopped(self.lane)
        self.backlog.clear()
        self._log.error("lane_stopped", reason=stopped.reason)

        async def look(connection: Any) -> str | None:
            reason: str | None = await connection.fetchval("SELECT stopped FROM lane WHERE lane = $1", self.lane)
            return reason

        await self._from_database(lambda connection: stop_lane(connection, self.lane, stopped.reason), "stop_lane")
        while not self._stopping.is_set() and await self._from_database(look, "look_at_lane") is not None:
            await pause(STOPPED_LOOK_SECONDS, self._stopping)

    async def _from_database(self, work: Callable[[Any], Awaitable[Result]], what: str) -> Result:
        """Ask for as long as it takes. After an error the answer may come from another database: check again."""
        tries = 0

        async def once() -> Result:
            nonlocal tries
            tries += 1
            async with self._shared.database.reading() as connection:
                return await work(connection)

        answer = await retrying(once, what=what)
        if tries > 1:
            self._check = True
        return answer


def in_batches(producer: Any, records: Sequence[OutboxRecord]) -> list[Any]:
    """`records` in order, in as few batches as their bytes allow."""
    batches = [producer.create_batch()]
    for record in records:
        fields = {"key": record.key.encode(), "value": record.value, "timestamp": None}
        headers = wire_headers(record)
        if batches[-1].append(headers=headers, **fields) is None:
            batches.append(producer.create_batch())
            batches[-1].append(headers=headers, **fields)
    for batch in batches:
        batch.close()
    return batches


def _looked_at(delivery: asyncio.Future[Any]) -> None:
    if not delivery.cancelled():
        delivery.exception()
