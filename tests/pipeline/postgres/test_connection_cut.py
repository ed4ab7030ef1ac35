"""A connection cut at every statement of a trade: it ends as if nothing had been cut, and nothing counts twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.gatekeeper.pipeline.tasks import work_once
from services.gatekeeper.wiring import VirtualClock
from services.local.postgres import PostgresPart
from tests.faults.cutting import CuttingProxy, Statement, Way, cutting
from tests.pipeline.feeding import PARTITIONS, STEPS_MAX, Feeder, Sent, keys_in_lane, sent
from tests.pipeline.postgres.conftest import copy_of
from tests.pipeline.trade import NOW, Event, licence, lifted, milestone, notice, order, shipment

DAY = "2026-08-01"
DEPARTS = f"{DAY}T18:00:00+08:00"
DATABASES = 3
"""Trades that run beside each other: most of the time of a cut is the pause before the next try."""
TRADES_MAX = 60
CUTS_MAX = 3
"""Of one stretch in one trade; each pause before the next try is twice as long."""
POINTS_MIN = 200
GIVEN_BACK = "SELECT pg_advisory_unlock_all()"
"""How the pool begins to tidy up a connection that is given back."""
DRIVERS_OWN = ("typeinfo_tree", "'jit'")
"""Signs of what the driver asks on a new connection in order to know its types."""

Said = tuple[Statement, ...]
"""What a stretch has said so far. A stretch is one call of the pipeline: a batch, a rule change, a step."""
Point = tuple[Said | Statement, Way]


@dataclass(slots=True)
class Cuts:
    """Each stretch is cut where it has said, or parses, something that is still `wanted`, and so is its next try.

    `stretches`: what the latest trade said, by name.
    """

    proxy: CuttingProxy
    wanted: set[Point]
    stretches: dict[str, list[Statement]] = field(default_factory=dict)
    _name: str = ""
    _left: int = 0

    def __post_init__(self) -> None:
        self.proxy.choose = self._choose

    def begin(self, name: str) -> None:
        self._name, self._left = name, CUTS_MAX
        self.stretches[name] = []

    def _choose(self, statement: Statement, _inside: bool) -> Way | None:
        said = self.stretches[self._name]
        points: list[Point] = [(statement, way) for way in Way]
        ours = statement.step != "parse" and not any(sign in statement.text for sign in DRIVERS_OWN)
        if ours:
            said.append(statement)
            points += [(tuple(said), way) for way in Way]
        found = next((point for point in points if self._left and point in self.wanted), None)
        if found is None:
            return None
        way = found[1]
        self.wanted.difference_update(point for point in points if point[1] is way)
        self._left -= 1
        if ours:
            said.pop()
        self._begin_again(said)
        return way

    def _begin_again(self, said: list[Statement]) -> None:
        """Forget what was said since a connection was last given back: that is said again."""
        while said and not said[-1].text.startswith(GIVEN_BACK):
            del said[-1]


@dataclass(slots=True)
class Trade:
    """An order, shipments, a licence that is used up, milestones, a notice that comes and goes: keys of its own."""

    feeder: Feeder
    onlooker: Feeder
    cuts: Cuts
    number: int

    def key(self, name: str) -> str:
        """An id of its own in the lane that this name has in every trade: what is said depends on the lanes."""
        return next(iter(keys_in_lane(ord(name) % PARTITIONS, f"{name}-{self.number}-")))

    async def run(self) -> dict[str, Any]:
        """The whole trade; what became of it."""
        self.cuts.stretches.clear()
        begins, key = NOW + self.number * timedelta(hours=1), self.key
        named: dict[str, Any] = {"licences": [key("L")], "planned_departure": DEPARTS}
        ordered: dict[str, Any] = {"licences": [key("L")], "planned_export_date": DAY}
        await self.follow("the day begins", begins)
        await self.feed("a licence is granted", licence(key("L"), "1000 KGM"))
        await self.follow("its change is followed up", begins)
        await self.feed(
            "trade comes",
            order(key("O"), "300 KGM", **ordered),
            shipment(key("A"), "300 KGM", order=key("O"), planned_departure=DEPARTS),
            *(shipment(key(name), f"{net} KGM", **named) for name, net in (("B", 600), ("C", 400), ("D", 50))),
        )
        await self.follow("the licence is nearly used up", begins)
        await self.feed(
            "goods go, a shipment is cancelled, an event is unreadable",
            milestone(key("A"), "DEPARTED", begins),
            milestone(key("B"), "CANCELLED", begins),
            milestone(key("D"), "DEPARTED", begins + timedelta(minutes=40)),
            sent(order(key("O"), version=2), value=b"{"),
        )
        await self.follow("what came back goes to the waiter", begins)
        dated = {"effective_from": (begins + timedelta(minutes=20)).isoformat()}
        await self.feed("a notice is recorded", notice(key("N"), shipments=[key("A"), key("C")], **dated))
        await self.follow("the notice begins", begins + timedelta(minutes=20))
        await self.follow("what was dated ahead comes", begins + timedelta(minutes=40))
        await self.feed(
            "newer versions come",
            order(key("O"), "300 KGM", version=3, **ordered),
            shipment(key("C"), "200 KGM", version=2, **named),
        )
        await self.feed("the notice is lifted", lifted(key("N")))
        await self.follow("everybody is let go", begins + timedelta(minutes=40))
        return await self._outcome()

    async def feed(self, name: str, *events: Event | Sent) -> None:
        self.cuts.begin(name)
        await self.feeder.feed(*events)

    async def follow(self, name: str, at: Any) -> None:
        """All that is due at that time, each step a stretch of its own."""
        assert isinstance(self.feeder.gate.clock, VirtualClock)
        self.feeder.gate.clock.at = at
        for step in range(STEPS_MAX):
            self.cuts.begin(f"{name}, step {step}")
            if not await work_once(self.feeder.gate):
                return
        raise AssertionError("work without an end")

    async def _outcome(self) -> dict[str, Any]:
        """How everybody stands, and all that was said about each, in its order."""
        key = self.key
        found: dict[str, Any] = {name: await self.onlooker.state(key(name)) for name in "ABCDO"}
        found |= {f"told of {name}": await self.onlooker.told(key(name)) for name in "ABCDOLN"}
        return found | {"balance": await self.onlooker.balance(key("L"))}


def _points(stretches: Mapping[str, Sequence[Statement]]) -> set[Said]:
    """Everything that any stretch had said at any moment."""
    return {tuple(said[: number + 1]) for said in stretches.values() for number in range(len(said))}


@dataclass(slots=True)
class Site:
    """A database of its own behind a proxy, on which one trade follows the other."""

    feeder: Feeder
    onlooker: Feeder
    cuts: Cuts
    expected: dict[str, Any] = field(default_factory=dict)
    traded: int = 0

    async def trade(self) -> None:
        """One more trade, which must end as the first did."""
        outcome = await Trade(self.feeder, self.onlooker, self.cuts, self.traded).run()
        self.traded += 1
        self.expected = self.expected or outcome
        assert outcome == self.expected

    async def trade_uncut(self) -> set[Said]:
        """Twice, so that no statement is new: where trades can be cut."""
        await self.trade()
        await self.trade()
        return _points(self.cuts.stretches)

    async def trade_on(self) -> None:
        """Trade until nothing is wanted; over new connections, on which every statement is parsed again."""
        for _ in range(TRADES_MAX):
            if not self.cuts.wanted:
                return
            await self.feeder.gate.database.pool.expire_connections()
            await self.trade()


@asynccontextmanager
async def _site(postgres: PostgresPart, template: str, wanted: set[Point]) -> AsyncIterator[Site]:
    async with copy_of(postgres, template) as url, cutting(url) as proxy:
        feeder = await Feeder.open(proxy.url)
        onlooker = await Feeder.open(url, name="onlooker", beside=feeder)
        try:
            proxy.seen.clear()
            yield Site(feeder, onlooker, Cuts(proxy, wanted))
        finally:
            await feeder.close()
            await onlooker.close()


def _never_cut(sites: Sequence[Site]) -> set[tuple[Statement, Way]]:
    """Which statements were seen somewhere and never cut, in which way."""
    cut = {one for site in sites for one in site.cuts.proxy.cut}
    return {(one, way) for site in sites for one in site.cuts.proxy.seen for way in Way} - cut


async def test_a_trade_ends_alike_whichever_of_its_statements_loses_its_connection(
    postgres: PostgresPart, template: str
) -> None:
    wanted: set[Point] = set()
    async with AsyncExitStack() as ending:
        sites = [await ending.enter_async_context(_site(postgres, template, wanted)) for _ in range(DATABASES)]
        points, *others = [await site.trade_uncut() for site in sites]
        assert all(other == points for other in others)
        assert len(points) > POINTS_MIN
        statements = _never_cut(sites)
        wanted |= {(point, way) for point in points for way in Way} | statements
        await asyncio.gather(*(site.trade_on() for site in sites))
        assert not wanted, f"{len(wanted)} were not cut, such as {next(iter(wanted))}"
        assert not statements & _never_cut(sites)
        for site in sites:
            await site.onlooker.assert_sound()
