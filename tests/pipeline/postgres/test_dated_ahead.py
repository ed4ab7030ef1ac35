"""Rule events dated ahead: what may free goods waits for its time, what can only hold them does not (D7.3)."""

from __future__ import annotations

from datetime import timedelta

from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.trade import NOW, control, item, licence, shipment

HOUR = timedelta(hours=1)


async def test_a_licence_dated_ahead_frees_goods_when_its_time_comes_and_not_before(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"))
    later = NOW + HOUR
    await feeder.tell(sent(licence("LATER", code="6A911.a"), time=later), shipment("S1", item="LASER"))
    assert await feeder.state("S1") == "HELD NO_LICENCE"
    await feeder.advance(NOW + HOUR - timedelta(seconds=1))
    assert await feeder.state("S1") == "HELD NO_LICENCE"
    await feeder.advance(NOW + HOUR)
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


async def test_a_revocation_dated_ahead_holds_at_once(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"), licence("SOON", code="6A911.a"))
    await feeder.tell(shipment("S1", item="LASER"))
    assert await feeder.state("S1") == "RELEASED"
    revoked = licence("SOON", code="6A911.a", version=2, status="REVOKED")
    await feeder.tell(sent(revoked, time=NOW + HOUR))
    assert await feeder.state("S1") == "HELD LICENCE_REVOKED"
    await feeder.assert_sound()


async def test_a_version_that_comes_meanwhile_overtakes_one_that_waits(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"))
    waiting = licence("LATER", code="6A911.a", version=2)
    await feeder.tell(sent(waiting, time=NOW + HOUR), shipment("S1", item="LASER"))
    await feeder.tell(licence("LATER", code="6A911.a", version=3, status="SUSPENDED"))
    await feeder.advance(NOW + 2 * HOUR)
    assert await feeder.state("S1") == "HELD LICENCE_SUSPENDED"
    await feeder.assert_sound()


async def test_a_waiter_whose_nearest_licence_is_another_is_looked_at_when_its_own_has_room(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"))
    elsewhere = licence("ELSEWHERE", code="6A911.a", destinations=["FR"])
    await feeder.tell(licence("HERE", "100 KGM", code="6A911.a"), elsewhere)
    await feeder.tell(shipment("S1", "100 KGM", item="LASER"), shipment("S2", "60 KGM", item="LASER"))
    assert (await feeder.state("S2")).startswith("HELD")
    await feeder.tell(shipment("S1", "10 KGM", item="LASER", version=2))
    assert await feeder.states("S1", "S2") == ["RELEASED", "RELEASED"]
    await feeder.assert_sound()
