"""The closed code lists of the wire: values that change what an event means, so an unknown one is unreadable.

Open lists (reason codes, directives, states, violation and alert kinds, reference schemes, party types) are plain text
on the wire and never stand here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OrderStatus(StrEnum):
    """OPEN; CLOSED (nothing more will ship); CANCELLED."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class Movement(StrEnum):
    """What kind of movement a shipment is; D3.1 says which of them need a licence."""

    EXPORT = "EXPORT"
    TECHNOLOGY_TRANSFER = "TECHNOLOGY_TRANSFER"
    DOMESTIC = "DOMESTIC"
    INTO_BONDED = "INTO_BONDED"
    OUT_OF_BONDED = "OUT_OF_BONDED"
    TRANSIT = "TRANSIT"
    REPAIR_RETURN = "REPAIR_RETURN"


class Milestone(StrEnum):
    """Where the goods are, or what became of the shipment (D1.7)."""

    CREATED = "CREATED"
    PICKED = "PICKED"
    PACKED = "PACKED"
    HANDED_OVER = "HANDED_OVER"
    DECLARED = "DECLARED"
    CUSTOMS_RELEASED = "CUSTOMS_RELEASED"
    DEPARTED = "DEPARTED"
    ARRIVED = "ARRIVED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    SHIPPING_VOIDED = "SHIPPING_VOIDED"
    RETURNED = "RETURNED"


class Classifier(StrEnum):
    """Only ACTUAL moves state or draws a licence."""

    ACTUAL = "ACTUAL"
    PLANNED = "PLANNED"
    ESTIMATED = "ESTIMATED"


class CorrectionReason(StrEnum):
    """Why an earlier milestone or upsert was wrong."""

    INCORRECT_DATA = "INCORRECT_DATA"
    DID_NOT_OCCUR = "DID_NOT_OCCUR"


class LicenceType(StrEnum):
    """Kinds of licence; GENERAL comes first in the selection (D3.5) and doesn't lapse on completion (D4.2)."""

    INDIVIDUAL = "INDIVIDUAL"
    GENERAL = "GENERAL"
    REGISTRATION = "REGISTRATION"


class LicenceStatus(StrEnum):
    """What the authority says of a licence; EXPIRED and CONSUMED are derived and never read."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CHANGE_PENDING = "CHANGE_PENDING"
    RETURNED = "RETURNED"
    REVOKED = "REVOKED"


class Period(StrEnum):
    """The Asia/Shanghai period that a period limit counts in (D3.11)."""

    DAY = "DAY"
    CALENDAR_MONTH = "CALENDAR_MONTH"
    CALENDAR_YEAR = "CALENDAR_YEAR"


class ListName(StrEnum):
    """Which party list an entry belongs to."""

    CONTROL_LIST = "CONTROL_LIST"
    WATCH_LIST = "WATCH_LIST"
    INTERNAL = "INTERNAL"


class Effect(StrEnum):
    """What a list entry does to a hit (D5.1)."""

    PROHIBIT = "PROHIBIT"
    RESTRICT = "RESTRICT"
    SUSPEND = "SUSPEND"
    REVIEW = "REVIEW"


class Classification(StrEnum):
    """What the exporter says an item is (notice §2)."""

    CONTROLLED = "CONTROLLED"
    NOT_CONTROLLED = "NOT_CONTROLLED"
    UNCLASSIFIED = "UNCLASSIFIED"
    CONSULTATION_PENDING = "CONSULTATION_PENDING"


class ControlKind(StrEnum):
    """What kind of control a code is."""

    LISTED = "LISTED"
    TEMPORARY = "TEMPORARY"
    PROHIBITED = "PROHIBITED"


class StatementStatus(StrEnum):
    """Whether an end-user statement may be relied on."""

    VALID = "VALID"
    INVALID = "INVALID"
    WITHDRAWN = "WITHDRAWN"


class NoticeOrigin(StrEnum):
    """Who found the risk; CUSTOMS gives CUSTOMS_CHALLENGE instead of STOP_NOTICE."""

    AUTHORITY = "AUTHORITY"
    OWN_DISCOVERY = "OWN_DISCOVERY"
    CUSTOMS = "CUSTOMS"


class Feed(StrEnum):
    """The feeds whose age can hold a decision."""

    CONTROL_LIST = "CONTROL_LIST"
    WATCH_LIST = "WATCH_LIST"
    INTERNAL = "INTERNAL"
    CONTROLS = "CONTROLS"
    FX_RATES = "FX_RATES"


# ISO 3166-1 alpha-2, officially assigned codes. HK, MO and TW are customs territories of their own.
_COUNTRIES: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES: Final = frozenset(_COUNTRIES.split())

# ISO 4217: national currencies, funds codes, SDR and metals. ANG and BGN were withdrawn in 2025 and 2026 and
# still stand on running licences. XXX (no currency) and XTS (tests) are no money.
_CURRENCIES: Final = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF
XPD XPF XPT XSU XUA YER ZAR ZMW ZWG
"""
CURRENCIES: Final = frozenset(_CURRENCIES.split())
