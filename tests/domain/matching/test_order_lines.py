"""When an order's line needs a licence, and what several lines of one order give up (D3.2, D4.1)."""

from __future__ import annotations

import pytest

from services.gatekeeper.domain.rule_entities import Control
from tests.domain.builders import account, accounts, control, draw, line, order, references, shipment
from tests.domain.matching.judged import drawn, judged, prechecked, reasons


@pytest.mark.parametrize(
    ("code", "lacking"),
    [
        (control("1C902.b", until="2026-03-02"), ["NO_LICENCE"]),
        (control("1C902.b", "2026-03-05"), ["NO_LICENCE"]),
        (control("1C902.b", "2026-03-06"), []),
        (control("1C902.b", until="2026-03-01"), []),
    ],
    ids=["until today", "from the planned day", "only after it", "no more"],
)
def test_an_order_needs_a_licence_for_a_code_in_force_today_or_on_the_planned_day(
    code: Control, lacking: list[str]
) -> None:
    assert reasons(prechecked(order(exporter_id="E2"), references(code))) == lacking


def test_two_lines_of_an_order_give_up_each_their_own_to_the_shipment_of_both() -> None:
    """All that the licence has is reserved by the order."""
    ordered = order(
        (1, "SM-OXIDE", "700 KGM", "9000 USD"),
        (2, "SM-OXIDE", "300 KGM", "5000 USD"),
        draws=(draw("700 KGM"), draw("300 KGM", "5000 USD", line_no=2)),
    )
    both = shipment(
        line(1, net="700 KGM", order_id="O1", order_line=1),
        line(2, net="300 KGM", value="5000 USD", order_id="O1", order_line=2),
    )
    found = judged(both, None, accounts(account(reserved="1000", value_reserved="14000")), ordered)
    assert (reasons(found), drawn(found)) == ([], [(1, "L1", 1, "700"), (2, "L1", 1, "300")])
