"""The simulated day is readable to Holdgate, always the same, and has in it what the demo is to show."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.notices import NoticeUpserted
from schemas.reading import read_event
from services.local.demo import story
from services.local.demo.consignments import milestone_event
from services.local.demo.events import TradeEvent, record_of
from services.local.demo.trading_day import SHIPMENTS_MAX, SHIPMENTS_MIN, shipments_of_a_day, trading_day
from services.local.demo.world import PERMITS, reference_events

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = trading_day(NOW, shipments=250)
EVENTS = [
    *reference_events(NOW),
    *(planned.event for planned in DAY.events),
    milestone_event("S-0001", "DEPARTED", NOW),
]


def test_holdgate_can_read_every_event_of_the_day() -> None:
    for number, event in enumerate(EVENTS):
        record = record_of(event, event_id=f"e{number}", source="//erp", at=NOW)
        read = read_event(event.topic, record.headers, record.key, record.value)
        assert read.entity_key == event.key == record.key.decode()
        assert read.envelope.subject == event.key


def test_the_notice_can_be_recorded() -> None:
    NoticeUpserted.model_validate({**story.notice(NOW), "version": 1})


def test_there_is_something_to_report_after_a_gatekeeper_was_killed() -> None:
    assert sum(planned.at > story.KILL_AT for planned in DAY.events) > len(DAY.events) / 10


def test_the_same_seed_gives_the_same_day() -> None:
    assert trading_day(NOW, shipments=250) == DAY
    assert trading_day(NOW, shipments=250, seed=1) != DAY


def test_the_day_has_a_few_hundred_orders_and_shipments_of_several_exporters() -> None:
    assert DAY.shipments == 250 + len(story.TOLD) + len(story.TO_GAMMA)
    assert DAY.orders > 100
    assert len({one.exporter for one in DAY.consignments.values()}) == 3


@pytest.mark.parametrize(("seconds", "shipments"), [(5, SHIPMENTS_MIN), (50, 250), (10_000, SHIPMENTS_MAX)])
def test_a_longer_day_has_more_shipments_within_bounds(seconds: float, shipments: int) -> None:
    assert shipments_of_a_day(seconds) == shipments


def test_events_come_in_order_and_before_the_evening() -> None:
    times = [planned.at for planned in DAY.events]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] < 1


def _first(event_kind: str, key: str) -> int:
    return next(
        number
        for number, planned in enumerate(DAY.events)
        if planned.event.kind == event_kind and planned.event.key == key
    )


def test_some_orders_come_after_their_shipments_and_most_before() -> None:
    late = [
        one.shipment_id
        for one in DAY.consignments.values()
        if one not in story.AFTER_THE_NOTICE
        and _first("shipment.upserted", one.shipment_id) < _first("order.upserted", one.order_id)
    ]
    assert 0 < len(late) < 0.1 * DAY.shipments


def _quantity(event: TradeEvent) -> Decimal:
    return Decimal(event.data["lines"][0]["net_quantity"]["value"])


def test_the_story_ships_a_gram_more_than_is_granted_then_exactly_what_is() -> None:
    first, second = (
        planned.event
        for planned in DAY.events
        if planned.event.kind == "shipment.upserted" and planned.event.key == story.ONE_GRAM_MORE.shipment_id
    )
    granted = next(permit.units for permit in PERMITS if permit.licence_no == story.ONE_GRAM_MORE.licences[0])
    assert _quantity(first) - granted == Decimal("0.001")
    assert _quantity(second) == granted
    assert second.data["version"] > first.data["version"]


def test_goods_of_every_pace_wait_for_the_notice() -> None:
    assert len({one.pace for one in story.BEFORE_THE_NOTICE}) == 3
    assert all(story.is_touched(one) for one in story.TO_GAMMA)
    assert not any(story.is_touched(one) for one in story.TOLD)
