"""Orders: pre-check, reservation, what shipments take of it, cancellation and closing (D4.1, D4.3, D4.10)."""

from __future__ import annotations

from datetime import timedelta

from services.gatekeeper.domain.workspace import Outcome
from tests.domain.builders import NOW, at
from tests.domain.story import Story


def test_a_release_moves_the_quantity_from_the_order_to_the_shipment() -> None:
    story = Story()
    story.order("O1")
    assert (story.state("O1"), story.balance()) == ("CLEARED", "500/0 0/0")
    story.ship("S1", order="O1")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "500/0 1/0")
    assert story.orders["O1"].draws[0].quantity.value == 200


def test_an_order_taken_whole_reserves_again_when_its_shipment_is_held() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", "500 KGM", order="O1")
    story.rejudge("order", "O1", "timer")
    assert story.balance() == "500/0 1/0"
    story.notice("N1", shipments=["S1"])
    assert (story.state("S1"), story.balance()) == ("HELD STOP_NOTICE", "500/0 0/0")
    assert story.orders["O1"].draws[0].quantity.value == 500


def test_what_comes_back_while_others_took_the_rest_leaves_the_order_what_there_is_and_judges_it_anew() -> None:
    story = Story()
    story.order("O1", "600 KGM")
    story.ship("S1", "600 KGM", order="O1", licences=["M1"])
    story.ship("S2", "400 KGM")
    assert story.balance() == "1000/0 2/0"
    story.milestone("S1", "CANCELLED")
    assert (story.state("O1"), story.balance()) == ("CLEARED", "1000/0 1/0")


def test_an_order_held_again_gives_its_reservation_back_and_waiters_get_it_in_order_of_arrival() -> None:
    story = Story()
    story.order("O1", "700 KGM")
    story.order("O2", "600 KGM")
    story.order("O3", "400 KGM")
    assert (story.state("O2"), story.state("O3")) == ("HELD QTY_EXCEEDED", "HELD QTY_EXCEEDED")
    story.notice("N1", orders=["O1"])
    assert (story.state("O2"), story.state("O3")) == ("CLEARED", "CLEARED")
    story.lift("N1")
    assert (story.state("O1"), story.balance()) == ("HELD QTY_EXCEEDED", "1000/0 0/0")


def test_an_amended_order_reserves_the_new_quantity_less_what_its_shipments_took() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.order("O1", "800 KGM")
    assert story.balance() == "800/0 1/0"
    story.order("O1", "300 KGM")
    assert story.balance() == "300/0 1/0"


def test_a_cancelled_order_is_closed_and_holds_its_shipments() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.cancel("O1")
    assert (story.state("O1"), story.state("S1")) == ("CLOSED", "HELD ORDER_CANCELLED")
    assert (story.balance(), story.told("O1")) == ("0/0 0/0", ["CLEARED", "CLOSED"])
    assert story.cancel("O1") is Outcome.APPLIED
    assert story.told("O1") == ["CLEARED", "CLOSED"]


def test_a_cancellation_is_ordered_against_upserts_by_its_version() -> None:
    story = Story()
    story.order("O1", version=3)
    assert story.cancel("O1", version=3) is Outcome.STALE
    assert story.cancel("O1", version=5) is Outcome.APPLIED
    assert story.order("O1", version=4) is Outcome.STALE
    story.order("O1", version=6)
    assert (story.state("O1"), story.balance()) == ("CLEARED", "500/0 0/0")


def test_a_cancellation_before_its_order_says_nothing_until_the_order_comes() -> None:
    story = Story()
    story.cancel("O1", version=2)
    assert story.order("O1", version=1) is Outcome.STALE
    assert (story.state("O1"), story.told("O1")) == ("CLOSED", [])
    story.ship("S1", order="O1", destination="DE")
    assert story.state("S1").startswith("HELD")


def test_a_closed_order_holds_only_shipments_that_name_it_later() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.order("O1", status="CLOSED")
    story.ship("S2", "100 KGM", order="O1")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD ORDER_CANCELLED")
    story.order("O1")
    assert (story.state("O1"), story.state("S2")) == ("CLEARED", "RELEASED")


