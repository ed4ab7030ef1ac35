"""Stop notices: which ones match a case, and what that gives (domain.md §6, except versions: rulebook.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime

from services.gatekeeper.domain.aggregates import Draw, Finding
from services.gatekeeper.domain.calendar import shanghai_day, working_days_after
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.names import normalise_name
from services.gatekeeper.domain.parties import case_roles, known
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Licence, Notice, Scope
from services.gatekeeper.domain.scope import code_prefixes, hs_digits
from services.gatekeeper.domain.terms import case_terms
from services.gatekeeper.domain.vocabulary import LicenceStatus, NoticeOrigin


def start(notice: Notice) -> datetime:
    """Since when it is, or from when it will be, in effect (D6.1)."""
    return notice.starts_at or notice.recorded_at


def in_effect(notice: Notice, at: datetime) -> bool:
    """D6.1: by its own dates and status. Without `starts_at` it is so as soon as References has it (design.md §4)."""
    begun = notice.starts_at is None or notice.starts_at <= at
    return not notice.lifted and begun and not ended(notice, at)


def ended(notice: Notice, at: datetime) -> bool:
    """Whether its own end has come (D6.1)."""
    return notice.ends_at is not None and notice.ends_at <= at


def stop_notices(case: Case) -> Iterator[Finding]:
    """STOP_NOTICE, or CUSTOMS_CHALLENGE, for each matching notice that no licence answers (D6.2, D6.5, D6.6)."""
    for notice in matching_notices(case):
        if not answered(notice, case):
            customs = notice.origin is NoticeOrigin.CUSTOMS
            yield found(
                Reason.CUSTOMS_CHALLENGE if customs else Reason.STOP_NOTICE,
                _detail(notice, case),
                review_allowed=notice.release_by_review,
                notice_id=notice.notice_id,
            )


def next_dates(case: Case) -> Iterator[datetime]:
    """When a notice that matches by its scope begins or ends (D7.1)."""
    for notice in _matching_by_scope(case):
        yield from (at for at in (notice.starts_at, notice.ends_at) if at is not None and at > case.as_of)


def answer_due(notice: Notice, policy: Policy) -> date:
    """The last day on which a challenge of customs may be answered: so many working days after its first (ECR 22)."""
    return working_days_after(shanghai_day(start(notice)), policy.customs_challenge_days)


def matching_notices(case: Case) -> tuple[Notice, ...]:
    """Every notice in effect now whose scope matches, by id, whether a licence answers it or not."""
    return tuple(notice for notice in _matching_by_scope(case) if in_effect(notice, case.as_of))


def lines_matched(notice: Notice, case: Case) -> tuple[int, ...]:
    """The lines that the line fields of a matching notice match (D6.2); without such fields every line."""
    drawn = _drawn(case)
    return tuple(line.line_no for line in case.lines if _line_matches(notice, case, line, drawn))


def answering(notice: Notice, licence: Licence) -> bool:
    """D6.6: the licence names the notice and was granted after the notice's start. It must fit the line besides."""
    named = notice.release_by_licence and notice.notice_id in licence.answers_notices
    return named and licence.authority_time > start(notice)


def answered(notice: Notice, case: Case) -> bool:
    """D6.6: every line that `notice` matches draws, by the plan, on licences that answer it and fit the line."""
    lines = lines_matched(notice, case)
    return notice.release_by_licence and bool(lines) and all(_line_answered(notice, case, line) for line in lines)


def _line_answered(notice: Notice, case: Case, line_no: int) -> bool:
    """A consumption stays where it is although its licence was revoked or dropped the line; such answer nothing."""
    drawn = [(case.references.licence(draw.licence_no), draw) for draw in case.fitting if draw.line_no == line_no]
    return bool(drawn) and all(
        licence is not None
        and licence.status is not LicenceStatus.REVOKED
        and any(granted.line_no == draw.licence_line for granted in licence.lines)
        and answering(notice, licence)
        for licence, draw in drawn
    )


