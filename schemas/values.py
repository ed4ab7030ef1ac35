"""Annotated types of the wire: exact decimals, days, instants, codes and bounded text.

From JSON each of them takes a string and nothing else: a JSON number is never a quantity, a rate or a time. From Python
they also take the finished value (`Decimal`, `date`, `datetime`), so that produced events can be built. Every limit
here keeps a value inside what PostgreSQL and `decimal` handle exactly.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.markers import NullIs, OneOf, Read, refuse
from schemas.units import normalised
from schemas.vocabulary import COUNTRIES, CURRENCIES

ID_CHARS_MAX: Final = 200
TEXT_CHARS_MAX: Final = 4_000
UNIT_CHARS_MAX: Final = 40
LINES_MAX: Final = 1_000
KEYS_MAX: Final = 10_000
DIGITS_BEFORE_POINT_MAX: Final = 24
DIGITS_AFTER_POINT_MAX: Final = 12
YEAR_MIN: Final = 1970
YEAR_MAX: Final = 2200
BIGINT_MAX: Final = 2**63 - 1
INT_MAX: Final = 2**31 - 1

_NO_NUL: Final = r"^[^\x00]*$"
_NO_CONTROL: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
_DECIMAL: Final = rf"^[0-9]{{1,{DIGITS_BEFORE_POINT_MAX}}}(\.[0-9]{{1,{DIGITS_AFTER_POINT_MAX}}})?$"
_POSITIVE_DECIMAL: Final = rf"^(?!0+(\.0+)?$){_DECIMAL[1:]}"
_WRITTEN_DECIMAL: Final = r"^[0-9]{1,80}(\.[0-9]{1,80})?$"
_DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
INSTANT_PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
_DAY_MESSAGE: Final = "must be a day of the calendar, YYYY-MM-DD"
_INSTANT_MESSAGE: Final = "must be an RFC 3339 time with an offset"
_INSTANT: Final = re.compile(INSTANT_PATTERN, re.ASCII)
_PLAIN: Final = re.compile(rf"{_NO_CONTROL[:-1]}\Z")


def _bounded_decimal(value: Decimal) -> Decimal:
    """`value` when it could have been read from the wire; for numbers that the program made itself."""
    if not value.is_finite() or (value.is_signed() and value != 0):
        raise refuse("decimal_range", "must be a finite number that isn't negative")
    if re.fullmatch(_DECIMAL, decimal_text(value)) is None:
        raise refuse("decimal_digits", "has too many digits")
    return abs(value)


def _written_decimal(value: Decimal) -> Decimal:
    """`value` when it can be written as a computed quantity: conversions have more digits than what was read."""
    if not value.is_finite() or value < 0 or re.fullmatch(_WRITTEN_DECIMAL, decimal_text(value)) is None:
        raise refuse("decimal_range", "must be a finite number, zero or more, of a bounded length")
    return abs(value)


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise refuse("not_above_zero", "must be above zero")
    return value


def _bounded_day(value: date) -> date:
    if isinstance(value, datetime):
        raise refuse("day", "must be a day without a time")
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise refuse("year_range", f"must lie in the years {YEAR_MIN} to {YEAR_MAX}")
    return value


def _bounded_instant(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise refuse("naive_time", "must carry an offset")
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise refuse("year_range", f"must lie in the years {YEAR_MIN} to {YEAR_MAX}")
    return value


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise refuse("day", _DAY_MESSAGE) from error
    return _bounded_day(day)


def _instant(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise refuse("instant", _INSTANT_MESSAGE) from error
    return _bounded_instant(when)


def instant(text: str) -> datetime:
    """The instant that an RFC 3339 `text` names, its offset kept; digits past the microsecond are cut off.

    Raises ValueError for anything else: no offset, no such day, a leap second, a year outside 1970 to 2200.
    """
    if _INSTANT.match(text) is None:
        raise ValueError(_INSTANT_MESSAGE)
    try:
        return _instant(text)
    except PydanticCustomError as error:
        raise ValueError(error.message()) from error


def has_control_character(text: str) -> bool:
    """Whether `text` can't be an id or an attribute: CloudEvents 1.0 allows no control characters there."""
    return _PLAIN.match(text) is None


def decimal_text(value: Decimal) -> str:
    """`value` as the wire writes it: plain digits, never an exponent, trailing zeros kept."""
    return format(value, "f")


