"""A licence version that drops the line on which departed goods are booked: it blinds no rule (D1.6, D1.7, D6.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import LicenceStatus
from tests.domain.builders import M1, at, day, general, item, licence_line, rate
from tests.domain.engine.lots import drawn, lot, sound, story_with
from tests.domain.story import Story

HOUR = timedelta(hours=1)
TO_BETA = {role: {"party_id": "BETA"} for role in ("importer", "consignee", "end_user")}


def _granted(story: Story, licence: Licence, **changes: Any) -> None:
    """An hour later the authority says otherwise."""
    story.advance_to(story.clock + HOUR)
    known = story.references.licence(licence.licence_no)
    version = known.version + 1 if known is not None else 1
    story.rule(replace(licence, **{"version": version, "authority_time": story.clock, **changes}))


def _left(net: str = "300 KGM", *rules: Any, before: Any = None, **changes: Any) -> Story:
    story = Story(*rules)
    if before is not None:
        story.rule(before)
    story.ship("S1", net, **changes)
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED", event_id="left")
    return story


def test_goods_whose_licence_only_drops_the_line_later_stay_released_and_booked() -> None:
    """D1.7: no fact changed."""
    story = _left()
    _granted(story, M1, lines=())
    assert (story.state("S1"), story.balance(), story.told("S1")) == ("RELEASED", "0/300 0/1", ["RELEASED"])
    story.ship("S1")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")
    sound(story)


@pytest.mark.parametrize("lines", [(), (licence_line(2, codes=("1C904.a",)),)])
def test_a_revocation_that_drops_the_line_too_reaches_the_goods(lines: Any) -> None:
    """D1.7: whether it comes with the drop or after it."""
    at_once, later = _left(), _left()
    _granted(at_once, M1, status=LicenceStatus.REVOKED, lines=lines)
    _granted(later, M1, lines=lines)
    assert later.state("S1") == "RELEASED"
    _granted(later, M1, status=LicenceStatus.REVOKED, lines=lines)
    for story in (at_once, later):
        assert (story.state("S1"), story.balance()) == ("INTERCEPT LICENCE_REVOKED", "0/300 0/1")


@pytest.mark.parametrize(
    ("changed", "held"),
    [
        ({"destination": "JP"}, "INTERCEPT DESTINATION_MISMATCH"),
        ({"parties": TO_BETA}, "INTERCEPT END_USER_CHANGED END_USER_MISMATCH"),
        ({"end_use": {"code": "ROCKETS"}}, "INTERCEPT END_USE_CHANGED END_USE_MISMATCH"),
        ({"item": "LASER-HEAD"}, "INTERCEPT ITEM_MISMATCH"),
        ({"exporter_id": "E2"}, "INTERCEPT EXPORTER_MISMATCH"),
        ({"net": "5000 KGM"}, "INTERCEPT QTY_EXCEEDED"),
        ({"net": "300.001 KGM"}, "INTERCEPT QTY_EXCEEDED"),
        ({"value": "9000.01 USD"}, "INTERCEPT VALUE_EXCEEDED"),
    ],
)
def test_changed_facts_hold_after_the_drop_until_the_old_ones_return(changed: dict[str, Any], held: str) -> None:
    """D1.7."""
    story = _left()
    _granted(story, M1, lines=())
    story.ship("S1", **changed)
    assert story.state("S1") == held
    story.advance_to(story.clock + HOUR)
    story.ship("S1", **changed)
    assert story.state("S1") == held
    story.ship("S1")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")
    sound(story)


def test_facts_that_changed_before_the_drop_hold_on_after_it() -> None:
    story = _left()
    story.advance_to(story.clock + HOUR)
    story.ship("S1", destination="JP")
    _granted(story, M1, lines=())
    assert story.state("S1") == "INTERCEPT DESTINATION_MISMATCH"
    story.ship("S1", "400 KGM")
    assert (story.state("S1"), story.balance()) == ("INTERCEPT QTY_EXCEEDED", "0/400 0/1")


@pytest.mark.parametrize(
    ("net", "before"),
    [
        ("1500 KGM", None),
        ("300 KGM", replace(M1, version=2, authority_time=at("2026-03-01 10:00"), status=LicenceStatus.SUSPENDED)),
        ("300 KGM", replace(M1, version=2, authority_time=at("2026-03-01 10:00"), status=LicenceStatus.REVOKED)),
        ("300 KGM", replace(M1, version=2, authority_time=at("2026-03-01 10:00"), valid_until=day("2026-03-01"))),
        ("300 KGM", replace(M1, version=2, authority_time=at("2026-03-01 10:00"), destinations=("FR",))),
    ],
)
def test_what_left_while_held_is_not_freed_by_a_drop_nor_by_the_line_that_comes_back(net: str, before: Any) -> None:
    """D1.6: it lifts only when the line fits the day of departure."""
    story = _left(net, before=before)
    held = story.state("S1")
    assert held.startswith("INTERCEPT")
    as_it_was = before or M1
    for lines in ((), as_it_was.lines, (), as_it_was.lines):
        _granted(story, as_it_was, lines=lines)
        assert story.state("S1").startswith("INTERCEPT"), lines


def test_what_left_while_held_lifts_when_the_line_is_there_again_and_fits_the_day() -> None:
    """D1.6; meanwhile its consumption follows corrections (D4.1)."""
    story = _left("1500 KGM")
    _granted(story, M1, lines=())
    assert (story.state("S1"), story.balance()) == ("INTERCEPT ITEM_MISMATCH", "0/1500 0/1")
    story.correct("S1", "left", "1200 KGM")
    assert (story.state("S1"), story.balance()) == ("INTERCEPT ITEM_MISMATCH", "0/1200 0/1")
    _granted(story, M1)
    assert story.state("S1") == "INTERCEPT QTY_EXCEEDED"
    story.correct("S1", "left", "900 KGM")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/900 0/1")
    sound(story)


def test_what_left_while_held_is_taken_over_by_a_licence_that_fits_the_day() -> None:
    story = _left("1500 KGM")
    _granted(story, M1, lines=())
    large = licence_line(codes=("1C904.a",), granted="2000 KGM", value="2000000 USD")
    _granted(story, general("G1", large), authority_time=at("2026-03-01 10:00"))
    assert (story.state("S1"), story.balance(), story.balance("G1")) == ("RELEASED", "0/0 0/0", "0/1500 0/1")


def test_a_catch_all_that_was_open_at_departure_is_not_freed_by_a_drop() -> None:
    """ECL 12(3), D1.6."""
    story = Story(general("G1", licence_line(codes=(), items=("STEEL-BOLT",)), status=LicenceStatus.SUSPENDED))
    story.with_policy(catch_all_end_uses=("CIVIL_MRI",))
    story.ship("S1", item="STEEL-BOLT")
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED")
    assert (story.state("S1"), story.balance("G1")) == ("INTERCEPT CATCH_ALL", "0/300 0/1")
    known = story.references.licence("G1")
    assert known is not None
    _granted(story, known, lines=())
    assert (story.state("S1"), story.balance("G1")) == ("INTERCEPT CATCH_ALL", "0/300 0/1")


def test_one_dropped_line_does_not_blind_what_left_on_several_licences() -> None:
    """D3.7, D1.7: each is asked for its own part."""
    story = story_with(lot("G1", "300 KGM"), lot("G2", "500 KGM"))
    story.ship("S1", "700 KGM", value="7000 USD")
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED")
    before = drawn(story, "S1")
    _granted(story, lot("G1", "300 KGM"), lines=())
    assert (story.state("S1"), drawn(story, "S1")) == ("RELEASED", before)
    story.ship("S1", "750 KGM", value="7000 USD")
    assert [(number, net) for number, net, _ in drawn(story, "S1")] == [("G1", "300"), ("G2", "450")]
    assert story.state("S1") == "RELEASED"
    story.ship("S1", "801 KGM", value="7000 USD")
    assert story.state("S1") == "INTERCEPT QTY_EXCEEDED"
    story.ship("S1", "700 KGM", value="7000 USD", destination="JP")
    assert story.state("S1") == "INTERCEPT DESTINATION_MISMATCH"
    story.ship("S1", "700 KGM", value="7000 USD")
    assert story.state("S1") == "RELEASED"
    _granted(story, lot("G2", "500 KGM"), status=LicenceStatus.REVOKED)
    assert story.state("S1") == "INTERCEPT LICENCE_REVOKED"


def test_lines_share_what_the_release_gave_on_the_dropped_line() -> None:
    """Each line may be as much as it was released with, whatever other shipments have there."""
    story = Story()
    story.ship("S2", "100 KGM")
    whole = {"item_no": "MAG-ROD", "value": {"amount": "9000", "currency": "USD"}}

    def ship(first: str, second: str, **changes: Any) -> None:
        nets = [{"value": value, "unit": "KGM"} for value in (first, second)]
        lines: list[Any] = [{"line_no": no, "net_quantity": net, **whole} for no, net in enumerate(nets, 1)]
        lines.append({**lines[0], "line_no": 3, "item_no": "STEEL-BOLT"})
        story.ship("S1", lines=lines, **changes)

    ship("300", "200")
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED", event_id="left")
    story.milestone("S2", "DEPARTED")
    _granted(story, M1, lines=())
    ship("300", "150")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/550 0/2")
    ship("300", "200")
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/600 0/2")
    ship("400", "200")
    assert story.state("S1") == "INTERCEPT QTY_EXCEEDED"
    ship("300", "201")
    assert story.state("S1") == "INTERCEPT QTY_EXCEEDED"
    ship("300", "200")
    assert story.state("S1") == "RELEASED"
    assert story.state("S2") == "RELEASED"
    sound(story)


def test_a_departure_that_is_dated_anew_after_the_drop_is_still_what_was_released() -> None:
    """§1: a later DEPARTED corrects the day; only that day is judged in full."""
    story = Story()
    story.ship("S1")
    story.advance_to(at("2026-03-03 09:00"))
    story.milestone("S1", "DELIVERED")
    _granted(story, M1, lines=())
    story.milestone("S1", "DEPARTED", at("2026-03-02 10:00"))
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")


def test_what_was_given_in_another_unit_than_the_goods_are_booked_in_gives_nothing() -> None:
    """Fail closed: the line was granted anew in another currency between the release and the departure."""
    story = Story(rate("USD", "CNY", "7", "2026-03-01"))
    story.ship("S1")
    left = story.shipments["S1"]
    known = left.released_as[0]
    given = tuple((no, line, net, replace(worth, currency="CNY")) for no, line, net, worth in known.given)
    story.advance_to(story.clock + HOUR)
    story.milestone("S1", "DEPARTED")
    left = story.shipments["S1"]
    story.shipments["S1"] = replace(left, released_as=(replace(known, given=given),))
    _granted(story, M1, lines=())
    assert story.state("S1") == "RELEASED"
    story.ship("S1", "200 KGM")
    assert story.state("S1") == "RELEASED"
    story.ship("S1", "300 KGM")
    assert story.state("S1") == "INTERCEPT QTY_EXCEEDED"


def test_an_item_judged_unlisted_after_it_left_and_after_the_drop_stays_released() -> None:
    """D1.7: only another item is a changed fact."""
    story = _left()
    _granted(story, M1, lines=())
    story.rule(item("MAG-ROD", version=2))
    assert (story.state("S1"), story.balance()) == ("RELEASED", "0/300 0/1")


def test_a_licence_that_drops_the_line_answers_the_notice_no_longer() -> None:
    """D6.6: it must fit the line; the one that drops it leaves the booking where it is (D1.7)."""
    story = _left()
    story.advance_to(story.clock + HOUR)
    story.notice("N1", items=["MAG-ROD"])
    assert story.state("S1") == "INTERCEPT STOP_NOTICE"
    answer = general("G1", licence_line(codes=("1C904.a",), value="2000000 USD"), answers_notices=("N1",))
    _granted(story, answer)
    assert (story.state("S1"), story.balance("G1"), story.balance()) == ("RELEASED", "0/300 0/1", "0/0 0/0")
    _granted(story, answer, lines=())
    assert (story.state("S1"), story.balance("G1")) == ("INTERCEPT STOP_NOTICE", "0/300 0/1")
    _granted(story, replace(answer, licence_no="G2"))
    assert (story.state("S1"), story.balance("G1"), story.balance("G2")) == ("RELEASED", "0/0 0/0", "0/300 0/1")
    sound(story)
