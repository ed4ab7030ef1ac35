"""EVENT_UNREADABLE from events about what a case uses, and from broken notices, lists and controls (D8.4)."""

from __future__ import annotations

from collections.abc import Iterator

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.broken_rules import UnreadableRule
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.feeds import feeds_used
from services.gatekeeper.domain.findings import Detail, found
from services.gatekeeper.domain.parties import case_roles
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.screening import screened
from services.gatekeeper.domain.vocabulary import OrderState, Place, RuleKind, ShipmentState

ALERT_ONLY = "alert_only"
UNKNOWN = "unknown"


def unreadable_references(case: Case) -> Iterator[Finding]:
    """EVENT_UNREADABLE, subject the broken event's key: what the case uses, and what may stop anything new.

    About departed goods such an event raises no hold; one that was open at departure stays while its cause does
    (D1.6, D1.7).
    """
    broken = dict(_broken(case))
    before_departure = case.place is Place.BEFORE_DEPARTURE
    for event in sorted(broken):
        finding = found(Reason.EVENT_UNREADABLE, broken[event], event=event)
        if before_departure or _open(case, finding):
            yield finding


def _open(case: Case, finding: Finding) -> bool:
    holds = case.shipment.holds if case.shipment is not None else ()
    return any(hold.reason is finding.reason and hold.subject == finding.subject for hold in holds)


def _broken(case: Case) -> Iterator[tuple[str, Detail]]:
    """(event key, what it is about); what the case itself uses comes last, and so wins."""
    if _is_new(case) and case.policy.unreadable_notice != ALERT_ONLY:
        for rule in case.references.unreadable_stops():
            yield rule.event_key, _told(rule, rule.kind.value if rule.kind is not None else UNKNOWN, rule.key)
    if case.references.unreadable_rules():
        for kind, key in sorted(_used(case)):
            for rule in case.references.unreadable_for(kind, key):
                yield rule.event_key, _told(rule, kind.value, key)
    for order_id in sorted({line.order_id for line in case.lines if line.order_id is not None}):
        order = case.orders.get(order_id) if case.shipment is not None else None
        for standing in order.standing if order is not None else ():
            if standing.finding.reason is Reason.EVENT_UNREADABLE:
                yield str(dict(standing.finding.subject).get("event", standing.key)), standing.finding.detail


def _told(rule: UnreadableRule, kind: str, key: str | None) -> Detail:
    """As of an order's or shipment's own event (standing.py): what it is about, what is wrong, and where it is kept."""
    about = {"about": f"{kind} {key}" if key else kind, "about_kind": kind, "about_key": key}
    return {**about, "error": rule.error, "quarantine_id": rule.quarantine_id}


def _is_new(case: Case) -> bool:
    """Not yet released or cleared. Something amended is handed over as HELD and so counts as new (D8.4)."""
    if case.shipment is not None:
        return case.shipment.state is not ShipmentState.RELEASED
    return case.order is not None and case.order.state is not OrderState.CLEARED


def _used(case: Case) -> Iterator[tuple[RuleKind, str]]:
    """Every reference whose own key the case depends on; with `ownership_percent` owners too (D5.3)."""
    for line in case.lines:
        yield RuleKind.ITEM, line.item_no
        yield from ((RuleKind.LICENCE, number) for number in line.licences)
        yield from ((RuleKind.STATEMENT, number) for number in line.end_user_statements)
    for _, ref in case_roles(case):
        looked_at = screened(ref, case.references, case.policy)
        yield from ((RuleKind.PARTY, party_id) for party_id in looked_at.party_ids)
    aggregate = case.shipment if case.shipment is not None else case.order
    for draw in (*(aggregate.draws if aggregate is not None else ()), *case.planned):
        yield RuleKind.LICENCE, draw.licence_no
        if draw.rate_id is not None:
            yield RuleKind.FX_RATE, draw.rate_id
    yield from ((RuleKind.FEED, feed) for feed in feeds_used(case))
