"""A thousand rounds of what gates do at once to the same rows: no deadlock, and in the end nothing is out of order."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from itertools import count, islice

from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.wiring import VirtualClock
from services.kit.partitioning import lane_of
from tests.pipeline.feeding import PARTITIONS, Feeder, keys_in_lane, sent
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.postgres.rounds import (
    ROUNDS,
    STRETCH_SECONDS_MAX,
    Side,
    all_idle,
    assert_no_deadlock,
    assert_nothing_overlooked,
    meeting,
    run_rounds,
    steps,
)
from tests.pipeline.trade import NOW, Event, control, item, licence, milestone, order, shipment

CHUNK = 4
MET_MIN = 20
"""Looks at which one gate waited for another, at least: it is some hundreds."""


def _keys(per_lane: int, prefix: str = "S", lanes: Sequence[int] = range(PARTITIONS)) -> list[str]:
    return [key for lane in lanes for key in islice(keys_in_lane(lane, prefix), per_lane)]


async def test_orders_against_their_shipments_in_other_lanes(open_feeder: Opened) -> None:
    gates = [await open_feeder(sweep_chunk=CHUNK) for _ in range(3)]
    ordering, shipping, working = gates
    orders, shipments = _keys(1, "O"), _keys(2)
    chance = random.Random(1)

    async def amend(turn: int) -> None:
        chosen = chance.sample(orders, 2)
        await ordering.feed(*(order(key, f"{chance.randrange(50, 400)} KGM", version=turn + 1) for key in chosen))

    async def deliver(turn: int) -> None:
        drawn = zip(chance.sample(shipments, 2), chance.sample(orders, 2), strict=True)
        changes = [(key, order_id, chance.randrange(10, 200)) for key, order_id in drawn]
        await shipping.feed(
            *(shipment(key, f"{net} KGM", order=order_id, version=turn + 1) for key, order_id, net in changes)
        )

    async with meeting(ordering) as met:
        await run_rounds([amend, deliver, steps(working)])
        await all_idle(gates)
    assert met.waits > MET_MIN
    await ordering.assert_sound()
    await assert_nothing_overlooked(ordering)
    await assert_no_deadlock(met, gates)


async def test_alerts_of_licences_against_draws_in_other_lanes(open_feeder: Opened) -> None:
    """Licences of every lane, each drawn up to 80, 90, 95 and 100 % from the other lanes, and given back."""
    gates = [await open_feeder(sweep_chunk=CHUNK) for _ in range(3)]
    near, far, working = gates
    licences = _keys(1, "L")
    await near.tell(*(event for licence_no in licences for event in _own_licence(licence_no)))
    chance = random.Random(2)
    drawn = (20, 60, 70, 75, 80)

    def drawing(key: str, licence_no: str, net: int, turn: int) -> Event:
        return shipment(key, f"{net} KGM", item=f"I-{licence_no}", version=turn + 1)

    async def draw_in_its_lane(turn: int) -> None:
        chosen = chance.sample(licences, 2)
        await near.feed(
            *(drawing(_in_lane(licence_no, 0), licence_no, 5 * (1 + turn % 4), turn) for licence_no in chosen)
        )

    async def draw_elsewhere(turn: int) -> None:
        chosen = chance.sample(licences, 2)
        nets = [chance.choice(drawn) for _ in chosen]
        await far.feed(
            *(drawing(_in_lane(key, 1 + turn % 3), key, net, turn) for key, net in zip(chosen, nets, strict=True))
        )

    async with meeting(near) as met:
        await run_rounds([draw_in_its_lane, draw_elsewhere, steps(working, 2)])
        moved_meanwhile = await near.value("SELECT count(*) FROM outbox WHERE type = 'licence.alert.v1'")
        await all_idle(gates)
    assert met.waits > MET_MIN
    assert moved_meanwhile > ROUNDS // 20
    kinds: set[str] = set()
    for licence_no in licences:
        told = [data["kind"] for _, _, kind, data in await near.said(licence_no) if kind == "licence.alert.v1"]
        recorded = await near.query("SELECT kind FROM alert WHERE subject = $1 ORDER BY seq", licence_no)
        assert told == [row["kind"] for row in recorded]
        kinds.update(told)
    assert kinds == {"DRAWN_80", "DRAWN_90", "DRAWN_95", "DRAWN_100"}
    await near.assert_sound()
    await assert_nothing_overlooked(near)
    await assert_no_deadlock(met, gates)


def _own_licence(licence_no: str) -> list[Event]:
    """A licence of 100 KGM for an item of its own."""
    code = f"1C9.{licence_no.lower()}"
    return [item(f"I-{licence_no}", code), control(code), licence(licence_no, "100 KGM", code=code)]


def _in_lane(licence_no: str, further: int) -> str:
    """A shipment on this licence, `further` lanes beside the licence's."""
    lane = (lane_of(licence_no, PARTITIONS) + further) % PARTITIONS
    return next(iter(keys_in_lane(lane, f"{licence_no}-{further}-")))


