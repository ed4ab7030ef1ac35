"""Goods that left on several licences: consumed on each, corrected in proportion, taken over (D3.7, D4.1, D4.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.gatekeeper.domain.line_shares import resized_together
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import at, day, draw, item, line, money, notice, rate, references
from tests.domain.engine.lots import drawn, lot, single, sound, story_with


def test_departure_consumes_on_each_and_one_of_them_lapses() -> None:
    story = story_with(lot("G1", "300 KGM"), single("L9", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.ship("S2", "50 KGM", licences=["L9"])
    assert story.state("S2") == "HELD USES_EXCEEDED"
    story.milestone("S1", "DEPARTED")
    assert story.state("S1") == "RELEASED"
    assert (story.balance("G1"), story.balance("L9")) == ("0/300 0/1", "0/400 0/1")
    assert story.accounts["L9"].completed
    assert story.state("S2") == "HELD LICENCE_CONSUMED"
    story.milestone("S1", "SHIPPING_VOIDED")
    assert (story.balance("G1"), story.balance("L9")) == ("300/0 1/0", "400/0 1/0")
    assert not story.accounts["L9"].completed
    sound(story)


def test_a_correction_resizes_in_proportion() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="7000 USD")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.correct("S1", "left", "350 KGM")
    assert drawn(story, "S1") == [("G1", "150", "3000"), ("G2", "200", "4000")]
    story.correct("S1", "left", "700 KGM")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "3000"), ("G2", "400", "4000")])
    story.correct("S1", "left", "801.5 KGM")
    assert story.state("S1") == "INTERCEPT QTY_EXCEEDED"
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "343.5"), ("G2", "458")]
    story.correct("S1", "left", "700 KGM")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "3000"), ("G2", "400", "4000")])
    sound(story)


def test_a_correction_that_does_not_fit_in_proportion_goes_where_there_is_room() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="7000 USD")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.correct("S1", "left", "750 KGM")
    assert story.told("S1") == ["RELEASED"]
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "300"), ("G2", "450")]
    sound(story)


def test_returned_goods_consumed_on_each() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="7000 USD")
    story.milestone("S1", "RETURNED")
    assert (story.state("S1"), drawn(story, "S1")) == ("CLOSED", [("G1", "300", "3000"), ("G2", "400", "4000")])
    assert (story.balance("G1"), story.balance("G2")) == ("0/300 0/1", "0/400 0/1")
    valued = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), rate("CNY", "USD", "0.125", "2026-03-01"))
    valued.ship("S1", "700 KGM", value="56000 CNY")
    valued.milestone("S1", "RETURNED")
    assert drawn(valued, "S1") == [("G1", "300", "3000"), ("G2", "400", "4000")]


def test_goods_that_left_when_their_licences_did_not_fit_are_booked_as_they_had_reserved() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="7000 USD")
    story.milestone("S1", "DEPARTED", at("2026-02-20 09:00"))
    assert "LICENCE_NOT_YET_VALID" in story.state("S1")
    assert drawn(story, "S1") == [("G1", "300", "3000"), ("G2", "400", "4000")]
    assert (story.balance("G1"), story.balance("G2")) == ("0/300 0/1", "0/400 0/1")
    story.rule(lot("G2", "500 KGM", version=2, valid_from=day("2026-02-01")))
    assert story.state("S1") == "INTERCEPT LICENCE_NOT_YET_VALID", "each is asked for its own part"
    assert story.shipments["S1"].holds[0].subject == (("licence_no", "G1"), ("line_no", 1))
    story.rule(lot("G1", "300 KGM", version=2, valid_from=day("2026-02-01")))
    assert "LICENCE_NOT_YET_VALID" not in story.state("S1")
    sound(story)


def test_changed_facts_at_sea_hold_and_another_licence_or_several_take_over() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    story.ship("S1", "700 KGM", destination="FR")
    assert story.state("S1") == "INTERCEPT DESTINATION_MISMATCH"
    assert [number for number, *_ in drawn(story, "S1")] == ["G1", "G2"]
    story.rule(lot("F1", "400 KGM", destinations=("FR",)))
    story.rule(lot("F2", "400 KGM", destinations=("FR",)))
    assert (story.state("S1"), [(n, net) for n, net, _ in drawn(story, "S1")]) == (
        "RELEASED", [("F1", "400"), ("F2", "300")],
    )  # fmt: skip
    assert (story.balance("G1"), story.balance("G2")) == ("0/0 0/0", "0/0 0/0")
    sound(story)


def test_one_of_the_licences_revoked_at_sea_holds_and_nobody_takes_over() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    story.advance_to(at("2026-03-03 09:00"))
    story.rule(lot("G3", "5000 KGM"))
    story.rule(lot("G2", "500 KGM", version=2, status=LicenceStatus.REVOKED))
    assert (story.state("S1"), [number for number, *_ in drawn(story, "S1")]) == (
        "INTERCEPT LICENCE_REVOKED", ["G1", "G2"],
    )  # fmt: skip


def test_amounts_that_can_no_longer_be_told_and_lines_that_are_gone_leave_what_is_booked() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    before = story.shipments["S1"].draws
    story.ship("S1", "700 XYZ")
    assert (story.state("S1"), story.shipments["S1"].draws) == ("INTERCEPT UNIT_NOT_CONVERTIBLE", before)
    story.ship("S1", "700 KGM")
    story.rule(replace(lot("G2", "500 KGM", version=2), lines=()))
    assert story.shipments["S1"].draws == before
    story.ship("S1", "700 XYZ")
    story.milestone("S1", "RETURNED")
    assert story.shipments["S1"].draws == before
    sound(story)


def test_at_sea_a_licence_that_answers_a_notice_takes_over_from_a_combination() -> None:
    stop = replace(notice("N1"), scope=replace(notice().scope, items=("MAG-ROD",)))
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    story.rule(replace(stop, recorded_at=story.clock))
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    story.advance_to(at("2026-03-03 09:00"))
    answering: dict[str, Any] = {"answers_notices": ("N1",), "authority_time": at("2026-03-02 09:30")}
    story.rule(lot("G4", "900 KGM", **answering))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G4", "700", "9000")])


def test_where_the_parts_cannot_be_told_no_licence_is_said_to_have_too_little() -> None:
    """D3.7: together they grant twice 2,000,000 USD; which of them gives how much is not known, and stays so."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    for value in ("2500000 USD", "2600000 USD"):
        story.ship("S1", "700 XYZ", value=value)
        assert story.state("S1") == "INTERCEPT UNIT_NOT_CONVERTIBLE"
    story.ship("S1", "700 KGM", value="2500000 USD")
    assert story.state("S1") == "RELEASED"
    sound(story)


