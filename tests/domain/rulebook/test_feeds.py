"""Feeds that are too old by policy: REFERENCE_UNAVAILABLE (§2, §9), before and after departure (D1.6, D1.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gatekeeper.domain.aggregates import Draw, MilestoneReport
from services.gatekeeper.domain.case import Case
from services.gatekeeper.domain.feeds import ALWAYS, is_stale, next_dates, stale_feeds, stale_from, staleness
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import UnreadableRule
from services.gatekeeper.domain.rule_entities import Feed
from services.gatekeeper.domain.rulebook import unreadable_touches
from services.gatekeeper.domain.terms import EVERYTHING, NOBODY, case_terms, touched
from services.gatekeeper.domain.touches import touches_of
from services.gatekeeper.domain.unreadable import unreadable_references
from services.gatekeeper.domain.vocabulary import Classification, Milestone, RuleKind
from tests.domain.builders import (
    PLANNED,
    at,
    departed,
    general,
    hold,
    item,
    licence_line,
    line,
    money,
    order,
    rate,
    shipment,
)
from tests.domain.builders import references as trade
from tests.domain.matching.judged import judged, prechecked
from tests.domain.matching.judged import reasons as reasons_of

from .examples import NOW, draw, order_case, reasons, references, shipment_case, subjects
from .examples import line as case_line

DAY = timedelta(hours=24)
STEP = datetime.resolution


def feed(name: str = "CONTROL_LIST", age: timedelta = DAY, **changes: Any) -> Feed:
    return Feed(**{"feed": name, "version": 1, "as_of": NOW - age, "entries": 9, **changes})


def limits(*names: str, hours: int = 24) -> Policy:
    return Policy(feed_max_age_hours=dict.fromkeys(names or ("CONTROL_LIST",), hours))


def _case(*entities: Any, policy: Policy, **changes: Any) -> Case:
    return shipment_case(references(*entities), policy=policy, **changes)


@pytest.mark.parametrize(("age", "held"), [(DAY - STEP, False), (DAY, False), (DAY + STEP, True)])
def test_a_feed_may_be_as_old_as_its_limit_and_no_older(age: timedelta, held: bool) -> None:
    found = list(stale_feeds(_case(feed(age=age), policy=limits())))
    assert bool(found) is held
    if held:
        assert subjects(found) == [("REFERENCE_UNAVAILABLE", {"feed": "CONTROL_LIST"})]
        expected = {"feed": "CONTROL_LIST", "as_of": (NOW - age).isoformat(), "limit_hours": "24"}
        assert found[0].detail == expected


def test_a_feed_that_is_named_and_was_never_refreshed_is_too_old() -> None:
    [found] = stale_feeds(_case(policy=limits("INTERNAL")))
    assert found.detail == {"feed": "INTERNAL", "limit_hours": "24"}
    assert stale_from(references(), limits("INTERNAL"), "INTERNAL") == ALWAYS


def test_a_feed_that_is_not_named_has_no_limit() -> None:
    old = feed(age=timedelta(days=999))
    assert not list(stale_feeds(_case(old, policy=limits("WATCH_LIST"), leaves_territory=False)))
    assert stale_from(references(old), Policy(), "CONTROL_LIST") is None
    assert not is_stale(references(old), Policy(), "CONTROL_LIST", NOW)
    assert staleness(references(), Policy(), "CONTROL_LIST") == {"feed": "CONTROL_LIST", "as_of": None,
                                                                 "limit_hours": None}  # fmt: skip


def test_each_list_and_the_controls_hold_and_a_feed_of_another_name_holds_nobody() -> None:
    names = ("CONTROL_LIST", "WATCH_LIST", "INTERNAL", "CONTROLS", "WEATHER")
    found = subjects(stale_feeds(_case(policy=limits(*names))))
    assert sorted(subject["feed"] for _, subject in found) == ["CONTROLS", "CONTROL_LIST", "INTERNAL", "WATCH_LIST"]


def test_a_domestic_move_and_one_without_lines_wait_for_no_feed() -> None:
    assert not list(stale_feeds(_case(policy=limits(), leaves_territory=False)))
    assert not list(stale_feeds(_case(policy=limits(), lines=())))


def test_goods_that_need_no_licence_and_orders_wait_for_the_lists_too() -> None:
    rules = references()
    bolts = shipment_case(rules, case_line(rules, item_no="STEEL-BOLT"), policy=limits())
    assert reasons(stale_feeds(bolts)) == ["REFERENCE_UNAVAILABLE"]
    assert reasons(stale_feeds(order_case(rules, policy=limits()))) == ["REFERENCE_UNAVAILABLE"]


def test_a_limit_past_the_end_of_the_calendar_is_none() -> None:
    for far in (feed(as_of=datetime.max.replace(tzinfo=UTC)), feed()):
        policy = limits(hours=24 if far.as_of.year == 9999 else 10**12)
        assert stale_from(references(far), policy, "CONTROL_LIST") is None


# Rates


EUROS = (rate("EUR", "USD", "1.1", "2026-03-01"), rate("USD", "EUR", "0.9", "2026-03-01"))
RATES = limits("FX_RATES")


@pytest.mark.parametrize(("value", "held"), [("9000 USD", False), ("9000 EUR", True)])
def test_old_rates_hold_only_what_needs_one(value: str, held: bool) -> None:
    assessment = judged(shipment(line(value=value)), trade(*EUROS), policy=RATES)
    assert reasons_of(assessment) == (["REFERENCE_UNAVAILABLE"] if held else [])
    if held:
        assert assessment.findings[0].detail["lines"] == "1"


def test_a_line_that_draws_in_its_own_currency_needs_no_rate_although_another_licence_would() -> None:
    in_euros = general("G1", licence_line(value="90000 EUR"))
    assert not judged(shipment(line(value="9000 EUR")), trade(in_euros, *EUROS), policy=RATES).findings


def test_where_no_licence_fits_whoever_might_need_a_rate_waits_for_it() -> None:
    wrong = shipment(line(value="9000 EUR"), destination="FR")
    assert "REFERENCE_UNAVAILABLE" in reasons_of(judged(wrong, trade(*EUROS), policy=RATES))
    wrong_in_dollars = shipment(line(value="9000 USD"), destination="FR")
    assert "REFERENCE_UNAVAILABLE" not in reasons_of(judged(wrong_in_dollars, trade(*EUROS), policy=RATES))


def test_a_line_without_a_value_or_without_need_of_a_licence_needs_no_rate() -> None:
    assert "REFERENCE_UNAVAILABLE" not in reasons_of(judged(shipment(line(value=None)), trade(), policy=RATES))
    assert not judged(shipment(line(item_no="STEEL-BOLT", value="9 EUR")), trade(*EUROS), policy=RATES).findings
    by_item = general("G1", licence_line(codes=(), items=("STEEL-BOLT",)))
    assert not judged(shipment(line(item_no="STEEL-BOLT", value="9 EUR")), trade(by_item), policy=RATES).findings


def test_an_unlisted_item_of_concern_needs_a_rate_for_its_licence() -> None:
    by_item = general("G1", licence_line(codes=(), items=("STEEL-BOLT",)))
    policy = Policy(feed_max_age_hours={"FX_RATES": 24}, catch_all_end_uses=("CIVIL_MRI",))
    found = judged(shipment(line(item_no="STEEL-BOLT", value="9 EUR")), trade(by_item, *EUROS), policy=policy)
    assert reasons_of(found) == ["REFERENCE_UNAVAILABLE"]


def test_in_a_case_without_a_scene_the_candidates_are_looked_up() -> None:
    rules = references()
    case = shipment_case(rules, policy=RATES)
    assert not list(stale_feeds(case))
    dear = shipment_case(rules, case_line(rules, value=money("9000 EUR")), policy=RATES)
    assert reasons(stale_feeds(dear)) == ["REFERENCE_UNAVAILABLE"]
    planned: tuple[Draw, ...] = (draw(),)
    assert reasons(stale_feeds(shipment_case(rules, case_line(rules, value=money("9000 EUR")), policy=RATES,
                                             planned=planned))) == ["REFERENCE_UNAVAILABLE"]  # fmt: skip


# Dates and sweeps


def test_the_instant_at_which_a_feed_grows_too_old_is_a_date_of_the_case() -> None:
    rules = trade(feed(age=timedelta(hours=1)))
    found = judged(shipment(), rules, policy=limits(hours=2))
    assert not found.findings
    assert found.recheck_at == NOW + timedelta(hours=1) + STEP
    later = judged(shipment(), rules, policy=limits(hours=2), as_of=NOW + timedelta(hours=1) + STEP)
    assert reasons_of(later) == ["REFERENCE_UNAVAILABLE"]
    assert not judged(shipment(), rules, policy=limits(hours=2), as_of=NOW + timedelta(hours=1)).findings
    assert prechecked(order(), rules, policy=limits(hours=2)).recheck_at == NOW + timedelta(hours=1) + STEP


def test_who_does_not_depend_on_a_feed_has_no_date_of_it() -> None:
    rules = references(feed("FX_RATES"))
    assert not list(next_dates(shipment_case(rules, policy=limits("FX_RATES"))))
    assert not list(next_dates(shipment_case(rules, policy=Policy())))
    far = feed(as_of=datetime.max.replace(tzinfo=UTC))
    assert not list(next_dates(shipment_case(references(far), policy=limits())))


def test_a_refresh_touches_whom_the_old_feed_held_and_an_older_one_everybody() -> None:
    old, policy = feed(age=2 * DAY), limits()
    terms = case_terms(_case(old, policy=policy), (), ())
    assert touched(touches_of(old, feed(age=timedelta(0), version=2), references(old)), terms)
    fresh = feed(age=timedelta(0))
    unaware = case_terms(_case(fresh, policy=policy), (), ())
    assert not touched(touches_of(fresh, feed(age=-DAY, version=2), references(fresh)), unaware)
    assert touches_of(fresh, feed(age=DAY, version=2), references(fresh)) == EVERYTHING


# After departure


def test_goods_that_are_gone_are_not_held_for_an_old_feed() -> None:
    assert not judged(departed(shipment()), trade(), policy=limits(), as_of=PLANNED).findings
    assert judged(departed(shipment()), trade(), policy=limits(), as_of=PLANNED).recheck_at is None


def test_a_hold_that_the_goods_left_with_stays_until_the_feed_is_fresh() -> None:
    open_hold = hold(Reason.REFERENCE_UNAVAILABLE, feed="CONTROL_LIST")
    gone = departed(shipment(holds=(open_hold,)), released=False)
    assert reasons_of(judged(gone, trade(), policy=limits(), as_of=PLANNED)) == ["REFERENCE_UNAVAILABLE"]
    more = judged(gone, trade(), policy=limits("CONTROL_LIST", "WATCH_LIST"), as_of=PLANNED)
    assert subjects(more.findings) == [("REFERENCE_UNAVAILABLE", {"feed": "CONTROL_LIST"})]
    fresh = trade(Feed("CONTROL_LIST", 1, PLANNED, 9))
    assert not judged(gone, fresh, policy=limits(), as_of=PLANNED).findings


def test_what_went_stale_between_a_lawful_departure_and_its_late_report_is_no_reason() -> None:
    came_since = hold(Reason.REFERENCE_UNAVAILABLE, PLANNED, feed="CONTROL_LIST")
    late = departed(shipment(holds=(came_since,)), at("2026-03-04 18:00"))
    assert not judged(late, trade(), policy=limits(), as_of=PLANNED).findings


def test_an_unclassified_item_waits_for_the_lists_as_well() -> None:
    grey = trade(item("GREY-POWDER", classification=Classification.UNCLASSIFIED))
    found = judged(shipment(line(item_no="GREY-POWDER")), grey, policy=limits())
    assert reasons_of(found) == ["ITEM_UNCLASSIFIED", "REFERENCE_UNAVAILABLE"]


def test_a_feed_that_is_fresh_does_not_answer_for_the_ones_after_it() -> None:
    fresh = (feed("CONTROLS"), feed("INTERNAL", age=2 * DAY), feed("WATCH_LIST"))
    found = subjects(stale_feeds(_case(*fresh, policy=limits("CONTROLS", "INTERNAL", "WATCH_LIST"))))
    assert found == [("REFERENCE_UNAVAILABLE", {"feed": "INTERNAL"})]


def test_a_hold_that_came_with_the_very_report_of_the_departure_stays_like_one_that_came_after_it() -> None:
    """What is received together is judged at one instant: a correction may come with the departure that it corrects."""
    reported_at = at("2026-03-05 20:00")
    for placed_at, stays in ((reported_at - STEP, False), (reported_at, True), (reported_at + STEP, True)):
        came = hold(Reason.REFERENCE_UNAVAILABLE, placed_at, feed="CONTROL_LIST")
        left = departed(shipment(holds=(came,)))
        report = MilestoneReport("dep", Milestone.DEPARTED, PLANNED, reported_at)
        late = replace(left, progress=replace(left.progress, reports=(report,)))
        expected = ["REFERENCE_UNAVAILABLE"] if stays else []
        assert reasons_of(judged(late, trade(), policy=limits(), as_of=reported_at + DAY)) == expected


def _broken(name: str) -> UnreadableRule:
    return UnreadableRule("Q1", f"{name}/broken", RuleKind.FEED, name)


@pytest.mark.parametrize(
    ("name", "planned", "held"),
    [
        ("CONTROL_LIST", draw(), True),
        ("FX_RATES", replace(draw(), value=money("9 EUR")), True),
        ("FX_RATES", draw(), False),
    ],
)
def test_a_broken_refresh_holds_what_depends_on_the_age_of_that_feed(name: str, planned: Draw, held: bool) -> None:
    """D8.4: a list feed matters to whatever leaves the territory, FX_RATES to lines that need a rate (§9)."""
    rules = references(feed(name)).with_changes(2, [], [_broken(name)])
    case = shipment_case(rules, policy=limits(name), planned=(planned,))
    expected = [("EVENT_UNREADABLE", {"event": f"{name}/broken"})] if held else []
    assert subjects(list(unreadable_references(case))) == expected
    assert not list(unreadable_references(replace(case, leaves_territory=False)))
    assert not list(unreadable_references(replace(case, policy=limits("WATCH_LIST"))))
    assert not list(unreadable_references(replace(case, policy=Policy())))


def test_a_broken_refresh_has_everybody_looked_at_where_policy_limits_the_age_of_that_feed() -> None:
    rules = references(feed("FX_RATES"))
    assert unreadable_touches(_broken("FX_RATES"), rules) == NOBODY
    limited = rules.with_changes(2, [limits("FX_RATES")])
    assert unreadable_touches(_broken("FX_RATES"), limited) == EVERYTHING
    assert unreadable_touches(_broken("INTERNAL"), limited) == NOBODY
