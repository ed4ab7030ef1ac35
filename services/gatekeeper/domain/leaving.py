"""How things stood when the goods left: what is judged anew after that, and what stays (D1.6, D1.7, D7.2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from services.gatekeeper.domain.aggregates import Draw, Finding, Hold, Progress, Shipment
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.findings import lines_of
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import DEPARTED_PLACES, ShipmentState

STATUS = frozenset(
    {
        Reason.LICENCE_SUSPENDED,
        Reason.LICENCE_RETURNED,
        Reason.LICENCE_CHANGE_PENDING,
        Reason.LICENCE_CONFLICT,
    }
)
BALANCE = frozenset(
    {
        Reason.LICENCE_CONSUMED,
        Reason.USES_EXCEEDED,
        Reason.QTY_EXCEEDED,
        Reason.VALUE_EXCEEDED,
        Reason.PERIOD_LIMIT_EXCEEDED,
    }
)
DATES = frozenset({Reason.LICENCE_NOT_YET_VALID, Reason.LICENCE_EXPIRED})
MEASURE = frozenset({Reason.UNIT_NOT_CONVERTIBLE, Reason.FX_UNAVAILABLE})
BOOKABLE = STATUS | BALANCE | DATES | {Reason.LICENCE_REVOKED}
"""A licence with no other reason than these still takes the consumption of goods that left while held (D4.7)."""
CONTESTING = STATUS | BALANCE | DATES | MEASURE


def has_left(case: Case) -> bool:
    return case.place in DEPARTED_PLACES


def left_at(case: Case) -> datetime | None:
    """When it left, for what was so then. A clock that is fast by no more than is tolerated is no look ahead (D7.3)."""
    return _left_at(case.shipment, case.policy) if case.shipment is not None else None


def _left_at(shipment: Shipment, policy: Policy) -> datetime | None:
    departed_at, reported_at = shipment.progress.departed_at, _reported_at(shipment.progress)
    if shipment.progress.place not in DEPARTED_PLACES:
        return None
    if departed_at is None or reported_at is None:
        return departed_at
    skew = timedelta(minutes=policy.future_event_tolerance_minutes)
    return reported_at if reported_at < departed_at <= reported_at + skew else departed_at


def open_holds(case: Case) -> tuple[Hold, ...]:
    return case.shipment.holds if case.shipment is not None else ()


def released_at_departure(case: Case) -> bool:
    """Whether the shipment was RELEASED at the moment at which it left (D4.7, by `occurred_at`)."""
    return case.shipment is not None and left_released(case.shipment, case.policy)


def left_released(shipment: Shipment, policy: Policy) -> bool:
    """`released_at_departure` of what is no case yet."""
    departed_at = _left_at(shipment, policy)
    before = [span.state for span in shipment.states if departed_at is not None and span.since <= departed_at]
    return bool(before) and before[-1] is ShipmentState.RELEASED


def left_unlicensed(case: Case, line: CaseLine) -> bool:
    """Whether `line` left lawfully without a licence, and is still the same item on the same kind of movement."""
    known = case.shipment.released_as if case.shipment is not None and released_at_departure(case) else ()
    return any(
        (one.line_no, one.item_no, one.leaves) == (line.line_no, line.item_no, case.leaves_territory)
        and not one.licensed
        for one in known
    )


def was_open_when_leaving(case: Case, finding: Finding) -> bool:
    """Whether the very hold was open when the goods left."""
    departed_at = left_at(case)
    return departed_at is not None and any(
        _is_same(hold, finding) and hold.placed_at <= departed_at for hold in open_holds(case)
    )


def stays_open(case: Case, finding: Finding) -> bool:
    """Whether a reason that isn't judged anew stays: it was open at departure, or came by a correction after it.

    What came between a release that stood at the departure and its late report is no reason (D7.2).
    """
    same = next((hold for hold in open_holds(case) if _is_same(hold, finding)), None)
    if same is None or not released_at_departure(case):
        return same is not None
    reported_at = _reported_at(case.shipment.progress) if case.shipment is not None else None
    return reported_at is not None and same.placed_at >= reported_at


def is_contested(case: Case, line: CaseLine, booked: Sequence[Draw]) -> bool:
    """Whether only a full judgement of the day may say that `line` goes: by what is open, or a day that changed.

    D1.6: what was open at departure lifts only when the line fits the day of departure.
    """
    if any(draw.day is not None and draw.day != case.days[0] for draw in booked):
        # A later DEPARTED corrected the day: it was booked by another one (§1).
        return True
    reasons = CONTESTING if released_at_departure(case) else CONTESTING | {Reason.LICENCE_REVOKED, Reason.CATCH_ALL}
    licences = {draw.licence_no for draw in booked}
    return any(
        _concerns(hold, line, licences)
        and (hold.reason in reasons or _is_of_another_licence(hold, licences))
        and (hold.reason is not Reason.LICENCE_REVOKED or _was_placed_by(hold, left_at(case)))
        for hold in open_holds(case)
    )


def _concerns(hold: Hold, line: CaseLine, licences: Collection[str]) -> bool:
    if hold.reason is Reason.LICENCE_CONFLICT:
        held = lines_of(hold)
        return dict(hold.subject).get("licence_no") in licences and (not held or line.line_no in held)
    return ("line_no", line.line_no) in hold.subject


def _is_of_another_licence(hold: Hold, licences: Collection[str]) -> bool:
    """The nearest's reasons may be another licence's than the one that took the consumption (D3.6, D4.7)."""
    subject = dict(hold.subject)
    return "licence_no" in subject and subject["licence_no"] not in licences


def _was_placed_by(hold: Hold, instant: datetime | None) -> bool:
    """A revocation after the departure is asked anew by itself; it asks nothing else of the line again (D1.7)."""
    return instant is not None and hold.placed_at <= instant


def _is_same(hold: Hold, finding: Finding) -> bool:
    return hold.reason is finding.reason and hold.subject == finding.subject


def _reported_at(progress: Progress) -> datetime | None:
    """When the departure that counts was received."""
    reports = (report for report in progress.reports if report.event_id == progress.departure_event)
    return next((report.received_at for report in reports), None)
