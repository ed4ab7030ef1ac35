"""Cases and references to judge in tests: each with one sensible default, changed by keyword."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.aggregates import Draw, Finding, Order, Shipment
from services.gatekeeper.domain.calendar import SHANGHAI, shanghai_day
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.facts import EndUse, PartyRef
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import (
    Control,
    Item,
    Licence,
    LicenceLine,
    ListEntry,
    Notice,
    Party,
    RuleEntity,
    Scope,
    Statement,
)
from services.gatekeeper.domain.vocabulary import (
    Balance,
    Classification,
    ControlKind,
    LicenceStatus,
    LicenceType,
    ListEffect,
    ListName,
    Movement,
    NoticeOrigin,
    Place,
    ShipmentState,
    StatementStatus,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
PLANNED = date(2026, 3, 5)


def at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def kgm(value: str) -> Quantity:
    return Quantity(Decimal(value), "KGM")


def item(item_no: str = "SM-OXIDE", *codes: str, **changes: Any) -> Item:
    kind = Classification.CONTROLLED if codes else Classification.NOT_CONTROLLED
    return replace(Item(item_no, 1, kind, codes, (), "2846901910"), **changes)


def control(code: str = "1C902.b", **changes: Any) -> Control:
    return replace(Control(code, 1, ControlKind.LISTED, date(2025, 4, 4), None, (), (), (), ()), **changes)


def party(party_id: str = "ALPHA", name: str = "Alpha GmbH", country: str = "DE", **changes: Any) -> Party:
    return replace(Party(party_id, 1, (name,), (), country), **changes)


def entry(entry_id: str = "CL-17", *names: str, **changes: Any) -> ListEntry:
    base = ListEntry(
        entry_id,
        1,
        ListName.CONTROL_LIST,
        names or ("Alpha GmbH",),
        (),
        (),
        "DE",
        date(2026, 3, 1),
        None,
        (),
        ListEffect.PROHIBIT,
        "MOFCOM 17",
    )
    return replace(base, **changes)


def licence(licence_no: str = "L1", **changes: Any) -> Licence:
    line = LicenceLine(1, ("1C902.b",), (), kgm("1000"), Money(Decimal("180000.00"), "USD"))
    base = Licence(
        licence_no,
        1,
        at("2026-02-20T10:00"),
        LicenceType.INDIVIDUAL,
        LicenceStatus.ACTIVE,
        "E1",
        ("ALPHA",),
        ("CIVIL_MRI",),
        ("DE",),
        (),
        (),
        (),
        date(2026, 3, 1),
        date(2026, 8, 31),
        1,
        True,
        (),
        (),
        False,
        False,
        (),
        (line,),
    )
    return replace(base, **changes)


def statement(statement_no: str = "EUC-1", **changes: Any) -> Statement:
    base = Statement(statement_no, 1, "ALPHA", ("CIVIL_MRI",), date(2026, 12, 31), StatementStatus.VALID)
    return replace(base, **changes)


def notice(notice_id: str = "N1", version: int = 1, *, scope: Scope | None = None, **changes: Any) -> Notice:
    base = Notice(
        notice_id,
        version,
        NoticeOrigin.AUTHORITY,
        "MOFCOM N1",
        (("en", "stop"), ("zh", "停止出口")),
        NOW,
        None,
        None,
        False,
        True,
        False,
        scope or Scope(parties=("ALPHA",)),
    )
    return replace(base, **changes)


def lift(notice_id: str = "N1", version: int = 2) -> Notice:
    return notice(notice_id, version, scope=Scope(), lifted=True, lift_reason="no longer needed")


BASE: tuple[RuleEntity, ...] = (
    party(),
    party("BETA", "Beta KK", "JP"),
    party("FWD-1", "Sinoway Forwarding", "CN"),
    party("E1", "Hexin", "CN"),
    item("SM-OXIDE", "1C902.b"),
    item("STEEL-BOLT", hs_code="7318151090"),
    control(),
    licence(),
    statement(),
)


def references(*entities: RuleEntity, base: tuple[RuleEntity, ...] = BASE) -> References:
    return References.empty().with_changes(1, (*base, *entities))


ALPHA_EVERYWHERE: Mapping[str, PartyRef] = {
    "importer": PartyRef("ALPHA"),
    "consignee": PartyRef("ALPHA"),
    "end_user": PartyRef("ALPHA"),
}


def line(rules: References, line_no: int = 1, item_no: str = "SM-OXIDE", **changes: Any) -> CaseLine:
    described = rules.item(item_no)
    codes = described.control_codes if described is not None else ()
    base = CaseLine(
        line_no,
        item_no,
        described,
        codes,
        bool(codes),
        kgm("500"),
        Money(Decimal("9000.00"), "USD"),
        None,
        None,
        ALPHA_EVERYWHERE,
        EndUse("CIVIL_MRI", "civil MRI magnets"),
        "DE",
        (),
        (),
    )
    return replace(base, **changes)


def shipment_case(rules: References, *lines: CaseLine, as_of: datetime = NOW, **changes: Any) -> Case:
    today = shanghai_day(as_of)
    base = Case(
        "shipment",
        "S1",
        Shipment("S1", 1),
        None,
        {},
        "E1",
        Movement.EXPORT,
        "FWD-1",
        (),
        Place.BEFORE_DEPARTURE,
        True,
        lines or (line(rules),),
        tuple(sorted({today, max(today, PLANNED)})),
        today,
        as_of,
        rules,
        {},
        Policy(),
    )
    return replace(base, **changes)


def order_case(rules: References, *lines: CaseLine, **changes: Any) -> Case:
    base = replace(shipment_case(rules, *lines), owner="order", owner_id="O1", shipment=None, order=Order("O1", 1))
    return replace(base, movement=None, forwarder_id=None, **changes)


def departed(case: Case, day: date) -> Case:
    assert case.shipment is not None
    gone = replace(case.shipment, state=ShipmentState.RELEASED)
    return replace(case, place=Place.UNDER_WAY, days=(day,), shipment=gone)


def draw(licence_no: str = "L1", line_no: int = 1) -> Draw:
    return Draw(line_no, licence_no, 1, kgm("500"), Money(Decimal("9000.00"), "USD"), Balance.RESERVED)


def reasons(findings: Any) -> list[str]:
    return sorted(finding.reason.value for finding in findings)


def subjects(findings: Any) -> list[tuple[str, dict[str, Any]]]:
    found: list[Finding] = sorted(findings, key=lambda finding: (finding.reason.value, finding.subject))
    return [(finding.reason.value, dict(finding.subject)) for finding in found]
