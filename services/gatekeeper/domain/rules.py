"""The rules, flat: a case in, findings out. Adding a rule is adding one function and one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from services.gatekeeper.domain import feeds, lists, notices, prohibitions, recheck, splitting, statements
from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.catch_all import catch_all
from services.gatekeeper.domain.changed import changed_after_release
from services.gatekeeper.domain.missing import item_unclassified, missing_data
from services.gatekeeper.domain.orders_rules import order_reasons
from services.gatekeeper.domain.splitting import split_suspected
from services.gatekeeper.domain.unreadable import unreadable_references

Rule = Callable[[Case], Iterable[Finding]]


def licence_reasons(case: Case) -> Iterator[Finding]:
    """The reasons of the nearest licence, or NO_LICENCE, of each line that no licence fits (D3.6, plan.py)."""
    yield from case.licence_findings


SCENE_RULES: tuple[Rule, ...] = (
    prohibitions.prohibited,
    lists.undescribed_parties,
    statements.end_user_statements,
)
"""Rules that ask neither who a case is nor how much it asks for (scene.py)."""

CASE_RULES: tuple[Rule, ...] = (
    notices.stop_notices,
    lists.list_hits,
    licence_reasons,
    catch_all,
    split_suspected,
    changed_after_release,
    item_unclassified,
    order_reasons,
    missing_data,
    feeds.stale_feeds,
    unreadable_references,
)
RULES = (*SCENE_RULES, *CASE_RULES)

Dates = Callable[[Case], Iterable[datetime]]

SCENE_DATES: tuple[Dates, ...] = (
    prohibitions.next_dates,
    lists.next_dates,
    statements.next_dates,
    feeds.next_dates,
    recheck.next_dates,
    splitting.next_dates,
)
CASE_DATES: tuple[Dates, ...] = (notices.next_dates,)
"""When an answer may change by itself (D7.1), or might have: one line for each rule that knows dates."""
