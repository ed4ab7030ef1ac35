"""What a decision is recorded to have looked at: its orders in sums, its licences, its families (design.md §4)."""

from __future__ import annotations

from dataclasses import replace

from services.gatekeeper.domain.aggregates import Take
from services.gatekeeper.domain.families import FamilyBook, FamilyEntry
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.seen import order_as_judged, orders_as_seen
from services.gatekeeper.domain.vocabulary import Balance, LicenceStatus, OrderStatus, RuleKind
from services.gatekeeper.domain.workspace import Workspace
from tests.domain.builders import L1, M1, NOW, day, general, line, order, quantity, references, shipment, take
from tests.domain.story import Story

LINES = ((1, "SM-OXIDE", "500 KGM", "9000 USD"), (2, "MAG-ROD", "100 KGM", "4000 USD"))


def licences_read(story: Story) -> list[str]:
    return [key for kind, key, _ in story.decisions[-1].read if kind is RuleKind.LICENCE]


def test_a_shipment_sees_of_its_order_the_lines_that_it_names_and_none_when_it_names_no_line_of_it() -> None:
    known = order(*LINES)
    for order_line, seen in ((1, [1]), (2, [2]), (9, [])):
        (found,) = orders_as_seen(shipment(line(order_id="O1", order_line=order_line)), [known])
        assert found.facts is not None
        assert [one.line_no for one in found.facts.lines] == seen


def test_what_was_delivered_is_judged_by_its_order_as_that_was_then_cancelled_or_not() -> None:
    """D1.7: from DELIVERED on a shipment no longer follows its order."""
    then = order(*LINES).facts
    assert then is not None
    for status, cancelled in ((OrderStatus.OPEN, False), (OrderStatus.CANCELLED, True)):
        known = order(*LINES, more={"cancelled": not cancelled})
        delivered = shipment(
            line(order_id="O1", order_line=1), more={"delivered_under": (replace(then, status=status),)}
        )
        (found,) = orders_as_seen(delivered, [known])
        assert found.cancelled is cancelled


def summed(*takes: Take) -> list[tuple[str, str, str]]:
    """What `takes` of one order are in the eyes of its own pre-check: of whom, how much, worth how much."""
    found = order_as_judged(order(takes=takes), references(general("G1", max_uses=None)))
    return [
        (
            one.shipment_id,
            f"{one.quantity.value:f}" if one.quantity else "-",
            f"{one.value.amount:f}" if one.value else "-",
        )
        for one in found.takes
    ]


def test_an_order_sees_what_its_shipments_took_as_one_sum_with_its_value() -> None:
    """D4.1: two are enough to be a sum; of goods whose value nobody gave nothing is added."""
    one, other = (
        take("S1", "100 KGM", licence_no="G1"),
        take("S2", "50 KGM", value="1000 USD", licence_no="G1", arrival=2),
    )
    assert summed(one) == [("S1", "100", "9000")]
    assert summed(one, other) == [("", "150", "10000")]
    assert summed(replace(one, value=None), replace(other, value=None)) == [("", "150", "-")]
    assert summed(replace(one, quantity=None), replace(other, quantity=None)) == [("", "-", "10000")]


def test_a_take_keeps_its_shipment_when_only_one_of_its_licences_limits_its_uses() -> None:
    """D4.1: uses of an order's own shipments don't count against it, whichever of the licences they are of."""
    for licences in (("L1", "G1"), ("G1", "L1")):
        takes = tuple(
            replace(take(name, "100 KGM", licence_no=licences[0]), others=licences[1:]) for name in ("S1", "S2")
        )
        assert [who for who, _, _ in summed(*takes)] == ["S1", "S2"]
        judged = order_as_judged(order(takes=takes), references(general("G1", max_uses=None)))
        assert [one.licences for one in judged.takes] == [licences, licences]


def test_a_decision_names_the_licence_on_which_the_shipment_stood_though_it_names_another_by_now() -> None:
    story = Story(general("M2", *M1.lines))
    story.ship("S1", licences=["M1"])
    story.ship("S1", licences=["M2"])
    assert licences_read(story) == ["M1", "M2"]
    story.rejudge("shipment", "S1", "sweep")
    assert licences_read(story) == ["M2"]


def test_a_decision_names_the_licence_that_the_shipment_names_though_its_successor_or_nobody_answers_for_it() -> None:
    """D3.3: a draft counts as not there, and a successor takes the place of what it supersedes."""
    story = Story(replace(general("M2", *M1.lines), supersedes=("M1",)))
    story.ship("S1", licences=["M1"])
    assert (story.state("S1"), licences_read(story)) == ("RELEASED", ["M1", "M2"])
    story = Story(replace(L1, version=2, status=LicenceStatus.DRAFT))
    story.ship("S1", item="SM-OXIDE", licences=["L1"])
    assert "L1" in licences_read(story)


def test_a_change_of_what_a_shipment_counts_for_is_known_to_whoever_writes_it_down() -> None:
    workspace = Workspace(NOW, references(), Policy(), {}, {}, {}, families=FamilyBook(NOW.date()))
    entry = FamilyEntry(1, "valves", "ALPHA", day("2026-03-05"), "VALVE", quantity("5 KGM"), Balance.RESERVED)
    workspace.put_shipment(shipment())
    assert not workspace.families.changed
    workspace.put_shipment(replace(shipment(), families=(entry,)))
    assert workspace.families.changed == {"S1"}
