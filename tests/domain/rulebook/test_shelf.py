"""Licences that are loaded as they are asked for: nothing that was not looked for passes for absent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.shelf import NUMBER, TERM, Shelf, covering_terms, superseding_term
from services.gatekeeper.domain.vocabulary import RuleKind
from tests.domain import builders
from tests.domain.matching.judged import judged

from .examples import item, licence

COVERING = covering_terms("E1", ("1C902.b",), "SM-OXIDE")


def _found(references: References) -> list[str]:
    return [one.licence_no for one in references.licences_covering("E1", ("1C902.b",), "SM-OXIDE")]


def _loaded(*licences: Licence) -> References:
    references = References.empty(whole=False).with_changes(1, [item("SM-OXIDE", "1C902.b")])
    references.load(licences, (), COVERING)
    return references


def test_what_nobody_has_asked_for_is_not_taken_for_absent() -> None:
    references = References.empty(whole=False)
    with pytest.raises(NotGathered) as missing:
        references.licence("L1")
    assert (missing.value.kind, missing.value.key) == (NUMBER, "L1")
    with pytest.raises(NotGathered) as missing:
        references.successors("L1")
    assert (missing.value.kind, missing.value.key) == (TERM, superseding_term("L1"))
    with pytest.raises(NotGathered):
        references.entity(RuleKind.LICENCE, "L1")


def test_what_was_asked_for_and_is_not_there_is_absent() -> None:
    references = References.empty(whole=False)
    references.load((), ("L9",), (superseding_term("L9"),))
    assert references.licence("L9") is None
    assert references.successors("L9") == ()


def test_a_licence_that_begins_to_cover_is_found_by_who_asked_before() -> None:
    references = _loaded(licence("L1"))
    assert _found(references) == ["L1"]
    assert _found(references.with_changes(2, [licence("L2")])) == ["L1", "L2"]
    several = licence("L2", lines=(replace(licence().lines[0], control_codes=("6A911.a", "1C902.b")),))
    assert _found(references.with_changes(2, [several])) == ["L1", "L2"]
    elsewhere = replace(licence("L3"), exporter_id="E2")
    moved = references.with_changes(2, [elsewhere])
    assert _found(moved) == ["L1"]
    with pytest.raises(NotGathered):
        moved.licence("L3")


def test_a_licence_that_ceases_to_cover_is_found_no_more() -> None:
    references = _loaded(licence("L1")).with_changes(2, [replace(licence("L1"), version=2, exporter_id="E2")])
    assert _found(references) == []
    newest = references.licence("L1")
    assert newest is not None
    assert newest.version == 2


def test_what_is_loaded_later_never_replaces_what_a_delta_brought() -> None:
    references = _loaded(licence("L1")).with_changes(2, [replace(licence("L1"), version=2)])
    references.load([licence("L1")], ("L1",), ())
    newest = references.licence("L1")
    assert newest is not None
    assert newest.version == 2


def test_loading_into_a_newer_version_leaves_the_older_one_alone() -> None:
    older = _loaded(licence("L1"))
    newer = older.with_changes(2, [replace(licence("L1"), version=2)])
    newer.load([licence("L7", exporter_id="E7")], ("L7",), ())
    assert newer.licence("L7") is not None
    with pytest.raises(NotGathered):
        older.licence("L7")


def test_the_forgotten_is_asked_for_anew() -> None:
    references = _loaded(licence("L1"))
    assert references.licences.count == 1
    references.forget_licences()
    assert references.licences.count == 0
    with pytest.raises(NotGathered):
        references.licence("L1")


def test_with_the_forgotten_goes_what_was_worked_out_from_them() -> None:
    references = builders.references()
    judged(builders.shipment(), references)
    assert references.scenes
    references.forget_licences()
    assert not references.scenes


def test_nothing_is_missing_where_all_is_there() -> None:
    assert Shelf().missing(["L1"], COVERING) == ([], [])
    assert Shelf(whole=False).missing(["L2", "L1", "L2"], ["b", "a"]) == (["L1", "L2"], ["a", "b"])
    assert References.empty().licence("L1") is None
