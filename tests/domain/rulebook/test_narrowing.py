"""What a version dated ahead makes worse acts at once, and nothing that it grants does (D7.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.gatekeeper.domain.ahead import worse_at_once
from services.gatekeeper.domain.quantity import Money, Quantity
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Item, Licence, LicenceLine, PeriodLimit
from services.gatekeeper.domain.rulebook import RuleOutcome, apply_rule, narrow_rule
from services.gatekeeper.domain.terms import NOBODY
from services.gatekeeper.domain.vocabulary import Classification, LicenceType, Period
from services.gatekeeper.store.codec import dump, load
from tests.domain.rulebook import examples
from tests.domain.rulebook.examples import kgm

LIMIT = PeriodLimit(1, kgm("200"), Period.CALENDAR_MONTH)
OTHER = PeriodLimit(1, kgm("50"), Period.DAY)
LINE = examples.licence().lines[0]


def narrowed(stored: Licence, **changes: Any) -> Licence | None:
    """`stored` after its second version, which differs in `changes`, was announced."""
    row = worse_at_once(replace(stored, version=2, **changes), stored)
    assert row is None or isinstance(row, Licence)
    return row


@pytest.mark.parametrize(
    ("field", "stored", "new", "expected"),
    [
        ("end_users", ("ALPHA", "BETA"), ("BETA", "GAMMA"), ("BETA",)),
        ("end_uses", ("CIVIL_MRI", "WIND"), ("WIND",), ("WIND",)),
        ("destinations", ("DE", "FR"), ("JP",), ()),
        ("importers", (), ("ALPHA",), ("ALPHA",)),
        ("importers", ("ALPHA", "BETA"), ("BETA",), ("BETA",)),
        ("consignees", (), ("ALPHA",), ("ALPHA",)),
        ("prohibited_transit", ("SG",), ("AE",), ("SG", "AE")),
        ("valid_from", date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 9)),
        ("valid_until", date(2026, 8, 31), date(2026, 6, 30), date(2026, 6, 30)),
        ("max_uses", 3, 1, 1),
        ("max_uses", None, 2, 2),
        ("lapses_on_completion", False, True, True),
        ("answers_notices", ("N1", "N2"), ("N2",), ("N2",)),
        ("risk_report_on_file", True, False, False),
        ("undertaking_on_file", True, False, False),
        ("period_limits", (LIMIT,), (OTHER,), (LIMIT, OTHER)),
    ],
)
def test_what_a_licence_will_grant_less_it_grants_less_at_once(
    field: str, stored: Any, new: Any, expected: Any
) -> None:
    before = examples.licence(**{field: stored})
    changed: dict[str, Any] = {field: expected}
    assert narrowed(before, **{field: new}) == replace(before, as_issued=before, **changed)


@pytest.mark.parametrize(
    ("field", "stored", "new"),
    [
        ("end_users", ("ALPHA",), ("BETA", "ALPHA")),
        ("importers", ("ALPHA",), ()),
        ("consignees", ("ALPHA",), ("ALPHA", "BETA")),
        ("prohibited_transit", ("SG",), ()),
        ("valid_from", date(2026, 3, 1), date(2026, 2, 1)),
        ("valid_until", date(2026, 8, 31), date(2026, 12, 31)),
        ("max_uses", 1, None),
        ("lapses_on_completion", True, False),
        ("risk_report_on_file", False, True),
        ("period_limits", (LIMIT,), ()),
        ("supersedes", (), ("L0",)),
        ("type", LicenceType.INDIVIDUAL, LicenceType.GENERAL),
        ("lines", (LINE,), (LINE, replace(LINE, line_no=2))),
        ("lines", (LINE,), (replace(LINE, quantity=kgm("2000"), value=Money(Decimal(9_000_000), "USD")),)),
    ],
)
def test_what_a_licence_will_grant_more_waits(field: str, stored: Any, new: Any) -> None:
    assert narrowed(examples.licence(**{field: stored}), **{field: new}) is None


@pytest.mark.parametrize("field", ["importers", "consignees"])
def test_a_licence_for_other_parties_alone_fits_nobody_meanwhile(field: str) -> None:
    parties: dict[str, Any] = {field: ("ALPHA",)}
    before = examples.licence(**parties)
    after = narrowed(before, **{field: ("BETA",)})
    assert after is not None
    assert (after.end_users, getattr(after, field)) == ((), ("ALPHA",))


def test_a_licence_of_another_exporter_fits_nobody_meanwhile() -> None:
    after = narrowed(examples.licence(), exporter_id="E2")
    assert after is not None
    assert (after.end_users, after.exporter_id) == ((), "E1")


def test_a_licence_that_will_be_of_another_kind_no_longer_shows_care() -> None:
    after = narrowed(examples.licence(risk_report_on_file=True, undertaking_on_file=True), type=LicenceType.GENERAL)
    assert after is not None
    assert (after.risk_report_on_file, after.undertaking_on_file) == (False, False)
    assert after.type is LicenceType.INDIVIDUAL


def test_a_successor_that_begins_later_is_valid_on_no_day_and_keeps_its_place() -> None:
    before = examples.licence(supersedes=("L0",))
    after = narrowed(before, valid_from=before.valid_from + timedelta(days=9))
    assert after is not None
    assert (after.valid_from, after.valid_until) == (date(2026, 3, 1), date(2026, 2, 28))
    shorter = narrowed(before, valid_until=date(2026, 6, 30))
    assert shorter is not None
    assert (shorter.valid_from, shorter.valid_until) == (date(2026, 3, 1), date(2026, 6, 30))


def line_after(stored: LicenceLine, **changes: Any) -> LicenceLine | None:
    """The line of a licence after a version with another line was announced; None when it is dropped."""
    before = examples.licence(lines=(stored,))
    after = narrowed(before, lines=(replace(stored, **changes),)) or before
    return after.lines[0] if after.lines else None


@pytest.mark.parametrize(
    ("codes", "items", "new_codes", "new_items", "expected"),
    [
        (("A", "B"), (), ("B", "C"), (), (("B",), ())),
        (("A",), (), ("B",), (), None),
        (("A",), (), ("A",), ("X",), (("A",), ("X",))),
        (("A",), (), (), ("X",), (("A",), ("X",))),
        ((), ("X", "Y"), (), ("Y",), ((), ("Y",))),
        ((), ("X",), (), ("Y",), None),
        (("A",), (), (), (), None),
        ((), (), ("A",), (), ((), ())),
    ],
)
def test_a_line_covers_what_both_versions_cover(
    codes: tuple[str, ...],
    items: tuple[str, ...],
    new_codes: tuple[str, ...],
    new_items: tuple[str, ...],
    expected: tuple[object, object] | None,
) -> None:
    stored = replace(LINE, control_codes=codes, item_nos=items)
    after = line_after(stored, control_codes=new_codes, item_nos=new_items)
    assert (None if after is None else (after.control_codes, after.item_nos)) == expected


def test_a_line_that_the_new_version_lacks_goes_at_once() -> None:
    second = replace(LINE, line_no=2)
    after = narrowed(examples.licence(lines=(LINE, second)), lines=(second,))
    assert after is not None
    assert after.lines == (second,)


@pytest.mark.parametrize(
    ("quantity", "tolerance", "expected"),
    [
        (kgm("400"), "0", (kgm("400"), "0")),
        (kgm("990"), "5", (kgm("1000"), "0")),
        (kgm("900"), "5", (kgm("900"), "5")),
        (kgm("800"), "25", (kgm("1000"), "0")),
        (Quantity(Decimal("0.4"), "TNE"), "0", (kgm("400"), "0")),
        (Quantity(Decimal("2"), "TNE"), "0", (kgm("1000"), "0")),
        (Quantity(Decimal("1"), "MTQ"), "0", (kgm("1000"), "0")),
    ],
)
def test_the_lower_cap_counts_with_its_tolerance_in_the_unit_that_stands(
    quantity: Quantity, tolerance: str, expected: tuple[Quantity, str]
) -> None:
    after = line_after(LINE, quantity=quantity, tolerance_percent=Decimal(tolerance))
    assert after is not None
    assert (after.quantity, after.tolerance_percent) == (expected[0], Decimal(expected[1]))


@pytest.mark.parametrize(("value", "lower"), [("100 USD", True), ("200000 USD", False), ("100 EUR", False)])
def test_the_lower_value_counts_in_one_currency(value: str, lower: bool) -> None:
    amount, currency = value.split()
    after = line_after(LINE, value=Money(Decimal(amount), currency))
    assert after is not None
    assert after.value == (Money(Decimal(amount), currency) if lower else LINE.value)


CONTROLLED, FREE = Classification.CONTROLLED, Classification.NOT_CONTROLLED
UNJUDGED, PENDING = Classification.UNCLASSIFIED, Classification.CONSULTATION_PENDING


@pytest.mark.parametrize(
    ("stored", "codes", "new", "new_codes", "expected"),
    [
        (FREE, (), CONTROLLED, ("A",), (CONTROLLED, ("A",))),
        (FREE, (), CONTROLLED, (), (CONTROLLED, ())),
        (FREE, ("A",), CONTROLLED, (), (UNJUDGED, ("A",))),
        (FREE, (), UNJUDGED, (), (UNJUDGED, ())),
        (CONTROLLED, ("A",), CONTROLLED, (), (UNJUDGED, ("A",))),
        (CONTROLLED, (), UNJUDGED, (), (UNJUDGED, ())),
        (CONTROLLED, ("A",), PENDING, (), (PENDING, ("A",))),
        (CONTROLLED, ("A",), CONTROLLED, ("B",), (CONTROLLED, ("A", "B"))),
        (CONTROLLED, ("A",), FREE, ("B",), (CONTROLLED, ("A", "B"))),
        (CONTROLLED, (), CONTROLLED, ("A",), (UNJUDGED, ("A",))),
        (CONTROLLED, ("A", "B"), CONTROLLED, ("A",), None),
        (CONTROLLED, ("A",), FREE, (), None),
        (UNJUDGED, (), PENDING, (), None),
        (UNJUDGED, (), CONTROLLED, (), None),
    ],
)
def test_an_item_is_judged_by_the_worse_classification_and_all_codes(
    stored: Classification,
    codes: tuple[str, ...],
    new: Classification,
    new_codes: tuple[str, ...],
    expected: tuple[Classification, tuple[str, ...]] | None,
) -> None:
    before = examples.item(classification=stored, control_codes=codes)
    announced = replace(before, version=2, classification=new, control_codes=new_codes, hs_code="1", family="f")
    row = worse_at_once(announced, before)
    if expected is None:
        assert row is None
    else:
        assert row == replace(before, classification=expected[0], control_codes=expected[1])


def test_a_statement_vouches_for_what_both_versions_say() -> None:
    before = examples.statement(end_uses=("CIVIL_MRI", "WIND"))
    sooner = replace(before, version=2, end_uses=("WIND", "SOLAR"), valid_until=date(2026, 6, 30))
    assert worse_at_once(sooner, before) == replace(before, end_uses=("WIND",), valid_until=date(2026, 6, 30))
    assert worse_at_once(replace(before, version=2, end_user="BETA"), before) == replace(before, end_uses=())
    assert worse_at_once(replace(before, version=2, valid_until=date(2030, 1, 1)), before) is None


def test_what_will_be_ignored_and_what_nothing_stands_for_makes_nothing_worse() -> None:
    stored = examples.licence(version=2)
    none: dict[str, Any] = {"destinations": ()}
    assert worse_at_once(replace(stored, version=3, **none), None) is None
    assert worse_at_once(replace(stored, version=2, **none), stored) is None
    earlier = stored.authority_time - timedelta(seconds=1)
    assert worse_at_once(replace(stored, version=3, authority_time=earlier, **none), stored) is None
    assert worse_at_once(replace(examples.party(), version=2, country="FR"), examples.party()) is None


def test_a_narrowed_licence_touches_both_and_is_compared_as_it_was_issued() -> None:
    stored = replace(examples.licence(), destinations=("DE", "FR"))
    rules = examples.references(stored)
    announced = replace(stored, version=2, destinations=("DE",), authority_time=stored.authority_time)
    change = narrow_rule(rules, announced, examples.NOW)
    assert change.outcome is RuleOutcome.APPLIED
    assert change.touches != NOBODY
    after = rules.with_changes(2, [change.entity])
    assert isinstance(change.entity, Licence)
    assert load(Licence, dump(change.entity)) == change.entity
    assert apply_rule(after, stored, examples.NOW).outcome is RuleOutcome.STALE
    assert apply_rule(after, replace(stored, max_uses=9), examples.NOW).outcome is RuleOutcome.CONFLICT
    assert apply_rule(after, announced, examples.NOW).entity == announced
    again = narrow_rule(after, replace(announced, version=3, end_uses=()), examples.NOW)
    assert isinstance(again.entity, Licence)
    assert again.entity.as_issued == stored


def test_nothing_to_narrow_is_stale() -> None:
    first = narrow_rule(References.empty(), examples.item(), examples.NOW)
    assert (first.outcome, first.entity, first.before) == (RuleOutcome.STALE, examples.item(), None)
    announced = Item("SM-OXIDE", 2, Classification.CONTROLLED, ("1C902.b",))
    change = narrow_rule(examples.references(), announced, examples.NOW)
    assert (change.outcome, change.touches) == (RuleOutcome.STALE, NOBODY)
    assert change.entity == change.before == examples.references().item("SM-OXIDE")
