"""What the reasons about a shipment's orders count and tell (D4.3, D8.2)."""

from __future__ import annotations

from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.vocabulary import Balance
from tests.domain.builders import line, order, shipment, take
from tests.domain.matching.judged import judged


def test_an_unknown_order_line_is_named_as_far_as_the_shipment_names_it() -> None:
    (found,) = judged(shipment(line(order_id="O9", order_line=7))).findings
    assert found.detail == {"item_no": "SM-OXIDE", "order_line": "7"}
    nameless = judged(shipment(line(order_id="O9"))).findings
    assert [found.detail for found in nameless if found.reason.value == "ORDER_UNKNOWN"] == [{"item_no": "SM-OXIDE"}]


def told_over(taken: str, asked: str) -> tuple[str, str, str]:
    """Of an order of 500 KGM of which another shipment took `taken`: taken, available, excess."""
    other = take("S0", taken, balance=Balance.CONSUMED, arrival=0)
    assessment = judged(shipment(line(net=asked, order_id="O1", order_line=1)), None, None, order(takes=(other,)))
    (found,) = (found for found in assessment.findings if found.reason is Reason.OVER_DELIVERY)
    return found.detail["taken"], found.detail["available"], found.detail["excess"]


def test_over_delivery_tells_what_is_left_of_the_order_line_never_below_nothing() -> None:
    assert told_over("300 KGM", "300 KGM") == ("300 KGM", "200 KGM", "100 KGM")
    assert told_over("600 KGM", "300 KGM") == ("600 KGM", "0 KGM", "400 KGM")


def test_a_newcomer_comes_after_every_other_shipment_of_the_order_line_however_little_it_asks() -> None:
    others = (take("S0", "100 KGM", arrival=2), take("S2", "400 KGM", arrival=3))
    newcomer = shipment(line(net="50 KGM", order_id="O1", order_line=1), arrival=4)
    assert Reason.OVER_DELIVERY in {
        found.reason for found in judged(newcomer, None, None, order(takes=others)).findings
    }
