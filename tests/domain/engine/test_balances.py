"""What accounts, alerts and caps say at their edges (D4.1, D4.5, D4.9)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from services.gatekeeper.domain.accounts import LedgerEntry, LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Draw, Order, Take
from services.gatekeeper.domain.alerts import check_caps, drawn_share, watch_balances, watch_licence_change
from services.gatekeeper.domain.facts import OrderFacts, OrderLine
from services.gatekeeper.domain.judging import GatheredAccounts
from services.gatekeeper.domain.ledger import close_books, free_of
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.quantity import show
from services.gatekeeper.domain.reservations import wanted_draws
from services.gatekeeper.domain.room_amounts import NOTHING, ZERO, Amounts, draw_amounts
from services.gatekeeper.domain.rule_entities import FxRate
from services.gatekeeper.domain.vocabulary import Balance, LicenceStatus
from services.gatekeeper.domain.workspace import Workspace
from tests.domain.builders import M1, NOW, draw, licence_line, money, quantity, references
from tests.domain.engine.test_telling import Unreadable
from tests.domain.story import Story


def workspace(*accounts: LicenceAccount) -> Workspace:
    known = {account.licence_no: account for account in accounts}
    return Workspace(NOW, references(), Policy(), {}, {}, known)


def overdrawn(consumed: str = "1200") -> LicenceAccount:
    return LicenceAccount("M1", {1: LineBalance(1, consumed=Decimal(consumed))}, uses=1)


def test_one_violation_for_each_version_and_line_however_often_it_is_looked_at() -> None:
    place = workspace(overdrawn())
    check_caps(place, "M1")
    watch_balances(place, ["M1", "M1"])
    assert [violation.key for violation in place.effects.licence_violations] == ["CAP_BELOW_USED:M1:1:1"]
    assert place.effects.licence_violations[0].detail == {
        "licence_line": "1", "consumed": "1200 KGM", "granted": "1000 KGM",
    }  # fmt: skip


def test_a_licence_that_nobody_described_has_no_cap_and_no_alert() -> None:
    place = workspace(LicenceAccount("X1", {1: LineBalance(1, consumed=Decimal(1))}))
    watch_balances(place, ["X1"])
    check_caps(place, "X1")
    assert (place.effects.alerts, place.effects.licence_violations) == ([], [])


def test_a_line_that_grants_nothing_has_no_share() -> None:
    account = LicenceAccount("L1", {1: LineBalance(1, reserved=Decimal(5))})
    assert drawn_share(account, licence_line(granted="0 KGM", value="0 USD")) is None
    assert drawn_share(account, licence_line(2)) is None


def test_what_is_drawn_is_the_larger_share_of_quantity_and_value_however_little_is_granted() -> None:
    """D4.9."""
    account = LicenceAccount("L1", {1: LineBalance(1, Decimal(1), Decimal(1), Decimal(5), Decimal(0))})
    assert drawn_share(account, licence_line(granted="20 KGM", value="10 USD")) == Fraction(1, 2)
    assert drawn_share(account, licence_line(granted="4 KGM", value="100 USD")) == Fraction(1, 2)
    assert drawn_share(account, licence_line(granted="1 KGM", value="1000 USD")) == 2
    assert drawn_share(account, licence_line(granted="1000 KGM", value="1 USD")) == 5


def test_what_is_consumed_to_the_last_cent_is_no_violation_and_a_cent_more_is() -> None:
    """D4.5."""
    for cents, kinds in (("2000000.00", []), ("2000000.01", ["CAP_BELOW_USED"])):
        place = workspace(LicenceAccount("M1", {1: LineBalance(1, value_consumed=Decimal(cents))}))
        check_caps(place, "M1")
        assert [violation.kind.value for violation in place.effects.licence_violations] == kinds
    whole = LicenceAccount("M1", {1: LineBalance(1, consumed=Decimal(1000))}, uses=12)
    for account, count in ((whole, 0), (replace(whole, uses=13), 1), (overdrawn("1000.001"), 1)):
        place = workspace(account)
        check_caps(place, "M1")
        assert len(place.effects.licence_violations) == count


def test_a_version_that_lapses_on_completion_is_consumed_by_itself_and_told_so() -> None:
    """D4.2: whether or not anything else is waiting to be looked at."""
    account = LicenceAccount("M1", {1: LineBalance(1, consumed=Decimal(5))}, uses=1)
    place = Workspace(NOW, references(replace(M1, lapses_on_completion=True)), Policy(), {}, {}, {"M1": account})
    watch_licence_change(place, M1, replace(M1, lapses_on_completion=True), 0)
    assert place.accounts["M1"].completed
    assert [alert.kind.value for alert in place.effects.alerts] == ["CONSUMED"]


@pytest.mark.parametrize(("worth", "weighs"), [("0", "900"), ("900", "0")])
def test_what_must_be_given_back_is_told_once_it_has_been_whether_weight_or_worth(worth: str, weighs: str) -> None:
    """D4.5: reservations that no longer fit are held first; of goods worth nothing the weight alone is reserved."""
    balance = LineBalance(1, reserved=Decimal(weighs), value_reserved=Decimal(worth))
    lowered = replace(M1, lines=(licence_line(granted="500 KGM", value="500 USD", codes=("1C904.a",)),))
    place = Workspace(NOW, references(lowered), Policy(), {}, {}, {"M1": LicenceAccount("M1", {1: balance})})
    watch_licence_change(place, M1, lowered, 0)
    assert place.effects.alerts == []


def test_a_line_that_the_licence_lost_is_no_violation_when_nothing_was_consumed_of_it() -> None:
    place = workspace(LicenceAccount("M1", {7: LineBalance(7, reserved=Decimal(5))}))
    check_caps(place, "M1")
    assert place.effects.licence_violations == []


def test_what_is_free_is_never_shown_below_zero() -> None:
    free = free_of(overdrawn(), 1, Decimal(1000), Decimal(5))
    assert free == (Decimal(0), Decimal(5))


@pytest.mark.parametrize(
    ("ordered", "value", "left"),
    [
        ("500 KGM", "1000 USD", "300 KGM 600 USD"),
        ("500 KGM", "1000 EUR", "300 KGM 1200 USD"),
        ("500 KGM", "1000 CHF", "300 KGM 999 USD"),
        ("500 KGM", None, "300 KGM 999 USD"),
        ("5 XYZ", "1000 USD", "0 KGM 0 USD"),
        (None, "1000 USD", "999 KGM 1000 USD"),
        ("200 KGM", "1000 USD", "0 KGM 0 USD"),
    ],
)
def test_what_an_order_still_reserves(ordered: str | None, value: str | None, left: str) -> None:
    """Of what is ordered, 200 KGM and 40 % of the value are taken; the rate is 1 EUR = 2 USD, as it was reserved."""
    rate = FxRate("EUR-USD", 1, "EUR", "USD", Decimal(2), NOW.date())
    line = OrderLine(1, "MAG-ROD", quantity(ordered) if ordered else None, money(value) if value else None)
    taken = Take("S1", 1, 1, "MAG-ROD", quantity("200 KGM"), None, Balance.RESERVED, 2)
    draw = Draw(1, "M1", 1, quantity("999 KGM"), money("999 USD"), Balance.RESERVED, "EUR-USD")
    order = Order("O1", 1, OrderFacts("O1", 1, lines=(line,)), draws=(draw,), takes=(taken,))
    (wanted,) = wanted_draws(order, references(rate))
    assert f"{show(wanted.quantity)} {wanted.value.amount} {wanted.value.currency}" == left


def test_the_gathered_accounts_are_a_mapping() -> None:
    accounts = GatheredAccounts(workspace(overdrawn()))
    assert (list(accounts), len(accounts), accounts["M1"].uses) == (["M1"], 1, 1)


def test_goods_that_nobody_can_measure_any_more_keep_what_they_consumed() -> None:
    story = Story()
    story.ship("S1")
    story.policy = replace(story.policy, version=2, feed_max_age_hours=Unreadable(CONTROL_LIST=1))
    story.milestone("S1", "DEPARTED")
    story.ship("S1", "5 XYZ")
    assert story.balance() == "0/300 0/1"
    story.ship("S1", "300 KGM", value="1 EUR")
    assert story.accounts["M1"].lines[1].value_consumed == 9000
    story.ship("S1", "100 KGM", value="1 EUR")
    assert story.accounts["M1"].lines[1].value_consumed == 3000
    story.ship("S1", lines=[])
    assert story.balance() == "0/100 0/1"


def test_an_order_whose_reservation_was_taken_by_others_keeps_what_there_is_and_is_held() -> None:
    story = Story()
    story.order("O1", "600 KGM")
    story.ship("S1", "600 KGM", order="O1")
    story.ship("S2", "400 KGM")
    line = licence_line(granted="900 KGM", value="2000000 USD", codes=("1C904.a",))
    known = story.references.licence("M1")
    assert known is not None
    story.references = story.references.with_changes(99, [replace(known, version=2, lines=(line,))], [], [])
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), story.balance()) == ("HELD QTY_EXCEEDED", "400/0 1/0")


def test_an_order_whose_licence_line_is_gone_gets_nothing_back() -> None:
    story = Story()
    story.order("O1", "600 KGM")
    story.ship("S1", "600 KGM", order="O1")
    known = story.references.licence("M1")
    assert known is not None
    other = licence_line(2, granted="900 KGM", value="2000000 USD", codes=("1C904.a",))
    story.references = story.references.with_changes(99, [replace(known, version=2, lines=(other,))], [], [])
    story.milestone("S1", "CANCELLED")
    assert story.orders["O1"].draws[0].licence_line == 2


def test_a_revocation_is_told_when_it_comes_and_something_draws_on_it() -> None:
    """D4.9 REVOKED_WITH_OPEN."""
    revoked = replace(M1, status=LicenceStatus.REVOKED)
    for before, open_draws, told in ((M1, 1, True), (None, 1, True), (M1, 0, False), (revoked, 1, False)):
        place = workspace(LicenceAccount("M1"))
        watch_licence_change(place, before, revoked, open_draws)
        assert [alert.kind.value for alert in place.effects.alerts] == ["REVOKED_WITH_OPEN"] * told


def test_the_ledger_says_what_became_of_a_use() -> None:
    """D4.1: a released shipment reserves one, a departure counts it, a void takes it back."""
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "SHIPPING_VOIDED")
    story.milestone("S1", "CANCELLED")
    uses = [(row.kind, row.uses, row.uses_reserved) for row in story.ledger if row.uses or row.uses_reserved]
    assert uses[:2] == [("USE_HELD", 0, 1), ("USE", 1, -1)]
    assert uses[2:] == [("USE_REVERSED", -1, 0), ("USE_HELD", 0, 1), ("USE_RETURNED", 0, -1)]


def test_an_orders_events_are_numbered_one_by_one() -> None:
    story = Story()
    story.order("O1")
    story.order("O1", "5000 KGM")
    story.order("O1", "400 KGM")
    assert [event.order.sequence for event in story.order_events] == [1, 2, 3]


def test_the_books_of_a_licence_that_nobody_describes_any_more_are_closed_all_the_same() -> None:
    none = Decimal(0)
    place = workspace(LicenceAccount("X1", {1: LineBalance(1, reserved=Decimal(5))}))
    place.effects.ledger.append(LedgerEntry("X1", 1, "shipment", "S1", 1, "RESERVE", Decimal(5), none, none, none))
    assert close_books(place, 0) == ("X1",)
    assert not place.effects.follow_ups


def test_what_is_taken_from_itself_is_nothing() -> None:
    amounts = draw_amounts(draw("500 KGM", "9000 USD"))
    assert amounts - amounts == NOTHING == Amounts(ZERO, ZERO)
    assert amounts + NOTHING == amounts
