"""What the day is to show: goods whose fate is told and checked one by one, and the stop notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from services.local.demo.consignments import Consignment, Pace, under
from services.local.demo.world import LANTIAN_DY, ONE_COUNTRY, ONE_USER, TOO_MUCH, WITHIN

WITHIN_LICENCE: Final = under(
    WITHIN, "S-WITHIN-LICENCE", Decimal("400.000"), forwarder="SINOWAY", pace=Pace.AIR, named=True
)
ONE_GRAM_MORE: Final = replace(
    under(TOO_MUCH, "S-ONE-GRAM-MORE", Decimal("1000.001"), forwarder="SINOWAY", pace=Pace.AIR, named=True),
    amount=Decimal("180000.00"),
)
ONE_GRAM_LESS: Final = replace(ONE_GRAM_MORE, quantity=Decimal("1000.000"), version=2)
WRONG_USER: Final = under(
    ONE_USER,
    "S-WRONG-USER",
    Decimal(10),
    forwarder="LONGSHORE",
    pace=Pace.AIR,
    end_user="ORION",
    destination="DE",
    named=True,
)
WRONG_COUNTRY: Final = under(
    ONE_COUNTRY, "S-WRONG-COUNTRY", Decimal(10), forwarder="LONGSHORE", pace=Pace.AIR, destination="US", named=True
)
TOLD: Final = (WITHIN_LICENCE, ONE_GRAM_MORE, WRONG_USER, WRONG_COUNTRY)

# Where these are when the notice comes: delivered, at sea, in the warehouse; the last two are announced after it.
TO_GAMMA: Final = tuple(
    under(
        LANTIAN_DY,
        f"S-GAMMA-{number}",
        Decimal(150 + 25 * number),
        forwarder="SINOWAY" if number % 2 else "LONGSHORE",
        pace=pace,
        end_user="GAMMA",
    )
    for number, pace in enumerate((*[Pace.AIR] * 3, *[Pace.SEA] * 3, *[Pace.WAREHOUSE] * 3, *[Pace.AIR] * 2), start=1)
)
BEFORE_THE_NOTICE: Final = TO_GAMMA[:9]
AFTER_THE_NOTICE: Final = TO_GAMMA[9:]

# Shares of the day at which the parts of the story come.
TOLD_AT: Final = (0.03, 0.08, 0.13, 0.18)
TO_GAMMA_AT: Final = 0.05
GRAM_TAKEN_OFF_AT: Final = 0.30
NOTICE_AT: Final = 0.42
SUCCESSOR_AT: Final = 0.48
KILL_AT: Final = 0.62

NOTICE_PARTY: Final = "GAMMA"
NOTICE_CODE: Final = "1C903"


def notice(now: datetime) -> dict[str, Any]:
    """The body of POST /v1/notices: dysprosium (1C903) for Gamma SA, in any role, stops at once."""
    return {
        "notice_id": f"N-{now:%Y%m%d}-1",
        "origin": "AUTHORITY",
        "authority_ref": f"MOFCOM {now:%Y}-demo",
        "text": {
            "en": "Exports of dysprosium metal to Gamma SA may endanger national security: stop at once.",
            "zh": "向Gamma SA出口金属镝可能危害国家安全，立即停止出口。",
        },
        "effective_until": None,
        "everything": False,
        "release_by_licence": True,
        "release_by_review": False,
        "scope": {"parties": [NOTICE_PARTY], "control_codes": [NOTICE_CODE]},
    }


def is_touched(consignment: Consignment) -> bool:
    """Whether the notice stops it."""
    return consignment.end_user == NOTICE_PARTY and consignment.item == LANTIAN_DY.item
