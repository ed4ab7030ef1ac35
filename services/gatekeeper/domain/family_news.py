"""Whose sums of a family a shipment may count for, and who is looked at when it counts otherwise (SPLIT_SUSPECTED)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Shipment
from services.gatekeeper.domain.facts import OrderFacts, PartyRef, ShipmentFacts, ShipmentLine
from services.gatekeeper.domain.families import Families, FamilyEntry, FamilyKey, counting
from services.gatekeeper.domain.meant import end_users_of
from services.gatekeeper.domain.order_rest import in_unit
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.together import shifted, together
from services.gatekeeper.domain.vocabulary import Balance
from services.gatekeeper.domain.workspace import FollowUpKind, Workspace


def family_keys(facts: ShipmentFacts, orders: Iterable[OrderFacts], references: References) -> Iterator[FamilyKey]:
    """For whose sums a shipment with these facts may count: a superset, to lock."""
    known = tuple(orders)
    for line in facts.lines:
        item = references.item(line.item_no)
        if item is not None and item.family:
            for ref in _end_users(facts, line, known):
                yield from (FamilyKey(item.family, end_user) for end_user in end_users_of(references, ref))


def _end_users(facts: ShipmentFacts, line: ShipmentLine, orders: Iterable[OrderFacts]) -> Iterator[PartyRef | None]:
    yield facts.parties.get("end_user")
    yield from (order.parties.get("end_user") for order in orders if order.order_id == line.order_id)


def follow_families(workspace: Workspace, before: Shipment, after: Shipment) -> None:
    """Has others looked at in order of arrival (D4.4): those suspected, of whose sums something is gone; and all when
    something left otherwise than was known, so that later ones may be too many now.

    Raises NotGathered when the shipment counts for a sum that was not locked.
    """
    limit = workspace.policy.split_limit
    if limit is None or before.families == after.families:
        return
    was, now = counting(before.families), counting(after.families)
    for key in sorted({entry.key for entry in (*was, *now)}):
        workspace.families.needs(key)
        known, counted = (_amounts(key, entries) for entries in (was, now))
        if any(amount not in counted for amount in known):
            workspace.follow_up(FollowUpKind.SPLIT_WAITERS, key.text)
        left = [entry for entry in now if entry.key == key and entry.balance is Balance.CONSUMED]
        if any(_amount(entry) not in known for entry in left) and _exceeded(workspace, after, key, left, limit):
            workspace.follow_up(FollowUpKind.SPLIT, key.text)


def _amounts(key: FamilyKey, entries: Iterable[FamilyEntry]) -> list[tuple[object, ...]]:
    return [_amount(entry) for entry in entries if entry.key == key]


def _amount(entry: FamilyEntry) -> tuple[object, ...]:
    return entry.day, entry.item_no, entry.quantity


def _exceeded(
    workspace: Workspace, shipment: Shipment, key: FamilyKey, left: list[FamilyEntry], limit: Quantity
) -> bool:
    """Whether what `left` and still may matter to what hasn't left makes a sum too large, or one that nobody can tell.

    What left longer ago than a window is no sum's any more to which something may still be added.
    """
    references, window_days = workspace.references, workspace.policy.split_window_days
    day = max(entry.day for entry in left)
    if (workspace.families.today - day).days >= window_days:
        return False
    amounts = [
        None if entry.quantity is None else in_unit(references, entry.item_no, entry.quantity, limit.unit)
        for entry in left
    ]
    own = sum((amount for amount in amounts if amount is not None), Fraction(0))
    found = together(_recent(workspace, shipment), key, references, limit.unit, own, day, window_days)
    return None in amounts or found.exceeds(limit)


def _recent(workspace: Workspace, shipment: Shipment) -> Families:
    """What the other shipments count for, as far back as it may be in one window with today."""
    book, since = workspace.families, shifted(workspace.families.today, 1 - workspace.policy.split_window_days)
    return Families(
        lambda key, first, last: book.sums(shipment.shipment_id, shipment.arrival, key, max(first, since), last)
    )