def _own_draws(case: Case) -> tuple[Draw, ...]:
    """What it stands with; an order that has shipped all of a line draws nothing for it any more."""
    if case.shipment is not None:
        return case.shipment.draws
    draws = case.order.draws if case.order is not None else ()
    return tuple(draw for draw in draws if draw.quantity.value)


def _drawn(case: Case) -> Mapping[int, set[str]]:
    """Licences named for, drawn on and about to be drawn on, by line."""
    numbers = {line.line_no: set(line.licences) for line in case.lines}
    for draw in (*_own_draws(case), *case.planned):
        numbers.setdefault(draw.line_no, set()).add(draw.licence_no)
    return numbers


def _matching_by_scope(case: Case) -> tuple[Notice, ...]:
    if not case.references.has_notices():
        return ()
    drawn = _drawn(case)
    numbers = {number for numbers in drawn.values() for number in numbers}
    parties = [known(ref, case.references) for _, ref in case_roles(case)]
    ids = {party_id for party in parties for party_id in party.namesakes}
    names = {name for party in parties for name in party.names}
    terms = case_terms(case, numbers, ()) | {f"name:{name}" for name in names}
    candidates = case.references.notices_for(terms)
    return tuple(notice for notice in candidates if _matches(notice, case, ids, names, drawn))


def _matches(
    notice: Notice, case: Case, ids: Collection[str], names: Collection[str], drawn: Mapping[int, set[str]]
) -> bool:
    """Every field that is given must match, in a field any value; line fields must match in one line (D6.2)."""
    if notice.everything:
        return True
    scope = notice.scope
    end_uses = {line.end_use.code for line in case.lines if line.end_use is not None}
    return (
        (not scope.parties or any(value in ids or normalise_name(value) in names for value in scope.parties))
        and (not scope.exporters or case.exporter_id in scope.exporters)
        and (not scope.forwarders or case.forwarder_id in scope.forwarders)
        and (not scope.destinations or any(line.destination in scope.destinations for line in case.lines))
        and (not scope.end_uses or not end_uses.isdisjoint(scope.end_uses))
        and (not scope.shipments or (case.shipment is not None and case.owner_id in scope.shipments))
        and (not _has_line_fields(scope) or any(_line_matches(notice, case, line, drawn) for line in case.lines))
    )


def _has_line_fields(scope: Scope) -> bool:
    return bool(scope.items or scope.control_codes or scope.hs_prefixes or scope.licences or scope.orders)


def _line_matches(notice: Notice, case: Case, line: CaseLine, drawn: Mapping[int, set[str]]) -> bool:
    if notice.everything:
        return True
    scope, item = notice.scope, line.item
    order_id = case.owner_id if case.order is not None else line.order_id
    codes = {prefix for code in item.control_codes for prefix in code_prefixes(code)} if item is not None else set()
    hs_code = hs_digits(item.hs_code) if item is not None and item.hs_code is not None else None
    prefixes = tuple(map(hs_digits, scope.hs_prefixes))
    return (
        (not scope.items or line.item_no in scope.items)
        and (not scope.control_codes or not codes.isdisjoint(scope.control_codes))
        and (not prefixes or (hs_code is not None and hs_code.startswith(prefixes)))
        and (not scope.licences or not drawn[line.line_no].isdisjoint(scope.licences))
        and (not scope.orders or order_id in scope.orders)
    )


def _detail(notice: Notice, case: Case) -> dict[str, str | None]:
    lines: Iterable[int] = lines_matched(notice, case)
    return {
        "authority_ref": notice.authority_ref,
        "origin": notice.origin.value,
        "version": str(notice.version),
        "since": start(notice).isoformat(),
        "lines": ", ".join(map(str, lines)) or None,
        "respond_by": answer_due(notice, case.policy).isoformat() if notice.origin is NoticeOrigin.CUSTOMS else None,
        "release_by_licence": "true" if notice.release_by_licence else None,
        "lifts_on": None if notice.ends_at is None else notice.ends_at.isoformat(),
        **{f"text_{language}": text for language, text in notice.text},
    }
