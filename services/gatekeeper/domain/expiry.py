"""When people are told that a licence will end (D4.9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.gatekeeper.domain.calendar import start_of_day
from services.gatekeeper.domain.rule_entities import Licence
from services.gatekeeper.domain.vocabulary import AlertKind, LicenceStatus

DAYS_BEFORE_THE_END = ((30, AlertKind.EXPIRES_30D), (7, AlertKind.EXPIRES_7D), (1, AlertKind.EXPIRES_1D))


def expiry_alerts(licence: Licence) -> tuple[tuple[AlertKind, datetime], ...]:
    """Each alert with its instant: so many days before the midnight that ends `valid_until`. None unless ACTIVE."""
    if licence.status is not LicenceStatus.ACTIVE:
        return ()
    end = start_of_day(licence.valid_until) + timedelta(days=1)
    return tuple((kind, end - timedelta(days=days)) for days, kind in DAYS_BEFORE_THE_END)
