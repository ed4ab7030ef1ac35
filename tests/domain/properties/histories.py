"""Random trading histories, as lists of steps that a `Story` can play, again and in another order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import reduce

from hypothesis import strategies as st

from services.gatekeeper.domain.accounts import LedgerEntry, LineBalance
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.alerts import granted
from services.gatekeeper.domain.quantity import EXACT
from services.gatekeeper.domain.restated import restated_lines
from services.gatekeeper.domain.vocabulary import Balance, LicenceStatus, ShipmentState
from tests.domain.builders import licence_line
from tests.domain.story import Story

SHIPMENTS = ("S1", "S2", "S3")
ORDERS = ("O1", "O2")
ITEMS = ("MAG-ROD", "SM-OXIDE", "STEEL-BOLT")
MILESTONES = ("PACKED", "DEPARTED", "ARRIVED", "DELIVERED", "CANCELLED", "SHIPPING_VOIDED", "RETURNED")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Step:
    """`about`: what it changes. `name` is what is shown when a property fails."""

    name: str
    about: str
    play: Callable[[Story], object]


quantities = st.sampled_from(["100 KGM", "300 KGM", "300.0000001 KGM", "700 KGM", "1100 KGM", "0.25 TNE"])


@st.composite
def upserts(draw: st.DrawFn) -> Step:
    name, net, item = draw(st.sampled_from(SHIPMENTS)), draw(quantities), draw(st.sampled_from(ITEMS))
    order = draw(st.sampled_from([None, *ORDERS]))
    destination = draw(st.sampled_from(["DE", "US"]))
    where = {} if order else {"destination": destination}
    return Step(
        f"ship {name} {net} {item} {order} {where}",
        name,
        lambda story: story.ship(name, net, order=order, item=item, **where),
    )


@st.composite
def milestones(draw: st.DrawFn) -> Step:
    name, what = draw(st.sampled_from(SHIPMENTS)), draw(st.sampled_from(MILESTONES))
    hours = draw(st.sampled_from([0, 0, 0, -2, 3]))
    identity = f"{what}-{draw(st.integers(1, 3))}"
    return Step(
        f"{name} {what} {hours:+}h as {name}/{identity}",
        name,
        lambda story: story.milestone(name, what, story.clock + timedelta(hours=hours), event_id=f"{name}/{identity}"),
    )


@st.composite
def corrections(draw: st.DrawFn) -> Step:
    name, net = draw(st.sampled_from(SHIPMENTS)), draw(st.sampled_from([None, "90 KGM", "310 KGM"]))
    event_id = f"{name}/{draw(st.sampled_from(MILESTONES))}-{draw(st.integers(1, 3))}"
    return Step(f"correct {name} {event_id} {net}", name, lambda story: story.correct(name, event_id, net))


@st.composite
def orders(draw: st.DrawFn) -> Step:
    name, ordered, item = draw(st.sampled_from(ORDERS)), draw(quantities), draw(st.sampled_from(ITEMS))
    status = draw(st.sampled_from(["OPEN", "OPEN", "OPEN", "CLOSED", "CANCELLED"]))
    return Step(
        f"order {name} {ordered} {item} {status}",
        name,
        lambda story: story.order(name, ordered, item=item, status=status),
    )


@st.composite
def notices(draw: st.DrawFn) -> Step:
    name, scope = (
        draw(st.sampled_from(["N1", "N2"])),
        draw(
            st.sampled_from(
                [{"items": ["MAG-ROD"]}, {"shipments": ["S1", "S2"]}, {"orders": ["O1"]}, {"licences": ["M1"]}]
            )
        ),
    )
    if draw(st.booleans()):
        return Step(f"lift {name}", name, lambda story: story.lift(name))
    return Step(f"notice {name} {scope}", name, lambda story: story.notice(name, **scope))


@st.composite
def caps(draw: st.DrawFn) -> Step:
    cap, status = draw(st.sampled_from(["400 KGM", "1000 KGM"])), draw(st.sampled_from(list(LicenceStatus)))

    def play(story: Story) -> None:
        known = story.references.licence("M1")
        assert known is not None
        line = licence_line(granted=cap, value="2000000 USD", codes=("1C904.a",))
        story.rule(replace(known, version=known.version + 1, status=status, lines=(line,)))

    return Step(f"M1 {cap} {status}", "M1", play)


@st.composite
def broken(draw: st.DrawFn) -> Step:
    owner, name = draw(st.sampled_from([("shipment", "S1"), ("order", "O1")]))
    if draw(st.booleans()):
        return Step(f"repaired {name}", name, lambda story: story.repaired(owner, name))
    return Step(f"unreadable {name}", name, lambda story: story.unreadable(owner, name))


def _later(hours: int) -> Step:
    return Step(f"{hours}h later", "time", lambda story: story.advance_to(story.clock + timedelta(hours=hours)))


trade = st.one_of(upserts(), milestones(), corrections(), orders(), broken())
rules = st.one_of(notices(), caps())
time = st.sampled_from([_later(1), _later(30)])
histories = st.lists(st.one_of(trade, trade, rules, time), max_size=14)


def played(steps: list[Step], story: Story | None = None) -> Story:
    story = story or Story()
    for step in steps:
        step.play(story)
    return story


def standing(story: Story) -> dict[str, object]:
    """Everything that others obey or count on, without the moments and numbers of its writing."""
    return {
        **{name: _facts(shipment) for name, shipment in story.shipments.items()},
        **{name: _facts(order) for name, order in story.orders.items()},
        "accounts": {no: replace(account, alerts=()) for no, account in story.accounts.items()},
        "violations": sorted(story.violations),
    }


def _facts(each: Shipment | Order) -> tuple[object, ...]:
    """Without numbers of arrival, which differ where events come in another order."""
    holds = tuple((hold.hold_id, hold.detail) for hold in each.holds)
    takes = sorted(
        (take.shipment_id, take.line_no, take.order_line, take.quantity, take.balance)
        for take in (each.takes if isinstance(each, Order) else ())
    )
    return each.facts, each.state, each.draws, each.standing, holds, takes


def everything(story: Story) -> dict[str, Shipment | Order]:
    known: dict[str, Shipment | Order] = dict(story.shipments)
    return known | dict(story.orders)


def concerned(before: Story, after: Story) -> set[str]:
    """The orders and shipments that differ, with everything that they are connected with."""
    old, new = everything(before), everything(after)
    names = {name for name, each in new.items() if name not in old or _facts(old[name]) != _facts(each)}
    found = set(names)
    for name in names:
        for each in (new[name], old.get(name)):
            if each is None:
                continue
            found |= {draw.licence_no for draw in each.draws} | set(each.candidates)
            if isinstance(each, Order):
                found |= set(each.shipments)
            elif each.facts is not None:
                found |= {line.order_id for line in each.facts.lines if line.order_id}
    return found


def check(story: Story) -> None:
    """What holds after any history."""
    assert_the_accounts_are_the_ledgers_sum(story)
    assert_the_accounts_are_what_is_drawn(story)
    assert_what_is_drawn_is_counted_as_the_licence_counts(story)
    assert_released_means_no_hold(story)
    assert_nothing_is_reserved_above_the_grant(story)
    assert_sequences_are_dense(story)


def assert_the_accounts_are_the_ledgers_sum(story: Story) -> None:
    for licence_no, account in story.accounts.items():
        entries = [entry for entry in story.ledger if entry.licence_no == licence_no]
        for line_no in {entry.licence_line for entry in entries} - {0}:
            summed = _summed([e for e in entries if e.licence_line == line_no], line_no)
            assert replace(account.lines[line_no], days=None, unit=None, currency=None) == summed
        assert account.uses == sum(entry.uses for entry in entries)
        assert account.uses_reserved == sum(entry.uses_reserved for entry in entries)


def assert_what_is_drawn_is_counted_as_the_licence_counts(story: Story) -> None:
    """D3.9, and what every order and shipment draws too."""
    for licence_no, account in story.accounts.items():
        licence = story.references.licence(licence_no)
        assert licence is not None
        assert restated_lines(account, licence) == ()
    for each in everything(story).values():
        for draw in each.draws:
            line = story.accounts[draw.licence_no].lines.get(draw.licence_line)
            if draw.quantity.value or draw.value.amount:
                assert line is not None
                assert (line.unit, line.currency) == (draw.quantity.unit, draw.value.currency)


def _summed(entries: list[LedgerEntry], line_no: int) -> LineBalance:
    return LineBalance(
        line_no,
        total(entry.reserved for entry in entries),
        total(entry.consumed for entry in entries),
        total(entry.value_reserved for entry in entries),
        total(entry.value_consumed for entry in entries),
    )


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum: shares of several licences have more digits than Python adds by itself."""
    return reduce(EXACT.add, amounts, ZERO)


