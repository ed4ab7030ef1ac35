"""What is true after any trading history."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.gatekeeper.domain.vocabulary import OrderState, ShipmentState
from tests.domain.builders import L1, M1
from tests.domain.properties.histories import Step, check, concerned, everything, histories, played, standing, trade
from tests.domain.story import Story

SOME = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@SOME
@given(histories)
def test_balances_are_the_ledgers_sum_and_nothing_is_released_with_a_hold(steps: list[Step]) -> None:
    story = played([])
    for step in steps:
        step.play(story)
        check(story)


@SOME
@given(histories, st.integers(0, 13))
def test_the_same_event_twice_is_one(steps: list[Step], index: int) -> None:
    """Without the pipeline's memory of event ids: what was handled once is handed over again at once."""
    once = played(steps)
    twice = played([])
    for number, step in enumerate(steps):
        versions = dict(twice.versions)
        events = twice.events
        step.play(twice)
        if number == index and step.about != "time":
            twice.versions, twice.events, twice.seen = versions, events, {}
            step.play(twice)
    assert standing(twice) == standing(once)
    assert len(twice.shipment_events) == len(once.shipment_events)


@SOME
@given(histories, st.sampled_from([{"items": ["MAG-ROD"]}, {"exporters": ["E1"]}, {"shipments": ["S2"]}, {}]))
def test_a_notice_added_at_the_end_removes_no_hold(steps: list[Step], scope: dict[str, list[str]]) -> None:
    story = played(steps)
    before = {name: {hold.hold_id for hold in each.holds} for name, each in everything(story).items()}
    released = {name for name, each in story.shipments.items() if each.state is ShipmentState.RELEASED}
    cleared = {name for name, each in story.orders.items() if each.state is OrderState.CLEARED}
    story.notice("N9", **scope)
    check(story)
    # What is held now gives its reservation back, which may lift the holds of those that waited for it (D4.4).
    assume(not released and not cleared)
    for name, each in everything(story).items():
        assert before[name] <= {hold.hold_id for hold in each.holds}


@SOME
@given(histories, trade, trade)
def test_the_order_of_two_independent_events_does_not_matter(steps: list[Step], first: Step, second: Step) -> None:
    """Independent: they change, and depend on, no order, shipment or licence in common."""
    base, one, other = played(steps), played(steps), played(steps)
    first.play(one)
    second.play(other)
    assume(not {first.about, *concerned(base, one)} & {second.about, *concerned(base, other)})
    second.play(one)
    first.play(other)
    assert standing(one) == standing(other)


@SOME
@given(histories)
def test_nobody_is_forgotten_looking_again_releases_and_holds_nothing(steps: list[Step]) -> None:
    """Why something is held may read otherwise by now, since others draw meanwhile; whether it is held may not.

    Without limits of uses: a cleared order reserves none, so that others can take the last one from under it.
    """
    unlimited = (replace(licence, version=2, max_uses=None) for licence in (L1, M1))
    story = played(steps, Story(*unlimited))
    before = _draws(story)
    for name in sorted(story.orders):
        story.rejudge("order", name, "sweep")
    for name in sorted(story.shipments):
        story.rejudge("shipment", name, "sweep")
    story.settle()
    assert _draws(story) == before
    check(story)


def _draws(story: Story) -> dict[str, object]:
    """Without the day, which is today's for goods that should have left by now."""
    return {
        name: (each.state, [replace(draw, day=None) for draw in each.draws]) for name, each in everything(story).items()
    }
