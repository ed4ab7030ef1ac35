"""When people are told that a licence will end (D4.9)."""

from __future__ import annotations

from services.gatekeeper.domain.expiry import expiry_alerts
from services.gatekeeper.domain.vocabulary import AlertKind, LicenceStatus
from tests.domain.builders import at, licence


def test_people_are_told_thirty_seven_and_one_day_before_the_midnight_that_ends_a_licence() -> None:
    assert expiry_alerts(licence()) == (
        (AlertKind.EXPIRES_30D, at("2026-08-02 00:00")),
        (AlertKind.EXPIRES_7D, at("2026-08-25 00:00")),
        (AlertKind.EXPIRES_1D, at("2026-08-31 00:00")),
    )


def test_nobody_is_told_of_the_end_of_a_licence_that_covers_nothing() -> None:
    assert expiry_alerts(licence(status=LicenceStatus.REVOKED)) == ()
