"""`holdgate demo`: start everything, play the day, check its outcome, leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

import asyncpg
import httpx2
from aiokafka.errors import KafkaError

from services.kit.logging import configure_logging
from services.local.demo import story
from services.local.demo.board import Board, Tone
from services.local.demo.books import read_ledger
from services.local.demo.checks import check_all
from services.local.demo.day import Day
from services.local.demo.feed import open_feed
from services.local.demo.gateway import Refused
from services.local.demo.happenings import stop_notice, take_over
from services.local.demo.listening import read_whole_topic
from services.local.demo.plain import PlainScreen
from services.local.demo.processes import Process
from services.local.demo.town import PARTITIONS, open_town
from services.local.demo.trading_day import shipments_of_a_day, trading_day
from services.local.demo.view import REFRESH_PER_SECOND, LiveScreen
from services.local.demo.world import reference_events
from services.local.ladder import PartUnavailable

DAY_SECONDS = 50.0
KNOWN_SECONDS_MAX = 60.0
SETTLED_SECONDS_MAX = 60.0
INTERRUPTED = 128
STRANGER = "S-NEVER-HEARD-OF"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Screen(Protocol):
    """Where the demo is shown: `refresh` often, `verdict` once the checks are known, `close` at the end."""

    def start(self) -> None: ...
    def refresh(self) -> None: ...
    def verdict(self) -> None: ...
    def close(self) -> None: ...


async def run_demo(*, once: bool, seconds: float | None) -> int:
    """Play a trading day of so many seconds; the exit code: 0, or 1 when a check failed or a part can't be had.

    With `once` it ends by itself, else at Ctrl-C or SIGTERM; one of these before the checks gives 128 + its number.
    """
    configure_logging("CRITICAL")
    board = Board(seconds or DAY_SECONDS)
    screen: Screen = LiveScreen(board) if sys.stdout.isatty() and not once else PlainScreen(board)
    playing = asyncio.create_task(_play_and_show(board, screen, once=once))
    caught: list[int] = []
    _listen_to_signals(playing, caught)
    try:
        await playing
    except asyncio.CancelledError:
        if not caught:
            raise
        if not board.checks:
            return INTERRUPTED + caught[0]
    return 0 if board.checks and all(check.ok for check in board.checks) else 1


def _listen_to_signals(playing: asyncio.Task[None], caught: list[int]) -> None:
    """The first signal ends the demo in order; a second one at once, and the guardians end what it started."""

    def on_signal(number: int) -> None:
        if caught:
            os._exit(INTERRUPTED + number)
        caught.append(number)
        playing.cancel()

    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, on_signal, number)


async def _play_and_show(board: Board, screen: Screen, *, once: bool) -> None:
    """The demo with its screen; what it fails by is said in words when it is one of the failures to be expected."""
    refreshing = asyncio.create_task(_keep_fresh(screen))
    failures: list[BaseException] = []
    try:
        await _play(board, screen, once=once)
    except* (PartUnavailable, Refused, httpx2.HTTPError, KafkaError, asyncpg.PostgresError, OSError) as group:
        failures += _leaves(group)
    finally:
        refreshing.cancel()
        screen.close()
    for failure in failures:
        print(f"the demo failed: {failure or type(failure).__name__}", file=sys.stderr)


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [
        leaf for one in group.exceptions for leaf in (_leaves(one) if isinstance(one, BaseExceptionGroup) else [one])
    ]


async def _keep_fresh(screen: Screen) -> None:
    while True:
        screen.refresh()
        await asyncio.sleep(1 / REFRESH_PER_SECOND)


async def _play(board: Board, screen: Screen, *, once: bool) -> None:
    async with _morning(board) as (day, first):
        screen.start()
        async with day.running():
            await _trade(day, first)
            await _collect(day)
            board.checks = check_all(day.evidence)
            if not all(check.ok for check in board.checks):
                board.say(f"logs: {', '.join(str(one.keep_log()) for one in board.processes)}", Tone.WARNING)
            screen.verdict()
            if not once:
                board.say("the status API stays up; Ctrl-C ends the demo", Tone.QUIET)
                await asyncio.Event().wait()


@asynccontextmanager
async def _morning(board: Board) -> AsyncIterator[tuple[Day, Process]]:
    """Everything stands, and what the rules refer to was sent: the day may begin."""
    async with open_town(board) as town:
        now = datetime.now(UTC)
        plan = trading_day(now, shipments=shipments_of_a_day(board.day_seconds))
        async with open_feed(town.kafka.bootstrap_servers, town.topic_prefix, idempotent=town.take_over) as feed:
            await feed.send(reference_events(now))
            first = await town.start_gatekeeper("gatekeeper-1")
            names = ", ".join(f"{one.name} {one.url} (process {one.pid})" for one in board.processes)
            board.say(f"running: {names}")
            board.say(f"try it: {board.by_hand}")
            board.say(
                f"a trading day of {board.day_seconds:.0f} s: {plan.orders} orders and {plan.shipments} shipments of"
                " 3 exporters, and what logistics reports of them"
            )
            yield Day(town, plan, feed, board), first


async def _trade(day: Day, first: Process) -> None:
    """From morning to evening."""
    if not await day.settled(seconds=KNOWN_SECONDS_MAX):
        raise PartUnavailable(f"the gatekeeper did not take in the reference data; its log is {first.keep_log()}")
    # What is reported after the kill shows that the successor goes on: it waits for a successor that starts slowly.
    day.begin(stands_at=story.KILL_AT if day.town.take_over else None)
    async with asyncio.TaskGroup() as group:
        carrying = group.create_task(day.carry())
        async with asyncio.TaskGroup() as happening:
            for work in (day.report(), stop_notice(day), take_over(day, first), day.until(1.0)):
                happening.create_task(work)
        day.closed.set()
        await carrying
    day.board.say("the day is over: waiting until everything is decided and heard, then checking", Tone.QUIET)
    day.evidence.settled = await day.settled(seconds=SETTLED_SECONDS_MAX, all_of_it=True)
    await day.measure()


async def _collect(day: Day) -> None:
    """What the topic, the API and the database say now that all is quiet."""
    town, evidence = day.town, day.evidence
    ids = sorted(evidence.histories)
    evidence.topic = await read_whole_topic(town.kafka.bootstrap_servers, town.topic_prefix, PARTITIONS)
    evidence.statuses = dict(zip(ids, await town.gateway.statuses(ids), strict=True))
    evidence.stranger = await town.gateway.status(STRANGER)
    evidence.ledger = await read_ledger(town.database)
