"""Column types and helpers that the tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, LargeBinary, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID


def big(**options: Any) -> Column[Any]:
    return Column(BigInteger, nullable=options.pop("nullable", False), **options)


def moment(**options: Any) -> Column[Any]:
    return Column(DateTime(timezone=True), nullable=options.pop("nullable", False), **options)


def day(**options: Any) -> Column[Any]:
    """An Asia/Shanghai day."""
    return Column(Date, nullable=options.pop("nullable", False), **options)


def text(**options: Any) -> Column[Any]:
    return Column(Text, nullable=options.pop("nullable", False), **options)


def json(**options: Any) -> Column[Any]:
    return Column(JSONB, nullable=options.pop("nullable", False), **options)


def raw(**options: Any) -> Column[Any]:
    return Column(LargeBinary, nullable=options.pop("nullable", False), **options)


def exact(**options: Any) -> Column[Any]:
    """An exact decimal of any size: balances are never rounded (D3.9)."""
    return Column(Numeric, nullable=options.pop("nullable", False), **options)


def texts(**options: Any) -> Column[Any]:
    return Column(ARRAY(Text), nullable=options.pop("nullable", False), **options)


def identifier(**options: Any) -> Column[Any]:
    return Column(UUID(as_uuid=True), nullable=options.pop("nullable", False), **options)
