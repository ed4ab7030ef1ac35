from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import (
    Feed,
    FxRate,
    Identifier,
    Licence,
    LicenceLine,
    Owner,
    RuleEntity,
    Scope,
    UnitFactor,
)
from services.gatekeeper.domain.rulebook import (
    apply_rule,
)
from services.gatekeeper.domain.terms import EVERYTHING, NOBODY, case_terms, merged, touched
from services.gatekeeper.domain.touches import touches_of
from services.gatekeeper.domain.vocabulary import LicenceStatus

from .examples import (
    NOW,
    control,
    entry,
    item,
    kgm,
    licence,
    line,
    notice,
    party,
    references,
    shipment_case,
    statement,
)


def _terms(rules: References, **of_the_line: Any) -> frozenset[str]:
    return case_terms(shipment_case(rules, line(rules, **of_the_line)), (), ())


def test_everything_touches_everything() -> None:
    change = apply_rule(references(), notice(scope=Scope(), everything=True), NOW)
    assert change.touches == EVERYTHING
    assert touched(change.touches, frozenset())
    assert not touched(NOBODY, {"open"})


def test_another_policy_touches_everybody() -> None:
    assert touches_of(Policy(1), Policy(2), references()) == EVERYTHING


def _touched(before: RuleEntity | None, after: RuleEntity, rules: References, terms: frozenset[str]) -> bool:
    return touched(touches_of(before, after, rules), terms)


def test_whom_a_licence_touches() -> None:
    rules = references(licence("L2", supersedes=("L1",)))
    terms = _terms(rules)
    assert _touched(None, licence("L9"), rules, terms)
    assert not _touched(None, licence("L9", exporter_id="E2"), rules, terms)
    assert _touched(None, licence("L9", exporter_id="E2"), rules, _terms(rules, licences=("L9",)))
    bolts = LicenceLine(1, (), ("STEEL-BOLT",), kgm("1"), licence().lines[0].value)
    assert not _touched(None, licence("L9", lines=(bolts,)), rules, terms)
    assert _touched(licence("L9"), licence("L9", lines=(bolts,)), rules, terms)
    by_name = _terms(rules, item_no="STEEL-BOLT", licences=("L1",))
    assert _touched(None, licence("L9", supersedes=("L2",), exporter_id="E2"), rules, by_name)


def _other(entity: Licence) -> Licence:
    return replace(entity, version=2, status=LicenceStatus.REVOKED)


def test_a_revocation_touches_who_draws_considers_or_plans() -> None:
    rules = references(licence("L5", exporter_id="E5"))
    case = shipment_case(rules)
    change = apply_rule(rules, _other(licence("L5", exporter_id="E5")), NOW)
    assert not touched(change.touches, case_terms(case, (), ()))
    assert touched(change.touches, case_terms(case, ("L5",), ()))
    assert touched(change.touches, case_terms(case, (), ("L5",)))


def test_whom_parties_items_controls_statements_and_rates_touch() -> None:
    rules = references()
    terms = _terms(rules, end_user_statements=("EUC-1",))
    assert _touched(None, party("ALPHA", "Another Name"), rules, terms)
    assert not _touched(None, party("GAMMA", "Gamma"), rules, terms)
    named = _terms(rules, parties={"end_user": PartyRef(name="New  Co.")})
    assert _touched(None, party("NEW", "New Co"), rules, named)
    assert _touched(party("NEW", "New Co"), party("NEW", "Old Co"), rules, named)
    assert _touched(None, item("SM-OXIDE"), rules, terms)
    assert _touched(None, control("1C902.b"), rules, terms)
    assert not _touched(None, control("1C902.c"), rules, terms)
    assert _touched(None, statement(), rules, terms)
    assert _touched(None, FxRate("R", 1, "USD", "EUR", Decimal(1), date(2026, 3, 1)), rules, terms)
    assert not _touched(None, FxRate("R", 1, "EUR", "USD", Decimal(1), date(2026, 3, 1)), rules, terms)


