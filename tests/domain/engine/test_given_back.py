"""What an order gets back of its shipments: as much as is free, in one step of the ledger (D3.11, D4.1)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from services.gatekeeper.domain.accounts import LicenceAccount
from tests.domain.builders import at, day, general, licence_line, rate
from tests.domain.engine.limits import MONTH, limited
from tests.domain.story import Story


def booked(story: Story, order_id: str, since: int) -> list[tuple[str, str]]:
    """What the ledger says of the order's reservation: quantity and value."""
    rows = [row for row in story.ledger[since:] if (row.owner, row.owner_id) == ("order", order_id)]
    return [(f"{row.reserved:f}", f"{row.value_reserved:f}") for row in rows]


def test_an_order_whose_value_others_took_meanwhile_is_held_when_its_goods_come_back() -> None:
    story = Story()
    story.order("O1", "600 KGM", value="1000000 USD")
    story.ship("S1", "600 KGM", order="O1", value="500000 USD")
    story.ship("S2", "400 KGM", value="1500000 USD")
    assert (story.state("O1"), story.state("S2")) == ("CLEARED", "RELEASED")
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), story.state("S2")) == ("HELD VALUE_EXCEEDED", "RELEASED")
    assert story.accounts["M1"].lines[1].value_reserved == 1_500_000


def test_what_comes_back_of_a_full_licence_goes_to_the_order_in_one_step() -> None:
    story = Story()
    story.order("O1", "500 KGM", value="1000000 USD")
    story.ship("S1", "100 KGM", order="O1", value="200000 USD")
    story.ship("S2", "500 KGM", value="1000000 USD")
    before = len(story.ledger)
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), booked(story, "O1", before)) == ("CLEARED", [("100", "200000")])


def test_what_comes_back_within_a_limit_of_the_month_goes_to_the_order_in_one_step() -> None:
    story = Story(limited(("600 KGM", MONTH)))
    story.order("O1", "500 KGM", value="5000 USD")
    story.ship("S1", "100 KGM", order="O1", value="1000 USD")
    story.ship("S2", "100 KGM", value="1000 USD")
    before = len(story.ledger)
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), booked(story, "O1", before)) == ("CLEARED", [("100", "1000")])


def test_an_order_gets_no_more_value_back_than_its_licence_has_left() -> None:
    """Its shipment drew on another licence meanwhile, and somebody else on its own."""
    story = Story(general("M2", licence_line(codes=("1C904.a",), value="2000000 USD"), max_uses=12))
    story.order("O1", "600 KGM", value="1000000 USD")
    story.ship("S1", "500 KGM", order="O1", value="900000 USD", licences=["M2"])
    story.ship("S2", "300 KGM", value="1500000 USD", licences=["M1"])
    assert (story.state("O1"), story.state("S1"), story.state("S2")) == ("CLEARED", "RELEASED", "RELEASED")
    story.milestone("S1", "CANCELLED")
    assert story.accounts["M1"].lines[1].value_reserved <= 2_000_000
    assert [draw.licence_no for draw in story.orders["O1"].draws] == ["M2"]


def test_weight_that_comes_back_while_the_worth_stays_goes_to_those_that_wait() -> None:
    """D4.4: whatever of quantity, value and uses is free again."""
    story = Story()
    story.ship("S1", "800 KGM")
    story.ship("S2", "300 KGM")
    assert story.state("S2") == "HELD QTY_EXCEEDED"
    story.ship("S1", "700 KGM")
    assert [story.state(name) for name in ("S1", "S2")] == ["RELEASED", "RELEASED"]


def test_a_licence_of_which_everything_came_back_is_as_one_on_which_nothing_was_drawn() -> None:
    """D4.1, D4.2: a departure that is voided and a shipment that is cancelled leave no use and no completion."""
    story = Story()
    story.ship("S1", item="SM-OXIDE")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "SHIPPING_VOIDED")
    assert (story.told("S1"), story.balance("L1")) == (["RELEASED"], "300/0 1/0")
    story.milestone("S1", "CANCELLED")
    assert replace(story.accounts["L1"], lines={}) == LicenceAccount("L1")
    assert {(row.licence_line, row.line_no) for row in story.ledger if row.kind.startswith("USE")} == {(0, 0)}


def test_the_ledger_says_of_each_row_what_was_done() -> None:
    """D4.1."""
    story = Story()
    for net in ("300 KGM", "200 KGM"):
        story.ship("S1", net)
    story.milestone("S1", "CANCELLED")
    story.ship("S2")
    story.advance_to(at("2026-03-05 18:00"))
    story.milestone("S2", "DEPARTED", event_id="left")
    story.correct("S2", "left", "310 KGM")
    story.correct("S2", "left")
    rows = [(row.owner_id, row.kind) for row in story.ledger if row.licence_line]
    assert rows == [
        ("S1", "RESERVE"), ("S1", "ADJUST"), ("S1", "RETURN"),
        ("S2", "RESERVE"), ("S2", "CONSUME"), ("S2", "ADJUST"), ("S2", "REVERSE"), ("S2", "RESERVE"),
    ]  # fmt: skip
    uses = [(row.owner_id, row.kind) for row in story.ledger if not row.licence_line]
    before = len(story.ledger)
    story.ship("S2", planned_departure=at("2026-03-09 18:00"))
    moved = [(row.kind, row.day, row.reserved) for row in story.ledger[before:]]
    assert moved == [("MOVE", day("2026-03-05"), Decimal(-300)), ("MOVE", day("2026-03-09"), Decimal(300))]
    assert uses == [
        ("S1", "USE_HELD"), ("S1", "USE_RETURNED"),
        ("S2", "USE_HELD"), ("S2", "USE"), ("S2", "USE_REVERSED"), ("S2", "USE_HELD"),
    ]  # fmt: skip


def test_what_is_worth_nothing_is_adjusted_and_what_comes_back_names_the_rate_at_which_it_was_valued() -> None:
    """D3.10, D4.1."""
    story = Story(rate("EUR", "USD", "1.2", "2026-03-01"))
    for net in ("300 KGM", "200 KGM"):
        story.ship("S1", net, value="0 USD")
    assert [row.kind for row in story.ledger if row.licence_line] == ["RESERVE", "ADJUST"]
    story.advance_to(at("2026-03-05 18:00"))
    story.milestone("S1", "DEPARTED", event_id="left")
    story.correct("S1", "left", "210 KGM")
    story.correct("S1", "left", "0 KGM")
    kinds = [row.kind for row in story.ledger if row.licence_line]
    assert kinds[2:] == ["CONSUME", "ADJUST", "REVERSE"]
    story.ship("S2", value="100 EUR")
    story.milestone("S2", "CANCELLED")
    rows = [(row.kind, row.rate_id) for row in story.ledger if row.owner_id == "S2" and row.licence_line]
    assert rows == [("RESERVE", "EUR-USD-2026-03-01"), ("RETURN", "EUR-USD-2026-03-01")]
