"""What a version dated ahead makes worse: it acts at once on the version that stands (D7.3). Pure.

Each function gives the stored version with whatever the new one takes away, and with nothing that it grants.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import TypeVar

from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.quantity import Quantity, convert, to_decimal
from services.gatekeeper.domain.rule_entities import Item, Licence, LicenceLine, Statement
from services.gatekeeper.domain.vocabulary import Classification

Value = TypeVar("Value")


def narrowed_licence(stored: Licence, new: Licence) -> Licence:
    """`stored` with its own version and times, granting only what `new` grants too.

    Where the fields can't say that, it fits nobody: another exporter, disjoint importers or consignees (an empty list
    there doesn't limit). One that took another's place and is to begin later keeps that place and is valid on no day.
    """
    importers, consignees = _both(stored.importers, new.importers), _both(stored.consignees, new.consignees)
    nobody = new.exporter_id != stored.exporter_id or importers is None or consignees is None
    valid_from, valid_until = _narrowed_days(stored, new)
    same_type = new.type is stored.type
    return evolve(
        stored,
        end_users=() if nobody else _common(stored.end_users, new.end_users),
        end_uses=_common(stored.end_uses, new.end_uses),
        destinations=_common(stored.destinations, new.destinations),
        importers=stored.importers if importers is None else importers,
        consignees=stored.consignees if consignees is None else consignees,
        prohibited_transit=_union(stored.prohibited_transit, new.prohibited_transit),
        valid_from=valid_from,
        valid_until=valid_until,
        max_uses=_least(stored.max_uses, new.max_uses),
        lapses_on_completion=stored.lapses_on_completion or new.lapses_on_completion,
        answers_notices=_common(stored.answers_notices, new.answers_notices),
        risk_report_on_file=stored.risk_report_on_file and new.risk_report_on_file and same_type,
        undertaking_on_file=stored.undertaking_on_file and new.undertaking_on_file and same_type,
        lines=tuple(_narrowed_lines(stored, new)),
        period_limits=_union(stored.period_limits, new.period_limits),
    )


def _narrowed_days(stored: Licence, new: Licence) -> tuple[date, date]:
    until = min(stored.valid_until, new.valid_until)
    if new.valid_from <= stored.valid_from:
        return stored.valid_from, until
    if not stored.supersedes:
        return new.valid_from, until
    return stored.valid_from, min(until, stored.valid_from - timedelta(days=1))


def _narrowed_lines(stored: Licence, new: Licence) -> Iterator[LicenceLine]:
    lines = {line.line_no: line for line in new.lines}
    for line in stored.lines:
        narrowed = _narrowed_line(line, lines[line.line_no]) if line.line_no in lines else None
        if narrowed is not None:
            yield narrowed


def _narrowed_line(stored: LicenceLine, new: LicenceLine) -> LicenceLine | None:
    """None: nothing that both cover. A line without codes and items covers nothing (D3.4)."""
    codes, items = _both(stored.control_codes, new.control_codes), _both(stored.item_nos, new.item_nos)
    if codes is None or items is None or not (new.control_codes or new.item_nos):
        return None
    if not (stored.control_codes or stored.item_nos):
        return stored
    value = stored.value
    if new.value.currency == value.currency and new.value.amount < value.amount:
        value = new.value
    return evolve(_narrowed_quantity(stored, new), control_codes=codes, item_nos=items, value=value)


def _narrowed_quantity(stored: LicenceLine, new: LicenceLine) -> LicenceLine:
    """The line with the lower cap, tolerance included, in its own unit; what can't be compared stays (D3.9)."""
    same_unit = new.quantity.unit == stored.quantity.unit
    given = Fraction(new.quantity.value) if same_unit else convert(new.quantity, stored.quantity.unit)
    if given is None:
        return stored
    caps = [
        amount * (100 + Fraction(line.tolerance_percent))
        for amount, line in ((Fraction(stored.quantity.value), stored), (given, new))
    ]
    if caps[0] <= caps[1]:
        return stored
    quantity = new.quantity if same_unit else Quantity(to_decimal(given), stored.quantity.unit)
    return evolve(stored, quantity=quantity, tolerance_percent=new.tolerance_percent)


def narrowed_item(stored: Item, new: Item) -> Item:
    """`stored` with the worse classification and the codes of both; its unit factors and HS code wait.

    CONTROLLED without a code is worse than with one, since no licence fits it: codes of the other version don't mend
    that, the item is then UNCLASSIFIED until the new version's time.
    """
    codes = _union(stored.control_codes, new.control_codes)
    worse = max(stored, new, key=_severity)
    unlicensable = worse.classification is Classification.CONTROLLED and not worse.control_codes and codes
    classification = Classification.UNCLASSIFIED if unlicensable else worse.classification
    return evolve(stored, classification=classification, control_codes=codes)


def _severity(item: Item) -> int:
    """How far an item is from moving freely; of equals `max` keeps the first."""
    if item.classification is Classification.NOT_CONTROLLED:
        return 0
    if item.classification is Classification.CONTROLLED:
        return 1 if item.control_codes else 2
    return 3


def narrowed_statement(stored: Statement, new: Statement) -> Statement:
    """`stored` for the end uses of both, until the earlier day; of another end user it vouches for nothing."""
    same_end_user = new.end_user == stored.end_user
    return evolve(
        stored,
        end_uses=_common(stored.end_uses, new.end_uses) if same_end_user else (),
        valid_until=min(stored.valid_until, new.valid_until),
    )


def _common(stored: tuple[Value, ...], new: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(value for value in stored if value in new)


def _union(stored: tuple[Value, ...], new: tuple[Value, ...]) -> tuple[Value, ...]:
    return (*stored, *(value for value in new if value not in stored))


def _both(stored: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...] | None:
    """What both allow where an empty list doesn't limit; None: nothing."""
    if not (stored and new):
        return stored or new
    return _common(stored, new) or None


def _least(stored: int | None, new: int | None) -> int | None:
    return min((limit for limit in (stored, new) if limit is not None), default=None)
