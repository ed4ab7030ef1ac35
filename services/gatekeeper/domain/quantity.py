"""Exact quantities and money (D3.9, D3.10)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` is exact; `unit` is a UN/ECE Recommendation 20 code (or one nobody knows: UNIT_NOT_CONVERTIBLE)."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` is exact; `currency` is an ISO 4217 code."""

    amount: Decimal
    currency: str