def test_whom_a_list_entry_touches() -> None:
    lei = Identifier("LEI", "5299")
    rules = references(
        replace(party(version=2), identifiers=(lei,)), party("KID", "Kid", owners=(Owner("ALPHA", Decimal(60)),))
    )
    terms = _terms(rules)
    assert _touched(None, entry("X", "alpha GMBH"), rules, terms)
    assert _touched(None, entry("X", "Other", identifiers=(lei,)), rules, terms)
    assert not _touched(None, entry("X", "Other"), rules, terms)
    assert _touched(None, entry("X", "Sinoway Forwarding"), rules, terms)
    assert _touched(None, entry(), rules, _terms(rules, parties={"end_user": PartyRef("KID")}))
    assert _touched(
        None, entry(), references(), _terms(references(), parties={"end_user": PartyRef(name="Alpha Gmbh")})
    )
    nobody = _terms(rules, parties={"end_user": PartyRef(name="Gamma-Trading")})
    assert _touched(None, entry("X", "Other", "GAMMA trading"), rules, nobody)
    assert _touched(None, entry("X", "Other", aliases=("GAMMA trading",)), rules, nobody)


def test_a_refreshed_feed_touches_whom_its_age_held() -> None:
    feed = Feed("CONTROL_LIST", 1, NOW - timedelta(hours=25), 100)
    rules = references(feed)
    case = replace(shipment_case(rules), policy=Policy(feed_max_age_hours={"CONTROL_LIST": 24}))
    assert _touched(feed, replace(feed, version=2), rules, case_terms(case, (), ()))
    fresh = references(replace(feed, as_of=NOW))
    assert not _touched(feed, feed, fresh, case_terms(replace(case, references=fresh), (), ()))


def test_a_thousand_small_changes_are_one_alternative() -> None:
    small = [(frozenset({f"item:I{n}"}),) for n in range(1_000)]
    pair = (frozenset({"exporter:E1"}), frozenset({"code:1C902"}))
    assert merged([*small, pair]) == ((frozenset(f"item:I{n}" for n in range(1_000)),), pair)
    assert merged([pair]) == (pair,)
    assert merged([pair, ()]) == EVERYTHING
    assert merged([]) == NOBODY


def test_a_scope_of_which_nothing_can_be_looked_up_touches_everybody_and_an_empty_one_nobody() -> None:
    """D6.2: a prefix of one digit beside a longer one too; D6.4: a lift of a notice that nobody knows."""
    rules = references()
    bolts = _terms(rules, item=item("STEEL-BOLT", hs_code="7318151090"), item_no="STEEL-BOLT")
    for prefixes in (("7",), ("2846", "7"), ("7", "2846")):
        assert _touched(None, notice(scope=Scope(hs_prefixes=prefixes)), rules, bolts)
    assert not _touched(None, notice(scope=Scope(hs_prefixes=("2846",))), rules, bolts)
    assert touches_of(None, notice(scope=Scope()), rules) == NOBODY


def test_a_notice_about_a_chapter_of_the_tariff_concerns_that_chapter_alone() -> None:
    """D6.2: two digits are the shortest prefix that can be looked up."""
    rules = references()
    bolts = _terms(rules, item=item("STEEL-BOLT", hs_code="7318151090"), item_no="STEEL-BOLT")
    assert _touched(None, notice(scope=Scope(hs_prefixes=("73",))), rules, bolts)
    assert not _touched(None, notice(scope=Scope(hs_prefixes=("28",))), rules, bolts)


def test_an_item_that_is_measured_as_before_concerns_nobody_in_whose_sums_it_counts() -> None:
    before = item("VALVE", family="valves", unit_factors=(UnitFactor("C62", kgm("2")),))
    counting = frozenset({"family:valves"})
    assert not _touched(before, replace(before, version=2, hs_code="7318"), references(), counting)
    assert _touched(before, replace(before, version=2, unit_factors=()), references(), counting)
