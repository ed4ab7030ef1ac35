"""Small histories in any order, cut into batches anyhow: whatever happened, what is stored is sound."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.pipeline.policies import record_policy
from tests.pipeline.feeding import Feeder, Sent, sent
from tests.pipeline.trade import Event, cancelled, control, item, licence, lifted, milestone, notice, order, shipment

SHIPMENTS, ORDERS = st.integers(0, 3), st.integers(0, 1)
AMOUNTS = st.sampled_from([10, 40, 70])
MILESTONES = ("PACKED", "DEPARTED", "ARRIVED", "DELIVERED", "CANCELLED", "SHIPPING_VOIDED", "RETURNED")
HAPPENINGS = st.one_of(
    st.tuples(st.just("ship"), SHIPMENTS, AMOUNTS, st.none() | ORDERS),
    st.tuples(st.just("ship"), SHIPMENTS, AMOUNTS, st.none() | ORDERS),
    st.tuples(st.just("order"), ORDERS, AMOUNTS),
    st.tuples(st.just("cancel"), ORDERS),
    st.tuples(st.just("milestone"), SHIPMENTS, st.sampled_from(MILESTONES)),
    st.tuples(st.just("milestone"), SHIPMENTS, st.sampled_from(MILESTONES)),
    st.tuples(st.just("cap"), st.sampled_from([30, 100, 150])),
    st.tuples(st.just("limit"), st.sampled_from([30, 80, 150]), st.sampled_from(["DAY", "CALENDAR_MONTH"])),
    st.tuples(st.just("plan"), SHIPMENTS, st.sampled_from(["2026-03-05", "2026-03-20", "2026-04-05"])),
    st.tuples(st.just("stop"), SHIPMENTS),
    st.tuples(st.just("lift"), SHIPMENTS),
    st.tuples(st.just("broken"), SHIPMENTS),
)
# What happens, and after which happenings a batch ends, and after which batches the rest of the work is done.
DELIVERIES = st.lists(st.tuples(HAPPENINGS, st.booleans(), st.booleans()), min_size=1, max_size=25)
STORIES = itertools.count(1)


class Story:
    """The events of one history, with ids, item and licence of its own in a database that many share."""

    def __init__(self) -> None:
        self.name = f"H{next(STORIES)}"
        self.versions: Counter[str] = Counter()

    def rules(self) -> list[Event]:
        code = f"{self.name}.a"
        return [
            item(self.name, code),
            control(code),
            self._licence(100),
            licence(f"{self.name}-B", "25 KGM", code=code),
        ]

    def event(self, happening: tuple[Any, ...]) -> Event | Sent:
        match happening:
            case "ship", number, amount, None:
                name = self._shipment(number)
                return shipment(name, f"{amount} KGM", item=self.name, version=self._next(name))
            case "ship", number, amount, ordered:
                name = self._shipment(number)
                version = self._next(name)
                return shipment(name, f"{amount} KGM", item=self.name, version=version, order=self._order(ordered))
            case "order", number, amount:
                name = self._order(number)
                return order(name, f"{amount} KGM", item=self.name, version=self._next(name))
            case "cancel", number:
                return cancelled(self._order(number), version=self._next(self._order(number)))
            case "milestone", number, what:
                return milestone(self._shipment(number), what)
            case "cap", amount:
                return self._licence(amount)
            case "limit", amount, period:
                limit = {"line_no": 1, "quantity": {"value": str(amount), "unit": "KGM"}, "period": period}
                return self._licence(150, period_limits=[limit])
            case "plan", number, day:
                occurred_at = f"{day}T18:00:00+08:00"
                return milestone(self._shipment(number), "DEPARTED", occurred_at, classifier="PLANNED")
            case "stop", number:
                notice_id = f"N-{self._shipment(number)}"
                return notice(notice_id, version=self._next(notice_id), shipments=[self._shipment(number)])
            case "lift", number:
                notice_id = f"N-{self._shipment(number)}"
                return lifted(notice_id, version=self._next(notice_id))
            case "broken", number:
                name = self._shipment(number)
                return sent(shipment(name, version=self._next(name)), value=b"{")
        raise AssertionError(happening)

    def _licence(self, amount: int, **changes: Any) -> Event:
        return licence(self.name, f"{amount} KGM", version=self._next("licence"), code=f"{self.name}.a", **changes)

    def _shipment(self, number: int) -> str:
        return f"{self.name}-S{number}"

    def _order(self, number: int) -> str:
        return f"{self.name}-O{number}"

    def _next(self, name: str) -> int:
        self.versions[name] += 1
        return self.versions[name]


@pytest.mark.parametrize("combine", [False, True])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(delivery=DELIVERIES)
async def test_any_history_in_any_batches_leaves_what_is_sound_and_again_changes_nothing(
    feeder: Feeder, combine: bool, delivery: list[tuple[tuple[Any, ...], bool, bool]]
) -> None:
    """D8.6: the same records once more leave every row of every table as it was."""
    story = Story()
    await feeder.resume()
    await record_policy(feeder.gate, Policy(version=1, combine_licences=combine))
    await feeder.tell(*story.rules())
    batch, told = [], []
    for happening, ends, settled in delivery:
        batch.append(feeder._record(story.event(happening)))
        if ends:
            await feeder.feed(*batch)
            told += batch
            batch = []
        if ends and settled:
            await feeder.until_idle()
    await feeder.feed(*batch)
    await feeder.assert_sound()
    before = await feeder.written()
    await feeder.tell(*told, *batch)
    assert await feeder.written() == before
