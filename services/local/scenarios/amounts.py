"""Amounts as scenarios write them: an exact decimal, a space, its unit."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)? \S+", re.ASCII)


def is_amount(value: Any) -> bool:
    """Whether `value` is text such as "1000.001 KGM" or "180000.00 USD"."""
    return isinstance(value, str) and _AMOUNT.fullmatch(value) is not None


def same_amount(left: str, right: str) -> bool:
    """Whether two amounts are equal: as exact decimals, in the same unit."""
    (value, unit), (other, other_unit) = left.split(" "), right.split(" ")
    return unit == other_unit and Decimal(value) == Decimal(other)
