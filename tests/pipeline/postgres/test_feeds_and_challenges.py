"""Old feeds are told once each time (D4.9); challenges of customs are tasks (ECR 22); lists and findings, stored."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.rule_entities import MistakenIdentity, RuleEntity
from services.gatekeeper.pipeline.policies import record_policy
from services.gatekeeper.pipeline.rule_change import begin_change
from services.gatekeeper.store.challenges import open_challenges
from services.gatekeeper.store.measures import read_counts
from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import (
    NOW,
    Event,
    at,
    feed_refreshed,
    fx_rate,
    lifted,
    list_entry,
    notice,
    party,
    shipment,
)

STEP = timedelta(microseconds=1)


async def _apply(feeder: Feeder, version: int, **settings: Any) -> None:
    await record_policy(feeder.gate, Policy(version, **settings))
    await feeder.until_idle()


async def _record(feeder: Feeder, entity: RuleEntity) -> None:
    async with feeder.gate.database.transaction() as tx:
        change = await begin_change(feeder.gate, tx)
        await change.add(entity, None)
        await change.store(tx)
    await feeder.until_idle()


async def _stale(feeder: Feeder) -> list[str]:
    """The feeds of which people were told that they are too old, in order."""
    rows = await feeder.query("SELECT subject, subject_kind FROM alert WHERE kind = 'FEED_STALE' ORDER BY seq")
    assert {row["subject_kind"] for row in rows} <= {"feed"}
    return [row["subject"] for row in rows]


def _refreshed(feed: str, as_of: str, version: int) -> Event:
    kind, data = feed_refreshed(feed, version=version)
    return kind, {**data, "as_of": as_of}


# FEED_STALE


async def test_a_feed_that_is_named_and_was_never_refreshed_is_told_when_policy_names_it_and_once(
    feeder: Feeder,
) -> None:
    await _apply(feeder, 1, feed_max_age_hours={"WATCH_LIST": 24})
    assert await _stale(feeder) == ["WATCH_LIST"]
    [(_, _, kind, data)] = await feeder.said("WATCH_LIST")
    assert (kind, data["kind"], data["feed"], data["detail"]) == (
        "licence.alert.v1", "FEED_STALE", "WATCH_LIST", {"feed": "WATCH_LIST", "limit_hours": "24"},
    )  # fmt: skip
    await _apply(feeder, 2, feed_max_age_hours={"WATCH_LIST": 12, "INTERNAL": 24})
    assert await _stale(feeder) == ["WATCH_LIST", "INTERNAL"]
    await _apply(feeder, 3)
    await _apply(feeder, 4, feed_max_age_hours={"WATCH_LIST": 12})
    assert await _stale(feeder) == ["WATCH_LIST", "INTERNAL", "WATCH_LIST"]
    await feeder.assert_sound()


@pytest.mark.parametrize("feed", ["FX_RATES", "CONTROL_LIST"])
async def test_an_unreadable_refresh_holds_what_depends_on_that_feed_until_the_next_one(
    open_feeder: Opened, feed: str
) -> None:
    """D8.4, D8.5: what is released already, and what comes after another gatekeeper began."""
    feeder = await open_feeder()
    await _apply(feeder, 1, feed_max_age_hours={feed: 240})
    await feeder.tell(fx_rate("EUR-USD"), feed_refreshed(feed), shipment("S1", "5 KGM", value="90 EUR"))
    await feeder.tell(shipment("S2", "5 KGM", value="90 USD"))
    assert await feeder.states("S1", "S2") == ["RELEASED", "RELEASED"]
    broken = sent(feed_refreshed(feed, version=2), value=b"{not json")
    await feeder.tell(broken)
    other = "RELEASED" if feed == "FX_RATES" else "HELD EVENT_UNREADABLE"
    assert await feeder.states("S1", "S2") == ["HELD EVENT_UNREADABLE", other]
    [held] = (await feeder.shipment("S1")).holds
    assert dict(held.subject) == {"event": feed}
    again = await open_feeder()
    await again.tell(shipment("S3", "5 KGM", value="90 EUR"))
    assert await again.states("S3") == ["HELD EVENT_UNREADABLE"]
    await again.tell(feed_refreshed(feed, version=3))
    assert await again.states("S1", "S2", "S3") == ["RELEASED", "RELEASED", "RELEASED"]
    await again.assert_sound()


async def test_a_feed_is_told_each_time_it_grows_too_old_although_nothing_is_open(feeder: Feeder) -> None:
    await feeder.tell(_refreshed("CONTROL_LIST", "2026-03-02T08:00:00+08:00", 1))
    await _apply(feeder, 1, feed_max_age_hours={"CONTROL_LIST": 2})
    await feeder.advance(at("2026-03-02 10:00"))
    assert await _stale(feeder) == []
    await feeder.advance(at("2026-03-02 10:00") + STEP)
    assert await _stale(feeder) == ["CONTROL_LIST"]
    # Still too old: nothing new is told.
    await feeder.tell(_refreshed("CONTROL_LIST", "2026-03-02T08:00:00+08:00", 2))
    await feeder.advance(at("2026-03-02 11:00"))
    assert await _stale(feeder) == ["CONTROL_LIST"]
    await feeder.tell(_refreshed("CONTROL_LIST", "2026-03-02T11:00:00+08:00", 3))
    await feeder.advance(at("2026-03-02 13:00"))
    assert await _stale(feeder) == ["CONTROL_LIST"]
    await feeder.advance(at("2026-03-02 13:00") + STEP)
    assert await _stale(feeder) == ["CONTROL_LIST"] * 2
    assert await feeder.until_idle() == 0


async def test_a_refresh_moves_the_date_and_a_feed_without_a_limit_has_none(feeder: Feeder) -> None:
    await feeder.tell(_refreshed("CONTROLS", "2026-03-02T09:00:00+08:00", 1))
    assert await feeder.query("SELECT 1 FROM rule_boundary WHERE kind = 'feed'") == []
    await _apply(feeder, 1, feed_max_age_hours={"CONTROLS": 2})
    await feeder.tell(_refreshed("CONTROLS", "2026-03-02T10:00:00+08:00", 2))
    due = await feeder.query("SELECT key, version, what, due_at FROM rule_boundary WHERE kind = 'feed'")
    assert [tuple(row) for row in due] == [("CONTROLS", 2, "FEED_STALE", at("2026-03-02 12:00") + STEP)]
    await _apply(feeder, 2)
    assert await feeder.query("SELECT 1 FROM rule_boundary WHERE kind = 'feed'") == []


async def test_a_date_that_came_while_a_change_was_made_is_still_told(feeder: Feeder) -> None:
    await feeder.tell(_refreshed("CONTROLS", "2026-03-02T08:00:00+08:00", 1))
    await _apply(feeder, 1, feed_max_age_hours={"CONTROLS": 2})
    feeder.gate.clock.at = at("2026-03-02 10:30")  # type: ignore[attr-defined]
    await feeder.feed(_refreshed("CONTROLS", "2026-03-02T08:10:00+08:00", 2))
    await feeder.until_idle()
    assert await _stale(feeder) == ["CONTROLS"]


async def test_an_older_refresh_holds_what_its_age_now_forbids(feeder: Feeder) -> None:
    await feeder.tell(_refreshed("CONTROLS", "2026-03-02T08:00:00+08:00", 1))
    await _apply(feeder, 1, feed_max_age_hours={"CONTROLS": 2})
    await feeder.tell(shipment("S1"))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.tell(_refreshed("CONTROLS", "2026-03-01T08:00:00+08:00", 2))
    assert await feeder.state("S1") == "HELD REFERENCE_UNAVAILABLE"
    assert await _stale(feeder) == ["CONTROLS"]
    await feeder.assert_sound()


# Challenges of customs


def _challenge(version: int = 1, origin: str = "CUSTOMS", notice_id: str = "N1", **dates: str) -> Event:
    kind, data = notice(notice_id, version=version, shipments=["S1"], **dates)
    return kind, {**data, "origin": origin}


async def _open(feeder: Feeder) -> list[tuple[str, int, date]]:
    async with feeder.gate.database.reading() as connection:
        return [(one.notice_id, one.version, one.due_on) for one in await open_challenges(connection)]


async def test_a_challenge_is_open_from_its_notice_to_its_end(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), _challenge())
    assert await feeder.state("S1") == "HELD CUSTOMS_CHALLENGE"
    assert await _open(feeder) == [("N1", 1, date(2026, 3, 11))]
    [held] = (await feeder.shipment("S1")).holds
    assert held.detail["respond_by"] == "2026-03-11"
    await feeder.tell(_challenge(2))
    assert await _open(feeder) == [("N1", 2, date(2026, 3, 11))]
    await feeder.tell(lifted("N1", version=3))
    assert await _open(feeder) == []
    assert await feeder.value("SELECT closed_at FROM customs_challenge") == NOW
    await feeder.tell(_challenge(4))
    assert await _open(feeder) == [("N1", 4, date(2026, 3, 11))]
    await feeder.tell(_challenge(5, "AUTHORITY"))
    assert await _open(feeder) == []
    await feeder.assert_sound()


async def test_a_challenge_that_begins_and_ends_by_its_dates(feeder: Feeder) -> None:
    dates = {"effective_from": "2026-03-03T00:00:00+08:00", "effective_until": "2026-03-05T00:00:00+08:00"}
    await feeder.tell(_challenge(1, "CUSTOMS", **dates))
    assert await _open(feeder) == []
    await feeder.advance(at("2026-03-03 00:00"))
    assert await _open(feeder) == [("N1", 1, date(2026, 3, 12))]
    await feeder.advance(at("2026-03-05 00:00"))
    assert await _open(feeder) == []


async def test_another_policy_is_another_last_day_and_overdue_ones_are_counted(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"), _challenge())
    await _apply(feeder, 1, customs_challenge_days=1)
    assert await _open(feeder) == [("N1", 1, date(2026, 3, 3))]
    [held] = (await feeder.shipment("S1")).holds
    assert held.detail["respond_by"] == "2026-03-03"
    async with feeder.gate.database.transaction() as tx:
        today = "(clock_timestamp() AT TIME ZONE INTERVAL '+08:00')::date"
        await tx.execute(f"UPDATE customs_challenge SET due_on = {today}")
        assert (await read_counts(tx)).challenges_overdue == 0
        await tx.execute(f"UPDATE customs_challenge SET due_on = {today} - 1")
        assert (await read_counts(tx)).challenges_overdue == 1


async def test_open_challenges_are_listed_by_the_day_on_which_their_answer_is_due(feeder: Feeder) -> None:
    await _apply(feeder, 1, customs_challenge_days=5)
    await feeder.tell(_challenge(notice_id="N2"))
    later = at("2026-03-03 09:00")
    await feeder.advance(later)
    await feeder.tell(sent(_challenge(notice_id="N3"), time=later), sent(_challenge(), time=later))
    assert [name for name, _, _ in await _open(feeder)] == ["N2", "N1", "N3"]


# Lists


async def test_names_are_compared_in_c_and_every_gatekeeper_finds_the_same(open_feeder: Opened) -> None:
    feeder = await open_feeder()
    await _apply(feeder, 1, name_match_threshold=90)
    await feeder.tell(shipment("S1"))
    assert await feeder.state("S1") == "RELEASED"
    await feeder.tell(list_entry("CL-1", "GmbK Alpha"))
    assert await feeder.state("S1") == "HELD PARTY_REVIEW"
    await feeder.tell(shipment("S2"), list_entry("CL-1", "Somebody Else", version=2))
    assert await feeder.states("S1", "S2") == ["RELEASED", "RELEASED"]
    await feeder.assert_sound()


async def test_a_finding_of_mistaken_identity_is_stored_read_back_and_withdrawn(open_feeder: Opened) -> None:
    feeder = await open_feeder()
    await feeder.tell(shipment("S1"), list_entry("CL-1", "Alpha GmbH"))
    assert await feeder.state("S1") == "HELD CONTROL_LISTED PARTY_REVIEW"
    finding = MistakenIdentity("ALPHA", "CL-1", 1, 1, ("officer-1", "officer-2"), NOW)
    await _record(feeder, finding)
    assert await feeder.state("S1") == "RELEASED"
    again = await open_feeder()
    await again.tell(shipment("S2"))
    assert await again.state("S2") == "RELEASED"
    await feeder.tell(list_entry("CL-1", "Alpha GmbH", version=2))
    assert await feeder.states("S1", "S2") == ["HELD CONTROL_LISTED PARTY_REVIEW", "HELD CONTROL_LISTED PARTY_REVIEW"]
    await _record(feeder, MistakenIdentity("ALPHA", "CL-1", 2, 2, ("officer-1", "officer-2"), NOW))
    assert await feeder.states("S1", "S2") == ["RELEASED", "RELEASED"]
    await _record(feeder, MistakenIdentity("ALPHA", "CL-1", 2, 3, ("officer-3", "officer-2"), NOW, withdrawn=True))
    assert await feeder.states("S1", "S2") == ["HELD CONTROL_LISTED PARTY_REVIEW", "HELD CONTROL_LISTED PARTY_REVIEW"]
    await feeder.assert_sound()


async def test_an_owner_who_is_listed_reaches_what_is_open(feeder: Feeder) -> None:
    await _apply(feeder, 1, ownership_percent=Decimal(50))
    owners = [{"party_id": "BOSS", "percent": "50"}]
    await feeder.tell(party("BOSS", "Boss Holding"), party("ALPHA", "Alpha GmbH", version=2, owners=owners))
    await feeder.tell(shipment("S1"), list_entry("CL-1", "Boss Holding"))
    assert await feeder.state("S1") == "HELD PARTY_REVIEW"
    await feeder.assert_sound()
