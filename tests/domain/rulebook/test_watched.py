"""WATCH_LISTED tells which licence lacks which paper, and that only individual ones count (ECR 26)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.lists import list_hits
from services.gatekeeper.domain.vocabulary import LicenceType, ListEffect, ListName
from tests.domain.builders import references as built
from tests.domain.builders import shipment
from tests.domain.matching.judged import judged

from . import examples
from .examples import draw, entry, licence, line, references, shipment_case

LISTED = entry(list=ListName.WATCH_LIST, effect=ListEffect.RESTRICT)
DRAWN = (draw(),)
WATCHED = ("lines", "drawn_licences", "no_risk_report", "no_undertaking", "not_individual")


def _told(case: Case) -> dict[str, str]:
    found = next(hit for hit in list_hits(case) if dict(hit.subject)["role"] == "end_user")
    return {key: found.detail[key] for key in (*WATCHED, "nearest_licence") if key in found.detail}


def _case(*entities: Any, draws: Any = DRAWN, lines: int = 1, **changes: Any) -> Case:
    rules = references(LISTED, *entities)
    every = [line(rules, number) for number in range(1, lines + 1)]
    return shipment_case(rules, *every, planned=tuple(draws), **changes)


def test_a_drawn_individual_licence_is_to_be_completed_with_the_paper_that_it_lacks() -> None:
    assert _told(_case()) == {
        "lines": "1", "drawn_licences": "L1", "no_risk_report": "L1", "no_undertaking": "L1",
    }  # fmt: skip
    reported = _case(licence(version=2, risk_report_on_file=True))
    assert _told(reported) == {"lines": "1", "drawn_licences": "L1", "no_undertaking": "L1"}
    undertaken = _case(licence(version=2, undertaking_on_file=True))
    assert _told(undertaken) == {"lines": "1", "drawn_licences": "L1", "no_risk_report": "L1"}


def test_no_paper_makes_another_kind_of_licence_count() -> None:
    general = _case(licence(version=2, type=LicenceType.GENERAL, risk_report_on_file=True))
    assert _told(general) == {"lines": "1", "drawn_licences": "L1", "not_individual": "L1"}


def test_of_several_lines_those_are_told_that_are_not_cleared() -> None:
    clear = licence("L2", risk_report_on_file=True, undertaking_on_file=True)
    draws = (draw(), draw("L2", 2), draw("L1", 3))
    assert _told(_case(clear, draws=draws, lines=3))["lines"] == "1, 3"
    assert _told(_case(clear, draws=draws, lines=3))["drawn_licences"] == "L1"


def test_every_licence_that_one_line_draws_on_must_have_its_papers() -> None:
    """D3.7."""
    clear = licence("L2", risk_report_on_file=True, undertaking_on_file=True)
    told = _told(_case(clear, draws=(draw(), draw("L2"))))
    assert (told["lines"], told["drawn_licences"], told["no_undertaking"]) == ("1", "L1, L2", "L1")


def test_where_none_is_drawn_the_nearest_is_told() -> None:
    near = {"nearest_licence": "L1", "nearest_line": "1", "nearest_because": "ONLY_CANDIDATE", "candidates": "1"}
    case = _case(draws=(), nearest={1: {**near, "nearest_lacks": "LICENCE_EXPIRED"}})
    assert _told(case) == {
        "lines": "1", "no_risk_report": "L1", "no_undertaking": "L1", "nearest_licence": "L1",
    }  # fmt: skip
    assert _told(_case(draws=(), nearest={1: {"candidates": "0"}})) == {"lines": "1"}
    assert _told(_case(draws=(), nearest={1: {**near, "nearest_licence": "GONE"}}))["lines"] == "1"


def test_a_drawn_licence_that_nobody_knows_any_more_is_not_enough() -> None:
    assert _told(_case(draws=(draw("GONE"),))) == {"lines": "1"}


def test_the_decision_itself_knows_the_nearest() -> None:
    unlike = replace(examples.licence(), end_uses=("LAB_TEST",))
    listed = replace(LISTED, names=("Alpha GmbH",))
    found = judged(shipment(), built(listed, unlike))
    (hit,) = {one.detail.get("nearest_licence") for one in found.findings if one.reason.value == "WATCH_LISTED"}
    assert hit == "L1"
