"""Wire events of the rule topics to rule entities (style.md rule 7: three shapes, three places)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from schemas import licences, notices, parts, references
from schemas.reading import ReadEvent
from services.gatekeeper.domain import rule_entities as rules
from services.gatekeeper.domain import vocabulary as words
from services.gatekeeper.domain.quantity import Money, Quantity


def _licence(given: licences.LicenceUpserted, _time: datetime) -> rules.Licence:
    return rules.Licence(
        licence_no=given.licence_no,
        version=given.version,
        authority_time=given.authority_time,
        type=words.LicenceType(given.type),
        status=words.LicenceStatus(given.status),
        exporter_id=given.exporter_id,
        end_users=given.end_users,
        end_uses=given.end_uses,
        destinations=given.destinations,
        importers=given.importers,
        consignees=given.consignees,
        prohibited_transit=given.prohibited_transit,
        valid_from=given.valid_from,
        valid_until=given.valid_until,
        max_uses=given.max_uses,
        lapses_on_completion=given.lapses_on_completion,
        answers_notices=given.answers_notices,
        supersedes=given.supersedes,
        risk_report_on_file=given.risk_report_on_file,
        undertaking_on_file=given.undertaking_on_file,
        period_limits=tuple(
            rules.PeriodLimit(
                limit.line_no, Quantity(limit.quantity.value, limit.quantity.unit), words.Period(limit.period)
            )
            for limit in given.period_limits
        ),
        lines=tuple(
            rules.LicenceLine(
                line.line_no,
                line.control_codes,
                line.item_nos,
                Quantity(line.quantity.value, line.quantity.unit),
                Money(line.value.amount, line.value.currency),
                line.tolerance_percent,
            )
            for line in given.lines
        ),
    )


def _identifiers(given: tuple[parts.Identifier, ...]) -> tuple[rules.Identifier, ...]:
    return tuple(rules.Identifier(one.scheme, one.value) for one in given)


def _windows(given: tuple[parts.Suspension, ...]) -> tuple[rules.Window, ...]:
    return tuple(rules.Window(one.from_, one.until) for one in given)


def _party_entity(given: references.PartyUpserted, _time: datetime) -> rules.Party:
    return rules.Party(
        given.party_id,
        given.version,
        given.names,
        given.aliases,
        given.country,
        _identifiers(given.identifiers),
        tuple(rules.Owner(owner.party_id, owner.percent) for owner in given.owners),
        given.types,
    )


def _list_entry(given: references.ListEntryUpserted, _time: datetime) -> rules.ListEntry:
    return rules.ListEntry(
        given.entry_id,
        given.version,
        words.ListName(given.list),
        given.names,
        given.aliases,
        _identifiers(given.identifiers),
        given.country,
        given.effective_from,
        given.effective_until,
        _windows(given.suspensions),
        words.ListEffect(given.effect),
        given.authority_ref or "",
    )


def _item(given: references.ItemUpserted, _time: datetime) -> rules.Item:
    return rules.Item(
        given.item_no,
        given.version,
        words.Classification(given.classification),
        given.control_codes,
        tuple(rules.UnitFactor(f.unit, Quantity(f.equals.value, f.equals.unit)) for f in given.unit_factors),
        given.hs_code,
        given.family,
    )


def _control(given: references.ControlUpserted, _time: datetime) -> rules.Control:
    return rules.Control(
        given.control_code,
        given.version,
        words.ControlKind(given.kind),
        given.effective_from,
        given.effective_until,
        _windows(given.suspensions),
        given.prohibited_destinations,
        given.prohibited_end_uses,
        given.prohibited_end_user_types,
    )


def _statement(given: references.EndUserStatementUpserted, _time: datetime) -> rules.Statement:
    return rules.Statement(
        given.statement_no,
        given.version,
        given.end_user,
        given.end_uses,
        given.valid_until,
        words.StatementStatus(given.status),
    )


def _rate(given: references.FxRateUpserted, _time: datetime) -> rules.FxRate:
    return rules.FxRate(given.rate_id, given.version, given.base, given.quote, given.rate, given.as_of)


def _feed(given: references.FeedRefreshed, _time: datetime) -> rules.Feed:
    return rules.Feed(given.feed, given.version, given.as_of, given.entries or 0)


def notice_entity(given: notices.NoticeUpserted, recorded_at: datetime, *, by_http: bool = False) -> rules.Notice:
    """A notice as the rules see it; `recorded_at` is the event's own time (D6.1)."""
    scope = {name: tuple(getattr(given.scope, name)) for name in type(given.scope).model_fields}
    return rules.Notice(
        notice_id=given.notice_id,
        version=given.version,
        origin=words.NoticeOrigin(given.origin),
        authority_ref=given.authority_ref or "",
        text=(("en", given.text.en), ("zh", given.text.zh)),
        recorded_at=recorded_at,
        starts_at=given.effective_from,
        ends_at=given.effective_until,
        everything=given.everything,
        release_by_licence=given.release_by_licence,
        release_by_review=given.release_by_review,
        scope=rules.Scope(**scope),
        by_http=by_http,
    )


def lifted_notice(notice_id: str, version: int, reason: str, at: datetime, *, by_http: bool = False) -> rules.Notice:
    """A lift by itself; apply_rule fills in what it lifts (D6.4)."""
    return rules.Notice(
        notice_id=notice_id,
        version=version,
        origin=words.NoticeOrigin.AUTHORITY,
        authority_ref="",
        text=(),
        recorded_at=at,
        starts_at=None,
        ends_at=None,
        everything=False,
        release_by_licence=False,
        release_by_review=False,
        scope=rules.Scope(),
        lifted=True,
        lift_reason=reason,
        by_http=by_http,
    )


def rule_entity(read: ReadEvent) -> rules.RuleEntity:
    """The rule entity of a readable event of a rule topic. Raises KeyError for another."""
    entity: rules.RuleEntity = _RULES[type(read.model)](read.model, read.envelope.time)
    return entity


_RULES: dict[type[Any], Callable[[Any, datetime], rules.RuleEntity]] = {
    licences.LicenceUpserted: _licence,
    references.PartyUpserted: _party_entity,
    references.ListEntryUpserted: _list_entry,
    references.ItemUpserted: _item,
    references.ControlUpserted: _control,
    references.EndUserStatementUpserted: _statement,
    references.FxRateUpserted: _rate,
    references.FeedRefreshed: _feed,
    notices.NoticeUpserted: notice_entity,
    notices.NoticeLifted: lambda given, at: lifted_notice(given.notice_id, given.version, given.reason, at),
}
