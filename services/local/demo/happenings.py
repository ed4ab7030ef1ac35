"""What happens in the middle of the day: a stop notice, and a gatekeeper that dies."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from services.local.demo import story
from services.local.demo.board import Tone
from services.local.demo.consignments import order_event, shipment_event
from services.local.demo.day import TICK_SECONDS, Day
from services.local.demo.evidence import Notice, TakeOver
from services.local.demo.processes import Process
from services.local.demo.service_roles import DEPARTURES_A_DAY
from services.local.demo.town import NO_TRANSACTIONS, PARTITIONS
from services.local.ladder import PartUnavailable

# The notice waits so long until its goods are open in every state.
NOTICE_PATIENCE_SECONDS = 25.0
CAUGHT_UP_SECONDS_MAX = 60.0
QUIET_SECONDS_MAX = 3.0
OWNERLESS_SECONDS = 1.0
SHARED_SECONDS_MAX = 30.0
STOOD_SECONDS_TOLD = 1.0


async def stop_notice(day: Day) -> None:
    """Once its goods are delivered, at sea and in the warehouse, a notice stops them; more are announced after it."""
    await day.until(story.NOTICE_AT)
    ids = [one.shipment_id for one in story.BEFORE_THE_NOTICE]
    logistics = day.evidence.logistics
    await day.eventually(lambda: all(logistics.whereabouts(ids).values()), seconds=NOTICE_PATIENCE_SECONDS)
    # Between two departures: what has left has been reported by then.
    await day.until((int(day.board.now * DEPARTURES_A_DAY) + 1.5) / DEPARTURES_A_DAY)
    await day.eventually(lambda: day.board.undecided == 0, seconds=QUIET_SECONDS_MAX)
    body = story.notice(datetime.now(UTC))
    where = ", ".join(f"{count} {name}" for name, count in logistics.whereabouts(ids).items())
    day.board.say(f"POST /v1/notices?wait=effective: {body['text']['en']} (its goods: {where})", Tone.BAD)
    day.board.say(body["text"]["zh"], Tone.BAD)
    started = time.monotonic()
    answer = await day.town.gateway.record_notice(body)
    seconds = time.monotonic() - started
    day.evidence.notice = Notice(answer, seconds, datetime.now(UTC))
    lanes = answer["lanes"]
    published = f"published in {lanes['published']} of {lanes['total']} lanes"
    day.board.say(f"notice {answer['notice_id']} is {answer['status']} after {seconds:.2f} s, {published}", Tone.BAD)
    now = datetime.now(UTC)
    late = story.AFTER_THE_NOTICE
    await day.feed.send([*(order_event([one], now) for one in late), *(shipment_event(one, now) for one in late)])


async def take_over(day: Day, first: Process) -> None:
    """A second gatekeeper joins; then the first one is killed in mid-stream, and the second goes on with its lanes."""
    if not day.town.take_over:
        day.evidence.take_over_left_out = NO_TRANSACTIONS
        day.board.say(f"no take-over is shown: {NO_TRANSACTIONS}", Tone.WARNING)
        return
    await day.until(story.SUCCESSOR_AT)
    second = await day.town.start_gatekeeper("gatekeeper-2")
    day.board.say(f"{second.name} has started as process {second.pid}", Tone.GOOD)
    await _lanes_shared(first, second)
    day.board.say(f"lanes are shared: {first.name} has {first.lanes}, {second.name} has {second.lanes}", Tone.GOOD)
    await day.until(story.KILL_AT)
    stood = day.board.go_on()
    if stood > STOOD_SECONDS_TOLD:
        day.board.say(f"the day has stood still for {stood:.0f} s, until {second.name} was there", Tone.QUIET)
    day.sent.clear()
    # Records were just sent: they are being read, decided or published at this moment.
    await day.sent.wait()
    killed_at, lanes = time.monotonic(), first.lanes
    await first.kill()
    await day.measure()
    heard = day.subscribers[0].heard
    taken = TakeOver(lanes, day.board.undecided, day.board.unpublished, await first.exit_code())
    day.evidence.take_over = taken
    day.board.say(
        f"kill -9 {first.pid}: {first.name} is gone in mid-stream, with {taken.undecided_at_kill} records undecided and"
        f" {taken.unpublished_at_kill} directives unpublished",
        Tone.BAD,
    )
    # What comes in from now on lies in every lane, in those of the dead one too.
    await asyncio.sleep(OWNERLESS_SECONDS)
    if await day.settled(seconds=CAUGHT_UP_SECONDS_MAX):
        taken.seconds = time.monotonic() - killed_at
        taken.published_after = day.subscribers[0].heard - heard
        day.board.say(f"{second.name} has taken over and caught up after {taken.seconds:.1f} s", Tone.GOOD)


async def _lanes_shared(first: Process, second: Process) -> None:
    """Kafka has divided the lanes between both; a gatekeeper that is killed before would leave nobody in the group."""
    deadline = time.monotonic() + SHARED_SECONDS_MAX
    while not (await second.count_lanes() and await first.count_lanes() + second.lanes == PARTITIONS):
        if time.monotonic() > deadline:
            log = second.keep_log()
            raise PartUnavailable(f"{second.name} got no lanes in {SHARED_SECONDS_MAX:.0f} s; its log is {log}")
        await asyncio.sleep(TICK_SECONDS)
