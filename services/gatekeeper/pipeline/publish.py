"""The publishers of the lanes that this process owns, and the watch over what others append to them (design.md §3).

Failpoint: publish.after_progress_hint; the others are in publisher_lane.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import asyncpg
import structlog

from schemas.topics import HOLDS
from services.gatekeeper.pipeline import metrics
from services.gatekeeper.pipeline.progress import write_hints
from services.gatekeeper.pipeline.publisher_backlog import Backlog, HandOverLimit
from services.gatekeeper.pipeline.publisher_budget import TransactionBudget
from services.gatekeeper.pipeline.publisher_lane import LanePublisher, Membership, Publishing
from services.gatekeeper.store.outbox import OutboxRecord
from services.gatekeeper.wiring import Gate
from services.kit.failpoints import failpoint
from services.kit.kafka import pause
from services.kit.postgres import CONNECTION_ERRORS, is_retryable, retrying

log = structlog.get_logger()

LOOK_SECONDS = 0.1
RELEASE_SECONDS_MAX = 3.0


class Publishers:
    """One publisher for each owned lane; keeps `gate.owned_lanes` to the lanes that are owned *and* checked.

    `run` must be running for anything to be noticed that isn't handed over. It raises what a publisher raised.
    """

    def __init__(self, gate: Gate, membership: Membership) -> None:
        settings = gate.settings
        topic = settings.topic_prefix + HOLDS.name
        self._gate = gate
        self._limit = HandOverLimit()
        self._lanes: dict[int, LanePublisher] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._hinted: dict[int, int] = {}
        self._settled: set[int] = set()
        self._looking = asyncio.Event()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stopping = asyncio.Event()
        self._shared = Publishing(
            database=gate.database,
            bootstrap_servers=settings.kafka_bootstrap_servers,
            topic=topic,
            transactional_prefix=f"{settings.environment}.{topic}",
            transactions=settings.transactions,
            budget=TransactionBudget(settings.transactions_per_second_max),
            membership=membership,
            published=gate.published,
            on_checked=self._checked,
            on_stopped=self._stopped,
        )

    def assign(self, lanes: Iterable[int]) -> None:
        """Begin to publish `lanes`; each becomes one of `gate.owned_lanes` once it is checked."""
        for lane in lanes:
            if lane in self._lanes:
                continue
            publisher = LanePublisher(lane, self._shared, Backlog(lane, self._limit))
            task = asyncio.create_task(publisher.run(), name=f"publisher of lane {lane}")
            task.add_done_callback(partial(self._ended, publisher))
            self._lanes[lane], self._tasks[lane] = publisher, task
        self._looking.set()

    async def release(self, *, seconds_max: float = RELEASE_SECONDS_MAX) -> None:
        """Stop all publishers: transactions under way end, within the bound; what is left is the successor's."""
        self._gate.owned_lanes = frozenset()
        metrics.LANES_OWNED.set(0)
        tasks = list(self._tasks.values())
        for publisher in self._lanes.values():
            publisher.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds_max)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._last_hints()
        for lane in self._lanes:
            metrics.forget_lane(lane)
        for publisher in self._lanes.values():
            publisher.backlog.clear()
        self._lanes.clear()
        self._tasks.clear()
        self._hinted.clear()
        self._settled.clear()

    def is_ready(self, lane: int) -> bool:
        """Whether `lane` is owned here and was checked: before, nothing may be written to it (design.md §3.3)."""
        return lane in self._gate.owned_lanes

    def settled(self) -> bool:
        """Whether each owned lane is checked, or STOPPED."""
        return self._lanes.keys() <= self._settled

    def hand_over(self, appended: Mapping[int, Sequence[OutboxRecord]]) -> None:
        """What a transaction of this process has committed; records for other processes' lanes are ignored."""
        for lane, records in appended.items():
            if records and lane in self._lanes:
                self._lanes[lane].hand_over(records)

    def drained_now(self) -> bool:
        """Whether all that is known to be written to the checked lanes is published."""
        return all(publisher.drained for publisher in self._lanes.values())

    async def drained(self) -> None:
        """Return when all that is known to be written is published."""
        while not self.drained_now():
            await pause(0.02)

    def published(self) -> dict[int, int]:
        """How far each owned and checked lane is published."""
        return {lane: self._lanes[lane].published for lane in self._gate.owned_lanes if lane in self._lanes}

    def assigned(self) -> frozenset[int]:
        """Every lane that was given to this process, checked, unchecked or STOPPED."""
        return frozenset(self._lanes)

    async def run(self) -> None:
        """Watch the owned lanes until `stop`: LISTEN, and a look every 100 ms."""
        watch = asyncio.create_task(self._watch(), name="lane watch")
        try:
            await asyncio.wait((watch, self._failed), return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
            await watch
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch

    def stop(self) -> None:
        """End the watch; `release` ends the publishers."""
        self._stopping.set()
        self._looking.set()

    def _checked(self, lane: int) -> None:
        if lane in self._lanes:
            self._settled.add(lane)
            self._hinted.pop(lane, None)
            self._gate.owned_lanes |= {lane}
            metrics.LANES_OWNED.set(len(self._gate.owned_lanes))

    def _stopped(self, lane: int) -> None:
        self._unchecked(lane)
        self._settled.add(lane)

    def _unchecked(self, lane: int) -> None:
        self._settled.discard(lane)
        self._gate.owned_lanes -= {lane}
        metrics.LANES_OWNED.set(len(self._gate.owned_lanes))

    def _ended(self, publisher: LanePublisher, task: asyncio.Task[None]) -> None:
        """A lane without a publisher that nobody stopped is a defect of the process."""
        error = task.exception() if not task.cancelled() else None
        if error is None and not publisher.is_stopping:
            error = RuntimeError(f"the publisher of lane {publisher.lane} ended by itself")
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _watch(self) -> None:
        while not self._stopping.is_set():
            connection = await retrying(self._connect, what="watch_lanes")
            try:
                # A new session may be one of another database: every lane is compared with its topic again.
                for lane, publisher in self._lanes.items():
                    self._unchecked(lane)
                    publisher.check_again()
                while not self._stopping.is_set():
                    self._looking.clear()
                    await self._look(connection)
                    await pause(LOOK_SECONDS, self._looking)
            except CONNECTION_ERRORS as error:
                if not is_retryable(error):
                    raise
                log.warning("lane_watch_lost", error=repr(error))
                await asyncio.sleep(LOOK_SECONDS)
            finally:
                connection.terminate()

    async def _connect(self) -> Any:
        connection = await asyncpg.connect(
            self._gate.settings.database_url,
            timeout=10,
            command_timeout=10,
            server_settings={"application_name": "holdgate lane watch", "lock_timeout": "3000", "timezone": "UTC"},
        )
        await connection.add_listener("holdgate_lane", self._on_notify)
        return connection

    def _on_notify(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if str(payload) in {str(lane) for lane in self._lanes}:
            self._looking.set()

    async def _look(self, connection: Any) -> None:
        if not self._lanes:
            await connection.fetchval("SELECT 1")
            return
        published = {lane: publisher.published for lane, publisher in self._lanes.items()}
        rows = await connection.fetch(
            "SELECT lane, next_seq, stopped FROM lane WHERE lane = ANY($1::int[])", list(published)
        )
        for lane, next_seq, stopped in rows:
            publisher = self._lanes.get(lane)
            if publisher is None:
                continue
            publisher.saw_next_seq(next_seq)
            if self.is_ready(lane):
                metrics.PUBLISH_LAG.labels(lane).set(publisher.lag)
            behind = next_seq - 1 < published.get(lane, 0)
            if self.is_ready(lane) and (behind or stopped is not None):
                self._unchecked(lane)
                publisher.check_again()
        await self._write_hints(connection)

    async def _write_hints(self, connection: Any) -> None:
        moved = {lane: seq for lane, seq in self.published().items() if self._hinted.get(lane, 0) < seq}
        if moved:
            await write_hints(connection, moved)
            self._hinted |= moved
            failpoint("publish.after_progress_hint")

    async def _last_hints(self) -> None:
        moved = {lane: one.published for lane, one in self._lanes.items() if one.published > self._hinted.get(lane, 0)}
        if not moved:
            return
        try:
            async with asyncio.timeout(1.0), self._gate.database.reading() as connection:
                await write_hints(connection, moved)
        except CONNECTION_ERRORS as error:
            log.warning("hint_not_written", error=repr(error))
