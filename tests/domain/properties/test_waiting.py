"""Between two events only a date may change an answer, and every such date is known beforehand (D7.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gatekeeper.domain.aggregates import Hold, Order, Shipment
from services.gatekeeper.domain.casework import order_case, shipment_case
from services.gatekeeper.domain.decide import Assessment, decide_case
from services.gatekeeper.domain.policy import Policy
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import ListEntry, RuleEntity, Scope, Statement, Window
from services.gatekeeper.domain.vocabulary import (
    LicenceStatus,
    LicenceType,
    ListEffect,
    ListName,
    Movement,
    Place,
    StatementStatus,
)
from tests.domain.builders import (
    NOW,
    accounts,
    at,
    control,
    day,
    departed,
    draw,
    hold,
    licence,
    licence_line,
    line,
    notice,
    order,
    rate,
    references,
    shipment,
)
from tests.domain.matching.judged import judged, prechecked

DAYS = [f"2026-03-0{number}" for number in range(1, 9)]
days = st.sampled_from(DAYS)
instants = st.sampled_from([at(f"{text} {hour}") for text in DAYS for hour in ("00:00", "09:00", "23:59")])
maybe_days = st.one_of(st.none(), days)


@st.composite
def dated_rules(pick: st.DrawFn) -> list[RuleEntity]:
    """Everything that has dates, each with its own among a few days."""
    windows = pick(st.lists(st.tuples(days, days), max_size=1))
    until = pick(maybe_days)
    known: list[RuleEntity] = [
        licence(number, licence_line(value=pick(st.sampled_from(["9000 USD", "1 EUR"]))),
                valid_from=day(pick(days)), valid_until=day(pick(days)), type=pick(st.sampled_from(LicenceType)),
                status=pick(st.sampled_from([LicenceStatus.ACTIVE, LicenceStatus.SUSPENDED])),
                supersedes=pick(st.sampled_from([(), ("L1",), ("L2",)])),
                answers_notices=pick(st.sampled_from([(), ("N1",)])))
        for number in pick(st.sets(st.sampled_from(["L1", "L2", "L3"])))
    ]  # fmt: skip
    known.append(control("1C902.b", pick(days), until, *windows))
    known.append(Statement("EUC-1", 1, "ALPHA", ("CIVIL_MRI",), day(pick(days)), StatementStatus.VALID))
    known += [rate("USD", "EUR", "0.0001", as_of) for as_of in pick(st.sets(days, max_size=2))]
    if pick(st.booleans()):
        suspended = tuple(Window(day(first), day(last)) for first, last in windows)
        names = pick(st.sampled_from([("Alpha GmbH",), ("Sinoway Forwarding",)]))
        known.append(ListEntry("E-1", 1, pick(st.sampled_from(ListName)), names, (), (), None, day(pick(days)),
                               day(until) if until else None, suspended, ListEffect.PROHIBIT, "A"))  # fmt: skip
    if pick(st.booleans()):
        scope = pick(st.sampled_from([Scope(parties=("ALPHA",)), Scope(licences=("L1",)), Scope(shipments=("S1",))]))
        ends = pick(st.one_of(st.none(), instants))
        known.append(notice(starts_at=pick(st.one_of(st.none(), instants)), ends_at=ends, scope=scope))
    return known


holds = st.sampled_from(
    [(), (hold(Reason.LICENCE_EXPIRED, line_no=1, licence_no="L1"),), (hold(Reason.LICENCE_REVOKED, line_no=1),)]
)


@st.composite
def subjects(pick: st.DrawFn) -> Shipment | Order:
    statements = pick(st.sampled_from([(), ("EUC-1",)]))
    named = pick(st.sampled_from([(), ("L1",)]))
    if pick(st.booleans()):
        return order(planned_export_date=day(pick(days)), end_user_statements=statements, licences=named)
    movement = pick(st.sampled_from([Movement.EXPORT, Movement.EXPORT, Movement.DOMESTIC]))
    given_line = line(value=pick(st.sampled_from(["9000 USD", "1 EUR"])))
    waiting = shipment(given_line, planned_departure=pick(instants), end_user_statements=statements, licences=named,
                       movement=movement)  # fmt: skip
    return _departed(pick, waiting) if pick(st.booleans()) else waiting


def _departed(pick: st.DrawFn, waiting: Shipment) -> Shipment:
    draws = pick(st.sampled_from([(), (draw(licence_no="L1"),)]))
    open_before: tuple[Hold, ...] = pick(holds)
    gone = departed(waiting, at("2026-03-02 08:00"), released=pick(st.booleans()), draws=draws, holds=open_before,
                    place=pick(st.sampled_from([Place.UNDER_WAY, Place.DELIVERED])))  # fmt: skip
    consumed = tuple(replace(each, balance=each.balance.CONSUMED) for each in gone.draws)
    return replace(gone, draws=consumed)


def _judged(subject: Shipment | Order, rules: References, policy: Policy, as_of: datetime) -> Assessment:
    if isinstance(subject, Order):
        return prechecked(subject, rules, as_of=as_of, policy=policy)
    return judged(subject, rules, accounts(), as_of=as_of, policy=policy)


def _answer(found: Assessment) -> tuple[object, ...]:
    reasons = [(finding.reason, finding.subject) for finding in found.findings]
    draws = [(each.licence_no, each.licence_line, each.quantity, each.value) for each in (*found.draws, *found.booking)]
    return reasons, draws, found.terms


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dated_rules(), subjects(), st.sampled_from([None, 0, 2]), st.integers(1, 60 * 24 * 7))
def test_an_answer_stands_until_the_date_that_it_names(
    rules: list[RuleEntity], subject: Shipment | Order, age: int | None, minutes: int
) -> None:
    known, policy = references(*rules), Policy(fx_max_age_days=age)
    now = _judged(subject, known, policy, NOW)
    then = NOW + timedelta(minutes=minutes)
    if now.recheck_at is None or then < now.recheck_at:
        assert _answer(_judged(subject, known, policy, then)) == _answer(now)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dated_rules(), subjects(), st.sampled_from([None, 0, 2]), st.integers(1, 60 * 14))
def test_an_answer_from_a_remembered_scene_is_the_one_worked_out_anew(
    rules: list[RuleEntity], subject: Shipment | Order, age: int | None, minutes: int
) -> None:
    """Also hours later on the same day, and after another of its shape has filled the scene."""
    known, policy = references(*rules), Policy(fx_max_age_days=age)
    for as_of in (NOW, NOW + timedelta(minutes=minutes)):
        if isinstance(subject, Order):
            case = order_case(subject, known, accounts(), policy, as_of)
        else:
            case = shipment_case(subject, {}, known, accounts(), policy, as_of)
        shared, anew = decide_case(case), decide_case(replace(case, scene=None))
        assert replace(shared, read=()) == replace(anew, read=())
        assert set(shared.read) >= set(anew.read)
