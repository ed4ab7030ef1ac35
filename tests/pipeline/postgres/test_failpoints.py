"""A transaction that breaks off at any of its named points leaves nothing; its retry leaves everything once."""

from __future__ import annotations

import pytest

from services.gatekeeper.pipeline.batch import decide_batch
from services.gatekeeper.pipeline.rules import apply_rule_batch
from services.kit import failpoints
from services.kit.failpoints import FailpointError
from tests.pipeline.feeding import Feeder, runs_of, sent
from tests.pipeline.postgres.conftest import Opened
from tests.pipeline.trade import at, licence, milestone, notice, order, shipment

BATCH = (
    "after_rules",
    "after_positions",
    "after_gather",
    "after_decide",
    "after_state",
    "after_journal",
    "after_outbox",
    "before_commit",
)
RULES = ("after_lock", "after_apply", "before_commit")


@pytest.mark.parametrize("point", BATCH)
async def test_a_batch_that_breaks_off_leaves_nothing_and_its_retry_leaves_everything_once(
    feeder: Feeder, point: str
) -> None:
    await feeder.tell(shipment("S1"), order("O1", "10 KGM"))
    events = (
        shipment("S1", "400 KGM", version=2),
        milestone("S1", "DEPARTED"),
        shipment("S2", "10 KGM", order="O1"),
        sent(order("O1", version=2), value=b"{"),
    )
    runs = runs_of([feeder._record(event) for event in events])
    before = await feeder.written()
    failpoints.configure(f"batch.{point}=error")
    with pytest.raises(FailpointError):
        await decide_batch(feeder.gate, runs)
    assert await feeder.written() == before
    result = await decide_batch(feeder.gate, runs)
    assert result.handled == 4
    await feeder.until_idle()
    assert await feeder.told("S1") == ["shipment.released"]
    assert await feeder.states("S1", "O1", "S2") == ["RELEASED", "HELD EVENT_UNREADABLE", "HELD EVENT_UNREADABLE"]
    assert await feeder.balance() == "0/400"
    await feeder.assert_sound()


async def test_a_batch_whose_answer_is_lost_after_its_commit_counts_once(feeder: Feeder) -> None:
    runs = runs_of(feeder.records(shipment("S1"), milestone("S1", "PACKED")))
    failpoints.configure("batch.after_commit=error")
    with pytest.raises(FailpointError):
        await decide_batch(feeder.gate, runs)
    before = await feeder.written()
    again = await decide_batch(feeder.gate, runs)
    assert (again.handled, await feeder.written()) == (0, before)
    assert again.next_offsets == {(run.topic, run.partition): run.records[-1].offset + 1 for run in runs}
    await feeder.assert_sound()


@pytest.mark.parametrize("point", RULES)
async def test_a_rule_change_that_breaks_off_leaves_nothing_and_its_retry_leaves_everything_once(
    feeder: Feeder, point: str
) -> None:
    await feeder.tell(shipment("S1"))
    runs = runs_of(feeder.records(notice("N1", items=["MAG-ROD"]), licence("M1", "100 KGM", version=2)))
    before = await feeder.written()
    failpoints.configure(f"rules.{point}=error")
    with pytest.raises(FailpointError):
        await apply_rule_batch(feeder.gate, runs)
    assert await feeder.written() == before
    await feeder.tell(shipment("S2", "1 KGM"))
    assert await feeder.state("S2") == "RELEASED"
    await apply_rule_batch(feeder.gate, runs)
    await feeder.until_idle()
    assert await feeder.states("S1", "S2") == ["HELD STOP_NOTICE QTY_EXCEEDED", "HELD STOP_NOTICE"]
    assert await feeder.told("N1") == ["notice.in-effect"] * 4
    await feeder.assert_sound()


async def test_a_rule_change_whose_answer_is_lost_after_its_commit_counts_once(feeder: Feeder) -> None:
    runs = runs_of(feeder.records(notice("N1", items=["MAG-ROD"])))
    failpoints.configure("rules.after_commit=error")
    with pytest.raises(FailpointError):
        await apply_rule_batch(feeder.gate, runs)
    before = await feeder.written()
    again = await apply_rule_batch(feeder.gate, runs)
    assert (again.handled, await feeder.written()) == (0, before)
    await feeder.assert_sound()


@pytest.mark.parametrize("point", ["task.after_collect", "task.before_commit"])
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_a_sweep_that_breaks_off_goes_on_where_it_was(open_feeder: Opened, point: str, nth: int) -> None:
    feeder = await open_feeder(sweep_chunk=3)
    await feeder.tell(*(shipment(f"S{n}", "1 KGM") for n in range(10)))
    await feeder.feed(notice("N1", items=["MAG-ROD"]), licence("M1", "5 KGM", version=2))
    failpoints.configure(f"{point}=error@{nth}")
    with pytest.raises(FailpointError):
        await feeder.until_idle()
    await feeder.until_idle()
    for n in range(10):
        assert (await feeder.told(f"S{n}"))[:2] == ["shipment.released", "shipment.held"]
    await feeder.assert_sound()


@pytest.mark.parametrize("point", ["timer.before_commit", "deferred.before_commit"])
async def test_a_date_or_a_deferred_alert_that_breaks_off_is_done_once_by_the_next_try(
    feeder: Feeder, point: str
) -> None:
    await feeder.feed(shipment("S1", "850 KGM", planned_departure="2026-08-31T18:00:00+08:00"))
    failpoints.configure(f"{point}=error")
    with pytest.raises(FailpointError):
        await feeder.until_idle()
        await feeder.advance(at("2026-09-01 00:00"))
    await feeder.until_idle()
    await feeder.advance(at("2026-09-01 00:00"))
    assert "LICENCE_EXPIRED" in await feeder.state("S1")
    alerts = [kind for _, _, kind, data in await feeder.said("M1") if data.get("kind") == "DRAWN_80"]
    assert alerts == ["licence.alert.v1"]
    await feeder.assert_sound()
