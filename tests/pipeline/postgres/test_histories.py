"""Small histories in any order, cut into batches anyhow: whatever happened, what is stored is sound."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
        return [item(self.name, f"{self.name}.a"), control(f"{self.name}.a"), self._licence(100)]

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

    def _licence(self, amount: int) -> Event:
        return licence(self.name, f"{amount} KGM", version=self._next("licence"), code=f"{self.name}.a")

    def _shipment(self, number: int) -> str:
        return f"{self.name}-S{number}"

    def _order(self, number: int) -> str:
        return f"{self.name}-O{number}"

    def _next(self, name: str) -> int:
        self.versions[name] += 1
        return self.versions[name]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(delivery=DELIVERIES)
async def test_any_history_in_any_batches_leaves_what_is_sound_and_again_changes_nothing(
    feeder: Feeder, delivery: list[tuple[tuple[Any, ...], bool, bool]]
) -> None:
    """D8.6: the same records once more leave every row of every table as it was."""
    story = Story()
    await feeder.resume()
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
