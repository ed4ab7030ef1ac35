"""SPLIT_SUSPECTED: uncontrolled items of one family to one end user that add up past a limit (ECR 39).

What counts is what leaves the territory without needing a licence, from its release on (or its departure, if it left
unreleased) and for good: on its planned day, once departed on the ACTUAL one. What was cancelled or held again counts
no more; what came back still does, until the shipment leaves once more. Whoever exports: the sum is the end user's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Finding, Shipment
from services.gatekeeper.domain.calendar import end_of_day, shanghai_day
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.catch_all import is_unlisted
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.families import FamilyEntry, FamilyKey
from services.gatekeeper.domain.leaving import has_left, open_holds, stays_open
from services.gatekeeper.domain.meant import end_users_of, shown
from services.gatekeeper.domain.order_rest import in_unit
from services.gatekeeper.domain.quantity import Quantity, show, to_decimal
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.subjects import about_line, missing_net
from services.gatekeeper.domain.together import Together, together
from services.gatekeeper.domain.vocabulary import Balance, Place, ShipmentState

NOTHING = Fraction(0)


def watched(case: Case) -> Mapping[int, tuple[FamilyKey, ...]]:
    """By line, for whose sums it counts; of an end user named ambiguously for everybody's whom the name may mean."""
    if case.scene is not None:
        return case.scene.watched
    if not case.leaves_territory or case.owner != "shipment":
        return {}
    found = {}
    for line in case.lines:
        if line.item is not None and line.item.family and is_unlisted(line):
            end_users = end_users_of(case.references, line.parties.get("end_user"))
            found[line.line_no] = tuple(FamilyKey(line.item.family, end_user) for end_user in end_users)
    return found


def entries_of(case: Case) -> tuple[FamilyEntry, ...]:
    """What the lines would count for on the day that counts (D3.8)."""
    keys = watched(case)
    return tuple(
        FamilyEntry(line.line_no, *key, day=case.days[-1], item_no=line.item_no, quantity=line.quantity)
        for line in (case.lines if keys else ())
        for key in keys.get(line.line_no, ())
    )


def counted_entries(
    shipment: Shipment, state: ShipmentState, found: tuple[FamilyEntry, ...]
) -> tuple[FamilyEntry, ...]:
    """`found` as it counts where `shipment` is now; of a CLOSED one, which isn't judged, what it counted for before.

    What was returned counts on the day on which it had left, or came back where nobody reported that it left.
    """
    progress = shipment.progress
    if progress.place is Place.BEFORE_DEPARTURE:
        balance = Balance.RESERVED if state is ShipmentState.RELEASED else None
        return tuple(evolve(entry, balance=balance) for entry in found)
    if progress.place is not Place.CLOSED:
        return tuple(evolve(entry, balance=Balance.CONSUMED) for entry in found)
    left_at = progress.departed_at or progress.returned_at
    if left_at is None:
        return ()
    return tuple(evolve(entry, day=shanghai_day(left_at), balance=Balance.CONSUMED) for entry in shipment.families)


def split_suspected(case: Case) -> Iterator[Finding]:
    """One finding for each line whose family's sum for the end user exceeds `split_limit` in some `split_window_days`
    days in a row that contain the line's own day; exactly the limit is fine.

    A shipment that stands RELEASED and asks for no more, on the same day, counts only those that arrived before it:
    earlier ones stay. What nobody can convert isn't known to stay within the limit (UNIT_NOT_CONVERTIBLE, MISSING_NET;
    of other shipments SPLIT_SUSPECTED). After departure only a hold that it left with stays, while it is so (D1.6).
    """
    limit, keys = case.policy.split_limit, watched(case)
    if limit is None or (has_left(case) and not open_holds(case)):
        return
    for line in case.lines:
        finding = _of_line(case, line, keys[line.line_no], limit) if keys.get(line.line_no) else None
        if finding is not None and (not has_left(case) or stays_open(case, finding)):
            yield finding


def next_dates(case: Case) -> Iterator[datetime]:
    """What should have left counts as today, and so every day for other sums (D3.8)."""
    overdue = case.planned_day is not None and case.planned_day < case.today and not has_left(case)
    if overdue and case.policy.split_limit is not None and any(watched(case).values()):
        tomorrow = end_of_day(case.today)
        if tomorrow is not None:
            yield tomorrow


def _of_line(case: Case, line: CaseLine, keys: tuple[FamilyKey, ...], limit: Quantity) -> Finding | None:
    if line.quantity is None:
        return missing_net(line)
    if in_unit(case.references, line.item_no, line.quantity, limit.unit) is None:
        detail = {"unit": line.quantity.unit, "limit_unit": limit.unit, "item_no": line.item_no}
        return about_line(Reason.UNIT_NOT_CONVERTIBLE, line, detail)
    several = [_sum(case, key, limit) for key in keys]
    suspected = [one for one in several if one.together.exceeds(limit)]
    if not suspected:
        return None
    return _suspected(case, line, max(suspected, key=lambda one: one.together.total), limit)


@dataclass(frozen=True, slots=True)
class _Sum:
    key: FamilyKey
    own: Fraction
    together: Together


def _sum(case: Case, key: FamilyKey, limit: Quantity) -> _Sum:
    own, day = _own(case, key, limit.unit), case.days[-1]
    stays = _stands(case, key, own, day, limit.unit)
    window = case.policy.split_window_days
    return _Sum(key, own, together(case.families, key, case.references, limit.unit, own, day, window, earlier=stays))


def _own(case: Case, key: FamilyKey, unit: str) -> Fraction:
    """What the case's own lines count for; one that can't be converted has a finding of its own."""
    keys = watched(case)
    amounts = (
        in_unit(case.references, line.item_no, line.quantity, unit)
        for line in case.lines
        if line.quantity is not None and key in keys.get(line.line_no, ())
    )
    return sum((amount for amount in amounts if amount is not None), NOTHING)


def _stands(case: Case, key: FamilyKey, own: Fraction, day: date, unit: str) -> bool:
    """Whether the shipment counted for as much already when it was judged last, on the same day."""
    known = case.shipment.families if case.shipment is not None else ()
    standing = [entry for entry in known if entry.key == key and entry.balance is Balance.RESERVED]
    amounts = [
        NOTHING if entry.quantity is None else in_unit(case.references, entry.item_no, entry.quantity, unit)
        for entry in standing
    ]
    before = sum((amount for amount in amounts if amount is not None), NOTHING)
    return bool(standing) and not has_left(case) and own <= before and all(entry.day == day for entry in standing)


def _suspected(case: Case, line: CaseLine, found: _Sum, limit: Quantity) -> Finding:
    """Sums only: whose shipments the others are is not for everybody who may see this one."""
    end_user = line.parties.get("end_user")
    available = max(NOTHING, Fraction(limit.value) - found.together.others)
    excess = found.together.total - Fraction(limit.value)
    detail = {
        "family": found.key.family,
        "end_user": None if end_user is None else shown(end_user),
        "total": _shown(found.together.total, limit),
        "limit": show(limit),
        "days": str(case.policy.split_window_days),
        "requested": _shown(found.own, limit),
        "available": _shown(available, limit),
        "excess": _shown(excess, limit) if excess > 0 else None,
        "uncounted": ", ".join(found.together.uncounted) or None,
    }
    return about_line(Reason.SPLIT_SUSPECTED, line, detail)


def _shown(amount: Fraction, limit: Quantity) -> str:
    return show(Quantity(to_decimal(amount), limit.unit))
