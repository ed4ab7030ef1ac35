"""Corners of the rulebook that no trading day meets often: blanks, duplicates, chains that bite their tail."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from services.gatekeeper.domain.catch_all import catch_all
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.lists import list_hits, undescribed_parties
from services.gatekeeper.domain.parties import PARTIES_REMEMBERED_MAX, known
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import Quantity, convert
from services.gatekeeper.domain.references import References, UnreadableRule
from services.gatekeeper.domain.rule_entities import Identifier, UnitFactor
from services.gatekeeper.domain.rulebook import RuleOutcome, apply_rule, unreadable_touches
from services.gatekeeper.domain.terms import NOBODY, touched
from services.gatekeeper.domain.touches import touches_of
from services.gatekeeper.domain.unreadable import unreadable_references
from services.gatekeeper.domain.vocabulary import RuleKind

from .examples import NOW, draw, entry, licence, line, notice, party, reasons, references, shipment_case, subjects


def test_a_broken_event_without_a_key_stops_releases_and_is_about_nobody() -> None:
    nameless = UnreadableRule("q-1", "?", None, None)
    rules = references().with_changes(2, [], [nameless])
    assert rules.unreadable_stops() == (nameless,)
    assert rules.unreadable_for(RuleKind.ITEM, "SM-OXIDE") == ()
    assert unreadable_touches(replace(nameless, kind=RuleKind.ITEM), rules) == NOBODY


def test_an_identifier_without_a_value_names_nobody() -> None:
    blank = (Identifier("LEI", " - "),)
    rules = references(party(identifiers=blank), entry("CL-1", "Somebody Else", identifiers=blank))
    assert rules.parties_identified("LEI", " - ") == frozenset()
    assert known(PartyRef("ALPHA"), rules).entries == ()


def test_one_of_two_that_share_a_name_loses_it_and_the_other_keeps_it() -> None:
    rules = references(party("ALPHA", "Alpha GmbH"), party("ALPHA-2", "Alpha GmbH"))
    renamed = rules.with_changes(9, [party("ALPHA-2", "Beta AG", version=2)])
    assert renamed.parties_named("alpha gmbh") == frozenset({"ALPHA"})


def test_a_lower_version_of_a_licence_changes_nothing() -> None:
    rules = references(licence(version=3))
    assert apply_rule(rules, licence(version=2), NOW).outcome is RuleOutcome.STALE


def test_licences_that_supersede_each_other_are_touched_once() -> None:
    rules = references(licence("L1", supersedes=("L2",)), licence("L2", supersedes=("L1",)))
    touches = touches_of(None, licence("L1", supersedes=("L2", "L2")), rules)
    assert touched(touches, {"licence:L2"})


def test_a_broken_event_about_something_known_touches_those_that_it_concerns() -> None:
    rules = references(licence("L1"))
    broken = UnreadableRule("q-1", "L1", RuleKind.LICENCE, "L1")
    assert touched(unreadable_touches(broken, rules), {"licence:L1"})


def test_a_broken_rate_holds_what_was_valued_by_it() -> None:
    rules = references().with_changes(2, [], [UnreadableRule("q-1", "EUR", RuleKind.FX_RATE, "EUR-USD")])
    case = shipment_case(rules, line(rules), planned=(replace(draw(), rate_id="EUR-USD"),))
    assert reasons(unreadable_references(case)) == ["EVENT_UNREADABLE"]
    assert reasons(unreadable_references(replace(case, planned=(draw(),)))) == []


def test_a_factor_of_nothing_converts_nothing() -> None:
    nothing = (UnitFactor("C62", Quantity(Decimal(0), "KGM")),)
    assert convert(Quantity(Decimal(5), "C62"), "KGM", nothing) is None


def test_who_is_listed_twice_in_a_role_is_one_hit_and_undescribed_exporters_are_no_partys_matter() -> None:
    rules = references(entry("CL-1", "Alpha GmbH"))
    other = {"end_user": PartyRef(name="Alpha GmbH"), "importer": PartyRef("ALPHA")}
    case = shipment_case(rules, line(rules, 1), line(rules, 2, parties=other), exporter_id="E9")
    hits = [subject for _, subject in subjects(list_hits(case))]
    assert hits.count({"entry_id": "CL-1", "role": "end_user"}) == 1
    assert reasons(undescribed_parties(case)) == []


def test_what_was_looked_up_of_parties_is_forgotten_before_it_grows_without_bound() -> None:
    rules = references(notice())
    one = known(PartyRef("ALPHA"), rules)
    rules.known_parties.update((PartyRef(str(number)), one) for number in range(PARTIES_REMEMBERED_MAX - 1))
    assert known(PartyRef("BETA"), rules).ids == frozenset({"BETA"})
    assert len(rules.known_parties) == 1


def test_an_empty_rulebook_knows_nobody() -> None:
    assert References.empty().parties_named("Alpha GmbH") == frozenset()
    assert References.empty().rules_version == 0


def test_of_several_parties_of_concern_that_a_name_may_mean_the_first_is_told() -> None:
    rules = references(party("GAMMA-2", "Gamma"), party("GAMMA-1", "Gamma"), party("GAMMA-3", "Gamma"))
    policy = Policy(catch_all_parties=("GAMMA-3", "GAMMA-1", "GAMMA-2"))
    bolts = line(rules, item_no="STEEL-BOLT", parties={"end_user": PartyRef(name="Gamma")})
    (found,) = catch_all(shipment_case(rules, bolts, policy=policy))
    assert (found.detail["party"], found.detail["role"]) == ("GAMMA-1", "end_user")


def test_of_two_names_that_are_equally_alike_the_first_is_told() -> None:
    """D5.1."""
    rules = references(party("MANY", "Alpha GmbX", aliases=("Alpha GmbY",)), entry("X", "Alpha GmbH"))
    parties = {"end_user": PartyRef("MANY")}
    case = shipment_case(rules, line(rules, parties=parties), policy=Policy(name_match_threshold=60))
    (found,) = list_hits(case)
    assert (found.detail["name"], found.detail["score"]) == ("Alpha GmbX", "90.0")


@dataclass
class Named:
    first: str
    second: str
    third: str = field(default="", kw_only=True)


@dataclass
class Told:
    first: str
    second: str
    third: str = field(default="", init=False)


def test_a_copy_is_made_of_what_is_given_by_its_place_alone() -> None:
    for value in (Named("a", "b"), Told("a", "b")):
        with pytest.raises(TypeError, match="no dataclass of two or more plain fields"):
            evolve(value, first="c")


def test_a_line_of_concern_is_found_behind_one_of_none() -> None:
    rules = references()
    policy = Policy(catch_all_end_uses=("CIVIL_MRI",))
    case = shipment_case(rules, line(rules), line(rules, 2, "STEEL-BOLT"), policy=policy)
    assert subjects(catch_all(case)) == [("CATCH_ALL", {"line_no": 2})]


def test_a_role_is_asked_for_once_however_many_in_it_nobody_described() -> None:
    """D3.4."""
    rules = references()
    two = (line(rules, number, parties={"end_user": PartyRef(f"GHOST-{number}")}) for number in (1, 2))
    assert reasons(undescribed_parties(shipment_case(rules, *two))) == ["MISSING_DATA"]