NULL_IS_EMPTY: Final = NullIs(())
# A list is read up to its first fault: an event of a mebibyte may have 300,000 of them, and telling takes a second.
BOUNDED: Final = Field(max_length=LINES_MAX, fail_fast=True)
MANY: Final = Field(max_length=KEYS_MAX, fail_fast=True)

_DECIMAL_MESSAGE: Final = (
    f"must be a decimal string: up to {DIGITS_BEFORE_POINT_MAX} digits, a point and up to {DIGITS_AFTER_POINT_MAX} more"
)

Amount = Annotated[
    Decimal,
    Read(Decimal, _DECIMAL, _DECIMAL_MESSAGE, Decimal, _bounded_decimal, decimal_text, None, (("pattern", _DECIMAL),)),
]
"""An exact decimal, zero or more, written as a string."""

PositiveAmount = Annotated[
    Decimal,
    Read(
        Decimal,
        _DECIMAL,
        _DECIMAL_MESSAGE,
        Decimal,
        _bounded_decimal,
        decimal_text,
        _positive,
        (("pattern", _POSITIVE_DECIMAL),),
    ),
]
"""An exact decimal above zero, written as a string."""

WrittenAmount = Annotated[
    Decimal,
    Read(
        Decimal,
        _WRITTEN_DECIMAL,
        "must be a decimal string",
        Decimal,
        _written_decimal,
        decimal_text,
        None,
        (("pattern", _WRITTEN_DECIMAL),),
    ),
]
"""An exact decimal that Holdgate computed, zero or more: with up to 80 digits on each side of the point."""

Day = Annotated[
    date,
    Read(
        date,
        _DAY,
        _DAY_MESSAGE,
        _day,
        _bounded_day,
        date.isoformat,
        None,
        (("format", "date"), ("pattern", _DAY)),
    ),
]
"""An Asia/Shanghai day, `YYYY-MM-DD`."""

Instant = Annotated[
    datetime,
    Read(
        datetime,
        INSTANT_PATTERN,
        _INSTANT_MESSAGE,
        _instant,
        _bounded_instant,
        datetime.isoformat,
        None,
        (("format", "date-time"), ("pattern", INSTANT_PATTERN)),
    ),
]
"""An instant, RFC 3339 with an offset."""

Id = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=ID_CHARS_MAX, pattern=_NO_CONTROL)]
"""A key of the sender's, compared exactly: 1 to 200 characters, none of them a control character (CloudEvents 1.0)."""

Code = Id
"""A value of an open code list: read, kept and written as it is."""

Text = Annotated[str, StringConstraints(strict=True, max_length=TEXT_CHARS_MAX, pattern=_NO_NUL)]
"""Free text, up to 4,000 characters."""

Unit = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=UNIT_CHARS_MAX, pattern=_NO_CONTROL),
    AfterValidator(normalised),
]
"""A UN/ECE Rec 20 code; a known spelling (kg, 千克, 035) is read as its code, and only the code goes further.

Any other short text is readable and stays as it is: a unit that nobody knows is UNIT_NOT_CONVERTIBLE.
"""

Country = Annotated[str, OneOf(COUNTRIES, "ISO 3166-1 alpha-2", "^[A-Z]{2}$")]
Currency = Annotated[str, OneOf(CURRENCIES, "ISO 4217", "^[A-Z]{3}$")]

Version = Annotated[int, Field(strict=True, ge=1, le=BIGINT_MAX)]
"""A JSON integer from 1 on, within a signed 64-bit number."""

LineNo = Annotated[int, Field(strict=True, ge=1, le=INT_MAX)]
Count = Annotated[int, Field(strict=True, ge=0, le=BIGINT_MAX)]
Flag = Annotated[bool, Field(strict=True)]

Ids = Annotated[tuple[Id, ...], MANY, NULL_IS_EMPTY]
Codes = Annotated[tuple[Code, ...], MANY, NULL_IS_EMPTY]
Texts = Annotated[tuple[Text, ...], MANY, NULL_IS_EMPTY]
Countries = Annotated[tuple[Country, ...], MANY, NULL_IS_EMPTY]


class Wire(BaseModel):
    """What every model of the wire is: frozen, and blind to fields that it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, serialize_by_alias=True)


class Quantity(Wire):
    """An exact quantity above zero in a unit."""

    value: PositiveAmount
    unit: Unit


class Money(Wire):
    """An exact amount of money, zero or more."""

    amount: Amount
    currency: Currency
