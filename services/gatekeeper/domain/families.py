"""What counts towards the goods of one family for one end user (SPLIT_SUSPECTED): entries, who has them, their sums."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.quantity import EXACT, Quantity
from services.gatekeeper.domain.vocabulary import Balance

SPLIT = "split"
"""What `NotGathered` calls a family's goods for one end user that were not loaded far enough back; see `asked`."""


class FamilyKey(NamedTuple):
    """`end_user`: a party id, or what stands for a name that nobody registered (meant.end_users_of)."""

    family: str
    end_user: str

    @property
    def text(self) -> str:
        """For tasks and scope terms, which may select too much: not every pair has a text of its own."""
        return f"{self.family}/{self.end_user}"


def asked(key: FamilyKey, since: date) -> str:
    """`key` and the day from which on it is needed, as the key of NotGathered."""
    return json.dumps([key.family, key.end_user, since.isoformat()])


def asked_for(text: str) -> tuple[FamilyKey, date]:
    """What `asked` wrote."""
    family, end_user, since = json.loads(text)
    return FamilyKey(family, end_user), date.fromisoformat(since)


@dataclass(frozen=True, slots=True)
class FamilyEntry:
    """What one line of a shipment counts for in one family's sum for one end user.

    `day`: before departure the planned one, or today where that had passed when this was written (D3.8); once the goods
    left, the ACTUAL one. `quantity` is net; None: nobody said. `balance`: RESERVED while the shipment is RELEASED,
    CONSUMED once it left; None: it doesn't count now.
    """

    line_no: int
    family: str
    end_user: str
    day: date
    item_no: str
    quantity: Quantity | None = None
    balance: Balance | None = None

    @property
    def key(self) -> FamilyKey:
        return FamilyKey(self.family, self.end_user)


@dataclass(frozen=True, slots=True)
class Counted:
    """One entry of a shipment, or the sum of several that every shipment of a workspace arrived before or after."""

    arrival: int
    day: date
    item_no: str
    quantity: Quantity | None


@dataclass(frozen=True, slots=True)
class FamilySum:
    """What the other shipments' entries of one day and item come to, as a decision saw them.

    `later`: those that arrived after the shipment that was judged. `quantity` None: of one of them nobody said it.
    """

    family: str
    end_user: str
    day: date
    item_no: str
    quantity: Quantity | None
    later: bool = False


Look = Callable[[FamilyKey, date, date], tuple[FamilySum, ...]]
"""The sums of one key from a first to a last day, both inclusive."""


def _nobody(_key: FamilyKey, _first: date, _last: date) -> tuple[FamilySum, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Families:
    """The sums that a decision may look at, and those that it did look at."""

    look: Look = _nobody
    seen: dict[FamilySum, None] = field(default_factory=dict)

    def sums(self, key: FamilyKey, first: date, last: date) -> tuple[FamilySum, ...]:
        """Of the other shipments, from `first` to `last`; raises NotGathered where they were not loaded."""
        found = self.look(key, first, last)
        self.seen.update(dict.fromkeys(found))
        return found


NOBODY_ELSE = Families()
"""No other shipment counts for anything."""


def recorded_families(sums: Iterable[FamilySum]) -> Families:
    """What a decision saw, for deciding again."""
    known = tuple(sums)

    def look(key: FamilyKey, first: date, last: date) -> tuple[FamilySum, ...]:
        return tuple(one for one in known if (one.family, one.end_user) == key and first <= one.day <= last)

    return Families(look)


def counting(entries: Iterable[FamilyEntry]) -> tuple[FamilyEntry, ...]:
    """Those of `entries` that count now."""
    return tuple(entry for entry in entries if entry.balance is not None)


def counted_on(entry: FamilyEntry, today: date) -> date:
    """A planned day that has passed counts as today (D3.8)."""
    return max(entry.day, today) if entry.balance is Balance.RESERVED else entry.day


@dataclass(slots=True)
class FamilyBook:
    """What counts, as one transaction knows it: by key, `others` of shipments outside of its workspace.

    `since`: the keys that it locked, and from which day on it knows what counts for them. `inside`: by key and shipment
    (with its arrival) the entries of those in the workspace. `changed`: shipments of which other entries count now.
    """

    today: date = date.min
    since: Mapping[FamilyKey, date] = field(default_factory=dict)
    others: Mapping[FamilyKey, tuple[Counted, ...]] = field(default_factory=dict)
    inside: dict[FamilyKey, dict[str, tuple[int, tuple[FamilyEntry, ...]]]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def put(
        self, shipment_id: str, arrival: int, before: tuple[FamilyEntry, ...], after: tuple[FamilyEntry, ...]
    ) -> None:
        """`after` is what the shipment counts for from now on, `before` what it did."""
        if counting(before) != counting(after):
            self.changed.add(shipment_id)
        for entry in before:
            self.inside.get(entry.key, {}).pop(shipment_id, None)
        self.add(shipment_id, arrival, after)

    def add(self, shipment_id: str, arrival: int, entries: Iterable[FamilyEntry]) -> None:
        """What a shipment of the workspace counts for."""
        for entry in counting(entries):
            book = self.inside.setdefault(entry.key, {})
            _, known = book.get(shipment_id, (arrival, ()))
            book[shipment_id] = (arrival, (*known, entry))

    def needs(self, key: FamilyKey, first: date | None = None) -> None:
        """Raises NotGathered unless `key` was locked, and loaded from `first` on."""
        since = self.since.get(key)
        if since is None or (first is not None and first < since):
            raise NotGathered(SPLIT, asked(key, first or self.today))

    def sums(self, shipment_id: str, arrival: int, key: FamilyKey, first: date, last: date) -> tuple[FamilySum, ...]:
        """What all shipments but this one count for, as `Families.sums` gives it; NotGathered as `needs` raises it."""
        self.needs(key, first)
        totals: dict[tuple[date, str, str | None, bool], Decimal] = {}
        for one in (*self.others.get(key, ()), *self._inside(key, shipment_id)):
            if first <= one.day <= last:
                unit = None if one.quantity is None else one.quantity.unit
                amount = Decimal(0) if one.quantity is None else one.quantity.value
                kind = (one.day, one.item_no, unit, one.arrival > arrival)
                totals[kind] = EXACT.add(totals.get(kind, Decimal(0)), amount)
        return tuple(
            FamilySum(*key, day, item_no, None if unit is None else Quantity(amount, unit), later)
            for (day, item_no, unit, later), amount in sorted(totals.items(), key=_in_order)
        )

    def _inside(self, key: FamilyKey, but: str) -> Iterable[Counted]:
        for shipment_id, (arrival, entries) in self.inside.get(key, {}).items():
            if shipment_id != but:
                for entry in entries:
                    yield Counted(arrival, counted_on(entry, self.today), entry.item_no, entry.quantity)


def _in_order(row: tuple[tuple[date, str, str | None, bool], Decimal]) -> tuple[date, str, str, bool]:
    (day, item_no, unit, later), _ = row
    return day, item_no, unit or "", later