async def test_dates_that_come_against_batches_about_the_same_shipments(open_feeder: Opened) -> None:
    """Each round is ten minutes; half of what is said is dated a quarter of an hour ahead, and acts then (D7.3)."""
    clock = VirtualClock(NOW)
    gates = [await open_feeder(clock=clock, sweep_chunk=CHUNK) for _ in range(3)]
    telling, *running = gates
    shipments = _keys(2)
    chance = random.Random(3)
    newest: dict[str, int] = {}

    async def tell(turn: int) -> None:
        clock.at += timedelta(minutes=10)
        events = []
        for number, key in enumerate(chance.sample(shipments, 3)):
            newest[key] = turn + 1
            ahead = timedelta(minutes=15 if number else 0)
            event = shipment(key, f"{chance.randrange(1, 250)} KGM", version=turn + 1)
            events.append(sent(event, time=clock.at + ahead))
        await telling.feed(*events)

    async with meeting(telling) as met:
        await run_rounds([tell, *(steps(gate, 2) for gate in running)])
        by_date = await telling.value("SELECT count(*) FROM decision WHERE cause = 'date'")
        clock.at += timedelta(hours=1)
        await all_idle(gates)
    assert met.waits > MET_MIN
    assert by_date > ROUNDS // 2
    for key, version in newest.items():
        known = (await telling.shipment(key)).facts
        assert known is not None
        assert known.version == version
    await telling.assert_sound()
    await assert_nothing_overlooked(telling)
    await assert_no_deadlock(met, gates)


RETURNS = 30
WAITERS = 60
CAPS = (60, 150, 90, 200, 30, 120)
SIZE = 10
LIVE_MAX = 12
CHECKED_EVERY = ROUNDS // 5


async def test_a_cap_lowered_and_raised_over_three_lanes_while_shipments_come_and_go(open_feeder: Opened) -> None:
    gates = [await open_feeder(sweep_chunk=CHUNK) for _ in range(3)]
    one, two, authority = gates
    versions = count(2)

    async def change(turn: int) -> None:
        await authority.feed(_cap(CAPS[turn % len(CAPS)], next(versions)))
        await steps(authority)(turn)

    async def grant(granted: int) -> list[str]:
        """Who is released under this cap, by arrival."""
        await authority.feed(_cap(granted, next(versions)))
        await all_idle(gates)
        return await _by_arrival(one, "RELEASED")

    async with meeting(one) as met:
        sides = [_comings_and_goings(one, (0, 2)), _comings_and_goings(two, (1,)), change, steps(two)]
        for first in range(0, ROUNDS, CHECKED_EVERY):
            await run_rounds(sides, rounds=CHECKED_EVERY, first=first)
            await all_idle(gates)
            await assert_nothing_overlooked(one)
            before = await grant(200)
            assert len(before) == 20
            assert await grant(90) == before[:9]
            waiting = await _by_arrival(one, "HELD")
            assert set(await grant(130)) == {*before[:9], *waiting[:4]}
    assert met.waits > MET_MIN
    await one.assert_sound()
    await assert_no_deadlock(met, gates)


