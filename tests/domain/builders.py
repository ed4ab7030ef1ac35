"""Small builders of the trade's things for domain tests: the world of the fixtures, with what a test changes by name.

Times without an offset are Asia/Shanghai; quantities and amounts are given as text: "500 KGM", "9000 USD".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Draw, Hold, Order, Progress, Shipment, StateSpan, Take
from services.gatekeeper.domain.calendar import SHANGHAI
from services.gatekeeper.domain.facts import EndUse, OrderFacts, OrderLine, PartyRef, ShipmentFacts, ShipmentLine
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import (
    Control,
    FxRate,
    Item,
    Licence,
    LicenceLine,
    Notice,
    Party,
    RuleEntity,
    Scope,
    UnitFactor,
    Window,
)
from services.gatekeeper.domain.vocabulary import (
    Balance,
    Classification,
    ControlKind,
    LicenceStatus,
    LicenceType,
    Movement,
    NoticeOrigin,
    OrderState,
    Place,
    ShipmentState,
)

POLICY = Policy()


def at(text: str) -> datetime:
    """ "2026-03-02 09:00" in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def day(text: str) -> date:
    return date.fromisoformat(text)


NOW = at("2026-03-02 09:00")
PLANNED = at("2026-03-05 18:00")


def quantity(text: str) -> Quantity:
    value, unit = text.split()
    return Quantity(Decimal(value), unit)


def money(text: str) -> Money:
    amount, currency = text.split()
    return Money(Decimal(amount), currency)


def party(party_id: str, name: str, country: str, *aliases: str) -> Party:
    return Party(party_id, 1, (name,), aliases, country)


def item(item_no: str, *codes: str, factors: Mapping[str, str] | None = None, **changes: Any) -> Item:
    made = tuple(UnitFactor(unit, quantity(equals)) for unit, equals in (factors or {}).items())
    kind = Classification.CONTROLLED if codes else Classification.NOT_CONTROLLED
    return Item(**{"item_no": item_no, "version": 1, "classification": kind, "control_codes": codes,
                   "unit_factors": made, **changes})  # fmt: skip


def control(code: str, start: str = "2025-04-04", until: str | None = None, *suspended: tuple[str, str]) -> Control:
    windows = tuple(Window(day(first), day(last)) for first, last in suspended)
    return Control(code, 1, ControlKind.LISTED, day(start), day(until) if until else None, windows, (), (), ())


def licence_line(line_no: int = 1, granted: str = "1000 KGM", value: str = "180000 USD", *,
                 codes: Iterable[str] = ("1C902.b",), items: Iterable[str] = (),
                 tolerance: str = "0") -> LicenceLine:  # fmt: skip
    return LicenceLine(line_no, tuple(codes), tuple(items), quantity(granted), money(value), Decimal(tolerance))


def licence(licence_no: str = "L1", *lines: LicenceLine, **changes: Any) -> Licence:
    """An INDIVIDUAL single-export licence of E1 for ALPHA in DE, 2026-03-01 … 2026-08-31."""
    values: dict[str, Any] = {
        "licence_no": licence_no, "version": 1, "authority_time": at("2026-02-20 10:00"),
        "type": LicenceType.INDIVIDUAL, "status": LicenceStatus.ACTIVE, "exporter_id": "E1",
        "end_users": ("ALPHA",), "end_uses": ("CIVIL_MRI",), "destinations": ("DE",), "importers": (),
        "consignees": (), "prohibited_transit": (), "valid_from": day("2026-03-01"),
        "valid_until": day("2026-08-31"), "max_uses": 1, "lapses_on_completion": True, "answers_notices": (),
        "supersedes": (), "risk_report_on_file": False, "undertaking_on_file": False, "period_limits": (),
        "lines": lines or (licence_line(),),
    }  # fmt: skip
    return Licence(**{**values, **changes})


def general(licence_no: str, *lines: LicenceLine, **changes: Any) -> Licence:
    """A GENERAL licence: it never lapses and has no limit of uses, unless `changes` says so."""
    values = {"type": LicenceType.GENERAL, "max_uses": None, "lapses_on_completion": False}
    return licence(licence_no, *lines, **{**values, **changes})


