"""A licence version that counts a line in another unit or currency (D3.9, LICENCE_CONFLICT)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.restated import as_counted_now, restated_lines
from services.gatekeeper.domain.rule_entities import Licence, LicenceLine
from services.gatekeeper.domain.rulebook import RuleOutcome, apply_rule, contradicted
from services.gatekeeper.domain.vocabulary import Balance
from tests.domain.rulebook import examples

STORED = examples.licence()
LINE = STORED.lines[0]
TONNES = replace(LINE, quantity=Quantity(Decimal(1), "TNE"))
EUROS = replace(LINE, value=Money(Decimal(1), "EUR"))
ONE, NOTHING = Decimal(1), Decimal(0)
BARRED = replace(LINE, quantity=examples.kgm("0"), value=Money(NOTHING, LINE.value.currency))
"""The line as it stands beside what is drawn: nothing of it is granted."""


def second(*lines: LicenceLine) -> Licence:
    later = STORED.authority_time + timedelta(days=1)
    return replace(STORED, version=2, authority_time=later, lines=lines)


def account(balance: LineBalance) -> LicenceAccount:
    counted = replace(balance, unit=LINE.quantity.unit, currency=LINE.value.currency)
    return LicenceAccount(STORED.licence_no, {1: counted})


@pytest.mark.parametrize(
    "drawn",
    [
        LineBalance(1, reserved=ONE),
        LineBalance(1, consumed=ONE),
        LineBalance(1, value_reserved=ONE),
        LineBalance(1, value_consumed=ONE),
    ],
)
def test_a_drawn_line_is_restated_by_another_unit_or_currency_and_by_no_other_amount(drawn: LineBalance) -> None:
    for changed in (TONNES, EUROS):
        assert restated_lines(account(drawn), second(changed)) == (BARRED,)
    assert restated_lines(account(drawn), second(replace(LINE, quantity=examples.kgm("5")))) == ()
    assert restated_lines(account(drawn), second(LINE, replace(TONNES, line_no=2))) == ()
    assert restated_lines(account(drawn), second()) == ()


def test_a_line_on_which_nothing_stands_any_more_may_be_counted_in_another_unit() -> None:
    assert restated_lines(account(LineBalance(1)), second(TONNES, EUROS)) == ()
    assert restated_lines(LicenceAccount("L1"), second(TONNES)) == ()


def test_what_is_drawn_in_an_unknown_unit_is_restated_by_every_unit() -> None:
    unknown = LicenceAccount("L1", {1: LineBalance(1, reserved=ONE)})
    (restated,) = restated_lines(unknown, second(LINE))
    assert restated.line_no == 1


def test_an_empty_reservation_goes_back_in_the_unit_that_its_line_has_by_now() -> None:
    """D4.1: what shipments took whole reserves nothing, but knows where it goes back to."""
    rules = examples.references().with_changes(2, [second(replace(TONNES, line_no=2), replace(EUROS, line_no=3))])
    nothing = Draw(1, "L1", 2, Quantity(Decimal(0), "KGM"), Money(Decimal(0), "USD"), Balance.RESERVED)
    counted = as_counted_now(nothing, rules)
    assert counted == replace(nothing, quantity=Quantity(Decimal(0), "TNE"))
    assert as_counted_now(replace(nothing, licence_line=3), rules).value == Money(Decimal(0), "EUR")
    gone = (replace(nothing, licence_line=1), replace(nothing, licence_no="L9"))
    drawn = (replace(nothing, quantity=examples.kgm("1")), replace(nothing, value=Money(ONE, "USD")))
    for draw in (*gone, *drawn):
        assert as_counted_now(draw, rules) == draw


def test_the_stored_version_stays_in_conflict_until_one_that_is_newer_than_both() -> None:
    rules, restated = examples.references(), second(TONNES)
    change = contradicted(rules, STORED, restated, (BARRED,))
    row = change.entity
    assert change.outcome is RuleOutcome.CONFLICT
    assert row == replace(STORED, conflict=True, authority_time=restated.authority_time, restated=(1,))
    assert isinstance(row, Licence)
    assert contradicted(rules, row, restated, (BARRED,)).outcome is RuleOutcome.STALE
    after = rules.with_changes(2, [row])
    third = replace(second(LINE), version=3)
    still = apply_rule(after, third, examples.NOW).entity
    ended = apply_rule(after, replace(third, authority_time=row.authority_time + timedelta(1)), examples.NOW).entity
    assert isinstance(still, Licence)
    assert isinstance(ended, Licence)
    assert (still.conflict, still.restated) == (True, (1,))
    assert (ended.conflict, ended.restated) == (False, ())


def test_a_dropped_line_stands_in_the_conflict_and_grants_nothing() -> None:
    rules, dropped = examples.references(), second(replace(LINE, line_no=2))
    row = contradicted(rules, dropped, second(TONNES), (BARRED,)).entity
    assert isinstance(row, Licence)
    assert (row.conflict, row.restated, row.lines) == (True, (1,), (*dropped.lines, BARRED))
    assert contradicted(rules, row, second(TONNES), (BARRED,)).outcome is RuleOutcome.STALE
