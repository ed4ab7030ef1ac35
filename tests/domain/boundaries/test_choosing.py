"""Which licence is drawn on, and which is nearest: one day, one step, one reason decides (D3.5, D3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.decide import Assessment
from services.gatekeeper.domain.reasons import Reason
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import LicenceStatus, LicenceType
from tests.domain.boundaries.steps import DAY, Amount, amounts, text
from tests.domain.builders import (
    account,
    accounts,
    day,
    draw,
    general,
    item,
    licence,
    licence_line,
    line,
    references,
    shipment,
)
from tests.domain.matching.judged import drawn, judged, reasons

PAIRS = st.permutations(("L1", "L2"))
ENDS = st.dates(date(2026, 3, 6), date(2027, 12, 31))
ORDINARY = st.sampled_from((LicenceType.INDIVIDUAL, LicenceType.REGISTRATION))


def drawn_on(*licences: Licence) -> tuple[str, int]:
    [(_, licence_no, line_no, _)] = drawn(judged(shipment(), references(*licences)))
    return licence_no, line_no


@given(numbers=PAIRS, end=ENDS, kinds=st.tuples(ORDINARY, ORDINARY))
def test_one_day_earlier_wins_over_a_lower_number(
    numbers: list[str], end: date, kinds: tuple[LicenceType, LicenceType]
) -> None:
    first, second = numbers
    sooner = licence(first, valid_until=end, type=kinds[0])
    assert drawn_on(sooner, licence(second, valid_until=end + DAY, type=kinds[1])) == (first, 1)
    assert drawn_on(sooner, licence(second, valid_until=end, type=kinds[1])) == ("L1", 1)


@given(numbers=PAIRS, end=ENDS, later=st.integers(0, 400))
def test_a_general_licence_comes_first_however_late_it_ends(numbers: list[str], end: date, later: int) -> None:
    last = end + timedelta(days=later)
    assert drawn_on(licence(numbers[0], valid_until=end), general(numbers[1], valid_until=last)) == (numbers[1], 1)


@given(lines=st.lists(st.integers(1, 99), min_size=2, max_size=5, unique=True))
def test_of_one_licence_the_lowest_line_is_drawn_on(lines: list[int]) -> None:
    assert drawn_on(licence("L1", *(licence_line(number) for number in lines))) == ("L1", min(lines))


@given(net=amounts(), end=ENDS)
def test_a_balance_that_is_a_step_too_small_is_passed_over_for_one_that_is_enough(net: Amount, end: date) -> None:
    """And one that is exactly enough is not."""

    def chosen(first: str) -> str:
        sooner = licence("L1", licence_line(granted=first), valid_until=end)
        later = licence("L2", licence_line(granted=f"{text(net.value)} KGM"), valid_until=end + DAY)
        shipped = shipment(line(net=f"{text(net.value)} KGM"))
        return drawn(judged(shipped, references(sooner, later)))[0][1]

    assert chosen(f"{text(net.value)} KGM") == "L1"
    assert chosen(f"{text(net.value - net.step)} KGM") == "L2"


@given(end=ENDS, free=amounts(10**4))
def test_a_draw_stays_until_its_licence_is_a_step_too_small(end: date, free: Amount) -> None:
    """D3.5: an earlier one that came later doesn't move it."""
    stands = draw(f"{text(free.value)} KGM")
    shipped = shipment(line(net=f"{text(free.value)} KGM"), draws=(stands,))
    books = accounts(account(reserved=text(free.value), value_reserved="9000", uses_reserved=1))
    sooner = licence("L2", licence_line(granted=f"{text(free.value)} KGM"), valid_until=end)

    def drawn_from(granted: str) -> str:
        refs = references(licence("L1", licence_line(granted=granted), valid_until=end + DAY), sooner)
        return drawn(judged(shipped, refs, books))[0][1]

    assert drawn_from(f"{text(free.value)} KGM") == "L1"
    assert drawn_from(f"{text(free.value - free.step)} KGM") == "L2"


# The nearest

WRONG: Mapping[Reason, dict[str, Any]] = {
    Reason.LICENCE_SUSPENDED: {"status": LicenceStatus.SUSPENDED},
    Reason.LICENCE_CONFLICT: {"conflict": True},
    Reason.END_USER_MISMATCH: {"end_users": ("GAMMA",)},
    Reason.END_USE_MISMATCH: {"end_uses": ("LAB_TEST",)},
    Reason.DESTINATION_MISMATCH: {"destinations": ("FR",)},
    Reason.IMPORTER_MISMATCH: {"importers": ("GAMMA",)},
    Reason.CONSIGNEE_MISMATCH: {"consignees": ("GAMMA",)},
    Reason.TRANSIT_PROHIBITED: {"prohibited_transit": ("RU",)},
    Reason.LICENCE_NOT_YET_VALID: {"valid_from": day("2026-03-03")},
    Reason.LICENCE_EXPIRED: {"valid_until": day("2026-03-04")},
    Reason.USES_EXCEEDED: {"max_uses": 0},
    Reason.QTY_EXCEEDED: {"quantity": "1 KGM"},
    Reason.VALUE_EXCEEDED: {"value": "1 USD"},
}
SEVERITY = {reason: rank for rank, reason in enumerate(Reason)}
reasons_of_one = st.sets(st.sampled_from(list(WRONG)), min_size=1, max_size=len(WRONG) - 1)


