"""What of several lines a notice's scope asks: any destination, all line fields in one (D6.2)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

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
