"""Reads the wire's rule events into entities for tests that run without the product's own translation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.rule_entities import (
    Control,
    Feed,
    FxRate,
    Identifier,
    Item,
    Licence,
    LicenceLine,
    ListEntry,
    Notice,
    Owner,
    Party,
    PeriodLimit,
    RuleEntity,
    Scope,
    Statement,
    UnitFactor,
    Window,
)
from services.gatekeeper.domain.vocabulary import (
    Classification,
    ControlKind,
    LicenceStatus,
    LicenceType,
    ListEffect,
    ListName,
    NoticeOrigin,
    Period,
    StatementStatus,
)
from tests.domain.reading import day, instant, money, quantity, texts

Data = Mapping[str, Any]


def licence(data: Data, _: datetime) -> Licence:
    kind = LicenceType(data["type"])
    return Licence(
        licence_no=data["licence_no"],
        version=data["version"],
        authority_time=instant(data["authority_time"]),  # type: ignore[arg-type]
        type=kind,
        status=LicenceStatus(data["status"]),
        exporter_id=data["exporter_id"],
        end_users=texts(data["end_users"]),
        end_uses=texts(data["end_uses"]),
        destinations=texts(data["destinations"]),
        importers=texts(data.get("importers")),
        consignees=texts(data.get("consignees")),
        prohibited_transit=texts(data.get("prohibited_transit")),
        valid_from=day(data["valid_from"]),  # type: ignore[arg-type]
        valid_until=day(data["valid_until"]),  # type: ignore[arg-type]
        max_uses=data["max_uses"],
        lapses_on_completion=data.get("lapses_on_completion", kind is not LicenceType.GENERAL),
        answers_notices=texts(data.get("answers_notices")),
        supersedes=texts(data.get("supersedes")),
        risk_report_on_file=data.get("risk_report_on_file", False),
        undertaking_on_file=data.get("undertaking_on_file", False),
        period_limits=tuple(
            PeriodLimit(limit["line_no"], quantity(limit["quantity"]), Period(limit["period"]))  # type: ignore[arg-type]
            for limit in data.get("period_limits", ())
        ),
        lines=tuple(_licence_line(line) for line in data["lines"]),
    )


def _licence_line(line: Data) -> LicenceLine:
    return LicenceLine(
        line["line_no"],
        texts(line["control_codes"]),
        texts(line["item_nos"]),
        quantity(line["quantity"]),  # type: ignore[arg-type]
        money(line["value"]),  # type: ignore[arg-type]
        Decimal(line.get("tolerance_percent", "0")),
    )


def party(data: Data, _: datetime) -> Party:
    return Party(
        data["party_id"],
        data["version"],
        texts(data["names"]),
        texts(data.get("aliases")),
        data["country"],
        _identifiers(data),
        tuple(Owner(owner["party_id"], Decimal(owner["percent"])) for owner in data.get("owners", ())),
        texts(data.get("types")),
    )


def _identifiers(data: Data) -> tuple[Identifier, ...]:
    return tuple(Identifier(each["scheme"], str(each["value"])) for each in data.get("identifiers", ()))


def _windows(values: Sequence[Data] | None) -> tuple[Window, ...]:
    return tuple(Window(day(each["from"]), day(each.get("until"))) for each in values or ())  # type: ignore[arg-type]


def list_entry(data: Data, _: datetime) -> ListEntry:
    return ListEntry(
        data["entry_id"],
        data["version"],
        ListName(data["list"]),
        texts(data["names"]),
        texts(data.get("aliases")),
        _identifiers(data),
        data["country"],
        day(data["effective_from"]),  # type: ignore[arg-type]
        day(data.get("effective_until")),
        _windows(data.get("suspensions")),
        ListEffect(data["effect"]),
        data.get("authority_ref", ""),
    )


def item(data: Data, _: datetime) -> Item:
    return Item(
        data["item_no"],
        data["version"],
        Classification(data["classification"]),
        texts(data.get("control_codes")),
        tuple(
            UnitFactor(each["unit"], quantity(each["equals"]))  # type: ignore[arg-type]
            for each in data.get("unit_factors", ())
        ),
        data.get("hs_code"),
        data.get("family"),
    )


def control(data: Data, _: datetime) -> Control:
    return Control(
        data["control_code"],
        data["version"],
        ControlKind(data["kind"]),
        day(data["effective_from"]),  # type: ignore[arg-type]
        day(data.get("effective_until")),
        _windows(data.get("suspensions")),
        texts(data.get("prohibited_destinations")),
        texts(data.get("prohibited_end_uses")),
        texts(data.get("prohibited_end_user_types")),
    )


def statement(data: Data, _: datetime) -> Statement:
    return Statement(
        data["statement_no"],
        data["version"],
        data["end_user"],
        texts(data["end_uses"]),
        day(data["valid_until"]),  # type: ignore[arg-type]
        StatementStatus(data["status"]),
    )


def fx_rate(data: Data, _: datetime) -> FxRate:
    as_of = day(data["as_of"])
    assert as_of is not None
    return FxRate(data["rate_id"], data["version"], data["base"], data["quote"], Decimal(data["rate"]), as_of)


def feed(data: Data, _: datetime) -> Feed:
    as_of = instant(data["as_of"])
    assert as_of is not None
    return Feed(data["feed"], data["version"], as_of, data.get("entries", 0))


def notice(data: Data, time: datetime) -> Notice:
    return Notice(
        notice_id=data["notice_id"],
        version=data["version"],
        origin=NoticeOrigin(data["origin"]),
        authority_ref=data.get("authority_ref", ""),
        text=tuple(sorted(data["text"].items())),
        recorded_at=time,
        starts_at=instant(data.get("effective_from")),
        ends_at=instant(data.get("effective_until")),
        everything=data["everything"],
        release_by_licence=data.get("release_by_licence", False),
        release_by_review=data.get("release_by_review", False),
        scope=Scope(**{name: texts(values) for name, values in data["scope"].items()}),
    )


def lift(data: Data, time: datetime) -> Notice:
    return Notice(
        notice_id=data["notice_id"],
        version=data["version"],
        origin=NoticeOrigin.AUTHORITY,
        authority_ref="",
        text=(),
        recorded_at=time,
        starts_at=None,
        ends_at=None,
        everything=False,
        release_by_licence=False,
        release_by_review=False,
        scope=Scope(),
        lifted=True,
        lift_reason=data.get("reason"),
    )


RULE_READERS: dict[str, Callable[[Data, datetime], RuleEntity]] = {
    "licence.upserted": licence,
    "party.upserted": party,
    "list-entry.upserted": list_entry,
    "item.upserted": item,
    "control.upserted": control,
    "end-user-statement.upserted": statement,
    "fx-rate.upserted": fx_rate,
    "feed.refreshed": feed,
    "notice.upserted": notice,
    "notice.lifted": lift,
}


def rule_entity(kind: str, data: Data, time: datetime) -> RuleEntity:
    return RULE_READERS[kind](data, time)
