"""When, by time alone, list entries and controls act no more on what they hold (D3.2, D3.8, D5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from services.gatekeeper.domain.calendar import acts_on
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.rule_entities import Control, ListEntry
from services.gatekeeper.domain.vocabulary import DEPARTED_PLACES

Acting = ListEntry | Control


def ceases_on(case: Case, *entities: Acting) -> date | None:
    """The first day on which none of `entities` acts on the case any more: each has ended or is suspended.

    None: there is no such day, or none is known. A planned day on which one acts must pass first, since from then on
    today alone counts (D3.8); the day of a departure never passes.
    """
    departed = case.place in DEPARTED_PLACES
    if departed and any(_acts(day, entities) for day in case.days):
        return None
    planned = () if departed else case.days
    ends = {case.today, *(end for entity in entities for end in _ends(entity))}
    for day in sorted(end for end in ends if end >= case.today):
        if not any(_acts(counts, entities) for counts in (day, *planned) if counts >= day):
            return day
    return None


def uncontrolled_from(case: Case, line: CaseLine) -> date | None:
    """The first day on which the line needs a licence no more: none of its item's codes is in force (D3.2).

    None: never, or not known. A code that nobody has described stays in force.
    """
    codes = line.item.control_codes if line.item is not None else ()
    controls = [control for code in codes if (control := case.references.control(code)) is not None]
    return ceases_on(case, *controls) if controls and len(controls) == len(codes) else None


def _acts(day: date, entities: tuple[Acting, ...]) -> bool:
    return any(acts_on(day, one.effective_from, one.effective_until, one.suspensions) for one in entities)


def _ends(entity: Acting) -> Iterator[date]:
    """The days on which it may cease to act."""
    yield from (window.start for window in entity.suspensions)
    after = None if entity.effective_until is None else _day_after(entity.effective_until)
    if after is not None:
        yield after


def _day_after(day: date) -> date | None:
    """None when the calendar ends with `day`."""
    return None if day == date.max else day + timedelta(days=1)
