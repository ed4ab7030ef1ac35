from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.orders import OrderUpserted
from schemas.produced import WrittenQuantity
from schemas.values import Amount, Day, Id, Instant, PositiveAmount, Quantity, Text


def test_a_finished_value_is_taken_from_python_as_it_is() -> None:
    assert Quantity(value=Decimal("12.500"), unit="KGM").model_dump_json() == '{"value":"12.500","unit":"KGM"}'
    assert TypeAdapter(Day).validate_python(date(2026, 3, 1)) == date(2026, 3, 1)
    assert TypeAdapter(Instant).validate_python(datetime(2026, 3, 1, tzinfo=UTC)) == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_computed_quantity_is_written_without_exponent_and_without_loss() -> None:
    tiny = WrittenQuantity(value=Decimal("1E-24"), unit="KGM")
    assert tiny.model_dump_json() == '{"value":"0.000000000000000000000001","unit":"KGM"}'
    assert WrittenQuantity(value=Decimal("5E+2"), unit="KGM").model_dump_json() == '{"value":"500","unit":"KGM"}'
    assert WrittenQuantity.model_validate_json(tiny.model_dump_json()) == tiny


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Amount, 1),
        (Amount, 1.5),
        (Amount, True),
        (Amount, Decimal("NaN")),
        (Amount, Decimal("-1")),
        (Amount, Decimal("1E-13")),
        (Amount, "1\n"),
        (PositiveAmount, "0"),
        (PositiveAmount, Decimal("0.0")),
        (Day, datetime(2026, 3, 1, tzinfo=UTC)),
        (Day, "2026-3-1"),
        (Day, "20260301"),
        (Day, "2201-01-01"),
        (Day, 20260301),
        (Instant, datetime(2026, 3, 1)),  # noqa: DTZ001 - a naive time is what is refused
        (Instant, date(2026, 3, 1)),
        (Instant, "2201-01-01T00:00:00Z"),
        (Id, ""),
        (Id, "x" * 201),
        (Id, "a\x00b"),
        (Text, "x" * 4_001),
        (Text, b"bytes"),
    ],
)
def test_from_python_too_nothing_inexact_naive_or_unbounded_is_taken(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    assert [fault["loc"] for fault in refused.value.errors()] == [()]


def test_a_list_has_an_end() -> None:
    line = '{"line_no": %d, "item_no": "X"}'
    lines = ",".join(line % number for number in range(1, 1_002))
    with pytest.raises(ValidationError, match="at most 1000"):
        OrderUpserted.model_validate_json(f'{{"order_id": "O1", "version": 1, "lines": [{lines}]}}')
