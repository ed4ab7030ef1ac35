"""What a version dated ahead adds to a rule that stops goods: it acts at once beside what stands (D7.3). Pure.

Each function gives the stored version with whatever the new one stops too; nothing that it frees.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Protocol, TypeVar

from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.rule_entities import Control, ListEntry, Notice, Scope, Window
from services.gatekeeper.domain.vocabulary import ControlKind, ListEffect, ListName

Value = TypeVar("Value")
UNDESCRIBED = 0
"""The version of a control of which only the bans are known: below every version that is sent."""
_SEVERITY = (ListName.INTERNAL, ListName.WATCH_LIST, ListName.CONTROL_LIST)


class Dated(Protocol):
    """What acts from day to day, but for its suspensions (D3.2, D5.2)."""

    @property
    def effective_from(self) -> date: ...
    @property
    def effective_until(self) -> date | None: ...
    @property
    def suspensions(self) -> tuple[Window, ...]: ...


def widened_notice(stored: Notice, new: Notice) -> Notice:
    """`stored` with its own version and time, for whatever either of the two stops, as long as either does (D6.2).

    Above a lift it is `new` that is in effect again at once, as a notice that is sent for the first time (D6.4).
    """
    if new.lifted:
        return stored
    if stored.lifted:
        return evolve(new, version=stored.version)
    scope = widened_scope(stored.scope, new.scope)
    at_once = stored.starts_at is None or new.starts_at is None
    ends = (stored.ends_at, new.ends_at)
    return evolve(
        stored,
        # What was granted before its own start answers it no more than before (D6.6).
        recorded_at=stored.starts_at or stored.recorded_at if at_once else stored.recorded_at,
        starts_at=None if at_once else min(at for at in (stored.starts_at, new.starts_at) if at is not None),
        ends_at=None if None in ends else max(at for at in ends if at is not None),
        # No field is left that limits it: everything is in scope.
        everything=stored.everything or new.everything or scope == Scope(),
        release_by_licence=stored.release_by_licence and new.release_by_licence,
        release_by_review=stored.release_by_review and new.release_by_review,
        scope=scope,
    )


def widened_scope(stored: Scope, new: Scope) -> Scope:
    """Every case that matches one of the two matches it: a field that one leaves open doesn't limit it."""
    return Scope(*(_either(getattr(stored, field.name), getattr(new, field.name)) for field in fields(Scope)))


def widened_entry(stored: ListEntry, new: ListEntry) -> ListEntry:
    """`stored` for the names, the identifiers and the days of both, on the graver list, with the graver effect."""
    effective_from, effective_until, suspensions = _days(stored, new)
    review = stored.effect is ListEffect.REVIEW
    return evolve(
        stored,
        list=max(stored.list, new.list, key=_SEVERITY.index),
        names=_union(stored.names, new.names),
        aliases=_union(stored.aliases, new.aliases),
        identifiers=_union(stored.identifiers, new.identifiers),
        country=stored.country if stored.country == new.country else None,
        effective_from=effective_from,
        effective_until=effective_until,
        suspensions=suspensions,
        effect=new.effect if review else stored.effect,
    )


def widened_control(stored: Control, new: Control) -> Control:
    """`stored` with the bans and the days of both."""
    effective_from, effective_until, suspensions = _days(stored, new)
    return evolve(
        stored,
        kind=new.kind if new.kind is ControlKind.PROHIBITED else stored.kind,
        effective_from=effective_from,
        effective_until=effective_until,
        suspensions=suspensions,
        prohibited_destinations=_union(stored.prohibited_destinations, new.prohibited_destinations),
        prohibited_end_uses=_union(stored.prohibited_end_uses, new.prohibited_end_uses),
        prohibited_end_user_types=_union(stored.prohibited_end_user_types, new.prohibited_end_user_types),
    )


def bans_at_once(new: Control) -> Control | None:
    """The bans of a code that nobody has described yet, in force on every day as it is itself (D3.2); None: no ban."""
    bans = (new.prohibited_destinations, new.prohibited_end_uses, new.prohibited_end_user_types)
    if new.kind is not ControlKind.PROHIBITED and not any(bans):
        return None
    return evolve(new, version=UNDESCRIBED, effective_from=date.min, effective_until=None, suspensions=())


def _days(stored: Dated, new: Dated) -> tuple[date, date | None, tuple[Window, ...]]:
    """The days of both: the earlier start, the later end, and only the suspensions that both have."""
    ends = (stored.effective_until, new.effective_until)
    until = None if None in ends else max(end for end in ends if end is not None)
    shared = tuple(window for window in stored.suspensions if window in new.suspensions)
    return min(stored.effective_from, new.effective_from), until, shared


def _either(stored: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return _union(stored, new) if stored and new else ()


def _union(stored: tuple[Value, ...], new: tuple[Value, ...]) -> tuple[Value, ...]:
    return (*stored, *(value for value in new if value not in stored))