def test_of_what_was_combined_one_licence_may_take_all_when_it_alone_fits_the_changed_facts() -> None:
    """D1.7: it fits in full on the day of departure, and the combination's fields don't any more."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    story.ship("S1", "700 KGM", destination="FR")
    assert story.state("S1") == "INTERCEPT DESTINATION_MISMATCH"
    story.rule(lot("G1", "900 KGM", version=2, destinations=("DE", "FR")))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "700", "9000")])
    sound(story)


def test_of_what_was_combined_one_licence_may_take_all_when_it_alone_fits_the_day() -> None:
    """D1.6: what was open at departure lifts when the line fits that day, on whichever licence."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED", at("2026-02-20 09:00"))
    story.rule(lot("G1", "900 KGM", version=2, valid_from=day("2026-02-01")))
    assert "LICENCE_NOT_YET_VALID" not in story.state("S1")
    assert drawn(story, "S1") == [("G1", "700", "9000")]
    sound(story)


def test_a_cap_lowered_at_sea_is_no_reason_for_what_was_combined() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="7000 USD")
    story.milestone("S1", "DEPARTED")
    story.rule(lot("G2", "100 KGM", "1 USD", version=2))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "3000"), ("G2", "400", "4000")])


def test_a_revocation_at_sea_holds_though_the_part_grew_as_well_and_the_other_licence_has_room() -> None:
    """D1.7: nobody takes over because of a revocation."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    story.advance_to(at("2026-03-03 09:00"))
    story.rule(lot("G1", "5000 KGM", version=2))
    story.rule(lot("G2", "100 KGM", version=2, status=LicenceStatus.REVOKED))
    story.ship("S1", "770 KGM")
    assert story.state("S1").startswith("INTERCEPT LICENCE_REVOKED")
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "330"), ("G2", "440")]


def test_licences_in_different_units_keep_their_proportion() -> None:
    story = story_with(lot("G1", "300 KGM"), lot("G2", "0.5 TNE"))
    story.ship("S1", "700 KGM", value="7000 USD")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.correct("S1", "left", "350 KGM")
    assert drawn(story, "S1") == [("G1", "150", "3000"), ("G2", "0.2", "4000")]
    sound(story)


def test_a_combination_of_which_only_one_answers_a_notice_gives_way_to_a_licence_that_does() -> None:
    """D6.6: the hold lifts when all that the line draws on answers it."""
    stop = replace(notice("N1"), scope=replace(notice().scope, items=("MAG-ROD",)))
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    story.rule(replace(stop, recorded_at=story.clock))
    story.advance_to(at("2026-03-03 09:00"))
    answering: dict[str, Any] = {"answers_notices": ("N1",), "authority_time": at("2026-03-02 09:30")}
    story.rule(lot("G1", "300 KGM", version=2, **answering))
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    story.rule(lot("G4", "900 KGM", **answering))
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G4", "700", "9000")])


def test_where_one_part_cannot_be_told_the_parts_stay_as_they_are_booked() -> None:
    counted = item("MAG-ROD", "1C904.a", factors={"C62": "2.5 KGM"}, version=2)
    story = story_with(counted, lot("G1", "300 KGM"), lot("G2", "200 C62"))
    story.ship("S1", "700 KGM")
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "300"), ("G2", "160")]
    story.milestone("S1", "DEPARTED")
    before = story.shipments["S1"].draws
    story.rule(item("MAG-ROD", "1C904.a", version=3))
    assert (story.state("S1"), story.shipments["S1"].draws) == ("RELEASED", before)
    story.ship("S1", "800 KGM")
    assert (story.state("S1"), story.shipments["S1"].draws) == ("INTERCEPT UNIT_NOT_CONVERTIBLE", before)


def test_that_one_of_several_answers_a_notice_lets_nobody_take_over_from_one_that_is_revoked() -> None:
    """D1.7, D6.6: only what answers in full takes over for a notice."""
    stop = replace(notice("N1"), scope=replace(notice().scope, items=("MAG-ROD",)))
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"), lot("G3", "500 KGM"))
    story.ship("S1", "700 KGM")
    story.milestone("S1", "DEPARTED")
    story.advance_to(at("2026-03-03 09:00"))
    story.rule(replace(stop, recorded_at=story.clock))
    story.advance_to(at("2026-03-04 09:00"))
    answering: dict[str, Any] = {"answers_notices": ("N1",), "authority_time": at("2026-03-03 09:30")}
    story.rule(lot("G1", "300 KGM", version=2, **answering))
    story.rule(lot("G2", "500 KGM", version=2, status=LicenceStatus.REVOKED))
    assert story.state("S1") == "INTERCEPT STOP_NOTICE LICENCE_REVOKED"
    assert [number for number, *_ in drawn(story, "S1")] == ["G1", "G2"]


def test_parts_of_which_one_was_not_measured_by_what_the_line_says_are_measured_anew_together() -> None:
    """D3.7: as they were only where every one of them was; here what G2 is worth never followed from the line."""
    whole = line(item_no="MAG-ROD", net="700 KGM", value="7000 USD")
    said: dict[str, Any] = {"asked": whole.net_quantity, "asked_value": whole.value, "asked_item": "MAG-ROD"}
    parts = draw("300 KGM", "3000 USD", licence_no="G1"), draw("400 KGM", "5000 USD", licence_no="G2")
    measured = (replace(parts[0], **said), parts[1])
    again = resized_together(measured, whole, references())
    assert [one.value for one in again] == [money("3000 USD"), money("4000 USD")]
    unchanged = tuple(replace(part, **said) for part in parts)
    assert resized_together(unchanged, whole, references()) == unchanged


def test_what_outgrew_its_licence_at_sea_is_given_by_one_that_answers_a_notice_first() -> None:
    """D3.5, D6.6, D3.7: while the notice matches, the answering one comes before the one where the draw stands."""
    stop = replace(notice("N1"), scope=replace(notice().scope, items=("MAG-ROD",)))
    story = story_with(lot("G1", "500 KGM"))
    story.ship("S1", "400 KGM")
    story.milestone("S1", "DEPARTED", event_id="left")
    story.rule(replace(stop, recorded_at=story.clock))
    story.advance_to(at("2026-03-03 09:00"))
    story.rule(lot("G2", "300 KGM", answers_notices=("N1",), authority_time=at("2026-03-02 09:30")))
    story.correct("S1", "left", "600 KGM")
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "300"), ("G2", "300")]
    sound(story)


def test_a_correction_beyond_what_one_has_is_given_by_the_others_and_not_by_a_new_one() -> None:
    """D1.7, D4.1: what the licences fix is as it was, so that none of them is left, whatever policy says now."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "400 KGM"))
    story.ship("S1", "600 KGM", value="6500 USD")
    story.milestone("S1", "DEPARTED", event_id="left")
    assert drawn(story, "S1") == [("G1", "300", "3250"), ("G2", "300", "3250")]
    story.rule(lot("G3", "1000 KGM"))
    story.policy = Policy(combine_licences=False)
    story.correct("S1", "left", "650 KGM")
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", [("G1", "300", "3000"), ("G2", "350", "3500")])
    sound(story)