def _cap(granted: int, version: int) -> Event:
    at = (NOW + timedelta(seconds=version)).isoformat()
    return licence("M1", f"{granted} KGM", version=version, authority_time=at)


def _comings_and_goings(gate: Feeder, lanes: Sequence[int]) -> Side:
    """Each round one shipment more in one of `lanes`; from some on the oldest goes."""
    keys = [iter(keys_in_lane(lane)) for lane in lanes]
    live: deque[str] = deque()

    async def side(turn: int) -> None:
        live.append(next(keys[turn % len(keys)]))
        events = [shipment(live[-1], f"{SIZE} KGM")]
        if len(live) > LIVE_MAX:
            events.append(milestone(live.popleft(), "CANCELLED"))
        await gate.feed(*events)

    return side


async def _by_arrival(feeder: Feeder, state: str) -> list[str]:
    rows = await feeder.query("SELECT shipment_id FROM shipment WHERE state = $1 ORDER BY arrival", state)
    return [row["shipment_id"] for row in rows]


async def test_three_gates_that_share_the_waiters_of_licences_come_to_an_end_in_order_of_arrival(
    open_feeder: Opened,
) -> None:
    """Each licence gets something back, or is raised, as quickly as can be said, while three gates look at waiters."""
    gates = [await open_feeder(sweep_chunk=2) for _ in range(3)]
    saying = await open_feeder()
    licences = _keys(1, "L")[:2]
    for licence_no in licences:
        await saying.tell(*_own_licence(licence_no), shipment(f"R-{licence_no}", "100 KGM", item=f"I-{licence_no}"))
        names = _keys(WAITERS // PARTITIONS, f"{licence_no}-W")
        await saying.feed(*(shipment(name, "1 KGM", item=f"I-{licence_no}") for name in names))
    await saying.until_idle()
    said = asyncio.Event()

    async def say() -> None:
        for turn in range(1, RETURNS + 1):
            for licence_no in licences:
                drawn = shipment(f"R-{licence_no}", f"{100 - turn} KGM", item=f"I-{licence_no}", version=turn + 1)
                await saying.feed(drawn)
            if turn % 5 == 0:
                await saying.feed(*(_raised(licence_no, turn) for licence_no in licences))
        said.set()

    async def look(gate: Feeder) -> None:
        while not said.is_set():
            await work_once(gate.gate)
        await gate.until_idle()

    async with meeting(saying) as met:
        await asyncio.wait_for(asyncio.gather(say(), *(look(gate) for gate in gates)), STRETCH_SECONDS_MAX)
        await asyncio.wait_for(all_idle(gates), STRETCH_SECONDS_MAX)
    for licence_no in licences:
        given = await saying.query(
            "SELECT owner_id FROM ledger WHERE owner_id LIKE $1 AND kind = 'RESERVE' ORDER BY seq", f"{licence_no}-W%"
        )
        arrived = await saying.query(
            "SELECT shipment_id FROM shipment WHERE shipment_id LIKE $1 ORDER BY arrival", f"{licence_no}-W%"
        )
        free = RETURNS + RETURNS // 5
        assert [row["owner_id"] for row in given] == [row["shipment_id"] for row in arrived][:free]
        assert len(given) == free
    await saying.assert_sound()
    await assert_no_deadlock(met, [*gates, saying])


def _raised(licence_no: str, turn: int) -> Event:
    kind, data = _own_licence(licence_no)[2]
    lines = [{**data["lines"][0], "quantity": {"value": str(100 + turn // 5), "unit": "KGM"}}]
    at = (NOW + timedelta(seconds=turn)).isoformat()
    return kind, {**data, "version": turn + 1, "authority_time": at, "lines": lines}
