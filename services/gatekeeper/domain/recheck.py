"""When the matching rules may answer otherwise without any event (D7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from services.gatekeeper.domain.calendar import end_of_day, start_of_day
from services.gatekeeper.domain.candidates import named_licences
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.leaving import has_left
from services.gatekeeper.domain.periods import next_periods
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.values import rate_days


def next_dates(case: Case) -> Iterator[datetime]:
    """Starts and ends of every licence that may concern a line, of exchange rates, and the end of the planned day.

    A superset, and nothing after departure: its day doesn't move. The day after the planned one: from then on today
    alone counts (D3.8), so that each new period of a licence's limits is another question (D3.11).
    """
    if has_left(case) or not case.leaves_territory:
        return
    for day in {*_days(case)}:
        yield start_of_day(day)
    if case.planned_day is None or case.planned_day <= case.today:
        for line in case.lines:
            for licence in concerned(case, line):
                yield from next_periods(licence, case.today)
    after = None if case.planned_day is None else end_of_day(case.planned_day)
    if after is not None:
        yield after


def concerned(case: Case, line: CaseLine) -> tuple[Licence, ...]:
    """Every licence that is, was or may become a candidate of `line`, whatever its status and dates."""
    found = {licence.licence_no: licence for licence in _covering(case, line)}
    for number in named_licences(case.references, (*line.licences, *found)):
        licence = case.references.licence(number)
        if licence is not None:
            found[number] = licence
    return tuple(found[number] for number in sorted(found))


def _covering(case: Case, line: CaseLine) -> tuple[Licence, ...]:
    codes = line.item.control_codes if line.item is not None else ()
    return () if case.exporter_id is None else case.references.licences_covering(case.exporter_id, codes, line.item_no)


def _days(case: Case) -> Iterator[date]:
    for line in case.lines:
        for licence in concerned(case, line):
            yield licence.valid_from
            if licence.valid_until < date.max:
                yield licence.valid_until + timedelta(days=1)
            for granted in licence.lines:
                yield from rate_days(case, line, granted.value.currency)
