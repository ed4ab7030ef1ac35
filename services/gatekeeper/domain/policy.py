"""The policy settings (domain.md §9) with their defaults. Null or an empty list: the rule is off.

A policy is a rule entity like any other: one row for each version, read from PostgreSQL only (design.md §4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from services.gatekeeper.domain.quantity import Quantity

POLICY_KEY = "policy"


@dataclass(frozen=True, slots=True)
class Policy:
    """`version` 0: the defaults, before anybody applied a policy file."""

    version: int = 0
    combine_licences: bool = False
    feed_max_age_hours: Mapping[str, int] = field(default_factory=dict)
    fx_max_age_days: int | None = None
    catch_all_end_uses: tuple[str, ...] = ()
    catch_all_terms: tuple[str, ...] = ()
    catch_all_parties: tuple[str, ...] = ()
    split_limit: Quantity | None = None
    split_window_days: int = 30
    ownership_percent: Decimal | None = None
    name_match_threshold: int | None = None
    service_party_roles: tuple[str, ...] = ("carrier", "broker", "bank", "forwarder")
    future_event_tolerance_minutes: int = 10
    customs_challenge_days: int = 7
    review_valid_days: int = 30
    unreadable_notice: str = "stop_releases"

    @property
    def key(self) -> str:
        """There is one policy."""
        return POLICY_KEY
