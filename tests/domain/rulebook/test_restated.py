"""A licence version that counts a line in another unit or currency (D3.9, LICENCE_CONFLICT)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine
from services.gatekeeper.domain.rulebook import RuleOutcome, apply_rule, contradicted, restated_lines
from tests.domain.rulebook import examples

STORED = examples.licence()
LINE = STORED.lines[0]
TONNES = replace(LINE, quantity=Quantity(Decimal(1), "TNE"))
EUROS = replace(LINE, value=Money(Decimal(1), "EUR"))


def second(*lines: LicenceLine) -> Licence:
    later = STORED.authority_time + timedelta(days=1)
    return replace(STORED, version=2, authority_time=later, lines=lines)


def test_a_line_is_restated_by_another_unit_or_another_currency_and_by_no_other_amount() -> None:
    assert restated_lines(STORED, second(TONNES)) == (1,)
    assert restated_lines(STORED, second(EUROS)) == (1,)
    assert restated_lines(STORED, second(replace(LINE, quantity=examples.kgm("5")))) == ()
    assert restated_lines(STORED, second(LINE, replace(TONNES, line_no=2))) == ()
    assert restated_lines(STORED, second()) == ()


def test_a_line_that_an_announced_version_drops_is_still_counted_as_it_was_issued() -> None:
    narrowed = replace(STORED, lines=(), as_issued=STORED)
    assert restated_lines(narrowed, second(TONNES)) == (1,)


def test_the_stored_version_stays_in_conflict_until_one_that_is_newer_than_both() -> None:
    rules, restated = examples.references(), second(TONNES)
    change = contradicted(rules, STORED, restated, (1,))
    row = change.entity
    assert change.outcome is RuleOutcome.CONFLICT
    assert row == replace(STORED, conflict=True, authority_time=restated.authority_time, restated=(1,))
    assert isinstance(row, Licence)
    assert contradicted(rules, row, restated, (1,)).outcome is RuleOutcome.STALE
    after = rules.with_changes(2, [row])
    third = replace(second(LINE), version=3)
    still = apply_rule(after, third, examples.NOW).entity
    ended = apply_rule(after, replace(third, authority_time=row.authority_time + timedelta(1)), examples.NOW).entity
    assert isinstance(still, Licence)
    assert isinstance(ended, Licence)
    assert (still.conflict, still.restated) == (True, (1,))
    assert (ended.conflict, ended.restated) == (False, ())
