"""Owners on a list (D5.3), findings of mistaken identity (D5.5), moves between lists (D5.4), and what was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.gatekeeper.domain import parties, screening
from services.gatekeeper.domain.aggregates import Finding
from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.lists import list_hits, next_dates
from services.gatekeeper.domain.ownership import Holding, owners_of
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.read import references_read
from services.gatekeeper.domain.references import References, UnreadableRule
from services.gatekeeper.domain.rule_entities import (
    Evidence,
    MistakenIdentity,
    Owner,
    Party,
    RuleEntity,
    mistaken_identity_key,
)
from services.gatekeeper.domain.rulebook import RuleOutcome, apply_rule, boundaries, unreadable_touches
from services.gatekeeper.domain.terms import case_terms, touched
from services.gatekeeper.domain.touches import entity_touches, touches_of
from services.gatekeeper.domain.unreadable import unreadable_references
from services.gatekeeper.domain.vocabulary import ListName, RuleKind

from .examples import NOW, entry, line, party, reasons, references, shipment_case

HALF = Policy(ownership_percent=Decimal(50))
BOSS = entry("BOSS-1", "Boss Holding")


def owned(party_id: str, *owners: tuple[str, str], **changes: Any) -> Party:
    held = tuple(Owner(owner, Decimal(percent)) for owner, percent in owners)
    return party(party_id, f"{party_id} Company", owners=held, **changes)


def _hits(*entities: RuleEntity, ref: PartyRef | None = None, policy: Policy = HALF) -> list[Finding]:
    rules = references(party("BOSS", "Boss Holding"), *entities)
    roles = {"importer": PartyRef("BETA"), "end_user": ref or PartyRef("KID")}
    return list(list_hits(shipment_case(rules, line(rules, parties=roles), policy=policy)))


# D5.3


@pytest.mark.parametrize(("percent", "reached"), [("50", True), ("49.99", False), ("100", True)])
def test_a_listed_owner_reaches_the_party_from_the_share_that_policy_names(percent: str, reached: bool) -> None:
    found = _hits(owned("KID", ("BOSS", percent)), BOSS)
    assert reasons(found) == (["PARTY_REVIEW"] if reached else [])
    if reached:
        assert dict(found[0].subject) == {"entry_id": "BOSS-1", "role": "end_user"}
        told = {key: found[0].detail[key] for key in ("matched_by", "party", "owner", "percent", "listed_name")}
        assert told == {"matched_by": "OWNERSHIP", "party": "KID", "owner": "BOSS", "percent": percent,
                        "listed_name": "Boss Holding"}  # fmt: skip
        assert "through" not in found[0].detail


def test_ownership_is_off_unless_policy_says_so() -> None:
    assert not _hits(owned("KID", ("BOSS", "100")), BOSS, policy=Policy())


def test_an_owner_reaches_through_any_number_of_hands_when_every_share_is_large_enough() -> None:
    middle = (owned("M1", ("M2", "60")), owned("M2", ("BOSS", "75.50")))
    [found] = _hits(owned("KID", ("M1", "51")), *middle, BOSS)
    assert (found.detail["owner"], found.detail["percent"], found.detail["through"]) == ("BOSS", "75.5", "M2, M1")
    weak = owned("M2", ("BOSS", "49"))
    assert not _hits(owned("KID", ("M1", "51")), middle[0], weak, BOSS)


def test_owners_who_own_one_another_come_to_an_end() -> None:
    rules = references(
        owned("A", ("B", "60"), ("C", "60")), owned("B", ("A", "60"), ("C", "70")), owned("C", ("C", "99"))
    )
    assert owners_of(("A",), Decimal(50), rules) == (Holding("B", Decimal(60)), Holding("C", Decimal(60)))
    assert owners_of(("C",), Decimal(50), rules) == ()
    assert owners_of(("NOBODY",), Decimal(50), rules) == ()


def test_a_party_that_is_listed_itself_holds_as_its_list_does() -> None:
    found = _hits(owned("KID", ("BOSS", "60")), entry("BOSS-1", "Boss Holding", "KID Company"))
    assert [(one.reason.value, one.detail["matched_by"]) for one in found] == [("CONTROL_LISTED", "NAME")]


def test_a_listed_owner_has_dates_and_touches_whom_it_owns() -> None:
    rules = references(party("BOSS", "Boss Holding"), owned("M", ("BOSS", "60")), owned("KID", ("M", "60")), BOSS)
    case = shipment_case(rules, line(rules, parties={"end_user": PartyRef("KID")}), policy=HALF)
    assert list(next_dates(case))
    terms = case_terms(case, (), ())
    assert touched(touches_of(None, BOSS, rules), terms)
    assert touched(touches_of(None, party("BOSS", "Boss Holding", version=2), rules), terms)


def test_owners_and_their_entries_are_among_what_was_read() -> None:
    rules = references(party("BOSS", "Boss Holding", version=4), owned("KID", ("BOSS", "60"), version=2), BOSS)
    case = shipment_case(rules, line(rules, parties={"end_user": PartyRef("KID")}), policy=HALF)
    read = references_read(case, (), ())
    assert {(RuleKind.PARTY, "KID", 2), (RuleKind.PARTY, "BOSS", 4), (RuleKind.LIST_ENTRY, "BOSS-1", 1)} <= set(read)


def test_a_broken_event_about_an_owner_holds_whom_it_owns_where_policy_asks_for_owners() -> None:
    broken = UnreadableRule("Q1", "BOSS/e-1", RuleKind.PARTY, "BOSS")
    rules = references(owned("KID", ("BOSS", "60"))).with_changes(2, (), (broken,))
    case = shipment_case(rules, line(rules, parties={"end_user": PartyRef("KID")}), policy=HALF)
    assert reasons(unreadable_references(case)) == ["EVENT_UNREADABLE"]
    assert not list(unreadable_references(replace(case, policy=Policy())))
    assert touched(unreadable_touches(broken, rules), case_terms(case, (), ()))


# D5.5


def mistaken(party_id: str = "ALPHA", entry_id: str = "CL-17", **changes: Any) -> MistakenIdentity:
    made = MistakenIdentity(party_id, entry_id, 1, 1, ("officer-1", "officer-2"), NOW, (Evidence("file 7", "ab" * 32),))
    return replace(made, **changes)


ALPHA = PartyRef("ALPHA")


def test_a_finding_of_mistaken_identity_clears_the_hit_in_every_role_statutory_ones_too() -> None:
    everywhere = dict.fromkeys(("importer", "consignee", "end_user", "carrier"), ALPHA)
    for listed in (entry(), entry(list=ListName.WATCH_LIST), entry(list=ListName.INTERNAL)):
        rules = references(listed)
        assert len(list(list_hits(shipment_case(rules, line(rules, parties=everywhere))))) == 4
        rules = references(listed, mistaken())
        assert not list(list_hits(shipment_case(rules, line(rules, parties=everywhere))))


@pytest.mark.parametrize(
    "finding",
    [
        mistaken(entry_version=2),
        mistaken(withdrawn=True, version=2),
        mistaken("BETA"),
        mistaken(entry_id="CL-18"),
    ],
)
def test_a_finding_about_another_version_entry_or_party_or_one_withdrawn_clears_nothing(
    finding: MistakenIdentity,
) -> None:
    assert reasons(_hits(entry(), finding, ref=ALPHA)) == ["CONTROL_LISTED"]


def test_a_changed_entry_asks_again() -> None:
    assert not _hits(entry(version=7), mistaken(entry_version=7), ref=ALPHA)
    assert reasons(_hits(entry(version=8), mistaken(entry_version=7), ref=ALPHA)) == ["CONTROL_LISTED"]


def test_it_clears_likeness_too_but_not_another_entry() -> None:
    alike = Policy(name_match_threshold=90)
    assert reasons(_hits(entry("X", "Alpha GmbK"), ref=ALPHA, policy=alike)) == ["PARTY_REVIEW"]
    assert not _hits(entry("X", "Alpha GmbK"), mistaken(entry_id="X"), ref=ALPHA, policy=alike)
    assert reasons(_hits(entry(), entry("CL-99"), mistaken(), ref=ALPHA)) == ["CONTROL_LISTED"]


def test_a_name_that_several_parties_have_is_cleared_only_when_each_is() -> None:
    name, twin = PartyRef(name="alpha gmbh"), party("TWIN", "Alpha GmbH")
    assert reasons(_hits(twin, entry(), mistaken(), ref=name)) == ["CONTROL_LISTED"]
    assert not _hits(twin, entry(), mistaken(), mistaken("TWIN"), ref=name)


def test_a_name_that_no_party_has_cannot_be_cleared() -> None:
    assert reasons(_hits(entry("X", "Unheard Of"), ref=PartyRef(name="Unheard Of", country="DE"))) == ["CONTROL_LISTED"]


def test_whose_owner_is_listed_is_cleared_by_a_finding_about_the_owner_only() -> None:
    kid = owned("KID", ("BOSS", "60"))
    assert reasons(_hits(kid, BOSS, mistaken("KID", "BOSS-1"))) == ["PARTY_REVIEW"]
    assert not _hits(kid, BOSS, mistaken("BOSS", "BOSS-1"))


def test_a_finding_touches_the_party_and_whom_it_owns_and_its_withdrawal_does_too() -> None:
    rules = references(owned("KID", ("ALPHA", "60")))

    def terms(ref: PartyRef) -> frozenset[str]:
        return case_terms(shipment_case(rules, line(rules, parties={"end_user": ref})), (), ())

    for change in (touches_of(None, mistaken(), rules), touches_of(mistaken(), mistaken(withdrawn=True), rules)):
        assert touched(change, terms(ALPHA))
        assert touched(change, terms(PartyRef("KID")))
        assert touched(change, terms(PartyRef(name="ALPHA gmbh")))
        assert not touched(change, terms(PartyRef("BETA")))
    assert entity_touches(RuleKind.MISTAKEN_IDENTITY, mistaken().key, rules) == ()


def test_a_finding_is_a_rule_entity_with_versions_and_without_dates() -> None:
    rules = references(entry(), mistaken())
    assert rules.entity(RuleKind.MISTAKEN_IDENTITY, "ALPHA/CL-17") == mistaken()
    assert apply_rule(rules, mistaken(withdrawn=True), NOW).outcome is RuleOutcome.STALE
    assert apply_rule(rules, mistaken(version=2, withdrawn=True), NOW).outcome is RuleOutcome.APPLIED
    assert boundaries(mistaken()) == ()
    assert mistaken_identity_key("a/b", "c") != mistaken_identity_key("a", "b/c")


def test_what_was_found_of_a_hit_is_among_what_was_read() -> None:
    for finding in (mistaken(version=3), mistaken(version=4, withdrawn=True)):
        rules = references(entry(version=2), finding)
        read = set(references_read(shipment_case(rules), (), ()))
        expected = {(RuleKind.MISTAKEN_IDENTITY, "ALPHA/CL-17", finding.version), (RuleKind.LIST_ENTRY, "CL-17", 2)}
        assert expected <= read


# D5.4


def test_a_party_that_moves_from_one_list_to_the_other_is_judged_by_the_new_one() -> None:
    before, after = entry(), entry(version=2, list=ListName.WATCH_LIST)
    assert reasons(_hits(before, ref=ALPHA)) == ["CONTROL_LISTED"]
    assert reasons(_hits(after, ref=ALPHA)) == ["WATCH_LISTED"]
    rules = references(after)
    terms = case_terms(shipment_case(rules), (), ())
    assert touched(touches_of(before, after, rules), terms)
    ended, begun = replace(before, effective_until=date(2026, 3, 1)), entry("WL-3", list=ListName.WATCH_LIST)
    assert reasons(_hits(ended, begun, ref=ALPHA)) == ["WATCH_LISTED"]


def test_what_was_looked_up_is_remembered_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "PARTIES_REMEMBERED_MAX", 1)
    monkeypatch.setattr(parties, "PARTIES_REMEMBERED_MAX", 1)
    rules = references(entry())
    for ref in (ALPHA, PartyRef("BETA"), ALPHA):
        first = screening.screened(ref, rules, Policy())
        assert screening.screened(ref, rules, Policy()) is first
        assert len(rules.screened) == 1


def test_each_setting_of_policy_has_its_own_answer() -> None:
    rules: References = references(entry("X", "Alpha GmbK"))
    assert not screening.screened(ALPHA, rules, Policy()).hits
    assert screening.screened(ALPHA, rules, Policy(name_match_threshold=90)).hits
