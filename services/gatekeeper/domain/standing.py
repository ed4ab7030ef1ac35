"""Holds that no rule derives from facts: unreadable events (D8.4, D8.5), goods that moved unreleased (D4.7), and those
that a person placed (D1.3)."""

from __future__ import annotations

from datetime import datetime

from services.gatekeeper.domain.aggregates import Finding, Shipment, StandingHold
from services.gatekeeper.domain.events import ManualHoldPlaced, TradeUnreadable
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import Place


def unreadable(event: TradeUnreadable, version: int | None, as_of: datetime) -> StandingHold:
    """The hold of an event that could not be read; `version` is the stored one of what it is about."""
    about = {"about": f"{event.owner} {event.owner_id}", "about_kind": event.owner, "about_key": event.owner_id}
    detail = {**about, "error": event.detail, "quarantine_id": event.quarantine_id}
    finding = Finding(Reason.EVENT_UNREADABLE, (("event", event.event_key),), detail)
    return StandingHold(event.quarantine_id, finding, as_of, event.was_upsert, version)


def moved_unreleased(event_id: str, left_at: datetime, as_of: datetime) -> StandingHold:
    """The hold of goods that left without a release that stood at that moment; only a person lifts it (D4.7)."""
    detail = {"left_at": left_at.isoformat()}
    return StandingHold(event_id, Finding(Reason.MOVED_UNRELEASED, (("event_id", event_id),), detail), as_of)


def manual(event: ManualHoldPlaced, as_of: datetime) -> StandingHold:
    """The hold of a person: each is about itself, so that several stand side by side and are lifted one by one."""
    finding = Finding(
        Reason.MANUAL_HOLD,
        (("hold_id", event.hold_id),),
        {"placed_by": event.placed_by, "text": event.text},
        review_allowed=True,
    )
    return StandingHold(event.hold_id, finding, as_of)


def standing_findings(shipment: Shipment) -> tuple[Finding, ...]:
    """What `shipment` stands under; an event that could not be read after the departure holds only if that is undone.

    D1.7: about departed goods such an event is no hold; one that was open at departure stays (D1.6).
    """
    gone = shipment.progress.place is not Place.BEFORE_DEPARTURE
    held = {(hold.reason, hold.subject) for hold in shipment.holds}
    return tuple(
        known.finding
        for known in shipment.standing
        if not gone
        or known.finding.reason is not Reason.EVENT_UNREADABLE
        or (known.finding.reason, known.finding.subject) in held
    )


def with_standing(standing: tuple[StandingHold, ...], added: StandingHold) -> tuple[StandingHold, ...]:
    """`standing` and `added`, which replaces nothing that has its key."""
    if any(known.key == added.key for known in standing):
        return standing
    return (*standing, added)


def without_key(standing: tuple[StandingHold, ...], key: str) -> tuple[StandingHold, ...]:
    return tuple(known for known in standing if known.key != key)


def after_readable_upsert(standing: tuple[StandingHold, ...]) -> tuple[StandingHold, ...]:
    """A readable upsert above the stored version heals what a broken upsert left (D8.5)."""
    return tuple(known for known in standing if not known.from_upsert)
