"""A balance may be used up to its last place and not one step further (D3.9, D3.10, D4.1, D4.3, D4.5)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gatekeeper.domain.references import References
from tests.domain.boundaries.steps import Amount, amounts, last_place, percents, text
from tests.domain.builders import (
    account,
    accounts,
    general,
    item,
    licence,
    licence_line,
    line,
    order,
    rate,
    references,
    shipment,
    take,
)
from tests.domain.matching.judged import judged, reasons
from tests.domain.story import Story

PLENTY = "1000000000000000000"
LBR = Decimal("0.45359237")
used = st.integers(0, 10**6).map(Decimal)


def granting(quantity: str, value: str = f"{PLENTY} USD", tolerance: str = "0", **changes: object) -> References:
    return references(licence("L1", licence_line(granted=quantity, value=value, tolerance=tolerance), **changes))


@given(room=amounts(), reserved=used, consumed=used)
def test_the_whole_balance_may_be_asked_for_and_not_a_step_more(
    room: Amount, reserved: Decimal, consumed: Decimal
) -> None:
    refs = granting(f"{text(room.value + reserved + consumed)} KGM")
    books = accounts(account(reserved=text(reserved), consumed=text(consumed)))

    def asked(net: Decimal) -> list[str]:
        return reasons(judged(shipment(line(net=f"{text(net)} KGM")), refs, books))

    assert asked(room.value) == []
    assert asked(room.value + room.step) == ["QTY_EXCEEDED"]


@given(granted=amounts(), percent=percents)
def test_the_tolerance_of_the_licence_line_is_room_to_its_last_place(granted: Amount, percent: Decimal) -> None:
    refs = granting(f"{text(granted.value)} KGM", tolerance=text(percent))
    limit = granted.value * (100 + percent) / 100

    def asked(net: Decimal) -> list[str]:
        return reasons(judged(shipment(line(net=f"{text(net)} KGM")), refs))

    assert asked(limit) == []
    assert asked(limit + last_place(limit)) == ["QTY_EXCEEDED"]
    assert asked(granted.value + granted.step) == (
        [] if granted.value * percent >= granted.step * 100 else ["QTY_EXCEEDED"]
    )


@given(pounds=amounts())
def test_a_pound_is_0_45359237_kilograms_exactly_in_both_directions(pounds: Amount) -> None:
    kilograms = pounds.value * LBR

    def asked(net: str, granted: str) -> list[str]:
        return reasons(judged(shipment(line(net=net)), granting(granted)))

    exact, in_pounds = f"{text(kilograms)} KGM", f"{text(pounds.value)} LBR"
    assert asked(in_pounds, exact) == []
    assert asked(in_pounds, f"{text(kilograms - last_place(kilograms))} KGM") == ["QTY_EXCEEDED"]
    assert asked(exact, in_pounds) == []
    assert asked(f"{text(kilograms + last_place(kilograms))} KGM", in_pounds) == ["QTY_EXCEEDED"]


@given(net=amounts(), units=st.sampled_from((("TNE", 3), ("GRM", -3), ("MGM", -6))))
def test_units_of_one_dimension_differ_by_their_scale_alone(net: Amount, units: tuple[str, int]) -> None:
    unit, power = units
    kilograms = net.value.scaleb(power)
    smaller = kilograms - net.step.scaleb(power)
    exact = shipment(line(net=f"{text(net.value)} {unit}"))
    assert reasons(judged(exact, granting(f"{text(kilograms)} KGM"))) == []
    assert reasons(judged(exact, granting(f"{text(smaller)} KGM"))) == ["QTY_EXCEEDED"]


@given(pieces=amounts(), weight=amounts(10**6))
def test_a_count_weighs_what_the_items_factor_says_even_where_no_decimal_does(pieces: Amount, weight: Amount) -> None:
    """The way back divides by the factor: what one kilogram is in pieces often has no end."""
    described = item("SM-OXIDE", "1C902.b", factors={"C62": f"{text(weight.value)} KGM"})
    mass = pieces.value * weight.value

    def asked(net: str, granted: str) -> list[str]:
        refs = references(licence("L1", licence_line(granted=granted, value=f"{PLENTY} USD")), described)
        return reasons(judged(shipment(line(net=net)), refs))

    counted, weighed = f"{text(pieces.value)} C62", f"{text(mass)} KGM"
    assert asked(counted, weighed) == []
    assert asked(counted, f"{text(mass - last_place(mass))} KGM") == ["QTY_EXCEEDED"]
    assert asked(weighed, counted) == []
    assert asked(f"{text(mass + last_place(mass))} KGM", counted) == ["QTY_EXCEEDED"]


@given(value=amounts(), reserved=used, consumed=used)
def test_the_whole_value_may_be_asked_for_and_not_a_step_more(
    value: Amount, reserved: Decimal, consumed: Decimal
) -> None:
    refs = granting(f"{PLENTY} KGM", f"{text(value.value + reserved + consumed)} USD")
    books = accounts(account(value_reserved=text(reserved), value_consumed=text(consumed)))

    def asked(amount: Decimal) -> list[str]:
        return reasons(judged(shipment(line(value=f"{text(amount)} USD")), refs, books))

    assert asked(value.value) == []
    assert asked(value.value + value.step) == ["VALUE_EXCEEDED"]


@given(value=amounts(), quoted=amounts(10**6))
def test_a_value_at_a_rate_is_compared_unrounded(value: Amount, quoted: Amount) -> None:
    """D3.10: 1 base is `rate` quote; the product is neither rounded to cents nor otherwise."""
    worth = value.value * quoted.value
    fx = rate("EUR", "USD", text(quoted.value), "2026-03-02")

    def asked(amount: Decimal, granted: Decimal) -> list[str]:
        refs = references(licence("L1", licence_line(granted=f"{PLENTY} KGM", value=f"{text(granted)} USD")), fx)
        return reasons(judged(shipment(line(value=f"{text(amount)} EUR")), refs))

    assert asked(value.value, worth) == []
    assert asked(value.value + value.step, worth) == ["VALUE_EXCEEDED"]
    assert asked(value.value, worth - last_place(worth)) == ["VALUE_EXCEEDED"]


@given(uses=st.integers(1, 40), reserved=st.integers(0, 40))
def test_the_last_use_may_be_taken_and_no_other_after_it(uses: int, reserved: int) -> None:
    reserved = min(reserved, uses - 1)
    refs = granting("1000 KGM", max_uses=uses, lapses_on_completion=False)

    def asked(taken: int) -> list[str]:
        return reasons(judged(shipment(), refs, accounts(account(uses=taken - reserved, uses_reserved=reserved))))

    assert asked(uses - 1) == []
    assert asked(uses) == ["USES_EXCEEDED"]


@given(uses=st.integers(1, 40), lapses=st.booleans())
def test_the_first_completed_export_is_the_last_of_a_licence_that_lapses_with_it(uses: int, lapses: bool) -> None:
    """D4.2: LICENCE_CONSUMED stands instead of USES_EXCEEDED, and before the uses are used up."""
    refs = granting("1000 KGM", max_uses=uses, lapses_on_completion=lapses)
    assert reasons(judged(shipment(), refs, accounts(account(uses=0)))) == []
    others = ["USES_EXCEEDED"] if uses == 1 else []
    assert reasons(judged(shipment(), refs, accounts(account(uses=1)))) == (["LICENCE_CONSUMED"] if lapses else others)


@given(rest=amounts(), gone=used, percent=percents)
def test_a_delivery_may_reach_the_orders_tolerance_and_not_pass_it(
    rest: Amount, gone: Decimal, percent: Decimal
) -> None:
    """D4.3: the released and departed shipments of the line and this one."""
    refs = granting(f"{PLENTY} KGM")
    limit = (rest.value + gone) * (100 + percent) / 100
    ordered = order(
        (1, "SM-OXIDE", f"{text(rest.value + gone)} KGM", "9000 USD"), delivery_tolerance_percent=percent,
        takes=(take("S0", f"{text(gone)} KGM"),),
    )  # fmt: skip

    def asked(net: Decimal) -> list[str]:
        shipped = shipment(line(net=f"{text(net)} KGM", order_id="O1", order_line=1))
        return reasons(judged(shipped, refs, None, ordered))

    assert asked(limit - gone) == []
    assert asked(limit - gone + last_place(limit)) == ["OVER_DELIVERY"]


@given(gone=amounts(10**6), dear=amounts(10**6), by=st.sampled_from(("quantity", "value")))
def test_a_cap_may_be_lowered_to_what_was_consumed_and_not_a_step_below_unmarked(
    gone: Amount, dear: Amount, by: str
) -> None:
    """D4.5."""

    def lowered(quantity: Decimal, value: Decimal) -> list[str]:
        story = Story()
        story.rule(
            general("M1", licence_line(granted=f"{PLENTY} KGM", value=f"{PLENTY} USD", codes=("1C904.a",)), version=2)
        )
        story.ship("S1", f"{text(gone.value)} KGM", value=f"{text(dear.value)} USD")
        story.milestone("S1", "DEPARTED")
        cap = licence_line(granted=f"{text(quantity)} KGM", value=f"{text(value)} USD", codes=("1C904.a",))
        story.rule(general("M1", cap, version=3))
        assert story.state("S1") == "RELEASED"
        return story.kinds("M1")

    less = {"quantity": (gone.value - gone.step, dear.value), "value": (gone.value, dear.value - dear.step)}[by]
    assert lowered(gone.value, dear.value) == []
    assert lowered(*less) == ["CAP_BELOW_USED"]


MARKS = {80: None, 90: "DRAWN_80", 95: "DRAWN_90", 100: "DRAWN_95"}


@pytest.mark.parametrize(("percent", "below"), MARKS.items())
@given(granted=amounts(10**6), by=st.sampled_from(("quantity", "value")))
def test_people_are_told_when_a_share_is_reached_and_not_a_step_before(
    percent: int, below: str | None, granted: Amount, by: str
) -> None:
    """D4.9: consumed plus reserved, of quantity or of value; who jumps over several is told of the highest."""
    reached = granted.value * 100 * percent / 100

    def told(drawn: Decimal) -> list[str]:
        cap, much = f"{text(granted.value * 100)}", PLENTY
        story = Story()
        sizes = (f"{cap} KGM", f"{much} USD") if by == "quantity" else (f"{much} KGM", f"{cap} USD")
        story.rule(general("M1", licence_line(granted=sizes[0], value=sizes[1], codes=("1C904.a",)), version=2))
        if by == "quantity":
            story.ship("S1", f"{text(drawn)} KGM")
        else:
            story.ship("S1", value=f"{text(drawn)} USD")
        assert story.state("S1") == "RELEASED"
        return [alert.kind.value for alert in story.alerts]

    assert told(reached) == [f"DRAWN_{percent}"]
    assert told(reached - last_place(reached)) == ([below] if below else [])
