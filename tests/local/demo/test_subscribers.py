"""A subscriber keeps the consumer contract, and the systems behind it do as they are told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.local.demo.consignments import JOURNEY, Consignment, Pace, under
from services.local.demo.service_roles import Freight, Logistics, Payment
from services.local.demo.subscribers import Change, Subscriber
from services.local.demo.world import WITHIN
from tests.local.demo.heard import event, state

EVENING = 100.0


def _consignment(shipment_id: str = "S1", pace: Pace = Pace.AIR) -> Consignment:
    return under(WITHIN, shipment_id, Decimal(10), forwarder="SINOWAY", pace=pace)


def _told(subscriber: Subscriber, *states: str, shipment_id: str = "S1") -> list[Change]:
    """The changes that follow from hearing these states one after the other."""
    begun = subscriber.last.get(0, 0)
    known = subscriber.states[shipment_id].sequence if shipment_id in subscriber.states else 0
    changes = [
        subscriber.hear(0, event(state(shipment_id, name, known + number), begun + number))
        for number, name in enumerate(states, start=1)
    ]
    return [change for change in changes if change is not None]


def test_a_shipment_never_heard_of_may_not_move() -> None:
    subscriber = Subscriber("logistics")
    assert subscriber.directive("S1") == "STOP"
    assert not subscriber.may_act("S1")


def test_a_released_shipment_may_move_until_it_is_held() -> None:
    subscriber = Subscriber("logistics")
    _told(subscriber, "RELEASED")
    assert subscriber.may_act("S1")
    (change,) = _told(subscriber, "HELD")
    assert (change.before, change.after) == ("PROCEED", "STOP")
    assert not subscriber.may_act("S1")
    assert subscriber.stopped_after_go == {"S1"}


def test_a_record_read_twice_is_skipped_and_counted() -> None:
    subscriber = Subscriber("logistics")
    released = event(state("S1", "RELEASED", 1), 1)
    assert subscriber.hear(0, released) is not None
    assert subscriber.hear(0, released) is None
    assert (subscriber.heard, subscriber.duplicates, subscriber.gaps) == (1, 1, 0)


def test_a_missing_record_raises_an_alarm_and_what_follows_is_obeyed() -> None:
    subscriber = Subscriber("logistics")
    subscriber.hear(0, event(state("S1", "HELD", 1), 1))
    subscriber.hear(0, event(state("S1", "RELEASED", 3), 3))
    assert subscriber.alarms == ["partition 0: laneseq 3 after 1"]
    assert subscriber.may_act("S1")


def test_a_topic_that_does_not_begin_with_one_has_a_gap() -> None:
    subscriber = Subscriber("logistics")
    subscriber.hear(0, event(state("S1", "HELD", 1), 2))
    assert subscriber.gaps == 1


def test_every_partition_is_numbered_by_itself() -> None:
    subscriber = Subscriber("logistics")
    subscriber.hear(0, event(state("S1", "HELD", 1), 1))
    subscriber.hear(1, event(state("S2", "HELD", 1), 1))
    assert (subscriber.gaps, subscriber.duplicates, subscriber.heard) == (0, 0, 2)


def test_a_record_without_a_number_is_not_obeyed() -> None:
    subscriber = Subscriber("logistics")
    assert subscriber.hear(0, event(state("S1", "RELEASED", 1), None)) is None
    assert subscriber.gaps == 1
    assert not subscriber.may_act("S1")


def test_the_highest_sequence_is_obeyed() -> None:
    subscriber = Subscriber("logistics")
    subscriber.hear(0, event(state("S1", "HELD", 5), 1))
    assert subscriber.hear(0, event(state("S1", "RELEASED", 4), 2)) is None
    assert not subscriber.may_act("S1")


def test_a_directive_that_nobody_knows_means_stop() -> None:
    subscriber = Subscriber("logistics")
    unheard_of = state("S1", "RELEASED").directives.model_copy(update={"logistics": "HURRY"})
    subscriber.hear(0, event(state("S1", "RELEASED", directives=unheard_of), 1))
    assert subscriber.directive("S1") == "STOP"
    assert not subscriber.may_act("S1")


def _logistics(pace: Pace = Pace.AIR) -> tuple[Subscriber, Logistics]:
    subscriber = Subscriber("logistics")
    return subscriber, Logistics(subscriber, {"S1": _consignment(pace=pace)})


def _all_due(logistics: Logistics, times: int) -> list[str]:
    """The milestones reported when nothing is waited for."""
    return [
        milestone
        for number in range(times)
        for _, milestone in logistics.due(EVENING * (number + 1), EVENING * (number + 1))
    ]


def test_goods_travel_to_the_end_while_they_are_released() -> None:
    subscriber, logistics = _logistics()
    for change in _told(subscriber, "RELEASED"):
        logistics.hear(change, 0.0)
    assert _all_due(logistics, 10) == list(JOURNEY)
    assert logistics.whereabouts(["S1"]) == {"before departure": 0, "on the way": 0, "delivered": 1}


def test_goods_that_are_held_stay_where_they_are_and_go_on_when_released() -> None:
    subscriber, logistics = _logistics()
    for change in _told(subscriber, "RELEASED"):
        logistics.hear(change, 0.0)
    assert _all_due(logistics, 2) == ["PACKED", "HANDED_OVER"]
    for change in _told(subscriber, "HELD"):
        logistics.hear(change, EVENING * 3)
    assert logistics.due(EVENING * 10, EVENING * 10) == []
    for change in _told(subscriber, "RELEASED"):
        logistics.hear(change, EVENING * 10)
    assert logistics.due(EVENING * 11, EVENING * 11) == [("S1", "DECLARED")]


def test_goods_leave_only_with_a_departure_that_is_due() -> None:
    subscriber, logistics = _logistics()
    for change in _told(subscriber, "RELEASED"):
        logistics.hear(change, 0.0)
    _all_due(logistics, 4)
    assert logistics.due(EVENING * 5, 0.0) == []
    assert logistics.due(EVENING * 5, EVENING * 5) == [("S1", "DEPARTED")]


def test_goods_that_were_never_released_have_not_moved() -> None:
    subscriber, logistics = _logistics()
    for change in _told(subscriber, "HELD"):
        logistics.hear(change, 0.0)
    assert logistics.due(EVENING, EVENING) == []
    assert logistics.milestone("S1") is None


def test_freight_gives_space_back_and_turns_goods_round() -> None:
    subscriber, freight = Subscriber("freight"), Freight()
    for change in _told(subscriber, "RELEASED", "HELD"):
        freight.hear(change)
    assert (freight.booked, freight.given_back) == (set(), {"S1"})
    for change in _told(subscriber, "RELEASED", "INTERCEPT"):
        freight.hear(change)
    assert freight.turned_round == {"S1"}


@pytest.mark.parametrize(
    ("heard", "paid"), [(("RELEASED",), {"S1"}), (("RELEASED", "HELD"), set()), (("HELD",), set())]
)
def test_an_invoice_is_paid_only_while_its_goods_are_released(heard: tuple[str, ...], paid: set[str]) -> None:
    subscriber = Subscriber("payment")
    payment = Payment(subscriber, {"S1": _consignment()})
    for change in _told(subscriber, *heard):
        payment.hear(change, 0.0)
    payment.pay(EVENING)
    assert set(payment.paid) == paid
    assert payment.blocked == {"S1"} - paid


def test_an_invoice_is_paid_once() -> None:
    subscriber = Subscriber("payment")
    payment = Payment(subscriber, {"S1": _consignment()})
    for change in _told(subscriber, "RELEASED"):
        payment.hear(change, 0.0)
    payment.pay(EVENING)
    for change in _told(subscriber, "INTERCEPT", "RELEASED"):
        payment.hear(change, EVENING)
    assert payment.due == {}
    assert payment.total == Decimal(1800)
