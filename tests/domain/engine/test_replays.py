"""A decision is a function of what was recorded of it: decided again it is the same, and what was changed shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal

import pytest

from services.gatekeeper.domain import decide
from services.gatekeeper.domain.aggregates import Finding, Order, Shipment, Take
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.quantity import Quantity
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.replaying import Replay, replay
from services.gatekeeper.domain.rules import CASE_RULES
from services.gatekeeper.domain.workspace import Decision, Failure
from tests.domain.builders import M1, at
from tests.domain.story import Story


def again(story: Story, decision: Decision) -> Replay:
    return replay(decision, story.references, story.policy)


def changed(story: Story, decision: Decision) -> list[tuple[str, str, str]]:
    return [(one.what, one.stored, one.replayed) for one in again(story, decision).differences]


def raises(case: Case) -> Iterator[Finding]:
    raise ValueError("no such thing")
    yield


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(decide, "CASE_RULES", (*CASE_RULES, raises))
    return monkeypatch


def test_another_quantity_in_what_was_seen_shows_in_what_is_drawn() -> None:
    story = Story()
    story.ship("S1")
    decision = story.decisions[-1]
    assert isinstance(decision.seen.subject, Shipment)
    facts = decision.seen.subject.facts
    assert facts is not None
    line = replace(facts.lines[0], net_quantity=Quantity(Decimal(200), "KGM"))
    subject = replace(decision.seen.subject, facts=replace(facts, lines=(line,)))
    forged = replace(decision, seen=replace(decision.seen, subject=subject))
    [(what, stored, replayed)] = changed(story, forged)
    assert what == "draw line=1 licence=M1/1"
    assert "RESERVED 300 KGM" in stored
    assert "RESERVED 200 KGM" in replayed
    assert "rate -, day 2026-03-05" in stored


def test_another_state_or_reason_than_follows_is_said() -> None:
    story = Story()
    story.ship("S1", "2000 KGM")
    decision = story.decisions[-1]
    forged = replace(decision, verdict=replace(decision.verdict, state="RELEASED", findings=()))
    (state, finding) = changed(story, forged)
    assert state == ("state", "RELEASED", "HELD")
    assert finding[:2] == ("finding QTY_EXCEEDED licence_no=M1 line_no=1", "-")
    assert "1000 KGM" in finding[2]


def test_details_are_compared_whatever_their_order_and_told_in_their_own_script() -> None:
    story = Story()
    story.ship("S1", "2000 KGM")
    decision = story.decisions[-1]
    (found,) = decision.verdict.findings
    turned = replace(found, detail=dict(reversed(found.detail.items())))
    assert changed(story, replace(decision, verdict=replace(decision.verdict, findings=(turned,)))) == []
    renamed = replace(found, detail={**found.detail, "licence_line": "一"})
    [(_, stored, _)] = changed(story, replace(decision, verdict=replace(decision.verdict, findings=(renamed,))))
    assert "一" in stored


def test_other_rules_than_were_read_are_said() -> None:
    story = Story()
    story.ship("S1")
    decision = story.decisions[-1]
    story.rule(replace(M1, version=2, destinations=("US",)))
    story.with_policy(version=3)
    told = changed(story, decision)
    assert ("policy_version", "0", "3") in told
    assert ("state", "RELEASED", "HELD") in told
    assert ("read licence M1", "1", "2") in told


def test_a_balance_that_was_not_recorded_is_missed() -> None:
    story = Story()
    story.ship("S1")
    decision = story.decisions[-1]
    assert [account.licence_no for account in decision.seen.accounts] == ["M1"]
    forged = replace(decision, seen=replace(decision.seen, accounts=()))
    assert ("failure", "-", "licence_reasons: KeyError") in [
        (what, stored, "licence_reasons: KeyError" if replayed.endswith(": KeyError") else replayed)
        for what, stored, replayed in changed(story, forged)
    ]


@pytest.mark.parametrize("owner", ["shipment", "order"])
def test_what_failed_then_follows_from_the_failure_and_says_so(owner: str, broken: pytest.MonkeyPatch) -> None:
    """ENGINE_ERROR: nobody can tell what a rule would have found that raised."""
    story = Story()
    story.ship("S1") if owner == "shipment" else story.order("O1")
    decision = story.decisions[-1]
    assert decision.failure == Failure("raises", "ValueError")
    assert [found.reason for found in decision.verdict.findings] == [Reason.ENGINE_ERROR]
    assert again(story, decision) == Replay(decision.verdict, ())
    broken.undo()
    assert again(story, decision) == Replay(decision.verdict, (), failed_then=True)
    forged = replace(decision, verdict=replace(decision.verdict, state="RELEASED", findings=()))
    assert ("state", "RELEASED", "HELD") in changed(story, forged)


def test_a_rule_that_raises_at_what_it_did_not_raise_at_then_is_said(broken: pytest.MonkeyPatch) -> None:
    broken.undo()
    story = Story()
    story.ship("S1")
    broken.setattr(decide, "CASE_RULES", (*CASE_RULES, raises))
    told = changed(story, story.decisions[-1])
    assert ("failure", "-", "raises: ValueError") in told
    assert ("state", "RELEASED", "HELD") in told


def test_what_is_closed_is_recorded_too_so_that_nobody_takes_it_for_released() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.milestone("S1", "CANCELLED")
    story.cancel("O1")
    last = {one.owner_id: (one.previous, one.verdict.state, one.verdict.draws) for one in story.decisions}
    assert last == {"S1": ("RELEASED", "CLOSED", ()), "O1": ("CLEARED", "CLOSED", ())}


def test_goods_that_left_unreleased_are_recorded_with_the_hold_of_their_departure() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "CANCELLED")
    story.milestone("S1", "DEPARTED")
    decision = next(one for one in story.decisions if one.verdict.state == "INTERCEPT")
    assert decision.seen.departs
    assert [found.reason for found in decision.verdict.findings] == [Reason.MOVED_UNRELEASED]


def test_of_an_order_with_many_shipments_only_their_sum_is_recorded() -> None:
    larger = replace(M1.lines[0], quantity=Quantity(Decimal(9000), "KGM"))
    story = Story(replace(M1, version=2, max_uses=None, lines=(larger,)))
    story.order("O1", "3000 KGM", value="90000 USD")
    for number in range(1, 31):
        story.ship(f"S{number}", f"{number} KGM", order="O1", value="30 USD")
    story.ship("S1", "2 KGM", order="O1", value="30 USD")
    amended = [one for one in story.decisions if (one.owner_id, one.cause) == ("S1", "ShipmentUpserted")][-1]
    [order] = amended.seen.orders
    assert (order.shipments, order.holds) == ((), ())
    own, others = order.takes
    assert (own.shipment_id, own.quantity) == ("S1", Quantity(Decimal(1), "KGM"))
    assert (others.shipment_id, others.quantity) == ("", Quantity(Decimal(464), "KGM"))
    assert others.arrival > own.arrival
    story.rejudge("order", "O1", "sweep")
    subject = story.decisions[-1].seen.subject
    assert isinstance(subject, Order)
    assert [take.quantity for take in subject.takes] == [Quantity(Decimal(466), "KGM")]


def test_where_uses_are_limited_an_orders_own_shipments_stay_apart() -> None:
    """D4.1: uses held by an order's own shipments don't count against the order."""
    story = Story(replace(M1, version=2, max_uses=3))
    story.order("O1", "900 KGM")
    for name in ("S1", "S2", "S3"):
        story.ship(name, "100 KGM", order="O1")
    story.rejudge("order", "O1", "sweep")
    subject = story.decisions[-1].seen.subject
    assert isinstance(subject, Order)
    assert [take.shipment_id for take in subject.takes] == ["S1", "S2", "S3"]
    assert story.state("O1") == "CLEARED"


def test_lines_of_an_order_that_a_shipment_does_not_name_are_not_recorded() -> None:
    story = Story()
    lines = [
        {"line_no": number, "item_no": "MAG-ROD", "quantity": {"value": "100", "unit": "KGM"},
         "value": {"amount": "3000", "currency": "USD"}}
        for number in (1, 2, 3)
    ]  # fmt: skip
    story.order("O1", lines=lines)
    story.ship("S1", "50 KGM", order="O1")
    [order] = story.decisions[-1].seen.orders
    assert order.facts is not None
    assert [line.line_no for line in order.facts.lines] == [1]
    assert [draw.line_no for draw in order.draws] == [1]


def test_a_take_without_quantity_or_value_stays_without() -> None:
    story = Story()
    story.order("O1")
    for name in ("S1", "S2", "S3"):
        line = {"line_no": 1, "item_no": "STEEL-BOLT", "order_id": "O1", "order_line": 1}
        story.ship(name, order="O1", movement="DOMESTIC", lines=[line])
    takes = [take for one in story.decisions for order in one.seen.orders for take in order.takes]
    assert all((take.quantity, take.value) == (None, None) for take in takes)


def test_every_field_of_a_take_is_summed_or_told_apart() -> None:
    """A field that is added must be added to what `seen` sums by."""
    assert [one.name for one in fields(Take)] == [
        "shipment_id",
        "line_no",
        "order_line",
        "item_no",
        "quantity",
        "value",
        "balance",
        "arrival",
        "licence_no",
        "leaves",
        "others",
    ]


def test_nothing_is_recorded_that_no_rule_reads() -> None:
    story = Story()
    story.ship("S1")
    story.ship("S1", "400 KGM", time=at("2026-03-09 09:00"))
    story.rejudge("shipment", "S1", "sweep")
    subject = story.decisions[-1].seen.subject
    assert isinstance(subject, Shipment)
    assert (subject.terms, subject.ahead, subject.sequence, subject.candidates) == (frozenset(), None, 0, ())
    assert (subject.rules_version, subject.decided_at, subject.recheck_at) == (0, None, None)


def test_of_an_order_no_departure_is_recorded() -> None:
    story = Story()
    story.order("O1")
    assert not story.decisions[-1].seen.departs