def amiss(number: str, wrong: set[Reason], codes: tuple[str, ...] = ("1C902.b",), **changes: Any) -> Licence:
    """A licence against which a shipment through Russia has exactly these reasons."""
    told: dict[str, Any] = {**changes}
    for reason in wrong:
        told |= WRONG[reason]
    granted, value = told.pop("quantity", "1000 KGM"), told.pop("value", "180000 USD")
    return licence(number, licence_line(granted=granted, value=value, codes=codes), **told)


def asked(*licences: Licence, item_no: str = "SM-OXIDE", **changes: Any) -> Assessment:
    return judged(shipment(line(item_no=item_no), transit=("RU",), **changes), references(*licences))


def listed(wrong: set[Reason]) -> list[str]:
    return [reason.value for reason in sorted(wrong, key=SEVERITY.__getitem__)]


STATUSES = {
    LicenceStatus.REVOKED: "LICENCE_REVOKED",
    LicenceStatus.SUSPENDED: "LICENCE_SUSPENDED",
    LicenceStatus.RETURNED: "LICENCE_RETURNED",
    LicenceStatus.CHANGE_PENDING: "LICENCE_CHANGE_PENDING",
    LicenceStatus.DRAFT: "NO_LICENCE",
}


@pytest.mark.parametrize(("status", "reason"), STATUSES.items())
def test_a_licence_that_is_not_active_gives_the_reason_of_its_status_alone(status: LicenceStatus, reason: str) -> None:
    """D3.3: DRAFT counts as not there."""
    assert reasons(asked(amiss("L1", set(), status=status))) == [reason]


@pytest.mark.parametrize("reason", WRONG)
def test_one_field_that_is_otherwise_gives_its_reason_alone(reason: Reason) -> None:
    assert reasons(asked(amiss("L1", set()))) == []
    assert reasons(asked(amiss("L1", {reason}))) == [reason.value]


def test_a_licence_of_another_exporter_or_for_another_item_counts_only_when_named() -> None:
    """D3.3."""
    others, elsewhere = amiss("L1", set(), exporter_id="E2"), amiss("L1", set(), ("1C902",))
    assert reasons(asked(others)) == reasons(asked(elsewhere)) == ["NO_LICENCE"]
    assert reasons(asked(others, licences=("L1",))) == ["EXPORTER_MISMATCH"]
    assert reasons(asked(elsewhere, licences=("L1",))) == ["ITEM_MISMATCH"]


@given(numbers=PAIRS, wrong=reasons_of_one, data=st.data())
def test_one_reason_fewer_is_nearer_however_severe_the_others_are(
    numbers: list[str], wrong: set[Reason], data: st.DataObject
) -> None:
    another = data.draw(st.sampled_from([reason for reason in WRONG if reason not in wrong]))
    found = asked(amiss(numbers[0], wrong), amiss(numbers[1], wrong | {another}))
    assert reasons(found) == listed(wrong)
    assert found.findings[0].detail["nearest_because"] == "FEWEST_REASONS"


@given(numbers=PAIRS, wrong=reasons_of_one, data=st.data())
def test_of_as_many_reasons_the_milder_are_nearer(numbers: list[str], wrong: set[Reason], data: st.DataObject) -> None:
    """Compared from the most severe on: one that is exchanged for a milder one decides."""
    worst = min(wrong, key=SEVERITY.__getitem__)
    milder = [reason for reason in WRONG if reason not in wrong and SEVERITY[reason] > SEVERITY[worst]]
    if not milder:
        wrong, worst, milder = {Reason.LICENCE_SUSPENDED}, Reason.LICENCE_SUSPENDED, [Reason.VALUE_EXCEEDED]
    mild = wrong - {worst} | {data.draw(st.sampled_from(milder))}
    found = asked(amiss(numbers[0], mild), amiss(numbers[1], wrong))
    assert reasons(found) == listed(mild)
    assert found.findings[0].detail["nearest_because"] == "LEAST_SEVERE"


@given(numbers=PAIRS, wrong=reasons_of_one)
def test_one_that_covers_every_code_is_nearer_with_all_its_reasons(numbers: list[str], wrong: set[Reason]) -> None:
    both, half = ("3A906.a", "3A907.a"), ("3A906.a",)
    described = item("DUAL-CHIP", *both)
    whole, partly = amiss(numbers[0], wrong, both), amiss(numbers[1], set(), half)
    found = judged(shipment(line(item_no="DUAL-CHIP"), transit=("RU",)), references(described, whole, partly))
    assert reasons(found) == listed(wrong)
    assert found.findings[0].detail["nearest_because"] == "COVERS_EVERY_CODE"


@given(numbers=PAIRS, wrong=reasons_of_one, end=ENDS)
def test_equally_near_ones_are_told_apart_by_a_day_and_then_by_number(
    numbers: list[str], wrong: set[Reason], end: date
) -> None:
    """As in D3.5, where the ends are not among the reasons."""
    same = wrong - {Reason.LICENCE_EXPIRED} or {Reason.QTY_EXCEEDED}

    def nearest(first: date, second: date) -> Any:
        found = asked(amiss(numbers[0], same, valid_until=first), amiss(numbers[1], same, valid_until=second))
        assert reasons(found) == listed(same)
        assert found.findings[0].detail["nearest_because"] == "FIRST_IN_ORDER"
        return found.findings[0].detail["nearest_licence"]

    assert nearest(end, end + DAY) == numbers[0]
    assert nearest(end, end) == "L1"
