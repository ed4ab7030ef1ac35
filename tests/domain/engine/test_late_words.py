"""What comes late, twice, or is taken back: planned days, departures and what was said of them (domain.md §1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.gatekeeper.domain.aggregates import Progress
from services.gatekeeper.domain.vocabulary import LicenceStatus
from services.gatekeeper.domain.workspace import Outcome
from tests.domain.builders import M1, at, day, general, item, licence_line
from tests.domain.story import Story

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_a_full_state_that_leaves_out_the_planned_departure_takes_it_back() -> None:
    story = Story()
    story.ship("S1")
    story.ship("S1", planned_departure=None)
    assert story.state("S1") == "HELD MISSING_DATA"


def test_what_only_a_milestone_said_of_the_planned_departure_outlives_a_full_state_without_one() -> None:
    story = Story()
    story.ship("S1", planned_departure=None)
    story.milestone("S1", "DEPARTED", at("2026-03-04 10:00"), classifier="ESTIMATED")
    story.ship("S1", planned_departure=None)
    assert story.state("S1") == "RELEASED"


def test_a_day_that_a_later_departed_corrects_is_judged() -> None:
    """The first ARRIVED counted as the departure; M1 begins on 2026-03-01."""
    story = Story()
    story.ship("S1")
    story.advance_to(at("2026-03-07 10:00"))
    story.milestone("S1", "ARRIVED")
    story.milestone("S1", "DEPARTED", at("2026-02-28 18:00"))
    assert story.state("S1") == "INTERCEPT LICENCE_NOT_YET_VALID"
    assert (story.balance(), story.kinds("S1")) == ("0/300 0/1", ["IMPOSSIBLE_MILESTONE"])
    story.rule(replace(M1, version=2, valid_from=day("2026-02-01")))
    assert story.state("S1") == "RELEASED"


def test_a_corrected_day_inside_validity_lifts_what_the_implied_day_held() -> None:
    story = Story()
    story.ship("S1", planned_departure=at("2026-08-31 10:00"))
    story.advance_to(at("2026-09-02 10:00"))
    story.milestone("S1", "ARRIVED")
    assert story.state("S1") == "INTERCEPT LICENCE_EXPIRED"
    story.milestone("S1", "DEPARTED", at("2026-08-31 10:00"))
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")


def test_a_departure_at_the_very_time_of_the_return_is_a_new_export() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "RETURNED")
    story.milestone("S1", "DEPARTED", event_id="again")
    assert (story.state("S1"), story.kinds("S1")) == ("INTERCEPT MOVED_UNRELEASED", ["MOVED_WHILE_HELD"])
    assert story.balance() == "0/600 0/2"


def test_what_was_corrected_of_a_departure_that_did_not_happen_is_forgotten() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "PACKED", event_id="packed")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.correct("S1", "left", "280 KGM")
    assert story.balance() == "0/280 0/1"
    story.milestone("S1", "SHIPPING_VOIDED")
    assert story.balance() == "300/0 1/0"
    story.correct("S1", "packed", "290 KGM")
    story.milestone("S1", "DEPARTED", event_id="left again")
    story.milestone("S1", "SHIPPING_VOIDED", event_id="void again")
    assert story.balance() == "290/0 1/0"


def test_goods_that_left_under_another_licences_reasons_stay_until_the_line_fits() -> None:
    """D3.6 gives the milder reason of M2, D4.7 books on the suspended M1: looking again must not lift it (D1.6)."""
    only_to_france = general("M2", licence_line(codes=("1C904.a",)), destinations=("FR",))
    story = Story(replace(M1, version=2, status=LicenceStatus.SUSPENDED), only_to_france)
    story.ship("S1")
    assert story.state("S1") == "HELD DESTINATION_MISMATCH"
    story.milestone("S1", "DEPARTED")
    story.rejudge("shipment", "S1", "sweep")
    assert (story.state("S1"), story.balance("M1")) == ("INTERCEPT DESTINATION_MISMATCH", "0/300 0/1")
    story.rule(replace(M1, version=3))
    assert (story.state("S1"), story.balance("M1")) == ("RELEASED", "0/300 0/1")


def test_a_stop_means_a_party_of_that_name_in_whatever_country() -> None:
    """D3.4: a name in another country satisfies no licence; likeness may add a hold."""
    story = Story()
    elsewhere = {role: {"name": "Alpha GmbH", "country": "FR"} for role in ("importer", "consignee", "end_user")}
    story.ship("S1", item="STEEL-BOLT", parties=elsewhere)
    assert story.state("S1") == "RELEASED"
    story.notice("N1", parties=["ALPHA"])
    assert story.state("S1") == "HELD STOP_NOTICE"


def test_a_full_state_without_lines_gives_nothing_back_of_goods_that_are_gone() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.ship("S1", lines=[])
    assert (story.state("S1"), story.balance()) == ("INTERCEPT MISSING_DATA", "0/300 0/1")
    story.ship("S1", "310 KGM")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/310 0/1")


def test_a_line_that_a_newer_full_state_leaves_out_was_not_shipped() -> None:
    story = Story()
    first, second = (
        {"line_no": number, "item_no": "MAG-ROD", "net_quantity": {"value": "100", "unit": "KGM"},
         "value": {"amount": "10.00", "currency": "USD"}}
        for number in (1, 2)
    )  # fmt: skip
    story.ship("S1", lines=[first, second])
    story.milestone("S1", "DEPARTED")
    story.ship("S1", lines=[second])
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/100 0/1")


def test_a_lift_dated_ahead_ends_the_notice_when_its_time_comes() -> None:
    """D7.3: only what can add a hold acts at once."""
    story = Story()
    story.ship("S1")
    story.notice("N1", shipments=["S1"])
    story.feed("notice.lifted", {"notice_id": "N1", "version": 2, "reason": "over"}, time=story.clock + DAY)
    assert story.state("S1") == "HELD STOP_NOTICE"
    story.advance_to(story.clock + DAY - HOUR)
    assert story.state("S1") == "HELD STOP_NOTICE"
    story.advance_to(story.clock + HOUR)
    assert story.state("S1") == "RELEASED"
    story.feed("notice.lifted", {"notice_id": "N1", "version": 3, "reason": "over"}, time=story.clock + DAY)
    assert (story.state("S1"), story.told("S1")) == ("RELEASED", ["RELEASED", "HELD", "RELEASED"])


def test_what_left_while_held_holds_those_that_came_after_it_and_none_before() -> None:
    """D4.3: both took the whole order; OVER_DELIVERY counts what departed, and earlier ones stay."""
    story = Story()
    story.order("O1", "300 KGM")
    story.ship("S1", order="O1", movement=None)
    story.ship("S2", order="O1")
    story.ship("S3", order="O1")
    assert [story.state(name) for name in ("S1", "S2", "S3")] == [
        "HELD MISSING_DATA", "RELEASED", "HELD OVER_DELIVERY",
    ]  # fmt: skip
    story.milestone("S3", "DEPARTED")
    story.rejudge("shipment", "S2", "sweep")
    assert [story.state(name) for name in ("S2", "S3")] == ["RELEASED", "INTERCEPT OVER_DELIVERY"]
    story.milestone("S1", "DEPARTED")
    assert story.state("S2") == "HELD OVER_DELIVERY"


def test_what_was_said_to_stay_in_the_country_and_was_exported_is_asked_for_its_licence() -> None:
    story = Story()
    story.ship("S1", movement="DOMESTIC")
    story.ship("S2", movement="DOMESTIC", item="LASER-HEAD")
    story.milestone("S1", "DEPARTED")
    story.milestone("S2", "DEPARTED")
    story.ship("S1")
    story.ship("S2", item="LASER-HEAD")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")
    assert story.state("S2") == "INTERCEPT NO_LICENCE"


def test_a_shipment_that_moves_to_another_order_makes_room_for_the_one_that_waits() -> None:
    story = Story()
    story.order("O1", "300 KGM")
    story.ship("S1", order="O1")
    story.ship("S2", order="O1")
    assert story.state("S2") == "HELD OVER_DELIVERY"
    story.ship("S1")
    assert (story.state("S1"), story.state("S2")) == ("RELEASED", "RELEASED")
    assert story.balance() == "600/0 2/0"


def test_what_could_not_be_read_at_sea_holds_once_the_departure_did_not_happen() -> None:
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.unreadable("shipment", "S1")
    story.rejudge("shipment", "S1", "sweep")
    assert story.state("S1") == "RELEASED"
    story.correct("S1", "left")
    assert (story.state("S1"), story.balance()) == ("HELD EVENT_UNREADABLE", "0/0 0/0")
    story.milestone("S1", "DEPARTED", event_id="left again")
    assert story.state("S1") == "INTERCEPT EVENT_UNREADABLE"
    story.repaired("shipment", "S1")
    assert story.state("S1") == "RELEASED"


def test_a_departure_that_is_told_twice_under_one_id_is_one_for_the_engine_too() -> None:
    """The pipeline drops a repeated (source, id) already; here nobody remembers it but the shipment."""
    story = Story()
    story.ship("S1")
    assert story.milestone("S1", "DEPARTED", event_id="gone-1") is Outcome.APPLIED
    story.seen.clear()
    assert story.milestone("S1", "DEPARTED", event_id="gone-1") is Outcome.STALE
    assert story.balance() == "0/300 0/1"


@pytest.mark.parametrize("minutes", [8, 10])
def test_a_departure_by_a_clock_that_is_fast_is_judged_by_what_was_so_when_it_was_reported(minutes: int) -> None:
    """D7.3: within the tolerance nothing lies ahead: a notice between the report and its time says nothing of it."""
    story = Story()
    story.ship("S1", item="STEEL-BOLT")
    story.milestone("S1", "DEPARTED", story.clock + timedelta(minutes=minutes))
    story.advance_to(story.clock + timedelta(minutes=2))
    story.notice("N1", shipments=["S1"])
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    story.advance_to(story.clock + timedelta(minutes=20))
    story.rule(item("STEEL-BOLT", "9Z999", version=7))
    story.lift("N1")
    assert story.state("S1") == "RELEASED"


def test_a_planned_departure_told_under_way_is_the_planned_day_once_the_departure_is_voided() -> None:
    """The latest received wins, and nothing is drawn of it meanwhile (§1)."""
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED")
    story.milestone("S1", "DEPARTED", at("2026-03-20 18:00"), classifier="PLANNED")
    assert story.balance() == "0/300 0/1"
    story.milestone("S1", "SHIPPING_VOIDED")
    planned = Progress(planned_departure=at("2026-03-20 18:00"))
    assert replace(story.shipments["S1"].progress, reports=()) == planned


def test_what_cannot_be_read_and_what_is_corrected_is_a_line_in_the_timeline() -> None:
    """D1.7, D8.4: of goods under way no hold, but kept until it turns out that they have not left."""
    story = Story()
    story.ship("S1")
    story.milestone("S1", "DEPARTED", event_id="left")
    assert story.unreadable("shipment", "S1") is Outcome.TIMELINE_ONLY
    assert story.unreadable("shipment", "S1") is Outcome.STALE
    story.correct("S1", "left")
    assert story.state("S1") == "HELD EVENT_UNREADABLE"
    assert [entry.what for entry in story.timeline] == [
        "DEPARTED", "EVENT_UNREADABLE", "EVENT_UNREADABLE", "CORRECTED DID_NOT_OCCUR",
    ]  # fmt: skip
