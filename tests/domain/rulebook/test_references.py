from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from services.gatekeeper.domain.facts import PartyRef
from services.gatekeeper.domain.references import References, UnreadableRule
from services.gatekeeper.domain.rule_entities import FxRate, Identifier, LicenceLine, Owner, Scope
from services.gatekeeper.domain.vocabulary import RuleKind

from .examples import entry, item, kgm, licence, lift, notice, party, references, statement


def test_an_older_version_keeps_reading_itself_after_a_change() -> None:
    before = references()
    after = before.with_changes(2, [replace(party(), version=2, names=("Omega AG",)), entry()])
    assert before.resolve(PartyRef(name="Alpha GmbH")) == {"ALPHA"}
    assert before.resolve(PartyRef(name="Omega AG")) == frozenset()
    assert not before.entries_for({"ALPHA"}, [])
    assert after.resolve(PartyRef(name="omega ag")) == {"ALPHA"}
    assert after.resolve(PartyRef(name="Alpha GmbH")) == frozenset()
    assert (before.rules_version, after.rules_version) == (1, 2)


def test_a_delta_shares_what_it_does_not_touch() -> None:
    before = References.empty().with_changes(1, [item(f"I-{number}") for number in range(5_000)])
    after = before.with_changes(2, [replace(item("I-7"), version=2)])
    untouched = (number for number in range(5_000) if number != 7)
    assert all(before.item(f"I-{number}") is after.item(f"I-{number}") for number in untouched)
    shared = sum(old is new for old, new in zip(before._entities._buckets, after._entities._buckets, strict=True))
    assert shared == 1_023


def test_licences_are_found_by_exporter_and_code_or_item() -> None:
    by_item = licence("L2", lines=(LicenceLine(1, (), ("STEEL-BOLT",), kgm("1"), licence().lines[0].value),))
    rules = references(by_item, licence("L3", exporter_id="E2"))
    assert [found.licence_no for found in rules.licences_covering("E1", ("1C902.b", "9Z"), "STEEL-BOLT")] == [
        "L1",
        "L2",
    ]
    assert [found.licence_no for found in rules.licences_covering("E2", ("1C902.b",), "X")] == ["L3"]
    assert rules.licences_covering("E1", ("1C902",), "X") == ()
    moved = rules.with_changes(2, [replace(by_item, version=2, exporter_id="E2")])
    assert [found.licence_no for found in moved.licences_covering("E1", (), "STEEL-BOLT")] == []


def test_a_successor_is_found_by_what_it_supersedes() -> None:
    assert [found.licence_no for found in references(licence("L2", supersedes=("L1",))).successors("L1")] == ["L2"]


def test_a_party_is_meant_by_id_or_by_an_equal_name_in_its_country() -> None:
    rules = references(party("ALPHA-US", "Alpha GmbH", "US"))
    assert rules.resolve(PartyRef("NOBODY", "Alpha GmbH")) == {"NOBODY"}
    assert rules.resolve(PartyRef(name="ALPHA G.m.b.H.")) == {"ALPHA", "ALPHA-US"}
    assert rules.resolve(PartyRef(name="Alpha GmbH", country="DE")) == {"ALPHA"}
    assert rules.resolve(PartyRef(name="Alfa GmbH", country="DE")) == frozenset()
    assert rules.resolve(PartyRef(name="...")) == frozenset()


def test_entries_are_found_by_registered_name_event_name_and_identifier() -> None:
    lei = Identifier("LEI", "5299 00AL")
    rules = references(
        replace(party(), identifiers=(lei,), aliases=("阿尔法",)),
        entry("A", "Alpha  GMBH"),
        entry("B", "阿尔法"),
        entry("C", "Other", identifiers=(Identifier("lei", "529900al"),)),
        entry("D", "Trade Name"),
        entry("E", "Nobody"),
    )
    found = rules.entries_for({"ALPHA"}, ["trade-name"])
    assert [listed.entry_id for listed in found] == ["A", "B", "C", "D"]


def test_owners_lead_to_what_they_own() -> None:
    assert references(party("KESTREL", "K", owners=(Owner("GAMMA", Decimal(60)),))).owned_by("GAMMA") == {"KESTREL"}


def test_rates_come_newest_first() -> None:
    def rate(rate_id: str, day: int, **changes: object) -> FxRate:
        return replace(FxRate(rate_id, 1, "EUR", "USD", Decimal("1.1"), date(2026, 3, day)), **changes)  # type: ignore[arg-type]

    rules = references(rate("R1", 1), rate("R3", 3), rate("R2", 2), rate("X", 9, base="CHF"))
    assert [found.rate_id for found in rules.rates("EUR", "USD")] == ["R3", "R2", "R1"]
    assert rules.rates("USD", "EUR") == ()
    changed = rules.with_changes(2, [rate("R1", 9, version=2)])
    assert [found.rate_id for found in changed.rates("EUR", "USD")] == ["R1", "R3", "R2"]


def test_only_notices_that_may_match_are_looked_at() -> None:
    rules = references(*(notice(f"N{number}", scope=Scope(items=(f"I-{number}",))) for number in range(100)))
    rules = rules.with_changes(2, [notice("ALL", scope=Scope(), everything=True), notice("GONE", lifted=True)])
    assert [found.notice_id for found in rules.notices_for({"item:I-7", "dest:DE"})] == ["ALL", "N7"]
    assert len(rules.notices()) == 101


def test_a_lifted_notice_is_found_by_id_only() -> None:
    rules = references(notice()).with_changes(2, [lift()])
    assert not rules.has_notices()
    assert rules.notices() == ()
    assert rules.notice("N1") is not None


def test_broken_events_stay_until_they_are_settled() -> None:
    broken = [
        UnreadableRule("Q1", "L1", RuleKind.LICENCE, "L1"),
        UnreadableRule("Q2", "N9", RuleKind.NOTICE, "N9"),
        UnreadableRule("Q3", "L1", None, "L1"),
    ]
    rules = references().with_changes(2, [], broken)
    assert [rule.quarantine_id for rule in rules.unreadable_for(RuleKind.LICENCE, "L1")] == ["Q1", "Q3"]
    assert [rule.quarantine_id for rule in rules.unreadable_stops()] == ["Q2", "Q3"]
    settled = rules.with_changes(3, [], (), ["Q3", "Q2"])
    assert [rule.quarantine_id for rule in settled.unreadable_rules()] == ["Q1"]
    assert settled.unreadable_stops() == ()


def test_every_kind_is_found_under_its_own_key() -> None:
    rules = references(entry(), notice())
    assert rules.entity(RuleKind.STATEMENT, "EUC-1") == statement()
    assert rules.entity(RuleKind.LIST_ENTRY, "CL-17") == rules.entry("CL-17")
    assert rules.entity(RuleKind.NOTICE, "CL-17") is None
    assert rules.feed("CONTROL_LIST") is None
