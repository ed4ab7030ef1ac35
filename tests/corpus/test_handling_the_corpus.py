"""Nothing of the corpus crashes, stalls or releases: on a real PostgreSQL, with sound events in between (D8.4)."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.topics import ORDERS
from schemas.vocabulary import CURRENCIES
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
    for part in in_parts(case for case in cases if not _is_rate(case)):
        await feeder.tell(*(event for case in part if case.suffix != UNUSED for event in _described(case)))
        await feeder.tell(*(_user(case) for case in part if case.suffix != UNUSED))
        faults += await _used_faults(feeder, part)
    assert faults == []
    await feeder.assert_sound()


async def test_a_broken_rate_holds_what_is_reserved_at_it(feeder: Feeder) -> None:
    """Each of a currency of its own: what is held gives its reservation back, and would take the next rate."""
    faults: list[str] = []
    rates = [case for case in corpus() if _is_rate(case)]
    currency = dict(zip((case.name for case in rates), sorted(CURRENCIES - {"USD"}), strict=False))
    for part in in_parts(rates):
        described = [fx_rate(case.owner_id or "") for case in part]
        await feeder.tell(
            *(
                (kind, {**data, "base": currency[case.name]})
                for case, (kind, data) in zip(part, described, strict=True)
            ),
            *(
                shipment(_uses(case), "0.001 KGM", value=f"0.01 {currency[case.name]}", licences=["M1"])
                for case in part
            ),
        )
        faults += await _used_faults(feeder, part)
    assert faults == []
    await feeder.assert_sound()


def _is_rate(case: Case) -> bool:
    return case.suffix == RATE and case.topic != LICENCES


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


def _described(case: Case) -> tuple[Event, ...]:
    """Sound events of what the case breaks; a licence is for an item of its own."""
    key = case.owner_id or ""
    if _is_licence(case):
        return item(f"item of {key}", f"code of {key}"), licence(key, code=f"code of {key}")
    if case.suffix == "party.upserted.v1":
        return (party(key, f"The party of {key}"),)
    return (statement(key) if case.suffix == "end-user-statement.upserted.v1" else item(key),)


def _is_licence(case: Case) -> bool:
    return case.topic == LICENCES or case.suffix == "licence.upserted.v1"


def _user(case: Case) -> Event:
    """A shipment that is released, and uses what the case breaks."""
    key, name = case.owner_id or "", _uses(case)
    if _is_licence(case):
        return shipment(name, "1 KGM", value="1 USD", item=f"item of {key}", licences=[key])
    if case.suffix == "party.upserted.v1":
        return shipment(name, item=UNCONTROLLED, parties={**TO_ALPHA["parties"], "carrier": {"party_id": key}})
    if case.suffix == "end-user-statement.upserted.v1":
        return shipment(name, item=UNCONTROLLED, end_user_statements=[key])
    return shipment(name, item=key)
