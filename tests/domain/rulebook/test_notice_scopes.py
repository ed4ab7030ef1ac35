"""What a notice's scope asks of several lines, and what its hold tells (D6.2, D6.6)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.notices import lines_matched, matching_notices, stop_notices
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.rule_entities import Scope

from .examples import draw, line, notice, order_case, references, shipment_case, subjects


def test_one_line_bound_for_a_stopped_country_stops_the_shipment() -> None:
    rules = references(notice(scope=Scope(destinations=("DE",))))
    case = shipment_case(rules, line(rules), line(rules, 2, destination="JP"))
    assert subjects(stop_notices(case)) == [("STOP_NOTICE", {"notice_id": "N1"})]


@pytest.mark.parametrize(
    ("field", "amiss"),
    [
        ("items", "STEEL-BOLT"),
        ("control_codes", "6A911"),
        ("hs_prefixes", "9"),
        ("licences", "L9"),
        ("orders", "O2"),
    ],
)
def test_a_shipment_that_is_named_with_a_line_that_it_does_not_have_is_not_stopped(field: str, amiss: str) -> None:
    """D6.2: all fields that are given must match."""
    rules = references(notice(scope=Scope(shipments=("S1",), **{field: (amiss,)})))
    assert not matching_notices(shipment_case(rules))


def test_a_destination_is_no_line_field_and_so_need_not_be_that_of_the_stopped_item() -> None:
    rules = references(notice(scope=Scope(destinations=("JP",), items=("SM-OXIDE",))))
    case = shipment_case(rules, line(rules), line(rules, 2, "STEEL-BOLT", destination="JP"))
    (found,) = matching_notices(case)
    assert lines_matched(found, case) == (1,)


def test_a_notice_about_a_licence_stops_the_order_that_reserves_on_it_until_it_reserves_nothing_there() -> None:
    """An order of which all has shipped draws on nothing any more (D4.1)."""

    def reserving(drawn: Draw) -> Case:
        case = order_case(references(notice(scope=Scope(licences=("L1",)))))
        assert case.order is not None
        return replace(case, order=replace(case.order, draws=(drawn,)))

    assert matching_notices(reserving(draw()))
    assert not matching_notices(reserving(draw("L2")))
    assert not matching_notices(reserving(replace(draw(), quantity=Quantity(Decimal(0), "KGM"))))


def test_the_hold_names_the_lines_that_are_stopped_and_whether_a_licence_lifts_it() -> None:
    """A scope without line fields stops every line, as does everything; a shipment without lines names none."""
    for scope, everything, lines in (
        (Scope(items=("STEEL-BOLT",)), False, "2"),
        (Scope(destinations=("DE",)), False, "1, 2"),
        (Scope(), True, "1, 2"),
    ):
        rules = references(notice(scope=scope, everything=everything, release_by_licence=False))
        case = shipment_case(rules, line(rules), line(rules, 2, "STEEL-BOLT"))
        (told,) = stop_notices(case)
        assert told.detail["lines"] == lines
        assert "release_by_licence" not in told.detail
        (told,) = stop_notices(replace(case, references=references(notice(scope=scope, everything=everything))))
        assert told.detail["release_by_licence"] == "true"
    (told,) = stop_notices(replace(case, lines=()))
    assert "lines" not in told.detail
