"""Feeds that are too old by policy (REFERENCE_UNAVAILABLE, D4.9): from when on, and what that holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.candidates import candidates_of
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.catch_all import concern_of
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.leaving import stays_open
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.vocabulary import Place

RATE_FEED = "FX_RATES"
LIST_FEEDS = frozenset({"CONTROL_LIST", "WATCH_LIST", "INTERNAL", "CONTROLS"})
ALWAYS = datetime.min.replace(tzinfo=UTC)


def stale_from(references: References, policy: Policy, feed: str) -> datetime | None:
    """The first instant at which `feed` is too old; exactly at its limit it is not yet.

    ALWAYS: it was never refreshed. None: policy sets it no limit, or one past the end of the calendar.
    """
    hours = policy.feed_max_age_hours.get(feed)
    if hours is None:
        return None
    known = references.feed(feed)
    if known is None:
        return ALWAYS
    try:
        return known.as_of + timedelta(hours=hours) + datetime.resolution
    except OverflowError:
        return None


def is_stale(references: References, policy: Policy, feed: str, as_of: datetime) -> bool:
    since = stale_from(references, policy, feed)
    return since is not None and since <= as_of


def staleness(references: References, policy: Policy, feed: str) -> dict[str, str | None]:
    """For people: when it was refreshed last (absent: never), and how old it may be."""
    known, hours = references.feed(feed), policy.feed_max_age_hours.get(feed)
    return {
        "feed": feed,
        "as_of": known.as_of.isoformat() if known is not None else None,
        "limit_hours": str(hours) if hours is not None else None,
    }


def stale_feeds(case: Case) -> Iterator[Finding]:
    """REFERENCE_UNAVAILABLE for each feed that is too old and that one of the lines depends on.

    After departure only what the goods left with, until the feed is fresh (D1.6, D1.7).
    """
    for feed in sorted(case.policy.feed_max_age_hours):
        if not is_stale(case.references, case.policy, feed, case.as_of):
            continue
        lines = _lines_depending_on(feed, case)
        if lines:
            shown = ", ".join(map(str, lines)) if feed == RATE_FEED else None
            detail = {**staleness(case.references, case.policy, feed), "lines": shown}
            finding = found(Reason.REFERENCE_UNAVAILABLE, detail, feed=feed)
            if case.place is Place.BEFORE_DEPARTURE or stays_open(case, finding):
                yield finding


def feeds_used(case: Case) -> Iterator[str]:
    """Feeds whose age matters to one of the lines, by policy: FX_RATES where a line needs a rate."""
    return (feed for feed in case.policy.feed_max_age_hours if _lines_depending_on(feed, case))


def next_dates(case: Case) -> Iterator[datetime]:
    """When a feed on which the case depends becomes too old, past ones too; of no use after departure (D7.1)."""
    if case.place is not Place.BEFORE_DEPARTURE:
        return
    for feed in case.policy.feed_max_age_hours:
        since = stale_from(case.references, case.policy, feed)
        if since is not None and _lines_depending_on(feed, case):
            yield since


def _lines_depending_on(feed: str, case: Case) -> list[int]:
    if not case.leaves_territory:
        return []
    if feed == RATE_FEED:
        return [line.line_no for line in case.lines if _needs_rate(case, line)]
    return [line.line_no for line in case.lines] if feed in LIST_FEEDS else []


def _needs_rate(case: Case, line: CaseLine) -> bool:
    """Its value is in another currency than that of the licence it draws on; of all that it might, where it does not.

    D3.10: what is reserved is fixed at a rate, and fixed again at departure.
    """
    if line.value is None:
        return False
    drawn = [draw.value.currency for draw in case.planned if draw.line_no == line.line_no]
    if not drawn and (line.needs_licence or concern_of(case, line)):
        possible = case.scene.candidates[line.line_no] if case.scene is not None else candidates_of(case, line)
        drawn = [one.line.value.currency for one in possible if one.covers_all]
    return any(currency != line.value.currency for currency in drawn)
