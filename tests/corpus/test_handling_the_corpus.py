"""Nothing of the corpus crashes, stalls or releases: on a real PostgreSQL, with sound events in between (D8.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from schemas.topics import ORDERS
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.reasons import Reason
from tests.corpus.cases import CONTROL, ENTRY, RATE, Case
from tests.corpus.corpus import corpus
from tests.corpus.handling import UNCONTROLLED, after, hand_over, in_parts, is_trade, kept_faults, owned
from tests.pipeline.feeding import Feeder
from tests.pipeline.trade import TO_ALPHA, Event, fx_rate, item, licence, party, shipment, statement

NOTICES = "trade.notices.v1"
LICENCES = "trade.licences.v1"
UNUSED = "feed.refreshed.v1"
"""Nobody uses a feed that policy doesn't name."""


async def test_a_broken_trade_event_holds_what_it_is_about_and_nothing_else(feeder: Feeder) -> None:
    faults: list[str] = []
    for cases in in_parts(case for case in corpus() if is_trade(case)):
        await feeder.tell(*(owned(case) for case in cases))
        records = await hand_over(feeder, cases)
        faults += await kept_faults(feeder, cases, records)
        for case in cases:
            faults += await _held_faults(feeder, case)
    assert faults == []
    await feeder.assert_sound()


async def _held_faults(feeder: Feeder, case: Case) -> list[str]:
    """What it is about was released, is held for this field, and what came behind it was handled as ever."""
    found = []
    owner_id = case.owner_id or ""
    known: Order | Shipment
    if case.topic == ORDERS.name:
        known, fine, stopped = await feeder.order(owner_id), "order.cleared", "order.held"
    else:
        known, fine, stopped = await feeder.shipment(owner_id), "shipment.released", "shipment.held"
    if known.state.value != "HELD" or [hold.reason for hold in known.holds] != [Reason.EVENT_UNREADABLE]:
        found.append(f"{case}: {owner_id} is {await feeder.state(owner_id)}")
    elif f"{case.field}: " not in str(known.holds[0].detail):
        found.append(f"{case}: {known.holds[0].detail} doesn't name {case.field}")
    if await feeder.told(owner_id) != [fine, stopped]:
        found.append(f"{case}: {await feeder.told(owner_id)} was said of it")
    if await feeder.told(after(case)) != [fine]:
        found.append(f"{case}: {await feeder.told(after(case))} was said of what came behind it")
    return found


async def test_a_broken_licence_or_reference_holds_what_uses_it(feeder: Feeder) -> None:
    faults: list[str] = []
    cases = [case for case in corpus() if not is_trade(case) and not _stops(case)]
    for part in in_parts(case for case in cases if case.suffix != RATE or case.topic == LICENCES):
        await feeder.tell(*(_described(case) for case in part if case.suffix != UNUSED))
        await feeder.tell(*(_user(case) for case in part if case.suffix != UNUSED))
        faults += await _used_faults(feeder, part)
    rates = [case for case in cases if case.suffix == RATE and case.topic != LICENCES]
    for number, case in enumerate(rates):
        # The latest rate is the one that is drawn at.
        day = (dt.date(2025, 1, 1) + dt.timedelta(days=number)).isoformat()
        kind, data = fx_rate(case.owner_id or "")
        await feeder.tell((kind, {**data, "as_of": day}), shipment(_uses(case), "0.001 KGM", value="0.01 EUR"))
    for part in in_parts(rates):
        faults += await _used_faults(feeder, part)
    assert faults == []
    await feeder.assert_sound()


async def _used_faults(feeder: Feeder, cases: Sequence[Case]) -> list[str]:
    used = [case for case in cases if case.suffix != UNUSED]
    found = [f"{case}: {state}" for case in used if (state := await feeder.state(_uses(case))) != "RELEASED"]
    records = await hand_over(feeder, cases)
    found += await kept_faults(feeder, cases, records)
    for case in used:
        if (state := await feeder.state(_uses(case))) != "HELD EVENT_UNREADABLE":
            found.append(f"{case}: what uses it is {state}")
    return found + await _recorded_faults(feeder, cases)


async def _recorded_faults(feeder: Feeder, cases: Sequence[Case]) -> list[str]:
    """What came behind was recorded."""
    rows = await feeder.query("SELECT key FROM rule_row WHERE key = ANY($1::text[])", [after(case) for case in cases])
    recorded = {row["key"] for row in rows}
    return [f"{case}: what came behind it is lost" for case in cases if after(case) not in recorded]


async def test_a_broken_notice_list_entry_or_control_lets_nothing_new_go(feeder: Feeder) -> None:
    faults: list[str] = []
    stopping = [case for case in corpus() if not is_trade(case) and _stops(case)]
    await feeder.tell(shipment("GONE BEFORE", item=UNCONTROLLED))
    for number, cases in enumerate(in_parts(stopping)):
        records = await hand_over(feeder, cases)
        faults += await kept_faults(feeder, cases, records)
        faults += await _recorded_faults(feeder, cases)
        await feeder.tell(shipment(f"NEW {number}", item=UNCONTROLLED))
        known = await feeder.shipment(f"NEW {number}")
        named = {dict(hold.subject)["event"] for hold in known.holds if hold.reason is Reason.EVENT_UNREADABLE}
        faults += [f"{case}: holds nothing new" for case in cases if case.owner_id not in named]
        assert known.state.value == "HELD"
    assert await feeder.state("GONE BEFORE") == "RELEASED"
    assert faults == []
    await feeder.assert_sound()


def _stops(case: Case) -> bool:
    return case.topic == NOTICES or (case.topic != LICENCES and case.suffix in (ENTRY, CONTROL))


def _uses(case: Case) -> str:
    return f"uses {case.name}"


def _described(case: Case) -> Event:
    """The sound event of what the case breaks."""
    key = case.owner_id or ""
    if case.topic == LICENCES or case.suffix == "licence.upserted.v1":
        return licence(key)
    if case.suffix == "party.upserted.v1":
        return party(key, f"The party of {key}")
    return statement(key) if case.suffix == "end-user-statement.upserted.v1" else item(key)


def _user(case: Case) -> Event:
    """A shipment that is released, and uses what the case breaks."""
    kind, _ = _described(case)
    key, name = case.owner_id, _uses(case)
    if kind == "licence.upserted":
        return shipment(name, "1 KGM", value="1 USD", licences=[key])
    if kind == "party.upserted":
        parties = {**TO_ALPHA["parties"], "carrier": {"party_id": key}}
        return shipment(name, item=UNCONTROLLED, parties=parties)
    if kind == "end-user-statement.upserted":
        return shipment(name, item=UNCONTROLLED, end_user_statements=[key])
    return shipment(name, item=key or "")
