"""Rule events dated ahead: what may free goods waits for its time, what can only hold them does not (D7.3)."""

from __future__ import annotations

from datetime import timedelta

from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.trade import NOW, control, item, licence, notice, shipment, statement

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


async def test_a_lower_cap_dated_ahead_holds_at_once_and_what_else_it_says_waits(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"), licence("SOON", code="6A911.a"))
    await feeder.tell(shipment("S1", item="LASER"))
    assert await feeder.state("S1") == "RELEASED"
    lower = licence("SOON", "100 KGM", code="6A911.a", version=2, destinations=["DE", "FR"])
    await feeder.tell(sent(lower, time=NOW + HOUR))
    assert await feeder.state("S1") == "HELD QTY_EXCEEDED"
    await feeder.tell(shipment("S2", "50 KGM", item="LASER", destination="FR"))
    assert await feeder.state("S2") == "HELD DESTINATION_MISMATCH"
    await feeder.advance(NOW + HOUR)
    assert await feeder.states("S1", "S2") == ["HELD QTY_EXCEEDED", "RELEASED"]
    await feeder.assert_sound()


async def test_a_place_that_a_licence_will_lose_is_lost_at_once(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"))
    await feeder.tell(licence("SOON", code="6A911.a", destinations=["DE", "FR"]), shipment("S1", item="LASER"))
    await feeder.tell(sent(licence("SOON", code="6A911.a", version=2, destinations=["FR", "JP"]), time=NOW + HOUR))
    await feeder.tell(shipment("S2", item="LASER", destination="JP"), shipment("S3", item="LASER", destination="FR"))
    mismatch = "HELD DESTINATION_MISMATCH"
    assert await feeder.states("S1", "S2", "S3") == [mismatch, mismatch, "RELEASED"]
    await feeder.tell(licence("SOON", code="6A911.a", destinations=["DE", "FR"]))
    assert await feeder.state("S3") == "RELEASED"
    await feeder.advance(NOW + HOUR)
    assert await feeder.states("S1", "S2", "S3") == [mismatch, "RELEASED", "RELEASED"]
    await feeder.assert_sound()


async def test_what_waits_makes_a_version_that_comes_before_it_worse_too(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"), licence("SOON", code="6A911.a"))
    third = licence("SOON", "100 KGM", code="6A911.a", version=3, destinations=["FR", "DE"])
    second = licence("SOON", code="6A911.a", version=2, destinations=["DE", "FR"])
    await feeder.tell(sent(third, time=NOW + 2 * HOUR), shipment("S1", item="LASER"))
    assert await feeder.state("S1") == "HELD QTY_EXCEEDED"
    await feeder.tell(sent(second, time=NOW + HOUR))
    await feeder.advance(NOW + HOUR)
    await feeder.tell(shipment("S2", "50 KGM", item="LASER", destination="FR"))
    assert await feeder.states("S1", "S2") == ["HELD QTY_EXCEEDED", "RELEASED"]
    await feeder.tell(licence("SOON", code="6A911.a", version=4))
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD DESTINATION_MISMATCH"]
    await feeder.advance(NOW + 3 * HOUR)
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


async def test_an_item_that_will_be_controlled_needs_its_licence_at_once(feeder: Feeder) -> None:
    await feeder.tell(item("BOLT"), control("6A911.a"), shipment("S1", item="BOLT"))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.tell(sent(item("BOLT", "6A911.a", version=2), time=NOW + HOUR))
    assert await feeder.state("S1") == "HELD NO_LICENCE"
    await feeder.tell(sent(item("BOLT", version=3), time=NOW + 2 * HOUR))
    await feeder.advance(NOW + HOUR)
    assert await feeder.state("S1") == "HELD NO_LICENCE"
    await feeder.advance(NOW + 2 * HOUR)
    assert await feeder.state("S1") == "RELEASED"
    await feeder.assert_sound()


async def test_a_statement_that_will_say_less_says_less_at_once(feeder: Feeder) -> None:
    await feeder.tell(statement("EUC-9"), shipment("S1", end_user_statements=["EUC-9"]))
    assert await feeder.state("S1") == "RELEASED"
    kind, data = statement("EUC-9", version=2)
    await feeder.tell(sent((kind, data | {"end_uses": ["WIND"]}), time=NOW + HOUR))
    assert await feeder.state("S1") == "HELD END_USER_STATEMENT_INVALID"
    await feeder.assert_sound()


async def test_what_only_grants_more_writes_nothing_before_its_time(feeder: Feeder) -> None:
    await feeder.tell(item("LASER", "6A911.a"), control("6A911.a"), licence("SOON", code="6A911.a"))
    version = await feeder.value("SELECT rules_version FROM rules_state")
    await feeder.tell(sent(licence("SOON", "2000 KGM", code="6A911.a", version=2), time=NOW + HOUR))
    assert await feeder.value("SELECT rules_version FROM rules_state") == version
    await feeder.advance(NOW + HOUR)
    assert await feeder.value("SELECT rules_version FROM rules_state") == version + 1


async def test_the_bans_of_a_code_that_nobody_has_described_act_at_once_and_its_description_then(
    feeder: Feeder,
) -> None:
    """D3.2: until then the code counts as in force, and on every day."""
    await feeder.tell(item("LASER", "9X999"), shipment("S1", item="LASER"))
    assert await feeder.state("S1") == "HELD NO_LICENCE"
    lapsed = control("9X999", effective_until="2026-01-31")
    await feeder.tell(sent(lapsed, time=NOW + HOUR))
    assert await feeder.state("S1") == "HELD NO_LICENCE"
    await feeder.advance(NOW + HOUR)
    assert await feeder.state("S1") == "RELEASED"
    await feeder.tell(item("LENS", "9X888"), shipment("S2", item="LENS"))
    barred = control("9X888", effective_from="2026-09-01", prohibited_destinations=["DE"])
    await feeder.tell(sent(barred, time=NOW + 2 * HOUR))
    assert await feeder.state("S2") == "HELD PROHIBITED NO_LICENCE"
    await feeder.advance(NOW + 2 * HOUR)
    assert await feeder.state("S2") == "RELEASED"
    versions = "SELECT string_agg(version::text, ' ' ORDER BY seq) FROM rule_row WHERE key = '9X888'"
    assert await feeder.value(versions) == "0 1"
    await feeder.assert_sound()


async def test_a_revision_of_a_notice_stops_more_at_once_and_frees_nobody_before_its_time(feeder: Feeder) -> None:
    """D6.4: a narrower revision frees what left the scope; announced for later it does so then."""
    await feeder.tell(notice("N1", destinations=["DE"]), shipment("S1"))
    await feeder.tell(shipment("S2", destination="FR", item="BOLT"), item("BOLT"))
    assert await feeder.states("S1", "S2") == ["HELD STOP_NOTICE", "RELEASED"]
    await feeder.tell(sent(notice("N1", version=2, destinations=["FR"]), time=NOW + HOUR))
    assert await feeder.states("S1", "S2") == ["HELD STOP_NOTICE", "HELD STOP_NOTICE"]
    await feeder.advance(NOW + HOUR)
    assert await feeder.states("S1", "S2") == ["RELEASED", "HELD STOP_NOTICE"]
    await feeder.assert_sound()
