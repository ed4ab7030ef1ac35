"""Parts that several events share: party references, end uses, identifiers, windows, and lines that are numbered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.values import (
    BOUNDED,
    NULL_IS_EMPTY,
    Code,
    Country,
    Day,
    Id,
    Money,
    Quantity,
    Text,
    Wire,
)


def _whole_or_absent(value: Any, read: ModelWrapValidatorHandler[Any]) -> Any:
    """What `read` makes of `value`, or None when all that is wrong with it is that a field of it is absent.

    An absent field of an order or shipment is no reason to refuse it, so half a quantity counts as none given. What
    is there and malformed still refuses the event.
    """
    if value is None:
        return None
    given = {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value
    try:
        return read(given)
    except ValidationError as error:
        if all(fault["type"] == "missing" for fault in error.errors(include_url=False, include_input=False)):
            return None
        raise


def _without_absent(items: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(item for item in items if item is not None)


WHOLE_OR_ABSENT: Final = WrapValidator(_whole_or_absent)

OptionalQuantity = Annotated[Quantity | None, WHOLE_OR_ABSENT]
OptionalMoney = Annotated[Money | None, WHOLE_OR_ABSENT]


class PartyRef(Wire):
    """A party as an order or shipment names it: `party_id` wins; a name alone must equal a registered one (D3.4)."""

    party_id: Id | None = None
    name: Annotated[Text, Field(min_length=1)] | None = None
    country: Country | None = None

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if self.party_id is None and self.name is None:
            raise PydanticCustomError("party_unnamed", "must have a party_id or a name")
        return self


class EndUse(Wire):
    """What the goods are for: only the code counts against a licence, the text never does (D3.4)."""

    code: Code | None = None
    text: Text | None = None


class Identifier(Wire):
    """A number in a public scheme such as LEI; the scheme is an open list."""

    scheme: Code
    value: Id


class Reference(Wire):
    """A document or booking that a shipment goes by.

    Schemes in use: BOOKING, CONTAINER, BILL_OF_LADING, AIR_WAYBILL, DECLARATION; the list is open.
    """

    scheme: Code
    value: Id


Identifiers = Annotated[tuple[Identifier, ...], BOUNDED, NULL_IS_EMPTY]
References = Annotated[
    tuple[Annotated[Reference, WHOLE_OR_ABSENT], ...], BOUNDED, AfterValidator(_without_absent), NULL_IS_EMPTY
]


def ends_in_order(last: date | None, info: ValidationInfo, begins: str) -> date | None:
    """`last` when the period that begins with the field `begins` doesn't end before: it would never be in force, and
    an entry or control whose year is mistyped would stop nothing.
    """
    first = info.data.get(begins)
    if first is not None and last is not None and last < first:
        raise PydanticCustomError("ends_before_it_begins", "must not lie before the day on which it begins")
    return last


class Suspension(Wire):
    """A window in which a list entry or control doesn't act; both days belong to it."""

    from_: Annotated[Day, Field(alias="from")]
    until: Day

    @field_validator("until")
    @classmethod
    def _is_a_period(cls, until: date | None, info: ValidationInfo) -> date | None:
        return ends_in_order(until, info, "from_")


Suspensions = Annotated[tuple[Suspension, ...], BOUNDED, NULL_IS_EMPTY]


def numbered_once(lines: tuple[Any, ...]) -> tuple[Any, ...]:
    """`lines` when no two of them have one number: otherwise nobody could say which one a draw or order line means."""
    if len({line.line_no for line in lines}) != len(lines):
        raise PydanticCustomError("duplicate_line_no", "has two lines with the same line_no")
    return lines


NUMBERED_ONCE: Final = AfterValidator(numbered_once)
