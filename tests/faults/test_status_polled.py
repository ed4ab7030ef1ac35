"""The status, asked for all the time while the rules change: from the commit on never a go for a match."""

from __future__ import annotations

import signal
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from services.gatekeeper.api.app import create_app
from services.gatekeeper.migrations.run import migrate
from services.gatekeeper.store.keys import SCOPES, create_key
from services.gatekeeper.wiring import VirtualClock
from tests.faults.plant import Plant
from tests.faults.polling import ever_go, polling, serving
from tests.faults.trade import STOPPED, licence, rules, shipment, stop_notice
from tests.pipeline import trade as builders
from tests.pipeline.feeding import PARTITIONS, Feeder
from tests.pipeline.trade import Event, at
from tests.waiting import eventually

MATCHES = [f"S{number}" for number in range(100)]
OTHERS = [f"T{number}" for number in range(20)]
FEW = 20
"""Of the matches, where what asks and what is asked share one process."""
MIDWAY = {"sweep_chunk": "5", "failpoints": "task.before_commit=stop@8"}
"""A gatekeeper that freezes with a part of the matches judged, and its eighth chunk not committed."""

Officer = httpx2.AsyncClient
Change = Callable[[Plant, Officer], Awaitable[None]]


def _trade() -> list[Event]:
    """MATCHES need the licence M1 and go with STOPPED; OTHERS need none, and go with another."""
    matches = [shipment(key, "1 KGM", forwarder_id=STOPPED) for key in MATCHES]
    return [*matches, *(shipment(key, "1 KGM", item="STEEL-BOLT") for key in OTHERS)]


async def _is_stored(plant: Plant, kind: str, key: str, version: int) -> bool:
    """A change is committed once anybody else can see it."""
    return bool(
        await plant.rows("SELECT 1 FROM rule_row WHERE (kind, key, version) = ($1, $2, $3)", kind, key, version)
    )


async def _told(plant: Plant, event: Event, kind: str, key: str, version: int) -> None:
    await plant.tell(event)
    await eventually(lambda: _is_stored(plant, kind, key, version), every=0.002)


async def _notice_by_http(plant: Plant, officer: Officer) -> None:
    data = {name: value for name, value in stop_notice()[1].items() if name != "version"}
    answer = await officer.post("/v1/notices", json=data, headers={"Idempotency-Key": "n1"})
    assert answer.status_code == 202, answer.text


async def _lift_by_http(plant: Plant, officer: Officer) -> None:
    tag = (await officer.get("/v1/notices/N1")).headers["ETag"]
    answer = await officer.post(
        "/v1/notices/N1/lift", json={"reason": "over"}, headers={"If-Match": tag, "Idempotency-Key": "n2"}
    )
    assert answer.status_code == 202, answer.text


async def _revocation(plant: Plant, officer: Officer) -> None:
    kind, data = licence(version=2)
    await _told(plant, (kind, data | {"status": "REVOKED"}), "licence", "M1", 2)


async def _reinstatement(plant: Plant, officer: Officer) -> None:
    await _told(plant, licence(version=3), "licence", "M1", 3)


@pytest.mark.parametrize(
    ("change", "end"),
    [
        pytest.param(_notice_by_http, _lift_by_http, id="a notice"),
        pytest.param(_revocation, _reinstatement, id="a revocation"),
    ],
)
async def test_from_the_commit_of_a_change_on_no_answer_lets_a_match_go_and_all_that_may_goes_in_the_end(
    plant: Plant, change: Change, end: Change
) -> None:
    await plant.tell(*rules(), *_trade())
    before = await plant.start("before")
    await plant.wait_until_idle()
    await before.stop()
    gatekeeper = await plant.start("gatekeeper", **MIDWAY)
    await gatekeeper.owns(4)
    async with serving(plant) as (officer, *clients), polling(clients, [*MATCHES, *OTHERS]) as poll:
        await poll.all_go([*MATCHES, *OTHERS])
        await change(plant, officer)
        committed = time.monotonic()
        await gatekeeper.frozen()
        states = list((await plant.states("S")).values())
        midway = await poll.looks()
        gatekeeper.send(signal.SIGCONT)
        await plant.wait_until_idle()
        await poll.all_go(OTHERS)
        held = poll.since(committed)
        await end(plant, officer)
        await poll.all_go([*MATCHES, *OTHERS])
    assert 0 < states.count("RELEASED") < len(MATCHES), "the look was not midway"
    assert not ever_go(midway) & set(MATCHES)
    assert not ever_go(held) & set(MATCHES)
    await plant.assert_sound()


