"""The next instant at which an answer may change by itself (D7.1), and what a decision read."""

from __future__ import annotations

from datetime import date

from services.gatekeeper.domain.aggregates import Progress
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.vocabulary import Place
from tests.domain.builders import (
    at,
    control,
    day,
    departed,
    licence,
    licence_line,
    line,
    notice,
    order,
    rate,
    references,
    shipment,
    take,
)
from tests.domain.matching.judged import judged, prechecked


def test_a_licence_start_and_end_have_timers() -> None:
    early = references(licence(valid_from=day("2026-03-04")))
    assert judged(shipment(), early).recheck_at == at("2026-03-04 00:00")
    assert judged(shipment(), as_of=at("2026-03-06 09:00")).recheck_at == at("2026-09-01 00:00")
    endless = references(licence(valid_until=date.max))
    assert judged(shipment(), endless, as_of=at("2026-03-06 09:00")).recheck_at is None


def test_the_end_of_the_planned_day_has_a_timer() -> None:
    assert judged(shipment()).recheck_at == at("2026-03-06 00:00")
    assert prechecked(order()).recheck_at == at("2026-03-06 00:00")


def test_a_successor_that_has_not_begun_has_a_timer_even_for_what_is_not_there() -> None:
    later = references(licence("L2", supersedes=("L9",), valid_from=day("2026-03-04")))
    assert judged(shipment(licences=("L9",)), later).recheck_at == at("2026-03-04 00:00")


def test_windows_of_a_control_have_timers() -> None:
    waking = references(control("1C902.b", "2025-01-01", None, ("2025-01-01", "2026-03-03")))
    assert judged(shipment(), waking).recheck_at == at("2026-03-04 00:00")


def test_rates_that_begin_or_grow_too_old_have_timers() -> None:
    refs = references(rate("CHF", "USD", "1.25", "2026-03-02"), licence("L1", licence_line()))
    francs = shipment(line(value="10 CHF"))
    assert judged(francs, refs, policy=Policy(fx_max_age_days=0)).recheck_at == at("2026-03-03 00:00")
    coming = references(rate("CHF", "USD", "1.25", "2026-03-04"))
    assert judged(francs, coming).recheck_at == at("2026-03-04 00:00")
    assert judged(shipment(line(value=None)), refs).recheck_at == at("2026-03-06 00:00")


def test_a_notice_that_will_begin_has_a_timer() -> None:
    soon = references(notice(everything=True, starts_at=at("2026-03-02 10:00")))
    assert judged(shipment(), soon).recheck_at == at("2026-03-02 10:00")


def test_the_timer_is_always_later_than_now() -> None:
    assert judged(shipment(), as_of=at("2026-03-06 00:00")).recheck_at == at("2026-09-01 00:00")


def test_departed_and_closed_shipments_have_no_timer_of_licences() -> None:
    assert judged(departed(shipment())).recheck_at is None
    closed = shipment(progress=Progress(place=Place.CLOSED))
    assert judged(closed).recheck_at is None


def test_a_line_whose_item_nobody_knows_and_a_case_without_exporter_still_answer() -> None:
    assert judged(shipment(line(item_no="NEW"), exporter_id=None)).recheck_at == at("2026-03-06 00:00")
    assert judged(shipment(planned_departure=None)).recheck_at == at("2026-09-01 00:00")
    assert prechecked(order(planned_export_date=None)).recheck_at == at("2026-09-01 00:00")


def test_a_decision_names_what_it_read_in_which_version() -> None:
    read = judged(shipment(line(value="1 CHF"), end_user_statements=("EUC-9",), licences=("L1",)),
                  references(notice(everything=True), rate("CHF", "USD", "1", "2026-03-01")),
                  policy=Policy(feed_max_age_hours={"CONTROL_LIST": 24})).read  # fmt: skip
    assert [(kind.value, key) for kind, key, _ in read] == [
        ("control", "1C902.b"), ("fx-rate", "CHF-USD-2026-03-01"), ("item", "SM-OXIDE"), ("licence", "L1"),
        ("notice", "N1"), ("party", "ALPHA"), ("party", "E1"), ("party", "FWD-1"),
    ]  # fmt: skip


def test_an_order_that_was_taken_whole_still_names_the_licences_that_concern_it() -> None:
    read = prechecked(order(takes=(take("S1", "500 KGM"),))).read
    assert ("licence", "L1", 1) in [(kind.value, key, version) for kind, key, version in read]
