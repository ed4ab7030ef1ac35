"""What may not be exported at all, and which control codes are in force (D3.2; ECL 10, ECR 13)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime

from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.calendar import acts_on, window_instants
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.ceasing import ceases_on
from services.gatekeeper.domain.findings import found
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Control, Item
from services.gatekeeper.domain.vocabulary import ControlKind


def codes_in_force(item: Item, days: Collection[date], references: References) -> tuple[str, ...]:
    """The item's codes that act on one of `days`; a code that nobody has described is in force (D3.2)."""
    return tuple(code for code in item.control_codes if _in_force(references.control(code), days))


def code_dates(item: Item, references: References) -> Iterator[datetime]:
    """When a code of the item begins or ceases to act (D7.1)."""
    for code in item.control_codes:
        control = references.control(code)
        if control is not None:
            yield from window_instants(control.effective_from, control.effective_until, control.suspensions)


def prohibited(case: Case) -> Iterator[Finding]:
    """PROHIBITED: a code in force bars every export, this destination, this end use or this type of end user.

    A ban that takes effect while the goods are under way counts as well (D1.7): today is always among the days.
    """
    if not case.leaves_territory:
        return
    days = case.days_of_bans
    for line in case.lines:
        for code in dict.fromkeys(line.item.control_codes if line.item is not None else ()):
            control = case.references.control(code)
            if control is not None and _in_force(control, days) and (bans := _bans(control, case, line)):
                until = control.effective_until.isoformat() if control.effective_until is not None else None
                # The bans of a code that nobody has described yet have no known first day (D7.3).
                since = control.effective_from.isoformat() if control.effective_from > date.min else None
                ceases = ceases_on(case, control)
                detail = {
                    **bans,
                    "item_no": line.item_no,
                    "effective_from": since,
                    "effective_until": until,
                    "lifts_on": None if ceases is None else ceases.isoformat(),
                }
                yield found(Reason.PROHIBITED, detail, line_no=line.line_no, control_code=code)


def next_dates(case: Case) -> Iterator[datetime]:
    """When a code of one of the case's items begins or ceases to act (D7.1)."""
    if case.leaves_territory:
        for line in case.lines:
            if line.item is not None:
                yield from code_dates(line.item, case.references)


def _in_force(control: Control | None, days: Collection[date]) -> bool:
    if control is None:
        return True
    return any(acts_on(day, control.effective_from, control.effective_until, control.suspensions) for day in days)


def _bans(control: Control, case: Case, line: CaseLine) -> dict[str, str]:
    """What exactly is banned; empty: nothing."""
    bans = {"ban": "ITEM"} if control.kind is ControlKind.PROHIBITED else {}
    if line.destination is not None and line.destination in control.prohibited_destinations:
        bans["destination"] = line.destination
    if line.end_use is not None and line.end_use.code in control.prohibited_end_uses:
        bans["end_use"] = str(line.end_use.code)
    types = sorted(_end_user_types(case, line) & set(control.prohibited_end_user_types))
    if types:
        bans["end_user_type"] = ", ".join(types)
    return bans


def _end_user_types(case: Case, line: CaseLine) -> set[str]:
    end_user = line.parties.get("end_user")
    ids = case.references.resolve(end_user) if end_user is not None else frozenset[str]()
    parties = (case.references.party(party_id) for party_id in ids)
    return {kind for party in parties if party is not None for kind in party.types}
