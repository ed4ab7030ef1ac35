"""On which day time alone lifts what a list entry or a control holds (D3.2, D3.8, D5.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.ceasing import uncontrolled_from
from services.gatekeeper.domain.lists import list_hits
from services.gatekeeper.domain.prohibitions import prohibited
from services.gatekeeper.domain.rule_entities import Window
from services.gatekeeper.domain.vocabulary import ControlKind

from .examples import at, control, departed, entry, item, line, order_case, references, shipment_case

APRIL = Window(date(2026, 4, 1), date(2026, 4, 30))
MARCH_3 = Window(date(2026, 3, 3), date(2026, 3, 3))
MARCH_3_TO_5 = Window(date(2026, 3, 3), date(2026, 3, 5))
FROM_MARCH_1 = Window(date(2026, 3, 1), date(2026, 3, 4))
OPEN_END = Window(date(2026, 5, 1))
ACTS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"effective_until": date(2026, 12, 31)}, "2027-01-01"),
    ({"effective_until": date(2026, 12, 31), "suspensions": (APRIL,)}, "2026-04-01"),
    ({"effective_until": date(2026, 3, 20), "suspensions": (APRIL,)}, "2026-03-21"),
    ({"suspensions": (OPEN_END, APRIL)}, "2026-04-01"),
    # Suspended on the third, but the goods are to leave on the fifth, when it acts again.
    ({"suspensions": (MARCH_3,)}, None),
    ({"suspensions": (MARCH_3, APRIL)}, "2026-04-01"),
    ({"suspensions": (MARCH_3_TO_5,)}, "2026-03-03"),
    # Suspended today; it stands because of the fifth, and on the sixth it has ended.
    ({"suspensions": (FROM_MARCH_1,), "effective_until": date(2026, 3, 5)}, "2026-03-06"),
    ({"effective_until": date.max}, None),
]
"""What acts on 2 March 2026 or on the planned 5th -> the day on which it holds no more."""


def _ban(**changes: Any) -> Any:
    return control(version=2, kind=ControlKind.PROHIBITED, **changes)


@pytest.mark.parametrize(("changes", "ceases"), ACTS)
def test_a_list_hit_tells_the_first_day_on_which_its_entry_is_suspended_or_has_ended(
    changes: dict[str, Any], ceases: str | None
) -> None:
    rules = references(replace(entry(), **changes))
    assert {hit.detail.get("lifts_on") for hit in list_hits(shipment_case(rules))} == {ceases}


@pytest.mark.parametrize(("changes", "ceases"), ACTS)
def test_a_ban_tells_it_too(changes: dict[str, Any], ceases: str | None) -> None:
    (found,) = prohibited(shipment_case(references(_ban(**changes))))
    assert found.detail.get("lifts_on") == ceases


@pytest.mark.parametrize(("changes", "ceases"), ACTS)
def test_the_need_of_a_licence_ends_on_that_day_too(changes: dict[str, Any], ceases: str | None) -> None:
    rules = references(control(version=2, **changes))
    case = shipment_case(rules)
    free = uncontrolled_from(case, case.lines[0])
    assert (None if free is None else free.isoformat()) == ceases


def test_what_is_in_force_neither_today_nor_on_the_planned_day_is_free_today() -> None:
    """D3.2: suspended since January, and on no day on which the goods may leave in force again."""
    rules = references(control(version=2, suspensions=(Window(date(2026, 1, 1), date(2026, 3, 31)),)))
    case = shipment_case(rules)
    assert uncontrolled_from(case, case.lines[0]) == date(2026, 3, 2)


def test_an_order_is_held_until_both_today_and_its_planned_day_are_free() -> None:
    rules = references(_ban(suspensions=(MARCH_3_TO_5,)))
    case = order_case(rules, days=(date(2026, 3, 5),))
    assert next(prohibited(case)).detail["lifts_on"] == "2026-03-03"
    beyond = order_case(rules, days=(date(2026, 3, 6),))
    assert "lifts_on" not in next(prohibited(beyond)).detail


def test_the_day_of_a_departure_never_passes() -> None:
    listed = entry(effective_from=date(2026, 3, 10), suspensions=(APRIL,))
    at_sea = shipment_case(references(listed), as_of=at("2026-03-10T00:00"))
    assert _lifts_on(departed(at_sea, date(2026, 3, 4))) == "2026-04-01"
    assert _lifts_on(departed(at_sea, date(2026, 3, 10))) is None


def _lifts_on(case: Case) -> str | None:
    return next(list_hits(case)).detail.get("lifts_on")


def test_an_item_of_two_codes_needs_a_licence_until_neither_is_in_force() -> None:
    until_april = control("A", suspensions=(Window(date(2026, 3, 1), date(2026, 3, 31)),))
    until_june = control("B", effective_until=date(2026, 5, 31))
    rules = references(item("BOTH", "A", "B"), until_april, until_june)
    case = shipment_case(rules, line(rules, item_no="BOTH"))
    assert uncontrolled_from(case, case.lines[0]) is None
    paused = references(item("BOTH", "A", "B"), replace(until_april, suspensions=(APRIL, OPEN_END)), until_june)
    case = shipment_case(paused, line(paused, item_no="BOTH"))
    assert uncontrolled_from(case, case.lines[0]) == date(2026, 6, 1)


def test_a_code_nobody_has_described_and_an_item_without_codes_tell_no_day() -> None:
    rules = references(item("BOTH", "1C902.b", "UNKNOWN"), control(version=2, effective_until=date(2026, 5, 31)))
    for item_no in ("BOTH", "STEEL-BOLT", "UNHEARD-OF"):
        case = shipment_case(rules, line(rules, item_no=item_no))
        assert uncontrolled_from(case, case.lines[0]) is None
