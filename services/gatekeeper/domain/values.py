"""Values in the licence's currency (D3.10): at a day's rate, fixed when a draw is reserved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from services.gatekeeper.domain.aggregates import Draw
from services.gatekeeper.domain.case import Case, CaseLine
from services.gatekeeper.domain.evolve import evolve
from services.gatekeeper.domain.references import References
from services.gatekeeper.domain.rule_entities import FxRate
from services.gatekeeper.domain.vocabulary import DEPARTED_PLACES, Balance, RuleKind


@dataclass(frozen=True, slots=True)
class Valued:
    """`amount` in the licence's currency, unrounded; `rate_id` and `rate` None where no rate was needed."""

    amount: Fraction
    rate_id: str | None
    rate: Decimal | None = None


def valued(case: Case, amount: Fraction, base: str, currency: str, current: Draw | None) -> Valued | None:
    """`amount` of `base` in `currency`; None: no rate that may be used (FX_UNAVAILABLE).

    A draw that stands (`current`, of the same line on the same licence line) keeps its rate; at departure the rate of
    that day replaces the reserved one, which still serves where that day has none.
    """
    if base == currency:
        return Valued(amount, None)
    fixed = fixed_rate(case.references, base, currency, current)
    fresh = rate_on(case, base, currency)
    departing = case.place in DEPARTED_PLACES and current is not None and current.balance is Balance.RESERVED
    rate = (fresh or fixed) if departing else (fixed or fresh)
    return None if rate is None else Valued(amount * Fraction(rate.rate), rate.rate_id, rate.rate)


def rate_on(case: Case, base: str, quote: str) -> FxRate | None:
    """The rate with the latest `as_of` not after the day: the later of today and the planned day, or the departure's.

    None when there is none, or when it is older today than policy allows.
    """
    found = latest_rate(case, base, quote)
    limit = case.policy.fx_max_age_days
    if found is None or limit is None:
        return found
    return found if case.today - found.as_of <= timedelta(days=limit) else None


def latest_rate(case: Case, base: str, quote: str) -> FxRate | None:
    """The rate with the latest `as_of` not after the day, however old."""
    day = case.days[-1]
    return next((rate for rate in case.references.rates(base, quote) if rate.as_of <= day), None)


def fixed_rate(references: References, base: str, quote: str, current: Draw | None) -> FxRate | None:
    """The rate that `current` was reserved at, as far as it is one for this pair.

    A later version that corrects it counts for new draws only.
    """
    if current is None or current.rate_id is None:
        return None
    rate = references.entity(RuleKind.FX_RATE, current.rate_id)
    if not isinstance(rate, FxRate) or (rate.base, rate.quote) != (base, quote):
        return None
    return rate if current.rate is None else evolve(rate, rate=current.rate)


def rate_days(case: Case, line: CaseLine, currency: str) -> tuple[date, ...]:
    """Days from which another rate may count for `line` against a licence in `currency`, or none any more."""
    if line.value is None or line.value.currency == currency:
        return ()
    rates = case.references.rates(line.value.currency, currency)
    limit = case.policy.fx_max_age_days
    starts = [rate.as_of for rate in rates]
    ends = [] if limit is None else [rate.as_of + timedelta(days=limit + 1) for rate in rates]
    return (*starts, *ends)
