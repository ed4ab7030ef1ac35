"""Events about parties, lists, items, controls, statements, rates and feeds, `trade.reference.v1`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from schemas.parts import Identifiers, Suspensions, ends_in_order
from schemas.values import (
    BOUNDED,
    NULL_IS_EMPTY,
    Amount,
    Codes,
    Count,
    Countries,
    Country,
    Currency,
    Day,
    Id,
    Instant,
    PositiveAmount,
    Quantity,
    Text,
    Texts,
    Unit,
    Version,
    Wire,
)
from schemas.vocabulary import Classification, ControlKind, Effect, Feed, ListName, StatementStatus

PERCENT_MAX: Final = 100


class Owner(Wire):
    """Who owns how much of a party; a party may own shares of its own."""

    party_id: Id
    percent: Amount

    @field_validator("percent")
    @classmethod
    def _is_a_share(cls, percent: Decimal) -> Decimal:
        if percent > PERCENT_MAX:
            raise PydanticCustomError("over_the_whole", "must not be above 100")
        return percent


Owners = Annotated[tuple[Owner, ...], BOUNDED, NULL_IS_EMPTY]


class PartyUpserted(Wire):
    """The full state of a party."""

    party_id: Id
    version: Version
    names: Texts = ()
    aliases: Texts = ()
    country: Country
    identifiers: Identifiers = ()
    owners: Owners = ()
    types: Codes = ()
    """Such as MILITARY; an open list that meets `prohibited_end_user_types` of a control."""


class ListEntryUpserted(Wire):
    """The full state of an entry of a party list."""

    entry_id: Id
    version: Version
    list: ListName
    names: Texts = ()
    aliases: Texts = ()
    identifiers: Identifiers = ()
    country: Country | None
    """Null: the list gives none."""
    effective_from: Day
    effective_until: Day | None
    """The last day; null: no end."""
    suspensions: Suspensions = ()
    effect: Effect
    authority_ref: Text | None

    @field_validator("effective_until")
    @classmethod
    def _is_a_period(cls, until: date | None, info: ValidationInfo) -> date | None:
        return ends_in_order(until, info, "effective_from")


class UnitFactor(Wire):
    """What one `unit` of an item equals; the only way from a count to a mass (D3.9)."""

    unit: Unit
    equals: Quantity

    @field_validator("equals")
    @classmethod
    def _joins_two_units(cls, equals: Quantity, info: ValidationInfo) -> Quantity:
        if equals.unit == info.data.get("unit"):
            raise PydanticCustomError("factor_to_itself", "is in the unit that it explains")
        return equals


def _unambiguous(factors: tuple[UnitFactor, ...]) -> tuple[UnitFactor, ...]:
    if len({(factor.unit, factor.equals.unit) for factor in factors}) != len(factors):
        raise PydanticCustomError("ambiguous_factor", "has two factors between the same units")
    return factors


UnitFactors = Annotated[tuple[UnitFactor, ...], BOUNDED, AfterValidator(_unambiguous), NULL_IS_EMPTY]


class ItemUpserted(Wire):
    """The full state of an item. Without a classification it is unclassified, which holds."""

    item_no: Id
    version: Version
    classification: Classification = Classification.UNCLASSIFIED
    control_codes: Codes = ()
    unit_factors: UnitFactors = ()
    hs_code: Id | None = None
    family: Id | None = None


class ControlUpserted(Wire):
    """The full state of a control code."""

    control_code: Id
    version: Version
    kind: ControlKind
    effective_from: Day
    effective_until: Day | None
    """The last day; null: no end."""
    suspensions: Suspensions = ()
    prohibited_destinations: Countries = ()
    prohibited_end_uses: Codes = ()
    prohibited_end_user_types: Codes = ()

    @field_validator("effective_until")
    @classmethod
    def _is_a_period(cls, until: date | None, info: ValidationInfo) -> date | None:
        return ends_in_order(until, info, "effective_from")


class EndUserStatementUpserted(Wire):
    """The full state of an end user's statement."""

    statement_no: Id
    version: Version
    end_user: Id
    """A party id."""
    end_uses: Codes = ()
    valid_until: Day
    status: StatementStatus


class FxRateUpserted(Wire):
    """1 `base` = `rate` `quote` on the day `as_of` (D3.10)."""

    rate_id: Id
    version: Version
    base: Currency
    quote: Currency
    rate: PositiveAmount
    as_of: Day

    @field_validator("quote")
    @classmethod
    def _is_another(cls, quote: str, info: ValidationInfo) -> str:
        if quote == info.data.get("base"):
            raise PydanticCustomError("rate_to_itself", "is the base itself")
        return quote


class FeedRefreshed(Wire):
    """The feed was complete and up to date at `as_of`."""

    feed: Feed
    version: Version
    as_of: Instant
    entries: Count | None = None
    """How many entries it has."""
