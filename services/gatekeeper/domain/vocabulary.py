"""Closed vocabularies of the domain (domain.md, contracts.md §2-§3)."""

from __future__ import annotations

from enum import StrEnum


class Movement(StrEnum):
    """What kind of move a shipment is (D3.1)."""

    EXPORT = "EXPORT"
    TECHNOLOGY_TRANSFER = "TECHNOLOGY_TRANSFER"
    DOMESTIC = "DOMESTIC"
    INTO_BONDED = "INTO_BONDED"
    OUT_OF_BONDED = "OUT_OF_BONDED"
    TRANSIT = "TRANSIT"
    REPAIR_RETURN = "REPAIR_RETURN"


class Milestone(StrEnum):
    """Where the goods are (domain.md §1, table of milestones), in order of progress up to DELIVERED."""

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
    """Only ACTUAL moves a state or draws a licence."""

    ACTUAL = "ACTUAL"
    PLANNED = "PLANNED"
    ESTIMATED = "ESTIMATED"


class OrderStatus(StrEnum):
    """What the sender says of its order; CLOSED means that nothing more will ship."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class LicenceType(StrEnum):
    """Kinds of licence (ECR 16)."""

    INDIVIDUAL = "INDIVIDUAL"
    GENERAL = "GENERAL"
    REGISTRATION = "REGISTRATION"


class LicenceStatus(StrEnum):
    """Status as the authority's system gives it; EXPIRED and CONSUMED are derived and never received."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CHANGE_PENDING = "CHANGE_PENDING"
    RETURNED = "RETURNED"
    REVOKED = "REVOKED"


class Period(StrEnum):
    """Over what a period limit of a licence counts (D3.11)."""

    DAY = "DAY"
    CALENDAR_MONTH = "CALENDAR_MONTH"
    CALENDAR_YEAR = "CALENDAR_YEAR"


class Classification(StrEnum):
    """What the exporter has judged an item to be (notice §2)."""

    CONTROLLED = "CONTROLLED"
    NOT_CONTROLLED = "NOT_CONTROLLED"
    UNCLASSIFIED = "UNCLASSIFIED"
    CONSULTATION_PENDING = "CONSULTATION_PENDING"


class ControlKind(StrEnum):
    """Kinds of control on a code; PROHIBITED bars every export of it (ECL 10)."""

    LISTED = "LISTED"
    TEMPORARY = "TEMPORARY"
    PROHIBITED = "PROHIBITED"


class ListName(StrEnum):
    """The party lists (domain.md §5)."""

    CONTROL_LIST = "CONTROL_LIST"
    WATCH_LIST = "WATCH_LIST"
    INTERNAL = "INTERNAL"


class ListEffect(StrEnum):
    """What an entry asks for; REVIEW gives PARTY_REVIEW (D5.1)."""

    PROHIBIT = "PROHIBIT"
    RESTRICT = "RESTRICT"
    SUSPEND = "SUSPEND"
    REVIEW = "REVIEW"


class StatementStatus(StrEnum):
    """Status of an end-user statement."""

    VALID = "VALID"
    INVALID = "INVALID"
    WITHDRAWN = "WITHDRAWN"


class NoticeOrigin(StrEnum):
    """Who said stop; CUSTOMS gives CUSTOMS_CHALLENGE instead of STOP_NOTICE."""

    AUTHORITY = "AUTHORITY"
    OWN_DISCOVERY = "OWN_DISCOVERY"
    CUSTOMS = "CUSTOMS"


class CorrectionReason(StrEnum):
    """Why an earlier milestone or upsert was wrong (EPCIS error declaration)."""

    INCORRECT_DATA = "INCORRECT_DATA"
    DID_NOT_OCCUR = "DID_NOT_OCCUR"


class ShipmentState(StrEnum):
    """D1.5: holds × where the goods are. Only RELEASED may move."""

    HELD = "HELD"
    RELEASED = "RELEASED"
    INTERCEPT = "INTERCEPT"
    INCIDENT = "INCIDENT"
    CLOSED = "CLOSED"


class OrderState(StrEnum):
    """State of an order's pre-check."""

    HELD = "HELD"
    CLEARED = "CLEARED"
    CLOSED = "CLOSED"


class Place(StrEnum):
    """Where the goods are, as far as the state depends on it (D1.5)."""

    BEFORE_DEPARTURE = "BEFORE_DEPARTURE"
    UNDER_WAY = "UNDER_WAY"
    DELIVERED = "DELIVERED"
    CLOSED = "CLOSED"


DEPARTED_PLACES = frozenset({Place.UNDER_WAY, Place.DELIVERED})


class Balance(StrEnum):
    """Which balance of a licence line a draw stands in (D4.1)."""

    RESERVED = "RESERVED"
    CONSUMED = "CONSUMED"


class LiftsWhen(StrEnum):
    """What lifts a hold (domain.md §2)."""

    LICENCE_COVERS = "LICENCE_COVERS"
    NOTICE_ENDS = "NOTICE_ENDS"
    LIST_ENDS = "LIST_ENDS"
    REVIEW = "REVIEW"
    PERSON = "PERSON"
    DATA_ARRIVES = "DATA_ARRIVES"
    ORDER_CHANGES = "ORDER_CHANGES"
    DATE = "DATE"


class LiftedBy(StrEnum):
    """What lifted a hold."""

    REEVALUATION = "REEVALUATION"
    NOTICE_LIFTED = "NOTICE_LIFTED"
    REVIEW = "REVIEW"


class ViolationKind(StrEnum):
    """D4.8."""

    MOVED_WHILE_HELD = "MOVED_WHILE_HELD"
    IMPOSSIBLE_MILESTONE = "IMPOSSIBLE_MILESTONE"
    CAP_BELOW_USED = "CAP_BELOW_USED"
    CANNOT_OBEY = "CANNOT_OBEY"
    MOVED_AFTER_ACK = "MOVED_AFTER_ACK"


class AlertKind(StrEnum):
    """D4.9."""

    DRAWN_80 = "DRAWN_80"
    DRAWN_90 = "DRAWN_90"
    DRAWN_95 = "DRAWN_95"
    DRAWN_100 = "DRAWN_100"
    EXPIRES_30D = "EXPIRES_30D"
    EXPIRES_7D = "EXPIRES_7D"
    EXPIRES_1D = "EXPIRES_1D"
    CONSUMED = "CONSUMED"
    REVOKED_WITH_OPEN = "REVOKED_WITH_OPEN"
    NOTICE_UNREADABLE = "NOTICE_UNREADABLE"
    FEED_STALE = "FEED_STALE"


class RuleKind(StrEnum):
    """The kinds of rule entity that References holds, each under a key of its own."""

    LICENCE = "licence"
    PARTY = "party"
    LIST_ENTRY = "list-entry"
    ITEM = "item"
    CONTROL = "control"
    STATEMENT = "end-user-statement"
    FX_RATE = "fx-rate"
    FEED = "feed"
    NOTICE = "notice"
    POLICY = "policy"
    MISTAKEN_IDENTITY = "mistaken-identity"
