"""What must hold of every decision, whatever the facts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.accounts import LicenceAccount, LineBalance
from services.gatekeeper.domain.aggregates import Order, Shipment
from services.gatekeeper.domain.decide import Assessment, decide_shipment, licence_keys
from services.gatekeeper.domain.facts import EndUse
from services.gatekeeper.domain.gathered import NotGathered
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import Licence, Notice, RuleEntity, Scope
from services.gatekeeper.domain.vocabulary import Balance, LicenceStatus, LicenceType, Movement
from tests.domain.builders import (
    NOW,
    POLICY,
    WORLD,
    day,
    departed,
    draw,
    licence,
    licence_line,
    line,
    notice,
    order,
    parties,
    references,
    shipment,
)

SEVERITY = list(Reason)
NUMBERS = ("L1", "L2", "L3", "M1")
DAYS = st.sampled_from([day("2026-02-01"), day("2026-03-02"), day("2026-03-05"), day("2026-08-31")])


class Gathered(dict[str, LicenceAccount]):
    """Only what was locked may be looked at."""

    def __missing__(self, key: str) -> LicenceAccount:
        raise NotGathered("licence", key)


@st.composite
def licences(draw_from: st.DrawFn) -> tuple[Licence, ...]:
    chosen = draw_from(st.lists(st.sampled_from(NUMBERS[:3]), unique=True, max_size=3))
    return tuple(_licence(draw_from, number) for number in chosen)


def _licence(draw_from: st.DrawFn, number: str) -> Licence:
    pick = draw_from
    lines = tuple(
        licence_line(no, f"{pick(st.integers(1, 1200))} KGM",
                     codes=pick(st.sampled_from([("1C902.b",), ("1C904.a",), ()])),
                     items=pick(st.sampled_from([(), ("SM-OXIDE",)])), tolerance=pick(st.sampled_from(["0", "5"])))
        for no in range(1, pick(st.integers(1, 2)) + 1)
    )  # fmt: skip
    changes: dict[str, Any] = {
        "type": pick(st.sampled_from(LicenceType)), "status": pick(st.sampled_from(LicenceStatus)),
        "destinations": pick(st.sampled_from([("DE",), ("FR",), ("DE", "FR")])), "valid_from": pick(DAYS),
        "valid_until": pick(DAYS), "max_uses": pick(st.sampled_from([None, 1, 2])),
        "lapses_on_completion": pick(st.booleans()), "conflict": pick(st.booleans()),
        "supersedes": pick(st.sampled_from([(), (), ("L1",), ("L2",)])),
        "answers_notices": pick(st.sampled_from([(), ("N1",)])),
    }  # fmt: skip
    return licence(number, *lines, **changes)


@st.composite
def books(draw_from: st.DrawFn) -> dict[str, LicenceAccount]:
    amounts = st.integers(0, 600).map(Decimal)
    return {
        number: LicenceAccount(
            number,
            {1: LineBalance(1, draw_from(amounts), draw_from(amounts), Decimal(0), Decimal(0))},
            draw_from(st.integers(0, 1)),
            draw_from(st.integers(0, 1)),
            draw_from(st.booleans()),
        )
        for number in NUMBERS
    }


@st.composite
def shipments(draw_from: st.DrawFn) -> Shipment:
    pick = draw_from
    lines = tuple(
        line(no, pick(st.sampled_from(["SM-OXIDE", "MAG-ROD", "STEEL-BOLT", "GREY-POWDER"])),
             pick(st.sampled_from(["1 KGM", "400 KGM", "0.9 TNE", "40 C62", "1 XXX", None])),
             pick(st.sampled_from(["9000 USD", "10 CHF", None])),
             **pick(st.sampled_from([{}, {"order_id": "O1", "order_line": 1}, {"order_id": "O1"}])))
        for no in range(1, pick(st.integers(1, 3)) + 1)
    )  # fmt: skip
    made = shipment(
        *lines,
        movement=pick(st.sampled_from([Movement.EXPORT, Movement.EXPORT, Movement.DOMESTIC, None])),
        destination=pick(st.sampled_from(["DE", "FR", None])),
        parties=parties(end_user=pick(st.sampled_from(["ALPHA", "GAMMA", None]))),
        end_use=pick(st.sampled_from([EndUse("CIVIL_MRI"), EndUse("LAB_TEST"), None])),
        licences=pick(st.sampled_from([(), (), ("L1",), ("L2", "L3")])),
        draws=pick(st.sampled_from([(), (draw("400 KGM"),), (draw("400 KGM", balance=Balance.CONSUMED),)])),
    )
    return departed(made, released=pick(st.booleans())) if pick(st.booleans()) else made


def decide(found: Shipment, refs: References, accounts: dict[str, LicenceAccount]) -> Assessment:
    orders: dict[str, Order] = {"O1": order(draws=(draw("500 KGM"),))}
    return decide_shipment(found, orders, refs, accounts, POLICY, NOW)


def world(*entities: RuleEntity) -> References:
    return references(*entities, world=[entity for entity in WORLD if getattr(entity, "licence_no", "") != "L1"])


def asked(assessment: Assessment) -> set[tuple[Reason, object]]:
    return {(finding.reason, finding.subject) for finding in assessment.findings}


@given(shipments(), licences(), books())
def test_released_means_that_nothing_was_found(found: Shipment, some: tuple[Licence, ...], accounts: Any) -> None:
    assessment = decide(found, world(*some), accounts)
    drawn_lines = [one.line_no for one in assessment.draws]
    assert len(drawn_lines) == len(set(drawn_lines))
    if found.progress.departed_at is None and assessment.findings:
        assert assessment.draws == ()
    assert assessment.recheck_at is None or assessment.recheck_at > NOW
    ranks = [SEVERITY.index(finding.reason) for finding in assessment.findings]
    assert ranks == sorted(ranks)
    assert len(asked(assessment)) == len(assessment.findings)


@given(shipments(), licences(), books())
def test_what_is_released_fits_the_balance(found: Shipment, some: tuple[Licence, ...], accounts: Any) -> None:
    refs = world(*some)
    assessment = decide(replace(found, draws=()), refs, accounts)
    if assessment.findings or found.progress.departed_at is not None:
        return
    for licence_no, line_no in {(one.licence_no, one.licence_line) for one in assessment.draws}:
        held = refs.licence(licence_no)
        assert held is not None
        granted = next(each for each in held.lines if each.line_no == line_no)
        balance = accounts[licence_no].lines.get(line_no, LineBalance(line_no))
        taken = sum(
            one.quantity.value
            for one in assessment.draws
            if (one.licence_no, one.licence_line) == (licence_no, line_no)
        )
        released_by_order = Decimal(500) if (licence_no, line_no) == ("L1", 1) else Decimal(0)
        room = granted.quantity.value * (1 + granted.tolerance_percent / 100) - balance.reserved - balance.consumed
        assert taken <= room + released_by_order


@given(
    shipments(),
    licences(),
    books(),
    st.sampled_from(["items", "destinations", "everything", "licences"]),
    st.booleans(),
)
def test_adding_a_notice_never_removes_a_hold(
    found: Shipment, some: tuple[Licence, ...], accounts: Any, kind: str, by_licence: bool
) -> None:
    scopes = {"items": Scope(items=("SM-OXIDE",)), "destinations": Scope(destinations=("DE",)),
              "licences": Scope(licences=("L1",)), "everything": Scope()}  # fmt: skip
    added: Notice = notice(scope=scopes[kind], everything=kind == "everything", release_by_licence=by_licence)
    silent = tuple(replace(one, answers_notices=()) for one in some)
    refs = world(*silent)
    before = decide(found, refs, accounts)
    after = decide(found, refs.with_changes(2, [added], [], []), accounts)
    assert asked(before) <= asked(after)


@given(shipments(), licences(), books(), st.randoms())
def test_the_order_in_which_licences_came_does_not_matter(
    found: Shipment, some: tuple[Licence, ...], accounts: Any, random: Any
) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)
    assert decide(found, world(*some), accounts) == decide(found, world(*shuffled), accounts)


@given(shipments(), licences(), books())
def test_a_decision_looks_at_no_balance_that_was_not_locked(
    found: Shipment, some: tuple[Licence, ...], accounts: Any
) -> None:
    refs = world(*some)
    orders = [order(draws=(draw("500 KGM"),))]
    keys = licence_keys(found.facts, orders, refs) | {one.licence_no for one in found.draws}
    decide(found, refs, Gathered({key: accounts.get(key, LicenceAccount(key)) for key in keys}))


@given(shipments(), licences(), books())
def test_a_licence_that_fits_stays_chosen(found: Shipment, some: tuple[Licence, ...], accounts: Any) -> None:
    """Deciding again with the first decision's draws reserved changes nothing."""
    one_line = replace(found, draws=(), facts=replace(found.facts, lines=(replace(line(), order_id=None),)))  # type: ignore[type-var]
    if one_line.progress.departed_at is not None:
        return
    refs = world(*some)
    first = decide(one_line, refs, accounts)
    if first.findings:
        return
    for one in first.draws:
        before = accounts[one.licence_no]
        balance = before.lines.get(one.licence_line, LineBalance(one.licence_line))
        reserved = replace(balance, reserved=balance.reserved + one.quantity.value,
                           value_reserved=balance.value_reserved + one.value.amount)  # fmt: skip
        accounts[one.licence_no] = replace(
            before, lines={**before.lines, one.licence_line: reserved}, uses_reserved=before.uses_reserved + 1
        )
    again = decide(replace(one_line, draws=first.draws), refs, accounts)
    assert (again.findings, again.draws) == ((), first.draws)
