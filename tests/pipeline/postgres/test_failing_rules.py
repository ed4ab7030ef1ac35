"""A rule that raises holds what it was to judge, and the record is kept until a replay judges without that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.gatekeeper.domain import decide
from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.rules import CASE_RULES
from services.gatekeeper.pipeline.quarantine import StillUnreadable, settle
from services.gatekeeper.store.quarantine import get
from services.gatekeeper.store.rules import EngineTooOld
from tests.pipeline.feeding import Feeder, sent
from tests.pipeline.trade import NOW, item, milestone, order, shipment


def raises(case: Case) -> Iterator[Finding]:
    raise ValueError("\x00 no such thing")
    yield


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(decide, "CASE_RULES", (*CASE_RULES, raises))
    return monkeypatch


async def test_a_record_at_which_a_rule_raised_is_kept_and_replayed_once_the_rule_is_mended(
    feeder: Feeder, broken: pytest.MonkeyPatch
) -> None:
    record = feeder.record(shipment("S1"))
    result = await feeder.tell(record, order("O1"))
    assert result.handled == 2
    assert await feeder.states("S1", "O1") == ["HELD ENGINE_ERROR", "HELD ENGINE_ERROR"]
    rows = await feeder.query("SELECT quarantine_id FROM quarantine WHERE status = 'OPEN' AND owner_id = 'S1'")
    [quarantine_id] = [row["quarantine_id"] for row in rows]
    async with feeder.gate.database.reading() as connection:
        kept = await get(connection, quarantine_id)
    assert kept is not None
    assert (kept.value, kept.owner, kept.error_field, kept.was_upsert) == (record.value, "shipment", "rule", False)
    assert "ValueError" in kept.error
    await feeder.assert_sound()
    with pytest.raises(StillUnreadable, match="still fails"):
        await settle(feeder.gate, quarantine_id, by="ops")
    assert len(await feeder.quarantine()) == 2
    broken.undo()
    await settle(feeder.gate, quarantine_id, by="ops")
    assert (await feeder.state("S1"), await feeder.balance()) == ("RELEASED", "300/0")
    assert await feeder.quarantine("REPLAYED") == [quarantine_id]
    assert await feeder.value("SELECT action FROM audit") == "quarantine.replayed"
    await feeder.assert_sound()


async def test_a_newer_upsert_does_not_settle_it_and_the_same_record_again_is_kept_once(
    feeder: Feeder, broken: pytest.MonkeyPatch
) -> None:
    await feeder.tell(sent(shipment("S1"), event_id="e-1"), sent(shipment("S1"), event_id="e-1"))
    assert len(await feeder.quarantine()) == 1
    broken.undo()
    await feeder.tell(shipment("S1", version=2))
    assert await feeder.state("S1") == "RELEASED"
    [quarantine_id] = await feeder.quarantine()
    await settle(feeder.gate, quarantine_id, by="ops", drop=True)
    assert await feeder.states("S1") == ["RELEASED"]
    assert await feeder.quarantine("DROPPED") == [quarantine_id]
    await feeder.assert_sound()


async def test_a_rule_that_raises_at_a_sweep_holds_and_keeps_no_record(
    feeder: Feeder, broken: pytest.MonkeyPatch
) -> None:
    broken.undo()
    await feeder.tell(shipment("S1"))
    broken.setattr(decide, "CASE_RULES", (*CASE_RULES, raises))
    await feeder.tell(item("MAG-ROD", version=2))
    assert await feeder.state("S1") == "HELD ENGINE_ERROR"
    assert await feeder.quarantine() == []
    recheck_at = (await feeder.shipment("S1")).recheck_at
    assert recheck_at is not None
    assert recheck_at > NOW
    [told] = await feeder.query("SELECT what, detail FROM timeline WHERE owner_id = 'S1'")
    assert told["what"] == "ENGINE_ERROR"
    assert "raises" in told["detail"]
    broken.undo()
    await feeder.assert_sound()


async def test_a_decision_keeps_the_hash_of_the_event_that_caused_it(feeder: Feeder) -> None:
    await feeder.tell(shipment("S1"))
    await feeder.tell(milestone("S1", "PACKED"))
    await feeder.tell(item("MAG-ROD", version=2))
    decisions = await feeder.query("SELECT cause, event_hash FROM decision WHERE owner_id = 'S1' ORDER BY seq")
    by_event = [row for row in decisions if row["cause"].startswith("trade.")]
    seen = {row["content_hash"] for row in await feeder.query("SELECT content_hash FROM event_seen")}
    assert by_event
    assert all(row["event_hash"] in seen for row in by_event)
    assert [row["event_hash"] for row in decisions if row not in by_event] == [None] * (len(decisions) - len(by_event))


async def test_rules_that_need_a_newer_engine_end_the_process(feeder: Feeder) -> None:
    async with feeder.gate.database.transaction() as tx:
        await tx.execute("UPDATE rules_state SET min_engine = 2")
    before = await feeder.written()
    for event in (shipment("S1"), item("MAG-ROD", version=2)):
        with pytest.raises(EngineTooOld, match="need engine 2, this is engine 1"):
            await feeder.feed(event)
    with pytest.raises(EngineTooOld):
        await feeder.until_idle()
    assert await feeder.written() == before