L1 = licence()
M1 = general("M1", licence_line(codes=("1C904.a",), value="2000000 USD"), max_uses=12,
             end_users=("ALPHA", "GAMMA"), end_uses=("CIVIL_MRI", "LAB_TEST"), destinations=("DE", "FR"))  # fmt: skip
WORLD: tuple[RuleEntity, ...] = (
    party("E1", "Hexin Magnetics", "CN"),
    party("E2", "Lantian Advanced Materials", "CN"),
    party("ALPHA", "Alpha GmbH", "DE", "阿尔法有限公司"),
    party("BETA", "Beta KK", "JP"),
    party("GAMMA", "Gamma SA", "FR"),
    party("FWD-1", "Sinoway Forwarding", "CN"),
    item("SM-OXIDE", "1C902.b", factors={"C62": "2.5 KGM"}, hs_code="2846901910"),
    item("MAG-ROD", "1C904.a"),
    item("LASER-HEAD", "6A911.a"),
    item("DUAL-CHIP", "3A906.a", "3A907.a"),
    item("STEEL-BOLT"),
    item("GREY-POWDER", classification=Classification.UNCLASSIFIED),
    *(control(code) for code in ("1C902.b", "1C904.a", "6A911.a", "3A906.a", "3A907.a")),
    L1,
    M1,
)


def references(*entities: RuleEntity, world: Iterable[RuleEntity] = WORLD, version: int = 1) -> References:
    """The world and `entities`, which replace what has their kind and key."""
    return References.empty().with_changes(version, [*world, *entities], [], [])


def rate(base: str, quote: str, value: str, as_of: str) -> FxRate:
    return FxRate(f"{base}-{quote}-{as_of}", 1, base, quote, Decimal(value), day(as_of))


def notice(notice_id: str = "N1", **changes: Any) -> Notice:
    values: dict[str, Any] = {
        "notice_id": notice_id, "version": 1, "origin": NoticeOrigin.AUTHORITY, "authority_ref": notice_id,
        "text": (("en", "stop"),), "recorded_at": NOW - timedelta(hours=1), "starts_at": None, "ends_at": None,
        "everything": False, "release_by_licence": True, "release_by_review": False, "scope": Scope(),
    }  # fmt: skip
    return Notice(**{**values, **changes})


def parties(importer: str | None = "ALPHA", consignee: str | None = "ALPHA", end_user: str | None = "ALPHA",
            **others: str | PartyRef) -> dict[str, PartyRef]:  # fmt: skip
    given = {"importer": importer, "consignee": consignee, "end_user": end_user, **others}
    return {role: ref if isinstance(ref, PartyRef) else PartyRef(ref) for role, ref in given.items() if ref}


def line(line_no: int = 1, item_no: str = "SM-OXIDE", net: str | None = "500 KGM", value: str | None = "9000 USD",
         **changes: Any) -> ShipmentLine:  # fmt: skip
    return ShipmentLine(**{"line_no": line_no, "item_no": item_no, "net_quantity": quantity(net) if net else None,
                           "value": money(value) if value else None, **changes})  # fmt: skip


def shipment_facts(*lines: ShipmentLine, **changes: Any) -> ShipmentFacts:
    values: dict[str, Any] = {
        "shipment_id": "S1", "version": 1, "exporter_id": "E1", "movement": Movement.EXPORT,
        "forwarder_id": "FWD-1", "parties": parties(), "end_use": EndUse("CIVIL_MRI", "magnets"),
        "destination": "DE", "planned_departure": PLANNED, "lines": lines or (line(),),
    }  # fmt: skip
    return ShipmentFacts(**{**values, **changes})