async def test_from_the_instant_of_a_notice_on_no_answer_lets_a_match_go_although_nobody_has_noticed_it_yet(
    plant: Plant,
) -> None:
    """The gatekeeper is frozen over the instant itself: only the status can know."""
    await plant.tell(*rules(), *_trade())
    gatekeeper = await plant.start("gatekeeper", sweep_chunk="5")
    await plant.wait_until_idle()
    async with serving(plant) as (_, *clients), polling(clients, [*MATCHES, *OTHERS]) as poll:
        await poll.all_go([*MATCHES, *OTHERS])
        starts_at = datetime.now(UTC) + timedelta(seconds=4)
        await plant.tell(
            builders.notice("N1", forwarders=[STOPPED], effective_from=starts_at.isoformat()),
        )
        await eventually(lambda: _is_stored(plant, "notice", "N1", 1))
        await plant.wait_until_idle()
        await poll.all_go([*MATCHES, *OTHERS])
        assert datetime.now(UTC) < starts_at, "the machine is too slow for this instant"
        gatekeeper.send(signal.SIGSTOP)
        await eventually(lambda: poll.answers[-1].as_of >= starts_at, every=0.01)
        asleep = await poll.looks()
        states = set((await plant.states("S")).values())
        gatekeeper.send(signal.SIGCONT)
        await plant.wait_until_idle()
        await poll.all_go(OTHERS)
    assert states == {"RELEASED"}
    assert not ever_go(asleep) & set(MATCHES)
    assert not ever_go(one for one in poll.answers if one.as_of >= starts_at) & set(MATCHES)
    assert set((await plant.states("S")).values()) == {"HELD STOP_NOTICE"}
    await plant.assert_sound()


async def test_from_the_midnight_at_which_a_licence_ends_on_no_answer_lets_go_who_draws_on_it(
    database_url: str,
) -> None:
    """With a clock of our own, thus with the API in this process; several chunks of dates lie between the answers."""
    await migrate(database_url, partitions=PARTITIONS)
    feeder = await Feeder.open(database_url, sweep_chunk=5)
    clock = feeder.gate.clock
    assert isinstance(clock, VirtualClock)
    midnight, day = at("2026-03-04 00:00"), "2026-03-03T18:00:00+08:00"
    drawing, others = MATCHES[:FEW], OTHERS[:5]
    _, token = await create_key(feeder.gate.database, "officer-1", SCOPES)
    client = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(create_app(feeder.gate)),
        base_url="http://holdgate",
        headers={"Authorization": f"Bearer {token}"},
    )
    try:
        await feeder.tell(*builders.RULES, builders.licence("M1", version=2, valid_until="2026-03-03"))
        await feeder.tell(*(builders.shipment(key, "1 KGM", planned_departure=day) for key in drawing))
        await feeder.tell(*(builders.shipment(key, item="STEEL-BOLT", planned_departure=day) for key in others))
        async with polling([client], [*drawing, *others]) as poll:
            await feeder.advance(midnight - timedelta(seconds=1))
            await poll.all_go([*drawing, *others])
            clock.at = midnight
            struck = time.monotonic()
            unnoticed = await poll.looks()
            await feeder.until_idle()
            await poll.all_go(others)
            held = poll.since(struck)
            await feeder.tell(builders.licence("M1", version=3))
            await poll.all_go([*drawing, *others])
        assert not ever_go(unnoticed) & set(drawing)
        assert not ever_go(held) & set(drawing)
        await feeder.assert_sound()
    finally:
        await client.aclose()
        await feeder.close()