def test_what_another_shipment_gives_back_lifts_over_delivery() -> None:
    story = Story()
    story.order("O1", "400 KGM")
    story.ship("S1", order="O1")
    story.ship("S2", order="O1")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "HELD OVER_DELIVERY")
    story.milestone("S1", "CANCELLED")
    assert (story.state("S1"), story.state("S2")) == ("CLOSED", "RELEASED")
    assert story.balance() == "400/0 1/0"


def test_a_shipment_that_names_another_order_gives_back_to_the_first() -> None:
    story = Story()
    story.order("O1")
    story.order("O2", "300 KGM")
    story.ship("S1", order="O1")
    story.ship("S1", order="O2")
    assert story.orders["O1"].shipments == ()
    assert story.orders["O1"].draws[0].quantity.value == 500
    assert (story.state("S1"), story.balance()) == ("RELEASED", "800/0 1/0")


def test_from_delivered_on_a_shipment_no_longer_follows_its_order() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "DELIVERED")
    story.order("O1", destination="US")
    story.notice("N1", exporters=["E1"])
    story.lift("N1")
    assert story.state("S1") == "RELEASED"


def test_an_order_dated_ahead_acts_when_its_time_comes_and_its_cancellation_at_once() -> None:
    story = Story()
    story.order("O1")
    tomorrow = NOW + timedelta(days=1)
    story.order("O1", "700 KGM", time=tomorrow)
    assert story.balance() == "500/0 0/0"
    assert story.order("O1", "600 KGM", version=2) is Outcome.STALE
    story.advance_to(tomorrow)
    assert story.balance() == "700/0 0/0"
    story.order("O1", status="CANCELLED", time=at("2026-03-20 09:00"))
    assert story.state("O1") == "CLOSED"


def test_an_unreadable_order_holds_itself_and_its_shipments_until_it_is_settled() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.unreadable("order", "O1")
    assert (story.state("O1"), story.state("S1")) == ("HELD EVENT_UNREADABLE", "HELD EVENT_UNREADABLE")
    story.repaired("order", "O1")
    assert (story.state("O1"), story.state("S1")) == ("CLEARED", "RELEASED")
    story.unreadable("order", "O1", "q-2")
    story.order("O1")
    assert (story.state("O1"), story.state("S1")) == ("CLEARED", "RELEASED")
    assert story.repaired("order", "O1", "q-2") is Outcome.STALE


def test_an_unreadable_event_about_a_closed_order_holds_what_goes_on_under_it() -> None:
    story = Story()
    story.order("O1")
    story.ship("S1", order="O1")
    story.order("O1", status="CLOSED")
    story.unreadable("order", "O1")
    assert (story.state("O1"), story.state("S1")) == ("CLOSED", "HELD EVENT_UNREADABLE")
    story.repaired("order", "O1")
    assert (story.state("O1"), story.state("S1"), story.told("O1")) == ("CLOSED", "RELEASED", ["CLEARED", "CLOSED"])


def test_an_order_that_is_closed_or_known_by_name_only_is_not_judged_when_others_are_looked_at_again() -> None:
    story = Story()
    story.order("O1")
    story.order("O1", status="CLOSED")
    story.ship("S1", order="O2")
    judged = [decision.owner_id for decision in story.decisions]
    story.rejudge("order", "O1", "sweep")
    story.rejudge("order", "O2", "sweep")
    assert [decision.owner_id for decision in story.decisions] == judged


def test_an_order_that_only_its_shipment_named_has_been_judged_by_no_rules_and_told_nobody() -> None:
    """D8.2: ORDER_UNKNOWN holds the shipment; of the order nothing is said before it comes."""
    story = Story()
    story.ship("S1", order="O1")
    known = story.orders["O1"]
    assert (known.shipments, known.facts, known.holds) == (("S1",), None, ())
    assert (known.sequence, known.rules_version, known.decided_at) == (0, 0, None)
    story.order("O1")
    known = story.orders["O1"]
    assert (known.sequence, known.rules_version) == (1, story.references.rules_version)