def shipment(*lines: ShipmentLine, arrival: int = 1, state: ShipmentState = ShipmentState.HELD,
             progress: Progress | None = None, draws: tuple[Draw, ...] = (), holds: tuple[Hold, ...] = (),
             more: Mapping[str, Any] | None = None, **changes: Any) -> Shipment:  # fmt: skip
    """A shipment before departure; `changes` are to its facts, `more` to what Holdgate knows of it."""
    facts = shipment_facts(*lines, **changes)
    where = progress or Progress(planned_departure=facts.planned_departure)
    return Shipment(facts.shipment_id, arrival, facts, where, state, draws=draws, holds=holds, **(more or {}))


def departed(found: Shipment, when: datetime = PLANNED, *, released: bool = True, place: Place = Place.UNDER_WAY,
             **changes: Any) -> Shipment:  # fmt: skip
    """`found` after its ACTUAL departure; `released`: whether it was RELEASED when it left."""
    progress = replace(found.progress, place=place, departed_at=when, departure_event="dep")
    state = ShipmentState.RELEASED if released else ShipmentState.HELD
    spans = (StateSpan(when - timedelta(days=1), state),)
    return replace(found, **{"progress": progress, "state": state, "states": spans, **changes})


def order(*lines: tuple[int, str, str, str], order_id: str = "O1", arrival: int = 0,
          state: OrderState = OrderState.CLEARED, draws: tuple[Draw, ...] = (), takes: tuple[Take, ...] = (),
          more: Mapping[str, Any] | None = None, **changes: Any) -> Order:  # fmt: skip
    """`lines`: (line_no, item_no, "500 KGM", "9000 USD")."""
    made = tuple(OrderLine(no, item_no, quantity(net), money(value)) for no, item_no, net, value in lines)
    values: dict[str, Any] = {
        "order_id": order_id, "version": 1, "exporter_id": "E1", "parties": parties(),
        "end_use": EndUse("CIVIL_MRI"), "destination": "DE", "planned_export_date": day("2026-03-05"),
        "lines": made or (OrderLine(1, "SM-OXIDE", quantity("500 KGM"), money("9000 USD")),),
    }  # fmt: skip
    facts = OrderFacts(**{**values, **changes})
    return Order(order_id, arrival, facts, state, draws=draws, takes=takes, **(more or {}))


def draw(net: str = "500 KGM", value: str = "9000 USD", *, line_no: int = 1, licence_no: str = "L1",
         licence_line: int = 1, balance: Balance = Balance.RESERVED, rate_id: str | None = None) -> Draw:  # fmt: skip
    return Draw(line_no, licence_no, licence_line, quantity(net), money(value), balance, rate_id)


def take(shipment_id: str, net: str, *, value: str = "9000 USD", balance: Balance = Balance.RESERVED,
         arrival: int = 1, line_no: int = 1, order_line: int = 1, item_no: str = "SM-OXIDE",
         licence_no: str | None = "L1") -> Take:  # fmt: skip
    return Take(shipment_id, line_no, order_line, item_no, quantity(net), money(value), balance, arrival, licence_no)


def account(licence_no: str = "L1", reserved: str = "0", consumed: str = "0", *, value_reserved: str = "0",
            value_consumed: str = "0", uses: int = 0, uses_reserved: int = 0, completed: bool = False,
            line_no: int = 1) -> LicenceAccount:  # fmt: skip
    balance = LineBalance(line_no, Decimal(reserved), Decimal(consumed), Decimal(value_reserved),
                          Decimal(value_consumed))  # fmt: skip
    return LicenceAccount(licence_no, {line_no: balance}, uses, uses_reserved, completed)


LICENCE_NUMBERS = ("L0", "L1", "L2", "L3", "M1", "G1", "P1")


def accounts(*given: LicenceAccount) -> dict[str, LicenceAccount]:
    """Empty accounts, but for those given."""
    return {**{number: LicenceAccount(number) for number in LICENCE_NUMBERS}, **{one.licence_no: one for one in given}}


def hold(reason: Reason, placed_at: datetime = NOW, **subject: str | int) -> Hold:
    return Hold(f"{reason}-{subject}", reason, tuple(sorted(subject.items())), {}, False, placed_at)