def assert_the_accounts_are_what_is_drawn(story: Story) -> None:
    drawn = [draw for order in story.orders.values() for draw in order.draws]
    for shipment in story.shipments.values():
        drawn += [*shipment.draws, *shipment.past_draws]
    for licence_no, account in story.accounts.items():
        own = [draw for draw in drawn if draw.licence_no == licence_no]
        for balance, amount in ((Balance.RESERVED, "reserved"), (Balance.CONSUMED, "consumed")):
            on_account = total(getattr(line, amount) for line in account.lines.values())
            assert on_account == total(draw.quantity.value for draw in own if draw.balance is balance)


def assert_released_means_no_hold(story: Story) -> None:
    for shipment in story.shipments.values():
        if shipment.state in (ShipmentState.RELEASED, ShipmentState.CLOSED):
            assert not shipment.holds
        else:
            assert shipment.holds or not shipment.sequence
    for order in story.orders.values():
        assert (order.state == "HELD") == bool(order.holds) or order.facts is None


def assert_nothing_is_reserved_above_the_grant(story: Story) -> None:
    """Unless goods that are gone, without a release or in another size, took what had been promised (D4.7)."""
    for licence_no, account in story.accounts.items():
        licence = story.references.licence(licence_no)
        assert licence is not None
        overtaken = any(took_more(story, shipment, licence_no) for shipment in story.shipments.values())
        for line in licence.lines:
            balance = account.lines.get(line.line_no, LineBalance(line.line_no))
            assert balance.reserved >= 0 <= balance.consumed
            cap, value_cap = granted(line)
            if balance.reserved and not overtaken:
                assert total((balance.reserved, balance.consumed)) <= cap
            if balance.value_reserved and not overtaken:
                assert total((balance.value_reserved, balance.value_consumed)) <= value_cap
        assert account.uses_reserved >= 0 <= account.uses


def took_more(story: Story, shipment: Shipment, licence_no: str) -> bool:
    consumed = [draw for draw in (*shipment.draws, *shipment.past_draws) if draw.licence_no == licence_no]
    amended = shipment.facts is not None and shipment.facts.version > 1
    gone = any(draw.balance is Balance.CONSUMED for draw in consumed)
    return gone and (amended or bool(shipment.corrections) or bool(story.kinds(shipment.shipment_id)))


def assert_sequences_are_dense(story: Story) -> None:
    for name, shipment in story.shipments.items():
        sequences = [e.shipment.sequence for e in story.shipment_events if e.shipment.shipment_id == name]
        assert sequences == list(range(1, shipment.sequence + 1))
