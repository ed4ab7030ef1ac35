"""The trading day as it runs: who reports, who listens, who moves goods, and what happens in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from schemas.produced import ViolationRecorded
from schemas.reading import WrittenEvent
from services.local.demo import story
from services.local.demo.board import Board
from services.local.demo.books import Progress, read_progress
from services.local.demo.consignments import milestone_event
from services.local.demo.evidence import Evidence
from services.local.demo.feed import Feed
from services.local.demo.listening import listen
from services.local.demo.service_roles import DEPARTURES_A_DAY, Freight, Logistics, Payment
from services.local.demo.subscribers import Subscriber
from services.local.demo.town import PARTITIONS, Town
from services.local.demo.trading_day import TradingDay
from services.local.demo.world import PERMITS

TICK_SECONDS = 0.05
PROGRESS_SECONDS = 0.25
BALANCES_SECONDS = 1.0
TOLD_IDS = frozenset(one.shipment_id for one in (*story.TOLD, *story.TO_GAMMA))


class Day:
    """One trading day in a town. `evidence` grows while it runs; `sent` is set at each sending of planned events."""

    def __init__(self, town: Town, plan: TradingDay, feed: Feed, board: Board) -> None:
        self.town = town
        self.plan = plan
        self.feed = feed
        self.board = board
        self.subscribers = [Subscriber(role) for role in ("logistics", "freight", "payment")]
        logistics, _, payment = self.subscribers
        self.evidence = Evidence(
            plan.consignments,
            self.subscribers,
            Logistics(logistics, plan.consignments),
            Freight(),
            Payment(payment, plan.consignments),
        )
        self.sent = asyncio.Event()
        self.closed = asyncio.Event()
        board.subscribers = self.subscribers
        board.logistics, board.freight = self.evidence.logistics, self.evidence.freight
        board.payment = self.evidence.payment
        board.planned = len(plan.events)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Subscribers listen and figures are kept as long as the block lasts; what fails there ends it, as a group."""
        async with asyncio.TaskGroup() as group:
            background = (*self._listeners(), self._keep_figures(), self._keep_balances())
            tasks = [group.create_task(work) for work in background]
            yield
            for task in tasks:
                task.cancel()

    def begin(self, *, stands_at: float | None = None) -> None:
        """It is morning. `stands_at`: see the board."""
        self.board.began, self.board.stands_at = time.monotonic(), stands_at

    async def report(self) -> None:
        """Send what is planned, each event at its time; returns when all of it is sent."""
        waiting = list(self.plan.events)
        while waiting:
            due = [one for one in waiting if one.at <= self.board.now]
            if due:
                waiting = waiting[len(due) :]
                await self.feed.send([one.event for one in due])
                self.board.sent += len(due)
                self.sent.set()
            await asyncio.sleep(TICK_SECONDS)

    async def carry(self) -> None:
        """Logistics moves what it may, payment pays what it may, until the day is over."""
        while not self.closed.is_set():
            at = self.board.now
            last_departure = int(at * DEPARTURES_A_DAY) / DEPARTURES_A_DAY
            happened = datetime.now(UTC)
            due = self.evidence.logistics.due(at, last_departure)
            if due:
                await self.feed.send([milestone_event(shipment, milestone, happened) for shipment, milestone in due])
            self.evidence.payment.pay(at)
            await asyncio.sleep(TICK_SECONDS)

    async def until(self, at: float) -> None:
        """Wait for a share of the day, which takes longer when the day stands still."""
        while True:
            rest = at - self.board.now
            if rest <= 0:
                return
            await asyncio.sleep(max(rest * self.board.day_seconds, TICK_SECONDS))

    async def eventually(self, probe: Callable[[], bool], *, seconds: float) -> bool:
        """Whether `probe` became true within so many seconds; asks at once, then at every tick."""
        deadline = time.monotonic() + seconds
        while not probe():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(TICK_SECONDS)
        return True

    async def measure(self) -> None:
        """Bring the lag up to date."""
        progress = await read_progress(self.town.database)
        self.board.undecided = progress.undecided(self.feed.ends)
        self.board.unpublished = progress.unpublished(self.subscribers[0].last)

    async def settled(self, *, seconds: float, all_of_it: bool = False) -> bool:
        """Whether everything sent so far was decided, and heard by every subscriber, within so many seconds.

        `all_of_it`: and nothing waits to be looked at again or written, such as what a freed licence concerns.
        """
        deadline = time.monotonic() + seconds
        ends = dict(self.feed.ends)
        while time.monotonic() < deadline:
            progress = await read_progress(self.town.database)
            if progress.undecided(ends) == 0 and not (all_of_it and progress.waiting):
                return await self._heard(progress, deadline)
            await asyncio.sleep(TICK_SECONDS)
        return False

    async def _heard(self, progress: Progress, deadline: float) -> bool:
        seconds = deadline - time.monotonic()
        return await self.eventually(
            lambda: all(progress.unpublished(one.last) == 0 for one in self.subscribers), seconds=seconds
        )

    def _listeners(self) -> list[Coroutine[Any, Any, None]]:
        servers, prefix = self.town.kafka.bootstrap_servers, self.town.topic_prefix
        hears = (self._logistics_hears, self._freight_hears, self._payment_hears)
        return [
            listen(servers, prefix, PARTITIONS, one.role, partial(hear, one))
            for one, hear in zip(self.subscribers, hears, strict=True)
        ]

    def _logistics_hears(self, subscriber: Subscriber, partition: int, event: WrittenEvent) -> None:
        if isinstance(event.model, ViolationRecorded):
            self.evidence.violations.append(event.model)
            self.board.violations += 1
        change = subscriber.hear(partition, event)
        if change is not None:
            shipment_id = change.state.shipment_id
            self.evidence.histories.setdefault(shipment_id, []).append(change.state)
            self.evidence.logistics.hear(change, self.board.now)
            self.board.show(change, shipment_id in TOLD_IDS)

    def _freight_hears(self, subscriber: Subscriber, partition: int, event: WrittenEvent) -> None:
        change = subscriber.hear(partition, event)
        if change is not None:
            self.evidence.freight.hear(change)

    def _payment_hears(self, subscriber: Subscriber, partition: int, event: WrittenEvent) -> None:
        change = subscriber.hear(partition, event)
        if change is not None:
            self.evidence.payment.hear(change, self.board.now)

    async def _keep_figures(self) -> None:
        while True:
            await self.measure()
            await asyncio.sleep(PROGRESS_SECONDS)

    async def _keep_balances(self) -> None:
        gateway, board = self.town.gateway, self.board
        while True:
            await asyncio.sleep(BALANCES_SECONDS)
            for process in board.processes[1:]:
                await process.count_lanes()
            if board.began is None:
                continue
            answers = [await gateway.balance(permit.licence_no) for permit in PERMITS]
            board.balances = [
                board.balance(answer, permit.item) for answer, permit in zip(answers, PERMITS, strict=True)
            ]
