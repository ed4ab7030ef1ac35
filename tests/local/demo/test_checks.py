"""The demo's own checks: right only when everything is as it should be, and each can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from schemas.produced import ShipmentState, ViolationRecorded
from services.local.demo import story
from services.local.demo.checks import QUESTIONS, Check, check_all
from services.local.demo.evidence import Evidence, Ledger, Notice, TakeOver
from services.local.demo.listening import WholeTopic
from services.local.demo.service_roles import Freight, Logistics, Payment
from services.local.demo.subscribers import Subscriber
from tests.local.demo.heard import NOW, draw, event, hold, state

WITHIN = story.WITHIN_LICENCE.shipment_id
GRAM = story.ONE_GRAM_MORE.shipment_id
DELIVERED, AT_SEA, PACKED = (story.TO_GAMMA[number].shipment_id for number in (0, 3, 6))


def _stopped_by_notice(shipment_id: str, name: str) -> ShipmentState:
    return state(shipment_id, name, 2, reasons=("STOP_NOTICE",))


def _histories() -> dict[str, list[ShipmentState]]:
    user, country = story.WRONG_USER.shipment_id, story.WRONG_COUNTRY.shipment_id
    found = {
        WITHIN: [state(WITHIN, "RELEASED", draws=(draw(story.WITHIN_LICENCE.licences[0], 400),))],
        GRAM: [
            state(GRAM, "HELD", holds=(hold("QTY_EXCEEDED", {"excess": "0.001 KGM"}),)),
            state(GRAM, "RELEASED", 2),
        ],
        user: [state(user, "HELD", reasons=("END_USER_MISMATCH",))],
        country: [state(country, "HELD", reasons=("DESTINATION_MISMATCH",))],
    }
    for shipment_id, name in ((DELIVERED, "INCIDENT"), (AT_SEA, "INTERCEPT"), (PACKED, "HELD")):
        found[shipment_id] = [state(shipment_id, "RELEASED"), _stopped_by_notice(shipment_id, name)]
    for one in story.AFTER_THE_NOTICE:
        found[one.shipment_id] = [state(one.shipment_id, "HELD", reasons=("STOP_NOTICE",))]
    return found


@pytest.fixture
def evidence() -> Evidence:
    """A day on which everything went well."""
    told = (*story.TOLD, story.TO_GAMMA[0], story.TO_GAMMA[3], story.TO_GAMMA[6], *story.AFTER_THE_NOTICE)
    consignments = {one.shipment_id: one for one in told}
    subscribers = [Subscriber(role) for role in ("logistics", "freight", "payment")]
    histories = _histories()
    laneseq = 0
    for heard in [one for history in histories.values() for one in history]:
        laneseq += 1
        for subscriber in subscribers:
            subscriber.hear(0, event(heard, laneseq))
    logistics = Logistics(subscribers[0], consignments)
    logistics.moved["PACKED"] = 4
    good = Evidence(consignments, subscribers, logistics, Freight(), Payment(subscribers[2], consignments), histories)
    good.payment.paid[WITHIN] = Decimal(72_000)
    good.notice = Notice({"status": "EFFECTIVE", "lanes": {"published": 4, "total": 4}}, 0.1, NOW)
    good.take_over = TakeOver(2, 5, 1, -9, seconds=9.0, published_after=20)
    good.settled = True
    good.topic = WholeTopic({0: list(range(1, laneseq + 1))})
    good.statuses = {
        shipment_id: {"state": last.state, "sequence": last.sequence, "may_move": last.may_move}
        for shipment_id, (*_, last) in histories.items()
    }
    good.stranger = {"state": "UNKNOWN", "may_move": False}
    good.ledger = Ledger(10, (), ())
    return good


def test_a_day_on_which_everything_went_well_passes_every_check(evidence: Evidence) -> None:
    assert [check for check in check_all(evidence) if not check.ok] == []
    assert len({check.name for check in check_all(evidence)}) == len(QUESTIONS)


def _never_released(evidence: Evidence) -> None:
    evidence.histories[WITHIN] = [state(WITHIN, "HELD", reasons=("NO_LICENCE",))]


def _gram_not_noticed(evidence: Evidence) -> None:
    evidence.histories[GRAM] = [state(GRAM, "RELEASED")]


def _wrong_user_released(evidence: Evidence) -> None:
    evidence.histories[story.WRONG_USER.shipment_id].append(state(story.WRONG_USER.shipment_id, "RELEASED", 2))


def _wrong_country_for_another_reason(evidence: Evidence) -> None:
    country = story.WRONG_COUNTRY.shipment_id
    evidence.histories[country] = [state(country, "HELD", reasons=("NO_LICENCE",))]


def _notice_not_effective(evidence: Evidence) -> None:
    evidence.notice = Notice({"status": "RECORDED", "lanes": {"published": 3, "total": 4}}, 30.0, NOW)


def _no_incident(evidence: Evidence) -> None:
    evidence.histories[DELIVERED].pop()


def _late_goods_slipped_through(evidence: Evidence) -> None:
    late = story.AFTER_THE_NOTICE[0].shipment_id
    evidence.histories[late].insert(0, state(late, "RELEASED"))


def _nobody_took_over(evidence: Evidence) -> None:
    evidence.take_over = TakeOver(2, 5, 1, -9)


def _gap(evidence: Evidence) -> None:
    evidence.subscribers[1].gaps += 1


def _number_twice_in_the_topic(evidence: Evidence) -> None:
    evidence.topic.numbers[0].append(1)


def _unanswered(evidence: Evidence) -> None:
    del evidence.histories[AT_SEA]


def _status_differs(evidence: Evidence) -> None:
    evidence.statuses[PACKED]["sequence"] = 9


def _stranger_may_move(evidence: Evidence) -> None:
    evidence.stranger = {"state": "RELEASED", "may_move": True}


def _released_with_a_hold(evidence: Evidence) -> None:
    evidence.histories[WITHIN].append(state(WITHIN, "RELEASED", 2, reasons=("STOP_NOTICE",)))


def _moved_while_held(evidence: Evidence, shipment_id: str, occurred_at: datetime) -> None:
    evidence.violations.append(
        ViolationRecorded(
            violation_id="V1", kind="MOVED_WHILE_HELD", shipment_id=shipment_id, detail={}, occurred_at=occurred_at
        )
    )


def _violation(evidence: Evidence) -> None:
    _moved_while_held(evidence, WITHIN, NOW)


def _left_after_the_notice(evidence: Evidence) -> None:
    _moved_while_held(evidence, PACKED, NOW + timedelta(seconds=1))


def _paid_for_held_goods(evidence: Evidence) -> None:
    evidence.payment.paid[story.WRONG_USER.shipment_id] = Decimal(1)


def _ledger_is_wrong(evidence: Evidence) -> None:
    evidence.ledger = Ledger(10, ("L-HEXIN-101",), ())


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (_never_released, "a release within a licence"),
        (_gram_not_noticed, "quantity exceeded by 0.001"),
        (_wrong_user_released, "wrong end user"),
        (_wrong_country_for_another_reason, "licence for DE"),
        (_notice_not_effective, "stop notice"),
        (_no_incident, "held, intercepted and incident"),
        (_late_goods_slipped_through, "nothing that the notice stops"),
        (_nobody_took_over, "gatekeeper killed"),
        (_gap, "subscribers"),
        (_number_twice_in_the_topic, "the whole topic"),
        (_unanswered, "every shipment was answered"),
        (_status_differs, "status API"),
        (_stranger_may_move, "status API"),
        (_released_with_a_hold, "released means"),
        (_violation, "logistics moved"),
        (_left_after_the_notice, "logistics moved"),
        (_paid_for_held_goods, "payment paid"),
        (_ledger_is_wrong, "balances equal"),
    ],
)
def test_each_fault_fails_its_check(evidence: Evidence, spoil: Callable[[Evidence], None], name: str) -> None:
    spoil(evidence)
    failed = [check.name for check in check_all(evidence) if not check.ok]
    assert any(one.startswith(name) for one in failed), failed


def test_goods_that_left_while_the_notice_was_on_its_way_are_nobodys_fault(evidence: Evidence) -> None:
    _moved_while_held(evidence, PACKED, NOW - timedelta(seconds=1))
    (check,) = (one for one in check_all(evidence) if one.name.startswith("logistics moved"))
    assert check.ok
    assert check.found.endswith("1 crossed the notice")


def test_a_take_over_that_could_not_be_shown_says_why(evidence: Evidence) -> None:
    evidence.take_over, evidence.take_over_left_out = None, "the mock knows no transactions"
    (check,) = (one for one in check_all(evidence) if one.name.startswith("gatekeeper killed"))
    assert check == Check(check.name, True, "left out: the mock knows no transactions")


@pytest.mark.parametrize(("numbers", "gaps", "duplicates"), [([1, 2, 3], 0, 0), ([1, 3], 1, 0), ([1, 2, 2], 0, 1)])
def test_the_topic_itself_shows_gaps_and_duplicates(numbers: list[int], gaps: int, duplicates: int) -> None:
    topic = WholeTopic({0: numbers})
    assert (topic.gaps, topic.duplicates) == (gaps, duplicates)
    assert topic.is_dense == (gaps == duplicates == 0)
